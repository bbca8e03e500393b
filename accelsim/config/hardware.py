"""The hardware description: every field with its unit, meaning and default. `presets/hardware/*.yaml` are instances.

Dotted paths into this tree (`array.rows`, `buffers.weight_bytes`) are what `--set` and design spaces use.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Positive = Annotated[int, Field(gt=0, strict=True)]
NonNegative = Annotated[int, Field(ge=0, strict=True)]
Dataflow = Literal["ws", "os", "is", "dot"]
Fusion = Literal["pipelined", "combinational", "reduction"]
ArbiterPolicy = Literal["round_robin", "fixed_priority", "weighted", "oldest_first"]
#: Level of the simulation: tiles in closed form, or every fold, with a look at the DRAM every two bursts.
Detail = Literal["transaction", "fine"]
Engine = Literal["weight", "input", "output"]
Overlap = Literal["all", "weights", "none"]

MAX_EDGE = 65_536  # far above any array built, low enough that no count derived from it gets out of hand
MAX_CHANNELS = 256  # each channel and each core is a block of its own in the simulation
MAX_CORES = 256


class Section(BaseModel):
    """A frozen part of a configuration that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DotConfig(Section):
    """What an array of dot products takes in a cycle beside its rows and columns; of no other dataflow."""

    pixels: Positive = Field(1, le=MAX_EDGE, description="copies of the array, at neighbouring output pixels of a row")
    depthwise_pixels: Positive | None = Field(
        None, description="output pixels in a cycle of groups that share the array; null: as `pixels`"
    )
    packed_channels: Positive | None = Field(
        None, description="channels x kernel columns up to this number are taken as channels; null: never"
    )


