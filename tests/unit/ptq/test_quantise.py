"""Post-training quantisation of whole networks."""

import numpy as np
import pytest
import torch
from torch import Tensor

from quant import DataError, get_format
from quant.allocation.file import LayerFormats
from quant.encoded import load_encoded, save_encoded
from quant.granularity import Granularity
from quant.ptq.export import encoded_layers
from quant.ptq.fake_quant import FakeQuantize
from quant.ptq.graph import trace, uniform_allocation
from quant.ptq.layer_rounding import PtqSettings
from quant.ptq.quantise import quantise, weight_quantiser
from tests.unit.ptq.networks import Attention, Residual, images

NEAREST = PtqSettings(rounding="nearest", correct_bias=False)


def quantised(
    weights: str, activations: str, settings: PtqSettings | None = None, model: torch.nn.Module | None = None
) -> torch.fx.GraphModule:
    model = model or Residual()
    allocation = uniform_allocation(trace(model), LayerFormats(weights, activations))
    return quantise(model, allocation, images(64).split(16), settings)


def noise(network: torch.nn.Module, x: Tensor) -> float:
    """Noise power over signal power at the outputs."""
    expected = Residual().eval()(x)
    return ((network(x) - expected).square().sum() / expected.square().sum()).item()


@pytest.mark.parametrize("settings", [NEAREST, PtqSettings()], ids=["nearest", "gptaq"])
def test_fp32_changes_nothing(settings: PtqSettings) -> None:
    x = images(seed=7)
    torch.testing.assert_close(quantised("fp32", "fp32", settings)(x), Residual().eval()(x), rtol=1e-3, atol=1e-3)


def test_each_step_helps_on_unseen_data() -> None:
    x = images(256, seed=9)
    steps = (NEAREST, PtqSettings(rounding="nearest"), PtqSettings())
    found = [noise(quantised("dybit3", "int8", settings), x) for settings in steps]
    assert found == sorted(found, reverse=True)


def test_signed_or_unsigned_is_found_from_the_data() -> None:
    network = quantised("dybit4", "dybit4")
    signed = {n: m.number_format.signed for n, m in network.named_modules() if n.endswith("_quantiser")}
    assert signed == {
        "x_quantiser": True,
        "relu_quantiser": False,
        "relu_1_quantiser": False,
        "project_quantiser": True,
        "relu_2_quantiser": False,
        "mean_quantiser": False,
    }


def test_nearest_weights_are_the_format_at_the_best_scale() -> None:
    layer = quantised("dybit4", "int8", NEAREST).get_submodule("project")
    expected = FakeQuantize(get_format("dybit4"), weight_quantiser(layer).current_scales, Granularity(0))
    assert torch.equal(layer.weight, expected(Residual().project.weight))


def test_corrected_biases_keep_the_mean_output() -> None:
    """Of the first layer, whose input is that of the float network but for its own rounding."""
    network, x = quantised("dybit2", "fp32", PtqSettings(rounding="nearest")), images(64)
    found = network.get_submodule("stem")(x).mean((0, 2, 3))
    expected = trace(Residual()).get_submodule("stem")(x).mean((0, 2, 3))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_same_seed_same_bits() -> None:
    first, second = (quantised("dybit3", "dybit4").state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_network_in_float64_is_quantised_in_float32() -> None:
    model = Residual().double()
    allocation = uniform_allocation(trace(model), LayerFormats("dybit4", "int8"))
    network = quantise(model, allocation, images(64).double().split(16))
    assert network(images(seed=7)).dtype == torch.float32
    assert model.fc.weight.dtype == torch.float64


def test_scales_per_group_and_powers_of_two() -> None:
    settings = PtqSettings(granularity=Granularity(0, 4), power_of_two=True)
    network = quantised("dybit4", "int8", settings)
    scales = weight_quantiser(network.get_submodule("project")).current_scales
    assert scales.shape == (12 * 2,)
    assert torch.equal(scales, torch.exp2(scales.log2().round()))
    assert noise(network, images(seed=7)) < 0.05


def test_weights_in_blocks_and_no_activations() -> None:
    """`project` has rows of 8 weights: each is one block, whose scale is a power of two."""
    network = quantised("mxfp4", "int8")
    scales = weight_quantiser(network.get_submodule("project")).current_scales
    assert scales.shape == (12,)
    assert torch.equal(scales, torch.exp2(scales.log2().round()))
    with pytest.raises(DataError, match="x: activations in mxfp4"):
        quantised("mxfp4", "mxfp4")


def test_matrix_products() -> None:
    model, x = Attention().eval(), torch.randn(4, 6, 8, generator=torch.Generator().manual_seed(0))
    network = quantise(model, uniform_allocation(trace(model), LayerFormats("int8", "int8")), [x])
    assert isinstance(network.get_submodule("softmax_quantiser"), FakeQuantize)
    torch.testing.assert_close(network(x), model(x), rtol=0.05, atol=0.02)


@pytest.mark.parametrize(("where", "message"), [("weights", "fc.weight: 1 NaN"), ("data", "x: 16 NaN")])
def test_nan_is_refused_with_its_place(where: str, message: str) -> None:
    model, data = Residual(), images()
    if where == "weights":
        model.fc.weight.data[0, 3] = float("nan")
    else:
        data[:, 0, 0, 0] = float("nan")
    allocation = uniform_allocation(trace(model), LayerFormats("dybit4", "int8"))
    with pytest.raises(DataError, match=message):
        quantise(model, allocation, [data], NEAREST)


def test_calibration_data_is_needed() -> None:
    with pytest.raises(DataError, match="no calibration data"):
        quantise(Residual(), uniform_allocation(trace(Residual()), LayerFormats("int8", "int8")), [])


@pytest.mark.parametrize("settings", [NEAREST, PtqSettings()], ids=["nearest", "gptaq"])
def test_encoded_layers_are_the_weights_that_the_network_computes_with(settings: PtqSettings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    network = quantised("dybit4", "dybit8", settings)
    save_encoded(encoded_layers(network), tmp_path / "net.safetensors")
    encoded = load_encoded(tmp_path / "net.safetensors")
    assert list(encoded.layers) == [f"{n}.weight" for n in uniform_allocation(network, LayerFormats("int8", "int8"))]
    for name, layer in encoded.layers.items():
        weight = network.get_submodule(name.removesuffix(".weight")).weight
        assert np.array_equal(layer.decode(), weight.detach().numpy())
    assert np.array_equal(encoded.kept["fc.bias"], network.get_submodule("fc").bias.detach().numpy())
