"""Whole runs of small networks: every tensor that the machine makes is the reference's, and the timing is untouched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from accelsim.config.presets import load_hardware
from accelsim.errors import SimulationError
from accelsim.simulation import run_network
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision
from tests.unit.functional.networks import (
    ATTENTION,
    CONVOLUTIONAL,
    encoded_file,
    functional_result,
)

#: Buffers so small that layers are cut along every dimension.
SMALL = ("buffers.weight_bytes=3000", "buffers.input_bytes=3000", "buffers.output_bytes=3000")


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize("bits", ["w4a4", "w8a8", "w2a8", "w3a5", "w7a3"])
@pytest.mark.parametrize("text", [CONVOLUTIONAL, ATTENTION], ids=["convolutional", "attention"])
def test_dataflows_and_widths(text: str, bits: str, dataflow: str) -> None:
    _, result = functional_result(text, bits, f"array.dataflow={dataflow}", "array.rows=8", "array.cols=8", *SMALL)
    assert result.functional is not None
    assert result.functional.equals_reference


@pytest.mark.parametrize("bits", ["int4", "int8", "fp4_e2m1", "flint4", "posit6_1", "pot4"])
def test_other_formats(tmp_path: Path, bits: str) -> None:
    allocation = tmp_path / "all.yaml"
    layers = ("q", "k", "v", "scores", "context", "proj", "mlp", "head")
    allocation.write_text("".join(f"{layer}: {{weights: {bits}, activations: {bits}}}\n" for layer in layers))
    _, result = functional_result(ATTENTION, str(allocation))
    assert result.functional is not None
    assert result.functional.equals_reference


@pytest.mark.parametrize("overrides", [(), SMALL, ("buffers.activation_residency=false",), ("dram.preset=ideal",)])
def test_cycles_and_trace_are_those_of_a_timed_run(overrides: tuple[str, ...]) -> None:
    _, result = functional_result(CONVOLUTIONAL, "w4a4", *overrides)
    workload, machine = parse_workload(CONVOLUTIONAL), load_hardware("zcu102", overrides)
    timed = run_network(workload, machine, resolve_precision(workload, "w4a4"))
    shared = result.model_dump(include=set(type(timed).model_fields))
    assert shared == timed.model_dump()


@pytest.mark.parametrize("per_channel", [True, False])
def test_an_encoded_file_with_a_scale_per_output_or_tensor(tmp_path: Path, per_channel: bool) -> None:
    path = encoded_file(tmp_path, CONVOLUTIONAL, "w3a4", per_channel=per_channel)
    _, result = functional_result(CONVOLUTIONAL, str(path), *SMALL)
    assert result.functional is not None
    assert result.functional.equals_reference
    assert (result.functional.weights, result.functional.scales) == (str(path), "of the file")


@pytest.mark.parametrize("text", [CONVOLUTIONAL, ATTENTION], ids=["convolutional", "attention"])
def test_images_side_by_side_are_images_one_by_one(tmp_path: Path, text: str) -> None:
    path = str(encoded_file(tmp_path, text, "w4a4"))
    together, result = functional_result(text, path, images=3)
    alone, _ = functional_result(text, path, images=1)
    assert result.functional is not None
    assert result.functional.equals_reference
    assert len(together.output) == 3
    assert np.array_equal(together.output[:1], alone.output)
    assert not np.array_equal(together.output[1], together.output[0])


def test_a_partial_sum_that_does_not_fit_names_layer_tile_and_value() -> None:
    """8 channels of at least 1 in units of 2^-3 by weights in units of 2^-2 go beyond 4 bits, -8 to 7."""
    with pytest.raises(
        SimulationError, match=r"layer stem, tile of groups 0-0, rows .* the partial sum -?\d+ does not"
    ):
        functional_result(CONVOLUTIONAL, "w4a4", "array.accumulator_bits=4")
