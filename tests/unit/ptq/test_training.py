"""Training: it learns, is the same for a seed, and goes on after a kill as if nothing had been."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from quant import DataError, QuantError
from quant.allocation.file import LayerFormats
from quant.ptq.graph import trace, uniform_allocation
from quant.ptq.quantise import quantise, weight_quantiser
from quant.ptq.training import TrainingSettings, train
from tests.unit.ptq.networks import Residual, images

SETTINGS = TrainingSettings(steps=30, batch_size=16, learning_rate=3e-3, checkpoint_every=7)


def data() -> tuple[Tensor, Tensor]:
    x = images(96)
    return x, (x.mean((1, 2, 3)) > 0).long() + 2 * (x[:, 0].std((1, 2)) > x[:, 1].std((1, 2))).long()


def network() -> torch.fx.GraphModule:
    allocation = uniform_allocation(trace(Residual()), LayerFormats("dybit3", "dybit4"))
    return quantise(Residual(), allocation, [images()])


def jitter(x: Tensor, generator: torch.Generator) -> Tensor:
    return x + 0.01 * torch.randn(x.shape, generator=generator)


def test_loss_falls_and_scales_learn() -> None:
    found = network()
    before = weight_quantiser(found.get_submodule("again")).current_scales.detach().clone()
    x, y = data()
    with torch.no_grad():
        loss_before = nn.functional.cross_entropy(found(x), y)
    train(found, x, y, TrainingSettings(steps=100, batch_size=16, learning_rate=1e-2))
    assert not found.training
    with torch.no_grad():
        assert nn.functional.cross_entropy(found(x), y) < 0.8 * loss_before
    after = weight_quantiser(found.get_submodule("again")).current_scales
    assert not torch.equal(before, after)
    assert (after > 0).all()


def test_a_stopped_training_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop_at_20(what: str, done: int, of: int) -> None:
        if done == 20:
            raise Stop

    whole, stopped, resumed = network(), network(), network()
    train(whole, *data(), SETTINGS, augment=jitter)
    with pytest.raises(Stop):
        train(stopped, *data(), SETTINGS, augment=jitter, checkpoint=tmp_path / "c.pt", progress=stop_at_20)
    steps: list[int] = []
    train(
        resumed,
        *data(),
        SETTINGS,
        augment=jitter,
        checkpoint=tmp_path / "c.pt",
        progress=lambda _, n, __: steps.append(n),
    )
    assert steps[0] == 15
    expected = whole.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in resumed.state_dict().items())


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from dataclasses import replace; import sys\n"
        "from tests.unit.ptq.test_training import *\n"
        "train(network(), *data(), replace(SETTINGS, steps=10**6, checkpoint_every=1), checkpoint=Path(sys.argv[1]))\n"
    )
    path = tmp_path / "c.pt"
    with subprocess.Popen([sys.executable, "-c", program, str(path)]) as process:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    assert torch.load(path, weights_only=True)["step"] >= 1


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None], ids=["empty", "garbage", "of another training"])
def test_a_checkpoint_that_does_not_fit_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    if content is None:
        train(network(), *data(), TrainingSettings(steps=1, batch_size=16), checkpoint=path)
    else:
        path.write_bytes(content)
    with pytest.raises(QuantError, match=r"c\.pt: (no checkpoint|checkpoint of another training)"):
        train(network(), *data(), SETTINGS, checkpoint=path)


def test_data_that_does_not_fill_a_batch() -> None:
    with pytest.raises(DataError, match="at least a batch"):
        train(network(), *data(), TrainingSettings(steps=1, batch_size=128))
