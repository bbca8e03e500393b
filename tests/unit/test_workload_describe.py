"""The rows of `accelsim show workload`."""

from __future__ import annotations

from accelsim.workload.describe import gemm_text, layer_rows, shape_text
from accelsim.workload.layers import Gemm
from accelsim.workload.loader import parse_workload

NET = """\
name: net
pins: {stem: w8a8}
input: {name: image, shape: [3, 8, 8]}
layers:
- {name: stem, kind: conv2d, input: image, out_channels: 4, kernel: 3, padding: 1, post: [batch_norm, relu]}
- {name: pool, kind: pool, mode: max, input: stem, kernel: 2, stride: 2}
- {name: down, kind: conv2d, input: stem, out_channels: 4, kernel: 2, stride: 2, groups: 4, post: [{add: pool}]}
"""


def test_rows() -> None:
    stem, pool, down = layer_rows(parse_workload(NET))
    assert (stem.name, stem.kind, stem.pinned, stem.post) == ("stem", "conv2d", "w8a8", ("batch_norm", "relu"))
    assert (stem.macs, stem.parameters) == (8 * 8 * 27 * 4, 27 * 4 + 2 * 4)
    assert (pool.gemm, pool.macs, pool.parameters, pool.pinned) == (None, 0, 0, None)
    assert (down.reads, down.post) == (("stem", "pool"), ("add pool",))
    assert (down.input_shape, down.output_shape) == ((4, 8, 8), (4, 4, 4))


def test_texts() -> None:
    assert shape_text((64, 56, 56)) == "64x56x56"
    assert gemm_text(Gemm(1, 49, 4608, 512)) == "49 x 4608 x 512"
    assert gemm_text(Gemm(32, 196, 9, 1)) == "32 * (196 x 9 x 1)"
    assert gemm_text(None) == ""
