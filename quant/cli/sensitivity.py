"""What `quant sensitivity` reads and prints."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from quant.errors import DataError
from quant.models import load_tensors
from quant.sensitivity import DEFAULT_MEASURE, MEASURES, Measure, MeasuredChoice, Sensitivity

_SHOWN = 10  # choices
_ROUNDINGS = ("nearest", "gptq", "gptaq")


def load_calibration(path: Path) -> dict[str, Any]:
    """The arguments `calibration` and `labels` of `measure_sensitivity` from an .npz file.

    Raises QuantError for what cannot be read, and for a file without `calibration`.
    """
    arrays = load_tensors(path)
    if "calibration" not in arrays:
        nearest = get_close_matches("calibration", arrays, n=1)
        raise DataError(
            "no array 'calibration'", "calibration and, if there are, calibration_labels", *nearest, where=str(path)
        )
    return {"calibration": arrays["calibration"], "labels": arrays.get("calibration_labels")}


def torch_part(model: str) -> tuple[ModuleType, Any]:
    """`quant.ptq.sensitivity` and the module that `package.module:factory` makes. DataError without torch."""
    if ":" not in model:
        raise DataError(f"{model}: names no function", "package.module:factory of a torch module")
    try:
        from quant.ptq import models, sensitivity
    except ImportError:
        allowed = "torch: install this package with its extra, as in '.[torch]'"
        raise DataError("torch is needed and is not installed", allowed, where=model) from None
    return sensitivity, models.module_of_factory(model)


def settings_for(sensitivity: ModuleType, rounding: str, seed: int) -> Any:
    """`PtqSettings` with this rounding and seed. DataError for another rounding."""
    if rounding not in _ROUNDINGS:
        nearest = get_close_matches(rounding, _ROUNDINGS, n=1)
        raise DataError(f"--rounding {rounding!r}", ", ".join(_ROUNDINGS), *nearest)
    return sensitivity.PtqSettings(rounding, seed=seed)


def shown_measure(sensitivity: Sensitivity) -> Measure:
    """The measure that choices are ranked by: the default, or else the first that was taken."""
    (first, *_) = sensitivity.choices[0].formats.values()
    taken = [name for name in MEASURES if getattr(first, name) is not None]
    return DEFAULT_MEASURE if DEFAULT_MEASURE in taken else taken[0]


def print_sensitivity(sensitivity: Sensitivity, formats: Sequence[str]) -> None:
    """The choices with the largest error in the last format that has any, and their errors in every format."""
    from rich.text import Text

    from quant.report.terminal import new_table, print_table

    measure = shown_measure(sensitivity)

    def error(choice: MeasuredChoice) -> float:
        return choice.error(formats[-1], measure)

    ranked = sorted(sensitivity.choices, key=error, reverse=True)
    count = f"the {_SHOWN} of {len(ranked)} choices" if len(ranked) > _SHOWN else "choices"
    table = new_table(f"Error by {measure}: {count} that {formats[-1]} harms most", ("choice", "read by"), formats)
    for choice in ranked[:_SHOWN]:
        readers = ", ".join((*choice.input_of, *choice.weights_of)) if choice.name.startswith("tensor ") else ""
        table.add_row(Text(choice.name), Text(readers), *(f"{choice.error(name, measure):.3g}" for name in formats))
    print_table(table)
