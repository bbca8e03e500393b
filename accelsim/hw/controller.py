"""The controller: the layer graph in order, as commands to the blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from simpy import Environment
from simpy.events import ProcessGenerator

from accelsim.config.hardware import ControllerConfig
from accelsim.hw.account import LayerRun, Milestone
from accelsim.hw.payloads import PostProcess, TileMultiply, Transfer
from accelsim.hw.tensors import TensorBoard
from accelsim.hw.turns import ARRAY, INPUTS, STORE, VECTOR, WEIGHTS, Turns, Worker
from accelsim.hw.values import Values
from accelsim.mapping.schedule import LayerPlan, Load, OutputTile, Step
from accelsim.tlm import Command, CreditPool, Fifo, InitiatorSocket, Module, Trace


@dataclass(frozen=True, slots=True)
class BufferSpace:
    """Room in the three buffers, as the controller hands it out."""

    weight: CreditPool
    input: CreditPool
    output: CreditPool


class Controller(Module):
    """Stands for the sequencer with its command queues, one per block; each queue runs ahead as far as data and space
    allow, so weights of the next layers are fetched while the array works on this one.

    Parameters: start_cycles, overlap (which blocks work at the same time); its core's program; the board of the
    tensors, and as which member of the cores that share an image it writes there; room in the buffers; what the
    transactions carry.
    Timing: start_cycles before everything. A tile is fetched when its buffer has room and, for activations, when the
    rows it needs have been written, by whichever core; multiplied when its operands are on chip and its partial sums
    have room; post-processed when its partial sums and residual operands are there; stored after that. Space goes back
    when the last reader is done.
    Not modelled: instruction fetch, and the cycles of a command.
    """

    def __init__(
        self,
        env: Environment,
        name: str,
        parent: Module,
        *,
        settings: ControllerConfig,
        program: Sequence[LayerPlan],
        tensors: TensorBoard,
        member: int,
        space: BufferSpace,
        trace: Trace,
        values: Values,
    ) -> None:
        super().__init__(env, name, parent)
        self.weight_dma = InitiatorSocket(self, "weight_dma", Transfer)
        self.input_dma = InitiatorSocket(self, "input_dma", Transfer)
        self.output_dma = InitiatorSocket(self, "output_dma", Transfer)
        self.array = InitiatorSocket(self, "array", TileMultiply)
        self.vector = InitiatorSocket(self, "vector", PostProcess)
        self.layers = [LayerRun.of(env, plan) for plan in program]
        #: Called with the number of layers done, after each.
        self.on_layer: Callable[[int], None] | None = None
        self._space, self._trace, self._values = space, trace, values
        self._tensors, self._member = tensors, member
        self._start_cycles = settings.start_cycles
        self._turns = Turns(env, f"{self.path}.turn", settings.overlap)
        self._finished = Milestone(env, "the last store")
        self._stores: Fifo[tuple[LayerRun, OutputTile]] = Fifo(env, sum(len(p.outputs) for p in program) + 1)
        self._stores_pending = sum(_is_stored(plan, tile) for plan in program for tile in plan.outputs)
        self._source = trace.source(self.path)
        self._events = {name: trace.event(name) for name in ("load", "multiply", "process", "store", "layer")}

    def processes(self) -> Iterable[ProcessGenerator]:
        """One sequence of commands per block."""
        queues = (self.fetch_weights(), self.fetch_inputs(), self.compute(), self.post_process(), self.store())
        return [self._after_start(commands) for commands in queues] if self._start_cycles else queues

    def _after_start(self, commands: ProcessGenerator) -> ProcessGenerator:
        yield self.env.timeout(self._start_cycles)
        yield from commands

    def fetch_weights(self) -> ProcessGenerator:
        """Weight tiles of all layers, in order."""
        for run in self.layers:
            for load, on_chip in zip(run.plan.weight_loads, run.weights_on_chip, strict=True):
                yield from self._fetch(run, load, WEIGHTS)
                on_chip.succeed()

    def fetch_inputs(self) -> ProcessGenerator:
        """Input tiles and residual operands of all layers, in order; before them the room of a resident output."""
        for run in self.layers:
            if run.plan.resident_bytes:
                yield self._space.input.reserve(run.plan.resident_bytes)
            for load, on_chip in zip(run.plan.loads, run.loads_on_chip, strict=True):
                yield from self._fetch(run, load, INPUTS)
                on_chip.succeed()

    def compute(self) -> ProcessGenerator:
        """Tile multiplications of all layers, in order. Its timeline is the one that the breakdown explains."""
        end_cycle = 0
        self.layers[0].breakdown["idle"] += self._start_cycles
        for done, run in enumerate(self.layers, start=1):
            run.start_cycle = end_cycle
            if run.plan.steps:
                yield from self._multiply_layer(run)
            elif run.plan.outputs:
                yield from run.wait(self.env, run.processed, "wait_vector_unit")
            run.end_cycle = end_cycle = int(self.env.now)
            self._record("layer", len(run.plan.steps), run.end_cycle - run.start_cycle)
            if self.on_layer is not None:
                self.on_layer(done)
        last = self.layers[-1]
        yield from last.wait(self.env, last.processed, "wait_vector_unit")
        if self._stores_pending:
            yield from last.wait(self.env, self._finished, "wait_output_space")
        last.end_cycle = int(self.env.now)

    def post_process(self) -> ProcessGenerator:
        """Output tiles of all layers, in order."""
        for run in self.layers:
            plan = run.plan
            for tile, sums in zip(plan.outputs, run.partial_sums, strict=True):
                if plan.steps:
                    yield sums
                else:
                    yield self._space.output.reserve(tile.reserved_bytes)
                yield from self._post_process_tile(run, tile)
            if plan.freed_bytes:
                self._space.input.release(plan.freed_bytes)
            run.processed.succeed()

    def store(self) -> ProcessGenerator:
        """Results that go to DRAM, as they come out of the vector unit."""
        while self._stores_pending:
            run, tile = yield self._stores.get()
            if tile.runs:
                result = self._values.result(tile)
                transfer = Transfer.of(Command.WRITE, tile.runs, self.path, result)
                yield from self._turns.take(STORE, self.output_dma.b_transport(transfer))
            self._space.output.release(tile.encoded_bytes)
            run.write_bytes += tile.encoded_bytes
            self._record("store", tile.encoded_bytes)
            self._tensors.advance(run.plan.layer.name, self._member, tile.rows_done)
            self._stores_pending -= 1
        self._finished.succeed()

    def _fetch(self, run: LayerRun, load: Load, worker: Worker) -> ProcessGenerator:
        """Bring one tile on chip: rows written, room made, bytes moved."""
        of_weights = worker is WEIGHTS
        space, dma = (self._space.weight, self.weight_dma) if of_weights else (self._space.input, self.input_dma)
        if load.tensor is not None:
            rows_written = self._tensors.wait(load.tensor, load.rows)
            if rows_written is not None:
                yield rows_written
        yield space.reserve(load.kept_bytes)
        cargo = self._values.room(load)
        if load.runs:  # a few narrow codes may lie in a byte that another tile brings
            transfer = Transfer.of(Command.READ, load.runs, self.path, cargo)
            yield from self._turns.take(worker, dma.b_transport(transfer))
        self._values.arrived(load, cargo, int(self.env.now))
        run.read_bytes += load.size_bytes
        self._record("load", load.size_bytes)

    def _multiply_layer(self, run: LayerRun) -> ProcessGenerator:
        """All steps of an array layer; operands stay until a step needs another tile."""
        plan = run.plan
        held_weight = held_input = -1
        for step in plan.steps:
            if step.weight_load != held_weight:
                self._give_up(self._space.weight, plan.weight_loads, held_weight)
                held_weight = step.weight_load
                yield from self._operand(
                    run, plan.weight_loads[held_weight], run.weights_on_chip[held_weight], "wait_weights"
                )
            if step.input_load is None:
                rows_made = self._tensors.wait(plan.layer.inputs[0], (0, step.input_rows))
                yield from run.wait(self.env, rows_made, "wait_vector_unit")
            elif step.input_load != held_input:
                self._give_up(self._space.input, plan.loads, held_input)
                held_input = step.input_load
                yield from self._operand(run, plan.loads[held_input], run.loads_on_chip[held_input], "wait_inputs")
            if step.starts_output:
                yield from self._make_room(run, plan.outputs[step.output])
            yield from self._multiply(run, step)
        self._give_up(self._space.weight, plan.weight_loads, held_weight)
        self._give_up(self._space.input, plan.loads, held_input)

    def _operand(self, run: LayerRun, load: Load, on_chip: Milestone, cause: str) -> ProcessGenerator:
        """Wait for a tile; as long as other cores have not written what it is made of, there is nothing to do."""
        if load.tensor is not None:
            others = self._tensors.wait_for_others(load.tensor, load.rows, self._member)
            yield from run.wait(self.env, others, "idle")
        yield from run.wait(self.env, on_chip, cause)

    def _make_room(self, run: LayerRun, tile: OutputTile) -> ProcessGenerator:
        """Room for partial sums; a wait is the output DMA's fault when it has work, else the vector unit's."""
        cause = "wait_output_space" if self._stores.level else "wait_vector_unit"
        yield from run.wait(self.env, self._space.output.reserve(tile.reserved_bytes), cause)

    def _multiply(self, run: LayerRun, step: Step) -> ProcessGenerator:
        plan = run.plan
        assert plan.shape is not None
        job = TileMultiply(
            Command.READ,
            0,
            run.plan.outputs[step.output].reserved_bytes,
            self.path,
            tile=step.tile,
            shape=plan.shape,
            weight_bits=plan.weight_format.bits,
            input_bits=plan.input_format.bits,
            weights_decoded=plan.weight_format.decoded,
            inputs_decoded=plan.input_format.decoded,
        )
        yield from self._turns.wait(ARRAY, run.breakdown)
        start = int(self.env.now)
        yield from self.array.b_transport(job)
        self._turns.give_back()
        self._values.multiplied(plan, step, int(self.env.now))
        run.charge(job, int(self.env.now) - start)
        self._record("multiply", step.tile.macs, int(self.env.now) - start)
        if step.ends_output:
            run.partial_sums[step.output].succeed()

    def _post_process_tile(self, run: LayerRun, tile: OutputTile) -> ProcessGenerator:
        plan = run.plan
        for index in tile.loads:
            yield run.loads_on_chip[index]
        job = PostProcess(Command.WRITE, 0, tile.reserved_bytes, self.path, elements=tile.elements, passes=plan.passes)
        yield from self._turns.take(VECTOR, self.vector.b_transport(job))
        self._values.processed(plan, tile, int(self.env.now))
        self._record("process", tile.elements)
        for index in tile.loads:
            self._give_up(self._space.input, plan.loads, index)
        if _is_stored(plan, tile):
            self._space.output.release(tile.reserved_bytes - tile.encoded_bytes)
            yield self._stores.put((run, tile))
        else:
            self._space.output.release(tile.reserved_bytes)
            self._tensors.advance(plan.layer.name, self._member, tile.rows_done)

    def _give_up(self, space: CreditPool, loads: tuple[Load, ...], index: int) -> None:
        if index >= 0:
            self._values.given_up(loads[index])
            space.release(loads[index].kept_bytes)

    def _record(self, event: str, a: int, b: int = 0) -> None:
        self._trace.record(int(self.env.now), self._source, self._events[event], a, b)


def _is_stored(plan: LayerPlan, tile: OutputTile) -> bool:
    """Whether a tile goes out after those before it: also one whose few codes lie in bytes that an earlier one stores,
    if it completes rows, which must not be read before that one is in DRAM.
    """
    return bool(tile.runs) or (tile.rows_done > 0 and not plan.resident_bytes)
