"""Measured errors as the search asks for them: by layer and by tensor, whatever the tensor is called on either side."""

from __future__ import annotations

import pytest

from accelsim.errors import InputError
from accelsim.explore.codesign.measured_errors import SensitivityErrors
from accelsim.workload.loader import parse_workload
from quant.sensitivity import Measured, MeasuredChoice, Sensitivity

WORKLOAD = parse_workload("""
name: fork
input: {name: image, shape: [4, 8, 1]}
layers:
  - {name: q, kind: linear, input: image, out_channels: 4}
  - {name: k, kind: linear, input: image, out_channels: 4}
  - {name: scores, kind: matmul, input: q, other: k, transpose_other: true}
""")


def choice(weights_of: tuple[str, ...], input_of: tuple[str, ...], *errors: float) -> MeasuredChoice:
    formats = dict(zip(("dybit8", "dybit4", "int4"), (Measured(kl=e) for e in errors), strict=False))
    return MeasuredChoice("any", weights_of, input_of, formats)


SENSITIVITY = Sensitivity(
    7,
    0,
    (
        choice(("q",), (), 1, 2, 3),
        choice(("k",), (), 4, 5),
        choice((), ("k", "q"), 6, 7, 8),
        choice((), ("scores",), 9, 10),
        choice(("scores",), (), 11, 12),
    ),
)


def test_choices_are_found_by_their_readers() -> None:
    errors = SensitivityErrors(WORKLOAD, SENSITIVITY)
    assert errors.of_weights("q", ["dybit4", "dybit8"]) == (2, 1)
    assert errors.of_tensor("image", ["dybit4"]) == (7,)
    assert errors.of_tensor("q", ["dybit4"]) == (10,)
    assert errors.of_tensor("k", ["dybit4"]) == (12,)
    assert (errors.widths, errors.quantity) == ([4, 8], "kl")
    assert errors.described == "kl of each rounding by itself, measured on 7 inputs"


def test_what_was_not_measured_is_wrong_input() -> None:
    errors = SensitivityErrors(WORKLOAD, SENSITIVITY)
    with pytest.raises(InputError, match="dybit3 was not measured"):
        errors.of_weights("q", ["dybit3"])
    with pytest.raises(InputError, match="weights of v: not measured"):
        errors.of_weights("v", ["dybit4"])
