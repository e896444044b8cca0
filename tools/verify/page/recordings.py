"""The recordings on the page: an overview, and a card for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.verify.annex import Docking, Gap, RecordingAnnex
from tools.verify.holdings import starts
from tools.verify.latency import summary
from tools.verify.page.markup import Content, Markup, items, join, pairs, table, tag
from tools.verify.page.picture import of_recording
from tools.verify.page.words import CLOCKS, GAPS, SIGNERS
from tools.verify.report import RecordingReport, Verdict, VolumeReport
from tools.verify.times import size, span, utc

BADGES = {
    Verdict.VALID: "good",
    Verdict.WHOLE: "good",
    Verdict.RECOVERED: "warn",
    Verdict.DERIVATIVE: "warn",
    Verdict.OPEN: "warn",
    Verdict.UNPROVEN: "warn",
    Verdict.REVOKED: "bad",
    Verdict.NOT_WHOLE: "bad",
}


def badge(verdict: Verdict) -> Markup:
    """A verdict as a small mark: colour only underlines the word."""
    return tag("span", verdict.value, kind=f"badge {BADGES[verdict]}")


def overview(volume: VolumeReport) -> Markup:
    """A row for each recording of a volume, those that are not here among them."""
    rows: list[tuple[int, Sequence[Content]]] = []
    for each in volume.recordings:
        name = str(each.number) if each.number is not None else each.path
        length = "" if each.seconds is None else span(each.seconds)
        rows.append((each.number or 0, (name, _began(each), length, badge(each.verdict), _remarks(each))))
    rows += [
        (
            number,
            (
                str(number),
                "",
                "",
                tag("span", "erased", kind="badge"),
                "erased from the camera against a dock's receipt",
            ),
        )
        for number in volume.erased
        if number not in {each.number for each in volume.recordings}
    ]
    for first, last in volume.annex.missing if volume.annex else ():
        name = str(first) if first == last else f"{first} to {last}"
        rows.append((first, (name, "", "", tag("span", "missing", kind="badge bad"), "should be here, and is not")))
    ordered = [row for _, row in sorted(rows, key=lambda each: each[0])]
    return table(("No.", "Began (camera's clock)", "Length", "Result", "Remarks"), ordered, "overview")


def waits(volume: VolumeReport) -> Markup:
    """How long the wearer waited at each start, where a key opened what the camera noted of that."""
    found = starts(volume.private)
    if not found:
        return Markup()
    rows = [
        (
            str(each.number),
            utc(each.utc_ms),
            "" if each.starting_ms is None else f"{each.starting_ms} ms",
            f"{each.recording_ms} ms",
        )
        for each in found
    ]
    told = (
        "From the electrical edge of a press, or from a sensor's word, to the lights, as the camera itself measured it. It is about the"
        " camera, not about what was recorded."
    )
    return join(
        [
            tag("h4", "How long a start took"),
            tag("p", told, kind="soft"),
            items(summary(found), "said"),
            table(("No.", "Pressed (camera's clock)", "To “starting”", "To “recording”"), rows, "overview"),
        ]
    )


def _began(report: RecordingReport) -> str:
    if report.annex is not None and report.annex.quality == "unset":
        return "not known"
    return "" if report.utc_ms is None else utc(_begin_ms(report))


def _begin_ms(report: RecordingReport) -> int:
    annex = report.annex
    if annex is not None and annex.origin_ms is not None and annex.media is not None:
        return round(annex.origin_ms + annex.media[0] * 1000)
    return report.utc_ms or 0


def _remarks(report: RecordingReport) -> str:
    told = []
    if report.priority:
        told.append("marked as important")
    if report.annex is not None:
        if report.annex.resumes is not None:
            told.append(f"resumes {report.annex.resumes}")
        told += [f"{words}" for words in _gap_words(report.annex.gaps)]
    if report.problems:
        told.append(f"{len(report.problems)} checks failed")
    return ", ".join(told)


def card(report: RecordingReport, *, alone: bool, covered: tuple[float, float] | None = None) -> Markup:
    """Everything on one recording.  ``alone``: what is proven of it stands above already."""
    name = "Recording" if report.number is None else f"Recording {report.number}"
    picture = of_recording(report, covered)
    words: list[Content] = []
    if not alone:
        wrong = [f"{each.file}: {each.reason}" for each in report.problems]
        for title, rows, kind in (
            ("Wrong", wrong, "wrong"),
            ("Proven", report.proven, "proven"),
            ("Not proven", report.not_proven, "unproven"),
        ):
            words += [tag("h4", title), items(rows, kind)] if rows else []
    notes = [
        entry.text if entry.at_s is None else f"at {span(entry.at_s)}: {entry.text}" for entry in report.private or ()
    ]
    return tag(
        "article",
        tag("h3", name, " ", badge(report.verdict)),
        pairs(_facts(report), "facts"),
        *([tag("figure", picture, tag("figcaption", _caption(report)))] if picture else []),
        *words,
        *(
            [
                tag("h4", "Attributed later, which is no part of the recording"),
                items([each.words for each in report.attributions], "said"),
            ]
            if report.attributions
            else []
        ),
        tag("h4", "Details, in the verifier's words") if report.facts else "",
        items(report.facts, "said"),
        *([tag("h4", "Private notes of the camera, opened with the key"), items(notes, "said")] if notes else []),
    )


def _caption(report: RecordingReport) -> str:
    day = utc(_begin_ms(report)).split(" ")[0]
    known = (
        ""
        if report.annex is None or report.annex.quality != "unset"
        else " The clock had never been set: only the lengths mean anything."
    )
    return f"The recording over time, {day}, UTC by the camera's clock.{known}"


def _facts(report: RecordingReport) -> Iterator[tuple[Content, Content]]:
    annex = report.annex
    if annex is None:
        yield "Lies in", tag("code", report.path)
        return
    if annex.quality == "unset":
        yield "Made", CLOCKS["unset"]
    else:
        begin = _begin_ms(report)
        yield (
            "Made",
            f"{utc(begin)} to {utc(begin + round((report.seconds or 0) * 1000))} by {CLOCKS.get(annex.quality, annex.quality)}",
        )
    if annex.trusted_ms is not None:
        yield (
            "Existed",
            f"at the latest at {utc(annex.trusted_ms)}, on the word of somebody other than the camera{_whose(report)}",
        )
    else:
        yield "Existed", "nobody but the camera vouches for any time"
    yield "Length", _length(report, annex)
    yield "Camera", f"{report.device}, volume {report.volume}, boot {annex.boot}, firmware {annex.firmware}"
    yield "Key", f"the camera's key is kept {SIGNERS.get(annex.signer, annex.signer)}"
    sound = "no sound" if annex.sound_rate is None else f"sound at {annex.sound_rate} Hz"
    yield "Picture", f"{annex.size[0]} by {annex.size[1]}, {annex.fps} frames a second, {sound}"
    yield "Gaps", "; ".join(_gap_words(annex.gaps)) or "none that the camera counted"
    if annex.resumes is not None:
        yield "Resumes", f"recording {annex.resumes}, which had been cut off"
    if annex.receipt is not None:
        yield "Taken over", _docked(annex.receipt)
    if report.priority:
        yield "Marked", "as important, by the officer"
    total = sum(each.length for each in annex.files)
    yield "Files", f"{len(annex.files)} files, {size(total)}, listed in the annex"


def _length(report: RecordingReport, annex: RecordingAnnex) -> str:
    length = _lasting(report.seconds or 0)
    begin = annex.media[0] if annex.media else 0.0
    before = annex.live_s - begin
    return f"{length}, of which {_lasting(before)} from before the press" if before > 0 else length


def _lasting(seconds: float) -> str:
    """A length as one would say it."""
    if seconds < 60:
        return f"{seconds:.1f} seconds"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"


def _whose(report: RecordingReport) -> str:
    """Who says by when it was there, and after which docking it was made, where that is proven."""
    made = report.made
    if made is None or made.before is None:
        return ""
    after = f"; made after {utc(made.after_ms)}, when a dock had signed" if made.after_ms and made.after_signed else ""
    return f" ({made.before}){after}"


def _docked(receipt: Docking) -> str:
    return f"by dock {receipt.dock} at {utc(receipt.utc_ms)}, by the dock's clock"


def _gap_words(gaps: Sequence[Gap]) -> list[str]:
    totals: dict[str, int] = {}
    for gap in gaps:
        totals[gap.kind] = totals.get(gap.kind, 0) + gap.count
    return [f"{count} {GAPS[kind][1 if count == 1 else 2]} ({GAPS[kind][0]})" for kind, count in totals.items()]


def cards(reports: Sequence[RecordingReport]) -> Markup:
    """A card for each."""
    return join(card(each, alone=False) for each in reports)
