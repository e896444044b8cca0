"""Taken out of a dock: the camera never stopped, and records what happened before the press, also while it stood there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Place, Recording
from hal.sim.clock import NS
from tests.rig import VIDEO, Rig, judge, payload, read
from tests.sim.docked import bench, dock
from tools.dock.events import DockEvent, Kind
from tools.dock.face.board import Board
from tools.dock.face.gatekeeper import Gatekeeper
from tools.verify.report import RecordingReport, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tools.dock.face.roster import Undocking

FRAME_S = 1 / VIDEO.fps
PRE_EVENT_S = 4
TIMESCALE = 90_000


class Watched:
    """What the buffer of a camera holds, looked at whenever it is asked to."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.held: list[float] = []
        self.behind: list[float] = []

    def look(self) -> None:
        """How many seconds it holds, and how old the newest frame is."""
        ring = self._rig.camera.ring
        self.held.append(ring.seconds)
        self.behind.append((self._rig.clock.monotonic_ns() - ring._newest_ns) / NS)

    def every(self, step_s: float, seconds: float) -> dict[float, object]:
        """Hooks for a docking."""
        return {each * step_s: self.look for each in range(1, round(seconds / step_s))}


def with_recordings(count: int) -> Rig:
    """A camera that has something to give."""
    rig = Rig.new().run(PRE_EVENT_S + 2)
    for _ in range(count):
        rig.tap().run(1).stop().run(1)
    return rig


def before_press(rig: Rig, number: int) -> float:
    """Seconds of picture from before the live part, by the journal: every frame that there was, and none missing between them."""
    directory = rig.evidence.root().enter("recordings").enter(f"{number:08d}")
    opening, *flushes = [payload(line) for line in read(directory.open("journal.jwsl")).splitlines()]
    media = [flush for flush in flushes if flush["tracks"] and flush["tracks"]["video"]]
    early = [flush for flush in media if int(flush["file"][:6]) < opening["live_from"]]
    frames: int = sum(flush["tracks"]["video"]["samples"] for flush in early)
    begins = min(flush["tracks"]["video"]["from"] for flush in media if flush not in early)
    assert frames == round(begins / TIMESCALE * VIDEO.fps)
    return frames / VIDEO.fps


def numbered(rig: Rig, folder: Path, number: int) -> RecordingReport:
    """What the verifier says of one recording."""
    (found,) = [each for each in judge(rig, folder).every_recording if each.number == number]
    return found


@pytest.mark.parametrize("stood_s", [3, 12, 30])
def test_the_buffer_never_stops_in_a_dock(stood_s: int, tmp_path: Path) -> None:
    """From contact over the handshake and the offload to the moment when it is pulled out: full, and up to date."""
    rig = with_recordings(2)
    watched = Watched(rig)
    place, events = bench(tmp_path)
    dock(rig, place, stood_s, watched.every(0.25, stood_s))  # type: ignore[arg-type]  # deeds by their times
    watched.look()
    assert len(watched.held) > 4 * stood_s - 4
    assert min(watched.held) >= PRE_EVENT_S
    assert max(watched.behind) <= 2 * FRAME_S
    assert rig.camera.ring.short == 0
    assert [event.kind for event in events].count(Kind.RECEIPTED) == 2


@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.0, 2.0])
def test_a_press_after_undocking_has_its_pre_event(after_s: float, tmp_path: Path) -> None:
    """Two seconds after it was pulled out, and earlier too: what it saw while it stood in the dock is there."""
    rig = with_recordings(1)
    places: list[Place] = []
    place, _ = bench(tmp_path / "store")
    dock(rig, place, 15, {14.9: lambda: places.append(rig.camera.controller.place)}, pulled=False)
    assert places == [Place.DOCKED]
    rig.run(after_s).tap().run(1.5)
    assert rig.state is Recording.RECORDING
    rig.stop().run(1)
    assert before_press(rig, 2) >= PRE_EVENT_S
    assert numbered(rig, tmp_path, 2).verdict is Verdict.WHOLE


def test_it_shows_that_it_buffers_within_two_seconds(tmp_path: Path) -> None:
    """Before the docking and two seconds after it the lights are the same; the buffer was full all the time."""
    rig = with_recordings(1)
    lights = rig.indicators.lights
    place, _ = bench(tmp_path)
    dock(rig, place, 15, pulled=False)
    rig.run(2)
    assert (rig.camera.controller.place, rig.indicators.lights) == (Place.WORN, lights)
    assert lights == LIGHTS[Look.READY]
    assert rig.camera.ring.seconds >= PRE_EVENT_S


def test_a_press_in_the_middle_of_an_offload_and_out(tmp_path: Path) -> None:
    """The alarm: pressed in the slot while the dock fetches, pulled out at once; no frame is missing, from before or after."""
    rig = with_recordings(2)
    place, _ = bench(tmp_path / "store")
    dock(rig, place, 30, {0.0: rig.tap}, cut_after=120_000)
    rig.run(3).stop().run(1)
    directory = rig.evidence.root().enter("recordings").enter("00000003")
    manifest = rig.camera.vault.custody.manifest(3, directory)
    assert manifest.payload["gaps"] == {"video": 0, "audio": 0, "overflow": 0}
    assert before_press(rig, 3) >= PRE_EVENT_S
    assert numbered(rig, tmp_path, 3).verdict is Verdict.WHOLE


def test_taken_out_early_is_in_both_logs(tmp_path: Path) -> None:
    """The dock writes down what was missing, and so does the camera, which names the dock."""
    rig = with_recordings(3)
    kept: list[Undocking] = []
    told: list[DockEvent] = []
    gatekeeper = Gatekeeper(Board(), told.append, utc_ms=lambda: 0, keep=kept.append)
    place, events = bench(tmp_path)
    dock(rig, place, 5, cut_after=150_000)
    for event in events:
        gatekeeper(event)
    gatekeeper(DockEvent(Kind.PLUGGED, "", {"port": "p"}, "cam-1", 0))
    gatekeeper(DockEvent(Kind.LOST, "cam-1", {"text": "pulled out"}, "cam-1", 0))
    gatekeeper(DockEvent(Kind.UNPLUGGED, "", {"port": "p"}, "cam-1", 0))
    receipted = [event.kind for event in events].count(Kind.RECEIPTED)
    assert receipted < 3
    (undocking,) = kept
    assert undocking.early
    left = 3 - receipted
    assert f"{left} recording{'s' * (left > 1)} not taken over" in undocking.text or "not counted yet" in undocking.text
    (early,) = [each["data"] for each in rig.audit() if each["kind"] == "dock" and "early" in each["data"]["outcome"]]
    assert early["dock"] == "dock-1"
    assert early["outcome"].startswith(f"taken out early: recordings not taken over: {left}, bytes: ")


def test_a_camera_that_was_ready_has_no_such_line(tmp_path: Path) -> None:
    """Nothing was left to take over."""
    rig = with_recordings(1)
    place, _ = bench(tmp_path)
    dock(rig, place, 15)
    outcomes = [each["data"]["outcome"] for each in rig.audit() if each["kind"] == "dock"]
    assert "accepted" in outcomes
    assert not [outcome for outcome in outcomes if "early" in outcome]
