"""`accelsim run`: simulate a network, report it, and write the report's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from accelsim.cli.options import HardwareOption, JsonOption, SetOption, WorkloadArgument
from accelsim.cli.output import note, print_json
from accelsim.cli.run_options import (
    BaselineOption,
    BitsOption,
    DetailOption,
    FunctionalOption,
    InjectOption,
    InputOption,
    NoPinsOption,
    OutOption,
    PlotsOption,
)
from accelsim.errors import InputError, one_of

if TYPE_CHECKING:
    from accelsim.config.hardware import Hardware
    from accelsim.functional.run import FunctionalRun
    from accelsim.result import Result
    from accelsim.workload.formats import Precision
    from accelsim.workload.layers import Workload


def run(
    workload: WorkloadArgument,
    hardware: HardwareOption = None,
    bits: BitsOption = None,
    no_pins: NoPinsOption = False,
    overrides: SetOption = None,
    baseline: BaselineOption = "fp32",
    out: OutOption = None,
    functional: FunctionalOption = False,
    input_file: InputOption = None,
    inject: InjectOption = None,
    plots: PlotsOption = None,
    detail: DetailOption = "transaction",
    json_output: JsonOption = False,
) -> None:
    """Run a network on an accelerator and report cycles, traffic and speed-up."""
    from accelsim.config.presets import load_hardware
    from accelsim.report.files import check_output_directory, write_report
    from accelsim.workload.loader import load_workload
    from accelsim.workload.precision import resolve_precision

    if plots and out is None:
        raise InputError("--plots", "there is no --out to write figures to", "--plots together with --out DIR")
    network = load_workload(workload)
    machine = load_hardware(hardware or network.hardware, overrides or ())
    precision = resolve_precision(network, bits, use_pins=not no_pins)
    if out is not None:
        check_output_directory(out)
    values = None
    if functional:
        values = _functional_run(network, machine, precision, bits, input_file, inject or [])
    elif input_file is not None or inject:
        option = "--inject" if inject else "--input"
        raise InputError(option, "the run is only timed", f"{option} together with --functional")
    result = _simulate(network, machine, precision, baseline, detail, values)
    if out is not None:  # before anything is printed: a reader that closes the pipe does not cost the report
        written = write_report(result, out, plots=plots is not False, output=values.output if values else None)
        note(f"{len(written)} files written to {out}")
    if json_output:
        print_json(result.to_json())
    else:
        from accelsim.report.terminal import print_report

        print_report(result)


def _functional_run(
    network: Workload,
    machine: Hardware,
    precision: Precision,
    bits: str | None,
    input_file: Path | None,
    inject: Sequence[str],
) -> FunctionalRun:
    """The values of a run: those of the input, and of the file of encoded layers if the precision is one's."""
    from accelsim.functional.run import FunctionalRun, load_images
    from accelsim.workload.encoded import ENCODED_SUFFIX

    return FunctionalRun(
        network,
        machine,
        precision,
        images=None if input_file is None else load_images(input_file),
        input_label=str(input_file),
        encoded=Path(bits) if bits is not None and Path(bits).suffix == ENCODED_SUFFIX else None,
        faults=inject,
    )


def _simulate(
    network: Workload,
    machine: Hardware,
    precision: Precision,
    baseline: str,
    detail: str,
    values: FunctionalRun | None,
) -> Result:
    """Run the network and its baseline under a progress bar."""
    from accelsim.config.hardware import Detail
    from accelsim.report.progress import progress
    from accelsim.simulation import BASELINES, simulate

    against = one_of("--baseline", baseline, BASELINES)
    levels: tuple[Detail, ...] = get_args(Detail)
    level = one_of("--detail", detail, levels)
    runs = 1 if against == "none" else 2
    with progress(network.name, runs * len(network.layers)) as step:
        return simulate(
            network,
            machine,
            precision,
            baseline=against,
            detail=level,
            functional=values,
            progress=lambda label, done, layers: step(f"{label}: {network.layers[done - 1].name}"),
        )
