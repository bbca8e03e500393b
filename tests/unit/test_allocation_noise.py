"""Noise-to-signal of tensors in candidate formats, and the synthetic tensors."""

from __future__ import annotations

import numpy as np
import pytest

from quant import get_format
from quant.allocation.noise import SAMPLE, noise, synthetic_tensor
from quant.comparison import compare
from quant.errors import DataError
from quant.granularity import Granularity


def test_by_hand() -> None:
    """docs/scales.md: (1, 2, 3) in levels -1, 0, 1 has scale 2.5 and squared error 1.5; the sum of squares is 14."""
    found = noise({"w": np.array([1.0, 2.0, 3.0]), "zeros": np.zeros((2, 2))}, ["dybit2", "fp32"])
    assert found == {"w": (pytest.approx(1.5 / 14), 0.0), "zeros": (0.0, 0.0)}


def test_it_is_the_squared_error_of_the_comparison() -> None:
    rng = np.random.default_rng(0)
    tensors = {"a.weight": rng.standard_normal((8, 3, 3, 3)), "b.weight": rng.standard_t(4, (10, 64))}
    formats = ["dybit4", "int8", "mxfp4"]
    found = noise(tensors, formats)
    for layer in compare(tensors, formats).layers:
        expected = [layer.nrmse[name] ** 2 for name in formats]
        assert found[f"{layer.name}.weight"] == pytest.approx(expected, rel=1e-5)


def test_a_sample_keeps_rows_whole() -> None:
    """Each row is on the levels of dybit4 at a scale of its own: without error only if its scale stays its own."""
    rng = np.random.default_rng(0)
    levels = rng.choice(get_format("dybit4").codebook, (100, 1024))
    levels[:, :16] = get_format("dybit4").codebook
    tensor = levels * rng.lognormal(0, 2, (100, 1))
    assert tensor.size > SAMPLE
    assert noise({"w": tensor}, ["dybit4"])["w"][0] < 1e-12
    assert noise({"w": tensor}, ["dybit4"], Granularity())["w"][0] > 1e-3


def test_a_sample_is_near_the_whole_and_the_same_every_time() -> None:
    tensors = {"w": np.random.default_rng(0).standard_normal((64, 2048))}
    for granularity in (Granularity(0), Granularity(), Granularity(0, 128)):
        (sampled,) = noise(tensors, ["dybit4"], granularity).values()
        (whole,) = noise(tensors, ["dybit4"], granularity, sample=tensors["w"].size).values()
        assert sampled != whole
        assert sampled == pytest.approx(whole, rel=0.05)  # 4 standard errors of 2^14 Gaussian numbers, rounded up
        assert noise(tensors, ["dybit4"], granularity)["w"] == sampled
        assert noise(tensors, ["dybit4"], granularity, seed=1)["w"] != sampled


@pytest.mark.parametrize(
    ("distribution", "nrmse", "tolerance"),
    [("gaussian", 0.123, 0.01), ("student-t", 0.168, 0.1)],  # t(4) has no fourth moment: tensors differ much
)
def test_synthetic_tensors_are_what_they_are_called(distribution: str, nrmse: float, tolerance: float) -> None:
    """docs/formats.md has the mean normalised RMSE of dybit4, a scale per tensor."""
    names = [f"layer{index}" for index in range(8)]
    tensors = {name: synthetic_tensor(name, distribution) for name in names}  # type: ignore[arg-type]
    found = noise(tensors, ["dybit4"], Granularity())
    assert np.mean(np.sqrt(list(found.values()))) == pytest.approx(nrmse, rel=tolerance)
    assert len({value for values in found.values() for value in values}) == len(names)


def test_synthetic_tensors_depend_on_name_and_seed() -> None:
    first = synthetic_tensor("conv1")
    assert (first == synthetic_tensor("conv1")).all()
    assert (first != synthetic_tensor("conv2")).any()
    assert (first != synthetic_tensor("conv1", seed=1)).any()
    assert (synthetic_tensor("conv1", signed=False) == np.abs(first)).all()


def test_unsigned_formats_for_tensors_without_negative_numbers() -> None:
    """Unsigned dybit4 has the 15 magnitudes above 0 where signed dybit4 has 7."""
    tensors = {"x": synthetic_tensor("x", "gaussian", signed=False)}
    assert noise(tensors, ["dybit4"], signed=False)["x"] < noise(tensors, ["dybit4"])["x"]


def test_progress_is_said() -> None:
    done: list[str] = []
    noise({"a": np.ones(3), "b": np.ones(3)}, ["int4"], progress=done.append)
    assert done == ["a", "b"]


def test_what_cannot_be_quantised_is_named() -> None:
    with pytest.raises(DataError, match=r"conv1: 1 NaN and 0 infinite"):
        noise({"conv1": np.array([[1.0, np.nan]])}, ["int4"])
    with pytest.raises(DataError, match="a sample of 0"):
        noise({}, ["int4"], sample=0)
    with pytest.raises(DataError, match="distribution 'cauchy'"):
        synthetic_tensor("w", "cauchy")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="2 degrees of freedom"):
        synthetic_tensor("w", degrees=2)
