"""What a worker is given and gives back: one simulation, named by a key of everything that it depends on."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from accelsim import __version__
from accelsim.config.hardware import DecoderConfig, Hardware
from accelsim.explore.sweeps.space import Candidate
from accelsim.explore.sweeps.space_file import CodesignTarget
from accelsim.simulation import ReferenceName, baseline_machine, dram_of
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload

#: Counts changes of the model that change results without a new version of the package.
MODEL_VERSION = f"{__version__}/2"
#: The bits of a baseline's job.
BASELINE = "baseline"
#: A job whose worker died so often is given up.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Context:
    """What all jobs of a sweep share, sent to each worker once: networks by name, and formats by network and bits."""

    workloads: Mapping[str, Workload]
    precisions: Mapping[tuple[str, str], Precision]
    codesigns: Mapping[str, CodesignTarget]
    baseline: ReferenceName


@dataclass(frozen=True, slots=True)
class Job:
    """One simulation: a network of the context on a machine, at bits of the context, searched ones included.

    `baseline` is the key of the reference run. A search needs its cycles: `baseline_cycles`, where they are known.
    """

    key: str
    workload: str
    hardware: Hardware
    bits: str
    baseline: str | None = None
    baseline_cycles: int | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a sweep keeps of a run; `allocation` (layer -> weights, activations) only where the bits were searched."""

    cycles: int
    seconds: float
    macs: int
    dram_read_bytes: int
    dram_write_bytes: int
    utilisation: float
    breakdown: dict[str, int]
    error: float
    average_bits: float
    array_area_mm2: float
    trace_hash: str
    allocation: dict[str, tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job that is done: its numbers, or the message of why there are none, and the processor time it took."""

    key: str
    numbers: Numbers | None
    message: str = ""
    cpu_seconds: float = 0.0


#: Jobs that one worker runs one after the other, so that neighbours share what they have in common.
Batch: TypeAlias = tuple[Job, ...]


def planned(job: Job) -> tuple[Hashable, ...]:
    """What the plan of a job depends on, beside its DRAM's bandwidth: jobs that are equal in it can share the plan."""
    hardware = job.hardware
    machine = hardware.array, hardware.buffers, hardware.vector, hardware.clock_hz, hardware.dram
    return job.workload, job.bits, *machine, hardware.cores_per_image


class Keys:
    """Keys of jobs: SHA-256 over canonical JSON of machine, memory, network, formats and model version.

    Names and descriptions of machines and networks are left out: what is called otherwise is not simulated anew.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._workloads = {name: _digest(_content(workload)) for name, workload in context.workloads.items()}
        self._bits = {
            pair: _digest([precision.weights, precision.tensors, precision.scale_bytes])
            for pair, precision in context.precisions.items()
        }
        self._drams: dict[str, Any] = {}

    def point(self, workload: str, hardware: Hardware, bits: str) -> str:
        """The key of a point, whose row has its baseline, so that another baseline is another row."""
        formats = self._bits.get((workload, bits)) or self._searched(workload, bits)
        return self._key(workload, hardware, formats, self._context.baseline)

    def baseline(self, workload: str, hardware: Hardware) -> Job:
        """The job of the reference run, the same for all machines that it cannot tell apart.

        Nothing is decoded in it; and in 32-bit operands nothing is fused (docs/timing-model.md).
        """
        machine = baseline_machine(self._context.baseline, hardware)
        array = machine.array
        if self._context.baseline != "int8":
            array = array.model_copy(update={"operand_bits": array.operand_bits[-1:]})
        machine = machine.model_copy(update={"array": array, "decoder": DecoderConfig()})
        key = self._key(workload, machine, self._bits[workload, BASELINE], BASELINE)
        return Job(key, workload, machine, BASELINE)

    def of_no_machine(self, workload: str, candidate: Candidate) -> str:
        """The key of a point whose values make no machine: that of what was asked."""
        return _digest([MODEL_VERSION, self._workloads[workload], candidate, self._context.baseline])

    def _key(self, workload: str, hardware: Hardware, formats: str, kind: str) -> str:
        machine = hardware.model_dump(mode="json", exclude={"name", "description"})
        machine["dram"]["preset"] = self._dram(hardware)
        return _digest([MODEL_VERSION, self._workloads[workload], machine, formats, kind])

    def _searched(self, workload: str, bits: str) -> str:
        return _digest([self._context.codesigns[bits].model_dump(), self._context.workloads[workload].pins])

    def _dram(self, hardware: Hardware) -> Any:
        name = hardware.dram.preset
        if name not in self._drams:
            preset = dram_of(hardware)
            self._drams[name] = preset and preset.model_dump(mode="json", exclude={"name", "description"})
        return self._drams[name]


def _content(workload: Workload) -> Any:
    """A network without what it is called and where it was read."""
    content = asdict(workload)
    for name in ("name", "description", "hardware", "bits", "pins"):
        del content[name]
    for layer in content["layers"]:
        del layer["where"]
    return content


def _digest(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=asdict)
    return sha256(text.encode()).hexdigest()
