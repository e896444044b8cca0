"""The whole camera in front of whoever has the wire: below the conversation everything is done wrong, and nothing comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.docks import LINES, Row
from tests.hostile.test_docks import judge

if TYPE_CHECKING:
    from pathlib import Path

    from hal.interface import PortKind

CASES = [(row, kind) for row in LINES for kind in row.over]


@pytest.mark.parametrize(("row", "kind"), CASES, ids=[f"{row} ({kind.value})" for row, kind in CASES])
def test_a_hostile_wire(row: Row, kind: PortKind, tmp_path: Path) -> None:
    """Footage, memory, time, log, and the next honest dock."""
    judge(row, kind, tmp_path)
