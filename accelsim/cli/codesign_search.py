"""From the options of `accelsim codesign` to the problem that is searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.cli.cost_table import parse_widths
from accelsim.errors import InputError, one_of
from accelsim.units import BITS_PER_BYTE

if TYPE_CHECKING:
    from accelsim.explore.codesign.errors import Errors
    from accelsim.explore.codesign.problem import Freedom
    from accelsim.explore.codesign.search import Codesign
    from accelsim.workload.layers import Workload
    from quant.allocation.problem import Quantity
    from quant.allocation.solution import Limits
    from quant.ptq.accuracy import AccuracyMeter


def limits_of(average_bits: float | None, size_bytes: float | None) -> Limits:
    """What is limited beside the target. InputError for a limit that is no positive number."""
    limits: dict[Quantity, float] = {}
    if average_bits is not None:
        limits["average_bits"] = _above_zero("--average-bits", average_bits)
    if size_bytes is not None:
        limits["size_bits"] = BITS_PER_BYTE * _above_zero("--size-bytes", size_bytes)
    return limits


def freedom_of(
    network: Workload, widths: str, pins: Sequence[str], weight_only: bool, equal_residuals: bool
) -> Freedom:
    """What may be chosen. InputError for wrong widths and pins."""
    from accelsim.explore.codesign.problem import Freedom, parse_pins

    chosen = tuple(parse_widths(widths))
    activations = (max(chosen),) if weight_only else chosen
    return Freedom(chosen, activations, parse_pins(network, pins), equal_residuals)


@contextmanager
def meter_of(model: str | None, data: Path | None, cache: Path | None) -> Iterator[AccuracyMeter | None]:
    """What measures `--model` on `--data`, under progress bars; None without both. InputError for one alone."""
    if model is None or data is None:
        if model or data or cache:
            raise InputError("codesign", f"{'--model' if model else '--data or --cache'} alone", "--model and --data")
        yield None
        return
    from accelsim.explore.codesign.accuracy import load_meter
    from quant.report.progress import progress_bars

    with progress_bars() as progress:
        yield load_meter(model, data, cache, progress)


def errors_of(
    network: Workload,
    freedom: Freedom,
    weights: str | None,
    sensitivity: Path | None,
    meter: AccuracyMeter | None,
    measure: str,
    seed: int,
) -> Errors:
    """From a file of sensitivities, else measured on the torch network, else the noise of weights or of stand-ins."""
    from accelsim.explore.codesign.errors import NoiseErrors, layer_weights
    from quant.sensitivity import MEASURES

    error = one_of("--measure", measure, MEASURES)
    if weights and (sensitivity or meter):
        raise InputError(
            "--weights", "errors are measured otherwise", "--weights, --sensitivity, or --model and --data"
        )
    if sensitivity is not None:
        from accelsim.explore.codesign.measured_errors import SensitivityErrors

        return SensitivityErrors.load(network, sensitivity, error)
    if meter is not None:
        from accelsim.explore.codesign.accuracy import measured_errors

        weight_widths, activation_widths = freedom.table_widths
        return measured_errors(network, meter, {*weight_widths, *activation_widths}, error)
    return NoiseErrors(network, layer_weights(network, weights) if weights else None, weights or "", seed)


def prepared(
    network: Workload, hardware: str | None, overrides: Sequence[str], freedom: Freedom, errors: Errors, baseline: str
) -> Codesign:
    """The problem that is searched: pairs and baseline simulated, under a progress bar."""
    from accelsim.config.presets import load_hardware
    from accelsim.explore.codesign.search import Codesign
    from accelsim.report.progress import progress
    from accelsim.simulation import REFERENCES

    against = one_of("--baseline", baseline, REFERENCES)
    machine = load_hardware(hardware or network.hardware, overrides)
    weight_widths, activation_widths = freedom.table_widths
    runs = len(weight_widths) * len(activation_widths) + 1
    with progress(network.name, runs * len(network.layers)) as step:

        def show(label: str, done: int, layers: int) -> None:
            step(f"{label}: {network.layers[done - 1].name}")

        return Codesign.prepare(network, machine, freedom, errors, against, show)


def _above_zero(option: str, value: float) -> float:
    if not 0 < value < float("inf"):
        raise InputError(option, f"found {value:g}", "a number above 0")
    return value
