"""Whatever a sweep reuses, it finds what runs on their own find: on random networks, machines and decoders."""

from __future__ import annotations

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from accelsim.config.hardware import DecoderConfig, Hardware
from accelsim.errors import MappingError
from accelsim.explore.sweeps.evaluate import Evaluator
from accelsim.explore.sweeps.jobs import BASELINE, Context, Job, Keys
from accelsim.simulation import run_baseline, run_network
from accelsim.workload.layers import Workload
from accelsim.workload.loader import parse_workload
from accelsim.workload.precision import resolve_precision, uniform_precision
from tests.properties.machines import machines
from tests.properties.mapped_networks import networks

modest = settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
workloads = networks.map(parse_workload)
lanes = st.lists(st.sampled_from([None, 1, 2, 4, 8, 16, 64]), min_size=2, max_size=4)
BITS = ("w4a4", "w2a8")


def context_for(workload: Workload) -> Context:
    precisions = {(workload.name, bits): resolve_precision(workload, bits) for bits in BITS}
    precisions[workload.name, BASELINE] = uniform_precision(workload, "fp32")
    return Context({workload.name: workload}, precisions, {}, "fp32")


@modest
@given(workloads, machines(), lanes, st.integers(0, 20))
def test_neighbours_in_a_sweep_have_the_runs_that_they_have_alone(
    workload: Workload, hardware: Hardware, lanes: list[int | None], latency_cycles: int
) -> None:
    """One evaluator for all decoders and bits, as in a sweep: the same trace, cycle for cycle, as without any reuse."""
    context = context_for(workload)
    evaluator = Evaluator(context)
    for bits in BITS:
        for count in lanes:
            decoder = DecoderConfig(lanes=count, latency_cycles=latency_cycles)
            machine = hardware.model_copy(update={"decoder": decoder})
            try:
                alone = run_network(workload, machine, context.precisions[workload.name, bits])
            except MappingError:
                reject()
            numbers = evaluator.run(Job("key", workload.name, machine, bits)).numbers
            assert numbers is not None
            assert (numbers.trace_hash, numbers.cycles) == (alone.trace_hash, alone.totals.cycles)
            assert numbers.breakdown == alone.totals.breakdown


@modest
@given(workloads, machines(), st.sampled_from([None, 1, 8]), st.sampled_from([(8,), (2, 4, 8), (4, 8)]))
def test_a_shared_baseline_is_that_of_each_machine(
    workload: Workload, hardware: Hardware, lanes: int | None, operand_bits: tuple[int, ...]
) -> None:
    array = hardware.array.model_copy(update={"operand_bits": operand_bits})
    machine = hardware.model_copy(update={"array": array, "decoder": DecoderConfig(lanes=lanes)})
    context = context_for(workload)
    job = Keys(context).baseline(workload.name, machine)
    try:
        alone = run_baseline("fp32", workload, machine)
    except MappingError:
        reject()
    numbers = Evaluator(context).run(job).numbers
    assert numbers is not None
    assert (numbers.trace_hash, numbers.cycles) == (alone.trace_hash, alone.totals.cycles)
