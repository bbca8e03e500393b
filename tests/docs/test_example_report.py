"""The report checked in under reports/example is what the simulator says today."""

from __future__ import annotations

from pathlib import Path

from accelsim.config.presets import load_hardware
from accelsim.result import load_result
from accelsim.simulation import simulate
from accelsim.workload.loader import load_workload

ROOT = Path(__file__).parents[2]


def test_the_example_report_is_current() -> None:
    """If this fails after a wanted change of the model: write the report anew, as reports/README.md says."""
    workload = load_workload(ROOT / "workloads" / "resnet50.yaml")
    today = simulate(workload, load_hardware(workload.hardware))
    assert load_result(ROOT / "reports" / "example" / "result.json") == today


def test_the_headline_of_the_readme_is_that_of_the_example() -> None:
    result = load_result(ROOT / "reports" / "example" / "result.json")
    bound = sum(layer.bound == "compute" for layer in result.layers)
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"is {result.speedup:.2f} times as fast as FP32" in readme
    assert f"{bound} of its {len(result.layers)} layers are bound by the array" in readme
