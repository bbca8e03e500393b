"""`accelsim run`: the contract of its JSON, its options and its files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from accelsim.result import CAUSES, load_result
from quant.cli import main as quant
from tests.cli.conftest import Cli, Outcome

TOP = {"schema_version", "workload", "hardware", "seed", "trace_hash", "totals", "baseline", "speedup", "layers"}
TOTALS = {"cycles", "seconds", "macs", "dram_read_bytes", "dram_write_bytes", "breakdown"}
LAYER = TOTALS - {"seconds"} | {
    "name",
    "kind",
    "weight_bits",
    "activation_bits",
    "start_cycle",
    "end_cycle",
    "compute_cycles",
    "bound",
}


def test_json_has_what_the_contract_names(cli: Cli, tiny: Path) -> None:
    document = cli("run", tiny, "--hardware", "zcu102", "--json").document
    assert document.keys() >= TOP
    assert (document["workload"], document["hardware"]["array"]["rows"]) == ("tiny", 32)
    for part in (document, document["baseline"]):
        totals = part["totals"]
        assert totals.keys() >= TOTALS
        assert totals["breakdown"].keys() == set(CAUSES)
        assert sum(totals["breakdown"].values()) == totals["cycles"]
        assert totals["macs"] == 16 * 16 * 27 * 8 + 16 * 16 * 72 * 8 + 8 * 10
        assert [layer["name"] for layer in part["layers"]] == ["stem", "mix", "pool", "fc"]
        for layer in part["layers"]:
            assert layer.keys() >= LAYER
            assert sum(layer["breakdown"].values()) == layer["cycles"] == layer["end_cycle"] - layer["start_cycle"]
    assert document["speedup"] == document["baseline"]["totals"]["seconds"] / document["totals"]["seconds"]


def bits_by_layer(outcome: Outcome) -> list[str]:
    layers = outcome.document["layers"]
    return [f"{layer['name']} w{layer['weight_bits']}a{layer['activation_bits']}" for layer in layers if layer["macs"]]


def test_pins_hold_unless_lifted(cli: Cli, tiny: Path) -> None:
    run = ("run", tiny, "--baseline", "none", "--json")
    assert bits_by_layer(cli(*run)) == ["stem w8a8", "mix w4a4", "fc w8a8"]
    assert bits_by_layer(cli(*run, "--bits", "w2a8")) == ["stem w8a8", "mix w2a8", "fc w8a8"]
    assert bits_by_layer(cli(*run, "--bits", "w2a8", "--no-pins")) == ["stem w2a8", "mix w2a8", "fc w2a8"]


def test_bits_takes_an_allocation_file(cli: Cli, tiny: Path) -> None:
    allocation = tiny.with_name("mixed.json")
    formats = {
        name: {"weights": weights, "activations": "int8"}
        for name, weights in (("stem", "fp16"), ("mix", "dybit3"), ("fc", "dybit5"))
    }
    allocation.write_text(json.dumps(formats), encoding="utf-8")
    outcome = cli("run", tiny, "--bits", allocation, "--json")
    assert outcome.document["precision"] == "mixed"
    assert bits_by_layer(outcome) == ["stem w16a8", "mix w3a8", "fc w5a8"]


def test_hardware_by_name_by_file_and_by_field(cli: Cli, tiny: Path) -> None:
    machine = tiny.with_name("wide.yaml")
    machine.write_text("base: scalesim\narray: {cols: 64}\n", encoding="utf-8")
    run = ("run", tiny, "--baseline", "none", "--json")
    assert cli(*run).document["hardware"]["name"] == "scalesim"
    changed = cli(*run, "--hardware", machine, "--set", "array.rows=8", "--set", "array.dataflow=os").document
    assert changed["hardware"]["name"] == "wide"
    assert changed["hardware"]["array"] | {"rows": 8, "cols": 64, "dataflow": "os"} == changed["hardware"]["array"]


@pytest.mark.parametrize("name", ["fp32", "iso-area", "int8"])
def test_the_baseline_is_named(cli: Cli, tiny: Path, name: str) -> None:
    document = cli("run", tiny, "--baseline", name, "--json").document
    assert document["baseline"]["name"] == name


def test_without_a_baseline_there_is_no_speedup(cli: Cli, tiny: Path) -> None:
    document = cli("run", tiny, "--baseline", "none", "--json").document
    assert (document["baseline"], document["speedup"]) == (None, None)


def test_the_report_for_people(cli: Cli, tiny: Path) -> None:
    outcome = cli("run", tiny)
    assert outcome.status == 0
    assert outcome.err == ""
    for expected in ("tiny on scalesim", "speed-up", "frames/s", "stem", "fill / drain"):
        assert expected in outcome.out


def test_out_gets_the_printed_document_and_the_layers(cli: Cli, tiny: Path) -> None:
    directory = tiny.with_name("report")
    outcome = cli("run", tiny, "--out", directory, "--no-plots", "--json")
    assert sorted(path.name for path in directory.iterdir()) == ["allocation.yaml", "layers.csv", "result.json"]
    assert json.loads((directory / "result.json").read_text(encoding="utf-8")) == outcome.document
    assert load_result(directory / "result.json").workload == "tiny"
    with (directory / "layers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["stem", "mix", "pool", "fc"]
    assert outcome.err == f"accelsim: 3 files written to {directory}\n"


def test_the_allocation_of_a_report_runs_again(cli: Cli, tiny: Path) -> None:
    directory = tiny.with_name("report")
    first = cli("run", tiny, "--bits", "w3a5", "--out", directory, "--no-plots", "--json").document
    written = (directory / "allocation.yaml").read_text(encoding="utf-8")
    pinned, free = "{weights: dybit8, activations: dybit8}", "{weights: dybit3, activations: dybit5}"
    expected = f"stem: {pinned}\nmix: {free}\nfc: {pinned}\n"
    assert written == expected
    again = cli("run", tiny, "--bits", directory / "allocation.yaml", "--json").document
    assert (again["layers"], again["trace_hash"]) == (first["layers"], first["trace_hash"])


def test_an_encoded_file_is_a_precision(cli: Cli, tiny: Path) -> None:
    """Its layers are those of TINY: 8 * 27, 8 * 72 and 10 * 8 weights, and a scale for each of 8 + 8 + 10 outputs."""
    rng, model, encoded = np.random.default_rng(0), tiny.with_name("m.npz"), tiny.with_name("m.safetensors")
    shapes = {"stem": (8, 3, 3, 3), "mix": (8, 8, 3, 3), "fc": (10, 8)}
    np.savez(model, **{f"{name}.weight": rng.normal(size=shape) for name, shape in shapes.items()})
    assert quant(["encode", str(model), "--bits", "w3a5", "--pin", "fc=w8a8", "-o", str(encoded)]) == 0
    layers = {layer["name"]: layer for layer in cli("run", tiny, "--bits", encoded, "--json").document["layers"]}
    assert {name: layers[name]["weight_bytes"] for name in shapes} == {"stem": 81, "mix": 216, "fc": 80}
    assert [layers[name]["activation_format"] for name in shapes] == ["dybit5", "dybit5", "dybit8"]
    assert layers["fc"]["dram_read_bytes"] >= 80 + 4 * 10
    wrong = cli("run", tiny, "--bits", model.with_name("missing.safetensors"))
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.count("\n") == 1


def test_out_gets_figures_by_default(cli: Cli, tiny: Path) -> None:
    directory = tiny.with_name("report")
    assert cli("run", tiny, "--hardware", "zcu102", "--out", directory).status == 0
    figures = {path.stem for path in directory.glob("*.svg")}
    assert (
        figures == {path.stem for path in directory.glob("*.png")} == {"roofline", "breakdown", "speedup", "bandwidth"}
    )


def test_a_failed_run_leaves_the_report_that_was_there(cli: Cli, tiny: Path) -> None:
    directory = tiny.with_name("report")
    directory.mkdir()
    (directory / "result.json").write_text("before", encoding="utf-8")
    assert cli("run", tiny, "--out", directory, "--set", "buffers.weight_bytes=1").status == 2
    assert [path.read_text(encoding="utf-8") for path in directory.iterdir()] == ["before"]
    assert cli("run", tiny, "--out", directory / "new", "--set", "buffers.weight_bytes=1").status == 2
    assert not (directory / "new").exists()
