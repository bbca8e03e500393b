"""Encoded files: bit for bit, as small as the page says, and never silent about damage."""

import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from quant import QuantError, get_format
from quant.encoded import EncodedModel, StoredTensor, encode_layer, load_encoded, save_encoded
from quant.granularity import Granularity
from quant.scaling import choose_scales


def model(name: str = "dybit3") -> EncodedModel:
    x = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    number_format, granularity = get_format(name), Granularity(0)
    layer = encode_layer(x, number_format, choose_scales(x, number_format, granularity), granularity)
    activations = {"input": StoredTensor(get_format("dybit8", False), float(np.float32(0.1)))}
    kept = {"bias": np.arange(3, dtype=np.float32)}
    return EncodedModel({"fc": replace(layer, activations="dybit8")}, kept, activations)


def change_header(path: Path, field: str, value: Any) -> None:
    """With a checksum that fits."""
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    header = json.loads(metadata["header"])
    header["layers"]["fc"][field] = value
    metadata["header"] = json.dumps(header)
    metadata["header_crc32"] = str(zlib.crc32(metadata["header"].encode()))
    save_file(load_file(path), path, metadata)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_encoded(model(), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def assert_same(found: EncodedModel, expected: EncodedModel) -> None:
    ours, theirs = found.layers["fc"], expected.layers["fc"]
    assert replace(ours, packed=None, scales=None) == replace(theirs, packed=None, scales=None)
    assert ours.packed.tobytes() == theirs.packed.tobytes()
    assert ours.scales.tobytes() == theirs.scales.tobytes()
    assert found.kept["bias"].tobytes() == expected.kept["bias"].tobytes()
    assert found.activations == expected.activations


def test_it_comes_back_bit_for_bit(path: Path) -> None:
    assert_same(load_encoded(path), model())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["dybit2", "dybit3", "dybit4", "int8", "fp16"])
def test_payload_is_elements_times_bits(name: str, tmp_path: Path) -> None:
    save_encoded(model(name), tmp_path / "m.safetensors")
    expected = -(-15 * get_format(name).bits // 8)
    assert load_file(tmp_path / "m.safetensors")["codes/fc"].nbytes == expected
    assert load_encoded(tmp_path / "m.safetensors").layers["fc"].payload_bytes == expected


def test_decoding_is_the_format_times_the_scale(path: Path) -> None:
    layer = load_encoded(path).layers["fc"]
    expected = get_format("dybit3").decode(layer.codes, layer.scales[:, None], np.float32)
    assert np.array_equal(layer.decode(), expected)


@pytest.mark.slow
def test_every_flipped_byte_is_an_error_or_harmless(path: Path) -> None:
    content = path.read_bytes()
    for index in range(len(content)):
        for flip in (0x01, 0x80, 0xFF):
            path.write_bytes(content[:index] + bytes([content[index] ^ flip]) + content[index + 1 :])
            try:
                found = load_encoded(path)
            except QuantError:
                continue
            assert_same(found, model())


def test_every_change_of_the_header_is_an_error_or_another_header(path: Path) -> None:
    """With its checksum made right again, so that each field is read: never a crash, never more than the file holds."""
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    tensors, header = load_file(path), metadata["header"]
    for index, character in enumerate(header):
        for changed in ({'"': "'", "0": "1", ",": "}"}.get(character, '"'), "9", "-", "\x00", "\u20ac"):
            text = header[:index] + changed + header[index + 1 :]
            save_file(tensors, path, metadata | {"header": text, "header_crc32": str(zlib.crc32(text.encode()))})
            try:
                found = load_encoded(path)
            except QuantError:
                continue
            for layer in found.layers.values():
                assert layer.decode().shape == layer.shape
                assert layer.activations is None or get_format(layer.activations).name == layer.activations


def test_every_truncation_is_an_error(path: Path) -> None:
    content = path.read_bytes()
    for size in range(0, len(content), 7):
        path.write_bytes(content[:size])
        with pytest.raises(QuantError):
            load_encoded(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 10_000, '{"layers": ' + "9" * 10_000 + "}", "null", "", "\x00"])
