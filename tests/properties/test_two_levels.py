"""The two levels of detail agree, on random small networks: docs/validation.md, "Two levels"."""

from __future__ import annotations

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from accelsim.config.presets import load_hardware
from accelsim.errors import MappingError
from accelsim.simulation import run_network
from accelsim.workload.layers import Workload
from accelsim.workload.precision import resolve_precision
from tests.properties.test_simulation import bits, workloads

#: What they may differ by: 3 % of the cycles, and, in runs that are mostly latency, a refresh that falls into one
#: of them (350 ns of DDR4, 105 cycles at 300 MHz) and about three misses of a DRAM row.
FRACTION, CYCLES = 0.03, 250


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(workloads, st.sampled_from(["zcu102", "edge-lpddr4", "bitfusion"]), bits, st.sampled_from([1, 1, 2]))
def test_every_fold_and_burst_gives_what_the_closed_forms_say(
    workload: Workload, preset: str, bits: str, cores: int
) -> None:
    hardware = load_hardware(preset, [f"cores={cores}", f"cores_per_image={cores}"])
    precision = resolve_precision(workload, bits)
    try:
        coarse = run_network(workload, hardware, precision)
    except MappingError:
        reject()
    fine = run_network(workload, hardware, precision, detail="fine")
    assert abs(coarse.totals.cycles - fine.totals.cycles) <= FRACTION * fine.totals.cycles + CYCLES
    assert fine.totals.dram_read_bytes == coarse.totals.dram_read_bytes
    assert fine.totals.dram_write_bytes == coarse.totals.dram_write_bytes
    assert sum(fine.totals.breakdown.values()) == fine.totals.cycles