class ArrayConfig(Section):
    """The processing-element array: rows carry the reduction (ws, is) or output pixels (os), columns the outputs.

    With `dot` nothing is stationary: each column is an adder tree over the input channels in the rows, for each of
    `dot.pixels`.
    """

    rows: Positive = Field(le=MAX_EDGE, description="physical PE rows")
    cols: Positive = Field(le=MAX_EDGE, description="physical PE columns")
    dataflow: Dataflow = Field(
        "ws", description="ws weight-, os output-, is input-stationary; dot: dot products of channels, none stationary"
    )
    dot: DotConfig = Field(DotConfig(), description="what the dataflow dot needs beside rows and columns")
    operand_bits: tuple[Positive, ...] = Field(
        (2, 4, 8),
        description="operand widths a PE can be fused into; the widest is native, a narrower mode w multiplies one "
        "dimension of the array by native/w, other widths run in the next wider mode",
    )
    fusion: Fusion = Field(
        "pipelined",
        description="products of a fused PE: pipelined, with a register each, as in a wider array; combinational, "
        "added within a cycle, as in rtl/; reduction, all summed: narrow weights multiply the rows, too (dot only)",
    )
    shadow_registers: bool = Field(True, description="stationary operands of the next fold load behind this fold")
    accumulator_bits: Positive = Field(32, description="width of a partial sum, bits")

    @model_validator(mode="after")
    def _choices_of_dot_products(self) -> Self:
        if self.dataflow != "dot" and self.dot != DotConfig():
            raise ValueError("array.dot needs array.dataflow: dot")
        if self.dataflow != "dot" and self.fusion == "reduction":
            raise ValueError("array.fusion: reduction needs array.dataflow: dot")
        return self

    @property
    def elements(self) -> int:
        """Multiply-accumulates a cycle at the native width."""
        return self.rows * self.cols * self.dot.pixels

    @property
    def edge_ports(self) -> tuple[int, int]:
        """Operands a cycle through the edge of the inputs and of the weights."""
        match self.dataflow:
            case "is":
                return self.cols, self.rows
            case "dot":
                return self.rows * self.dot.pixels, self.rows * self.cols
        return self.rows, self.cols

    @field_validator("operand_bits")
    @classmethod
    def _ascending_divisors(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or list(value) != sorted(set(value)):
            raise ValueError("operand_bits must be ascending and unique, such as [2, 4, 8]")
        if any(value[-1] % width for width in value):
            raise ValueError("every operand width must divide the widest, such as [2, 4, 8]")
        return value


class DecoderConfig(Section):
    """The DyBit decoders at the array's two edges (input rows and weight columns), one unit each."""

    lanes: Positive | None = Field(
        None,
        description="lanes of each unit; a lane takes one native-width word (8 bits) of packed codes a cycle; "
        "null: as many as the array's edge has ports, so that decoding never limits the rate",
    )
    latency_cycles: NonNegative = Field(2, description="pipeline depth, paid once per tile, cycles")


class BufferConfig(Section):
    """On-chip buffers; with ping-pong two successive tiles fit, so that one loads while the other is in use."""

    weight_bytes: Positive = Field(description="capacity of the weight buffer, bytes")
    input_bytes: Positive = Field(description="capacity of the input (activation) buffer, bytes")
    output_bytes: Positive = Field(description="capacity of the output / partial-sum buffer, bytes")
    ping_pong: bool = Field(True, description="double buffering of streamed tiles")
    weight_port_bytes_per_cycle: Positive | None = Field(
        None, description="read port towards the array; null: as wide as the array's edge, bytes/cycle"
    )
    input_port_bytes_per_cycle: Positive | None = Field(
        None, description="read port towards the array; null: as wide as the array's edge, bytes/cycle"
    )
    activation_residency: bool = Field(True, description="keep activations on chip between layers where they fit")


class VectorConfig(Section):
    """The post-processing unit: bias, batch norm, activations, residual add, pooling, softmax, layer norm, encoder."""

    lanes: Positive = Field(description="elements per cycle and pass")
    add_lanes: Positive | None = Field(
        None, description="elements per cycle of a separate unit for sums of tensors; null: part of the chain"
    )
    pool_lanes: Positive | None = Field(
        None, description="elements under a window per cycle of a separate unit for pools; null: part of the chain"
    )
    latency_cycles: NonNegative = Field(16, description="pipeline depth, paid once per tile, cycles")
    parameter_bytes_per_channel: NonNegative = Field(
        8, description="bias and requantisation scale fetched per output channel, bytes"
    )


class ControllerConfig(Section):
    """The sequencer of a core."""

    start_cycles: NonNegative = Field(
        0, description="from the host's start of a run to the first command, and from the last to its knowing, cycles"
    )
    overlap: Overlap = Field(
        "all",
        description="which of a core's blocks work at the same time: all; weights, the weight engine beside the "
        "others, which take turns; none, one at a time, as where every instruction waits for the one before",
    )


class DmaConfig(Section):
    """The three DMA engines (weight, input, output); each splits a tile into bursts."""

    outstanding: Positive = Field(4, description="transactions in flight per engine")
    max_burst_bytes: Positive = Field(4096, description="longest burst, cut at its multiples, bytes")


class InterconnectConfig(Section):
    """The fabric between the DMA engines and the DRAM controller, and who goes first."""

    bytes_per_cycle: Positive = Field(64, description="data width, per core-clock cycle and direction, bytes")
    core_bytes_per_cycle: Positive | None = Field(
        None, description="data width of each core's own ports, per direction; null: as wide as the fabric, bytes/cycle"
    )
    latency_cycles: NonNegative = Field(8, description="request plus response path, cycles")
    in_flight_per_channel: Positive = Field(
        4, description="transactions that each DRAM channel's controller queues before the arbiter has to wait"
    )
    arbiter: ArbiterPolicy = Field("round_robin", description="which engine's burst goes next")
    order: tuple[Engine, ...] = Field(
        ("output", "input", "weight"), description="fixed_priority: engines from first to last"
    )
    weights: tuple[Positive, Positive, Positive] = Field(
        (1, 1, 1), description="weighted: share of the weight, input and output engine"
    )

    @field_validator("order")
    @classmethod
    def _every_engine_once(cls, value: tuple[Engine, ...]) -> tuple[Engine, ...]:
        if sorted(value) != ["input", "output", "weight"]:
            raise ValueError("order names each of weight, input and output once")
        return value


class DramConfig(Section):
    """Which DRAM, and how many channels of it."""

    preset: str = Field(description="a DRAM preset (`accelsim list`), or `ideal` for infinite bandwidth and no latency")
    channels: Positive = Field(1, le=MAX_CHANNELS, description="independent channels, interleaved by address")


class Hardware(Section):
    """One accelerator with its memory: everything the simulator needs to know of the machine."""

    name: str = Field(min_length=1, description="what reports call the machine")
    description: str = Field("", description="one line for people")
    clock_hz: Positive = Field(description="core clock, Hz")
    cores: Positive = Field(1, le=MAX_CORES, description="identical cores on one DRAM")
    cores_per_image: Positive = Field(
        1, description="cores that share an image, each layer split over them; divides `cores`"
    )
    array: ArrayConfig
    decoder: DecoderConfig = DecoderConfig()
    buffers: BufferConfig
    vector: VectorConfig
    controller: ControllerConfig = ControllerConfig()
    dma: DmaConfig = DmaConfig()
    interconnect: InterconnectConfig = InterconnectConfig()
    dram: DramConfig

    @field_validator("cores_per_image")
    @classmethod
    def _divides_the_cores(cls, value: int, info: ValidationInfo) -> int:
        cores = info.data.get("cores", value)
        if cores % value:
            raise ValueError(f"a divisor of cores: {cores}")
        return value

    @property
    def images(self) -> int:
        """Images that are in the machine at once."""
        return self.cores // self.cores_per_image
