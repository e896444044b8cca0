"""One recording as the verifier read it, with its media times placed on the wall clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.verify.findings import Refused
from tools.verify.manifest import Manifest
from tools.verify.model import MEDIA_RATE, Journal
from tools.verify.receipt import DockSigned
from tools.verify.recording import Given, judge
from tools.verify.report import RecordingReport, Report
from tools.verify.verifier import load_given


@dataclass(frozen=True, slots=True)
class Footage:
    """A recording in the dock's store.  ``report`` is the verdict with the authority's key."""

    directory: Path
    report: RecordingReport
    journal: Journal
    manifest: Manifest
    receipt: DockSigned

    @property
    def number(self) -> int:
        """The recording's number."""
        return self.journal.opening.number

    @property
    def origin_ms(self) -> float:
        """When media time 0 was, in UTC by the camera's signed clock, to a few milliseconds.

        A journal line says when it was made, and how long before that the last frame was captured; the line that was written fastest
        tells it best.
        """
        frame_ms = 1000 / self.journal.opening.fps
        return min(
            flush.clock.utc_ms - flush.lag_ms - (flush.until * 1000 / MEDIA_RATE - frame_ms)
            for flush in self.journal.flushes
            if flush.video is not None and flush.until is not None
        )

    @property
    def live_s(self) -> float:
        """Media time, in seconds, at which the live part begins."""
        live = self.journal.segments().get(self.journal.opening.live_from, [])
        starts = [flush.video.start for flush in live if flush.video is not None]
        return min(starts, default=0) / MEDIA_RATE

    @property
    def end_s(self) -> float:
        """Media time, in seconds, up to which the journal vouches."""
        return max(flush.until for flush in self.journal.flushes if flush.until is not None) / MEDIA_RATE

    def at(self, kind: str) -> float | None:
        """Media time, in seconds, of the first entry of this kind in the private part."""
        found = (entry.at_s for entry in self.report.private or () if entry.kind == kind)
        return next(found, None)

    def utc_ms(self, at_s: float) -> float:
        """A media time on the wall clock."""
        return self.origin_ms + at_s * 1000


def footage(store: Path, report: Report, root: Path) -> list[Footage]:
    """The recordings that ``report`` found in a dock's store; ``Refused`` names one that is not all there."""
    given = load_given(root)
    return [_read(directory, each, given) for directory, each in _recordings(store, report)]


def _recordings(store: Path, report: Report) -> Iterator[tuple[Path, RecordingReport]]:
    for volume in report.volumes:
        for recording in volume.recordings:
            yield store / volume.path / recording.path, recording


def _read(directory: Path, report: RecordingReport, given: Given) -> Footage:
    custody = judge(directory, given)
    if custody.journal is None or custody.manifest is None or custody.receipt is None:
        raise Refused(f"{directory}: journal, manifest or receipt is missing")
    return Footage(directory, report, custody.journal, custody.manifest, custody.receipt)
