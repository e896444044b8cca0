"""What a recording's journal vouches for: the same sum for who writes it and for who recovers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware.evidence.errors import SequenceError
from firmware.evidence.keys import hash_of

TICKS = 90_000
"""Media ticks in a second."""

NOTHING: Mapping[str, Any] = {"length": 0, "hash": hash_of(b"")}
"""What is vouched for of a file that no line names."""


class Transcript:
    """The sum of an opening and the flushes behind it."""

    def __init__(self, opening: Mapping[str, Any], opening_hash: str) -> None:
        self.opening = opening
        self.opening_hash = opening_hash
        self.lines = 1
        self.head = opening_hash
        self.clock: Mapping[str, Any] = opening["clock"]
        self.gaps: Mapping[str, int] = {"video": 0, "audio": 0, "overflow": 0}
        self.samples = {"video": 0, "audio": 0}
        self.files: dict[str, Mapping[str, Any]] = {}
        """What is vouched for of each file: ``length`` and ``hash`` on storage."""
        self._plain: dict[str, int] = {}
        self._closed: set[str] = set()
        self._from: int | None = None
        self._until = 0

    @property
    def number(self) -> int:
        """The recording's number."""
        number: int = self.opening["number"]
        return number

    @property
    def open_files(self) -> frozenset[str]:
        """The files that no line closes."""
        return frozenset(self.files.keys() - self._closed)

    @property
    def span(self) -> dict[str, int] | None:
        """The media time vouched for, in ticks of 1/90000 s; None where there is none."""
        return None if self._from is None else {"from": self._from, "until": self._until}

    def missing(self) -> list[int]:
        """Pre-event segments that were reserved and are not written in full, as far as the journal tells."""
        live_from: int = self.opening["live_from"]
        segments = {int(name[:6]): name for name in self.files if name[:6].isdigit()}
        lowest = min((number for number in segments if number < live_from), default=0)
        return [number for number in range(lowest, live_from) if segments.get(number) not in self._closed]

    def add(self, flush: Mapping[str, Any], line_hash: str) -> None:
        """Add a flush line; ``SequenceError`` unless it continues the lines before."""
        self.check(flush)
        name = flush["file"]
        self.lines += 1
        self.head = line_hash
        self.clock = flush["clock"]
        self.gaps = flush["gaps"]
        self.files[name] = flush["cipher"]
        self._plain[name] = flush["plain"]["length"]
        if flush["last"]:
            self._closed.add(name)
        if flush["tracks"] is not None:
            self._add_media(flush)

    def check(self, flush: Mapping[str, Any]) -> None:
        """``SequenceError`` unless this flush line continues the lines before."""
        name = flush["file"]
        for member, value in (("number", self.number), ("line", self.lines), ("prev", self.head)):
            if flush[member] != value:
                raise SequenceError(f"{member}: {flush[member]!r} instead of {value!r}")
        if name in self._closed:
            raise SequenceError(f"file: {name} was closed before")
        if flush["cipher"]["length"] <= self.files.get(name, NOTHING)["length"]:
            raise SequenceError(f"cipher: {name} does not grow")
        if flush["plain"]["length"] <= self._plain.get(name, 0):
            raise SequenceError(f"plain: {name} does not grow")
        if flush["tracks"] is not None and flush["tracks"]["audio"] is not None and self.opening["audio"] is None:
            raise SequenceError("tracks.audio: the opening says that there is no sound track")

    def _add_media(self, flush: Mapping[str, Any]) -> None:
        """Count samples and media time."""
        audio = self.opening["audio"]
        rates = {"video": TICKS, "audio": TICKS if audio is None else audio["rate"]}
        for name, track in flush["tracks"].items():
            if track is not None:
                self.samples[name] += track["samples"]
                start = track["from"] * TICKS // rates[name]
                self._from = start if self._from is None else min(self._from, start)
        self._until = max(self._until, flush["until"])
