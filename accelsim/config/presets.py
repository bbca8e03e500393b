"""Hardware and DRAM by name or file: the presets that come with the package, files, and files based on a preset."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from accelsim.config.hardware import Hardware
from accelsim.config.overrides import apply_overrides
from accelsim.config.schema import shortened
from accelsim.config.source import Source, parse_yaml, read_yaml, validate
from accelsim.errors import InputError, nearest_name

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from accelsim.config.dram import DramPreset

Kind = Literal["hardware", "dram"]
FILE_SUFFIXES = (".yaml", ".yml", ".json")
IDEAL_DRAM = "ideal"


def preset_names(kind: Kind) -> list[str]:
    """Names of the presets that come with the package, sorted."""
    return sorted(file.name.removesuffix(".yaml") for file in _folder(kind).iterdir() if file.name.endswith(".yaml"))


def preset_text(kind: Kind, name: str) -> str:
    """A preset's YAML with its comments, which cite the source of each value; InputError for an unknown name."""
    if name not in preset_names(kind):
        raise _unknown(kind, name)
    return _folder(kind).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def load_hardware(name_or_file: str, overrides: Sequence[str] = ()) -> Hardware:
    """The machine that a preset or a YAML file describes, with `array.rows=64`-style overrides applied.

    A file with `base: PRESET` only states what differs from that preset. InputError names file and line, or the
    option, of what is wrong; the DRAM that the machine names is checked to exist.
    """
    return hardware_of(apply_overrides(hardware_source(name_or_file), overrides, Hardware))


def hardware_source(name_or_file: str) -> Source:
    """What a preset or a YAML file says, laid over its `base` and not yet checked; InputError if it cannot be read."""
    return _based(_source("hardware", name_or_file))


def hardware_of(source: Source) -> Hardware:
    """The machine that plain data describe; InputError as `load_hardware`."""
    hardware = validate(source, Hardware)
    if hardware.dram.preset not in (IDEAL_DRAM, *preset_names("dram")):
        try:
            load_dram(hardware.dram.preset)
        except InputError as error:
            where = source.where(("dram", "preset"))
            raise InputError(
                where, f"dram.preset: {error.where}: {error.found}", error.allowed, error.nearest
            ) from None
    return hardware


def load_dram(name_or_file: str) -> DramPreset:
    """The DRAM that a preset or a YAML file describes; InputError names what is wrong in it."""
    return _preset_dram(name_or_file) if name_or_file in preset_names("dram") else _read_dram(name_or_file)


@cache
def _preset_dram(name: str) -> DramPreset:
    """Presets come with the package: what was read once is read."""
    return _read_dram(name)


def _read_dram(name_or_file: str) -> DramPreset:
    source = _source("dram", name_or_file)
    from accelsim.config.dram import DramPreset

    return validate(source, DramPreset)


def _folder(kind: Kind) -> Traversable:
    return resources.files("accelsim.config").joinpath("presets", kind)


def _source(kind: Kind, name_or_file: str) -> Source:
    if name_or_file in preset_names(kind):
        return parse_yaml(preset_text(kind, name_or_file), f"presets/{kind}/{name_or_file}.yaml")
    if name_or_file.endswith(FILE_SUFFIXES) or "/" in name_or_file or "\\" in name_or_file:
        return read_yaml(Path(name_or_file))
    raise _unknown(kind, name_or_file)


def _unknown(kind: Kind, name: str) -> InputError:
    names = preset_names(kind)
    allowed = f"{', '.join(names)}, or a file that ends in {', '.join(FILE_SUFFIXES)}"
    return InputError(f"{kind} {shortened(name)}", "no such preset", allowed, nearest_name(name, names))


def _based(source: Source) -> Source:
    """The source, laid over the preset that its `base` names; the machine is then called after the file."""
    if not isinstance(source.data, dict) or "base" not in source.data:
        return source
    data = dict(source.data)
    base = data.pop("base")
    names = preset_names("hardware")
    if base not in names:
        nearest = nearest_name(base, names) if isinstance(base, str) else None
        raise InputError(source.where(("base",)), f"base: no preset {shortened(str(base))}", ", ".join(names), nearest)
    inherited = {**_source("hardware", base).data, "name": Path(source.label).stem, "description": f"based on {base}"}
    return Source(source.label, _merged(inherited, data), source.lines, source.origins)


def _merged(below: Any, above: Any) -> Any:
    """`above` over `below`: mappings key by key, anything else replaced as a whole."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
