"""The parts of the page that say what was judged, what came of it, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from tools.verify.page.markup import Content, Markup, items, join, pairs, table, tag
from tools.verify.page.words import (
    ALONE,
    BLAMES_NOBODY,
    CHECKED,
    FILM,
    GLOSSARY,
    GLOSSES,
    MANY,
    MEANS,
    NO_KEY,
    NOT_MEANS,
    NOT_WITHHELD,
    ONE,
    Gloss,
    Sentence,
)
from tools.verify.report import ExportReport, FilmReport, RecordingReport, Report, Verdict, VolumeReport

Found = RecordingReport | VolumeReport | ExportReport | FilmReport


def headline(report: Report) -> Sentence:
    """The verdict in one sentence, and what follows from it."""
    sentence = {"recording": ONE, "export": FILM, "film": ALONE}.get(report.kind, MANY)[report.verdict]
    recordings = report.every_recording
    if report.kind not in {"recording", "export"} and not recordings and report.worst is Verdict.WHOLE:
        return Sentence(
            "There is no recording here, and none that the camera's log names is unaccounted for.", sentence.lead
        )
    count = sum(each.verdict is report.verdict for each in recordings)
    some = f"{count} of {len(recordings)} recordings {'was' if count == 1 else 'were'}"
    what = subject(report)
    words = {"what": what, "What": what[0].upper() + what[1:], "some": some, "wrong": _wrong(report)}
    return Sentence(sentence.headline.format(**words), sentence.lead)


def subject(report: Report) -> str:
    """What was judged, as a sentence names it."""
    if report.kind == "recording":
        return _called(report.recordings[0])
    if report.kind == "volume":
        volume = report.volumes[0]
        return f"this {'memory card' if volume.place.value == 'camera' else 'volume'}{_of(volume.device)}"
    if report.kind == "device":
        return f"what is kept here{_of(report.volumes[0].device if report.volumes else None)}"
    return {"export": "this film", "film": "this film", "store": "this store"}.get(report.kind, "this evidence")


def _called(recording: RecordingReport) -> str:
    if recording.number is None:
        return "this recording"
    return f"recording {recording.number}{_of(recording.device)}"


def _of(device: str | None) -> str:
    return "" if device is None else f" of camera {device}"


def meaning(report: Report) -> Markup:
    """What the verdict means, and what it does not."""
    unsaid = [BLAMES_NOBODY] if report.verdict is Verdict.NOT_WHOLE else []
    unsaid += [*([NOT_WITHHELD] if report.volumes else []), *NOT_MEANS]
    return tag(
        "div",
        tag("div", tag("h3", "It means"), items(MEANS[report.verdict], "means")),
        tag("div", tag("h3", "It does not say"), items(unsaid, "means-not")),
        kind="columns",
    )


def problems(report: Report) -> Markup:
    """Everything that is wrong, each with its file, its reason, and what that comes to."""
    rows = [
        (tag("code", _join(path, problem.file) or "."), problem.reason, _gloss(problem.reason).sentence)
        for path, found in report.every_problem
        for problem in found
    ]
    if not rows:
        return Markup()
    count = "One check failed." if len(rows) == 1 else f"{len(rows)} checks failed."
    return tag(
        "section",
        tag("h2", "What is wrong"),
        tag(
            "p",
            f"{count} One change often shows in several places, so the number says little about how much was changed.",
        ),
        table(("Where", "What was found", "In plain words"), rows, "problems"),
    )


def _join(path: str, file: str) -> str:
    return str(PurePath(path, file))


def _wrong(report: Report) -> str:
    """What is wrong, in a few words: the first kinds of problem."""
    reasons = (problem.reason for _, found in report.every_problem for problem in found)
    kinds = list(dict.fromkeys(_gloss(reason).short for reason in reasons))[:3]
    return " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)


def _gloss(reason: str) -> Gloss:
    return next(each for each in GLOSSES if re.search(each.pattern, reason))


def checked(report: Report) -> Markup:
    """What this verdict rests on."""
    opened = any(each.private is not None for each in report.every_recording)
    if report.film is not None:
        return items(CHECKED["picture"], "checks")
    kinds = ["film"] * (report.kind == "export") + ["custody"]
    kinds += ["volume"] * bool(report.volumes) + ["content"] * opened
    rows = [row for kind in kinds for row in CHECKED[kind]]
    return join([items(rows, "checks"), *([] if opened else [tag("p", NO_KEY)])])


def findings(report: Report) -> Markup:
    """What is proven, and what is not, of all that was judged."""
    groups = list(_groups(report))
    proven = [_group(title, found.proven, "proven") for title, found in groups if found.proven]
    unproven = [_group(title, found.not_proven, "unproven") for title, found in groups if found.not_proven]
    shared = _shared(report)
    without = "Where a check failed, nothing is called proven." if _failed(report) else "Nothing."
    return join(
        [
            tag("h3", "What is proven"),
            *(proven or [tag("p", without)]),
            *([tag("p", "What is proven of each recording stands with it below.")] if report.volumes else []),
            tag("h3", "What is not proven"),
            tag(
                "p",
                "An honest check names its limits. What stands here may well be true; this check cannot show it.",
                kind="soft",
            ),
            *unproven,
            *([_group("Of single recordings", shared, "unproven")] if shared else []),
        ]
    )


def _failed(report: Report) -> bool:
    return any(found for _, found in report.every_problem)


def _groups(report: Report) -> Iterable[tuple[str, Found]]:
    if report.film is not None:
        yield "", report.film
    if report.export is not None:
        yield "The film", report.export
        yield "The recording that it was compared with", report.export.evidence
    for recording in report.recordings:
        yield "", recording
    for volume in report.volumes:
        yield f"Volume {(volume.volume or '?')[:8]}{_of(volume.device)}", volume


def _group(title: str, rows: Iterable[Content], kind: str) -> Markup:
    return join([*([tag("h4", title)] if title else []), items(rows, kind)])


def _shared(report: Report) -> list[str]:
    """What is not proven of the recordings in volumes, each sentence once, with whom it concerns."""
    found: dict[str, list[str]] = {}
    every = [each for volume in report.volumes for each in volume.recordings]
    for each in every:
        for row in each.not_proven:
            found.setdefault(row, []).append(str(each.number or each.path))
    return [f"{row} ({_whom(names, len(every))})" for row, names in found.items()]


def _whom(names: Sequence[str], total: int) -> str:
    if len(names) == total:
        return "all recordings" if total > 1 else f"recording {names[0]}"
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"recording{'s' if len(names) > 1 else ''} {shown}"


def glossary() -> Markup:
    """The words that a reader may not know."""
    return pairs([(tag("strong", term), said) for term, said in GLOSSARY], "glossary")
