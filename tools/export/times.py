"""When each frame was captured: from media time to UTC, with its uncertainty (``docs/evidence-format.md``, 6.3).

    times = FrameTimes(journal)          a verified ``tools.verify.model.Journal``; no decryption key is needed
    found = times.at(sample.time)        media time in ticks of 1/90000 s, of a frame or of anything between two
    found.utc                            "2026-03-04T05:06:07.089Z", or "" where the clock was never set
    found.uncertainty_ms                 either way, against the dock's time; None: nobody knows
    found.quality, found.pre_event       "unset", "rtc" or "dock"; whether it comes from before the press

A journal without any frame gives no times: ``FrameTimes`` raises ``Refused``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.verify.clocks import uncertainty_ms
from tools.verify.findings import need
from tools.verify.model import MEDIA_RATE, Clock, Flush, Journal
from tools.verify.times import moment

HEADER = "frame,film_s,media_ticks,utc,uncertainty_ms,clock,pre_event"
"""The columns of ``rows``."""


@dataclass(frozen=True, slots=True)
class FrameTime:
    """The capture time of one frame: milliseconds since 1970 in UTC (None: the clock was never set), and how far it
    may lie from the dock's time (None: nobody knows)."""

    utc_ms: int | None
    uncertainty_ms: int | None
    quality: str
    pre_event: bool

    @property
    def utc(self) -> str:
        """ISO 8601 with milliseconds; empty where it is not known."""
        found = None if self.utc_ms is None else moment(self.utc_ms)
        return "" if found is None else f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03d}Z"


class FrameTimes:
    """The capture times of one recording, from its journal alone."""

    def __init__(self, journal: Journal) -> None:
        """Find where media time 0 lies on the monotonic clock: each line with a frame names a time at which its last
        frame was captured at the latest, the earliest of which is the closest."""
        self._journal = journal
        self._frame_ms = 1000 / journal.opening.fps
        self._flushes = sorted(_with_frames(journal.flushes), key=_start)
        need(self._flushes, "holds no frame that was signed")
        self._starts = [_start(flush) for flush in self._flushes]
        self._zero_ms = min(self._zero(flush) for flush in self._flushes)
        live = [_start(flush) for flush in self._flushes if journal.is_live(flush)]
        self._press = live[0] if live else None
        self._set = next((flush.clock for flush in journal.flushes if flush.clock.quality == "dock"), None)
        self._strayed = _strayed([journal.opening.clock, *(flush.clock for flush in journal.flushes)])

    def at(self, media: int) -> FrameTime:
        """The time of one media time in ticks of 1/90000 s."""
        mono_ms = self._zero_ms + media * 1000 / MEDIA_RATE
        clock = self._reading(media)
        pre_event = self._press is None or media < self._press
        if clock.quality == "unset":
            return FrameTime(None, None, clock.quality, pre_event)
        there = uncertainty_ms(clock, self._journal.opening)
        known = None if there is None else there + round(self._frame_ms) + self._strayed.get(clock.quality, 0)
        return FrameTime(clock.utc_ms + round(mono_ms - clock.mono_ms), known, clock.quality, pre_event)

    def rows(self, media_times: Iterable[int], origin: int) -> Iterator[str]:
        """Lines of CSV (without line ends), ``HEADER`` first: one for each frame.

        ``media_times`` are the frames' in order, ``origin`` is the media time at which the film's time begins.
        """
        yield HEADER
        for index, media in enumerate(media_times):
            found = self.at(media)
            uncertainty = "" if found.uncertainty_ms is None else found.uncertainty_ms
            yield (
                f"{index},{(media - origin) / MEDIA_RATE:.6f},{media},{found.utc},{uncertainty},{found.quality},"
                f"{int(found.pre_event)}"
            )

    def _zero(self, flush: Flush) -> float:
        last_frame_ms = (flush.until or 0) * 1000 / MEDIA_RATE - self._frame_ms
        return flush.clock.mono_ms - flush.lag_ms - last_frame_ms

    def _reading(self, media: int) -> Clock:
        """The clock by which a frame is dated: its own line's, or the first that a dock had set, which holds for the
        whole boot."""
        own = self._flushes[max(0, bisect_right(self._starts, media) - 1)].clock
        return own if own.quality == "dock" or self._set is None else self._set


def _with_frames(flushes: Iterable[Flush]) -> list[Flush]:
    return [flush for flush in flushes if flush.video is not None and flush.until is not None]


def _start(flush: Flush) -> int:
    return 0 if flush.video is None else flush.video.start


def _strayed(clocks: Iterable[Clock]) -> dict[str, int]:
    """By how much the wall clock moved against the monotonic one during the recording, for each quality."""
    ahead: dict[str, list[int]] = {}
    for clock in clocks:
        ahead.setdefault(clock.quality, []).append(clock.utc_ms - clock.mono_ms)
    return {quality: max(found) - min(found) for quality, found in ahead.items()}
