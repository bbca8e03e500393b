"""Names, descriptors and errors of the format registry."""

import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

import quant
from quant import DataError, FormatError, NumberFormat, QuantError, format_names, get_format

ALL_FORMATS = sorted({get_format(name, signed) for name in format_names() for signed in (True, False)}, key=str)
TABULATED = [number_format for number_format in ALL_FORMATS if number_format.name != "fp32"]


def test_names_are_every_dybit_and_integer_width_and_the_floats() -> None:
    widths = range(2, 9)
    expected = [f"dybit{n}" for n in widths] + [f"int{n}" for n in widths] + ["bf16", "fp16", "fp32"]
    assert sorted(format_names()) == sorted(expected)


@pytest.mark.parametrize("name", format_names())
def test_descriptor_says_what_was_asked_for(name: str) -> None:
    for signed in (True, False):
        found = get_format(name, signed)
        is_float = name in ("bf16", "fp16", "fp32")
        assert found.name == name
        assert found.bits == int(name.lstrip("dybitnfp"))
        assert found.signed == (signed or is_float)
        assert found.needs_decoder == name.startswith("dybit")


@pytest.mark.parametrize("number_format", ALL_FORMATS, ids=str)
def test_limits_are_symmetric_or_start_at_zero(number_format: NumberFormat) -> None:
    assert number_format.min_value == (-number_format.max_value if number_format.signed else 0.0)


@pytest.mark.parametrize("number_format", TABULATED, ids=str)
def test_codebook_is_read_only_and_lists_every_code(number_format: NumberFormat) -> None:
    codebook = number_format.codebook
    assert codebook.shape == (2**number_format.bits,)
    assert codebook.dtype == "float64"
    with pytest.raises(ValueError, match="read-only"):
        codebook[0] = 1.0


def test_fp32_does_not_list_four_billion_codes() -> None:
    with pytest.raises(FormatError, match=r"fp32 has 2\^32 codes"):
        _ = get_format("fp32").codebook


def test_same_call_gives_the_same_frozen_object() -> None:
    dybit4 = get_format("dybit4")
    assert get_format("dybit4", signed=True) is dybit4
    assert get_format("dybit4", signed=False) != dybit4
    with pytest.raises(FrozenInstanceError):
        dybit4.bits = 5  # type: ignore[misc]


def test_formats_travel_between_processes() -> None:
    dybit4 = get_format("dybit4")
    dybit4.encode(1.0)  # fills the lazily built tables, which must not travel
    copy = pickle.loads(pickle.dumps(dybit4))
    assert copy == dybit4
    assert hash(copy) == hash(dybit4)
    assert not copy.codebook.flags.writeable


@pytest.mark.parametrize("name", ["dybit9", "dybit1", "dybit", "int16", "dibit4", "DyBit4", "", "fp64", "dybit04"])
def test_unknown_name_is_one_clear_error(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        get_format(name)
    assert repr(name) in str(caught.value)
    assert caught.value.allowed
    assert isinstance(caught.value, QuantError)
    assert isinstance(caught.value, ValueError)


def test_unknown_width_says_which_widths_there_are() -> None:
    with pytest.raises(FormatError) as caught:
        get_format("dybit9")
    assert caught.value.allowed == "widths 2..8"


@pytest.mark.parametrize(("typo", "meant"), [("dibit4", "dybit4"), ("DyBit4", "dybit4"), ("FP32", "fp32")])
def test_mistyped_name_gets_the_nearest(typo: str, meant: str) -> None:
    with pytest.raises(FormatError) as caught:
        get_format(typo)
    assert caught.value.nearest == meant
    assert repr(meant) in str(caught.value)


def test_a_name_that_is_not_text_is_refused() -> None:
    with pytest.raises(FormatError):
        get_format(4)  # type: ignore[arg-type]


def test_public_surface() -> None:
    assert set(quant.__all__) == {
        "DataError",
        "FormatError",
        "NumberFormat",
        "QuantError",
        "format_names",
        "get_format",
    }
    assert issubclass(DataError, QuantError)


def test_names_and_limits_need_no_numpy_and_never_the_simulator() -> None:
    script = (
        "import sys, quant; f = quant.get_format('dybit4'); f.name, f.bits, f.needs_decoder, f.max_value;"
        "print({'numpy', 'accelsim', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
