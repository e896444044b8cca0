"""What verified lines say, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.verify.certs import Chain

MEDIA_RATE = 90_000
"""Ticks per second of media times and of the video track."""

PRIVATE = "private.age"
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True, slots=True)
class Clock:
    """One reading of the camera's clocks, in milliseconds."""

    mono_ms: int
    utc_ms: int
    quality: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Clock:
        """From its JSON form (section 6.3)."""
        return cls(value["mono_ms"], value["utc_ms"], value["quality"])


@dataclass(frozen=True, slots=True)
class Extent:
    """A file from its first byte on: length in bytes, and hash."""

    length: int
    hash: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Extent:
        """From its JSON form."""
        return cls(value["length"], value["hash"])


NOTHING = Extent(0, EMPTY_HASH)


@dataclass(frozen=True, slots=True)
class Track:
    """The samples of one track in one flush: how many, the time of the first in ticks of the track, their hash
    (section 6.2)."""

    samples: int
    start: int
    hash: str

    @classmethod
    def read(cls, value: Mapping[str, Any] | None) -> Track | None:
        """From its JSON form."""
        return None if value is None else cls(value["samples"], value["from"], value["hash"])


@dataclass(frozen=True, slots=True)
class Overlap:
    """Frames that an earlier recording has too: media times here of the first and the last, and of the first there."""

    number: int
    opening: str
    first: int
    last: int
    at: int


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening of a recording (section 6.1).  ``sound_rate`` is None where it has no sound."""

    device: str
    volume: str
    boot: int
    number: int
    previous: str
    anchor: tuple[str, int] | None
    signer: str
    firmware: str
    clock: Clock
    live_from: int
    continues: tuple[int, str, Clock] | None
    overlaps: tuple[Overlap, ...]
    size: tuple[int, int]
    fps: int
    sound_rate: int | None
    hash: str

    @classmethod
    def read(cls, value: Mapping[str, Any], line_hash: str) -> Opening:
        """From a verified payload and the hash of its line."""
        anchor, continues, audio = value["anchor"], value["continues"], value["audio"]
        return cls(
            device=value["device"],
            volume=value["volume"],
            boot=value["boot"],
            number=value["number"],
            previous=value["previous"],
            anchor=None if anchor is None else (anchor["hash"], anchor["utc_ms"]),
            signer=value["signer"],
            firmware=value["firmware"],
            clock=Clock.read(value["clock"]),
            live_from=value["live_from"],
            continues=None
            if continues is None
            else (continues["number"], continues["opening"], Clock.read(continues["ended"])),
            overlaps=tuple(Overlap(**each) for each in value["overlaps"]),
            size=(value["video"]["width"], value["video"]["height"]),
            fps=value["video"]["fps"],
            sound_rate=None if audio is None else audio["rate"],
            hash=line_hash,
        )


@dataclass(frozen=True, slots=True)
class Flush:
    """One line of the journal (section 6.2).  ``segment`` is None for the private part."""

    line: int
    file: str
    segment: int | None
    last: bool
    cipher: Extent
    plain: Extent
    video: Track | None
    audio: Track | None
    until: int | None
    clock: Clock
    gaps: Mapping[str, int]
    lag_ms: int

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Flush:
        """From a verified payload."""
        tracks = value["tracks"] or {"video": None, "audio": None}
        return cls(
            line=value["line"],
            file=value["file"],
            segment=None if value["file"] == PRIVATE else int(value["file"][:6]),
            last=value["last"],
            cipher=Extent.read(value["cipher"]),
            plain=Extent.read(value["plain"]),
            video=Track.read(tracks["video"]),
            audio=Track.read(tracks["audio"]),
            until=value["until"],
            clock=Clock.read(value["clock"]),
            gaps=value["gaps"],
            lag_ms=value["lag_ms"],
        )

    def track(self, kind: str) -> Track | None:
        """The track named ``video`` or ``audio``."""
        return self.video if kind == "video" else self.audio


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as far as it verifies.  ``length`` and ``hash`` are of the whole file, ``head`` is the hash of the
    last good line, ``lines`` counts them with the opening, ``torn`` is the number of bytes behind the last LF;
    ``device_key`` and ``session`` (a certificate's hash) are who signed it, under ``chain``."""

    opening: Opening
    flushes: tuple[Flush, ...]
    head: str
    lines: int
    torn: int
    length: int
    hash: str
    device_key: bytes
    session: str
    chain: Chain = field(repr=False)
    files: Mapping[str, list[Flush]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        files: dict[str, list[Flush]] = {}
        for flush in self.flushes:
            files.setdefault(flush.file, []).append(flush)
        object.__setattr__(self, "files", files)

    def of(self, file: str) -> list[Flush]:
        """The flushes of one file, in order."""
        return self.files.get(file, [])

    def signed(self, file: str) -> Extent:
        """What the journal vouches for of one file on disk."""
        flushes = self.of(file)
        return flushes[-1].cipher if flushes else NOTHING

    def segments(self) -> dict[int, list[Flush]]:
        """The flushes of each segment, in order of media time."""
        ordered = sorted(self.files.items())
        return {first.segment: flushes for _, flushes in ordered if (first := flushes[0]).segment is not None}

    def is_live(self, flush: Flush) -> bool:
        """Whether this flush is of what followed the press."""
        return flush.segment is not None and flush.segment >= self.opening.live_from

    def last_clock(self) -> Clock:
        """The clock of the last line."""
        return self.flushes[-1].clock if self.flushes else self.opening.clock
