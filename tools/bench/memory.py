"""What the pre-event buffer takes of a process's memory, in one of its own."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware.core.memory import buffer_bytes
from firmware.core.ring import Ring
from hal.interface import Track, Unit
from tools.bench.camera import PRE_EVENT_S
from tools.bench.film import SECONDS, VIDEO, film

NS: Final = 1_000_000_000
LOOK_S: Final = 10


@dataclass(frozen=True, slots=True)
class Point:
    """So many seconds after the beginning: bytes of payload in the buffer, and by how many the process has grown."""

    time_s: int
    held: int
    grew: int


def hour(seconds: int) -> tuple[Point, ...]:
    """The buffer over so many seconds of virtual time, looked at each ten."""
    command = [sys.executable, "-m", __name__, str(seconds)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return tuple(Point(*each) for each in json.loads(told))


def _run(seconds: int) -> Iterator[tuple[int, int, int]]:
    frames = [unit for unit in film(SECONDS).units if unit.track is Track.VIDEO]
    ring = Ring(PRE_EVENT_S, buffer_bytes(PRE_EVENT_S, VIDEO.bitrate))
    gc.collect()
    with suppress(AttributeError):  # where the C library has no such call, it keeps less as well
        ctypes.CDLL(None).malloc_trim(0)
    before = _resident()
    for index, unit in enumerate(_frames(frames, seconds), start=1):
        ring.push(unit)
        if not index % (LOOK_S * VIDEO.fps):
            yield index // VIDEO.fps, ring.bytes, max(0, _resident() - before)


def _frames(frames: list[Unit], seconds: int) -> Iterator[Unit]:
    """The frames again and again, each in memory of its own, as an encoder hands them over."""
    for index in range(seconds * VIDEO.fps):
        unit = frames[index % len(frames)]
        yield Unit(Track.VIDEO, index * NS // VIDEO.fps, bytes(bytearray(unit.data)), unit.key)


def _resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(json.dumps(list(_run(int(sys.argv[1])))))
