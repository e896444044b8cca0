"""The whole camera in front of docks that do everything wrong: the footage stays, memory and time are bounded, the log has the reason, and the
next honest dock takes everything over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from firmware.dock.messages import Error, Refused
from hal.interface import PortKind
from tests.hostile.bench import MOST_BYTES, Bench, camera
from tests.hostile.docks import NOBODY, TALKS, Row
from tests.hostile.scales import GREEDY

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 24
"""Lines of the audit log that one hostile docking may leave."""


def judge(row: Row, kind: PortKind, folder: Path) -> None:
    """Meet one hostile dock, then an honest one."""
    bench = Bench(camera(**row.camera), folder, kind)
    told = bench.meet(row.attempt, done=row.done, exact=row.word in GREEDY)
    codes = tuple(said.code for liar in bench.liars for said in liar.heard if isinstance(said, Error | Refused))
    assert codes == row.codes
    if not row.done:
        blamed = [outcome for outcome in told.outcomes if outcome != NOBODY]
        assert any(re.search(row.says, outcome) for outcome in blamed) if row.says != NOBODY else not blamed
        assert told.lasted[0] <= row.seconds
        assert told.lines <= MOST_LINES
        assert told.peak <= MOST_BYTES
    bench.handed_over(erased=row.erased)


@pytest.mark.parametrize("row", TALKS, ids=str)
def test_a_hostile_dock_with_a_good_key(row: Row, tmp_path: Path) -> None:
    """It is one of ours, and says what it likes: promise 5 in front of an insider."""
    for kind in row.over:
        judge(row, kind, tmp_path / kind.value)
