"""Writing the report: one page for somebody who was not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.demo import page
from tools.demo.chronicle import Chronicle
from tools.demo.contact_sheet import Viewing, moments, view
from tools.demo.evidence import Footage
from tools.demo.in_step import ALLOWED_MS
from tools.demo.stage import Stage, utc_ms
from tools.verify.page.document import render_page
from tools.verify.page.timeline import Lane, Mark, Span, draw
from tools.verify.report import Verdict

NAME: Final = "report.html"
VERDICT: Final = "verdict.html"
"""The verifier's own page on everything that the dock has."""


def write_report(stage: Stage) -> None:
    """Look at the films, and write ``report.html``."""
    viewings = {}
    with stage.screen.bar("report") as bar:
        for done, each in enumerate(stage.footage):
            bar(done, len(stage.footage))
            viewings[each.number] = view(stage.home.export / film_of(each), moments(each))
        bar(1, 1)
    _check_sync(stage, [offset for viewing in viewings.values() for offset in viewing.offsets])
    verdict = stage.home.root / VERDICT
    verdict.write_text(render_page(stage.reports["authority"], datetime.now(UTC)), encoding="utf-8")
    path = stage.home.root / NAME
    path.write_text(page.fill(_pieces(stage, viewings)), encoding="utf-8")
    stage.say(f"{path}: {path.stat().st_size // 1000} kB")


def film_of(recording: Footage) -> str:
    """The name of a recording's film."""
    return f"{recording.number:08d}.mp4"


def lanes(recordings: Sequence[Footage], chronicle: Chronicle) -> list[Lane]:
    """A lane for each recording, and one for the dock."""
    drawn = []
    before: Footage | None = None
    for each in recordings:
        drawn.append(_lane(each, before, chronicle))
        before = each
    plugged, pulled = chronicle.all("plugged"), chronicle.all("pulled")
    stays = tuple(Span(begin, end, "dock") for begin, end in zip(plugged, pulled, strict=False))
    marks = [Mark(at_ms, "dock", "clock and shift") for at_ms in chronicle.all("assigned")]
    marks += [Mark(at_ms, "dock", f"receipt {order}") for order, at_ms in enumerate(chronicle.all("receipted"), 1)]
    marks += [Mark(at_ms, "cut", "pulled out") for at_ms in pulled[1:-1]]
    return [*drawn, Lane("dock", stays, tuple(marks))]


def _lane(each: Footage, before: Footage | None, chronicle: Chronicle) -> Lane:
    end, live = each.utc_ms(each.end_s), each.utc_ms(each.live_s)
    spans = [Span(live, end, "live", f"{each.end_s - each.live_s:.1f} s live")]
    marks = []
    if each.live_s > 0:
        spans.insert(0, Span(each.origin_ms, live, "pre", f"{each.live_s:.1f} s from the buffer"))
    if each.journal.opening.continues is not None and before is not None:
        lost = before.utc_ms(before.end_s)
        spans.insert(0, Span(lost, each.origin_ms, "gap", f"gap {(each.origin_ms - lost) / 1000:.1f} s"))
        marks.append(Mark(each.origin_ms, "live", "resumes by itself"))
    else:
        marks.append(Mark(each.utc_ms(each.at("start") or each.live_s), "live", "press"))
    if (marked := each.at("bookmark")) is not None:
        marks.append(Mark(each.utc_ms(marked), "live", "bookmark"))
    if each.report.verdict is Verdict.RECOVERED:
        marks.append(Mark(chronicle.at("cut"), "cut", "power cut"))
    else:
        marks.append(Mark(end, "live", "stop"))
    return Lane(f"recording {each.number}", tuple(spans), tuple(marks))


def _check_sync(stage: Stage, offsets: Sequence[float]) -> None:
    worst = max(map(abs, offsets), default=0.0)
    stage.checks.hold(
        "verified",
        f"sound and picture are within {ALLOWED_MS:.0f} ms of each other, measured where the scene flashes and beeps",
        f"at most {worst:.0f} ms apart at {len(offsets)} beeps" if offsets else "no beep was found",
        offsets and worst <= ALLOWED_MS,
    )


