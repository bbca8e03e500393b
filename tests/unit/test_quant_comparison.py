"""Formats against each other: the errors and shares that can be worked out by hand, and the pictures of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from quant import get_format
from quant.comparison import DEFAULT_FORMATS, compare
from quant.errors import QuantError
from quant.granularity import Granularity
from quant.report.figures import write_figures
from quant.scaling import METHODS, choose_scales

INT4_LEVELS = np.arange(-7.0, 8.0)


def test_what_a_format_holds_exactly_has_no_error() -> None:
    tensors = {"a.weight": np.stack([INT4_LEVELS, 2 * INT4_LEVELS]), "bias": np.ones(2)}
    found = compare(tensors, ["int4"], method=METHODS["max"]())
    (layer,) = found.layers
    assert (layer.name, layer.shape, layer.numbers) == ("a", (2, 15), 30)
    assert (layer.nrmse, layer.sqnr_db("int4"), layer.winners) == ({"int4": 0.0}, None, ["int4"])
    use = found.code_use["int4"]
    assert np.array_equal(use.levels, np.arange(-8, 8))
    assert np.allclose(use.shares, [0] + [1 / 15] * 15)
    assert use.entropy_bits == pytest.approx(math.log2(15))


def test_the_error_is_that_of_the_nearest_level() -> None:
    """Per tensor, by the maximum: the scale is 10 / 7, and each number goes to the nearest multiple of it."""
    x = np.array([[10.0, -3.0, 0.5, 6.0]])
    expected = np.abs(x / (10 / 7) - np.round(x / (10 / 7))) * 10 / 7
    found = compare({"x": x}, ["int4"], Granularity(), METHODS["max"]())
    noise, signal = (expected**2).sum(), (x**2).sum()
    assert found.layers[0].nrmse["int4"] == pytest.approx(math.sqrt(noise / signal), rel=1e-5)
    assert found.layers[0].sqnr_db("int4") == pytest.approx(
        10 * math.log10((x**2).sum() / (expected**2).sum()), rel=1e-5
    )


@pytest.mark.parametrize("granularity", [Granularity(), Granularity(0), Granularity(1, 5)])
def test_errors_are_those_of_the_formats_themselves(granularity: Granularity) -> None:
    x = np.random.default_rng(0).standard_t(4, (6, 7)).astype(np.float32)
    found = compare({"x": x}, DEFAULT_FORMATS, granularity)
    for name in DEFAULT_FORMATS:
        kind = get_format(name)
        scales = choose_scales(x, kind, granularity)[:, None]
        decoded = kind.decode(kind.encode(granularity.rows(x), scales), scales)
        error = granularity.tensor(decoded, x.shape).astype(np.float64) - x
        assert found.layers[0].nrmse[name] == pytest.approx(np.linalg.norm(error) / np.linalg.norm(x), rel=1e-5)
        assert found.code_use[name].shares.sum() == pytest.approx(1)


def test_means_and_wins_are_over_layers() -> None:
    rng = np.random.default_rng(0)
    tensors = {"uniform": rng.uniform(-1, 1, (4, 999)), "tailed": rng.standard_t(3, (4, 999)), "dead": np.zeros((2, 2))}
    found = compare(tensors, ["int4", "dybit4", "flint4"])
    uniform, tailed, dead = found.layers
    assert (uniform.winners, tailed.winners) == (["int4"], ["dybit4", "flint4"])  # flint has DyBit's values
    assert dead.winners == ["int4", "dybit4", "flint4"]
    assert [found.wins(name) for name in found.formats] == [2, 2, 2]
    assert found.mean_nrmse("int4") == pytest.approx((uniform.nrmse["int4"] + tailed.nrmse["int4"]) / 3)
    assert dead.sqnr_db("int4") is None
    assert found.mean_sqnr_db("int4") == pytest.approx(-10 * math.log10(uniform.nrmse["int4"] * tailed.nrmse["int4"]))


def test_codes_of_wide_formats_are_not_counted() -> None:
    found = compare({"x": np.ones((2, 2))}, ["fp16", "int8"])
    assert list(found.code_use) == ["int8"]


def test_the_two_zeros_are_one_level() -> None:
    levels = compare({"x": np.ones((2, 2))}, ["fp4_e2m1"]).code_use["fp4_e2m1"].levels
    assert levels.tolist() == [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6]


@pytest.mark.parametrize(
    ("tensors", "formats", "message"),
    [
        ({"x": np.ones((2, 2))}, ["dybot4"], "did you mean 'dybit4'"),
        ({"x": np.ones((2, 2))}, [], "no formats"),
        ({"x": np.ones(2)}, ["int4"], "nothing to compare"),
        ({"x.weight": np.array([[np.nan, 1]])}, ["int4"], "x.weight: 1 NaN"),
    ],
)
def test_wrong_input(tensors: dict[str, np.ndarray], formats: list[str], message: str) -> None:
    with pytest.raises(QuantError) as caught:
        compare(tensors, formats)
    assert message in str(caught.value)


@pytest.mark.parametrize("layers", [1, 8, 60])
def test_figures_are_the_same_bytes_each_time(layers: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tensors = {
        f"features.{i}.$block.a_rather_long_name_of_a.layer.weight": rng.normal(size=(2, 9)) for i in range(layers)
    }
    comparison = compare(tensors)
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        paths = write_figures(comparison, "per channel", tmp_path / name)
        assert [path.name for path in paths] == ["rmse.png", "rmse.svg", "codes.png", "codes.svg"]
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    assert contents[0][1].count(b"features.") == layers


def test_formats_of_blocks_bring_their_own_rows() -> None:
    """A block of 32 in each of 4 channels, with the standard's scales: the error of the pieces, encoded one by one."""
    tensor = np.random.default_rng(3).standard_normal((4, 32)).astype(np.float32)
    number_format = get_format("mxfp4")
    scales = choose_scales(tensor, number_format, Granularity(0))[:, None]
    error = number_format.decode(number_format.encode(tensor, scales), scales) - tensor
    (layer,) = compare({"w": tensor}, ["mxfp4"]).layers
    assert layer.nrmse["mxfp4"] == pytest.approx(np.sqrt(np.mean(error**2) / np.mean(tensor.astype(float) ** 2)))
