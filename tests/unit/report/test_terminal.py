"""The report in the terminal, at the widths and in the encodings that terminals have."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from accelsim.report.terminal import TerminalReport, print_report
from accelsim.result import CAUSE_LABELS, Result
from tests.unit.report.by_hand import layer, result, vector_layer
from tests.unit.report.conftest import build_result, resnet50_specs

WIDTHS = (80, 100, 120, 200)


def rendered(of: Result, width: int = 100, encoding: str = "utf-8") -> str:
    """The report as a terminal of this width and encoding gets it."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=file, width=width, highlight=False).print(TerminalReport(of))
    file.flush()
    return raw.getvalue().decode(encoding)


def rows(text: str, *starts: str) -> list[list[str]]:
    """The cells of the lines that start with each of the names, bars left out."""
    found = []
    for start in starts:
        line = next(line for line in text.splitlines() if line.startswith(f"{start} "))
        found.append(
            [cell for cell in line[len(start) :].split() if not set(cell) & set("▏▎▍▌▋▊▉█#.") or cell[0].isdigit()]
        )
    return found


@pytest.fixture(scope="module")
def known() -> Result:
    """100 cycles against 400."""
    return result(
        [
            layer("slow", cycles=60, computing=20),
            layer("fast", cycles=30, computing=30, bound="compute"),
            vector_layer("pool", cycles=10),
        ],
        [
            layer("slow", cycles=300, computing=200),
            layer("fast", cycles=80, computing=80),
            vector_layer("pool", cycles=20),
        ],
    )


class TestFits:
    @pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_every_line_and_every_layer(self, resnet50_result: Result, width: int, encoding: str) -> None:
        text = rendered(resnet50_result, width, encoding)
        assert max(map(len, text.splitlines())) <= width
        for spec, found in zip(resnet50_specs(), resnet50_result.layers, strict=True):
            assert rows(text, spec[0])[0][0 if width < 100 else -1]
            assert f"{found.cycles:,}" in text
        assert "…" not in text

    @pytest.mark.parametrize("width", [60, 80])
    def test_long_names(self, width: int) -> None:
        specs = [
            (f"encoder.stages.11.attention.relative.projection{i}", *spec[1:])
            for i, spec in enumerate(resnet50_specs())
        ]
        pinned = f"w4a4 (w8a8: {specs[0][0]}, {specs[-1][0]})"
        text = rendered(build_result(specs, precision=pinned, workload="net" * 30), width)
        assert max(map(len, text.splitlines())) <= width
        assert "relative.projection53" in text

    def test_the_least_important_columns_go_first(self, resnet50_result: Result) -> None:
        headings = {width: _headings(rendered(resnet50_result, width)) for width in WIDTHS}
        assert headings[80] == ["layer", "bits", "latency", "share", "util.", "bound", "speed-up"]
        assert headings[120] == [
            "layer", "kind", "bits", "MACs", "latency", "share", "util.", "DRAM", "bound", "speed-up",
        ]  # fmt: skip
        assert set(headings[80]) < set(headings[100]) < set(headings[120])
        assert headings[120] == headings[200]


def _headings(text: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith("layer ")).split()


class TestHeadline:
    def test_every_line(self, known: Result) -> None:
        text = rendered(known)
        for line in (
            "net on machine",
            "precision     w4a4 ",
            "speed-up      4.00x over fp32: the same array in FP32",
            "latency       0.100 ms at 1.00 MHz (100 cycles); baseline 0.400 ms",
            "throughput    10000.0 frames/s ",
            "utilisation   80.0% of peak MACs at each layer's width",
            "DRAM          0.00 of 0.00 GB/s peak (50.0%)",
            "DRAM traffic  0.00 MB",
            "MACs          800 at 8.00 MMAC/s",
        ):
            assert f"│ {line}" in text or f" {line} " in text

    def test_without_baseline_and_with_ideal_memory(self) -> None:
        text = rendered(result([layer("a", cycles=10)], dram_peak_bytes_per_second=None))
        assert "speed-up      no baseline was run" in text
        assert "GB/s, of an ideal memory without a peak" in text
        assert "baseline" not in text.replace("no baseline was run", "")

    def test_several_cores(self) -> None:
        text = rendered(result([layer("a", cycles=100)], cores=2))
        assert "20000.0 frames/s, 2 cores with an image each" in text
        assert "Layers of one of 2 cores, in execution order" in text

    def test_cores_that_share_images(self) -> None:
        text = rendered(result([layer("a", cycles=100)], cores=4, cores_per_image=4))
        assert "10000.0 frames/s, one image on 4 cores" in text
        assert "Layers of an image on 4 cores, in execution order" in text
        assert "2 images, each on 2 cores" in rendered(result([layer("a", cycles=100)], cores=4, cores_per_image=2))


class TestTables:
    def test_layers(self, known: Result) -> None:
        slow, fast, pool, total = rows(rendered(known, 120), "slow", "fast", "pool", "total")
        assert slow == ["conv2d", "w4a4", "0.0", "60", "60.0", "66.7", "0.1", "DRAM", "5.00"]
        assert fast == ["conv2d", "w4a4", "0.0", "30", "30.0", "133.3", "0.1", "compute", "2.67"]
        assert pool == ["pool", "w4a4", "-", "10", "10.0", "-", "0.0", "vector", "2.00"]
        assert total == ["0.0", "100", "100.0", "80.0", "0.2", "4.00"]

    def test_footers_are_the_sums_of_their_columns(self) -> None:
        layers = [layer("a", cycles=60, macs=3_000_000), layer("b", cycles=40, macs=4_000_000)]
        assert rows(rendered(result(layers, cores=2), 120), "total")[0][0] == "7.0"

    def test_every_number_has_a_unit(self, known: Result) -> None:
        units = [line.split() for line in rendered(known, 120).splitlines() if re.match(r"\s+\[", line)]
        assert units == [
            ["[M]", "[cycles]", "[%]", "[%]", "[kB]", "[x]"],
            ["[cycles]", "[%]", "[cycles]", "[%]"],
        ]

    def test_causes_of_the_run_and_of_the_baseline(self, known: Result) -> None:
        labels = list(CAUSE_LABELS.values())
        found = dict(zip(labels, rows(rendered(known), *labels), strict=True))
        assert found["computing"] == ["50", "50.0", "280", "70.0"]
        assert found["waiting for inputs"] == ["40", "40.0", "100", "25.0"]
        assert found["waiting for vector unit"] == ["10", "10.0", "20", "5.0"]
        assert found["idle"] == ["0", "0.0", "0", "0.0"]

    def test_without_baseline_there_are_no_columns_of_it(self, lone_result: Result) -> None:
        text = rendered(lone_result, 120)
        assert "fp32" not in text
        assert "speed-up" not in _headings(text)


class TestEncodings:
    def test_ascii_replaces_what_it_cannot_write(self) -> None:
        text = rendered(result([layer("größe", cycles=10)], workload="réseau"), encoding="ascii")
        assert "r?seau on machine" in text
        assert rows(text, "gr??e")

    def test_names_with_markup_are_text(self) -> None:
        text = rendered(result([layer("[bold]a", cycles=10)], workload="[red]net", precision="[i]w4a4"))
        assert all(name in text for name in ("[bold]a", "[red]net on", "[i]w4a4"))


def test_print_report_writes_to_standard_output(known: Result, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(known)
    assert "net on machine" in capsys.readouterr().out