def _sync(viewing: Viewing) -> str:
    if not viewing.offsets:
        return ""
    worst = max(map(abs, viewing.offsets))
    return f"measured in the film: sound and picture are at most {worst:.0f} ms apart at {len(viewing.offsets)} beeps; a frame lasts 33 ms"


def _pieces(stage: Stage, viewings: dict[int, Viewing]) -> dict[str, str]:
    chronicle, recordings = stage.chronicle, stage.footage
    entries = chronicle.entries
    seconds = (utc_ms() - entries[0].utc_ms) / 1000
    held = all(check.ok for check in stage.checks)
    dark = Span(chronicle.at("cut"), chronicle.all("on")[1], "dark", "no power")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "minutes": f"{seconds:.0f} seconds",
        "version": recordings[0].journal.opening.firmware,
        "verdict": "Everything held." if held else "Something did not hold; the table below says what.",
        "verdict_class": "good" if held else "bad",
        "figures": page.figures(_figures(stage)),
        "story": page.story(entry for entry in entries if entry.name == "step"),
        "timeline": draw(lanes(recordings, chronicle), [dark]),
        "checks": page.check_rows(stage.checks),
        "recordings": "".join(
            page.recording(each, viewing.pictures, film_of(each), _sync(viewing))
            for each in recordings
            for viewing in [viewings[each.number]]
        ),
        "receipts": page.receipt_rows(recordings, stage.erased),
        "commands": page.commands(_commands(stage.home.root, recordings)),
        "happenings_count": str(len(entries)),
        "happenings": page.happenings(entries),
    }


def _figures(stage: Stage) -> list[tuple[str, str]]:
    recordings = stage.footage
    cut = next((each for each in recordings if each.report.verdict is Verdict.RECOVERED), recordings[0])
    lost_s = max(0.0, (stage.chronicle.at("cut") - cut.utc_ms(cut.end_s)) / 1000)
    away_s = (stage.chronicle.at("resumed") - stage.chronicle.all("on")[1]) / 1000
    return [
        (str(len(recordings)), "recordings, one of them cut off"),
        (f"{sum(each.end_s for each in recordings):.0f} s", "of signed, encrypted video"),
        (f"{recordings[0].at('start') or 0:.1f} s", "from before the first press"),
        (f"{lost_s:.2f} s", "lost when the power went (1 s allowed)"),
        (f"{away_s:.1f} s", "until it recorded again by itself"),
        (str(len(stage.erased)), "erased from the camera, each against a receipt"),
    ]


def _commands(root: Path, recordings: Sequence[Footage]) -> list[tuple[str, str]]:
    first, last = recordings[0], recordings[-1]
    store = first.directory.relative_to(root)
    segment = store / next(each.name for each in first.manifest.files if each.name.endswith(".mp4.age"))
    return [
        (
            "Judge custody of everything that the dock has, with nothing but the root certificate. Then open it too, with a key.",
            "lapel verify dock --root authority/root.crt.pem\nlapel verify dock --root authority/root.crt.pem --key authority/authority.agekey",
        ),
        (
            "Decrypt one segment with Debian's age, with either key, and play it. No tool of ours is needed.",
            f"""\
age -d -i authority/authority.agekey {segment} > segment.mp4
age -d -i authority/escrow.agekey {segment} | cmp - segment.mp4
ffprobe -hide_banner segment.mp4
ffmpeg -v error -i segment.mp4 -f null -""",
        ),
        (
            "Prove that a film is what the camera recorded, sample by sample, without any key that decrypts.",
            f"lapel verify export/{film_of(last)} --evidence {last.directory.relative_to(root)} --root authority/root.crt.pem",
        ),
        (
            "Change one byte of any file of a recording, and see it found.",
            f"""\
cp -r {store} altered
printf X | dd of=altered/{segment.name} bs=1 seek=100000 conv=notrunc status=none
lapel verify altered --root authority/root.crt.pem""",
        ),
    ]
