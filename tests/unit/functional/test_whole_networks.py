"""The shipped networks, whole: weights from an encoded file where one is named, a photograph where one is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.functional.run import FunctionalRun
from accelsim.result import Result
from accelsim.simulation import simulate
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload, parse_workload
from accelsim.workload.precision import resolve_precision
from quant.encoded import save_encoded
from quant.reference.draw import drawn
from tests.unit.functional.networks import encoded_model

ROOT = Path(__file__).parents[3]
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def photograph() -> np.ndarray:
    """The middle of a photograph of scikit-image, every second pixel, standardised as ImageNet's are; else drawn."""
    try:
        from skimage import data
    except ImportError:
        return drawn("image", (3, 224, 224), seed=1)
    pixels = data.astronaut()[32:480:2, 32:480:2] / 255
    return ((pixels - MEAN) / DEVIATION).transpose(2, 0, 1)


def run(workload: Workload, bits: str | None = None, image: np.ndarray | None = None) -> Result:
    machine, precision = load_hardware(workload.hardware), resolve_precision(workload, bits)
    encoded = Path(bits) if bits and bits.endswith(".safetensors") else None
    values = FunctionalRun(workload, machine, precision, images=image, encoded=encoded)
    result = simulate(workload, machine, precision, baseline="none", functional=values)
    timed = simulate(workload, machine, precision, baseline="none")
    assert result.model_copy(update={"functional": None}) == timed
    assert result.functional is not None
    assert result.functional.equals_reference
    assert result.functional.edge_bytes == 0
    assert np.isfinite(values.output).all()
    assert values.output.std() > 0
    return result


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv2"])
def test_convolutional_networks_with_weights_of_a_file_on_a_photograph(name: str, tmp_path: Path) -> None:
    workload = load_workload(ROOT / "workloads" / f"{name}.yaml")
    path = tmp_path / "net.safetensors"
    save_encoded(encoded_model(workload, "w4a4"), path)
    result = run(workload, str(path), photograph())
    assert result.functional is not None
    assert result.functional.weights == str(path)


def test_a_block_of_vit() -> None:
    """Patches, class token and the first of twelve blocks: softmax, layer norm, GELU; 197 tokens of 768 features."""
    text = (ROOT / "workloads" / "vit_b16.yaml").read_text(encoding="utf-8")
    block = text[: text.index("  # block 1\n")].replace(", head: w8a8", "")
    head = (
        "  - {name: head, kind: linear, input: blocks.0.mlp.fc2, view: first_token, out_channels: 10, post: [bias]}\n"
    )
    run(parse_workload(block + head), None, photograph())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "vit_b16"])
def test_the_larger_networks(name: str) -> None:
    run(load_workload(ROOT / "workloads" / f"{name}.yaml"))
