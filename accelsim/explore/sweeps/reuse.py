"""When two machines have the same run, although they are not the same (docs/sweep.md, "Reuse")."""

from __future__ import annotations

from accelsim.analytic.compute import array_cycles
from accelsim.analytic.decode import decode_cycles
from accelsim.config.hardware import DecoderConfig, Hardware
from accelsim.mapping.schedule import LayerPlan, Schedule


def without_idle_decoders(schedule: Schedule, hardware: Hardware) -> Hardware:
    """The machine with default decoders if its own never hold up the array in this schedule; else as it is.

    A tile ends with the latest of the array and its two operand streams, and nothing else waits for a decoder. So where
    all decoding ends before the array does, strictly, how long it takes changes no event of the run.
    """
    if not all(_decoders_keep_up(plan, hardware) for plan in schedule.plans):
        return hardware
    return hardware.model_copy(update={"decoder": DecoderConfig()})


def _decoders_keep_up(plan: LayerPlan, hardware: Hardware) -> bool:
    """Whether each operand of every tile of a layer is decoded before the array is done with the tile."""
    array, decoder, shape = hardware.array, hardware.decoder, plan.shape
    if shape is None:
        return True
    input_ports, weight_ports = array.edge_ports
    for tile in dict.fromkeys(step.tile for step in plan.steps):
        cycles = array_cycles(tile, shape, array.dataflow, shadow_registers=array.shadow_registers)
        streams = (
            (plan.input_format, cycles.input_codes, shape.input_codes_per_port, input_ports),
            (plan.weight_format, cycles.weight_codes, shape.weight_codes_per_port, weight_ports),
        )
        for operand, codes, codes_per_word, ports in streams:
            decoded = decode_cycles(codes, codes_per_word, decoder.lanes or ports, decoder.latency_cycles)
            if operand.decoded and decoded >= cycles.total:
                return False
    return True
