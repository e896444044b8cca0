"""The self-test's table: each check at its limit, and what a failure shows as."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from firmware.core.indications import Trouble
from firmware.core.selftest import DEADLINE_NS, WINDOW_NS, Check, Due, Result, Seen, facts, failed, judge, troubles
from firmware.evidence.log_kinds import AUDIT_DATA
from hal.sim.clip import AudioClip
from hal.sim.clock import NS, VirtualClock
from hal.sim.scene import SyntheticScene
from hal.sim.video import EncodedVideo
from tests.rig import VIDEO

DUE = Due(fps=30, bitrate=4_000_000, sounds=46.9, write=700_000)
WELL = Seen(
    seconds=1.5,
    frames=45,
    frame_bytes=750_000,
    sound=True,
    sounds=70,
    sound_bytes=70 * 100,
    wrote=5_000_000,
    signs=True,
    device_signs=True,
    clock_set=True,
    skew_ms=0,
    gauge=True,
    held=False,
)


def test_a_camera_that_is_well() -> None:
    """Every check is tried, and none shows anything."""
    verdict = judge(WELL, DUE)
    assert verdict == dict.fromkeys(Check, Result.OK)
    assert not failed(verdict)
    assert not troubles(verdict)


@pytest.mark.parametrize(
    ("change", "check", "result", "trouble"),
    [
        ({"frames": 36}, Check.PICTURE, Result.OK, None),
        ({"frames": 35}, Check.PICTURE, Result.FAILED, Trouble.PICTURE_FAILS),
        ({"frames": 0, "frame_bytes": 0}, Check.PICTURE, Result.FAILED, Trouble.PICTURE_FAILS),
        ({"frame_bytes": 125_000}, Check.PICTURE, Result.OK, None),
        ({"frame_bytes": 124_999}, Check.PICTURE, Result.FLAT, Trouble.PICTURE_FLAT),
        ({"sound": False, "sounds": 0, "sound_bytes": 0}, Check.SOUND, Result.NOT_TRIED, None),
        ({"sounds": 57}, Check.SOUND, Result.OK, None),
        ({"sounds": 56}, Check.SOUND, Result.FAILED, Trouble.NO_SOUND),
        ({"sound_bytes": 70 * 16}, Check.SOUND, Result.OK, None),
        ({"sound_bytes": 70 * 16 - 1}, Check.SOUND, Result.FLAT, Trouble.NO_SOUND),
        ({"wrote": 700_000}, Check.STORAGE, Result.OK, None),
        ({"wrote": 699_999}, Check.STORAGE, Result.SLOW, Trouble.LAGGING),
        ({"wrote": 0}, Check.STORAGE, Result.FAILED, Trouble.STORAGE_FAILS),
        ({"wrote": None}, Check.STORAGE, Result.NOT_TRIED, None),
        ({"signs": False}, Check.SIGNATURE, Result.FAILED, Trouble.SIGNATURE_FAILS),
        ({"signs": None}, Check.SIGNATURE, Result.NOT_TRIED, None),
        ({"device_signs": False}, Check.DEVICE, Result.FAILED, Trouble.SIGNATURE_FAILS),
        ({"device_signs": None}, Check.DEVICE, Result.FAILED, Trouble.SIGNATURE_FAILS),
        ({"clock_set": False}, Check.CLOCK, Result.FAILED, Trouble.CLOCK_UNSET),
        ({"skew_ms": 100}, Check.CLOCK, Result.OK, None),
        ({"skew_ms": 101}, Check.CLOCK, Result.FAILED, Trouble.CLOCK_UNSET),
        ({"skew_ms": -101}, Check.CLOCK, Result.FAILED, Trouble.CLOCK_UNSET),
        ({"gauge": False}, Check.BATTERY, Result.FAILED, Trouble.GAUGE_FAILS),
        ({"held": True}, Check.BUTTONS, Result.FAILED, Trouble.BUTTON_STUCK),
    ],
)
def test_each_check_at_its_limit(change: dict[str, Any], check: Check, result: Result, trouble: Trouble | None) -> None:
    """It judges what it is for, and no other does."""
    verdict = judge(replace(WELL, **change), DUE)
    assert verdict == {**dict.fromkeys(Check, Result.OK), check: result}
    assert troubles(verdict) == frozenset({trouble} if trouble else ())


def test_every_failure_shows_as_something() -> None:
    """No check can fail and be seen by nobody."""
    worst = replace(
        WELL, frames=0, sounds=0, wrote=0, signs=False, device_signs=None, clock_set=False, gauge=False, held=True
    )
    verdict = judge(worst, DUE)
    assert failed(verdict) == set(Check)
    assert len(troubles(verdict)) >= 7


def test_the_line_is_one_that_the_log_takes() -> None:
    """All that it may hold, at both ends."""
    for seen in (WELL, replace(WELL, wrote=None, frames=0, device_signs=None)):
        for device_ms in (None, 480):
            line = facts("boot", judge(seen, DUE), seen, device_ms)
            AUDIT_DATA["self-test"](line, "data")
    assert facts("undock", judge(WELL, DUE), WELL, 90)["fps"] == 30
    assert facts("undock", judge(WELL, DUE), WELL, 90)["write_kib"] == 4882


def test_it_takes_two_seconds_at_most() -> None:
    """As it was promised."""
    assert WINDOW_NS < DEADLINE_NS <= 2 * NS


@pytest.mark.parametrize("dark", [False, True])
def test_a_real_encoder_in_the_dark(dark: bool) -> None:  # noqa: FBT001 - both
    """What x264 makes of a covered lens is flat, and of a corridor is not."""
    clock = VirtualClock()
    feed = EncodedVideo(SyntheticScene(VIDEO), VIDEO, clock)
    feed.dark(dark)
    feed.begin(clock.monotonic_ns())
    sizes = []
    for _ in range(VIDEO.fps * 3 // 2):
        clock.advance(NS // VIDEO.fps)
        unit = feed.take()
        sizes += [len(unit.data)] if unit is not None else []
    seen = replace(WELL, seconds=1.5, frames=len(sizes), frame_bytes=sum(sizes))
    verdict = judge(seen, replace(DUE, fps=VIDEO.fps, bitrate=VIDEO.bitrate))
    assert verdict[Check.PICTURE] is (Result.FLAT if dark else Result.OK)


def test_a_real_encoder_that_hears_something() -> None:
    """A tone in AAC takes more than silence does."""
    clip = AudioClip()
    clip.begin(0)
    sizes = [len(clip.take().data) for _ in range(40)]
    seen = replace(WELL, sounds=70, sound_bytes=70 * sum(sizes) // len(sizes))
    assert judge(seen, DUE)[Check.SOUND] is Result.OK
