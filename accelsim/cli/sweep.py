"""`accelsim sweep`: simulate a design space into a store, and ask stores what they hold."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer.core import TyperGroup

from accelsim.cli.options import JsonOption
from accelsim.cli.output import note, print_json, print_tables
from accelsim.errors import one_of

if TYPE_CHECKING:
    from accelsim.explore.sweeps.space import Space
    from accelsim.explore.sweeps.table import SweepTable
_DRY_RUN_POINTS = 5


class _SpaceOrCommand(TyperGroup):
    """A group whose first word is one of its commands or else a space file, which stands for `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


sweep = typer.Typer(
    name="sweep",
    cls=_SpaceOrCommand,
    help="Simulate a design space: `sweep SPACE.yaml`, short for `sweep run SPACE.yaml`; or ask a store.",
    subcommand_metavar="SPACE.yaml | COMMAND [ARGS]...",
)
StoreArgument = Annotated[Path, typer.Argument(metavar="STORE.sqlite", help="The store of a sweep.")]
WorkloadOption = Annotated[str | None, typer.Option(metavar="NAME", help="Points of this network only.")]


@sweep.command("run")
def run_sweep(
    space: Annotated[Path, typer.Argument(metavar="SPACE.yaml", help="The design space.")],
    store: Annotated[
        Path | None, typer.Option(metavar="FILE.sqlite", help="Where results are kept. Default: SPACE.sqlite, here.")
    ] = None,
    executor: Annotated[str, typer.Option(metavar="process|dask|serial", help="Where points run.")] = "process",
    workers: Annotated[int | None, typer.Option(min=1, help="Points at a time. Default: a core for each.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="With dask: a scheduler, such as tcp://host:8786.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write sweep.json, points.csv and the figures here.")
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Simulate failed points again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the size and a few points; run nothing.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Simulate every point that the store lacks, and report the best, the Pareto front and what matters."""
    from accelsim.explore.sweeps.space import load_space

    read = load_space(space)
    if dry_run:
        _show_space(read, json_output)
        return
    from accelsim.explore.sweeps.driver import sweep as run
    from accelsim.report.files import check_output_directory
    from accelsim.report.progress import sweep_progress

    if out is not None:
        check_output_directory(out)
    path = store or Path(space.stem + ".sqlite")
    with sweep_progress(space.stem) as watcher:
        table = run(
            read,
            path,
            executor=executor,
            workers=workers,
            scheduler=scheduler,
            retry_failed=retry_failed,
            watcher=watcher,
        )
    if store is None:
        note(f"results are in {path}")
    _hand_over(table, read, out, json_output)


@sweep.command("show")
def show_store(store: StoreArgument, json_output: JsonOption = False) -> None:
    """Print what a store holds: networks, points, failed ones, baselines, and what varied."""
    from accelsim.explore.sweeps.store import open_existing

    with open_existing(store) as opened:
        counts, parameters = opened.counts(), opened.parameters()
    if json_output:
        print_json({"networks": [count._asdict() for count in counts], "parameters": parameters})
        return
    from accelsim.cli.sweep_tables import counts_table, parameters_table

    print_tables(counts_table(counts), parameters_table(parameters))


@sweep.command("best")
def best_points(
    store: StoreArgument,
    objective: Annotated[str, typer.Option(metavar="NAME", help="What to rank by.")] = "speedup",
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    workload: WorkloadOption = None,
    json_output: JsonOption = False,
) -> None:
    """Print the best points of a store."""
    from accelsim.explore.sweeps.space_file import Objective
    from accelsim.explore.sweeps.store import open_existing
    from accelsim.explore.sweeps.table import designs_of, record

    names: tuple[Objective, ...] = get_args(Objective)
    ranked_by = one_of("--objective", objective, names)
    with open_existing(store) as opened:
        rows = opened.best(ranked_by, count, workload)
    if json_output:
        print_json({"best": [record(row) for row in rows]})
        return
    from accelsim.cli.sweep_tables import DesignsTable

    designs = [design for row in rows for design in designs_of([row], {row.workload: 1.0})]
    parameters = dict.fromkeys(path for design in designs for path in design.parameters)
    print_tables(DesignsTable(f"Best by {objective}", designs, parameters, networks=True))


@sweep.command("export")
def export_store(
    store: StoreArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.csv|FILE.parquet", help="File to write, a line per point.")
    ],
    workload: WorkloadOption = None,
) -> None:
    """Write the points of a store as CSV or Parquet."""
    from accelsim.explore.sweeps.export import export_points
    from accelsim.explore.sweeps.store import open_existing

    with open_existing(store) as opened:
        points = export_points(opened, out, workload)
    note(f"{points} points written to {out}")


def _hand_over(table: SweepTable, space: Space, out: Path | None, json_output: bool) -> None:
    from accelsim.explore.sweeps.report import document, write_sweep

    found = document(table, space)
    if out is not None:
        note(f"{len(write_sweep(found, table, space, out))} files written to {out}")
    if json_output:
        print_json(found)
        return
    from accelsim.cli.sweep_tables import sweep_report

    print_tables(*sweep_report(table, Path(space.label).stem))


def _show_space(space: Space, json_output: bool) -> None:
    """The size of a space, and its first points."""
    from accelsim.explore.sweeps.search import candidates, most_candidates

    first = list(islice(candidates(space), _DRY_RUN_POINTS)) if space.file.search.keep == 1 else []
    for candidate in first:
        space.machine(candidate)
    points = most_candidates(space) * len(space.networks)
    shown = [{"hardware": design.hardware, **design.values, "bits": design.bits} for design in first]
    axes = {axis.name: list(axis.values) for axis in space.axes}
    if json_output:
        print_json({"points": points, "axes": axes, "conditions": len(space.conditions), "first": shown})
        return
    from accelsim.cli.sweep_tables import axes_table, points_table

    most = "at most " if space.conditions else ""
    networks = ", ".join(network.workload.name for network in space.networks)
    typer.echo(f"{most}{points:,} points: {networks}, search by {space.file.search.method}")
    print_tables(axes_table(axes), points_table(shown))
