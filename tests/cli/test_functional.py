"""`accelsim run --functional`: the values in the document and in output.npy, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Cli

#: A machine whose vector unit has parameters.
ZCU102 = ("--hardware", "zcu102", "--baseline", "none")


def test_values_beside_the_same_cycles(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    timed = cli("run", tiny, *ZCU102, "--json").document
    found = cli("run", tiny, *ZCU102, "--json", "--functional", "--out", tmp_path / "o", "--no-plots")
    document = found.document
    values = document.pop("functional")
    assert timed.pop("functional") is None
    assert document == timed
    assert values["equals_reference"] is True
    assert values["faults"] is None
    output = np.load(tmp_path / "o" / "output.npy")
    assert output.shape == (1, *values["output_shape"])
    assert values["top1"] == [int(output.argmax())]


def test_several_images_and_a_fault_in_the_terminal(
    cli: Cli, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images = "images.npy"
    np.save(images, np.random.default_rng(0).normal(size=(3, *shape_of(cli, tiny))))
    fault = "decoder:rate=0.01,bit=2,operand=weights"
    found = cli("run", tiny, *ZCU102, "--functional", "--input", images, "--inject", fault)
    assert found.status == 0
    text = " ".join(found.out.split())
    assert f"3 images ({images})" in text
    assert "equals the reference: NO" in text
    assert f"bits flipped ({fault})" in text


def test_wrong_input_is_one_message(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(3))
    for arguments, message in (
        (
            ("--input", tmp_path / "x.npy"),
            "--input: the run is only timed (allowed: --input together with --functional)",
        ),
        (("--inject", "dram:rate=0"), "--inject: the run is only timed (allowed: --inject together with --functional)"),
        (("--functional", "--input", tmp_path / "x.npy"), f"input {tmp_path / 'x.npy'}: shape (3,) (allowed: "),
        (("--functional", "--input", tmp_path / "y.npy"), f"--input {tmp_path / 'y.npy'}: cannot be read: "),
        (("--functional", "--inject", "dram"), "--inject dram: needs rate or cycle, and not both"),
    ):
        found = cli("run", tiny, *ZCU102, *arguments)
        assert (found.status, found.out, found.err.count("\n")) == (2, "", 1), arguments
        assert message in found.err


def test_an_accumulator_that_overflows_fails_the_run(cli: Cli, tiny: Path) -> None:
    found = cli("run", tiny, *ZCU102, "--functional", "--set", "array.accumulator_bits=4")
    assert found.status == 1
    assert "does not fit an accumulator of 4 bits; array.accumulator_bits >= " in found.err


def shape_of(cli: Cli, workload: Path) -> tuple[int, ...]:
    """The shape of what the first layer reads."""
    import yaml

    return tuple(yaml.safe_load(workload.read_text(encoding="utf-8"))["input"]["shape"])
