"""A small network and a design space of it, for the tests of sweeps: 16 points, 8 of them within its condition."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import TINY

SPACE = """\
workloads: [tiny.yaml]
hardware: zcu102
set: {dram.channels: 2}
vary:
  decoder.lanes: [4, null]
  array.rows: {first: 4, last: 16, factor: 2}
  array.cols: = 2 * rows
bits: [w4a4, w8a8]
where: [rows * cols <= 300]
"""

#: 48 points, of which 12 fail: no tile fits 64 bytes of input buffer.
WITH_FAILURES = """\
workloads: [tiny.yaml]
hardware: zcu102
vary:
  array.rows: {first: 4, last: 32, factor: 2}
  array.cols: = rows
  buffers.input_bytes: [64, 32768, 65536, 262144]
bits: [w8a8, w4a4, w2a2]
"""


def write_space(folder: Path, text: str = SPACE) -> Path:
    """The space file in a folder, its network beside it."""
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    path = folder / "space.yaml"
    path.write_text(text, encoding="utf-8")
    return path
