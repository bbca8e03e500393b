"""Channel blocks in DRAM: sizes and runs of tensors small enough to draw."""

from __future__ import annotations

import numpy as np

from accelsim.mapping.layout import Run, TensorLayout

#: 40 channels of 3 rows of 5 pixels, 4 bits: a block of 32 (80 bytes a row) and one of 8 (20 bytes a row).
TWO_BLOCKS = TensorLayout(address=1000, shape=(40, 3, 5), bits=4)


def test_sizes() -> None:
    assert TWO_BLOCKS.row_bytes == 40 * 5 * 4 // 8 == 100
    assert TWO_BLOCKS.size_bytes == 300
    assert TWO_BLOCKS.range_bytes((32, 40), 2) == 40


def test_all_of_a_tensor_is_one_run() -> None:
    assert TWO_BLOCKS.runs((0, 40), ((0, 3),)) == (Run(1000, 300),)


def test_whole_rows_are_a_run_in_each_block() -> None:
    """The second block starts behind 3 rows of the first, at 1000 + 240."""
    assert TWO_BLOCKS.runs((0, 40), ((1, 3),)) == (Run(1080, 160), Run(1260, 40))
    assert TWO_BLOCKS.runs((32, 40), ((0, 1),)) == (Run(1240, 20),)


def test_neighbouring_runs_join() -> None:
    assert TWO_BLOCKS.runs((0, 40), ((2, 3),)) == (Run(1160, 80), Run(1280, 20))
    assert TWO_BLOCKS.runs((0, 40), ((0, 1), (1, 3))) == (Run(1000, 300),)


def test_rows_that_are_leaped_over_are_not_read() -> None:
    assert TWO_BLOCKS.runs((0, 32), ((0, 1), (2, 3))) == (Run(1000, 80), Run(1160, 80))


def test_part_of_a_block_is_a_run_in_each_row() -> None:
    """Channels 8 to 15: 8 * 5 * 4 / 8 = 20 bytes, behind the 20 of channels 0 to 7, every 80."""
    assert TWO_BLOCKS.runs((8, 16), ((0, 2),)) == (Run(1020, 20), Run(1100, 20))


def test_rows_start_on_a_byte() -> None:
    """3 channels of 5 pixels of 3 bits: 45 bits, 6 bytes; the channels end after 15, 30 and 45 bits."""
    layout = TensorLayout(address=0, shape=(3, 2, 5), bits=3)
    assert layout.size_bytes == 2 * 6
    assert [layout.range_bytes((channel, channel + 1), 1) for channel in range(3)] == [2, 2, 2]
    assert layout.runs((1, 3), ((0, 2),)) == (Run(2, 4), Run(8, 4))


def test_codes_within_a_byte_that_another_part_brings_are_no_run() -> None:
    """Two channels of one 2-bit code each share a byte, which the first one brings."""
    layout = TensorLayout(address=0, shape=(2, 1, 1), bits=2)
    assert layout.runs((0, 1), ((0, 1),)) == (Run(0, 1),)
    assert layout.runs((1, 2), ((0, 1),)) == ()


def test_blocks_restart_at_each_group() -> None:
    """Two heads of 20 channels, one pixel, 3 bits: 60 bits, 8 bytes each."""
    layout = TensorLayout(address=0, shape=(40, 4, 1), bits=3, part_channels=(20, 20))
    assert layout.row_bytes == 16
    assert layout.runs((20, 40), ((1, 3),)) == (Run(4 * 8 + 8, 16),)
    assert layout.runs((0, 40), ((1, 2),)) == (Run(8, 8), Run(40, 8))


def test_the_parts_of_a_concatenation_lie_one_behind_the_other() -> None:
    """Channels 3 + 40 of three rows of 5, 4 bits: rows of 8 bytes, then of 80 and 20 bytes."""
    whole = TensorLayout(address=1000, shape=(43, 3, 5), bits=4, part_channels=(3, 40))
    assert whole.row_bytes == 8 + 80 + 20
    assert whole.part(0, 3, ()) == TensorLayout(1000, (3, 3, 5), 4)
    assert whole.part(3, 40, ()) == TensorLayout(1000 + 3 * 8, (40, 3, 5), 4)
    assert whole.runs((0, 43), ((1, 2),)) == (Run(1008, 8), Run(1024 + 80, 80), Run(1024 + 240 + 20, 20))
    assert whole.part(3, 40, ()).runs((0, 40), ((1, 2),)) == whole.runs((3, 43), ((1, 2),))


def test_a_part_of_the_flattened_tensor() -> None:
    assert TWO_BLOCKS.flat_runs((0, 600), 600) == (Run(1000, 300),)
    assert TWO_BLOCKS.flat_runs((32, 64), 600) == (Run(1016, 16),)


def test_most_row_bytes_bounds_every_place_of_a_range() -> None:
    layouts = (
        ((40, 1, 5), 3, ()),
        ((40, 1, 1), 3, (20, 20)),
        ((99, 1, 1), 5, (33, 33, 33)),
        ((64, 1, 3), 4, (32, 32)),
        ((60, 1, 1), 3, (7, 41, 12)),
    )
    for shape, bits, parts in layouts:
        layout = TensorLayout(0, shape, bits, parts)
        for size in range(1, shape[0] + 1):
            places = [layout.range_bytes((start, start + size), 1) for start in range(shape[0] - size + 1)]
            assert max(places) <= layout.most_row_bytes(size) <= size * shape[2] * bits // 8 + max(len(parts), 1)


def test_most_row_bytes_is_exact_where_nothing_is_padded() -> None:
    assert TWO_BLOCKS.most_row_bytes(32) == 80
    heads = TensorLayout(0, (128, 1, 1), 4, part_channels=(64, 64))
    assert list(heads.most_row_bytes(np.array([32, 64, 128]))) == [16, 32, 64]  # type: ignore[call-overload]
