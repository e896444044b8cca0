"""Which part of a recording becomes the film, and where its sound is left out.

What is cut or left out ends where a line of the journal does, so that all the rest can still be proven: whatever was
asked for is moved outwards to such a border, the picture's to one that begins with a keyframe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tools.verify.findings import need
from tools.verify.model import MEDIA_RATE, Flush, Journal
from tools.verify.times import span

_REACH = 2 * 1024
"""Samples of sound that a unit of AAC may tell about, before and behind its own."""


@dataclass(frozen=True, slots=True)
class Span:
    """Media time in ticks of 1/90000 s, the end not included."""

    begin: int
    until: int

    @property
    def words(self) -> str:
        """For people."""
        return f"{span(self.begin / MEDIA_RATE)} to {span(self.until / MEDIA_RATE)}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, in ticks of media time: ``begin`` and ``until`` of the film (None: as recorded);
    ``silence``: spans without sound, ``mute``: no sound at all."""

    begin: int | None = None
    until: int | None = None
    silence: tuple[Span, ...] = ()
    mute: bool = False

    @property
    def trims(self) -> bool:
        """Whether less than all of the picture is wanted."""
        return self.begin is not None or self.until is not None

    @property
    def redacts(self) -> bool:
        """Whether sound is to be left out."""
        return self.mute or bool(self.silence)


@dataclass(frozen=True, slots=True)
class Plan:
    """The flushes that go into the film, in order of media time, the span of their picture, and the spans of which the
    sound does not."""

    flushes: tuple[Flush, ...]
    covers: Span
    silenced: tuple[Span, ...] = ()

    @property
    def lines(self) -> frozenset[int]:
        """The journal's lines of the flushes."""
        return frozenset(flush.line for flush in self.flushes)

    def silent(self, start: int, rate: int) -> bool:
        """Whether sound that begins at ``start`` in ticks of ``rate`` is left out."""
        at = start * MEDIA_RATE // rate
        return any(each.begin <= at < each.until for each in self.silenced)


def moved(plan: Plan, wish: Wish) -> Iterator[str]:
    """What was moved to a border, in words."""
    for name, asked, found in (("--from", wish.begin, plan.covers.begin), ("--until", wish.until, plan.covers.until)):
        if asked is not None and asked != found:
            yield f"{name} {span(asked / MEDIA_RATE)} was moved to {span(found / MEDIA_RATE)}: a film is cut at a keyframe that a journal line begins with"
    if wish.silence and not plan.silenced:
        yield "no sound was removed: there is none in these spans"
    elif wish.silence:
        told = ", ".join(each.words for each in plan.silenced)
        yield f"the sound was removed from {told}: whole journal lines, so that the rest can still be proven"


def make_plan(journal: Journal, wish: Wish, keyed: Callable[[Sequence[Flush]], list[Flush]]) -> Plan:
    """Move what is wished for to borders.  ``keyed`` tells which flushes of a segment begin with a keyframe.

    ``Refused`` where the wish lies outside of the recording.
    """
    segments = list(journal.segments().values())
    ordered = [flush for flushes in segments for flush in flushes]
    whole = _span(ordered)
    begin = whole.begin if wish.begin is None else wish.begin
    until = whole.until if wish.until is None else wish.until
    need(
        begin < until and begin < whole.until and until > whole.begin,
        f"{Span(begin, until).words} holds nothing of the recording, which goes from {whole.words}",
    )
    first = ordered[0] if wish.begin is None else _at_or_before(segments, begin, keyed)
    after = None if wish.until is None else _at_or_after(segments, until, keyed)
    chosen = ordered[ordered.index(first) : None if after is None else ordered.index(after)]
    return Plan(tuple(chosen), _span(chosen), tuple(_silenced(chosen, journal.opening.sound_rate, wish)))


def _span(flushes: Sequence[Flush]) -> Span:
    starts = [flush.video.start for flush in flushes if flush.video is not None]
    return Span(
        min(starts), max(flush.until for flush in flushes if flush.video is not None and flush.until is not None)
    )


def _start(flush: Flush) -> int:
    return 0 if flush.video is None else flush.video.start


def _at_or_before(segments: list[list[Flush]], at: int, keyed: Callable[[Sequence[Flush]], list[Flush]]) -> Flush:
    for flushes in reversed(segments):
        if flushes[0].video is None or _start(flushes[0]) <= at:
            found = [flush for flush in keyed(flushes) if _start(flush) <= at]
            if found:
                return found[-1]
    return segments[0][0]


def _at_or_after(segments: list[list[Flush]], at: int, keyed: Callable[[Sequence[Flush]], list[Flush]]) -> Flush | None:
    for flushes in segments:
        if any((flush.until or 0) >= at for flush in flushes):
            found = [flush for flush in keyed(flushes) if _start(flush) >= at]
            if found:
                return found[0]
    return None


def _silenced(flushes: Sequence[Flush], rate: int | None, wish: Wish) -> Iterator[Span]:
    """Whole flushes of sound, neighbours as one span."""
    heard = [(flush.audio.start, flush.until or 0) for flush in flushes if flush.audio is not None]
    if rate is None or not heard:
        return
    starts = [start * MEDIA_RATE // rate for start, _ in heard]
    ends = [*starts[1:], max(starts[-1] + 1, heard[-1][1])]
    reach = _REACH * MEDIA_RATE // rate
    run: Span | None = None
    for start, end in zip(starts, ends, strict=True):
        wanted = wish.mute or any(each.begin - reach < end and start < each.until + reach for each in wish.silence)
        if wanted:
            run = Span(start if run is None else run.begin, end)
        elif run is not None:
            yield run
            run = None
    if run is not None:
        yield run
