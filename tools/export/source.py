"""The recording that is exported: checked first, then decrypted flush by flush."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.verify.content import check_media, check_tracks
from tools.verify.findings import Refused, need
from tools.verify.fragments import FlushMedia, SegmentReader
from tools.verify.model import Flush, Journal
from tools.verify.plain import read_first, read_flushes
from tools.verify.recording import Custody, Given, judge

_MOST_TOLD = 5
_ABOVE = ("recordings/*", "*/recordings/*", "*/*/recordings/*")  # a volume, a device's folder, a store


@dataclass(frozen=True, slots=True)
class Source:
    """A recording of which everything that the journal vouches for is there.  ``settings``: for each track the plain
    beginning of a segment (``ftyp``, ``moov`` and its first fragments) that has it."""

    directory: Path
    given: Given
    custody: Custody
    journal: Journal
    settings: dict[str, bytes]

    @property
    def segments(self) -> list[list[Flush]]:
        """The flushes, segment by segment, in order of media time."""
        return list(self.journal.segments().values())

    @property
    def starts(self) -> dict[str, int]:
        """Media time of each track's first sample, in its ticks."""
        found: dict[str, int] = {}
        for flush in (flush for flushes in self.segments for flush in flushes):
            for kind in ("video", "audio"):
                track = flush.track(kind)
                if track is not None:
                    found.setdefault(kind, track.start)
        return found

    def read(self, deliver: Callable[[FlushMedia], None], lines: Container[int] | None = None) -> None:
        """Decrypt the segments of the flushes on these ``lines`` of the journal (None: all) and hand on the samples of
        each, checked against it."""
        for flushes in self.segments:
            if any(lines is None or flush.line in lines for flush in flushes):
                self._read_segment(
                    flushes, lambda flush, media: deliver(media) if lines is None or flush.line in lines else None
                )

    def keyed(self, flushes: Sequence[Flush]) -> list[Flush]:
        """Those flushes of a segment that begin with a keyframe."""
        found: list[Flush] = []
        self._read_segment(flushes, lambda flush, media: found.append(flush) if _begins_anew(media) else None)
        return found

    def decrypt(self, flushes: Sequence[Flush], deliver: Callable[[bytes], object]) -> None:
        """The plaintext of one file, as far as the journal vouches for it, piece by piece."""

        def take(_flush: Flush, data: bytes) -> None:
            deliver(data)
            if self.given.progress is not None:
                self.given.progress(len(data))

        with _named(flushes[0].file):
            read_flushes(self.directory / flushes[0].file, self.given.keys, flushes, take)

    def _read_segment(self, flushes: Sequence[Flush], deliver: Callable[[Flush, FlushMedia], object]) -> None:
        reader = SegmentReader()

        def take(flush: Flush, data: bytes) -> None:
            media = reader.read(data, last=flush.last)
            check_tracks(reader.tracks, self.journal.opening)
            check_media(media, flush)
            deliver(flush, media)
            if self.given.progress is not None:
                self.given.progress(len(data))

        with _named(flushes[0].file):
            read_flushes(self.directory / flushes[0].file, self.given.keys, flushes, take)


def open_source(directory: Path, given: Given) -> Source:
    """Check a recording's custody and find its decoders' settings; ``Refused`` where anything is wrong, or nothing
    is there."""
    need(directory.exists(), f"{directory}: is missing")
    need(directory.is_dir(), f"{directory}: is not a directory")
    one = next((path for pattern in _ABOVE for path in sorted(directory.glob(pattern))), None)
    need(one is None, f"{directory}: holds many recordings: name one, like {one}")
    custody = judge(directory, given)
    if custody.problems:
        told = [f"{each.file}: {each.reason}" for each in custody.problems.found]
        more = [f"and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
        raise Refused(f"{directory} is not whole:\n  " + "\n  ".join(told[:_MOST_TOLD] + more))
    journal = custody.journal
    if journal is None or not any(flush.video for flush in journal.flushes):
        raise Refused(f"{directory}: holds no frame that was signed")
    source = Source(directory, given, custody, journal, {})
    configs: dict[str, bytes] = {}
    for flushes in source.segments:
        with _named(flushes[0].file):
            _find_settings(source, flushes[0], configs)
    missing = set(source.starts) - set(source.settings)
    need(not missing, f"{directory}: no segment describes its {', '.join(missing)}")
    return source


def _find_settings(source: Source, first: Flush, configs: dict[str, bytes]) -> None:
    data = read_first(source.directory / first.file, source.given.keys, first)
    reader = SegmentReader()
    reader.read(data, last=first.last)
    for track in reader.tracks.values():
        known = configs.setdefault(track.kind, track.config)
        need(
            known == track.config,
            f"its {track.kind} is encoded with other settings than before: it cannot go into the same film",
        )
        source.settings.setdefault(track.kind, data)


def _begins_anew(media: FlushMedia) -> bool:
    return bool(media.video) and media.video[0].key


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Refusals inside name the file."""
    try:
        yield
    except Refused as refused:
        raise Refused(f"{name}: {refused}") from None
