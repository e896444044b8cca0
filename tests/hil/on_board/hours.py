"""Keeps a board as busy as a shift does, without the desk: lens, microphone, card; and says once a minute how it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from hal.interface import Unit, VideoFormat
from hal.pi.microphone import PiMicrophone
from hal.pi.storage import PiStorage
from tests.hil.on_board import lens, parts, talk

FLUSH_S = 0.5
LARGEST = 64 << 20
"""Bytes after which the film begins anew."""
NAME = "hil-hours"
ZONES = Path("/sys/class/thermal")


class Counts:
    """What happened since the last minute."""

    def __init__(self, video: VideoFormat | None) -> None:
        self.frames = self.gaps = self.sounds = self.flushes = 0
        self.worst_ms = 0.0
        self.waiting = bytearray()
        self._last_ns = 0
        self._longest_ns = int(1.5e9 / video.fps) if video else 0
        self._lock = threading.Lock()

    def frame(self, unit: Unit) -> None:
        """A frame; one that comes late is a gap."""
        with self._lock:
            self.frames += 1
            self.gaps += bool(self._last_ns) and unit.time_ns - self._last_ns > self._longest_ns
            self._last_ns = unit.time_ns
            self.waiting += unit.data

    def sound(self, _: Unit) -> None:
        """A unit of sound."""
        self.sounds += 1

    def take(self) -> bytes:
        """What waits to be written."""
        with self._lock:
            data = bytes(self.waiting)
            self.waiting.clear()
        return data

    def told(self) -> dict[str, float]:
        """All of it, and begin anew."""
        names = ("frames", "gaps", "sounds", "flushes", "worst_ms")
        facts = {name: getattr(self, name) for name in names}
        for name in names:
            setattr(self, name, 0)
        return facts


def celsius() -> float:
    """The hottest of the kernel's thermometers; 0 where there is none."""
    degrees = [parts.text(str(path)) for path in ZONES.glob("thermal_zone*/temp")]
    return max((int(each) / 1000 for each in degrees if each.lstrip("-").isdigit()), default=0.0)


def resident_kib() -> int:
    """What this program has in memory."""
    lines = [line for line in parts.text("/proc/self/status").splitlines() if line.startswith("VmRSS")]
    return int(lines[0].split()[1]) if lines else 0


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """For so many ``seconds``, a sample each ``every`` seconds.  ``video`` and ``card`` are None where the board has no lens, or no microphone."""
    video = VideoFormat(**given["video"]) if given["video"] else None
    counts = Counts(video)
    root = PiStorage(Path(given["place"]), partition=given["partition"]).root()
    with ExitStack() as had:
        clock = had.enter_context(parts.clock())
        if video:
            camera = had.enter_context(closing(lens.opened(parts.board(given), video, clock)))
            camera.start(counts.frame)
        if given["card"]:
            microphone = PiMicrophone(clock, given["card"])
            microphone.start(counts.sound)
            had.callback(microphone.stop)
        began = told = time.monotonic()
        filler = bytes(given["bytes"])
        film = None
        while (now := time.monotonic()) - began < given["seconds"]:
            if film is None or film.size() > LARGEST:
                if film is not None:
                    film.close()
                if NAME in root.names():
                    root.remove(NAME)
                film = root.create(NAME)
            at = time.monotonic()
            film.append(counts.take() or filler)
            film.sync()
            counts.flushes += 1
            counts.worst_ms = max(counts.worst_ms, round((time.monotonic() - at) * 1000, 3))
            if now - told >= given["every"]:
                told = now
                talk.say("sample", at_s=round(now - began, 1), celsius=celsius(), kib=resident_kib(), **counts.told())
            threading.Event().wait(max(0.0, FLUSH_S - (time.monotonic() - at)))
        root.remove(NAME)
    talk.say("over", at_s=round(time.monotonic() - began, 1))
