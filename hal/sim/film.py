"""A lens and a microphone that hand out what an encoder made before: no picture is drawn and nothing is encoded, as where a chip does that.

A film is a raw H.264 stream (Annex B, as ``ffmpeg -c:v copy clip.h264`` writes it), and its sound an AAC stream (ADTS) of the same name that ends
in ``.aac``.  Both come round again and again, each by itself.  The bytes of a unit are read when it is due, so that each is as much memory of its
own as what a driver hands over, and none is held here.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hal.interface import AudioFormat, Overlay, Track, Unit, VideoFormat
from hal.sim.grid import Grid

SOUND: Final = ".aac"
_CODE: Final = b"\x00\x00\x01"
_SLICES: Final = frozenset({1, 5})
_IDR: Final = 5
_LEADING: Final = frozenset({6, 7, 8, 9})
"""Kinds of NAL units that, behind a picture, belong to the next one: SEI, parameter sets, delimiter."""
_SYNC: Final = 0xFFF
_RATES: Final = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_SAMPLES: Final = 1024
_HEAD: Final = 7


@dataclass(frozen=True, slots=True)
class Place:
    """Where an access unit stands in its file."""

    offset: int
    size: int
    key: bool


class _Reel(Grid):
    """Reads the units of one file, round and round."""

    def __init__(self, track: Track, path: Path, places: Sequence[Place], count: int, seconds: int) -> None:
        super().__init__(count, seconds)
        self._track = track
        self._places = places
        self._path = path
        self._file: io.FileIO | None = None

    def begin(self, time_ns: int) -> None:
        """Open the file, and start with the first unit again; ``OSError`` where it is gone."""
        self.end()
        self._file = self._path.open("rb", buffering=0)
        super().begin(time_ns)

    def end(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def take(self) -> Unit | None:
        """The next unit; None where it cannot be read."""
        place = self._places[self._index % len(self._places)]
        time_ns = self._time_ns(self._index)
        self._index += 1
        data = os.pread(self._file.fileno(), place.size, place.offset) if self._file is not None else b""
        return Unit(self._track, time_ns, data, place.key) if len(data) == place.size else None


class FilmedVideo(_Reel):
    """A ``VideoFeed`` of a film.  It says that it has the format that it is asked for: whoever names the film has to see to it."""

    def __init__(self, path: Path, video: VideoFormat) -> None:
        """``OSError`` where there is no film at ``path``, or it does not begin with a keyframe."""
        places = _places(path, access_units)
        if not places[0].key:
            raise OSError(errno.EINVAL, "a film begins with a keyframe", str(path))
        super().__init__(Track.VIDEO, path, places, video.fps, 1)
        self._format = video

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""
        return self._format

    def burn(self, overlay: Overlay) -> None:
        """Nothing is drawn any more."""

    def due_ns(self) -> int:
        """When the next picture is captured."""
        return self._time_ns(self._index)


class FilmedSound(_Reel):
    """An ``AudioFeed`` of a film's sound."""

    def __init__(self, path: Path) -> None:
        """``OSError`` where there is no sound at ``path``."""
        places = _places(path, frames)
        with path.open("rb") as file:
            self._format = _described(file.read(_HEAD))
        super().__init__(Track.AUDIO, path, places, self._format.rate, _SAMPLES)

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""
        return self._format

    def due_ns(self) -> int:
        """When the last sample of the next unit has been captured."""
        return self._time_ns(self._index + 1)


def access_units(data: mmap.mmap | bytes) -> Iterator[Place]:
    """The access units of an Annex B stream.  One begins with the first NAL unit behind a picture that cannot be a part of it: a parameter set,
    or a slice that begins a picture."""
    start, pictured, key = 0, False, False
    at = data.find(_CODE)
    while 0 <= at < len(data) - len(_CODE) - 1:
        head, first = data[at + 3], bool(data[at + 4] & 0x80)
        kind = head & 0x1F
        if pictured and (kind in _LEADING or (kind in _SLICES and first)):
            begin = at - 1 if at and not data[at - 1] else at
            yield Place(start, begin - start, key)
            start, pictured, key = begin, False, False
        if kind in _SLICES:
            pictured, key = True, key or kind == _IDR
        at = data.find(_CODE, at + 3)
    if pictured:
        yield Place(start, len(data) - start, key)


def frames(data: mmap.mmap | bytes) -> Iterator[Place]:
    """The frames of an ADTS stream, without their headers; it ends where one is cut off or none begins."""
    at = 0
    while at + _HEAD <= len(data) and int.from_bytes(data[at : at + 2], "big") >> 4 == _SYNC:
        head = int.from_bytes(data[at : at + _HEAD], "big")
        size = head >> 13 & 0x1FFF
        skip = _HEAD if head >> 40 & 1 else _HEAD + 2  # the other kind has a checksum
        if size <= skip or at + size > len(data):
            return
        yield Place(at + skip, size - skip, key=True)
        at += size


def _described(header: bytes) -> AudioFormat:
    """The format that an ADTS header tells of."""
    head = int.from_bytes(header, "big")
    profile, rate, channels = (head >> 38 & 3) + 1, head >> 34 & 0xF, head >> 30 & 7
    return AudioFormat(_RATES[rate], channels, _SAMPLES, (profile << 11 | rate << 7 | channels << 3).to_bytes(2, "big"))


def _places(path: Path, split: Callable[[mmap.mmap], Iterator[Place]]) -> list[Place]:
    """What stands in a file; ``OSError`` where that is nothing."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if places := list(split(data)):
                    return places
    raise OSError(errno.EINVAL, "no film, or no sound of one", str(path))
