"""`accelsim show` and `accelsim list`: everything expanded, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accelsim.config.dram import DramPreset
from accelsim.config.hardware import Hardware
from accelsim.config.overrides import leaves
from accelsim.config.presets import load_hardware, preset_names
from accelsim.workload.loader import load_workload
from quant import format_names
from tests.cli.conftest import ROOT, Cli

WORKLOAD = ROOT / "workloads" / "resnet18.yaml"


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")


def test_hardware_shows_every_field_with_its_meaning_and_the_memory_behind_it(cli: Cli) -> None:
    lines = cli("show", "hardware", "zcu102").out.splitlines()
    for model in (Hardware, DramPreset):
        for path, field in leaves(model):
            assert [line for line in lines if f" {path[-1]}: " in line and line.endswith(f"# {field.description}")]
    assert "│   ├── rows: 32  # physical PE rows" in lines
    assert "DRAM ddr4-2133-zcu102" in lines


def test_hardware_as_json_is_a_hardware_file(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text(cli("show", "hardware", "ant", "--set", "array.rows=8", "--json").out, encoding="utf-8")
    assert load_hardware(str(path)) == load_hardware("ant", ["array.rows=8"])


def test_ideal_memory_has_nothing_to_expand(cli: Cli) -> None:
    trees = [line for line in cli("show", "hardware", "scalesim").out.splitlines() if line[:1].isalpha()]
    assert trees == ["hardware scalesim"]


def test_dram(cli: Cli) -> None:
    assert "├── CL: 17  # read command to its data, clocks" in cli("show", "dram", "ddr4-2400").out.splitlines()
    assert cli("show", "dram", "ddr4-2400", "--json").document["CL"] == 17


def test_workload_shows_every_layer(cli: Cli) -> None:
    out = cli("show", "workload", WORKLOAD).out
    workload = load_workload(WORKLOAD)
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert rows.keys() >= {layer.name for layer in workload.layers}
    assert "64x56x56 12544 x 147 x 64 118.0 9,536 w8a8 batch_norm, relu, max_pool" in " ".join(rows["conv1"].split())
    assert f"{workload.macs:,} multiply-accumulates" in out


def test_workload_fits_a_narrow_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = cli("show", "workload", WORKLOAD).out.splitlines()
    assert max(map(len, lines)) <= 60
    assert any(line.startswith("layer4.0.downsample.0") and "512x7x7" in line for line in lines)


def test_workload_as_json(cli: Cli) -> None:
    document = cli("show", "workload", WORKLOAD, "--json").document
    workload = load_workload(WORKLOAD)
    assert (document["name"], document["macs"], document["parameters"]) == ("resnet18", workload.macs, 11_689_512)
    assert [layer["name"] for layer in document["layers"]] == [layer.name for layer in workload.layers]
    assert document["layers"][0]["gemm"] == {
        "groups": 1, "pixels": 12544, "reduction": 147, "outputs": 64, "rows": 112, "kernel": [7, 7],
    }  # fmt: skip


def test_list_names_everything_shipped(cli: Cli) -> None:
    document = cli("list", "--json").document
    assert list(document["hardware"]) == preset_names("hardware")
    assert list(document["dram"]) == preset_names("dram")
    assert document["formats"] == list(format_names())
    out = cli("list").out
    for name in (*document["hardware"], *document["dram"], *document["formats"]):
        assert name in out


def test_json_is_utf8_and_text_is_what_the_terminal_can(process: Cli, tiny: Path) -> None:
    tiny.write_text("description: ÷\n" + tiny.read_text(encoding="utf-8"), encoding="utf-8")
    ascii_only = {"env": {"PYTHONIOENCODING": "ascii"}}
    document = process("show", "workload", tiny, "--json", encoding="utf-8", **ascii_only).document
    assert document["description"] == "÷"
    plain = process("show", "workload", tiny, **ascii_only)
    assert plain.status == 0
    assert "description  ?" in plain.out
    assert json.dumps(plain.err) == '""'
