"""Numbers kept under the content that they follow from."""

from pathlib import Path

import pytest

from quant.content_cache import ContentCache, content_key
from quant.errors import DataError


def test_there_and_back(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path / "a" / "b")
    cache.write(content_key("x"), {"kl": 0.5, "loss": -1.0})
    assert cache.read(content_key("x")) == {"kl": 0.5, "loss": -1.0}
    assert cache.read(content_key("y")) == {}
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [f"{content_key('x')}.json"]


def test_a_key_says_where_each_part_ends() -> None:
    keys = {content_key("ab", "c"), content_key("a", "bc"), content_key("abc"), content_key("abc", "")}
    assert len(keys) == 4
    assert content_key("a") == content_key(b"a")


@pytest.mark.parametrize("damage", [b"", b'{"kl": 0.', b"[1]", b'{"kl": "1"}', b'{"kl": NaN}', b"\xff", b"[" * 100_000])
def test_a_damaged_file_is_no_entry(damage: bytes, tmp_path: Path) -> None:
    cache = ContentCache(tmp_path)
    (tmp_path / f"{content_key('x')}.json").write_bytes(damage)
    assert cache.read(content_key("x")) == {}


def test_without_a_folder_nothing_is_kept() -> None:
    cache = ContentCache(None)
    cache.write(content_key("x"), {"kl": 0.5})
    assert cache.read(content_key("x")) == {}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file: is not a directory"):
        ContentCache(tmp_path / "file")
