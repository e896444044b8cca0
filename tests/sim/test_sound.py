"""A microphone that dies, drifts or comes late: the picture is untouched, and what is wrong with the sound is signed and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.gaps import WINDOW_NS
from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.runtime.microphone import ADRIFT_NS, RETRY_NS, SHOWN_NS, SILENT_NS, Microphone, Sound
from hal.interface import Track, Unit
from hal.sim.clock import VirtualClock
from tests.rig import NS, Rig, judge
from tests.sim.test_parts import faults, gaps, shows_recording, shows_trouble
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNIT_NS = NS * 1024 // 48_000
MOST_PPM = 1000


def sounds(rig: Rig, folder: Path) -> tuple[Verdict, list[str]]:
    """The verdict, and what the private part says of the sound, in order."""
    (recording,) = judge(rig, folder).every_recording
    return recording.verdict, [entry.text for entry in recording.private or () if entry.kind == "sound"]


@pytest.mark.parametrize("kind", ["end", "stall"])
def test_a_microphone_that_dies_leaves_the_picture_alone(kind: str, tmp_path: Path) -> None:
    """It falls silent in the middle: shown after two seconds, signed with its time, tried again, and the picture has no gap."""
    rig = Rig.new().run(3).tap().run(2)
    rig.audio.disturbance.faults()[kind]({"seconds": 4} if kind == "stall" else {})
    rig.run(SILENT_NS / NS + 0.2)
    assert shows_trouble(rig, Trouble.NO_SOUND)
    assert shows_recording(rig.run(RETRY_NS / NS + 1))
    assert rig.camera.microphone.state is Sound.ON
    rig.stop()
    assert gaps(rig)["video"] == 0
    assert gaps(rig)["audio"] > 2 * NS // UNIT_NS
    assert faults(rig) == ["no-sound"]
    verdict, states = sounds(rig, tmp_path)
    assert verdict is Verdict.WHOLE
    assert len(states) == 4  # none before the press, on, failed, on


def test_a_microphone_that_stays_dead_costs_nothing_but_the_sound(tmp_path: Path) -> None:
    """It is tried again and again, and refuses: no frame is lost over it, and the light says so to the end."""
    rig = Rig.new().run(3).tap().run(2)
    rig.audio.disturbance.end()
    rig.audio.disturbance.refuse()
    for _ in range(10):
        assert shows_trouble(rig.run(3), Trouble.NO_SOUND)
    rig.stop()
    assert gaps(rig)["video"] == 0
    assert faults(rig) == ["no-sound"]
    assert sounds(rig, tmp_path)[0] is Verdict.WHOLE


def test_late_sound_is_sound(tmp_path: Path) -> None:
    """It comes three seconds late, its times right: it is placed where it belongs, and the microphone is not called dead."""
    rig = Rig.new().run(3).tap().run(2)
    for tenth in range(31):
        rig.audio.disturbance.late(tenth / 10)
        rig.run(0.2)
    rig.run(3)
    assert Trouble.NO_SOUND not in rig.camera.controller.face.troubles
    rig.stop()
    assert sounds(rig, tmp_path)[0] is Verdict.WHOLE


@pytest.mark.parametrize("ppm", [-MOST_PPM, MOST_PPM])
def test_a_source_that_breaks_its_promise_is_found_set_right_signed_and_shown(ppm: int, tmp_path: Path) -> None:
    """Its stamps run away from the clock, 0.2 s in this recording if nobody cared: they are never off by much more than 80 ms."""
    rig = Rig.new().run(3).tap().run(1)
    off: list[int] = []
    lay = rig.camera.inbox.lay

    def watched(item: object, weight: int) -> None:
        if isinstance(item, Unit) and item.track is Track.AUDIO:
            off.append(rig.clock.monotonic_ns() - UNIT_NS - item.time_ns)
        lay(item, weight)

    rig.camera.inbox.lay = watched  # type: ignore[method-assign]  # replaced by the test
    rig.audio.disturbance.skew(ppm)
    seen = 0
    for _ in range(215):
        seen += shows_trouble(rig.run(1), Trouble.SOUND_ADRIFT)
    rig.stop()
    assert max(abs(each) for each in off) <= ADRIFT_NS + 2 * WINDOW_NS * MOST_PPM // 1_000_000 + NS // 100
    restarts = faults(rig).count("sound-adrift")
    assert restarts == 2
    assert abs(seen - restarts * SHOWN_NS / NS) <= restarts
    assert gaps(rig)["video"] == 0
    assert sounds(rig, tmp_path)[0] is Verdict.WHOLE


def test_sound_in_step_is_left_alone() -> None:
    """A source that keeps its promise is never taken for one that does not, however long it runs and however late threads wake."""
    rig = Rig.new().run(3).tap().run(120)
    assert rig.indicators.lights == LIGHTS[Look.RECORDING]
    assert faults(rig) == []
    assert gaps(rig.stop())["audio"] == 0


class Crystal:
    """A microphone that counts by its own crystal: from each start on its stamps go astray by so many millionths."""

    def __init__(self, clock: VirtualClock, ppm: int) -> None:
        self.starts = 0
        self._clock = clock
        self._ppm = ppm
        self._start_ns = 0
        self._sink: Callable[[Unit], None] | None = None

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Right again."""
        self._sink, self._start_ns = sink, self._clock.monotonic_ns()
        self.starts += 1

    def stop(self) -> None:
        """Silent."""
        self._sink = None

    def speak(self) -> int:
        """A unit now; by how much its stamp is off."""
        now_ns = self._clock.monotonic_ns()
        off_ns = (now_ns - self._start_ns) * self._ppm // 1_000_000
        if self._sink is not None:
            self._sink(Unit(Track.AUDIO, now_ns - UNIT_NS + off_ns, b"sound", key=True))
        return off_ns


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_shift_of_twelve_hours_at_200_millionths_stays_in_step(ppm: int) -> None:
    """8.6 s if nobody cared: at no moment is the sound off by more than 85 ms."""
    clock = VirtualClock()
    source = Crystal(clock, ppm)
    heard = list[Unit]()
    microphone = Microphone(source, clock, heard.append, always=False)  # type: ignore[arg-type]  # a stand-in with what a microphone uses
    microphone.open(clock.monotonic_ns())
    worst = 0
    for _ in range(12 * 3600 * 2):
        clock.advance(NS // 2)
        worst = max(worst, abs(source.speak()))
        microphone.heard(heard.pop())
    assert worst <= ADRIFT_NS + 2 * WINDOW_NS * 200 // 1_000_000 + 1_000_000
    assert 90 <= source.starts <= 110
