"""docs/sweep.md keeps its word: its space reads, its examples are right, and the scripts have spaces and figures."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from types import ModuleType

import pytest

from accelsim import explore
from accelsim.config.presets import load_hardware
from accelsim.explore.sweeps.effects import effects
from accelsim.simulation import run_network
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
RESNET50 = ROOT / "workloads" / "resnet50.yaml"


def example(name: str) -> ModuleType:
    """A script of examples/, imported."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_space_of_the_page_reads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "workloads").symlink_to(ROOT / "workloads")
    names = [layer.name for layer in load_workload(RESNET50).layers if layer.on_array]
    mix = "".join(f"{name}: {{weights: dybit4, activations: dybit8}}\n" for name in names)
    (tmp_path / "mix.yaml").write_text(mix, encoding="utf-8")
    (tmp_path / "space.yaml").write_text(text, encoding="utf-8")
    space = explore.load_space(tmp_path / "space.yaml")
    arrays = [(design.values["array.rows"], design.values["array.cols"]) for design in space.grid()]
    assert set(arrays) == {(edge, edge) for edge in (8, 16, 32, 64)}  # 128 x 128 is above 4096
    assert len(arrays) == 4 * 3 * 2 * 3 * 4


def test_effects_by_hand() -> None:
    """Speed-ups 1, 2 at w8a8 and 4, 8 at w4a4 on two arrays: 80 % and 20 %."""
    logs = [math.log2(speedup) for speedup in (1, 2, 4, 8)]
    found = effects(logs, {"bits": ["w8a8", "w8a8", "w4a4", "w4a4"], "array": [1, 2, 1, 2]})
    assert [(effect.parameters, effect.share) for effect in found[:2]] == [
        (("bits",), pytest.approx(0.8)),
        (("array",), pytest.approx(0.2)),
    ]
    assert found[2].share == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("bits", "spread", "shapes"), [("w4a4", "2.9 %", 3), ("w2a2", "9.1 %", 4)])
def test_layers_of_one_shape_differ(bits: str, spread: str, shapes: int) -> None:
    workload = load_workload(RESNET50)
    run = run_network(workload, load_hardware("zcu102"), resolve_precision(workload, bits))
    groups: dict[object, list[int]] = {}
    for layer, result in zip(workload.layers, run.layers, strict=True):
        post = tuple(operation.kind for operation in layer.post)
        shape = (layer.gemm, layer.window, layer.input_shape, post, result.weight_bits, result.activation_bits)
        groups.setdefault(shape, []).append(result.cycles)
    repeated = [cycles for cycles in groups.values() if len(cycles) > 1]
    assert (len(repeated), sum(map(len, repeated))) == (12, 40)
    differing = [max(cycles) / min(cycles) - 1 for cycles in repeated if max(cycles) > min(cycles)]
    assert len(differing) == shapes
    assert f"{max(differing):.1%}".replace("%", " %") == spread
    assert f"up to {spread}" in " ".join(PAGE.split())


def test_the_thousand_points_are_a_thousand() -> None:
    space = explore.load_space(ROOT / "examples" / "spaces" / "resnet50_1000.yaml")
    designs = list(space.grid())
    assert len(designs) == 1000
    assert len({(*design.values.values(), design.bits) for design in designs}) == 1000


@pytest.mark.parametrize(
    ("name", "designs"),
    [("sweep_array_and_bits", 30), ("sweep_bandwidth", 16), ("sweep_decoders", 20), ("sweep_buffers", 16)],
)
def test_scripts_have_spaces_and_figures(name: str, designs: int) -> None:
    module = example(name)
    assert len(list(explore.design_space(module.SPACE, ROOT).grid())) == designs
    assert ROOT / "docs" / "figures" / f"{name}.png" == module.FIGURE
    assert module.FIGURE.exists()
