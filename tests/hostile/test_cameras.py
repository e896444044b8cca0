"""The reference dock in front of cameras that do everything wrong: its store keeps what it had, nothing is signed for what it did not get,
memory and time are bounded, the event has the reason, and the next honest camera is taken over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.hostile.cameras import LINES, TALKS, Row
from tests.hostile.counter import MOST_BYTES, Counter, receipts
from tests.hostile.peers import Liar
from tests.hostile.scales import GREEDY
from tests.pki import Pki
from tools.dock.events import TROUBLE, Kind

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    (row, serial) for row in (*LINES, *TALKS) for serial in ((False, True) if row.serial is None else (row.serial,))
]


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@pytest.mark.parametrize(
    ("row", "serial"), CASES, ids=[f"{row} ({'serial' if serial else 'stream'})" for row, serial in CASES]
)
def test_a_hostile_camera(pki: Pki, row: Row, tmp_path: Path, *, serial: bool) -> None:
    """Meet one hostile camera, then an honest one."""
    counter = Counter(pki, tmp_path, serial=serial)
    peer = row.make(counter)
    told = counter.meet(peer, exact=row.word in GREEDY)
    found = [event for event in told.events if event.kind is row.kind and re.search(row.says, event.text)]
    blamed = [event for event in told.events if event.kind in TROUBLE]
    assert found if row.kind is not None else not blamed, [(event.kind, event.text) for event in told.events]
    assert receipts(peer) == row.receipts if isinstance(peer, Liar) else not row.receipts
    assert told.seconds <= row.seconds
    assert told.peak <= MOST_BYTES
    if row.kind is not Kind.CONFLICT and 3 not in counter.shelf.receipts:
        counter.handed_over()
