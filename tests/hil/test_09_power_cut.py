"""What the card has acknowledged is there after the power was cut.

Numbered blocks are written and synced, and each that is durable is told to this desk at once; in the middle of it the power goes. When the board is back every block that
was told is there, whole and in its place. This is the test of the card: no simulation knows what its makers do when a sync is asked for.

Wiring:
    The supply through something that can be switched: a plug, a hub whose ports can be switched off, a relay (HIL_HANDS). The supply itself has to go, not the system: no `poweroff`.

When all is well it prints:
    cut <number>: <number> blocks were acknowledged, <number> are there
    it was back after <number> s

When not, look at:
    - fewer blocks than were acknowledged: the card says that it has synced, and has not. It is no card for a camera, whatever it costs
    - it does not come back: the boot partition was written to meanwhile; a read-only root is what the image has
    - the partition is not mounted afterwards: `fsck` of it, and its words
    - "no connection" before the cut: the network, not the board
"""

from __future__ import annotations

import time

import pytest

from tests.hil.answers import AnswerError
from tests.hil.bench import Bench
from tests.hil.plugin import Note
from tests.hil.ssh import READY_S, BoardTroubleError, UnreachableError

pytestmark = pytest.mark.timeout(7200)
SOME = 20
MOST = 5000
"""Blocks: as many as go in until somebody has pulled the plug, with room on any card."""
LAST_S = 60.0


def acknowledged(board: Bench, seed: str) -> int:
    """Write until the power goes: how many blocks this desk was told of."""
    known = 0
    with board.start("cuts", **board.place, work="write", seed=seed, most=MOST) as program:
        program.expect("ready", READY_S)
        while known < SOME:
            known = program.expect("kept").whole("number") + 1
        board.hands.do("cut")
        while True:
            try:
                told = program.hear(LAST_S)
            except (BoardTroubleError, UnreachableError, TimeoutError, AnswerError):
                break
            if told is None:
                break
            known = told.whole("number") + 1
    assert known < MOST, "the power was not cut"
    return known


def test_what_was_acknowledged_is_there(board: Bench, note: Note) -> None:
    """After each of several cuts."""
    for number in range(1, board.config.cuts + 1):
        seed = f"{board.facts.text('boot')} {number}"
        known = acknowledged(board, seed)
        board.ssh.leave()
        board.hands.do("power")
        began = time.monotonic()
        board.back()
        note(f"it was back after {time.monotonic() - began:.0f} s")
        there = board.ask("cuts", 120, **board.place, work="read", seed=seed).whole("whole")
        note(f"cut {number}: {known} blocks were acknowledged, {there} are there")
        assert there >= known
    board.ask("cuts", **board.place, work="clear")