def test_a_header_that_is_none_is_one_error(text: str, path: Path) -> None:
    metadata = {"schema_version": "1", "header": text, "header_crc32": str(zlib.crc32(text.encode()))}
    save_file(load_file(path), path, metadata)
    with pytest.raises(QuantError) as caught:
        load_encoded(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_scales_of_blocks_are_bytes(tmp_path: Path) -> None:
    """3 rows of 5 numbers are 3 blocks, though they are short: a byte each."""
    path, written = tmp_path / "m.safetensors", model("mxfp4")
    save_encoded(written, path)
    assert_same(load_encoded(path), written)
    stored = load_file(path)["scales/fc"]
    assert (stored.dtype, stored.shape, written.layers["fc"].scale_bytes) == (np.uint8, (3,), 3)
    assert np.array_equal(np.exp2(stored.astype(np.float64) - 127), written.layers["fc"].scales)
    assert model("dybit3").layers["fc"].scale_bytes == 3 * 4


def test_a_scale_byte_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    path, written = tmp_path / "m.safetensors", model("mxfp4")
    no_number = np.array([1, np.nan, 1], np.float32)
    with pytest.raises(QuantError, match="scale nan"):
        save_encoded(EncodedModel({"fc": replace(written.layers["fc"], scales=no_number)}), path)
    assert not path.exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quant.encoded.e8m0_bytes", lambda scales: np.full(scales.shape, 255, np.uint8))
        save_encoded(written, path)
    with pytest.raises(QuantError, match="layer fc: a scale that is not positive"):
        load_encoded(path)


@pytest.mark.parametrize(("field", "lie"), [("group_size", None), ("group_size", 16), ("format", "fp4_e2m1")])
def test_a_header_that_lies_about_blocks_is_an_error(field: str, lie: Any, tmp_path: Path) -> None:
    save_encoded(model("mxfp4"), tmp_path / "m.safetensors")
    change_header(tmp_path / "m.safetensors", field, lie)
    with pytest.raises(QuantError, match=r"group size|scales of uint8"):
        load_encoded(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("field", "lie"),
    [
        ("format", "dybot3"),
        ("format", "dybit4"),
        ("bits", 4),
        ("bits", "3"),
        ("signed", 1),
        ("shape", [3, 6]),
        ("shape", [-3, -5]),
        ("shape", [5, 3]),
        ("shape", []),
        ("axis", 7),
        ("group_size", 0),
        ("group_size", 2),
        ("activations", "dybot8"),
        ("activations", 8),
        ("extra", 1),
    ],
)
def test_a_header_that_lies_is_one_error(field: str, lie: Any, path: Path) -> None:
    change_header(path, field, lie)
    with pytest.raises(QuantError):
        load_encoded(path)


def test_activations_are_optional(path: Path) -> None:
    """A file of before there was such a field reads as undecided."""
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    header = json.loads(metadata["header"])
    del header["layers"]["fc"]["activations"]
    metadata["header"] = json.dumps(header)
    metadata["header_crc32"] = str(zlib.crc32(metadata["header"].encode()))
    save_file(load_file(path), path, metadata)
    assert load_encoded(path).layers["fc"].activations is None


@pytest.mark.parametrize("name", ["dybit4", "int4", "nf4", "fp4_e2m1", "pot4"])
@pytest.mark.parametrize("granularity", [Granularity(0), Granularity(0, 4), Granularity()])
def test_all_zero_rows_have_scale_1_and_decode_to_zero(name: str, granularity: Granularity) -> None:
    x = np.ones((3, 5), np.float32)
    x[1] = 0
    number_format = get_format(name)
    layer = encode_layer(x, number_format, choose_scales(x, number_format, granularity), granularity)
    zero_rows = ~granularity.rows(x).any(axis=1)
    assert (layer.scales[zero_rows] == 1).all()
    assert not layer.decode()[1].any()
    if name == "dybit4":
        assert not layer.codes[1].any()


def test_a_missing_tensor_is_named(path: Path) -> None:
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    del tensors["scales/fc"]
    save_file(tensors, path, metadata)
    with pytest.raises(QuantError, match="scales/fc"):
        load_encoded(path)


@pytest.mark.parametrize(
    ("field", "lie", "message"),
    [
        ("format", "dybit9", "unknown number format 'dybit9'"),
        ("format", "nf4", "activations of input: nf4, signed False"),
        ("scale", 0.1, r"scale 0\.1 \(allowed: a scale in float32"),
        ("scale", 1e300, r"scale 1e\+300 \(allowed: a scale in float32"),
        ("scale", -1.0, "activations.input.scale: Input should be greater than 0"),
        ("zero", 0, "activations.input.zero: Extra inputs"),
    ],
)
def test_a_header_that_lies_about_activations_is_an_error(field: str, lie: Any, message: str, path: Path) -> None:
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    header = json.loads(metadata["header"])
    header["activations"]["input"][field] = lie
    text = json.dumps(header)
    save_file(load_file(path), path, metadata | {"header": text, "header_crc32": str(zlib.crc32(text.encode()))})
    with pytest.raises(QuantError, match=message):
        load_encoded(path)


def test_a_file_without_activations_is_read(path: Path) -> None:
    """Files from before they were written."""
    save_encoded(EncodedModel(model().layers), path)
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    header = json.loads(metadata["header"])
    del header["activations"]
    text = json.dumps(header)
    save_file(load_file(path), path, metadata | {"header": text, "header_crc32": str(zlib.crc32(text.encode()))})
    assert load_encoded(path).activations == {}
