"""Codesign in the loop with accuracy: designs quantised and measured, the best of them trained on.

See docs/codesign-accuracy.md. What needs torch is `quant.ptq.accuracy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError
from accelsim.explore.codesign.errors import dybit
from accelsim.explore.codesign.measured_errors import SensitivityErrors
from accelsim.explore.codesign.search import Design
from accelsim.workload.layers import Workload
from accelsim.workload.quant_errors import as_input_errors
from quant.sensitivity import Measure

if TYPE_CHECKING:  # need torch
    from quant.ptq.accuracy import AccuracyMeter
    from quant.ptq.calibration import Progress
    from quant.ptq.layer_rounding import Rounding

WITHIN_POINTS = 1.0


@dataclass(frozen=True)
class MeasuredDesign:
    """A design, and its accuracy in percent after post-training quantisation and, if it was trained on, after that."""

    design: Design
    ptq: float
    qat: float | None = None

    @property
    def best(self) -> float:
        """The accuracy that one would ship: the higher of the two."""
        return self.ptq if self.qat is None else max(self.ptq, self.qat)


@dataclass(frozen=True)
class InTheLoop:
    """The designs measured, the fastest first, the one chosen, and the float network's accuracy in percent.

    Where `is_agreement`, accuracy is the share of inputs whose most likely class is the float network's.
    """

    floating: float
    is_agreement: bool
    within_points: float
    measured: tuple[MeasuredDesign, ...]
    chosen: MeasuredDesign

    @classmethod
    def of(cls, measured: Sequence[MeasuredDesign], meter: AccuracyMeter, within_points: float) -> InTheLoop:
        """The designs in order, and the best of them (`best_of`)."""
        chosen = best_of(measured, meter.floating, within_points)
        in_order = sorted(measured, key=lambda each: -each.design.simulated_speedup)
        return cls(meter.floating, meter.is_agreement, within_points, tuple(in_order), chosen)

    @property
    def what(self) -> str:
        """What the percentages are."""
        return "agreement with the float network" if self.is_agreement else "accuracy"

    @property
    def headline(self) -> str:
        """What the chosen design keeps of the float network."""
        after = f"{self.chosen.ptq:.2f} %" + (
            "" if self.chosen.qat is None else f", trained on {self.chosen.qat:.2f} %"
        )
        return f"{self.what.capitalize()} after quantisation: {after}; of the float network {self.floating:.2f} %."

    def document(self) -> dict[str, Any]:
        """As JSON: `chosen` is the place in `designs`."""
        return {
            "measure": self.what,
            "floating": self.floating,
            "within_points": self.within_points,
            "chosen": self.measured.index(self.chosen),
            "designs": [_numbers(each) for each in self.measured],
        }


def load_meter(model: str, data: Path, cache: Path | None = None, progress: Progress | None = None) -> AccuracyMeter:
    """What measures the torch network of `package.module:factory` on the data of an .npz file.

    InputError where torch is missing, and for whatever is wrong with the network, the data, or both together.
    """
    try:
        from quant.ptq.accuracy import AccuracyMeter
        from quant.ptq.data import load_data
        from quant.ptq.models import module_of_factory
    except ImportError:
        allowed = "torch: install this package with its extra, as in '.[torch]'"
        raise InputError("--model", "torch is needed to measure accuracy and is not installed", allowed) from None
    with as_input_errors(f"--data {data}"):
        return AccuracyMeter(module_of_factory(model), load_data(data), cache=cache, progress=progress)


def measured_errors(
    workload: Workload, meter: AccuracyMeter, widths: Iterable[int], measure: Measure, rounding: Rounding | None = None
) -> SensitivityErrors:
    """What rounding each tensor of the network does by itself, with the rounding that the meter quantises with or this.

    InputError where the calibration data do not do.
    """
    with as_input_errors("--data"):
        found = meter.sensitivity(dybit(sorted(widths)), [measure], rounding)
    return SensitivityErrors(workload, found, measure)


def in_the_loop(
    designs: Sequence[Design],
    meter: AccuracyMeter,
    within_points: float = WITHIN_POINTS,
    qat_steps: int = 0,
    wanted: Design | None = None,
) -> InTheLoop:
    """Measure the designs after quantisation, choose one, and train it on for so many steps.

    The one chosen is `wanted`, one of the designs, or else the best (`best_of`). Designs of the same allocation are
    measured once. InputError where the designs are not of the meter's network, and for steps without training data.
    """
    if qat_steps and not meter.has_training_data:
        raise InputError("--data", "no training data", "train_inputs and train_labels, to train on")
    with as_input_errors("--model"):
        measured = [MeasuredDesign(design, meter.after_ptq(design.allocation)) for design in designs]
        found = InTheLoop.of(measured, meter, within_points)
        if wanted is not None:
            found = replace(found, chosen=next(each for each in found.measured if each.design is wanted))
        if not qat_steps:
            return found
        chosen = replace(found.chosen, qat=meter.after_qat(found.chosen.design.allocation, qat_steps))
    everything = tuple(chosen if each is found.chosen else each for each in found.measured)
    return replace(found, measured=everything, chosen=chosen)


def best_of(measured: Sequence[MeasuredDesign], floating: float, within_points: float) -> MeasuredDesign:
    """The fastest design that loses at most so many points against the float network; if none, the most accurate."""
    kept = [each for each in measured if each.best >= floating - within_points]
    if kept:
        return max(kept, key=lambda each: (each.design.simulated_speedup, each.best))
    return max(measured, key=lambda each: (each.best, each.design.simulated_speedup))


def _numbers(each: MeasuredDesign) -> dict[str, Any]:
    design = each.design
    return {
        "method": design.method,
        "label": design.label,
        "speedup": design.simulated_speedup,
        "size_bytes": design.size_bytes,
        "average_bits": design.average_bits,
        "error": design.error,
        "accuracy_ptq": each.ptq,
        "accuracy_qat": each.qat,
        "allocation": {
            layer: {key: value for key, value in asdict(formats).items() if key != "where"}
            for layer, formats in design.allocation.items()
        },
    }
