"""Configurations as trees, networks and lists of names as tables: what `show` and `list` print for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from accelsim.config.describe import describe, value_text
from accelsim.explore.codesign.accuracy import InTheLoop
from accelsim.explore.codesign.search import Design
from accelsim.explore.cost_table import CostTable
from accelsim.report.tables import Column, fitted_table
from accelsim.units import format_bytes
from accelsim.workload.describe import LayerRow, gemm_text, layer_rows, shape_text
from accelsim.workload.layers import Workload
from quant.allocation.file import LayerFormats


def configuration_tree(title: str, configuration: BaseModel) -> Tree:
    """Every field of a configuration with its value, unit and meaning, below the name of its section."""
    tree = Tree(Text(title, style="bold"), guide_style="dim")
    sections = {"": tree}
    for row in describe(configuration):
        section, _, name = row.path.rpartition(".")
        if section not in sections:
            sections[section] = tree.add(Text(section, style="bold"))
        value, meaning = (value_text(row.value), "cyan"), (f"  # {row.meaning}", "dim")
        sections[section].add(Text.assemble(f"{name}: ", value, meaning))
    return tree


def names_table(title: str, descriptions: Mapping[str, str]) -> Table:
    """Names, and what each stands for."""
    table = _table(title, "name", "description")
    for name, description in descriptions.items():
        table.add_row(Text(name, style="cyan"), Text(description))
    return table


def names_line(title: str, names: Sequence[str]) -> Text:
    """Names alone, in one paragraph."""
    return Text.assemble((title, "bold"), "\n", (", ".join(names), "cyan"))


def run_cycles_table(table: CostTable) -> Table:
    """Cycles of the whole run at each pair of widths of a cost table, weights down and activations across."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    shown.add_column("", style="dim")
    for activation_bits in table.activation_widths:
        shown.add_column(f"a{activation_bits}", header_style="dim", justify="right")
    for weight_bits in table.weight_widths:
        cells = [f"{table.run_cycles(weight_bits, activation_bits):,}" for activation_bits in table.activation_widths]
        shown.add_row(f"w{weight_bits}", *cells)
    return shown


def allocation_table(allocation: Mapping[str, LayerFormats]) -> Table:
    """The formats of each layer."""
    table = _table("Allocation", "layer", "weights", "activations")
    for layer, formats in allocation.items():
        table.add_row(layer, formats.weights, formats.activations)
    return table


def designs_table(title: str, designs: Sequence[Design]) -> Table:
    """Speed-up, error and size of each design."""
    table = _table(title, "method", "speed-up", "error", "bits of a weight", "size of all weights")
    for design in designs:
        name = f"{design.method} {design.label}".rstrip()
        row = (f"{design.simulated_speedup:.2f}", f"{design.error:.4g}", f"{design.average_bits:.2f}")
        table.add_row(name, *row, format_bytes(design.size_bytes))
    return table


def accuracy_table(found: InTheLoop) -> Table:
    """Speed-up, size and accuracy of each measured design, the fastest first; the chosen one in bold."""
    title = f"Speed-up against {found.what}, float network {found.floating:.2f} %"
    headings = (
        "method",
        "speed-up",
        "size of all weights",
        "bits of a weight",
        "error",
        "after PTQ [%]",
        "after QAT [%]",
    )
    table = _table(title, *headings)
    for each in found.measured:
        design = each.design
        table.add_row(
            f"{design.method} {design.label}".rstrip(),
            f"{design.simulated_speedup:.2f}",
            format_bytes(design.size_bytes),
            f"{design.average_bits:.2f}",
            f"{design.error:.4g}",
            f"{each.ptq:.2f}",
            "-" if each.qat is None else f"{each.qat:.2f}",
            style="bold" if each is found.chosen else "",
        )
    return table


def _table(title: str, *headings: str) -> Table:
    """A table without lines, whose last column takes the words that do not fit beside the others."""
    table = Table(title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings[:-1]:
        table.add_column(heading, header_style="dim", overflow="fold")
    table.add_column(headings[-1], header_style="dim", overflow="fold", ratio=1)
    return table


class WorkloadTable:
    """A network: what it is, then its layers; drops the least important columns on a narrow terminal."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Head, layer table, and what its columns mean."""
        workload = self._workload
        yield Text(f"workload {workload.name}", style="bold")
        head = Table.grid(padding=(0, 2))
        for name, value in _head_lines(workload):
            head.add_row(Text(name, style="dim"), Text(value))
        yield head
        yield Text()
        yield fitted_table([*_layer_columns(workload)], options.max_width, options.ascii_only)
        yield Padding(Text(_LEGEND, style="dim"), (1, 0, 0, 0))


_LEGEND = (
    "input, output: channels x height x width; output after the post-operations. "
    "matrix product: groups * (pixels x reduction x outputs), what the array computes. "
    "pinned: weight and activation bits that the file fixes."
)


def _head_lines(workload: Workload) -> list[tuple[str, str]]:
    pins = ", ".join(f"{layer} {bits}" for layer, bits in workload.pins.items())
    return [
        ("description", workload.description),
        ("hardware", f"{workload.hardware} (default)"),
        ("bits", f"{workload.bits} (default)" + (f"; pinned: {pins}" if pins else "")),
        ("input", f"{workload.input_name}, {shape_text(workload.input_shape)} (channels x height x width)"),
        ("layers", str(len(workload.layers))),
        ("MACs", f"{workload.macs:,} multiply-accumulates per image"),
        ("parameters", f"{workload.parameters:,} trained numbers"),
    ]


def _layer_columns(workload: Workload) -> list[Column]:
    rows = layer_rows(workload)

    def column(heading: str, unit: str, texts: Sequence[str], *, drop: int, left: bool = True) -> Column:
        return Column(heading, unit, list(texts), drop=drop, left=left)

    return [
        column("layer", "", [row.name for row in rows], drop=0),
        column("kind", "", [row.kind for row in rows], drop=2),
        column("reads", "", [", ".join(row.reads) for row in rows], drop=6),
        column("input", "[elements]", [shape_text(row.input_shape) for row in rows], drop=5),
        column("output", "[elements]", [shape_text(row.output_shape) for row in rows], drop=0),
        column("matrix product", "[elements]", [gemm_text(row.gemm) for row in rows], drop=4),
        column("MACs", "[M]", [_millions(row.macs) for row in rows], drop=0, left=False),
        column("parameters", "", [_count(row.parameters) for row in rows], drop=1, left=False),
        column("pinned", "", [row.pinned or "" for row in rows], drop=3),
        column("post-operations", "", [_post(row) for row in rows], drop=7),
    ]


def _post(row: LayerRow) -> str:
    return ", ".join(row.post)


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f}" if count else "-"


def _count(count: int) -> str:
    return f"{count:,}" if count else "-"
