"""The last part of the story: what an evidence team, a defence lawyer's expert or a court does with what the dock has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.demo import tsa
from tools.demo.evidence import Footage, footage
from tools.demo.handover import RECORDINGS
from tools.demo.stage import BUFFER_S, Stage
from tools.demo.takes import CUT_RECORDING
from tools.dock.store import Store
from tools.dock.timing.stamping import everything_wanting, stamp
from tools.dock.timing.tsa import TimeStamper
from tools.export.exporter import export_recording
from tools.verify.audit import read_audit
from tools.verify.certs import Trust
from tools.verify.exported import verify_export
from tools.verify.findings import Problems
from tools.verify.receipt import LOG_NAME, read_log_receipt
from tools.verify.report import Report, Verdict
from tools.verify.times import span
from tools.verify.verifier import load_given, verify_path

LOST_S: Final = 1.0
"""What a power cut may cost, of the live footage before it."""
_ROUNDING_S: Final = 0.05
_READINGS: Final = 5  # once for custody alone; with a key once for custody, once for the content
_HOW: Final = {
    "": "judged with the root certificate alone",
    "authority": "and so is its content, opened with the authority's key",
    "escrow": "and so is its content, opened with the escrow key",
}


def stamp_all(stage: Stage) -> Path | None:
    """Have somebody else sign, once, when the manifests were there; whom to believe for that, None without OpenSSL."""
    if not tsa.available():
        stage.say("no time stamps: they take the command openssl")
        return None
    if (root := stage.home.root / "tsa" / tsa.ROOT).exists():
        return root
    authority = tsa.TimeAuthority(root.parent)
    with tsa.TimeServer(authority) as server:
        stamper, store = TimeStamper.load(server.url, authority.root), Store(stage.home.dock)
        for recording in everything_wanting(store):
            stamp(stamper, store, recording)
    stage.say("a time-stamping authority has signed when each manifest was there")
    return authority.root


def verify(stage: Stage) -> None:
    """Judge the store with the root certificate alone, then with either key; and judge the camera's empty card."""
    home, tsa_root = stage.home, stamp_all(stage)
    keys = {"": [], "authority": [home.key], "escrow": [home.escrow]}
    with stage.screen.bar("verify") as bar:
        total, done = _READINGS * _bytes(home.dock), 0

        def advance(length: int) -> None:
            nonlocal done
            done += length
            bar(min(done, total), total)

        for key, files in keys.items():
            stage.reports[key] = verify_path(home.dock, home.certificate, files, progress=advance, tsa_root=tsa_root)
        bar(total, total)
    stage.reports["card"] = verify_path(home.card, home.certificate)
    trust = Trust(load_given(home.certificate).root)
    taken = home.card / LOG_NAME  # what a dock has of the log is cleared from the card
    receipts = [read_log_receipt(taken, trust)] if taken.exists() else []
    stage.erased = dict(read_audit(home.card, trust, Problems(), receipts).erasures)
    for key, how in _HOW.items():
        _check_verdicts(stage, how, stage.reports[key])
    stage.footage = footage(home.dock, stage.reports["authority"], home.certificate)
    _check_first(stage, stage.footage[0])
    _check_cut(stage, stage.footage[CUT_RECORDING - 1], stage.footage[CUT_RECORDING])
    _check_erased(stage, stage.footage)
    if tsa_root is not None:
        _check_times(stage, stage.reports[""])


def export(stage: Stage) -> None:
    """Make a film of each recording, and hold it against the evidence without any key."""
    home = stage.home
    proven = 0
    with stage.screen.bar("export") as bar:
        for index, each in enumerate(stage.footage):
            film = home.export / f"{each.number:08d}.mp4"

            def advance(done: int, total: int, index: int = index) -> None:
                bar(index * total + done, len(stage.footage) * total)

            export_recording(each.directory, [home.key], film, root=home.certificate, progress=advance)
            report = verify_export(film, each.directory, home.certificate)
            stage.reports[film.name] = report
            proven += report.exit_code == 0 and report.export is not None and bool(report.export.proven)
            stage.say(f"{film.name}: {span(each.end_s)}, proven sample by sample against the evidence, without a key")
    stage.checks.hold(
        "exported",
        "one ordinary film of each recording, proven against the evidence without any key",
        f"{proven} of {RECORDINGS} films",
        proven == RECORDINGS,
    )


