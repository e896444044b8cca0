"""The verdict for people: plain text, the same on a terminal and in a file; colour only marks the verdicts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from tools.verify.completeness import unproven
from tools.verify.files import shown
from tools.verify.findings import Problem
from tools.verify.holdings import starts
from tools.verify.latency import summary
from tools.verify.report import ExportReport, FilmReport, Place, RecordingReport, Report, Verdict, VolumeReport
from tools.verify.timeline import words
from tools.verify.times import span as media_span
from tools.verify.times import utc

_COLOURS = {
    Verdict.VALID: "\x1b[1;32m",
    Verdict.WHOLE: "\x1b[1;32m",
    Verdict.RECOVERED: "\x1b[1;33m",
    Verdict.DERIVATIVE: "\x1b[1;33m",
    Verdict.OPEN: "\x1b[1;33m",
    Verdict.REVOKED: "\x1b[1;31m",
    Verdict.NOT_WHOLE: "\x1b[1;31m",
    Verdict.UNPROVEN: "\x1b[1;33m",
}
_RESET = "\x1b[0m"
_PLACES = {Place.CAMERA: "a camera's card", Place.DOCK: "taken over by a dock"}
_WIDTH = 120
_SPANS = 60
"""Of a timeline, those that are shown."""


def render(report: Report, *, colour: bool = False) -> str:
    """All of a report as lines of text, each ending in a newline."""
    return "".join(f"{line}\n" for line in _lines(report, _Paint(colour=colour)))


class _Paint:
    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, verdict: Verdict, words: str = "") -> str:
        word = words or verdict.value.upper()
        return f"{_COLOURS[verdict]}{word}{_RESET}" if self._colour else word


def _lines(report: Report, paint: _Paint) -> Iterator[str]:
    for recording in report.recordings:
        yield from _recording(recording, paint)
    for volume in report.volumes:
        yield from _volume(volume, paint)
    if report.export is not None:
        yield f"film: {paint(report.verdict)} ({shown(report.export.path)})"
        yield from _export(report.export, paint)
    if report.film is not None:
        yield f"film: {paint(report.verdict)} ({shown(report.film.path)})"
        yield from _words(report.film)
        yield ""
    yield from _rows("note", report.facts)
    yield from _problems(report.problems)
    if report.volumes:
        counts = [
            (sum(each.verdict is verdict for each in report.every_recording), verdict.value) for verdict in Verdict
        ]
        told = ", ".join(f"{count} {word}" for count, word in counts if count) or "none"
        verdict = paint(report.verdict)
        if report.verdict is Verdict.UNPROVEN:
            ends = [unproven(each.completeness) for each in report.volumes if each.completeness.unproven]
            verdict = paint(report.verdict, "; ".join(dict.fromkeys(ends)))
        yield f"all together: {verdict} (recordings: {told})"
    judge = "no root certificate" if report.root is None else f"the root certificate with SHA-256 {report.root}"
    yield f"judged against {judge}"
    if report.pq_root is not None:
        yield f"second signatures against the post-quantum root with SHA-256 {report.pq_root}"


def _volume(volume: VolumeReport, paint: _Paint) -> Iterator[str]:
    yield f"volume {volume.volume or '?'} of {volume.device or '?'}, {_PLACES[volume.place]} ({shown(volume.path)})"
    yield from _words(volume)
    for span in volume.timeline[-_SPANS:]:
        until = "" if span.until_ms is None else f" to {utc(span.until_ms)}"
        yield from _rows("timeline", [f"{utc(span.from_ms)}{until}: {words(span)}"])
    if len(volume.timeline) > _SPANS:
        yield from _rows("timeline", [f"{len(volume.timeline) - _SPANS} earlier spans: see --json"])
    for entry in volume.private or ():
        yield from _rows("private", [entry.text])
    yield from _rows("latency", list(summary(starts(volume.private))))
    yield ""
    for recording in volume.recordings:
        yield from _recording(recording, paint)
        yield ""


def _recording(recording: RecordingReport, paint: _Paint) -> Iterator[str]:
    name = "recording" if recording.number is None else f"recording {recording.number}"
    marked = ", marked as important" if recording.priority else ""
    yield f"{name}: {paint(recording.verdict)}{marked} ({shown(recording.path)})"
    yield from _words(recording)
    yield from _rows("attributed", [each.words for each in recording.attributions])
    for entry in recording.private or ():
        at = "" if entry.at_s is None else f"at {media_span(entry.at_s)}: "
        yield from _rows("private", [at + entry.text])


def _export(export: ExportReport, paint: _Paint) -> Iterator[str]:
    yield from _words(export)
    yield ""
    yield "held against"
    yield from _recording(export.evidence, paint)
    yield ""


def _words(report: RecordingReport | VolumeReport | ExportReport | FilmReport) -> Iterator[str]:
    yield from _rows("", report.facts)
    yield from _rows("proven", report.proven)
    yield from _rows("not proven", report.not_proven)
    yield from _problems(report.problems)


def _rows(label: str, rows: Sequence[str]) -> Iterator[str]:
    """Each row behind the label, wrapped, and fit for a terminal whatever it holds."""
    for row in rows:
        yield from textwrap.wrap(
            shown(row),
            _WIDTH,
            initial_indent=f"  {label:<12}",
            subsequent_indent=" " * 14,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _problems(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems:
        where = "" if problem.file == "." else f"{problem.file}: "
        yield from _rows("WRONG", [where + problem.reason])
