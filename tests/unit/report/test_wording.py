"""Names that fit, and the sentences below the tables."""

from __future__ import annotations

from accelsim.report.wording import clipped, layers_phrase, reading, short_name
from tests.unit.report.by_hand import layer, result, vector_layer


def test_names_are_cut_where_they_are_least_telling() -> None:
    name = "encoder.stages.11.attention.relative_position.projection"
    assert short_name(name) == "..." + name[-29:]
    assert len(short_name(name)) == 32
    assert clipped(name, 20) == "encoder.stages.11..."
    assert short_name("conv1") == clipped("conv1", 5) == "conv1"


def test_layers_of_several_cores_are_those_of_one() -> None:
    layers = [layer("a", cycles=10)]
    assert layers_phrase(result(layers)) == "Layers"
    assert layers_phrase(result(layers, cores=4)) == "Layers of one of 4 cores"
    assert layers_phrase(result(layers, cores=4, cores_per_image=4)) == "Layers of an image on 4 cores"
    assert layers_phrase(result(layers, cores=4, cores_per_image=2)) == "Layers of one of 2 images on 2 cores"


def test_reading_of_a_run_with_two_bounds() -> None:
    """400 MACs in 50 computing cycles of 10 each, twice: 80%; 100 of 170 cycles compute."""
    layers = [
        layer("slow", cycles=90, computing=50),
        layer("fast", cycles=50, computing=50, bound="compute"),
        vector_layer("pool", cycles=30),
    ]
    assert reading(result(layers)) == (
        "59% of the cycles compute, with 80% of the multipliers at work; "
        "the largest part of the rest is waiting for inputs (24%). "
        "1 of 3 layers is DRAM-bound and takes 53% of the cycles: slow. "
        "1 of 3 layers is compute-bound and takes 29% of the cycles: fast."
    )


def test_reading_names_the_three_largest_of_many() -> None:
    layers = [layer(f"l{cycles}", cycles=cycles) for cycles in (10, 40, 20, 30)]
    assert reading(result(layers)).endswith(
        "4 of 4 layers are DRAM-bound and take 100% of the cycles: led by l40, l30, l20."
    )


def test_reading_of_a_run_that_only_computes() -> None:
    text = reading(result([layer("a", cycles=40, computing=40, bound="compute")]))
    assert text == (
        "100% of the cycles compute, with 100% of the multipliers at work. "
        "1 of 1 layers is compute-bound and takes 100% of the cycles: a."
    )