def _bytes(store: Path) -> int:
    return sum(path.stat().st_size for path in store.rglob("*.age"))


def _check_verdicts(stage: Stage, how: str, report: Report) -> None:
    found = [each.verdict for each in report.every_recording]
    wanted = [Verdict.RECOVERED if number == CUT_RECORDING else Verdict.WHOLE for number in range(1, RECORDINGS + 1)]
    counts = ", ".join(f"{found.count(verdict)} {verdict.value}" for verdict in Verdict if verdict in found)
    wrong = [f"{problem.file}: {problem.reason}" for _, problems in report.every_problem for problem in problems]
    stage.say(f"{how}: {counts}")
    stage.checks.hold(
        "verified",
        f"all that the dock has verifies, {how}",
        "; ".join([counts, *wrong[:3]]),
        found == wanted and not wrong,
    )


def _check_first(stage: Stage, first: Footage) -> None:
    chronicle = stage.chronicle
    recorded_s = (chronicle.at("stop") - chronicle.at("press")) / 1000
    before_s = first.at("start") or 0.0
    stage.checks.hold(
        "recorded",
        f"at least the {BUFFER_S} s before the press, and all from the press to the stop",
        f"{first.end_s:.1f} s: {before_s:.1f} s before the press, {first.end_s - before_s:.1f} s from it on",
        before_s >= BUFFER_S and first.end_s - before_s >= recorded_s - _ROUNDING_S,
    )
    marked = first.at("bookmark")
    stage.checks.hold(
        "recorded",
        "the bookmark is in the private part of the recording",
        "it is not" if marked is None else f"at {span(marked)}, and only a key shows it",
        marked is not None,
    )


def _check_cut(stage: Stage, cut: Footage, next_one: Footage) -> None:
    cut_ms = stage.chronicle.at("cut")
    lost_s = max(0.0, (cut_ms - cut.utc_ms(cut.end_s)) / 1000)
    stage.checks.hold(
        "recovered",
        f"of the live footage before the power cut at most {LOST_S:.0f} s is lost",
        f"{cut.end_s:.1f} s recovered and signed at capture, {lost_s:.2f} s lost",
        cut.report.verdict is Verdict.RECOVERED and lost_s <= LOST_S,
    )
    continues = next_one.journal.opening.continues
    away_s = (stage.chronicle.at("resumed") - stage.chronicle.all("on")[1]) / 1000
    stage.checks.hold(
        "recovered",
        "once it has power again the camera goes on recording by itself, and signs what it continues",
        f"recording {next_one.number} runs {away_s:.1f} s after the start, and names recording {continues[0] if continues else 'none'}",
        continues is not None and continues[0] == cut.number,
    )


def _check_times(stage: Stage, report: Report) -> None:
    stamped = list(stage.home.dock.glob("*/*/recordings/*/manifest.tsr"))
    doubted = [text for each in report.every_recording for text in each.not_proven if "is no trusted time" in text]
    stage.checks.hold(
        "verified",
        "an authority that has nothing to do with camera and dock signed when each manifest was there",
        "; ".join([f"{len(stamped)} of {RECORDINGS} recordings have its time stamp", *doubted]),
        len(stamped) == RECORDINGS and not doubted,
    )


def _check_erased(stage: Stage, recordings: Sequence[Footage]) -> None:
    card = stage.reports["card"]
    receipts = {each.number: each.receipt.hash for each in recordings}
    stage.checks.hold(
        "erased",
        "the camera erases a recording only against the dock's receipt for exactly these bytes",
        f"{len(stage.erased)} erased, {len(card.every_recording)} left; its own signed log proves it",
        stage.erased == receipts and not card.every_recording and card.exit_code == 0,
    )
