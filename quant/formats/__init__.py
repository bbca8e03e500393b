"""Number formats: one file per family, one registry, one descriptor type. `docs/formats.md` lists them.

`descriptor.py` is what every format offers; `codebook.py` gives it to any format that can say what each of its codes
is worth. The other files are the formats, a family each; `registry.py` names them. `vectorised.py` is the only file
that imports numpy, and is itself imported on first use.
"""

from quant.formats.descriptor import DecodeCost, NumberFormat
from quant.formats.registry import format_names, get_format

__all__ = ["DecodeCost", "NumberFormat", "format_names", "get_format"]
