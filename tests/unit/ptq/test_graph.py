"""Which tensor of a network has which format: the rules of `quant.ptq.graph`."""

import pytest
import torch
from torch import Tensor, nn

from quant import DataError
from quant.allocation.file import LayerFormats
from quant.ptq.graph import array_layers, tensor_formats, trace, uniform_allocation
from tests.unit.ptq.networks import Attention, Residual, images

LAYERS = ["stem", "depthwise", "project", "shortcut", "again", "fc"]


def formats_by_name(network: torch.fx.GraphModule, allocation: dict[str, LayerFormats]) -> dict[str, str]:
    return {node.name: name for node, name in tensor_formats(network, allocation).items()}


def test_batch_norm_is_folded_and_dropout_gone() -> None:
    model, x = Residual().eval(), images()
    network = trace(model)
    assert list(array_layers(network)) == LAYERS
    assert not [module for module in network.modules() if isinstance(module, nn.BatchNorm2d | nn.Dropout)]
    assert model.stem.bias is None
    torch.testing.assert_close(network(x), model(x))


def test_folding_example_of_the_page() -> None:
    """docs/ptq.md."""
    model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.0))
    conv, norm = model
    for tensor, value in (
        (conv.weight, 2.0),
        (norm.weight, 1.5),
        (norm.running_var, 0.25),
        (norm.running_mean, 1.0),
        (norm.bias, 0.2),
    ):
        nn.init.constant_(tensor, value)
    folded = trace(model).get_submodule("0")
    assert (folded.weight.item(), folded.bias.item()) == pytest.approx((6.0, -2.8))


def test_batch_norm_behind_a_layer_that_others_read_stays() -> None:
    class Fork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)

        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x)
            return self.norm(y) + y

    network = trace(Fork())
    assert [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def test_a_stored_operand_of_a_sum_has_the_format_of_what_the_sum_is_read_as() -> None:
    """`shortcut` is computed last, so `project` was stored; of the second sum `relu_2` was, and `again` reads it."""
    network = trace(Residual())
    allocation = {
        **uniform_allocation(network, LayerFormats("dybit4", "dybit8"), LayerFormats("int8", "int8")),
        "again": LayerFormats("dybit4", "dybit3"),
        "depthwise": LayerFormats("dybit2", "dybit5"),
        "shortcut": LayerFormats("dybit4", "dybit5"),
    }
    assert formats_by_name(network, allocation) == {
        "x": "int8",  # read by stem
        "relu": "dybit5",  # by depthwise and shortcut
        "relu_1": "dybit8",  # by project
        "project": "dybit3",  # stored, and added into what `again` reads
        "relu_2": "dybit3",  # read by again; also the stored operand of the second sum
        "mean": "int8",  # by fc
    }


def test_operands_of_a_matrix_product() -> None:
    network = trace(Attention())
    allocation = uniform_allocation(network, LayerFormats("dybit4", "dybit8"))
    allocation["matmul"] = LayerFormats("int4", "int8")
    assert list(allocation) == ["query", "key", "matmul", "value", "matmul_1"]
    found = formats_by_name(network, allocation)
    assert found == {"x": "dybit8", "query": "int8", "transpose": "int4", "softmax": "dybit8", "value": "dybit4"}


def test_readers_that_disagree_are_named() -> None:
    network = trace(Residual())
    allocation = uniform_allocation(network, LayerFormats("dybit4", "dybit4"))
    allocation["shortcut"] = LayerFormats("dybit4", "dybit8")
    with pytest.raises(DataError, match=r"'depthwise' reads dybit4, 'shortcut' reads dybit8"):
        tensor_formats(network, allocation)


@pytest.mark.parametrize(("change", "words"), [("drop", "no formats for stem"), ("add", "no layer stemm")])
def test_an_allocation_names_exactly_the_layers(change: str, words: str) -> None:
    network = trace(Residual())
    allocation = uniform_allocation(network, LayerFormats("dybit4", "dybit4"))
    if change == "drop":
        del allocation["stem"]
    else:
        allocation["stemm"] = LayerFormats("dybit4", "dybit4")
    with pytest.raises(DataError, match=words):
        tensor_formats(network, allocation)


def test_a_model_that_cannot_be_traced() -> None:
    class Branching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(DataError, match="Branching cannot be traced"):
        trace(Branching())
