"""The torch twin of the formats: encode, decode and round tensors as `NumberFormat` does numpy arrays, bit for bit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from quant.formats import NumberFormat
from quant.formats.codebook import CodebookFormat

_BLOCK = 2**15  # numbers at a time, so that what passes between the steps stays in a core's own cache
_BUCKET_SHIFT, _BUCKET_MASK = 16, 0xFFFF


class Codec(nn.Module):
    """Looks numbers up in the tables of one format; `quant/formats/vectorised.py` explains them.

    The tables are buffers, so they follow the module to its device, and are not part of its state: they come from the
    format. `fp32` has none, and is the identity.
    """

    codebook: Tensor
    thresholds: Tensor
    rung_codes: Tensor
    rung_values: Tensor
    bucket_threshold: Tensor
    bucket_codes: Tensor
    bucket_values: Tensor

    def __init__(self, number_format: NumberFormat) -> None:
        super().__init__()
        self.number_format = number_format
        if not isinstance(number_format, CodebookFormat):
            return
        stairs = number_format.encode_table.single
        values = torch.from_numpy(number_format.codebook.copy()).float()
        self._buffer("codebook", values)
        self._buffer("thresholds", torch.from_numpy(stairs.thresholds.copy()))
        self._buffer("rung_codes", torch.from_numpy(stairs.rung_codes.astype("int32")))
        self._buffer("rung_values", values[self.rung_codes.long()])
        self._has_buckets = stairs.bucket_threshold is not None
        if stairs.bucket_threshold is not None and stairs.bucket_codes is not None:
            self._buffer("bucket_threshold", torch.from_numpy(stairs.bucket_threshold.copy()))
            self._buffer("bucket_codes", torch.from_numpy(stairs.bucket_codes.astype("int32")))
            self._buffer("bucket_values", values[self.bucket_codes.long()])

    def encode(self, quotients: Tensor) -> Tensor:
        """The codes nearest to `x / scale`, float32 of any shape without NaN, as int32; `fp32` has no codes here."""
        return self._look_up(quotients, "codes")

    def decode(self, codes: Tensor) -> Tensor:
        """The values of codes, float32, at scale 1."""
        return self.codebook[codes.long()]

    def round(self, quotients: Tensor) -> Tensor:
        """The values nearest to `x / scale`: `decode(encode(quotients))` in one look-up; for `fp32` the quotients."""
        return self._look_up(quotients, "values") if isinstance(self.number_format, CodebookFormat) else quotients

    def _look_up(self, quotients: Tensor, what: str) -> Tensor:
        flat = quotients.detach().contiguous().reshape(-1)
        by_rung: Tensor = getattr(self, f"rung_{what}")
        if not self._has_buckets:
            rungs = torch.bucketize(flat, self.thresholds, right=True)
            return by_rung[rungs].reshape(quotients.shape)
        by_bucket: Tensor = getattr(self, f"bucket_{what}")
        found = torch.empty(flat.shape, dtype=by_bucket.dtype, device=flat.device)
        for start in range(0, flat.numel(), _BLOCK):
            block = flat[start : start + _BLOCK]
            index = (block.view(torch.int32) >> _BUCKET_SHIFT).bitwise_and_(_BUCKET_MASK)
            above = block >= self.bucket_threshold.index_select(0, index)
            torch.index_select(by_bucket, 0, index.mul_(2).add_(above), out=found[start : start + _BLOCK])
        return found.reshape(quotients.shape)

    def _buffer(self, name: str, table: Tensor) -> None:
        self.register_buffer(name, table, persistent=False)
