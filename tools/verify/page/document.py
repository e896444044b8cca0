"""The whole page: one file that needs nothing else, neither script nor style nor picture from elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from string import Template

from tools.verify import VERSION
from tools.verify.page.annex import annex
from tools.verify.page.markup import Markup, digits, items, join, pairs, tag, text
from tools.verify.page.picture import of_volumes
from tools.verify.page.recordings import BADGES, card, cards, overview, waits
from tools.verify.page.sections import checked, findings, glossary, headline, meaning, problems
from tools.verify.report import Report

_KINDS = {
    "recording": "one recording",
    "volume": "one volume (a camera's memory card, or a dock's copy of it)",
    "device": "everything that is kept of one camera",
    "store": "everything that a dock keeps",
    "film": "a film, by the signatures inside it",
    "export": "an exported film, against the recording that it was made from",
}
_LEGEND = (
    ("whole", "whole"),
    ("recovered", "cut off and recovered"),
    ("open", "never closed"),
    ("damaged", "not whole"),
    ("missing", "missing"),
    ("erased", "erased against a receipt"),
    ("dock", "in a dock"),
)


def render_page(report: Report, checked_at: datetime) -> str:
    """The page as HTML.  ``checked_at``: when the check ran, in UTC by the clock of the computer that ran it."""
    here = Path(__file__).parent
    sentence = headline(report)
    pieces = {
        "title": text(sentence.headline),
        "headline": text(sentence.headline),
        "lead": text(sentence.lead),
        "verdict": text(report.verdict.value),
        "verdict_class": BADGES[report.verdict],
        "summary": pairs(_summary(report, checked_at), "facts"),
        "meaning": meaning(report),
        "problems": problems(report),
        "checked": checked(report),
        "findings": findings(report),
        "recordings": _recordings(report),
        "notes": _notes(report),
        "glossary": glossary(),
        "annex": annex(report),
        "version": text(VERSION),
        "style": (here / "page.css").read_text(encoding="utf-8"),
    }
    return Template((here / "page.html").read_text(encoding="utf-8")).substitute(pieces)


def _summary(report: Report, checked_at: datetime) -> list[tuple[str, Markup]]:
    root = report.root_certificate
    trusting = (
        text("nobody: no root certificate was given")
        if root is None
        else join([f"{root.subject}, SHA-256 ", digits(root.fingerprint)])
    )
    return [
        ("Checked", join([_KINDS.get(report.kind, report.kind), ": ", tag("code", report.path)])),
        ("On", text(f"{checked_at:%Y-%m-%d %H:%M} UTC, by the clock of the computer that ran the check")),
        ("Believed", trusting),
    ]


def _recordings(report: Report) -> Markup:
    if report.volumes:
        return _volumes(report)
    found = report.every_recording
    if not found:
        return Markup()
    covered = report.export.covered if report.export is not None else None
    return tag("section", tag("h2", "The recording"), *(card(each, alone=True, covered=covered) for each in found))


def _volumes(report: Report) -> Markup:
    drawn, notes = of_volumes(report)
    parts = [tag("h2", "Recordings and dockings")]
    if drawn is not None:
        legend = [
            join([tag("span", kind=f"key {kind}", aria_hidden="true"), words])
            for kind, words in _LEGEND
            if f'class="{kind}"' in drawn
        ]
        parts += [
            tag(
                "figure",
                drawn,
                tag("figcaption", "All times are UTC by the cameras' own clocks. Numbers are those of the recordings."),
            ),
            items(legend, "legend"),
        ]
    parts += [tag("p", note, kind="soft") for note in notes]
    for volume in report.volumes:
        title = f"Camera {volume.device or '?'}, volume {(volume.volume or '?')[:8]}"
        parts += [tag("h3", title), items(volume.facts, "said"), overview(volume), waits(volume)]
    every = [each for volume in report.volumes for each in volume.recordings]
    return join([tag("section", *parts), tag("section", tag("h2", "Each recording"), cards(every)) if every else ""])


def _notes(report: Report) -> Markup:
    judged = report.export or report.film
    facts = judged.facts if judged is not None else ()
    rows = [*report.facts, *facts]
    return tag("section", tag("h2", "Also noted"), items(rows, "said")) if rows else Markup()
