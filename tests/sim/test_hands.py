"""The officer's hands and the whole camera: edges with times, in every situation in which a hand may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware import service
from firmware.camera import Camera
from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Move, Place, Recording
from firmware.core.telling import telling
from firmware.runtime import pending
from firmware.runtime.controller import Quit
from firmware.runtime.docklink import DockNews
from firmware.runtime.log import Log
from firmware.runtime.writer import Writer
from hal.interface import Battery, Button, Edge
from hal.sim.panel import SimButtons
from tests.rig import NS, Rig, judge
from tests.sim.test_waiting import starts as waits
from tools.verify.report import Verdict
from tools.verify.times import utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.verify.report import Report

MS = 1_000_000
R, F = Button.RECORD, Button.FUNCTION


def edge(rig: Rig, button: Button, time_ns: int, *, down: bool) -> None:
    """A raw edge, stamped as told; the level follows it."""
    rig.buttons._down[button] = down
    rig.camera.inbox.put(Edge(button, down, time_ns))


def tap(rig: Rig, button: Button, seconds: float = 0.15) -> Rig:
    """A short press."""
    rig.buttons.press(button)
    rig.run(seconds)
    rig.buttons.release(button)
    return rig.run(0.1)


def starts(report: Report) -> list[str]:
    """What each recording says of its beginning."""
    return [entry.text for each in report.every_recording for entry in each.private or () if entry.kind == "start"]


def noticed(rig: Rig, time_ns: int) -> str:
    """A time on the monotonic clock, as the verifier writes when a press was first noticed."""
    return f"first noticed at {utc(rig.clock.utc().utc_ms - (rig.clock.monotonic_ns() - time_ns) // MS)}"


# The time of the evidence.


@pytest.mark.parametrize("late_ms", [0, 40, 400])
def test_the_time_of_the_evidence_is_that_of_the_first_edge(late_ms: int, tmp_path: Path) -> None:
    """Through bounce, and though the edges were delivered late."""
    rig = Rig.new().run(5)
    pressed_ns = rig.clock.monotonic_ns()
    rig.clock.advance(late_ms * MS)
    for step in range(0, 45, 5):
        edge(rig, R, pressed_ns + step * MS, down=step % 10 == 0)
    rig.run(0.3)
    edge(rig, R, rig.clock.monotonic_ns(), down=False)
    rig.run(1)
    expected = noticed(rig, pressed_ns)
    report = judge(rig.stop(), tmp_path)
    assert report.worst is Verdict.WHOLE
    assert starts(report)[0].endswith(expected)


def test_of_two_presses_it_is_the_first_edge_of_the_first(tmp_path: Path) -> None:
    """The second one only says that the first was meant; the light is measured from when that could be known."""
    rig = tap(Rig.new(start_press="double").run(5), R)
    assert (rig.state, rig.cues) == (Recording.IDLE, ["heard"])
    pressed_ns = next(item.time_ns for item in rig.answers if isinstance(item, Edge))
    tap(rig.run(0.3), R).run(1)
    assert (rig.state, rig.cues) == (Recording.RECORDING, ["heard", "started"])
    expected = noticed(rig, pressed_ns)
    report = judge(rig.stop(), tmp_path)
    assert report.worst is Verdict.WHOLE
    assert starts(report)[0].endswith(expected)
    assert "start-late" not in rig.log.getvalue()


def test_a_single_press_does_nothing_but_say_that_it_was_heard() -> None:
    """Where two are wanted: also held for ten seconds, and also again a second later."""
    rig = Rig.new(start_press="double").run(3)
    tap(rig, R, 10).run(1)
    tap(rig, R).run(1)
    assert (rig.state, rig.cues) == (Recording.IDLE, ["heard", "heard"])


def test_of_two_presses_the_wait_counts_from_the_second(tmp_path: Path) -> None:
    """Before it nobody could know: the light is not late for it."""
    rig = Rig.new(start_press="double").run(5)
    tap(rig, R).run(0.5)
    tap(rig, R).run(2).stop()
    (wait,) = waits(rig, tmp_path)
    assert wait.starting_ms is not None
    assert wait.starting_ms <= 50
    assert wait.recording_ms < 300


def test_a_press_that_began_in_time_confirms_though_the_time_ends_under_it() -> None:
    """Five seconds are for the press to begin."""
    for pressed_s, stops in ((4.9, True), (5.1, False)):
        rig = Rig.new().run(3).tap().run(1)
        rig.buttons.press(R)
        rig.run(3.2)
        rig.buttons.release(R)
        rig.run(pressed_s - 0.2)
        tap(rig, R, 0.4).run(1)
        assert (rig.state is Recording.IDLE) is stops


# Boot.


def test_a_press_before_the_card_is_mounted_records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is heard at once, and what comes is recorded as soon as there is something to record to."""
    cameras: list[Camera] = []
    shown: list[object] = []
    begin, mount = Camera.__init__, Writer.mount

    def built(self: Camera, *arguments: Any, **more: Any) -> None:
        begin(self, *arguments, **more)
        cameras.append(self)

    def mounted(self: Writer) -> None:
        camera = cameras[-1]
        camera.controller.handle(Edge(R, True, camera.now()))
        camera.controller.handle(Edge(R, False, camera.now() + 90 * MS))
        shown.append(camera.hal.indicators.lights)  # type: ignore[attr-defined]  # the simulated ones remember
        mount(self)

    monkeypatch.setattr(Camera, "__init__", built)
    monkeypatch.setattr(Writer, "mount", mounted)
    rig = Rig.new()
    assert shown == [LIGHTS[Look.STARTING]]
    assert rig.run(3).state is Recording.RECORDING
    assert judge(rig.stop(), tmp_path).worst is Verdict.WHOLE


