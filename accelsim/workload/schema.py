"""The workload file, as frozen pydantic models: one `WorkloadFile` and one model per kind of layer.

`docs/workloads.md` is the page of this format. The models check each entry on its own; whether the entries fit
together is checked by `accelsim.workload.graph`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from accelsim.config.hardware import Section
from accelsim.workload.formats import parse_bits
from accelsim.workload.layers import LayerKind, PostOp, Window

MAX_SIZE = 2**20  # of one dimension: beyond any network built, and a much larger layer would exhaust the mapper


def _name(value: str) -> str:
    """Names go into messages, tables and traces: they stay on one line, in one column."""
    if not 0 < len(value) <= 100 or not value.isprintable() or " " in value:
        raise ValueError("a name of 1 to 100 printable characters, without spaces")
    return value


Name = Annotated[str, AfterValidator(_name)]
Size = Annotated[int, Field(gt=0, le=MAX_SIZE, strict=True)]
Padding = Annotated[int, Field(ge=0, le=MAX_SIZE, strict=True)]
ShapeField = tuple[Size, Size, Size]
Sizes = Size | tuple[Size, Size]
Paddings = Padding | tuple[Padding, Padding]


class WindowSpec(Section):
    """A sliding window; every size is one number or [vertical, horizontal]."""

    kernel: Sizes = Field(description="window size, elements")
    stride: Sizes = Field(description="step between windows, elements")
    padding: Paddings = Field(0, description="zeros added on each side, elements")

    @property
    def window(self) -> Window:
        """The window as the layer graph holds it."""
        return Window(_both(self.kernel), _both(self.stride), _both(self.padding))


def _both(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


class PostArgument(Section):
    """A post-operation with an argument: exactly one of the keys."""

    add: Name | None = Field(None, description="tensor added to the result: a residual connection")
    max_pool: WindowSpec | None = None
    avg_pool: WindowSpec | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("one of add, max_pool, avg_pool")
        return self


PostName = Literal["bias", "batch_norm", "relu", "relu6", "gelu", "global_avg_pool"]
PostEntry = PostArgument | PostName


def post_op(entry: PostEntry) -> PostOp:
    """A post-operation of the file as the layer graph holds it (a global pool's window is not known yet)."""
    if isinstance(entry, str):
        return PostOp(entry)
    if entry.max_pool:
        return PostOp("max_pool", window=entry.max_pool.window)
    if entry.avg_pool:
        return PostOp("avg_pool", window=entry.avg_pool.window)
    return PostOp("add", operand=entry.add)


class LayerSpec(Section):
    """What every layer states; its output tensor bears its name."""

    name: Name
    kind: LayerKind
    input: Name = Field(description="tensor it reads")
    in_shape: ShapeField | None = Field(None, description="[channels, height, width] as the layer reads its input")
    out_shape: ShapeField | None = Field(None, description="[channels, height, width] after the post-operations")
    post: tuple[PostEntry, ...] = Field((), description="operations of the vector unit on the result, in order")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tensors it works on, without the operands of its post-operations."""
        return (self.input,)

    @property
    def reads(self) -> tuple[str, ...]:
        """Every tensor it reads."""
        return self.inputs + tuple(op.add for op in self.post if isinstance(op, PostArgument) and op.add)


class Conv2dSpec(LayerSpec, WindowSpec):
    """A convolution; depthwise when `groups` equals the channels."""

    kind: Literal["conv2d"]
    out_channels: Size
    stride: Sizes = Field(1, description="step between windows, elements")
    groups: Size = Field(1, description="independent parts that channels and filters are split into")


class LinearSpec(LayerSpec):
    """A fully connected layer on every token of a [features, tokens, 1] tensor."""

    kind: Literal["linear"]
    out_channels: Size
    view: Literal["flatten", "first_token"] | None = Field(
        None, description="read the input as one long vector, or only its first token (a class token)"
    )


class MatmulSpec(LayerSpec):
    """A product of two computed tensors, head by head: `input` is streamed, `other` stays in the array."""

    kind: Literal["matmul"]
    other: Name = Field(description="the stationary operand")
    heads: Size = Field(1, description="independent products the features are split into")
    transpose_other: bool = Field(False, description="multiply by the transpose: reduce over features, not tokens")

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input, self.other)


class PoolSpec(LayerSpec, WindowSpec):
    """A pool of its own, for a tensor that is also read unpooled (otherwise it is a post-operation)."""

    kind: Literal["pool"]
    mode: Literal["max", "avg"] = Field(
        description="what a window is reduced to; the vector unit takes as long for both"
    )


class AddSpec(LayerSpec):
    """An addition of its own, for two tensors that are also read unadded (otherwise it is a post-operation)."""

    kind: Literal["add"]
    other: Name

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input, self.other)


class ConcatSpec(LayerSpec):
    """Tensors one behind the other along the channels. It costs nothing: its parts are written in place."""

    kind: Literal["concat"]
    others: tuple[Name, ...] = Field(min_length=1, description="the tensors behind `input`, in order")

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input, *self.others)

    @field_validator("post")
    @classmethod
    def _computes_nothing(cls, value: tuple[PostEntry, ...]) -> tuple[PostEntry, ...]:
        if value:
            raise ValueError("nothing: a concatenation computes nothing; its parts or readers do")
        return value


class SoftmaxSpec(LayerSpec):
    """Softmax over the channels of each head."""

    kind: Literal["softmax"]
    heads: Size = Field(1, description="independent parts of the channels, each summing to one")


class LayerNormSpec(LayerSpec):
    """Layer normalisation over the channels, with a trained gain and offset per channel."""

    kind: Literal["layer_norm"]


class ClassTokenSpec(LayerSpec):
    """A feature map turned into tokens: a trained class token goes first, trained position embeddings are added."""

    kind: Literal["class_token"]


LAYER_SPECS: dict[LayerKind, type[LayerSpec]] = {
    "conv2d": Conv2dSpec,
    "linear": LinearSpec,
    "matmul": MatmulSpec,
    "pool": PoolSpec,
    "add": AddSpec,
    "concat": ConcatSpec,
    "softmax": SoftmaxSpec,
    "layer_norm": LayerNormSpec,
    "class_token": ClassTokenSpec,
}


class InputSpec(Section):
    """The tensor that the network is given."""

    name: Name = "image"
    shape: ShapeField = Field(description="[channels, height, width]")


class WorkloadFile(Section):
    """The whole file. Each entry of `layers` is validated by the model of its `kind`."""

    name: Name
    description: str = ""
    source: str = Field("", description="paper or code that the network comes from")
    hardware: Name = Field("zcu102", description="hardware preset to run on when none is asked for")
    bits: str = Field("w4a4", description="precision of every layer that is not pinned: weight and activation bits")
    pins: dict[str, str] = Field(default_factory=dict, description="layers with a precision of their own")
    input: InputSpec
    layers: tuple[dict[str, Any], ...] = Field(min_length=1)

    @field_validator("bits")
    @classmethod
    def _precision(cls, value: str) -> str:
        parse_bits(value)
        return value
