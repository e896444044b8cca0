"""The beep is heard when the flash is seen: measured on decoded picture and sound."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest

from hal.interface import Unit, VideoFormat
from hal.sim.aids import flash_square
from hal.sim.audio import Tone
from hal.sim.clock import MS, NS, VirtualClock
from hal.sim.scene import SyntheticScene
from hal.sim.soundcard import RATE, InStep, SoundCard
from hal.sim.sources import SimAudio, SimVideo, Stepped, run_until
from hal.sim.video import EncodedVideo

VIDEO = VideoFormat(width=320, height=180, fps=30, bitrate=500_000, gop=30)
SECONDS = 4


def record(clock: VirtualClock) -> tuple[list[Unit], list[Unit]]:
    """Some seconds of picture and sound."""
    picture, sound = list[Unit](), list[Unit]()
    tone, drives = Tone(clock), [Stepped(clock), Stepped(clock)]
    SimVideo(EncodedVideo(SyntheticScene(VIDEO), VIDEO, clock), drives[0]).start(picture.append)
    microphone = SimAudio(tone, drives[1])
    microphone.start(sound.append)
    run_until(clock, drives, clock.monotonic_ns() + SECONDS * NS)
    for drive in drives:
        drive.stop()
    return picture, sound


def flashes(units: list[Unit]) -> list[int]:
    """When the mark turned white, in nanoseconds."""
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))] + decoder.decode(None)
    assert len(frames) == len(units)
    square = flash_square(VIDEO)
    lit = [bool(square.of(frame.to_ndarray().astype(np.uint8)[: VIDEO.height]).mean() > 128) for frame in frames]
    return [unit.time_ns for unit, before, now in zip(units[1:], lit, lit[1:], strict=False) if now and not before]


def beeps(units: list[Unit], config: bytes) -> list[int]:
    """When a beep began, in nanoseconds."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = config
    onsets, quiet = [], RATE
    for unit in units:
        for frame in decoder.decode(av.Packet(unit.data)):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.1)
            if loud.size and quiet + loud[0] > RATE // 2:
                onsets.append(unit.time_ns + int(loud[0]) * NS // RATE)
            quiet = frame.samples - 1 - int(loud[-1]) if loud.size else quiet + frame.samples
    return onsets


@pytest.mark.parametrize("offset_ms", [0, 123, 777])
def test_sound_and_picture_agree(offset_ms: int) -> None:
    """Beep and flash are less than 20 ms apart (half a frame is 17), and at whole UTC seconds."""
    clock = VirtualClock(1_800_000_000_000 + offset_ms)
    config = Tone(clock).format.config
    picture, sound = record(clock)
    seen, heard = flashes(picture), beeps(sound, config)
    heard = [ns for ns in heard if ns > seen[0] - 100 * MS][: len(seen)]
    assert len(seen) >= SECONDS - 1
    assert len(heard) >= len(seen) - 1
    assert all(abs(flash_ns - beep_ns) < 20 * MS for flash_ns, beep_ns in zip(seen, heard, strict=False))
    assert all((clock.utc_ns(ns) + 3 * MS) % NS < 6 * MS for ns in heard)


def test_beeps_follow_a_clock_that_jumps() -> None:
    """The beep is at whole seconds of the wall clock as it is, not as it was at the start."""
    clock = VirtualClock(1_800_000_000_000)
    config = Tone(clock).format.config
    clock.jump(400)
    _, sound = record(clock)
    assert all((clock.utc_ns(ns) + 3 * MS) % NS < 6 * MS for ns in beeps(sound, config))


SHIFT_S = 12 * 3600


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_a_shift_of_drift_is_resampled_away(ppm: int) -> None:
    """After twelve hours of a sound card that runs fast or slow, 8.6 s if nobody cared, each beep is on its second to 0.1 ms."""
    clock = VirtualClock(1_800_000_000_500)
    start_ns = clock.monotonic_ns()
    sound = InStep(SoundCard(clock, start_ns, ppm))
    sound.skip(start_ns + SHIFT_S * NS)
    first = SHIFT_S * RATE
    heard = [sound.block(first + n * RATE, RATE, start_ns + (SHIFT_S + n + 1) * NS) for n in range(4)]
    loud = np.flatnonzero(np.abs(np.concatenate(heard)) > 0.1)
    onsets = loud[np.flatnonzero(np.diff(loud, prepend=-RATE) > RATE // 2)]
    assert len(onsets) == 4
    beeps_ns = [clock.utc_ns(start_ns + (first + int(onset)) * NS // RATE) for onset in onsets]
    assert len({(ns + NS // 2) % NS // (MS // 5) for ns in beeps_ns}) == 1
    assert all(0 <= (ns + NS // 2) % NS - NS // 2 < MS for ns in beeps_ns)


@pytest.mark.parametrize("ppm", [-1000, 1000])
def test_drift_is_resampled_as_it_goes(ppm: int) -> None:
    """A quarter of a minute at a thousand millionths, 15 ms if nobody cared: each beep on its second, no unit missing, the tone unbroken."""
    clock = VirtualClock(1_800_000_000_500)
    tone = Tone(clock)
    tone.drift(ppm)
    tone.begin(clock.monotonic_ns())
    sound = [unit for unit in (tone.take() for _ in range(15 * RATE // 1024)) if unit is not None]
    heard = beeps(sound, tone.format.config)
    assert len(heard) == 15
    assert all((clock.utc_ns(ns) + 3 * MS) % NS < 6 * MS for ns in heard)
    assert {after.time_ns - before.time_ns for before, after in pairwise(sound)} <= {21_333_333, 21_333_334}


def test_skipped_sound_is_a_gap() -> None:
    """Sound that passed by unheard is missing from the times, and what follows is stamped right."""
    clock = VirtualClock()
    tone = Tone(clock)
    tone.begin(0)
    units = [tone.take() for _ in range(4)]
    tone.skip()
    units += [tone.take() for _ in range(4)]
    numbers = [unit.time_ns * RATE // 1024 for unit in units if unit]
    assert [round(number / NS) for number in numbers] == [0, 1, 2, 3, 5, 6]
    tone.end()
    assert tone.take() is None
