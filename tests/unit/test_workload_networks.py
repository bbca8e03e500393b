"""The shipped networks are the real ones: layers, multiply-accumulates and parameters.

Exact numbers come from closed formulas over the architecture tables of the papers, written here without any of the
project's shape code. PUBLISHED are the numbers of torchvision's model pages (`num_params` and `GFLOPS`, which counts
multiply-accumulates): https://docs.pytorch.org/vision/stable/models.html; of Inception-v1, whose 5x5
convolutions are 3x3 there, half of the 3.16 G operations of Vitis AI's cf_inceptionv1 (model zoo, tag v2.0), and the
parameters of BVLC/caffe @9b891540 models/bvlc_googlenet/deploy.prototxt, counted over its layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from accelsim.workload.layers import Workload
from accelsim.workload.loader import load_workload

NETWORKS = Path(__file__).parents[2] / "workloads"

#: network: (parameters, G multiply-accumulates as published, decimals published)
PUBLISHED = {
    "resnet50": (25_557_032, 4.089, 3),
    "resnet18": (11_689_512, 1.814, 3),
    "mobilenetv2": (3_504_872, 0.301, 3),
    "vgg16": (138_357_544, 15.47, 2),
    "inception_v1": (6_998_552, 1.58, 2),
    "vit_b16": (86_567_656, 17.564, 3),
}

#: torch networks of this repository; tests/unit/test_workload_importer.py holds them to torch
IMPORTED = ("efficientnet_lite0", "resnet8")

#: network: array layers of each kind
LAYERS = {
    "resnet50": {"conv2d": 53, "linear": 1},
    "resnet18": {"conv2d": 20, "linear": 1},
    "mobilenetv2": {"conv2d": 52, "linear": 1},
    "vgg16": {"conv2d": 13, "linear": 3},
    "inception_v1": {"conv2d": 3 + 9 * 6, "linear": 1},
    # patches; q, k, v, projection and two of the MLP in each of 12 blocks, and the head; scores and context
    "vit_b16": {"conv2d": 1, "linear": 12 * 6 + 1, "matmul": 12 * 2},
}


@cache
def network(name: str) -> Workload:
    return load_workload(NETWORKS / f"{name}.yaml")


def resnet50_macs() -> int:
    """He et al. 2016, table 1, with the stride in the 3x3 convolution (torchvision)."""
    total = 112**2 * 64 * 3 * 7**2 + 2048 * 1000
    channels, size = 64, 56
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        out = size // stride
        total += size**2 * channels * width + out**2 * (9 * width**2 + 4 * width**2 + 4 * channels * width)
        total += (blocks - 1) * out**2 * (4 + 9 + 4) * width**2
        channels, size = 4 * width, out
    return total


def resnet18_macs() -> int:
    """He et al. 2016, table 1: two blocks of two 3x3 convolutions a stage, a 1x1 projection where the width changes."""
    total = 112**2 * 64 * 3 * 7**2 + 512 * 1000
    total += 56**2 * 4 * 9 * 64**2
    for width, size in ((128, 28), (256, 14), (512, 7)):
        total += size**2 * (9 * (width // 2) * width + 3 * 9 * width**2 + (width // 2) * width)
    return total


def mobilenetv2_macs() -> int:
    """Sandler et al. 2018, table 2."""
    total = 112**2 * 32 * 3 * 9
    channels, size = 32, 112
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, width, repeats, first_stride in table:
        for stride in (first_stride, *(1,) * (repeats - 1)):
            hidden = expansion * channels
            expand = size**2 * channels * hidden if expansion > 1 else 0
            size //= stride
            total += expand + size**2 * hidden * 9 + size**2 * hidden * width
            channels = width
    return total + 7**2 * 320 * 1280 + 1280 * 1000


def efficientnet_lite0_macs() -> int:
    """Tan and Le 2019, table 1, with the fixed stem and head of EfficientNet-Lite."""
    total = 112**2 * 32 * 3 * 9
    channels, size = 32, 112
    table = (
        *((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3)),
        *((6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)),
    )
    for expansion, width, repeats, first_stride, kernel in table:
        for stride in (first_stride, *(1,) * (repeats - 1)):
            hidden = expansion * channels
            expand = size**2 * channels * hidden if expansion > 1 else 0
            size //= stride
            total += expand + size**2 * hidden * (kernel**2 + width)
            channels = width
    return total + 7**2 * 320 * 1280 + 1280 * 1000


def resnet8_macs() -> int:
    """Three blocks of 16, 32 and 64 channels behind a stem of stride 2 on 28 x 28 images."""
    blocks = ((16, 16, 14), (16, 32, 7), (32, 64, 4))
    total = 14**2 * 16 * 9 + 64 * 10
    for channels, width, size in blocks:
        shortcut = channels * width if channels != width else 0
        total += size**2 * (9 * channels * width + 9 * width**2 + shortcut)
    return total


def vgg16_macs() -> int:
    """Simonyan and Zisserman 2015, table 1, column D."""
    total, channels = 0, 3
    for width, convolutions, size in ((64, 2, 224), (128, 2, 112), (256, 3, 56), (512, 3, 28), (512, 3, 14)):
        for _ in range(convolutions):
            total += size**2 * 9 * channels * width
            channels = width
    return total + 512 * 7**2 * 4096 + 4096 * 4096 + 4096 * 1000


#: Szegedy et al. 2015, table 1: side of the image; 1x1, 3x3 reduction and 3x3, 5x5 reduction and 5x5, pool projection.
INCEPTION_BLOCKS = (
    *((28, 64, 96, 128, 16, 32, 32), (28, 128, 128, 192, 32, 96, 64)),
    *((14, 192, 96, 208, 16, 48, 64), (14, 160, 112, 224, 24, 64, 64), (14, 128, 128, 256, 24, 64, 64)),
    *((14, 112, 144, 288, 32, 64, 64), (14, 256, 160, 320, 32, 128, 128)),
    *((7, 256, 160, 320, 32, 128, 128), (7, 384, 192, 384, 48, 128, 128)),
)


def inception_v1_convolutions() -> Iterator[tuple[int, int, int, int]]:
    """Side of the result, kernel, channels in and out; the classifier is the last."""
    yield from ((112, 7, 3, 64), (56, 1, 64, 64), (56, 3, 64, 192))
    channels = 192
    for size, one, reduced3, three, reduced5, five, projected in INCEPTION_BLOCKS:
        yield from ((size, 1, channels, width) for width in (one, reduced3, reduced5, projected))
        yield from ((size, 3, reduced3, three), (size, 5, reduced5, five))
        channels = one + three + five + projected
    yield 1, 1, channels, 1000


def inception_v1_macs() -> int:
    return sum(size**2 * kernel**2 * read * made for size, kernel, read, made in inception_v1_convolutions())


def inception_v1_parameters() -> int:
    """Weights and a bias for each output."""
    return sum((kernel**2 * read + 1) * made for _, kernel, read, made in inception_v1_convolutions())


def vit_b16_macs() -> int:
    """Dosovitskiy et al. 2021, table 1: 12 blocks, width 768, MLP 3072; 14 x 14 patches and a class token."""
    tokens, width = 14**2 + 1, 768
    attention = 2 * tokens**2 * width
    block = tokens * 4 * width**2 + attention + tokens * 2 * width * 4 * width
    return 14**2 * width * 3 * 16**2 + 12 * block + width * 1000


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("resnet50", resnet50_macs()),
        ("resnet18", resnet18_macs()),
        ("mobilenetv2", mobilenetv2_macs()),
        ("efficientnet_lite0", efficientnet_lite0_macs()),
        ("resnet8", resnet8_macs()),
        ("vgg16", vgg16_macs()),
        ("inception_v1", inception_v1_macs()),
        ("vit_b16", vit_b16_macs()),
    ],
)
def test_multiply_accumulates(name: str, macs: int) -> None:
    assert network(name).macs == macs


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_counts(name: str) -> None:
    parameters, giga_macs, decimals = PUBLISHED[name]
    assert network(name).parameters == parameters
    assert round(network(name).macs / 1e9, decimals) == giga_macs


@pytest.mark.parametrize("name", LAYERS)
def test_array_layers(name: str) -> None:
    kinds = [layer.kind for layer in network(name).layers if layer.on_array]
    assert {kind: kinds.count(kind) for kind in kinds} == LAYERS[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_defaults(name: str) -> None:
    """DyBit w4a4 on the ZCU102, 8 bits for the first and the last layer of the array."""
    workload = network(name)
    on_array = [layer.name for layer in workload.layers if layer.on_array]
    assert workload.name == name
    assert (workload.hardware, workload.bits) == ("zcu102", "w4a4")
    assert workload.pins == {on_array[0]: "w8a8", on_array[-1]: "w8a8"}
    assert workload.input_shape == (3, 224, 224)
    assert workload.layers[-1].output_shape == (1000, 1, 1)


def test_every_shipped_file_is_checked_here() -> None:
    assert {path.stem for path in NETWORKS.glob("*.yaml")} == {*PUBLISHED, *IMPORTED}


@pytest.mark.parametrize("name", PUBLISHED)
def test_files_state_the_shapes_of_every_layer(name: str) -> None:
    """The loader checks stated shapes against the graph, so stating all of them makes the file checkable."""
    lines = (NETWORKS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    layer_lines = [line for line in lines if line.startswith("  - {")]
    assert len(layer_lines) == len(network(name).layers)
    assert all("in_shape: [" in line and "out_shape: [" in line for line in layer_lines)


def test_resnet50_downsamples_in_the_3x3_convolution() -> None:
    strided = {layer.name for layer in network("resnet50").layers if layer.window and layer.window.stride == (2, 2)}
    stages = (2, 3, 4)
    expected = {f"layer{s}.0.conv2" for s in stages} | {f"layer{s}.0.downsample.0" for s in stages}
    assert strided == {"conv1"} | expected


def test_resnet50_adds_the_residual_in_the_last_layer_of_each_block() -> None:
    adders = {layer.name: layer.operands for layer in network("resnet50").layers if layer.operands}
    assert len(adders) == 3 + 4 + 6 + 3
    assert adders["layer1.0.conv3"] == ("layer1.0.downsample.0",)
    assert adders["layer1.1.conv3"] == ("layer1.0.conv3",)


def test_mobilenetv2_residuals_and_depthwise_layers() -> None:
    layers = network("mobilenetv2").layers
    depthwise = [layer for layer in layers if layer.groups > 1]
    assert len(depthwise) == 1 + 2 + 3 + 4 + 3 + 3 + 1
    assert all(layer.gemm and (layer.gemm.reduction, layer.gemm.outputs) == (9, 1) for layer in depthwise)
    # every block but the first of each group of equal width adds its input
    assert sum(bool(layer.operands) for layer in layers) == 0 + 1 + 2 + 3 + 2 + 2 + 0


def test_inception_concatenates_four_branches() -> None:
    workload = network("inception_v1")
    views = [layer for layer in workload.layers if layer.is_view]
    assert [layer.output_shape for layer in views] == [
        (sum((block[1], block[3], block[5], block[6])), block[0], block[0]) for block in INCEPTION_BLOCKS
    ]
    assert all(len(layer.inputs) == 4 for layer in views)
    assert workload.parameters == inception_v1_parameters()


def test_vit_attention_runs_per_head() -> None:
    layers = {layer.name: layer for layer in network("vit_b16").layers}
    scores, context = layers["blocks.0.attn.scores"], layers["blocks.0.attn.context"]
    assert scores.gemm is not None
    assert context.gemm is not None
    assert (scores.gemm.groups, scores.gemm.pixels, scores.gemm.reduction, scores.gemm.outputs) == (12, 197, 64, 197)
    assert (context.gemm.groups, context.gemm.pixels, context.gemm.reduction, context.gemm.outputs) == (
        12,
        197,
        197,
        64,
    )
    assert scores.transposed
    assert not context.transposed
    assert layers["head"].input_shape == (768, 1, 1)
    assert layers["head"].inputs == ("norm",)
