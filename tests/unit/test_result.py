"""`result.json`: what the contract promises is there, nothing else is taken, and it reads back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from accelsim.result import CAUSE_LABELS, CAUSES, SCHEMA_VERSION, Result, load_result
from tests.unit.report.by_hand import layer, result, vector_layer

LAYERS = [layer("a", cycles=80, computing=40), vector_layer("pool", cycles=20)]
TOTALS = {"cycles", "seconds", "macs", "dram_read_bytes", "dram_write_bytes", "breakdown"}
LAYER = {
    "name", "kind", "macs", "weight_bits", "activation_bits", "start_cycle", "end_cycle", "cycles", "compute_cycles",
    "dram_read_bytes", "dram_write_bytes", "breakdown", "bound",
}  # fmt: skip


@pytest.fixture
def found() -> Result:
    return result(LAYERS, [layer("a", cycles=300), vector_layer("pool", cycles=20)])


@pytest.fixture
def document(found: Result) -> dict[str, Any]:
    return json.loads(found.to_json())


class TestContract:
    def test_fields_of_the_document(self, document: dict[str, Any]) -> None:
        promised = {"schema_version", "workload", "hardware", "seed", "trace_hash", "totals", "baseline", "speedup"}
        assert promised | {"layers"} <= set(document)
        assert document["schema_version"] == SCHEMA_VERSION

    def test_fields_of_totals_and_layers(self, document: dict[str, Any]) -> None:
        assert set(document["totals"]) >= TOTALS
        assert set(document["baseline"]["totals"]) >= TOTALS
        assert all(set(layer) >= LAYER for layer in document["layers"])

    def test_a_breakdown_has_every_cause_and_adds_up(self, document: dict[str, Any]) -> None:
        for part in (document["totals"], document["baseline"]["totals"], *document["layers"]):
            assert tuple(part["breakdown"]) == CAUSES
            assert sum(part["breakdown"].values()) == part["cycles"]

    def test_every_cause_has_a_label(self) -> None:
        assert tuple(CAUSE_LABELS) == CAUSES


class TestRoundTrip:
    @pytest.mark.parametrize(
        "original",
        [
            result(LAYERS, LAYERS, cores=2),
            result(LAYERS),
            result(LAYERS, dram_peak_bytes_per_second=None, workload="réseau", statistics={"dram": {"row_hits": 3}}),
        ],
        ids=["with baseline", "without", "ideal memory"],
    )
    def test_nothing_is_lost(self, original: Result, tmp_path: Path) -> None:
        path = tmp_path / "result.json"
        path.write_text(original.to_json(), encoding="utf-8")
        assert load_result(path) == original
        assert load_result(path).to_json() == original.to_json()

    def test_absent_parts_are_null(self) -> None:
        document = json.loads(result(LAYERS, dram_peak_bytes_per_second=None).to_json())
        assert [document[name] for name in ("baseline", "speedup", "dram_peak_bytes_per_second")] == [None] * 3


class TestRefused:
    @pytest.mark.parametrize("place", [(), ("totals",), ("layers", 0), ("baseline",), ("bandwidth",)])
    def test_a_key_that_is_not_in_the_contract(
        self, document: dict[str, Any], place: tuple[str | int, ...], tmp_path: Path
    ) -> None:
        part: Any = document
        for step in place:
            part = part[step]
        part["cycels"] = 1
        path = tmp_path / "result.json"
        path.write_text(json.dumps(document))
        with pytest.raises(ValidationError, match="cycels"):
            load_result(path)

    def test_a_missing_key(self, document: dict[str, Any]) -> None:
        del document["totals"]["cycles"]
        with pytest.raises(ValidationError, match=r"totals\.cycles"):
            Result.model_validate(document)

    def test_a_bound_that_there_is_not(self, document: dict[str, Any]) -> None:
        document["layers"][0]["bound"] = "magic"
        with pytest.raises(
            ValidationError, match="'compute', 'fill_drain', 'decoder', 'dram', 'vector_unit' or 'idle'"
        ):
            Result.model_validate(document)

    def test_what_is_no_json(self, tmp_path: Path) -> None:
        path = tmp_path / "result.json"
        path.write_text("cycles: 1")
        with pytest.raises(ValidationError, match="Invalid JSON"):
            load_result(path)

    def test_a_result_does_not_change(self, found: Result) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            found.speedup = 99.0
