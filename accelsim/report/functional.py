"""What a functional run computed, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from accelsim.result import FaultResult, FunctionalResult

#: Images whose largest number is named, and flips that are described.
_NAMED = 10


def functional_lines(values: FunctionalResult) -> Iterator[str]:
    """Where the values are from, whether they equal the reference's, the accumulators' use, and what faults did."""
    shape = "x".join(map(str, values.output_shape))
    what = "an image" if values.images == 1 else f"{values.images} images"
    yield f"{what} ({values.input}), weights {values.weights}, activations at scales {values.scales}"
    yield f"equals the reference: {'yes' if values.equals_reference else 'NO'}"
    named = ", ".join(map(str, values.top1[:_NAMED])) + (", ..." if values.images > _NAMED else "")
    yield f"result {values.output}, {shape}; largest number at {named}"
    used = values.largest_sum / 2 ** (values.accumulator_bits - 1)
    yield f"largest partial sum {values.largest_sum:,}, {used:.2%} of {values.accumulator_bits}-bit accumulators"
    if values.edge_bytes:
        yield f"{values.edge_bytes:,} bytes were shared with neighbouring tiles"
    if values.faults is not None:
        yield from _fault_lines(values.faults, values.images)


def _fault_lines(faults: FaultResult, images: int) -> Iterator[str]:
    error = "" if faults.relative_error is None else f", relative error {faults.relative_error:.3g}"
    yield f"{faults.flip_count:,} bits flipped ({'; '.join(faults.requested)})"
    yield (
        f"{faults.changed_numbers:,} numbers of the result changed{error}; "
        f"the largest number moved in {faults.changed_top1} of {images} results"
    )
    for flip in faults.flips[:_NAMED]:
        changed = f"{flip.before:#04x} to {flip.after:#04x}"
        yield f"  cycle {flip.cycle:,}, {flip.place}: bit {flip.bit} of {flip.where}, {changed}"
    if faults.flip_count > _NAMED:
        yield f"  ... and {faults.flip_count - _NAMED:,} more"
