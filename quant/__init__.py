"""Number formats of quantised networks. Stands on its own: it never imports the simulator, and works without torch.

Public surface:

- `get_format(name, signed=True)` gives a number format by name: DyBit, integers, floats, posits, flint, powers of two,
  NF4, OCP MX (`docs/formats.md`); `format_names()` lists them.
- `NumberFormat` is what it gives: a frozen descriptor with `name`, `bits`, `signed`, `decode_cost`, `needs_decoder`,
  `block_size`, `scale_bits`, `max_value`, `codebook`, `encode` and `decode` on numpy arrays, and their scalar
  references `scalar_encode` and `scalar_decode`.
- `QuantError` is the root of the errors (a `ValueError`): `FormatError` for an unknown format, `DataError` for numbers
  that cannot be encoded or codes that cannot be decoded.

Importing `quant` and reading a format's name, bits, sign and limits does not import numpy.
"""

from quant.errors import DataError, FormatError, QuantError
from quant.formats import DecodeCost, NumberFormat, format_names, get_format

__all__ = ["DataError", "DecodeCost", "FormatError", "NumberFormat", "QuantError", "format_names", "get_format"]
