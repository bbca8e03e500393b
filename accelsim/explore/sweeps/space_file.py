"""The keys of a space file, as pydantic models: docs/sweep.md has what each means."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from accelsim.config.hardware import Positive, Section
from accelsim.simulation import ReferenceName

Scalar: TypeAlias = bool | int | float | str | None
Value: TypeAlias = Scalar | list[int] | list[str]
PositiveNumber = Annotated[float, Field(gt=0)]
Method = Literal["grid", "random", "lhs", "sobol", "nsga2", "optuna"]
#: Methods that learn from what was simulated, and so rank by themselves.
LEARNING: tuple[Method, ...] = ("nsga2", "optuna")
Objective = Literal["speedup", "seconds", "error", "average_bits", "dram_bytes", "array_area_mm2"]


class Range(Section):
    """`first`, then on by `step` or by `factor`, up to `last`."""

    first: int | float
    last: int | float
    step: PositiveNumber | None = None
    factor: Annotated[float, Field(gt=1)] | None = None


class WeightedFile(Section):
    """A network and how often it runs, relative to the others."""

    file: str
    weight: PositiveNumber = 1.0


class CodesignTarget(Section):
    """The speed-up over the baseline that the exact search for bits is given, and the DyBit widths it may use."""

    speedup: PositiveNumber
    widths: list[Positive] = Field([2, 4, 8], min_length=1)


class CodesignBits(Section):
    """Bits that are searched anew for every machine."""

    codesign: CodesignTarget


class Search(Section):
    """Which points of the space are simulated."""

    method: Method = "grid"
    points: Positive | None = Field(None, description="candidates to simulate, at most; the grid has all by default")
    seed: Annotated[int, Field(ge=0)] = 0
    population: Positive = Field(24, description="nsga2: candidates of a generation")
    keep: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="the share that the closed form ranks first and that is simulated; not for nsga2 and optuna"
    )


class SpaceFile(Section):
    """A design space: networks, a machine, what varies, bits, conditions, and how to search."""

    workloads: list[str | WeightedFile] = Field(min_length=1)
    hardware: str | list[str] | None = None
    set: dict[str, Value] = Field(default_factory=dict)
    vary: dict[str, list[Value] | Range | str] = Field(default_factory=dict)
    bits: list[str | CodesignBits] = Field(default_factory=list)
    where: list[str] = Field(default_factory=list)
    baseline: ReferenceName = "fp32"
    objectives: list[Objective] = Field(["speedup", "error"], min_length=1)
    search: Search = Search()
