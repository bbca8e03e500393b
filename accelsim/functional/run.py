"""A functional run from its input to its comparison with the reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from accelsim.config.hardware import Hardware
from accelsim.errors import InputError
from accelsim.functional.fault_spec import parse_fault
from accelsim.functional.faults import Faults
from accelsim.functional.machine import FunctionalMachine
from accelsim.functional.network import SEED, check_supported, network_numbers
from accelsim.mapping.memory_map import memory_map
from accelsim.mapping.schedule import Schedule
from accelsim.result import FaultResult, FunctionalResult
from accelsim.workload.formats import Precision
from accelsim.workload.layers import Workload
from accelsim.workload.quant_errors import as_input_errors
from quant.reference import run_reference
from quant.reference.draw import drawn
from quant.reference.values import Float32Array, checked_images, decode_tensor


class FunctionalRun:
    """Values for one run of a network on a machine: hand it to `simulate`, then ask it for `output`.

    `images` is one image (channels, height, width) or several (images, ...); None: one is drawn. `input_label` says in
    the report where they are from. `encoded` is the file of encoded layers that the precision was read from; None:
    weights are drawn. `faults` are specifications as `--inject` takes them. Raises InputError for whatever does not
    fit, `docs/functional.md` says what.
    """

    def __init__(
        self,
        workload: Workload,
        hardware: Hardware,
        precision: Precision,
        *,
        images: npt.ArrayLike | None = None,
        input_label: str = "given",
        encoded: Path | None = None,
        faults: Sequence[str] = (),
    ) -> None:
        check_supported(workload, hardware)
        self._requested = list(faults)
        self._faults = Faults([parse_fault(text) for text in faults])
        if images is None:
            images, input_label = drawn(workload.input_name, (1, *workload.input_shape), SEED), f"drawn, seed {SEED}"
        with as_input_errors(f"input {input_label}"):
            self._images = checked_images(images, workload.input_shape)
        self._workload, self._hardware, self._precision = workload, hardware, precision
        self._input_label = input_label
        self._numbers = network_numbers(workload, precision, encoded, self._images)
        self._machine: FunctionalMachine | None = None

    def machine(self, schedule: Schedule) -> FunctionalMachine:
        """What the blocks of an accelerator that runs this schedule call."""
        self._machine = FunctionalMachine(
            schedule,
            memory_map(self._workload, self._hardware, self._precision),
            self._numbers.values,
            self._images,
            accumulator_bits=self._hardware.array.accumulator_bits,
            faults=self._faults,
        )
        return self._machine

    @property
    def output(self) -> Float32Array:
        """The network's result, (images, channels, height, width); the run must be over."""
        return self.tensor(self._workload.layers[-1].name)

    def tensor(self, name: str) -> Float32Array:
        """The numbers of any tensor of the network after the run."""
        assert self._machine is not None
        return decode_tensor(self._machine.tensor(name), self._numbers.values.tensors[name])

    def result(self) -> FunctionalResult:
        """What the run computed, compared with the reference."""
        assert self._machine is not None
        expected = run_reference(self._workload, self._numbers.values, self._images)
        output, name = self.output, self._workload.layers[-1].name
        return FunctionalResult(
            images=len(output),
            weights=self._numbers.weights,
            scales=self._numbers.scales,
            input=self._input_label,
            output=name,
            output_shape=self._workload.layers[-1].output_shape,
            top1=_top1(output).tolist(),
            accumulator_bits=self._hardware.array.accumulator_bits,
            largest_sum=self._machine.largest_sum,
            edge_bytes=self._machine.edge_bytes,
            equals_reference=all(np.array_equal(self._machine.tensor(each), codes) for each, codes in expected.items()),
            faults=self._fault_result(output, decode_tensor(expected[name], self._numbers.values.tensors[name])),
        )

    def _fault_result(self, output: Float32Array, expected: Float32Array) -> FaultResult | None:
        if not self._requested:
            return None
        changed = output.view(np.uint32) != expected.view(np.uint32)
        energy = float(np.square(expected, dtype=np.float64).sum())
        error = float(np.square(output.astype(np.float64) - expected).sum())
        return FaultResult(
            requested=self._requested,
            flip_count=self._faults.count,
            flips=self._faults.flips,
            changed_numbers=int(changed.sum()),
            relative_error=(error / energy) ** 0.5 if energy else None,
            changed_top1=int((_top1(output) != _top1(expected)).sum()),
        )


def load_images(path: Path) -> npt.NDArray[np.generic]:
    """The array of an .npy file; InputError for anything else. Pickled objects are refused."""
    try:
        with path.open("rb") as file:
            array: npt.NDArray[np.generic] = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"--input {path}", f"cannot be read: {error}", "an .npy file of numbers") from None
    return array


def _top1(output: Float32Array) -> npt.NDArray[np.int64]:
    """The index of the largest number of each image's result."""
    largest: npt.NDArray[np.int64] = output.reshape(len(output), -1).argmax(axis=1)
    return largest
