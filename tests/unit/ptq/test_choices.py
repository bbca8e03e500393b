"""What has one format in a network."""

from torch import Tensor, nn

from quant.ptq.choices import NetworkChoice, network_choices
from quant.ptq.graph import trace
from tests.unit.ptq.networks import Attention, Residual


class Shared(nn.Module):
    """`head` is called for two tensors, which therefore have one format."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.first(x)) + self.head(self.second(x))


def reads(choices: tuple[NetworkChoice, ...]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {choice.name: (choice.weights_of, choice.input_of) for choice in choices}


def test_a_tensor_that_several_layers_read_is_one_choice() -> None:
    assert reads(network_choices(trace(Residual()))) == {
        "weights of stem": (("stem",), ()),
        "tensor x": ((), ("stem",)),
        "weights of depthwise": (("depthwise",), ()),
        "tensor relu": ((), ("depthwise", "shortcut")),
        "weights of project": (("project",), ()),
        "tensor relu_1": ((), ("project",)),
        "weights of shortcut": (("shortcut",), ()),
        "weights of again": (("again",), ()),
        "tensor relu_2": ((), ("again",)),
        "weights of fc": (("fc",), ()),
        "tensor mean": ((), ("fc",)),
    }


def test_stored_operands_of_sums_go_along() -> None:
    """`project` waits in store for `shortcut`; `relu_2` for `again`, and is a choice itself."""
    choices = {choice.name: choice for choice in network_choices(trace(Residual()))}
    assert [node.name for node in choices["tensor relu_2"].rounded] == ["project", "relu_2"]
    assert [node.name for node in choices["tensor relu_2"].tensors] == ["relu_2"]
    assert choices["tensor relu_2"].first.name == "project"
    assert [node.name for node in choices["tensor mean"].rounded] == ["mean"]


def test_operands_of_matrix_products() -> None:
    found = reads(network_choices(trace(Attention())))
    assert found["tensor query"] == ((), ("matmul",))
    assert found["tensor transpose"] == (("matmul",), ())
    assert found["tensor value"] == (("matmul_1",), ())
    assert found["tensor x"] == ((), ("query", "key", "value"))


def test_what_a_layer_reads_at_each_call_is_one_choice() -> None:
    choices = network_choices(trace(Shared()))
    assert reads(choices)["tensor first"] == ((), ("head",))
    (shared,) = [choice for choice in choices if choice.input_of == ("head",)]
    assert [node.name for node in shared.tensors] == ["first", "second"]
    assert len(choices) == 5  # three weights, x, and what `head` reads
