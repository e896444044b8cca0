"""What the design's table says of missing parts is what the firmware shows."""

from __future__ import annotations

import re
from pathlib import Path

from firmware.core.parts import MEANS
from hal.interface import PartName

DESIGN = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")


def test_the_design_says_of_each_part_what_is_shown() -> None:
    """A row for each, and the trouble that the table in the code has."""
    section = DESIGN.split("## A part that is missing")[1].split("\n## ")[0]
    rows = [row.split("|")[1:3] for row in section.splitlines() if row.startswith("| `")]
    told = {name: shown.strip(" `") for names, shown in rows for name in re.findall(r"`([^`]+)`", names)}
    means = {name.value: "nothing" if MEANS[name] is None else MEANS[name].value for name in PartName}  # type: ignore[union-attr]  # None is the case before
    assert told == means
