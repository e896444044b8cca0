"""What must hold of a camera that was cut off and started again: each promise a rule that says what is broken, and nothing if it holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from firmware.core.machine import Recording
from firmware.runtime.names import UNFINISHED
from tests.fault.power.world import RECORDING
from tests.rig import payload
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from firmware.runtime.vault import Vault
    from firmware.runtime.writer import Writer
    from hal.sim.crashes import Image
    from tests.fault.power.world import Told
    from tests.rig import Rig
    from tools.verify.report import RecordingReport, Report

NS = 1_000_000_000
TICKS = 90_000
MOST_LOST_NS = NS
"""How much of what was seen before a cut may be missing."""


@dataclass(frozen=True)
class Case:
    """One cut and what followed: what was told before it, when it was, what survived; the vault and the writer that started on that,
    whether they say that something has to go on, what is then durable of the card, and what the verifier says about that card.  ``rig``:
    the camera around them, where a whole one was started."""

    told: Told
    cut_ns: int
    survived: Image
    vault: Vault
    writer: Writer
    resume: bool
    card: Image
    report: Report
    rig: Rig | None = None

    @property
    def recordings(self) -> dict[int, RecordingReport]:
        """The verdicts by number."""
        return {each.number: each for each in self.report.every_recording if each.number is not None}

    def manifest(self, number: int) -> dict[str, Any] | None:
        """What the manifest of a recording says."""
        return self._payload("recordings", f"{number:08d}", "manifest.jws")

    def continued(self) -> int | None:
        """The recording that the running one says it continues."""
        for take in self.writer.takes.values():
            continues: dict[str, int] | None = take.journal.transcript.opening["continues"]
            return None if continues is None else continues["number"]
        return None

    def running(self) -> set[int]:
        """The numbers of what is being recorded."""
        return {take.number for take in self.writer.takes.values()}

    @cached_property
    def audit(self) -> list[dict[str, Any]]:
        """The lines of the log, without what a cut left of one: no LF, or zeros where it was to be."""
        numbers = self.card.directories.get(self.card.find("audit") or -1, {})
        files = [self.card.files[number] for name, number in sorted(numbers.items()) if name.endswith(".jwsl")]
        return [_said(line) for data in files for line in data.split(b"\n")[:-1] if b"\0" not in line]

    @property
    def outcome(self) -> str:
        """What came of it, in a few words: verdicts, and what the start did besides."""
        verdicts = Counter(str(each.verdict) for each in self.recordings.values())
        done = Counter(line["kind"] for line in self.audit if line["boot"] == self.vault.volume.audit.ledger.boot)
        words = [f"{number} {verdict}" for verdict, number in sorted(verdicts.items())]
        words += [
            f"{done[kind]} {kind}" for kind in ("closing", "void", "missing", "quarantine", "erasure") if done[kind]
        ]
        erasing = len(self.survived.names("erasing"))
        return ", ".join([*words, *([f"{erasing} half-erased"] if erasing else [])]) or "empty"

    def _payload(self, *path: str) -> dict[str, Any] | None:
        number = self.card.find(*path)
        return None if number is None else payload(self.card.files[number])


@lru_cache(maxsize=10_000)
def _said(line: bytes) -> dict[str, Any]:
    return payload(line)


def verifies(case: Case) -> Iterator[str]:
    """The verifier finds nothing wrong: what is closed is whole or recovered, and only what is being recorded is open."""
    for volume in case.report.volumes:
        yield from (f"{problem.file}: {problem.reason}" for problem in volume.problems)
    yield from (f"{problem.file}: {problem.reason}" for problem in case.report.problems)
    for number, each in case.recordings.items():
        yield from (f"recording {number}: {problem.file}: {problem.reason}" for problem in each.problems)
        if each.verdict is Verdict.OPEN and number not in case.running():
            yield f"recording {number} was left open"


def recovered(case: Case) -> Iterator[str]:
    """What the light acknowledged is there, up to a second before the cut, and a cut-off recording is called recovered."""
    for number, epoch_ns in case.told.recording.items():
        found = case.recordings.get(number)
        if found is None:
            if number not in erased(case):
                yield f"recording {number} was acknowledged and is gone"
            continue
        if number not in case.told.stopped and found.verdict is not Verdict.RECOVERED:
            yield f"recording {number} was cut off and is called {found.verdict}"
        manifest = case.manifest(number)
        span = manifest and manifest["span"]
        yield from _lost(number, span["until"] if span else 0, epoch_ns, case.told, case.cut_ns)


def untouched(case: Case) -> Iterator[str]:
    """Sealed recordings, receipts and the log that was there are the same bytes as before."""
    gone = erased(case)
    for number in case.told.sealed - gone:
        before, after = (image.find("recordings", f"{number:08d}") for image in (case.survived, case.card))
        if before is None or after is None or case.survived.digests[before] != case.card.digests[after]:
            yield f"sealed recording {number} was touched"
        elif case.recordings[number].verdict is not Verdict.WHOLE:
            yield f"sealed recording {number} is called {case.recordings[number].verdict}"
    for number in case.told.receipted - gone:
        if case.card.find("recordings", f"{number:08d}", "receipt.jws") is None:
            yield f"the receipt of recording {number} is gone"
    paper = [image.digests[image.find("volume.jws") or 0] for image in (case.survived, case.card)]
    for name in case.survived.names("audit") if paper[0] == paper[1] else ():
        before, after = case.survived.find("audit", name), case.card.find("audit", name)
        if after is None and name in cleared(case):
            continue
        if after is None or case.survived.digests[before or 0] != case.card.digests[after]:
            yield f"audit/{name} was touched"


def resumed(case: Case) -> Iterator[str]:
    """What was being recorded goes on at once, and says what it continues."""
    for number in case.told.running:
        if not case.resume:
            yield f"recording {number} does not have to go on, says the start"
        elif number not in case.told.ordered and (case.continued() or 0) < number:
            yield f"the resumption of recording {number} continues {case.continued()}"


def shown(case: Case) -> Iterator[str]:
    """The light says what the camera does, and claims nothing that is only starting."""
    if case.rig is None:
        return
    state, lights = case.rig.state, case.rig.indicators.lights
    if case.told.running and state not in {Recording.STARTING, Recording.RECORDING}:
        yield f"recording {case.told.running} is not resumed: the camera is {state.value}"
    if (lights in RECORDING) != (state not in {Recording.IDLE, Recording.STARTING}):
        yield f"the lights say {lights} while the camera is {state.value}"


def erased_for_good(case: Case) -> Iterator[str]:
    """What an erasure had begun with is neither recovered nor listed, and what is erased has its receipt in the log before."""
    listed = {entry.number for entry in case.vault.custody.inventory.all()}
    for name in case.survived.names("erasing"):
        if name.isdigit() and int(name) in listed and case.survived.find("recordings", name) is None:
            yield f"half-erased recording {name} is listed"
    if case.card.names("erasing"):
        yield f"erasing/ still holds {case.card.names('erasing')}"
    receipts: dict[int, str] = {}
    for line in case.audit:
        if line["kind"] == "receipt":
            receipts[line["data"]["number"]] = line["data"]["receipt"]
        if line["kind"] == "erasure" and receipts.get(line["data"]["number"]) != line["data"]["receipt"]:
            yield f"recording {line['data']['number']} was erased without a receipt"


def numbered(case: Case) -> Iterator[str]:
    """No number is used twice, and none is skipped unseen."""
    opened = [line["data"]["number"] for line in case.audit if line["kind"] == "opening"]
    first = (
        case.audit[0]["data"]["next"] if case.audit else 1
    )  # a log whose beginning a dock has taken over begins with a later one
    if opened != list(range(first, first + len(opened))):
        yield f"openings are numbered {opened}"
    known = {number for number in case.recordings if case.card.find("recordings", f"{number:08d}")}
    told = {line["data"].get("number") for line in case.audit if line["kind"] in {"void", "missing", "erasure"}}
    if unseen := set(opened) - known - told - case.running():
        yield f"numbers {sorted(unseen)} are accounted for nowhere"
    if case.told.recording and max(case.told.recording) >= first + len(opened):
        yield f"recording {max(case.told.recording)} was acknowledged, and the log ends at {len(opened)}"


def enrolled(case: Case) -> Iterator[str]:
    """Settings and assignment are those taken last, or newer ones that were on their way."""
    vault = case.vault
    if vault.enrolment.settings.payload["serial"] < case.told.serial:
        yield f"settings went back to serial {vault.enrolment.settings.payload['serial']}"
    shift = vault.custody.given and vault.custody.given.shift
    if case.told.shift is not None and shift is None:
        yield "the assignment is gone"
    if case.told.shift == "late" and shift != "late":
        yield f"the assignment went back to {shift}"


PROMISES: tuple[Callable[[Case], Iterator[str]], ...] = (
    verifies,
    recovered,
    untouched,
    resumed,
    shown,
    erased_for_good,
    numbered,
    enrolled,
)


def lies(told: Told, cut_ns: int, survived: Image, report: Report) -> Iterator[str]:
    """What is broken on a disk as it lies, before anybody starts on it: of what was acknowledged all that was live up to a second before
    the cut is vouched for by signatures, and every byte that they vouch for is there.

    A cut may leave a file that was to be renamed into place: no evidence, and removed by the next start.
    """
    judged = {each.number: each for each in report.every_recording if each.number is not None}
    for number, found in judged.items():
        wrong = [each for each in found.problems if not each.file.endswith(UNFINISHED)]
        yield from (f"recording {number}: {each.file}: {each.reason}" for each in wrong)
    for number, epoch_ns in told.recording.items():
        if number in judged:
            yield from _lost(number, vouched(survived, number), epoch_ns, told, cut_ns)
        elif (
            survived.find("recordings", f"{number:08d}") is not None
        ):  # else erased, or gone: the start that follows tells
            yield f"recording {number} was acknowledged and cannot be judged"


def vouched(image: Image, number: int) -> int:
    """Up to where in media time, in ticks, the journal of a recording goes."""
    journal = image.find("recordings", f"{number:08d}", "journal.jwsl")
    data = image.files[journal] if journal is not None else b""
    lines = [_said(line) for line in data.split(b"\n")[1:-1] if b"\0" not in line]
    return max((line["until"] for line in lines if line["until"] is not None), default=0)


def _lost(number: int, until: int, epoch_ns: int, told: Told, cut_ns: int) -> Iterator[str]:
    until_ns = epoch_ns + until * NS // TICKS if until else 0
    ended_ns = told.cut.get(number, cut_ns)
    wanted_ns = min(ended_ns, told.stopped.get(number, ended_ns)) - MOST_LOST_NS
    if until_ns < wanted_ns:
        yield f"recording {number} lost {(wanted_ns - until_ns) / NS:.2f} s more than a second of what was live"


def sealed_off(report: Report) -> list[str]:
    """What is wrong with a card on which nothing is being recorded any more: everything on it is whole or recovered."""
    found = [f"{problem.file}: {problem.reason}" for volume in report.volumes for problem in volume.problems]
    for each in report.every_recording:
        found += [f"recording {each.number}: {problem.file}: {problem.reason}" for problem in each.problems]
        if each.verdict not in {Verdict.WHOLE, Verdict.RECOVERED}:
            found.append(f"recording {each.number} is {each.verdict} in the end")
    return [f"verifies, with the key: {text}" for text in found]


def erased(case: Case) -> set[int]:
    """The numbers that the log says were erased."""
    return {line["data"]["number"] for line in case.audit if line["kind"] == "erasure"}


def cleared(case: Case) -> set[str]:
    """The files of the log that a durable receipt covers: they may be gone."""
    number = case.card.find("log-receipt.jws")
    return set() if number is None else {each["name"] for each in payload(case.card.files[number])["files"]}


def broken(case: Case) -> list[str]:
    """Everything that is broken."""
    return [f"{promise.__name__}: {text}" for promise in PROMISES for text in promise(case)]
