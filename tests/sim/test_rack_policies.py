"""What the authority may want of a camera in a dock, and of one that is taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Move, Place, Recording
from firmware.runtime.docklink import Away
from tests.rig import Rig, judge
from tests.sim.docked import bench, dock
from tests.sim.test_place import tell
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def away(rig: Rig, seconds: float = 1) -> Rig:
    """Pulled out, as the link reports it."""
    tell(rig, Move.GONE)
    rig.camera.inbox.put(Away("dock-1"))
    return rig.run(seconds)


def put_in(rig: Rig) -> Rig:
    """In a dock, on its charger, recognised."""
    rig.power.touch(True)
    return tell(rig, Move.MET, Move.STOOD)


def test_taken_out_it_records_where_that_is_wanted(tmp_path: Path) -> None:
    """By a real docking: met, stood, pulled out.  The recording says why it began, and has what was before."""
    place, _ = bench(tmp_path / "store")
    rig = Rig.new(record_on_undock=True).run(6)
    dock(rig, place, 15)
    assert rig.run(2).state is Recording.RECORDING
    rig.run(3).stop().run(1)
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert any(entry.text.startswith("started by undock") for entry in recording.private or ())


def test_by_default_it_only_buffers(tmp_path: Path) -> None:
    """Taken out of the rack by whoever begins a shift."""
    place, _ = bench(tmp_path / "store")
    rig = Rig.new().run(6)
    dock(rig, place, 15)
    assert rig.run(5).state is Recording.IDLE


@pytest.mark.parametrize("moves", [(), (Move.MET,)])
def test_what_was_no_docking_starts_nothing(moves: tuple[Move, ...]) -> None:
    """Switched on out of a dock, or taken out before it had stood: contact alone is no dock."""
    rig = tell(Rig.new(record_on_undock=True).run(3), *moves)
    assert away(rig).state is Recording.IDLE


def test_one_docking_starts_one_recording() -> None:
    """Told twice that it is out of reach, it records once."""
    rig = away(put_in(Rig.new(record_on_undock=True).run(3)))
    assert rig.stop().state is Recording.IDLE
    assert away(rig).state is Recording.IDLE


def test_a_press_on_the_way_out_is_not_taken_for_two() -> None:
    """The officer was faster: the recording that runs goes on, and nobody marked it."""
    rig = tell(put_in(Rig.new(record_on_undock=True).run(3)), Move.GONE).tap().run(1)
    assert away(rig).state is Recording.RECORDING
    assert "bookmark" not in rig.cues
    assert rig.camera.takes.begun == 1


def test_a_press_in_the_dock_is_refused_loudly_where_that_is_wanted() -> None:
    """Felt as any refusal, told in the log; pulled out, the next press records."""
    rig = put_in(Rig.new(record_in_dock=False).run(3)).tap()
    assert rig.state is Recording.IDLE
    assert rig.cues[-1] == "refused"
    assert '"event":"cannot-record","troubles":["in-dock"]' in rig.log.getvalue()
    rig.power.touch(False)
    assert rig.tap().run(1).state is Recording.RECORDING  # before the link notices anything
    assert rig.camera.controller.place is Place.DOCKED


def test_a_sensor_in_the_dock_is_refused_too() -> None:
    """A rack that is knocked over is no incident, says an authority that wants this."""
    rig = put_in(Rig.new(record_in_dock=False).run(3))
    rig.triggers.fire("alarm")
    assert rig.run(1).state is Recording.IDLE


def test_a_gauge_that_cannot_be_read_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every doubt is decided for recording."""
    rig = put_in(Rig.new(record_in_dock=False).run(3))

    def broken(_self: object) -> bool:
        raise OSError("no answer from the charger")

    monkeypatch.setattr(type(rig.hal.power), "contact", broken)
    assert rig.tap().run(1).state is Recording.RECORDING


def test_a_recording_that_is_put_in_ends_there_whatever_is_set() -> None:
    """As with any camera."""
    rig = Rig.new(record_in_dock=False).run(3).tap().run(2)
    assert put_in(rig).run(1).state is Recording.IDLE


def test_contact_alone_refuses_nothing() -> None:
    """A press between contact and recognition records."""
    rig = Rig.new(record_in_dock=False).run(3)
    rig.power.touch(True)
    assert tell(rig, Move.MET).tap().run(1).state is Recording.RECORDING
