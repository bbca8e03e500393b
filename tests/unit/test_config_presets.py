"""The presets, files of the user's own, files based on a preset, and the page that documents them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from accelsim.config.describe import describe, field_table, fill_tables, sourced_values, value_text
from accelsim.config.hardware import Hardware
from accelsim.config.overrides import valid_paths
from accelsim.config.presets import load_dram, load_hardware, preset_names, preset_text
from accelsim.errors import InputError

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "reference" / "accelerators.yaml"
HARDWARE = [
    "ant",
    "bitfusion",
    "cloud-hbm2",
    "dpu-b4096",
    "edge-lpddr4",
    "eyeriss",
    "nvdla",
    "scalesim",
    "tpu-v1",
    "zcu102",
]
KIB = 1024


def test_the_names_of_the_presets() -> None:
    assert preset_names("hardware") == HARDWARE
    assert {"ddr4-2400", "ddr4-2133-zcu102", "ddr3-1600", "lpddr4-3200", "hbm2-1ch"} <= set(preset_names("dram"))


@pytest.mark.parametrize("name", HARDWARE)
class TestEveryPreset:
    def test_is_called_as_its_file_and_says_what_it_is(self, name: str) -> None:
        machine = load_hardware(name)
        assert machine.name == name
        assert machine.description

    def test_states_every_value_with_a_source(self, name: str) -> None:
        values = list(sourced_values("hardware", name))
        stated = [path for path, _, _ in values]
        expected = valid_paths(Hardware)[2:]  # without name, description
        if load_hardware(name).array.dataflow != "dot":
            expected = [path for path in expected if not path.startswith("array.dot.")]
        assert stated == expected
        assert [path for path, _, source in values if not source] == []

    def test_cites_only_sources_that_its_head_explains(self, name: str) -> None:
        head = preset_text("hardware", name).partition("\nname:")[0]
        tags = {source.partition(" ")[0].strip(":,") for _, _, source in sourced_values("hardware", name)}
        assert {tag for tag in tags if f"#   {tag}" not in head} == set()


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    if not REFERENCE.exists():
        pytest.skip("the collected reference data is not beside the checkout")
    data: dict[str, Any] = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    return data


class TestAgainstPublishedParameters:
    def test_zcu102_fits_its_block_ram_and_clock(self, published: dict[str, Any]) -> None:
        board, machine = published["boards"]["zcu102"], load_hardware("zcu102")
        buffers = machine.buffers
        blocks = [-(-size // 4096) for size in (buffers.weight_bytes, buffers.input_bytes, buffers.output_bytes)]
        fifo_blocks = 3 * 4 * 4096 // 4096  # each engine has room for four AXI4 bursts
        assert sum(blocks) == 768
        assert sum(blocks) + fifo_blocks == board["bram36"] - 132  # what the preset says is left
        assert 2 * machine.array.rows * machine.array.cols <= board["dsp48e2"]
        assert machine.clock_hz == board["pl_reference_clock_mhz"] * 10**6
        peak_bytes_per_cycle = board["ps_ddr4"]["peak_gbps"] * 1e9 / machine.clock_hz
        assert machine.interconnect.bytes_per_cycle >= peak_bytes_per_cycle

    @pytest.mark.parametrize(
        ("name", "group", "entry"), [("bitfusion", "bitfusion", "bf_e_conf"), ("ant", "ant", "common")]
    )
    def test_bitfusion_and_ant(self, published: dict[str, Any], name: str, group: str, entry: str) -> None:
        theirs, machine = published["accelerators"][group][entry], load_hardware(name)
        assert machine.clock_hz == theirs["clock_hz"]
        assert machine.buffers.weight_bytes == theirs["wgt_sram_bytes"]
        assert machine.buffers.input_bytes == theirs["act_sram_bytes"]
        assert machine.buffers.output_bytes == theirs["out_sram_bytes"]
        assert machine.interconnect.bytes_per_cycle * 8 == theirs["if_width_bits_per_cycle"]

    def test_arrays_and_widths(self, published: dict[str, Any]) -> None:
        theirs = published["accelerators"]
        fusion, ant = theirs["bitfusion"]["bf_e_conf"], theirs["ant"]["arrays"]["ant_ws"]
        shapes = {
            "bitfusion": (fusion["rows"], fusion["cols"], fusion["low_bits"], fusion["high_bits"]),
            "ant": (ant["rows"], ant["cols"], ant["low_bits"], ant["high_bits"]),
            "eyeriss": (theirs["eyeriss_v1"]["pe_rows"], theirs["eyeriss_v1"]["pe_cols"], 16, 16),
            "tpu-v1": (theirs["tpu_v1"]["rows"], theirs["tpu_v1"]["cols"], 8, 8),
            "edge-lpddr4": (*theirs["gemmini"]["default"]["mesh"], 2, 8),
        }
        for name, shape in shapes.items():
            array = load_hardware(name).array
            assert (array.rows, array.cols, array.operand_bits[0], array.operand_bits[-1]) == shape, name

    def test_the_dpu(self, published: dict[str, Any]) -> None:
        theirs, machine = published["accelerators"]["xilinx_dpuczdx8g_b4096"], load_hardware("dpu-b4096")
        assert machine.array.rows == theirs["input_channel_parallelism"]
        assert machine.array.cols == theirs["output_channel_parallelism"]
        assert machine.array.dot.pixels == theirs["pixel_parallelism"]
        assert machine.array.elements == theirs["peak_macs_per_cycle"]
        assert (machine.cores, machine.clock_hz) == (theirs["cores_on_zcu102"], theirs["clock_mhz_zcu102"] * 10**6)
        buffers, blocks = machine.buffers, 257  # PG338 3.4, "RAM Usage": B4096, low, of 4096 data bytes each
        assert buffers.weight_bytes + buffers.input_bytes + buffers.output_bytes <= blocks * 4096

    def test_eyeriss_and_tpu_memories(self, published: dict[str, Any]) -> None:
        eyeriss, tpu = published["accelerators"]["eyeriss_v1"], published["accelerators"]["tpu_v1"]
        buffers = load_hardware("eyeriss").buffers
        assert buffers.weight_bytes + buffers.input_bytes + buffers.output_bytes == eyeriss["global_buffer_bytes"]
        machine = load_hardware("tpu-v1")
        fifo = tpu["weight_fifo"]
        assert machine.buffers.weight_bytes == fifo["tiles"] * fifo["bytes_per_tile"]
        assert machine.buffers.input_bytes == tpu["unified_buffer_bytes"]
        assert machine.buffers.output_bytes == tpu["accumulator_bytes"]
        assert machine.clock_hz == tpu["clock_hz"]


class TestFiles:
    def test_a_copy_of_a_preset_is_that_preset(self, tmp_path: Path) -> None:
        path = tmp_path / "copy.yaml"
        path.write_text(preset_text("hardware", "ant"), encoding="utf-8")
        assert load_hardware(str(path)) == load_hardware("ant")

    def test_a_file_based_on_a_preset_states_what_differs(self, tmp_path: Path) -> None:
        path = tmp_path / "wide.yaml"
        path.write_text("base: zcu102\narray: {rows: 64, operand_bits: [4, 8]}\ndecoder: {lanes: 5}\n")
        expected = load_hardware("zcu102", ["array.rows=64", "array.operand_bits=[4, 8]", "decoder.lanes=5"])
        named = {"name": "wide", "description": "based on zcu102"}
        assert load_hardware(str(path)) == expected.model_copy(update=named)
        assert load_hardware(str(path), ["array.rows=128", "name=x"]).array.rows == 128

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("base: zcu103", ":1: base: no preset 'zcu103'; did you mean 'zcu102'? (allowed: ant, "),
            ("base: [1]", ":1: base: no preset '[1]' (allowed: ant, "),
            ("base: zcu102\narray:\n  rows: 0", ":3: array.rows: found 0 (allowed: an integer > 0"),
            ("base: zcu102\narray:\n  rowz: 1", ":3: array.rowz: unknown key; did you mean 'rows'?"),
            ("base: zcu102\narray: 5", ":2: array: found 5 (allowed: a mapping with rows, "),
            ("base: zcu102\ndram: {preset: ddr4-2401}", ":2: dram.preset: dram 'ddr4-2401': no such preset; did you"),
            ("- 1", ":1: found [1] (allowed: a mapping with name, "),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "machine.yaml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            load_hardware(str(path))
        assert str(caught.value).startswith(f"{path}{message}")

    def test_names_that_are_neither_preset_nor_file(self) -> None:
        with pytest.raises(InputError, match=r"^hardware 'zcu1O2': no such preset; did you mean 'zcu102'\?"):
            load_hardware("zcu1O2")
        with pytest.raises(InputError, match=r"no/machine\.yaml: no such file"):
            load_hardware("no/machine.yaml")
        with pytest.raises(InputError, match=r"^dram 'ddr9': no such preset"):
            load_dram("ddr9")
        with pytest.raises(InputError, match=r"^--set dram\.preset=ddr9: dram\.preset: dram 'ddr9': no such preset"):
            load_hardware("zcu102", ["dram.preset=ddr9"])

    def test_ideal_memory_is_allowed(self) -> None:
        assert load_hardware("zcu102", ["dram.preset=ideal"]).dram.preset == "ideal"


class TestDescription:
    def test_rows_show_every_value_with_its_meaning(self) -> None:
        rows = describe(load_hardware("scalesim"))
        assert [row.path for row in rows] == valid_paths(Hardware)
        values = {row.path: row.value for row in rows}
        assert values["array.operand_bits"] == [8]
        assert values["decoder.lanes"] is None
        assert [row.path for row in rows if not row.meaning] == []

    @pytest.mark.parametrize(
        ("value", "text"), [([4, 8], "[4, 8]"), (None, "null"), (True, "true"), (1024, "1024"), ("ws", "ws")]
    )
    def test_values_are_written_as_in_yaml(self, value: Any, text: str) -> None:
        assert value_text(value) == text
        assert yaml.safe_load(text) == value

    def test_field_table(self) -> None:
        lines = field_table(Hardware).splitlines()
        assert lines[0] == "| path | takes | default | unit and meaning |"
        assert len(lines) == 2 + len(valid_paths(Hardware))
        assert "| `dma.outstanding` | an integer > 0 | `4` | transactions in flight per engine |" in lines

    def test_the_page_is_up_to_date(self) -> None:
        page = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
        refresh = "run: python -m accelsim.config.describe docs/hardware.md"
        assert page == fill_tables(page), refresh
        for name in HARDWARE:
            assert f"<!-- table: {name} -->" in page
