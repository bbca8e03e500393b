"""What a sweep found: the rows of its points, and designs, which sum up a point's networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from accelsim.errors import InputError
from accelsim.explore.sweeps.effects import Effect, effects
from accelsim.explore.sweeps.pareto import costs, hypervolume, nondominated
from accelsim.explore.sweeps.rows import Row
from accelsim.explore.sweeps.space import Candidate
from accelsim.explore.sweeps.space_file import Objective

if TYPE_CHECKING:
    import pandas
    import polars


#: What a record has of a row beside its names, parameters and causes.
RECORD_FIELDS = (
    *("bits", "speedup", "cycles", "seconds", "macs", "dram_read_bytes", "dram_write_bytes", "utilisation", "error"),
    *("average_bits", "array_area_mm2", "baseline_kind", "baseline_array", "baseline_cycles", "baseline_seconds"),
    *("message", "trace_hash", "key"),
)


@dataclass(frozen=True, slots=True)
class Design:
    """A machine and bits, over all networks, each counted with its weight.

    `speedup` is the baselines' weighted seconds over the weighted seconds; `seconds`, `dram_bytes`, `error` and
    `average_bits` are weighted means.
    """

    hardware: str
    parameters: Mapping[str, Any]
    bits: str
    speedup: float
    seconds: float
    error: float
    average_bits: float
    dram_bytes: float
    array_area_mm2: float
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class SweepTable:
    """The points of one sweep, in the order of the space; `weights` of the networks by name.

    `computed`, `reused` and `failed` count points; `driver_seconds` is the processor time of the driver, and
    `simulation_seconds` that of all jobs that ran, baselines included. `misordered` is the share
    of pairs whose speed-ups the closed form put in the wrong order, where it chose what to simulate.
    """

    rows: tuple[Row, ...]
    weights: Mapping[str, float]
    objectives: tuple[Objective, ...]
    parameters: tuple[str, ...]
    computed: int = 0
    reused: int = 0
    wall_seconds: float = 0.0
    driver_seconds: float = 0.0
    simulation_seconds: float = 0.0
    misordered: float | None = None

    @property
    def failed(self) -> int:
        """Points without numbers."""
        return sum(row.failed for row in self.rows)

    @cached_property
    def designs(self) -> tuple[Design, ...]:
        """Designs that ran on all networks, with their baselines."""
        return designs_of(self.rows, self.weights)

    @cached_property
    def pareto(self) -> tuple[Design, ...]:
        """Designs that no other beats in the objectives, best in the first one first."""
        return pareto_designs(self.designs, self.objectives)

    @property
    def hypervolume(self) -> float:
        """As `pareto.hypervolume`, of all designs."""
        return hypervolume(objective_costs(self.designs, self.objectives)) if self.designs else 0.0

    def best(self, count: int = 10) -> list[Design]:
        """The designs that are best in the first objective; equal ones by the others."""
        return best_designs(self.designs, self.objectives, count)

    @cached_property
    def effects(self) -> list[Effect]:
        """What each parameter, and each pair, explains of the variance of the logarithm of the speed-up."""
        import numpy as np

        settings = {name: [_setting(design, name) for design in self.designs] for name in self.parameters}
        return effects(np.log([design.speedup for design in self.designs]).tolist(), settings)

    def records(self) -> list[dict[str, Any]]:
        """One flat dictionary for each row: parameters by their dotted path, causes of cycles as `cycles_CAUSE`."""
        return [record(row) for row in self.rows]

    def to_polars(self) -> polars.DataFrame:
        """The records as a polars frame. InputError where polars is not installed."""
        return polars_frame(self.records())

    def to_pandas(self) -> pandas.DataFrame:
        """The records as a pandas frame. InputError where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise InputError("to_pandas", "pandas is not installed", "pip install pandas, or to_polars()") from None
        return pandas.DataFrame(self.records())


def designs_of(rows: Sequence[Row], weights: Mapping[str, float]) -> tuple[Design, ...]:
    """Rows of one machine and bits as a design; without those of which a network or a baseline failed or is missing."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row.speedup is not None:
            groups.setdefault(identity(row), []).append(row)
    return tuple(_design(group, weights) for group in groups.values() if len(group) == len(weights))


def identity(design: Row | Design | Candidate) -> tuple[str, ...]:
    """What tells designs apart: the machine's name, the values of all that varies, and the bits."""
    values = design.values if isinstance(design, Candidate) else design.parameters
    return design.hardware, repr(values), design.bits


def _design(rows: Sequence[Row], weights: Mapping[str, float]) -> Design:
    shares = [weights[row.workload] / sum(weights.values()) for row in rows]

    def mean(name: str) -> float:
        return sum((share * getattr(row, name) for share, row in zip(shares, rows, strict=True)), 0.0)

    first = rows[0]
    return Design(
        hardware=first.hardware,
        parameters=first.parameters,
        bits=first.bits,
        speedup=mean("baseline_seconds") / mean("seconds"),
        seconds=mean("seconds"),
        error=mean("error"),
        average_bits=mean("average_bits"),
        dram_bytes=mean("dram_read_bytes") + mean("dram_write_bytes"),
        array_area_mm2=mean("array_area_mm2"),
        rows=tuple(rows),
    )


def objective_costs(designs: Sequence[Design], objectives: Sequence[Objective]) -> Any:
    """The objectives of each design, shape (designs, objectives), less being better."""
    return costs([[getattr(design, name) for name in objectives] for design in designs], objectives)


def pareto_designs(designs: Sequence[Design], objectives: Sequence[Objective]) -> tuple[Design, ...]:
    """Those that no other beats, best in the first objective first."""
    if not designs:
        return ()
    return tuple(designs[index] for index in nondominated(objective_costs(designs, objectives)))


def best_designs(designs: Sequence[Design], objectives: Sequence[Objective], count: int) -> list[Design]:
    """Those that are best in the first objective; equal ones by the others."""
    ranked = sorted(zip(objective_costs(designs, objectives).tolist(), range(len(designs)), strict=True))
    return [designs[index] for _, index in ranked[:count]]


def record(row: Row) -> dict[str, Any]:
    """A row as one flat dictionary."""
    flat: dict[str, Any] = {"workload": row.workload, "hardware": row.hardware}
    flat |= {path: short(value) if isinstance(value, list) else value for path, value in row.parameters.items()}
    flat |= {name: getattr(row, name) for name in RECORD_FIELDS}
    return flat | {f"cycles_{cause}": cycles for cause, cycles in (row.breakdown or {}).items()}


def polars_frame(records: Sequence[Mapping[str, Any]]) -> polars.DataFrame:
    """Records as a polars frame. InputError where polars is not installed."""
    try:
        import polars
    except ImportError:
        raise InputError("table", "polars is not installed", "pip install 'dybit-accelsim[explore]'") from None
    return polars.DataFrame(list(records), infer_schema_length=None, strict=False)


def short(value: Any) -> str:
    """A value for labels: `64`, `null`, `2/4/8`, `262144` as `256Ki`, `300000000` as `300M`."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "/".join(map(str, value))
    if isinstance(value, int) and not isinstance(value, bool):
        for unit, letters in ((2**20, "Mi"), (10**6, "M"), (2**10, "Ki"), (10**3, "k")):
            if value >= 4 * 10**3 and value % unit == 0:
                return f"{value // unit}{letters}"
    return str(value)


def _setting(design: Design, name: str) -> Any:
    return getattr(design, name) if name in ("hardware", "bits") else design.parameters[name]
