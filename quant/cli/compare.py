"""What `quant compare` prints and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from quant.cli.output import document_text
from quant.comparison import Comparison, LayerErrors

_BEST = "bold green"


def document(comparison: Comparison, granularity: str) -> dict[str, Any]:
    """The comparison as JSON: `nrmse` and `sqnr_db` (None: no error) by format, and how often each code occurs."""
    return {
        "formats": list(comparison.formats),
        "granularity": granularity,
        "layers": [
            {
                "name": layer.name,
                "shape": list(layer.shape),
                "nrmse": layer.nrmse,
                "sqnr_db": {name: layer.sqnr_db(name) for name in comparison.formats},
                "best": layer.winners,
            }
            for layer in comparison.layers
        ],
        "mean_nrmse": {name: comparison.mean_nrmse(name) for name in comparison.formats},
        "mean_sqnr_db": {name: comparison.mean_sqnr_db(name) for name in comparison.formats},
        "wins": {name: comparison.wins(name) for name in comparison.formats},
        "codes": {
            name: {"levels": use.levels.tolist(), "shares": use.shares.tolist(), "entropy_bits": use.entropy_bits}
            for name, use in comparison.code_use.items()
        },
    }


def print_comparison(comparison: Comparison, granularity: str) -> None:
    """A row for each layer, a column for each format: normalised RMSE and SQNR, the best marked; then mean and wins."""
    from rich.text import Text

    from quant.report.terminal import new_table, print_table

    table = new_table(
        f"Normalised RMSE and SQNR in dB, scales {granularity}, * the best",
        ("layer",),
        comparison.formats,
    )
    for layer in comparison.layers:
        table.add_row(Text(layer.name), *(_cell(layer, name) for name in comparison.formats))
    table.add_section()
    means = ((comparison.mean_nrmse(name), comparison.mean_sqnr_db(name)) for name in comparison.formats)
    table.add_row("mean", *(_numbers(*mean) for mean in means))
    wins = [comparison.wins(name) for name in comparison.formats]
    table.add_row("layers won", *(Text(str(count), style=_BEST if count == max(wins) else "") for count in wins))
    print_table(table)


def _cell(layer: LayerErrors, name: str) -> Any:
    from rich.text import Text

    best = name in layer.winners
    return Text("*" * best + _numbers(layer.nrmse[name], layer.sqnr_db(name)), style=_BEST if best else "")


def _numbers(nrmse: float, sqnr_db: float | None) -> str:
    short = f"{nrmse:.3f}".removeprefix("0")  # six formats fit a terminal of 80 columns
    return f"{short} {'-' if sqnr_db is None else f'{sqnr_db:.1f}':>4}"


def write_report(comparison: Comparison, granularity: str, directory: Path) -> None:
    """Write `comparison.json` and the figures into a directory, which is made; each file appears when all are written.

    Raises OSError.
    """
    from quant.report.figures import write_figures

    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".compare-", dir=directory) as name:
        staging = Path(name)
        write_figures(comparison, granularity, staging)
        (staging / "comparison.json").write_text(document_text(document(comparison, granularity)), encoding="utf-8")
        for path in sorted(staging.iterdir()):
            path.replace(directory / path.name)


@contextmanager
def progress(layers: int) -> Iterator[Callable[[str], None]]:
    """A bar on standard error where somebody watches; the function advances it by a layer."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("compare", total=layers)
        yield lambda layer: bar.advance(task)
