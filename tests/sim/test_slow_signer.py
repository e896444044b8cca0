"""A device key in hardware takes its time: 76 ms at best, over 500 where a chip slows down on purpose.  No frame, press or light waits for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from firmware.camera import Camera
from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Recording
from hal.interface import Button, Lights, Track, Unit
from hal.sim.clock import NS, VirtualClock
from hal.sim.memory import MemoryStorage
from hal.sim.sources import run_until
from tests.rig import STEP_NS, VALUES, VIDEO, PkiSigner, Rig, enrol, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

MAY_WAIT = {"Writer.step", "DeviceProbe.step"}
"""Whose threads may wait for the device key."""
MUST_NOT = {"Camera.arrive", "Camera.capture", "Controller.handle", "Controller.tick", "Lens.look"}


@dataclass
class SlowSigner(PkiSigner):
    """A key that takes ``seconds`` for each signature and each step of its counter; the threads that do not ask it live on meanwhile."""

    seconds: float = 0.0
    rig: Rig | None = None
    asked: list[str] = field(default_factory=list)
    seen: list[Lights] = field(default_factory=list)
    press_at: str = ""

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign."""
        self._work("sign")
        return super().sign_digest(digest)

    def advance(self) -> int | None:
        """Count."""
        self._work("advance")
        return super().advance()

    def _work(self, what: str) -> None:
        if self.rig is None:  # the boot, before any frame
            return
        stack = callers()
        (waits,) = MAY_WAIT & stack
        assert not MUST_NOT & stack
        self.asked.append(f"{what} for {waits}")
        if self.asked[-1] == self.press_at:
            self.press_at = ""
            self.rig.buttons.press(Button.RECORD)
            self._others(self.rig)
            self.seen.append(self.rig.indicators.lights)
            self.rig.buttons.release(Button.RECORD)
        until = self.rig.clock.monotonic_ns() + round(self.seconds * NS)
        while (now := self.rig.clock.monotonic_ns()) < until:
            run_until(self.rig.clock, (self.rig.video, self.rig.audio), min(now + STEP_NS, until))
            self._others(self.rig)

    @staticmethod
    def _others(rig: Rig) -> None:
        """What the controller does while another thread waits."""
        while (item := rig.camera.inbox.take()) is not None:
            rig.camera.controller.handle(item)
        rig.camera.lens.look()
        rig.camera.controller.tick(rig.clock.monotonic_ns())


def callers() -> set[str]:
    """The methods on the stack, up to the nearest thread's own loop."""
    names = set[str]()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not MAY_WAIT & names:
        names.add(frame.f_code.co_qualname)
        frame = frame.f_back
    return names


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """When each frame was captured, and how long after, in ns, the camera had it."""
    frames: list[tuple[int, int]] = []
    capture = Camera.capture

    def timed(camera: Camera, unit: Unit) -> None:
        if unit.track is Track.VIDEO:
            frames.append((unit.time_ns, camera.now() - unit.time_ns))
        capture(camera, unit)

    monkeypatch.setattr(Camera, "capture", timed)
    return frames


def camera(seconds: float, press_at: str = "") -> tuple[Rig, SlowSigner]:
    """One with such a key."""
    config, signer, values = MemoryStorage(), SlowSigner(seconds=seconds), {**VALUES}
    enrol(config, values)
    rig = Rig.start(MemoryStorage(), config, VirtualClock(), signer, values, tested=True)
    signer.rig, signer.press_at = rig, press_at
    return rig, signer


@pytest.mark.parametrize("seconds", [0.076, 0.5, 2.0])
def test_no_frame_waits(seconds: float, waited: list[tuple[int, int]], tmp_path: Path) -> None:
    """From the self-test to the manifest: each frame is taken within a turn of its capture, none is missing, and the recording is whole."""
    rig, signer = camera(seconds)
    rig.run(6).tap().run(5).stop().run(3)
    assert {"sign for DeviceProbe.step", "advance for Writer.step", "sign for Writer.step"} <= set(signer.asked)
    assert max(late for _, late in waited) <= STEP_NS
    steps = {after[0] - before[0] for before, after in pairwise(waited)}
    assert all(abs(step - NS // VIDEO.fps) <= 1 for step in steps)
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.problems == ()


def test_a_press_is_seen_while_the_key_works(waited: list[tuple[int, int]], tmp_path: Path) -> None:
    """The next incident begins while the manifest of the last is signed: the light answers at once, and both are whole."""
    rig, signer = camera(0.5, "sign for Writer.step")
    rig.run(6).tap().run(5).stop().run(3)
    assert signer.seen == [LIGHTS[Look.STARTING]]
    assert rig.state is Recording.RECORDING
    rig.stop().run(3)
    assert max(late for _, late in waited) <= STEP_NS
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert [recording.problems for recording in report.every_recording] == [(), ()]
