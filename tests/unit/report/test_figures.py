"""The figures: files that are the same for the same result, units and names in them, and no text on another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from accelsim.report.figures import draw_bandwidth, draw_breakdown, draw_roofline, draw_speedup, write_figures
from accelsim.report.figures.style import MOST_LAYERS, TYPOGRAPHY
from accelsim.result import CAUSE_LABELS, Result
from tests.unit.report.by_hand import layer, result, vector_layer
from tests.unit.report.conftest import build_result, resnet50_specs

SVG_TEXT = "{http://www.w3.org/2000/svg}text"
Drawing = Callable[[Result], Figure]
DRAWINGS: dict[str, Drawing] = {
    "bandwidth": draw_bandwidth,
    "breakdown": draw_breakdown,
    "roofline": draw_roofline,
    "speedup": draw_speedup,
}


@pytest.fixture(autouse=True)
def _typography() -> Iterator[None]:
    with mpl.rc_context(TYPOGRAPHY):
        yield


@pytest.fixture(scope="module")
def written(resnet50_result: Result, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The figures of a ResNet-50 report."""
    return write_figures(resnet50_result, tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def texts(written: list[Path]) -> dict[str, list[str]]:
    """What can be read in each SVG of it."""
    roots = {path.stem: ElementTree.parse(path).getroot() for path in written if path.suffix == ".svg"}
    return {name: ["".join(text.itertext()).strip() for text in root.iter(SVG_TEXT)] for name, root in roots.items()}


class TestFiles:
    def test_png_and_svg_of_each(self, written: list[Path]) -> None:
        assert {path.name for path in written} == {f"{name}.{kind}" for name in DRAWINGS for kind in ("png", "svg")}
        for path in written:
            start = path.read_bytes()[:5]
            assert start == (b"\x89PNG\r" if path.suffix == ".png" else b"<?xml")

    def test_the_same_result_gives_the_same_bytes(self, small_result: Result, tmp_path: Path) -> None:
        first = {path.name: path.read_bytes() for path in write_figures(small_result, tmp_path)}
        again = {path.name: path.read_bytes() for path in write_figures(small_result, tmp_path)}
        assert first == again

    def test_no_speedup_without_a_baseline(self, lone_result: Result, tmp_path: Path) -> None:
        names = {path.name for path in write_figures(lone_result, tmp_path)}
        assert names == {f"{name}.{kind}" for name in DRAWINGS if name != "speedup" for kind in ("png", "svg")}
        with pytest.raises(ValueError, match="needs a baseline"):
            draw_speedup(lone_result)


class TestTexts:
    @pytest.mark.parametrize(
        ("figure", "labels"),
        [
            ("bandwidth", {"time [ms]", "bandwidth [GB/s]"}),
            ("breakdown", {"latency [thousand cycles]"}),
            ("roofline", {"arithmetic intensity [MAC per DRAM byte]", "performance [GMAC/s]"}),
            ("speedup", {"speed-up over the fp32 baseline [x]"}),
        ],
    )
    def test_every_axis_has_a_unit(self, texts: dict[str, list[str]], figure: str, labels: set[str]) -> None:
        assert {text for text in texts[figure] if re.search(r"\[.+\]$", text)} == labels

    @pytest.mark.parametrize("figure", ["breakdown", "speedup"])
    def test_every_layer_is_named(self, texts: dict[str, list[str]], figure: str) -> None:
        assert {spec[0] for spec in resnet50_specs()} <= set(texts[figure])

    @pytest.mark.parametrize("figure", DRAWINGS)
    def test_it_says_of_what_it_is(self, texts: dict[str, list[str]], figure: str) -> None:
        assert any(text.endswith(": resnet50 on zcu102") for text in texts[figure])
        assert "w4a4; baseline: fp32" in texts[figure]

    def test_legends(self, texts: dict[str, list[str]]) -> None:
        assert set(CAUSE_LABELS.values()) <= set(texts["breakdown"])
        assert {"weight DMA", "input DMA", "output DMA"} <= set(texts["bandwidth"])
        assert {"compute-bound", "DRAM-bound"} <= set(texts["roofline"]) & set(texts["speedup"])

    def test_speedups(self, texts: dict[str, list[str]], resnet50_result: Result) -> None:
        assert f"network {resnet50_result.speedup:.2f}x" in texts["speedup"]

    def test_roofs_are_named_by_what_runs_below_them(self, texts: dict[str, list[str]]) -> None:
        """1024 PEs at 300 MHz, and four times as many products at w4a4."""
        roofs = " ".join(texts["roofline"])
        assert f"{1024 * 0.3:.0f} GMAC/s" in roofs
        assert f"{4 * 1024 * 0.3:.0f} GMAC/s" in roofs
        assert "DRAM peak: 17.1 GB/s" in roofs

    def test_layers_that_share_a_place_share_a_name(self) -> None:
        layers = [layer(f"l{index}", cycles=50) for index in range(4)]
        assert "l0 and 3 more" in _texts(draw_roofline(result(layers)))

    def test_what_has_no_place_on_the_roofline_is_counted(self) -> None:
        figure = draw_roofline(result([layer("a", cycles=50), vector_layer("pool", cycles=50)]))
        assert any(text.endswith("left out: 1 without MACs or DRAM bytes") for text in _texts(figure))

    def test_few_decades_have_plain_numbers(self) -> None:
        assert not any("$" in text for text in _texts(draw_roofline(result([layer("a", cycles=50)]))))


SHAPES = {
    "resnet50": lambda: build_result(resnet50_specs()),
    "one layer": lambda: build_result(resnet50_specs()[:1]),
    "ideal memory": lambda: build_result(resnet50_specs()[:4], dram_peak_bytes_per_second=None),
    "long names": lambda: build_result(
        [(f"encoder.stages.11.attention.projection{i}", *spec[1:]) for i, spec in enumerate(resnet50_specs())],
        precision="w4a4 (w8a8: encoder.stages.0.patch_embedding, decoder.classifier.head.linear)",
        workload="network_with_a_long_name_" * 4,
    ),
    "nothing but vector layers": lambda: result([vector_layer("a", cycles=9)], [vector_layer("a", cycles=9)]),
    "several cores": lambda: result([layer("a", cycles=90), layer("b", cycles=0)], [layer("a", cycles=90)], cores=2),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("figure", DRAWINGS)
def test_no_text_overlaps_another_or_leaves_the_figure(figure: str, shape: str) -> None:
    drawn = DRAWINGS[figure](SHAPES[shape]())
    drawn.draw_without_rendering()
    level = [text for text in _drawn_texts(drawn) if not text.get_rotation()]
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in level]  # of an annotation, without its arrow
    width, height = drawn.bbox.size
    for name, box in boxes:
        assert box.x0 >= 0, name
        assert box.x1 <= width, name
        assert box.y0 >= 0, name
        assert box.y1 <= height, name
    for (name, box), (other, another) in combinations(boxes, 2):
        assert not box.padded(-1).overlaps(another.padded(-1)), (name, other)


def _drawn_texts(figure: Figure) -> list[Text]:
    """Every text but the empty ones and the labels that an axis keeps for ticks beyond its ends."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            beyond = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
            hidden |= {label for tick in beyond for label in (tick.label1, tick.label2)}
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text() and text not in hidden]


def test_a_network_of_more_layers_than_fit_shows_the_longest() -> None:
    layers = [layer(f"l{index}", cycles=index + 1) for index in range(MOST_LAYERS + 2)]
    shown = _texts(draw_breakdown(result(layers)))
    assert not {"l0", "l1"} & set(shown)
    assert {"l2", f"l{MOST_LAYERS + 1}"} <= set(shown)
    assert any(f"the {MOST_LAYERS} longest of {MOST_LAYERS + 2} layers" in text for text in shown)


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text)]
