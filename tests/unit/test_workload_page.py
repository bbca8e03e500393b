"""`docs/workloads.md` keeps its word: its examples run, its numbers hold, and it names every field there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload, parse_workload
from accelsim.workload.precision import resolve_precision
from accelsim.workload.schema import LAYER_SPECS, InputSpec, PostArgument, WorkloadFile

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "workloads.md").read_text(encoding="utf-8")
EXAMPLE, BRANCHES, ALLOCATION = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def example() -> Workload:
    return parse_workload(EXAMPLE, "docs/workloads.md")


def test_counts_of_the_example(example: Workload) -> None:
    macs = {layer.name: layer.macs for layer in example.layers}
    assert macs["stem"] == 32 * 32 * 27 * 16 == 442_368
    assert macs["mix"] == 16 * 256 * 9


def test_the_inception_block() -> None:
    workload = parse_workload("name: net\ninput: {shape: [3, 8, 8]}\nlayers:\n" + BRANCHES)
    assert workload.shape_of("both") == (64, 8, 8)
    assert workload.storage == {"image": "image", "next": "next"} | dict.fromkeys(("left", "right", "both"), "both")


def test_formats_of_the_example(example: Workload, tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text(ALLOCATION, encoding="utf-8")
    for precision in (resolve_precision(example), resolve_precision(example, str(path))):
        assert {name: (found.name, found.signed) for name, found in precision.tensors.items()} == {
            "image": ("dybit8", True),
            "stem": ("dybit4", False),
            "mix": ("dybit4", False),
            "out": ("dybit8", False),
            "fc": ("fp32", True),
        }


def test_formats_of_the_transformer() -> None:
    workload = load_workload(ROOT / "workloads" / "vit_b16.yaml")
    tensors = resolve_precision(workload).tensors
    stream = ["cls_token", *(f"blocks.{i}.{end}" for i in range(12) for end in ("attn.proj", "mlp.fc2"))]
    assert {tensors[name].bits for name in stream} == {8}
    read_by_products = {
        tensor
        for layer in workload.layers
        if layer.on_array and layer.name not in workload.pins
        for tensor in layer.inputs
    }
    assert {tensors[name].bits for name in read_by_products} == {4}


def test_every_field_is_on_the_page() -> None:
    models = (WorkloadFile, InputSpec, PostArgument, *LAYER_SPECS.values())
    fields = {name for model in models for name in model.model_fields}
    assert fields
    assert [name for name in sorted(fields) if not re.search(rf"[`{{]{name}\b", PAGE)] == []
    assert [kind for kind in LAYER_SPECS if f"| `{kind}` |" not in PAGE] == []


def test_table_of_networks() -> None:
    rows = re.findall(r"\| `(\w+)\.yaml` \| .*? \| ([\d.]+) G.*? \| ([\d,]+) \|", PAGE)
    assert {name for name, _, _ in rows} == {path.stem for path in (ROOT / "workloads").glob("*.yaml")}
    for name, giga_macs, parameters in rows:
        workload = load_workload(ROOT / "workloads" / f"{name}.yaml")
        decimals = len(giga_macs.split(".")[1])
        assert round(workload.macs / 1e9, decimals) == float(giga_macs)
        assert workload.parameters == int(parameters.replace(",", ""))


def test_python_example_prints_what_the_page_says() -> None:
    code, printed = re.findall(r"```python\n(.*?)```\n\nprints `(.*?)`", PAGE, flags=re.DOTALL)[0]
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == f"{printed}\n"
