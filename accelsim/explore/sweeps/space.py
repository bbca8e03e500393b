"""A design space: every combination of its axes that meets its conditions. Read from YAML (docs/sweep.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from accelsim.config.hardware import Hardware
from accelsim.config.overrides import valid_paths, with_value
from accelsim.config.presets import FILE_SUFFIXES, hardware_of, hardware_source
from accelsim.config.schema import shortened
from accelsim.config.source import KeyPath, Source, read_yaml, validate
from accelsim.errors import InputError, nearest_name
from accelsim.explore.sweeps.axes import Axis, plan_first, values_of
from accelsim.explore.sweeps.expression import Expression, parse_expression
from accelsim.explore.sweeps.space_file import LEARNING, CodesignTarget, SpaceFile, WeightedFile
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload
from accelsim.workload.precision import resolve_precision

HARDWARE, BITS = "hardware", "bits"


@dataclass(frozen=True)
class Network:
    """A workload of the space, its weight, and its formats for each of the space's bits that fixes them."""

    workload: Workload
    weight: float
    precisions: Mapping[str, Precision]


@dataclass(frozen=True)
class Candidate:
    """One design: the base machine's name, the values of all that varies, dependent ones included, and the bits."""

    hardware: str
    values: Mapping[str, Any]
    bits: str


@dataclass(frozen=True)
class Space:
    """Axes, what depends on them, conditions, and the networks; `codesigns` are the bits that are searched."""

    label: str
    axes: tuple[Axis, ...]
    derived: Mapping[str, Expression]
    conditions: tuple[Expression, ...]
    networks: tuple[Network, ...]
    codesigns: Mapping[str, CodesignTarget]
    bases: Mapping[str, Source]
    places: Mapping[str, str]
    file: SpaceFile

    @property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis."""
        return tuple(map(len, self.axes))

    def candidate(self, coordinates: tuple[int, ...]) -> Candidate | None:
        """The design at the given place of each axis; None where it does not meet the conditions.

        InputError where an expression has no value.
        """
        values = {axis.name: axis.values[place] for axis, place in zip(self.axes, coordinates, strict=True)}
        hardware, bits = values.pop(HARDWARE), values.pop(BITS)
        known = {**self._constants[hardware], **values}
        for path, expression in self.derived.items():
            known[path] = values[path] = _plain(expression.value(known))
        if not all(condition.holds(known) for condition in self.conditions):
            return None
        return Candidate(hardware, values, bits)

    def machine(self, candidate: Candidate) -> Hardware:
        """The machine of a design, checked as every hardware file is; the complaint names the line of the space."""
        source = self.bases[candidate.hardware]
        for path, value in candidate.values.items():
            source = with_value(source, tuple(path.split(".")), value, self.places[path], Hardware)
        return hardware_of(source)

    def grid(self) -> Iterator[Candidate]:
        """Every design, the last axis changing fastest."""
        place = [0] * len(self.axes)
        while True:
            candidate = self.candidate(tuple(place))
            if candidate is not None:
                yield candidate
            for axis in reversed(range(len(place))):
                place[axis] += 1
                if place[axis] < self.shape[axis]:
                    break
                place[axis] = 0
            else:
                return

    @cached_property
    def _constants(self) -> dict[str, dict[str, Any]]:
        """The values that expressions read and that do not vary, of each base machine."""
        names = {name for expression in (*self.derived.values(), *self.conditions) for name in expression.names}
        found = {}
        for base, source in self.bases.items():
            data = hardware_of(source).model_dump(mode="json")
            found[base] = {name: _at(data, name) for name in names}
        return found


def load_space(path: Path | str) -> Space:
    """Read a space file; files that it names are sought from its own folder.

    InputError, with file and line, for wrong keys, fields that no hardware has, values that its field does not take,
    expressions that are none, and whatever is wrong with the workloads, machines and allocations that it names.
    """
    path = Path(path)
    return _Builder(read_yaml(path), path.parent).space()


def design_space(keys: Mapping[str, Any], folder: Path | str = ".") -> Space:
    """The space of the keys of a space file, as plain data: dictionaries, lists, text, numbers, None.

    Files that it names are sought from `folder`. InputError as `load_space`.
    """
    return _Builder(Source("design_space", dict(keys), {}), Path(folder)).space()


class _Builder:
    """Reads one space file."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source, self._folder = source, folder
        self._file = validate(source, SpaceFile)
        self._fields = valid_paths(Hardware)
        ends = [path.rpartition(".")[2] for path in self._fields]
        short = {end: path for end, path in zip(ends, self._fields, strict=True) if ends.count(end) == 1}
        self._names = {**short, **{path: path for path in self._fields}}

    def space(self) -> Space:
        file = self._file
        if file.search.keep < 1 and file.search.method in LEARNING:
            where = self._source.where(("search", "keep"))
            raise InputError(where, f"keep goes with a method that does not learn, not with {file.search.method}")
        networks, codesigns = self._networks()
        axes = [Axis(HARDWARE, tuple(bases := self._bases(networks[0].workload)))]
        derived: dict[str, Expression] = {}
        for name, given in file.vary.items():
            path, where = self._path(name, ("vary", name)), self._source.where(("vary", name))
            if isinstance(given, str):
                if not given.startswith("="):
                    raise InputError(where, f"found {given!r}", "a list, a range, or an expression such as '= rows'")
                derived[path] = parse_expression(given[1:], where, self._names)
            else:
                axes.append(Axis(path, values_of(given, where)))
        labels = self._labels() or [networks[0].workload.bits]
        axes.append(Axis(BITS, tuple(labels)))
        conditions = tuple(
            parse_expression(text, self._source.where(("where", index)), self._names)
            for index, text in enumerate(file.where)
        )
        places = {self._names[name]: self._source.where(("vary", name)) for name in file.vary}
        space = Space(
            self._source.label,
            plan_first(axes),
            _in_order(derived),
            conditions,
            networks,
            codesigns,
            bases,
            places,
            file,
        )
        _check_values(space)
        return space

    def _path(self, name: str, at: KeyPath) -> str:
        if name not in self._names:
            nearest = nearest_name(name, self._names)
            raise InputError(self._source.where(at), f"there is no field {shortened(name)}", "", nearest)
        return self._names[name]

    def _bases(self, first: Workload) -> dict[str, Source]:
        given = self._file.hardware or first.hardware
        bases = {}
        for name in [given] if isinstance(given, str) else given:
            source = hardware_source(str(self._folder / name) if name.endswith(FILE_SUFFIXES) else name)
            for field, value in self._file.set.items():
                path = self._path(field, ("set", field))
                source = with_value(source, tuple(path.split(".")), value, self._source.where(("set", field)), Hardware)
            machine = hardware_of(source).name
            if machine in bases:
                found = f"two machines of the name {machine!r}"
                raise InputError(self._source.where((HARDWARE,)), found, "every name once")
            bases[machine] = source
        return bases

    def _networks(self) -> tuple[tuple[Network, ...], dict[str, CodesignTarget]]:
        codesigns = {
            _codesign_label(given.codesign): given.codesign for given in self._file.bits if not isinstance(given, str)
        }
        networks: list[Network] = []
        for given in self._file.workloads:
            entry = WeightedFile(file=given) if isinstance(given, str) else given
            workload = load_workload(self._folder / entry.file)
            if any(workload.name == other.workload.name for other in networks):
                found = f"two workloads of the name {workload.name!r}"
                raise InputError(self._source.where(("workloads",)), found, "every name once")
            labels = [label for label in self._labels() or [workload.bits] if label not in codesigns]
            precisions = {label: self._precision(workload, label) for label in labels}
            networks.append(Network(workload, entry.weight, precisions))
        return tuple(networks), codesigns

    def _precision(self, workload: Workload, label: str) -> Precision:
        is_file = Path(label).suffix != ""
        try:
            return resolve_precision(workload, str(self._folder / label) if is_file else label)
        except InputError as error:
            if error.where != "--bits":
                raise
            raise InputError(self._source.where(("bits",)), error.found, error.allowed, error.nearest) from None

    def _labels(self) -> list[str]:
        labels = [given if isinstance(given, str) else _codesign_label(given.codesign) for given in self._file.bits]
        return list(values_of(labels, self._source.where(("bits",)))) if labels else []


