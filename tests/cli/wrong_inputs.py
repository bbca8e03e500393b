"""Wrong inputs of `accelsim run`, and what the message about each has to say."""

from __future__ import annotations

from dataclasses import dataclass, field

HEAD = """\
name: net
input: {name: image, shape: [3, 16, 16]}
layers:
"""
CONV = "- {name: a, kind: conv2d, input: image, out_channels: 8, kernel: 3, padding: 1}\n"
SECOND = "- {name: b, kind: conv2d, input: image, out_channels: 8, kernel: 1}\n"
CAT = "- {name: c, kind: concat, input: a, others: [b]}\n"
NET = HEAD + CONV


@dataclass(frozen=True)
class Case:
    """Files, the options of `run net.yaml`, and what the message has to say, in this order."""

    name: str
    says: list[str]
    net: str = NET
    options: list[str] = field(default_factory=list)
    other: str = ""  # other.yaml: a machine or an allocation


# Level i is 2^(i+2) - 1 values, all levels up to it 2^(i+3) - i - 6: over 100 000 at level 14, in line 15.
DEEP_ALIASES = "a0: &a0 [1, 1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30))
ALLOCATION = "a: {weights: dybit4, activations: dybit4}\nb: {weights: dybit4, activations: dybit8}\n"
POSITIVE = "allowed: an integer > 0"

