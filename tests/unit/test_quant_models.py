"""What `quant` takes as a model: files of tensors, state dicts, functions that make torch modules; never a pickle."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from quant.errors import QuantError
from quant.models import load_tensors

ROOT = Path(__file__).parents[2]
WEIGHT = torch.arange(6, dtype=torch.float32).reshape(2, 3)

FACTORIES = """\
import torch
def net(): return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
def needs_argument(classes): return net()
def exits(): raise SystemExit(7)
def no_module(): return {"weight": torch.zeros(2, 2)}
"""


@pytest.fixture
def factories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b_factories.py").write_text(FACTORIES, encoding="utf-8")
    (tmp_path / "b_broken.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "b_factories", raising=False)


@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "model"])
@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_state_dicts(key: str | None, suffix: str, tmp_path: Path) -> None:
    state = {"fc.weight": WEIGHT, "fc.bias": torch.ones(2, dtype=torch.float64), "count": torch.tensor(3)}
    torch.save({"epoch": 4, key: state} if key else state, tmp_path / f"model{suffix}")
    found = load_tensors(tmp_path / f"model{suffix}")
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert np.array_equal(found[name], tensor.numpy())
        assert found[name].dtype == tensor.numpy().dtype


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_bfloat16_becomes_float32_without_loss(suffix: str, tmp_path: Path) -> None:
    bfloat16 = torch.linspace(-3, 5, 6).reshape(2, 3).to(torch.bfloat16)
    state, path = {"a": bfloat16, "b": WEIGHT}, tmp_path / f"model{suffix}"
    torch.save(state, path) if suffix == ".pt" else save_file(state, path)
    found = load_tensors(path)
    assert found["a"].dtype == np.float32
    assert np.array_equal(found["a"], bfloat16.float().numpy())
    assert np.array_equal(found["b"], WEIGHT.numpy())


@pytest.mark.usefixtures("factories")
def test_a_factory_gives_its_state_dict() -> None:
    found = load_tensors("b_factories:net")
    assert list(found) == list(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict())
    assert found["0.weight"].shape == (2, 3)


@pytest.mark.usefixtures("factories")
@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (
            "b_missing.module:net",
            "b_missing.module cannot be imported: ModuleNotFoundError: No module named 'b_missing'",
        ),
        ("b_broken:net", "b_broken cannot be imported: ZeroDivisionError: division by zero"),
        ("b_factories:nett", "b_factories has no function 'nett'; did you mean 'net'?"),
        ("b_factories:__name__", "b_factories has no function '__name__'"),
        ("b_factories:needs_argument", "needs_argument() failed: TypeError: "),
        ("b_factories:exits", "exits() failed: SystemExit: 7"),
        ("b_factories:no_module", "no_module() returned dict (allowed: a torch.nn.Module)"),
    ],
)
def test_a_factory_that_makes_no_module(factory: str, message: str) -> None:
    with pytest.raises(QuantError) as caught:
        load_tensors(factory)
    assert f"{factory}: {message}" in str(caught.value)


class Evil:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_pickled_objects_are_refused_and_not_run(suffix: str, tmp_path: Path) -> None:
    path, trace = tmp_path / f"model{suffix}", tmp_path / "trace"
    path.write_bytes(pickle.dumps(Evil(trace)))
    with pytest.raises(QuantError, match="pickled objects"):
        load_tensors(path)
    torch.save({"a": Evil(trace)}, path)
    with pytest.raises(QuantError, match="pickled objects"):
        load_tensors(path)
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(QuantError, match="pickled objects"):
        load_tensors(path)
    assert not trace.exists()


def test_damaged_torch_files_are_one_error(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"a": WEIGHT}, path)
    content = path.read_bytes()
    for damaged in (b"", b"junk" * 99, content[:50], content[:-50], content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(QuantError, match=r"model\.pt: ") as caught:
            load_tensors(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(QuantError, match="No such file"):
        load_tensors(tmp_path / "missing.pt")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": WEIGHT, "epoch": 3}, "entry 'epoch' is int"),
        ([WEIGHT], "holds list"),
        ({"a": torch.eye(2).to_sparse()}, "tensor 'a' is torch.float32, torch.sparse_coo, on cpu"),
    ],
)
def test_what_is_no_state_dict(state: object, message: str, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(QuantError) as caught:
        load_tensors(tmp_path / "model.pt")
    assert message in str(caught.value)


def without_torch(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`quant` in a process that cannot import torch."""
    program = "import sys; sys.modules['torch'] = None; from quant.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_torch_its_files_are_one_message(tmp_path: Path) -> None:
    torch.save({"a": WEIGHT}, tmp_path / "model.pt")
    for model in (tmp_path / "model.pt", "package.module:factory"):
        done = without_torch("encode", model, "-o", tmp_path / "m.safetensors")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"quant: {model}: torch is needed")
        assert "[torch]" in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "m.safetensors").exists()


def test_without_torch_everything_else_works(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", weight=WEIGHT.numpy())
    encoded = tmp_path / "m.safetensors"
    for command in (
        ("encode", tmp_path / "model.npz", "-o", encoded),
        ("inspect", encoded, "--original", tmp_path / "model.npz"),
        ("decode", encoded, "-o", tmp_path / "decoded.npz"),
        ("compare", tmp_path / "model.npz", "--out", tmp_path / "comparison"),
    ):
        done = without_torch(*command)
        assert (done.returncode, done.stderr) == (0, "")
