"""Values of random networks on random machines: what the machine computes by tiles is what the reference computes."""

from __future__ import annotations

from hypothesis import HealthCheck, given, reject, settings

from accelsim.errors import SimulationError
from accelsim.functional.run import FunctionalRun
from accelsim.simulation import run_network
from tests.properties.mapped_networks import Case, cases


def has_values(case: Case) -> bool:
    """Whether a functional run is offered."""
    return case.bits != "fp32" and not any(layer.is_view for layer in case.workload.layers)


@given(cases().filter(has_values))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_tensor_equals_the_reference_and_no_cycle_changes(case: Case) -> None:
    """Strides that leap over rows, padding, groups, pools, sums, attention; tiles that share a byte included."""
    values = FunctionalRun(case.workload, case.hardware, case.precision)
    try:
        functional = run_network(case.workload, case.hardware, case.precision, values=values.machine)
    except SimulationError as error:
        if "does not fit an accumulator of 16 bits" not in str(error):
            raise
        reject()
    assert values.result().equals_reference
    assert functional == run_network(case.workload, case.hardware, case.precision)
