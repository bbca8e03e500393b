"""How often the closed form that ranks designs first would have been wrong, against a sweep that simulated them all.

python -m benchmarks.sweep_closed_form STORE [--space examples/spaces/resnet50_1000.yaml]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from accelsim import explore
from accelsim.explore.sweeps.prepass import misorder_of, promising
from accelsim.explore.sweeps.table import identity

ROOT = Path(__file__).parents[1]
SPACE = ROOT / "examples" / "spaces" / "resnet50_1000.yaml"
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)


def main() -> None:
    """Print the table of docs/sweep.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--space", type=Path, default=SPACE)
    arguments = parser.parse_args()
    space = explore.load_space(arguments.space)
    table = explore.sweep(space, arguments.store)
    front = {identity(design) for design in table.pareto}
    best = {identity(design) for design in table.best(10)}
    print(f"pairs in the wrong order by speed-up: {misorder_of(table.designs, space):.1%}")
    print("| `keep` | designs of the front found | of the ten best |\n|---|---|---|")
    for share in SHARES:
        kept = {identity(candidate) for candidate in promising(space, list(space.grid()), share)}
        print(f"| {share:g} | {len(front & kept)} of {len(front)} | {len(best & kept)} |")


if __name__ == "__main__":
    main()
