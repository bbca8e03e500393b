"""docs/sensitivity.md: its example of a file is one."""

import re
from pathlib import Path

from quant.sensitivity_file import load_sensitivity

PAGE = (Path(__file__).parents[2] / "docs" / "sensitivity.md").read_text(encoding="utf-8")


def test_its_file_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "s.json").write_text(text)
    first, second = load_sensitivity(tmp_path / "s.json").choices
    assert (first.error("dybit4", "kl"), second.error("dybit4", "noise")) == (5.4e-06, 0.004)
