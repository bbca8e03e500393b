"""The files of a report: what is in them, and that they come all at once or not at all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.report import figures
from accelsim.report.files import check_output_directory, write_layers_csv, write_report
from accelsim.result import CAUSES, Result, load_result
from tests.unit.report.by_hand import layer, result, vector_layer


@pytest.fixture
def drawn_instantly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure writer that writes one small file."""
    monkeypatch.setattr(figures, "write_figures", lambda of, where: (where / "roofline.png").write_text(of.workload))


def contents(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def read_csv(of: Result, directory: Path) -> list[dict[str, str]]:
    write_layers_csv(of, directory / "layers.csv")
    with (directory / "layers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestWritten:
    @pytest.mark.usefixtures("drawn_instantly")
    def test_everything(self, small_result: Result, tmp_path: Path) -> None:
        directory = tmp_path / "new" / "report"
        names = ["allocation.yaml", "layers.csv", "roofline.png", "result.json"]
        assert write_report(small_result, directory) == [directory / name for name in names]
        assert sorted(contents(directory)) == sorted(names)

    def test_without_plots(self, small_result: Result, tmp_path: Path) -> None:
        assert write_report(small_result, tmp_path, plots=False) == [
            tmp_path / name for name in ("allocation.yaml", "layers.csv", "result.json")
        ]

    def test_the_result_reads_back(self, small_result: Result, tmp_path: Path) -> None:
        write_report(small_result, tmp_path, plots=False)
        assert load_result(tmp_path / "result.json") == small_result

    @pytest.mark.usefixtures("drawn_instantly")
    def test_files_of_the_same_name_are_replaced_and_others_left(self, small_result: Result, tmp_path: Path) -> None:
        (tmp_path / "roofline.png").write_text("old")
        (tmp_path / "notes.txt").write_text("mine")
        write_report(small_result, tmp_path)
        written = ["allocation.yaml", "layers.csv", "result.json", "roofline.png"]
        assert sorted(contents(tmp_path)) == sorted([*written, "notes.txt"])
        assert contents(tmp_path)["roofline.png"] == "resnet50"
        assert contents(tmp_path)["notes.txt"] == "mine"


class TestLayersCsv:
    def test_numbers(self, tmp_path: Path) -> None:
        row = read_csv(result([layer("a", cycles=80, computing=20)], [layer("a", cycles=160)]), tmp_path)[0]
        expected = {
            "name": "a", "kind": "conv2d", "weight_bits": "4", "activation_format": "dybit4", "macs": "400",
            "cycles": "80", "share_of_cycles_fraction": "1", "utilisation_fraction": "0.5",
            "intensity_macs_per_byte": "4", "computing_cycles": "20", "wait_inputs_cycles": "60",
            "baseline_cycles": "160", "speedup_ratio": "2",
        }  # fmt: skip
        assert {name: row[name] for name in expected} == expected

    def test_what_does_not_apply_is_empty(self, tmp_path: Path) -> None:
        row = read_csv(result([vector_layer("pool", cycles=5)]), tmp_path)[0]
        for name in ("utilisation_fraction", "intensity_macs_per_byte", "baseline_cycles", "speedup_ratio"):
            assert row[name] == ""

    def test_causes_add_up(self, resnet50_result: Result, tmp_path: Path) -> None:
        rows = read_csv(resnet50_result, tmp_path)
        assert [row["name"] for row in rows] == [layer.name for layer in resnet50_result.layers]
        for row in rows:
            assert sum(int(row[f"{cause}_cycles"]) for cause in CAUSES) == int(row["cycles"])

    def test_a_name_with_a_comma_stays_one_cell(self, tmp_path: Path) -> None:
        assert read_csv(result([layer('a, "b"', cycles=5)]), tmp_path)[0]["name"] == 'a, "b"'


class TestAllOrNothing:
    @pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
    @pytest.mark.parametrize("prepare", [lambda path: None, lambda path: (path / "result.json").write_text("old")])
    def test_a_writer_that_fails(
        self,
        small_result: Result,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        failure: type[BaseException],
        prepare: Callable[[Path], object],
    ) -> None:
        def fail(of: Result, directory: Path) -> None:
            (directory / "half.png").write_text("half")
            raise failure

        monkeypatch.setattr(figures, "write_figures", fail)
        prepare(tmp_path)
        before = contents(tmp_path)
        with pytest.raises(failure):
            write_report(small_result, tmp_path)
        assert contents(tmp_path) == before
        assert not [path for path in tmp_path.iterdir() if path.is_dir()]

    def test_a_new_directory_is_not_made_for_nothing(
        self, small_result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(of: Result, directory: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(figures, "write_figures", fail)
        with pytest.raises(InputError, match="cannot write there: No space left on device"):
            write_report(small_result, tmp_path / "new")
        assert list(tmp_path.iterdir()) == []


class TestWrongDirectory:
    @pytest.mark.parametrize("tail", ["", "below", "below/further"])
    def test_a_file_is_in_the_way(self, small_result: Result, tmp_path: Path, tail: str) -> None:
        (tmp_path / "file").write_text("mine")
        directory = tmp_path / "file" / tail
        with pytest.raises(InputError, match=r"--out .*: .*file is not a directory"):
            write_report(small_result, directory, plots=False)
        with pytest.raises(InputError, match=r"--out .*: .*file is not a directory"):
            check_output_directory(directory)
        assert contents(tmp_path) == {"file": "mine"}

    def test_a_link_to_nowhere(self, small_result: Result, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "gone")
        with pytest.raises(InputError, match="link is not a directory"):
            write_report(small_result, tmp_path / "link", plots=False)

    def test_a_directory_where_a_file_should_go(self, small_result: Result, tmp_path: Path) -> None:
        (tmp_path / "layers.csv").mkdir()
        with pytest.raises(InputError, match=r"layers\.csv is a directory there"):
            write_report(small_result, tmp_path, plots=False)
        assert [path.name for path in tmp_path.iterdir()] == ["layers.csv"]

    def test_a_name_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="File name too long"):
            check_output_directory(tmp_path / ("x" * 300))

    def test_asking_makes_nothing(self, tmp_path: Path) -> None:
        check_output_directory(tmp_path / "new" / "report")
        check_output_directory(tmp_path)
        assert list(tmp_path.iterdir()) == []