def test_a_hold_that_began_before_the_start_never_stops(request: pytest.FixtureRequest) -> None:
    """The recording that is resumed goes on under a thumb, a strap or a body."""
    rig = Rig.new().run(3).tap().run(1)
    request.getfixturevalue("squeezed")
    again = rig.power_cut()
    assert again.run(10).state is Recording.RECORDING
    again.buttons.release(R)
    again.run(0.5)
    tap(again, R).run(1)
    assert again.state is Recording.RECORDING
    assert "stop-asked" not in again.cues
    assert again.cues[-1] == "bookmark"


def test_a_press_whose_edges_were_lost_records() -> None:
    """The level tells."""
    rig = Rig.new().run(3)
    rig.buttons._down[R] = True
    rig.run(0.25)
    assert rig.state is Recording.RECORDING
    rig.buttons._down[R] = False
    rig.run(1)
    tap(rig, R)
    assert rig.cues == ["started", "bookmark"]


@pytest.mark.parametrize("from_the_start", [False, True])
def test_a_level_that_cannot_be_read_leaves_the_edges(*, from_the_start: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pin that fails to be read still tells its edges, and keeps no service from starting."""

    def broken(_: object, __: Button) -> bool:
        raise OSError("no such pin")

    if from_the_start:
        monkeypatch.setattr(SimButtons, "is_down", broken)
    rig = Rig.new(tested=True).run(3)
    monkeypatch.setattr(SimButtons, "is_down", broken)
    assert rig.tap().run(1).state is Recording.RECORDING
    assert rig.stop().state is Recording.IDLE


# The dock.


@pytest.mark.parametrize(
    ("moves", "place"),
    [
        ((Move.MET,), Place.CONTACT),
        ((Move.MET, Move.STOOD), Place.DOCKED),
        ((Move.MET, Move.STOOD, Move.OFFLOAD), Place.OFFLOADING),
    ],
)
def test_a_press_records_wherever_the_camera_stands(moves: tuple[Move, ...], place: Place, tmp_path: Path) -> None:
    """In contact, docked, and while it hands over; it marks and stops there as anywhere."""
    rig = Rig.new().run(5)
    for move in moves:
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    rig.run(0.1)
    assert rig.camera.controller.place is place
    assert tap(rig, R).run(1).state is Recording.RECORDING
    tap(rig, R)
    assert rig.cues[-1] == "bookmark"
    assert rig.stop().state is Recording.IDLE
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_hold_under_which_the_camera_is_docked_asks_nothing() -> None:
    """Pushed into the rack by its button: the docking has ended the recording, and the hold means nothing more."""
    rig = Rig.new().run(5).tap().run(1)
    rig.buttons.press(R)
    rig.run(1)
    for move in (Move.MET, Move.STOOD):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    rig.run(3)
    rig.buttons.release(R)
    assert rig.run(1).state is Recording.IDLE
    assert "stop-asked" not in rig.cues


# Sealing, and the end of the service.


def test_a_press_while_a_stop_is_sealed_begins_the_next(tmp_path: Path) -> None:
    """At once, and with the end of the last one before it."""
    rig = Rig.new().run(6).tap().run(2)
    rig.camera.controller.end("officer")
    assert rig.state is Recording.STOPPING
    assert tap(rig, R).run(1).state is Recording.RECORDING
    report = judge(rig.stop(), tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE, Verdict.WHOLE]


@pytest.mark.parametrize("running", [False, True])
def test_a_press_after_the_order_to_end_is_recorded_and_goes_on(tmp_path: Path, *, running: bool) -> None:
    """What was buffered before it is sealed, whole, before the service ends; the next start goes on by itself."""
    rig = Rig.new().run(6)
    if running:
        rig.tap().run(2)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.buttons.press(R)
    rig.run(0.3)
    assert rig.stopped
    (stop,) = [line for line in rig.audit() if line["kind"] == "stop"]
    assert stop["data"]["resume"] is True
    report = judge(rig, tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE] * (1 + running)
    assert (report.every_recording[-1].seconds or 0) > 3
    again = rig.restart().run(2)
    assert again.state is Recording.RECORDING


class Ended:
    """A supervisor whose parts have all ended in good order."""

    def __init__(self, _log: Log, on_loss: Callable[[str], None]) -> None:
        self.stop = lambda: None

    def run(self, _parts: object) -> bool:
        """They did."""
        return True


@pytest.mark.parametrize("pressed", [False, True])
def test_a_press_that_nobody_can_record_any_more_is_left_to_the_next_start(
    monkeypatch: pytest.MonkeyPatch, *, pressed: bool
) -> None:
    """The log is closed already: a note on the small partition makes the next start record, and only then."""
    rig = Rig.new().run(6)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(0.2)
    assert rig.stopped
    if pressed:
        tap(rig, R)
    monkeypatch.setattr(service, "Supervisor", Ended)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert service.run(rig.camera, rig.hal, rig.camera.controller._log) == 0
    assert pending.kept(rig.config.root()) is pressed
    again = Rig.start(rig.evidence, rig.config, rig.clock, rig.signer, rig.values).run(2)
    assert again.state is (Recording.RECORDING if pressed else Recording.IDLE)


# The function button.


@pytest.mark.parametrize(("percent", "left_hours"), [(10, 1.0), (60, 3.0), (100, 7.0)])
def test_a_short_press_tells_battery_and_storage(
    percent: int, left_hours: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick at once, the answer within a second, and what it says is what the camera knows."""
    rig = Rig.new().run(2)
    monkeypatch.setattr(rig.hal.power, "battery", lambda: Battery(percent, charging=False))
    rig.run(1.5)
    rig.camera.controller.face._left_s = round(left_hours * 3600)
    pressed_ns = rig.clock.monotonic_ns()
    tap(rig, F).run(1)
    (heard_ns, heard), (told_ns, told) = rig.indicators.cues[-2:]
    assert (heard.name, told.buzz_ms) == ("heard", telling(percent, round(left_hours * 3600)).buzz_ms)
    assert heard_ns - pressed_ns <= 50 * MS
    assert told_ns - pressed_ns < NS
    assert rig.state is Recording.IDLE


def test_both_buttons_at_once_record_and_do_no_more() -> None:
    """Grabbed by a whole hand, for a second or for ten."""
    rig = Rig.new(mute_allowed=True, hush_allowed=True, standby_allowed=True).run(3)
    for held in (0.3, 10):
        rig.buttons.press(F)
        rig.buttons.press(R)
        rig.run(held)
        rig.buttons.release(R)
        rig.buttons.release(F)
        rig.run(6)
        assert rig.state is Recording.RECORDING
        assert not rig.camera.controller.flags
    assert set(rig.cues) == {"heard", "started", "hold-1", "hold-2", "hold-3", "stop-asked"}


def test_gloves(tmp_path: Path) -> None:
    """Each press of the whole story chatters for 25 ms on its way down and up: one recording, one mark, one stop."""
    rig = Rig.new().run(5)
    for held, pause in ((0.2, 2.0), (0.3, 1.0), (3.4, 0.4), (0.2, 0.5)):
        rig.buttons.press(R, bounces=25)
        rig.run(held)
        rig.buttons.release(R, bounces=25)
        rig.run(pause)
    assert rig.state is Recording.IDLE
    assert [cue for cue in rig.cues if not cue.startswith("hold-")] == ["started", "bookmark", "stop-asked", "stopped"]
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert len(report.every_recording) == 1
