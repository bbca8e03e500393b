"""Workload files into layer graphs."""

from __future__ import annotations

from pathlib import Path

from accelsim.config.presets import preset_names
from accelsim.config.source import Source, parse_yaml, read_yaml, validate
from accelsim.errors import InputError, nearest_name
from accelsim.workload.graph import build_workload
from accelsim.workload.layers import Workload
from accelsim.workload.schema import LAYER_SPECS, LayerSpec, WorkloadFile


def load_workload(path: Path | str) -> Workload:
    """Read a workload file (YAML or JSON); InputError, naming file and line, for whatever is wrong with it."""
    return _build(read_yaml(Path(path)))


def parse_workload(text: str, label: str = "workload") -> Workload:
    """Read a workload from text; `label` stands for the file in error messages."""
    return _build(parse_yaml(text, label))


def _build(source: Source) -> Workload:
    file = validate(source, WorkloadFile)
    _check_hardware(source, file.hardware)
    specs = [_layer_spec(source, index, entry.get("kind")) for index, entry in enumerate(file.layers)]
    return build_workload(file, specs, source.where)


def _check_hardware(source: Source, name: str) -> None:
    """The default machine of a network is a preset: a file of its own would be sought from wherever one runs."""
    names = preset_names("hardware")
    if name not in names:
        found = f"hardware: no preset {name!r}"
        raise InputError(source.where(("hardware",)), found, ", ".join(names), nearest_name(name, names))


def _layer_spec(source: Source, index: int, kind: object) -> LayerSpec:
    """Validate one layer by the model of its kind, so that messages speak of that kind's keys only."""
    for known, model in LAYER_SPECS.items():
        if kind == known:
            return validate(source, model, at=("layers", index))
    path = ("layers", index, "kind")
    found = f"layers[{index}].kind: " + ("is missing" if kind is None else f"found {kind!r:.60}")
    nearest = nearest_name(kind, LAYER_SPECS) if isinstance(kind, str) else None
    raise InputError(source.where(path), found, ", ".join(LAYER_SPECS), nearest)