CASES = [
    Case("broken YAML", ["net.yaml:5: ", "not valid YAML"], net=HEAD + "- {name: a\n"),
    Case("empty file", ["net.yaml: is empty", "allowed: "], net=""),
    Case("not a mapping", ["net.yaml:1: ", "found [1, 2]", "allowed: a mapping with name, "], net="[1, 2]\n"),
    Case("alias bomb", ["net.yaml:15: ", "more than 100000 values", "allowed: at most"], net=DEEP_ALIASES),
    Case(
        "unknown key",
        ["net.yaml:4: layers[0].kernal: unknown key", "did you mean 'kernel'?", "allowed: kernel, "],
        net=NET.replace("kernel", "kernal"),
    ),
    Case("wrong type", ["net.yaml:4: ", "out_channels: found 'eight'", POSITIVE], net=NET.replace("8", "eight")),
    Case("zero size", ["net.yaml:4: ", "out_channels: found 0", POSITIVE], net=NET.replace("8", "0")),
    Case("negative size", ["net.yaml:2: input.shape[0]: found -3", POSITIVE], net=NET.replace("[3,", "[-3,")),
    Case("huge size", ["net.yaml:4: ", "found 8000000", "<= 1048576"], net=NET.replace("8,", "8000000,")),
    Case(
        "shapes that do not connect",
        ["net.yaml:5: 'b' states in_shape [3, 3, 3]", "its input is 'image' [3, 16, 16] (net.yaml:2)"],
        net=NET + SECOND.replace("kernel", "in_shape: [3, 3, 3], kernel"),
    ),
    Case(
        "an add of different shapes",
        ["net.yaml:5: add of 'image' [3, 16, 16] (net.yaml:2) to the result [8, 16, 16]", "allowed: tensors of equal"],
        net=NET + SECOND.replace("1}", "1, post: [{add: image}]}"),
    ),
    Case(
        "unknown kind",
        ["net.yaml:4: layers[0].kind: found 'conv'", "allowed: conv2d, linear"],
        net=NET.replace("conv2d", "conv"),
    ),
    Case(
        "unknown tensor",
        ["net.yaml:4: layer 'a' reads an unknown tensor 'imag'; did you mean 'image'?"],
        net=NET.replace("input: image", "input: imag"),
    ),
    Case(
        "cyclic graph",
        ["net.yaml:4: cyclic graph: a -> b -> a", "allowed: "],
        net=HEAD + CONV.replace("image", "b") + SECOND.replace("image", "a"),
    ),
    Case(
        "duplicate layer names",
        ["net.yaml:5: duplicate layer name 'a', first at net.yaml:4", "allowed: unique names"],
        net=NET + CONV,
    ),
    Case(
        "concatenation of unequal sizes",
        ["net.yaml:6: concat of 'a' [", "tensors of equal height and width"],
        net=NET + SECOND.replace("kernel: 1", "kernel: 2") + CAT,
    ),
    Case(
        "part of two concatenations",
        ["net.yaml:7: 'a' is a part of 'c' already", "allowed: each tensor once in one concatenation"],
        net=NET + SECOND + CAT + CAT.replace("c,", "d,"),
    ),
    Case(
        "functional run of a concatenation",
        ["net.yaml:6: layer c: a concatenation, whose values", "allowed: none"],
        net=NET + SECOND + CAT,
        options=["--functional"],
    ),
    Case(
        "pin of no layer",
        ["net.yaml:1: pin of 'c'", "allowed: a conv2d, linear or matmul layer"],
        net="pins: {c: w8a8}\n" + NET,
    ),
    Case("width outside 2..8", ["--bits: found 'w1a4'", "each 2..8"], options=["--bits", "w1a4"]),
    Case("width outside 2..8 in the file", ["net.yaml:1: bits: found 'w4a9'", "each 2..8"], net="bits: w4a9\n" + NET),
    Case(
        "width outside 2..8 of a pin", ["net.yaml:1: pin of 'a' to 'w4a9'", "each 2..8"], net="pins: {a: w4a9}\n" + NET
    ),
    Case("bits that are neither", ["--bits: found 'four'", "w4a4, or an allocation"], options=["--bits", "four"]),
    Case(
        "unknown format",
        ["other.yaml:1: unknown number format 'dybyt4'", "did you mean 'dybit4'?", "allowed: dybit2 to dybit8"],
        other=ALLOCATION.replace("dybit4", "dybyt4", 1),
        net=NET + SECOND,
        options=["--bits", "other.yaml"],
    ),
    Case(
        "two readers that want different formats",
        ["other.yaml:2: ", "tensor 'image'", "'a' reads dybit4, 'b' reads dybit8", "allowed: one format"],
        other=ALLOCATION,
        net=NET + SECOND,
        options=["--bits", "other.yaml"],
    ),
    Case(
        "an allocation that lacks a layer",
        ["other.yaml: no formats for b", "allowed: an entry for every layer"],
        other=ALLOCATION.splitlines()[0],
        net=NET + SECOND,
        options=["--bits", "other.yaml"],
    ),
    Case(
        "unknown preset",
        ["hardware 'zcu10': no such preset; did you mean 'zcu102'?", "allowed: ant, "],
        options=["--hardware", "zcu10"],
    ),
    Case(
        "unknown preset in the workload",
        ["net.yaml:1: hardware: no preset 'zcu10'; did you mean 'zcu102'?", "allowed: ant, "],
        net="hardware: zcu10\n" + NET,
    ),
    Case(
        "unknown DRAM preset",
        ["other.yaml:2: dram.preset: ", "'ddr4-240'", "did you mean 'ddr4-2400'?"],
        other="base: zcu102\ndram: {preset: ddr4-240}\n",
        options=["--hardware", "other.yaml"],
    ),
    Case(
        "unknown field of a machine",
        ["other.yaml:2: array.row: unknown key; did you mean 'rows'?", "allowed: rows, cols"],
        other="base: zcu102\narray: {row: 64}\n",
        options=["--hardware", "other.yaml"],
    ),
    Case(
        "--set to a path that is not there",
        ["--set array.rowz=64: there is no field 'array.rowz'; did you mean 'array.rows'?", "allowed: array.rows, "],
        options=["--set", "array.rowz=64"],
    ),
    Case(
        "--set of a wrong type",
        ["--set array.rows=many: array.rows: found 'many'", POSITIVE],
        options=["--set", "array.rows=many"],
    ),
    Case(
        "cores that cannot be shared out",
        ["--set cores_per_image=3: cores_per_image: found 3", "allowed: a divisor of cores: 4"],
        options=["--set", "cores=4", "--set", "cores_per_image=3"],
    ),
    Case("--set without a value", ["--set array.rows: no '='", "array.rows=64"], options=["--set", "array.rows"]),
    Case(
        "a tile that cannot fit",
        # one output channel: 27 weights of 4 bits and 8 bytes of parameters, twice for ping-pong
        ["net.yaml:4: layer a: no tile fits buffers.weight_bytes: the smallest needs ", "bytes, there are 4"],
        options=["--set", "buffers.weight_bytes=4"],
    ),
    Case(
        "unknown baseline",
        ["--baseline: found 'int-8'; did you mean 'int8'?", "allowed: fp32, iso-area, int8, none"],
        options=["--baseline", "int-8"],
    ),
    Case(
        "--out that is a file", ["--out net.yaml: ", "is not a directory", "allowed: "], options=["--out", "net.yaml"]
    ),
    Case("--plots to nowhere", ["--plots: there is no --out"], options=["--plots"]),
    Case("an unknown option", ["--hardwre", "--hardware", "run --help"], options=["--hardwre", "zcu102"]),
    Case("an option without its value", ["'--bits' requires an argument"], options=["--bits"]),
]
