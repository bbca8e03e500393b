"""One core: its blocks and the wires between them."""

from __future__ import annotations

from collections.abc import Sequence

from simpy import Environment

from accelsim.config.hardware import Detail, Hardware
from accelsim.hw.buffer import Buffer, OperandBuffer
from accelsim.hw.controller import BufferSpace, Controller
from accelsim.hw.decoder import Decoder
from accelsim.hw.dma import DmaEngine
from accelsim.hw.fine_pe_array import FinePEArray
from accelsim.hw.pe_array import PEArray
from accelsim.hw.tensors import TensorBoard
from accelsim.hw.values import Values
from accelsim.hw.vector_unit import VectorUnit
from accelsim.mapping.schedule import LayerPlan
from accelsim.tlm import Module, Trace

#: The DMA engines of a core, in the order of their arbiter ports.
ENGINES = ("weight", "input", "output")


class Core(Module):
    """A controller, three DMA engines, three buffers, two decoders, the array and the vector unit.

    It runs its `program`, as this `member` of the cores whose tensors are on the board.
    """

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module,
        *,
        hardware: Hardware,
        program: Sequence[LayerPlan],
        tensors: TensorBoard,
        member: int,
        trace: Trace,
        detail: Detail,
        values: Values,
    ) -> None:
        super().__init__(env, name, parent)
        buffers, array = hardware.buffers, hardware.array
        weight_port, input_port = buffers.weight_port_bytes_per_cycle, buffers.input_port_bytes_per_cycle
        self.weight_buffer = OperandBuffer(env, "weight_buffer", self, buffers.weight_bytes, weight_port)
        self.input_buffer = OperandBuffer(env, "input_buffer", self, buffers.input_bytes, input_port)
        self.output_buffer = Buffer(env, "output_buffer", self, buffers.output_bytes)
        input_ports, weight_ports = array.edge_ports
        lanes, latency = hardware.decoder.lanes, hardware.decoder.latency_cycles
        self.weight_decoder = Decoder(env, "weight_decoder", self, lanes=lanes or weight_ports, latency_cycles=latency)
        self.input_decoder = Decoder(env, "input_decoder", self, lanes=lanes or input_ports, latency_cycles=latency)
        self.array = (FinePEArray if detail == "fine" else PEArray)(env, "array", self, array)
        self.vector_unit = VectorUnit(env, "vector_unit", self, hardware.vector)
        self.dma = {
            engine: DmaEngine(
                env,
                f"{engine}_dma",
                self,
                outstanding=hardware.dma.outstanding,
                max_burst_bytes=hardware.dma.max_burst_bytes,
            )
            for engine in ENGINES
        }
        space = BufferSpace(self.weight_buffer.space, self.input_buffer.space, self.output_buffer.space)
        self.controller = Controller(
            env,
            "controller",
            self,
            settings=hardware.controller,
            program=program,
            tensors=tensors,
            member=member,
            space=space,
            trace=trace,
            values=values,
        )
        self._bind()

    def _bind(self) -> None:
        self.controller.weight_dma.bind(self.dma["weight"].commands)
        self.controller.input_dma.bind(self.dma["input"].commands)
        self.controller.output_dma.bind(self.dma["output"].commands)
        self.controller.array.bind(self.array.commands)
        self.controller.vector.bind(self.vector_unit.commands)
        self.array.weights.bind(self.weight_decoder.to_array)
        self.array.inputs.bind(self.input_decoder.to_array)
        self.weight_decoder.from_buffer.bind(self.weight_buffer.read_port)
        self.input_decoder.from_buffer.bind(self.input_buffer.read_port)