def _codesign_label(target: CodesignTarget) -> str:
    """How reports call searched bits: `codesign 4x`, with the widths where they are not the default."""
    widths = "" if target.widths == CodesignTarget(speedup=1).widths else f" of {'/'.join(map(str, target.widths))}"
    return f"codesign {target.speedup:g}x{widths}"


def _in_order(derived: Mapping[str, Expression]) -> dict[str, Expression]:
    """Dependent values, each behind those that it reads; InputError for a circle."""
    ordered: dict[str, Expression] = {}
    waiting = dict(derived)
    while waiting:
        ready = [path for path, expression in waiting.items() if not expression.names & waiting.keys()]
        if not ready:
            path, expression = next(iter(waiting.items()))
            raise InputError(expression.where, f"{path} depends on itself", "values that do not go in a circle")
        ordered.update((path, waiting.pop(path)) for path in ready)
    return ordered


def _check_values(space: Space) -> None:
    """Check every value of every axis, on the first machine as its file has it, and that some design exists."""
    for axis in space.axes:
        for value in axis.values if axis.name not in (HARDWARE, BITS) else ():
            space.machine(Candidate(next(iter(space.bases)), {axis.name: value}, ""))
    first = next(iter(space.grid()), None)
    if first is None:
        raise InputError(space.label, "no combination meets the conditions of `where`", "conditions that some meet")
    space.machine(first)


def _plain(value: Any) -> Any:
    """`rows / 2` is a whole number where it is one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data[key]
    return data
