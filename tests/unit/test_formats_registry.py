"""Names, descriptors and errors of the format registry."""

import pickle
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

import quant
from quant import DataError, DecodeCost, FormatError, NumberFormat, QuantError, format_names, get_format

ALL_FORMATS = sorted({get_format(name, signed) for name in format_names() for signed in (True, False)}, key=str)
TABULATED = [number_format for number_format in ALL_FORMATS if number_format.name != "fp32"]


MICROSCALING = {"mxfp4", "mxfp6_e3m2", "mxfp6_e2m3", "mxfp8_e4m3", "mxfp8_e5m2", "mxint8"}
NO_UNSIGNED_FORM = MICROSCALING | {"nf4", "bf16", "fp16", "fp32"}
DECODED = ("dybit", "flint", "nf", "posit")


def expected_names() -> set[str]:
    """The names of docs/formats.md."""
    every_width = {f"{family}{n}" for family in ("dybit", "int", "pot") for n in range(2, 9)}
    flints = {f"flint{n}" for n in range(3, 9)}
    posits = {f"posit{n}_{es}" for n in range(3, 9) for es in (0, 1, 2)}
    minifloats = {f"fp{1 + e + m}_e{e}m{m}" for e in range(1, 8) for m in range(8 - e)}
    return every_width | flints | posits | minifloats | NO_UNSIGNED_FORM


def test_names() -> None:
    assert set(format_names()) == expected_names()
    assert len(format_names()) == len(expected_names())


@pytest.mark.parametrize("name", format_names())
def test_descriptor_says_what_was_asked_for(name: str) -> None:
    for signed in (True, False):
        found = get_format(name, signed)
        assert found.name == name
        assert found.bits == int(re.search(r"\d+", name)[0])
        assert found.signed == (signed or name in NO_UNSIGNED_FORM)
        assert found.needs_decoder == name.startswith(DECODED)
        assert (found.block_size, found.scale_bits) == ((32, 8) if name in MICROSCALING else (None, 32))
        assert found.needs_decoder == (found.decode_cost is not DecodeCost.FIXED_FIELDS)


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


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("dybit9", "dybit2 to dybit8"),
        ("fp4_e2m2", "fpN_eXmY with N = 1 + X + Y"),
        ("fp9_e4m4", "fpN_eXmY with N = 1 + X + Y"),
        ("posit8", "positN_E"),
        ("posit16_1", "positN_E"),
        ("flint2", "flint3 to flint8"),
        ("nf3", "nf4"),
        ("mxfp8", "mxfp8_e4m3"),
        ("mxint4", "mxint8"),
    ],
)
def test_unknown_member_of_a_family_says_which_members_there_are(name: str, allowed: str) -> None:
    with pytest.raises(FormatError) as caught:
        get_format(name)
    assert allowed in caught.value.allowed
    assert "; " not in caught.value.allowed


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("dibit4", "dybit4"),
        ("DyBit4", "dybit4"),
        ("FP32", "fp32"),
        ("fp4_e2m2", "fp5_e2m2"),
        ("fp4e2m1", "fp4_e2m1"),
        ("posit8", "posit8_2"),
        ("flimt4", "flint4"),
        ("MXFP4", "mxfp4"),
    ],
)
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
        "DecodeCost",
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
