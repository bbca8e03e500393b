"""From `--bits` and `--pin` to the formats of each layer of a model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from quant.allocation.file import LayerFormats, check_layers, read_allocation
from quant.errors import DataError, QuantError
from quant.formats import format_names, get_format

_WHOSE = "the model (floating tensors of two and more axes)"
_WIDTHS = re.compile(r"w(\d+)(?:a(\d+))?")


def formats_of_bits(bits: str) -> LayerFormats:
    """`w4a8`: DyBit at these widths; `w4`, `dybit4` or another format: that for weights and activations alike.

    Raises FormatError for an unknown format.
    """
    widths = _WIDTHS.fullmatch(bits)
    weights, activations = (f"dybit{widths[1]}", f"dybit{widths[2] or widths[1]}") if widths else (bits, bits)
    return LayerFormats(get_format(weights).name, get_format(activations).name)


def allocate(layers: Iterable[str], bits: str, pins: Sequence[str] = ()) -> dict[str, LayerFormats]:
    """The formats of each of `layers`: `bits` as in `formats_of_bits`, or the name of an allocation file.

    `pins` such as `conv1=w8a8` or `fc=int8` go before either. Raises QuantError for an unknown format, a file that
    does not name exactly these layers, and a pin of none of them.
    """
    names = list(layers)
    if _WIDTHS.fullmatch(bits) or bits in format_names() or not (Path(bits).suffix or Path(bits).exists()):
        allocation = dict.fromkeys(names, formats_of_bits(bits))
    else:
        allocation = read_allocation(Path(bits))
        try:
            check_layers(allocation, names, _WHOSE)
        except QuantError as error:
            raise DataError(error.found, error.allowed, error.nearest, where=error.where or bits) from None
    return allocation | dict(parse_pin(pin, names) for pin in pins)


def parse_pin(pin: str, layers: Sequence[str], whose: str = _WHOSE) -> tuple[str, LayerFormats]:
    """`conv1=w8a8` or `fc=int8`: the layer and its formats. Raises QuantError if either is unknown."""
    name, equals, bits = pin.rpartition("=")
    where = f"--pin {pin}"
    if not equals:
        raise DataError(f"found {pin!r}", "LAYER=FORMAT, such as conv1=w8a8 or fc=int8", where="--pin")
    if name not in layers:
        nearest = difflib.get_close_matches(name, layers, n=1)
        raise DataError(f"no layer {name!r} in {whose}", f"one of {', '.join(layers[:5])} ...", *nearest, where=where)
    try:
        return name, formats_of_bits(bits)
    except QuantError as error:
        raise DataError(error.found, error.allowed, error.nearest, where=where) from None
