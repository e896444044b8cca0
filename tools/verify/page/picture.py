"""From a report to the lanes of a time line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tools.verify.page.markup import Markup
from tools.verify.page.timeline import Lane, Mark, Span, draw
from tools.verify.page.words import GAPS
from tools.verify.report import RecordingReport, Report, Verdict, VolumeReport
from tools.verify.times import moment, span

_KINDS: Final = {
    Verdict.WHOLE: "whole",
    Verdict.RECOVERED: "recovered",
    Verdict.OPEN: "open",
    Verdict.REVOKED: "damaged",
    Verdict.NOT_WHOLE: "damaged",
}
_ENDS: Final = {Verdict.RECOVERED: "cut off", Verdict.OPEN: "end of what is signed"}
_TITLE: Final = 17
_HOUR_MS: Final = 3_600_000
_MOST_LABELS: Final = 24
"""In a lane with more marks than this they stand without words."""
_MOST_LANES: Final = 60


def of_recording(report: RecordingReport, covered: tuple[float, float] | None = None) -> Markup | None:
    """One recording from its first frame to its last, and under it the part that a film covers; None where times are
    not known."""
    annex = report.annex
    if annex is None or annex.origin_ms is None or annex.media is None or not _drawable(annex.origin_ms):
        return None
    origin, (begin, end), live = annex.origin_ms, annex.media, annex.live_s

    def at(seconds: float) -> float:
        return origin + seconds * 1000

    spans = [Span(at(max(begin, live)), at(end), _KINDS[report.verdict], f"{span(end - max(begin, live))} recorded")]
    marks = []
    if begin < live:
        spans.insert(0, Span(at(begin), at(live), "before", f"{span(live - begin)} pre-event"))
        marks.append(Mark(at(live), "plain", "press"))
    marks += [Mark(at(gap.at_s), "bad", f"gap: {GAPS[gap.kind][0]}") for gap in annex.gaps]
    marks += [
        Mark(at(entry.at_s), "plain", entry.kind)
        for entry in report.private or ()
        if entry.kind == "bookmark" and entry.at_s is not None
    ]
    if report.verdict in _ENDS:
        marks.append(Mark(at(end), "bad", _ENDS[report.verdict]))
    lanes = [Lane(f"recording {report.number}", tuple(spans), _few(marks))]
    if covered is not None:
        lanes.append(Lane("film", (Span(at(covered[0]), at(covered[1]), "film", "the part that the film shows"),)))
    return draw(lanes, title=f"time line of recording {report.number}, in UTC by the camera's clock")


def of_volumes(report: Report) -> tuple[Markup | None, list[str]]:
    """All recordings and dockings of all volumes, and notes on what is not drawn."""
    lanes: list[Lane] = []
    notes: list[str] = []
    for volume in report.volumes[:_MOST_LANES]:
        spans, marks = _recordings(volume)
        if not spans:
            continue
        title = _short(volume.device or volume.path)
        lanes.append(Lane(title, tuple(spans), _few(marks)))
        dockings = sorted(_dockings(volume), key=lambda mark: mark.at_ms)
        near = _near(dockings, spans)
        if near:
            lanes.append(Lane("  in a dock", tuple(Span(each.at_ms, each.at_ms, "dock") for each in near), _few(near)))
        if len(near) < len(dockings):
            notes.append(f"{title}: {len(dockings) - len(near)} dockings lie too far from the recordings to be drawn.")
    if len(report.volumes) > _MOST_LANES:
        notes.append(f"Only the first {_MOST_LANES} of {len(report.volumes)} volumes are drawn.")
    undrawn = sum(_begin(each) is None for volume in report.volumes for each in volume.recordings)
    if undrawn:
        notes.append(f"{undrawn} recordings are not drawn: when they were made is not known.")
    drawn = draw(lanes, title="time line of recordings and dockings, in UTC by the cameras' clocks") if lanes else None
    return drawn, notes


def _recordings(volume: VolumeReport) -> tuple[list[Span], list[Mark]]:
    spans, marks = [], []
    for each in volume.recordings:
        begin = _begin(each)
        if begin is not None:
            end = begin + (each.seconds or 0) * 1000
            kind = _KINDS[each.verdict]
            spans.append(Span(begin, end, kind))
            marks.append(Mark(begin, "bad" if each.verdict is Verdict.NOT_WHOLE else "plain", str(each.number)))
    here = {each.number for each in volume.recordings}
    for entry in volume.annex.moments if volume.annex else ():
        if entry.kind != "opening" or entry.number is None or entry.number in here or entry.quality == "unset":
            continue
        if not _drawable(entry.utc_ms):
            continue
        if entry.number in volume.erased:
            spans.append(Span(entry.utc_ms, entry.utc_ms, "erased"))
            marks.append(Mark(entry.utc_ms, "plain", f"{entry.number} erased"))
        elif entry.number not in volume.voided:
            spans.append(Span(entry.utc_ms, entry.utc_ms, "missing"))
            marks.append(Mark(entry.utc_ms, "bad", f"{entry.number} missing"))
    return spans, marks


def _dockings(volume: VolumeReport) -> Iterator[Mark]:
    """What docks signed, and what the log says of them, once each."""
    for each in volume.recordings:
        if each.annex is not None and (receipt := each.annex.receipt) is not None:
            yield Mark(receipt.utc_ms, "dock", f"took over {each.number}")
    annex = volume.annex
    if annex is None:
        return
    if annex.anchor is not None:
        yield Mark(annex.anchor.utc_ms, "dock", "countersigned the log")
    for entry in annex.moments:
        if entry.kind == "dock" and entry.quality != "unset":
            yield Mark(entry.utc_ms, "dock", entry.text)


def _near(marks: Sequence[Mark], spans: Sequence[Span]) -> list[Mark]:
    """Those that do not squeeze the recordings into nothing."""
    begin, end = min(each.begin_ms for each in spans), max(each.end_ms for each in spans)
    room = max(end - begin, 12 * _HOUR_MS) if end - begin > _HOUR_MS else _HOUR_MS
    return [each for each in marks if begin - room <= each.at_ms <= end + room]


def _few(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks, without words where those would be too many."""
    if len(marks) <= _MOST_LABELS:
        return tuple(marks)
    return tuple(Mark(each.at_ms, each.kind, each.label if each.kind == "bad" else "") for each in marks)


def _begin(report: RecordingReport) -> float | None:
    annex = report.annex
    if annex is None or annex.origin_ms is None or annex.media is None or annex.quality == "unset":
        return None
    begin = annex.origin_ms + annex.media[0] * 1000
    return begin if _drawable(begin) else None


def _drawable(utc_ms: float) -> bool:
    """Whether a calendar goes there, with some room: a clock may claim anything."""
    found = moment(int(utc_ms))
    return found is not None and 1970 <= found.year <= 9000


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
