"""Run comparisons and rewrite their tables in docs/validation.md: `python -m benchmarks.validation [NAME]...`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.validation import (
    ant,
    bitfusion,
    dataflows,
    dpu,
    dpu_layers,
    dram,
    eyeriss,
    levels,
    nvdla,
    rtl,
    scalesim,
)
from benchmarks.validation.comparison import Comparison
from benchmarks.validation.page import PAGE, with_comparison

COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "scalesim": scalesim.compare,
    "dram": dram.compare,
    "levels": levels.compare,
    "dpu": dpu.compare,
    "dpu-layers": dpu_layers.compare,
    "rtl": rtl.compare_values,
    "rtl-cycles": rtl.compare_cycles,
    "bitfusion": bitfusion.compare,
    "nvdla": nvdla.compare,
    "eyeriss": eyeriss.compare,
    "ant": ant.compare,
    "dataflows": dataflows.compare,
}


def main() -> None:
    """Each comparison in turn; the page is written after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMPARISONS)}; default: all")
    names = parser.parse_args().names or list(COMPARISONS)
    for name in names:
        if name not in COMPARISONS:
            parser.error(f"no comparison {name!r}; there are {', '.join(COMPARISONS)}")
    for name in names:
        found = COMPARISONS[name]()
        PAGE.write_text(with_comparison(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
        print(found.summary)


if __name__ == "__main__":
    main()
