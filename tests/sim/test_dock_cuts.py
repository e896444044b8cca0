"""The dock link dies: at any byte, whatever is being said, and whatever the camera does meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Move, Place, Recording
from firmware.runtime.docklink import DockNews
from tests.fault.undocked import EDGE, places, run
from tests.rig import Rig, judge
from tests.sim.test_parts import faults, gaps
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

STORIES = (
    (Move.GONE,),
    (Move.MET, Move.GONE),
    (Move.MET, Move.OFFLOAD, Move.GONE),
    (Move.MET, Move.OFFLOAD, Move.RESTED, Move.GONE),
)
"""What the controller hears of a docking that was cut off before it stood for ten seconds."""


def test_a_docking_that_was_cut_off_anywhere_is_finished_by_the_next() -> None:
    """Nothing is lost, doubled, or erased without a receipt, on both kinds of port, in both directions; ``make fault`` cuts closer."""
    outcome = run(lambda _share, _words: None, edge=2, stride=6001)
    assert outcome.violations == ()
    assert int(outcome.figures["cuts"]) > 30


def test_places_are_what_they_say() -> None:
    """Every byte of both ends, and a stride between them."""
    assert places(10_000, EDGE, 1_000) == [
        *range(EDGE),
        *range(EDGE, 10_000 - EDGE, 1_000),
        *range(10_000 - EDGE, 10_000),
    ]
    assert places(5, EDGE, 1) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("story", STORIES)
def test_a_recording_does_not_notice(story: tuple[Move, ...], tmp_path: Path) -> None:
    """Pushed into a dock and pulled out again while it records: the state stands, no frame is missing."""
    rig = Rig.new().run(3).tap().run(1)
    for move in story:
        rig.camera.inbox.put(DockNews(move, "dock-1", "the contact is gone"))
        rig.run(1)
        assert rig.state is Recording.RECORDING
    assert rig.camera.controller.place is Place.WORN
    assert faults(rig.stop()) == []
    assert gaps(rig) == {"video": 0, "audio": 0, "overflow": 0}
    assert judge(rig, tmp_path).worst is Verdict.WHOLE
