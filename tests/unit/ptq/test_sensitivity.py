"""Sensitivity of whole networks: the page's example, agreement with `quantise`, what is cached, wrong input."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from quant.allocation.file import LayerFormats
from quant.errors import DataError
from quant.ptq.graph import array_layers, trace
from quant.ptq.layer_rounding import PtqSettings
from quant.ptq.quantise import quantise
from quant.ptq.sensitivity import measure_sensitivity
from quant.sensitivity import MEASURES, Measured, Sensitivity
from tests.unit.ptq.networks import Attention, Residual, images

FORMATS = ["dybit4", "dybit2"]
CHOICES = 11  # of Residual
LABELS = torch.arange(16) % 5
NEAREST = PtqSettings(rounding="nearest", correct_bias=False)


def page_network() -> nn.Module:
    """docs/sensitivity.md."""
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(1, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[3.0, 1.0]]))
        model[1].weight.copy_(torch.tensor([[1.0], [0.0]]))
        model[1].bias.copy_(torch.tensor([-3.5, 0.0]))
    return model


def measure(data: Tensor | None = None, model: nn.Module | None = None, **options: Any) -> Sensitivity:
    options = {"labels": LABELS, "settings": NEAREST, **options}
    formats = options.pop("formats", FORMATS)
    return measure_sensitivity(model or Residual(), formats, images() if data is None else data, **options)


def taken(measured: Measured) -> dict[str, float]:
    return {name: value for name, value in vars(measured).items() if value is not None}


class Steps:
    """How many steps of each thing there were."""

    def __init__(self) -> None:
        self.count = Counter[str]()

    def __call__(self, what: str, done: int, count: int) -> None:
        self.count[what] += 1


def test_example_of_the_page() -> None:
    """The two inputs 250 times, since what is drawn for `fisher` and `hessian` is right on average only."""
    inputs, labels = torch.tensor([[1.0, 1.0], [1.0, 0.0]]).repeat(250, 1), torch.tensor([0, 1]).repeat(250)
    found = measure_sensitivity(
        page_network(), ["int2"], inputs, labels=labels, measures=list(MEASURES), settings=NEAREST, probes=400
    )
    first = found.read_by(["0"], [])
    errors = first.formats["int2"]
    exact = (errors.noise, errors.layer, errors.output, errors.kl, errors.loss, errors.accuracy)
    assert exact == pytest.approx((0.1, 0.04, 2.0, 0.0612, 0.25, 50), abs=5e-5)
    assert errors.nrmse == pytest.approx(0.316, abs=5e-4)
    assert (errors.layer_sqnr_db, errors.output_sqnr_db) == pytest.approx((14.0, -3.0), abs=0.05)
    assert errors.fisher == pytest.approx(0.0588, rel=0.15)
    assert errors.hessian == pytest.approx(0.0881, rel=0.15)
    assert first.hessian_trace == pytest.approx(0.3525, rel=0.15)


@pytest.mark.parametrize("settings", [NEAREST, PtqSettings(rounding="nearest")], ids=["nearest", "biases"])
def test_each_choice_alone_is_what_quantise_makes_of_it(settings: PtqSettings) -> None:
    """Signal and noise at the output, of weights and of tensors with what goes along."""
    exact = trace(Residual())(images())
    layers = array_layers(trace(Residual()))
    for choice in measure(settings=settings, formats=["dybit3"]).choices:
        allocation = {
            name: LayerFormats(
                "dybit3" if name in choice.weights_of else "fp32", "dybit3" if name in choice.input_of else "fp32"
            )
            for name in layers
        }
        rounded = quantise(Residual(), allocation, [images()], settings)
        noise = (rounded(images()) - exact).square().sum() / exact.square().sum()
        assert choice.formats["dybit3"].output == pytest.approx(noise.item(), rel=1e-3)


def test_later_layers_make_up_for_a_coarse_first_one() -> None:
    """What is left at the output: with GPTAQ less than with biases alone, with those less than with nothing."""
    ways = (PtqSettings(), PtqSettings(rounding="nearest"), NEAREST)
    found = [measure(images(64), labels=None, settings=way, measures=["output"], formats=["dybit2"]) for way in ways]
    errors = [each.read_by(["stem"], []).error("dybit2", "output") for each in found]
    assert errors == sorted(errors)


def test_without_labels_and_without_logits() -> None:
    found = measure(labels=None).choices[0].formats["dybit4"]
    assert taken(found).keys() == {"noise", "layer", "output", "kl", "fisher"}
    found = measure(torch.randn(4, 6, 8), Attention(), labels=None).choices[0].formats["dybit4"]
    assert taken(found).keys() == {"noise", "layer", "output"}


def test_operations_in_place_change_nothing() -> None:
    class InPlace(Residual):
        def forward(self, x: Tensor) -> Tensor:
            x = torch.relu_(self.norm(self.stem(x)))
            y = self.project(torch.relu_(self.depthwise(x)))
            y += self.shortcut(x)
            x = torch.relu_(y)
            y = self.again(x)
            y += x
            return self.fc(torch.relu_(y).mean(dim=(2, 3)))

    for found, expected in zip(measure(model=InPlace()).choices, measure().choices, strict=True):
        for name in FORMATS:
            assert taken(found.formats[name]) == pytest.approx(taken(expected.formats[name]), rel=1e-4, abs=1e-9)


def test_the_model_is_left_as_it_was() -> None:
    model = Residual()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    measure(model=model, measures=list(MEASURES), probes=1, settings=PtqSettings())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_same_seed_same_numbers_and_the_second_time_from_the_cache(tmp_path: Path) -> None:
    steps = Steps()
    first = measure(cache=tmp_path, measures=list(MEASURES), probes=2)
    assert first == measure(measures=list(MEASURES), probes=2)
    again = measure(cache=tmp_path, measures=list(MEASURES), probes=2, progress=steps)
    assert again == first
    assert steps.count == {"Hessian": 2}  # read, not measured
    assert not list(tmp_path.glob("*.partial"))


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    def kill(what: str, done: int, count: int) -> None:
        if (what, done) == ("rounding one by one", 8):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(cache=tmp_path, progress=kill)
    steps = Steps()
    assert measure(cache=tmp_path, progress=steps) == measure()
    assert steps.count["rounding one by one"] == CHOICES * len(FORMATS) - 8


def _changed_image() -> dict[str, Any]:
    data = images()
    data[3, 1, 2, 2] += 0.01
    return {"data": data}


def _changed_weight() -> dict[str, Any]:
    model = Residual()
    model.project.weight.data[1, 1] += 0.01
    return {"model": model}


@pytest.mark.parametrize(
    ("change", "measured_again"),
    [
        (_changed_image, CHOICES * 2),
        (_changed_weight, CHOICES * 2),
        (lambda: {"labels": LABELS.flip(0)}, CHOICES * 2),
        (lambda: {"settings": PtqSettings(seed=1)}, CHOICES * 2),
        (lambda: {"formats": ["dybit4", "dybit2", "int4"]}, CHOICES),
        (lambda: {"formats": ["dybit2"]}, 0),
        (lambda: {"measures": ["kl"]}, 0),
    ],
)
def test_what_has_changed_is_measured_again(
    change: Callable[[], dict[str, Any]], measured_again: int, tmp_path: Path
) -> None:
    measure(cache=tmp_path, measures=["kl"])
    steps = Steps()
    assert measure(cache=tmp_path, progress=steps, **({"measures": ["kl"]} | change())) == measure(
        **({"measures": ["kl"]} | change())
    )
    assert steps.count["rounding one by one"] == measured_again


def test_another_measure_only_adds_itself(tmp_path: Path) -> None:
    measure(cache=tmp_path, measures=["kl"])
    steps = Steps()
    both = measure(cache=tmp_path, measures=["kl", "fisher"], progress=steps)
    assert steps.count == {"calibrating": 1, "Fisher matrix": 16}
    assert both == measure(measures=["kl", "fisher"])
    assert measure(cache=tmp_path, measures=["kl"]) == measure(measures=["kl"])


def test_a_damaged_entry_is_measured_again(tmp_path: Path) -> None:
    expected = measure(cache=tmp_path, measures=["kl"])
    next(tmp_path.iterdir()).write_bytes(b'{"kl": 0.')
    steps = Steps()
    assert measure(cache=tmp_path, measures=["kl"], progress=steps) == expected
    assert steps.count["rounding one by one"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": []}, "formats none"),
        ({"formats": ["dybit4", "dybit4"]}, "each once"),
        ({"formats": ["mxfp4"]}, "x: activations in mxfp4"),
        ({"data": images()[:0]}, r"calibration: torch.float32, shape \(0, 2, 8, 8\)"),
        ({"data": images().long()}, "calibration: torch.int64"),
        ({"data": torch.ones(16, 3, 12, 12)}, r"calibration: shape \(16, 3, 12, 12\)"),
        ({"data": images() / 0}, "calibration: .* infinite"),
        ({"labels": LABELS[:3]}, r"labels: torch.int64, shape \(3,\), for 16 inputs"),
        ({"labels": LABELS.float()}, "labels: torch.float32"),
        ({"labels": LABELS + 1}, "labels from 1 to 5 .allowed: classes from 0 to 4"),
        ({"labels": None, "measures": ["accuracy"]}, "measure accuracy needs labels"),
        ({"measures": ["fischer"]}, "measure 'fischer'; did you mean 'fisher'"),
        ({"model": Attention(), "data": torch.ones(16, 6, 8)}, "labels for a network whose result has the shape"),
        (
            {"model": Attention(), "data": torch.ones(4, 6, 8), "labels": None, "measures": ["kl"]},
            "measure kl needs a network whose result is a row of logits",
        ),
    ],
)
def test_wrong_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        measure(**options)


def test_nan_weights_are_refused_with_their_place() -> None:
    model = Residual()
    model.fc.weight.data[0, 3] = float("nan")
    with pytest.raises(DataError, match=r"fc\.weight: 1 NaN"):
        measure(model=model)


def test_fisher_expects_what_the_divergence_is() -> None:
    """Of the last layer's weights at 8 bits: small differences, which have little to do with one another."""
    found = measure(images(64), labels=None, formats=["dybit8"]).read_by(["fc"], []).formats["dybit8"]
    assert found.fisher == pytest.approx(found.kl, rel=0.5)
