"""Further cuts of the power, on the host: what each may have left on the card, held against what was acknowledged before it.

A cut comes behind any operation of the card's log.  What the last flush before it covers is on the card; of what was written since, each write
is there, is lost, or is torn, in any order.  A cut is named ``SEED:ENTRIES``, and its name alone leads back to it.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from firmware.runtime.names import JOURNAL, MANIFEST, RECORDINGS, UNFINISHED, recording
from tests.fault.live.card import PROVEN, Journal, Log, complaints, open_with_stock_tools
from tools.sim.look import meaning, read_lights
from tools.sim.process import CameraError, SimCamera
from tools.verify.findings import Refused
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path
from tools.vm import disk, medium
from tools.vm.blocklog import Piece, flushed, kept, loose, survivors
from tools.vm.layout import Partition
from tools.vm.medium import BlockLog
from tools.vm.trouble import VmError

EVIDENCE: Final = "evidence"
_START_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a machine that was cut off: what its card was before, what it was told, which recordings the light showed after how many
    entries of that, and the authority's root and key."""

    before: Path
    log: BlockLog
    partitions: tuple[Partition, ...]
    lit: Mapping[int, int]
    root: Path
    key: Path

    def __post_init__(self) -> None:
        """Only what the service writes to is of interest."""
        object.__setattr__(self, "partitions", tuple(each for each in self.partitions if each.mount is not None))


@dataclass(frozen=True, slots=True)
class Held:
    """What a card holds of one recording: the whole lines of its journal, and the hash of each file where it is sealed."""

    lines: tuple[bytes, ...]
    sealed: Mapping[str, str]


@dataclass
class Cutter:
    """Makes what cuts leave, and judges it.  Goes through the log once, so cuts have to come in order.

    ``states`` are those that were different; ``lost`` and ``written``: bytes that were not flushed, and how many of them a cut took;
    ``torn``: file systems whose superblock was torn, and mended as at a boot (``medium.mount``).
    """

    run: Run
    folder: Path
    seed: int
    states: set[tuple[int, tuple[Piece, ...]]] = field(default_factory=set)
    written: int = 0
    lost: int = 0
    torn: int = 0
    _at: int = 0
    _flushed: Mapping[int, Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with what the card was."""
        for part in self.run.partitions:
            disk.copy(self.run.before, self._base(part), part)

    def places(self, since: int, number: int) -> list[int]:
        """Cuts, drawn from the seed among those that may lose something, in order."""
        ends = [cut for cut in range(since, len(self.run.log.entries) + 1) if self._loose(cut)]
        return sorted(random.Random(self.seed).sample(ends, number))

    def judge(self, cut: int) -> list[str]:
        """What is wrong with what one cut leaves."""
        name = f"cut {self.seed}:{cut}"
        try:
            with self.left(cut) as camera:
                return [f"{name}: {text}" for text in wrong(self.run, camera / EVIDENCE, cut, self._flushed)]
        except (VmError, OSError, ValueError) as error:
            return [f"{name}: {type(error).__name__}: {error}"]

    def recover(self, cut: int) -> list[str]:
        """What is wrong once the real service, on simulated parts, was started on what one cut leaves, and ended in good order."""
        name = f"cut {self.seed}:{cut}: recovery"
        try:
            with self.left(cut) as camera:
                before = held(camera / EVIDENCE)
                return [f"{name}: {text}" for text in recovered(self.run, camera, before)]
        except (VmError, OSError, ValueError) as error:
            return [f"{name}: {type(error).__name__}: {error}"]

    @contextmanager
    def left(self, cut: int) -> Iterator[Path]:
        """The partitions' files, each in a directory by its label, as one cut leaves them."""
        log, until = self.run.log, flushed(self.run.log.entries, cut)
        if until > self._at:
            for part in self.run.partitions:
                medium.write(self._base(part), kept(log.entries, self._at, until), log.data, part)
            self._at = until
            with self._mounted([]) as camera:
                self._flushed = held(camera / EVIDENCE)
        forced = list(kept(log.entries, until, cut))
        pending = self._loose(cut)
        there = survivors(pending, random.Random(f"{self.seed}:{cut}"))
        self.states.add((until, tuple(sorted(there, key=lambda piece: piece.offset))))
        self.written += sum(piece.length for piece in pending)
        self.lost += sum(piece.length for piece in pending) - sum(piece.length for piece in there)
        with self._mounted([*forced, *there]) as camera:
            yield camera

    @contextmanager
    def _mounted(self, pieces: Sequence[Piece]) -> Iterator[Path]:
        camera = self.folder / "camera"
        try:
            for part in self.run.partitions:
                image = self.folder / f"{part.label}.cut"
                disk.copy(self._base(part), image)
                medium.write(image, pieces, self.run.log.data, part)
                self.torn += medium.mount(image)
                medium.extract(image, camera / part.label)
            yield camera
        finally:
            shutil.rmtree(camera, ignore_errors=True)

    def _loose(self, cut: int) -> list[Piece]:
        """What a cut may lose of these partitions."""
        inside = [(part.offset, part.offset + part.size) for part in self.run.partitions]
        return [
            each
            for each in loose(self.run.log.entries, cut)
            if any(first <= each.offset < last for first, last in inside)
        ]

    def _base(self, part: Partition) -> Path:
        return self.folder / f"{part.label}.img"


def held(card: Path) -> Mapping[int, Held]:
    """What a card holds of each recording."""
    return {int(folder.name): _held(folder) for folder in sorted((card / RECORDINGS).glob("*"))}


def _held(folder: Path) -> Held:
    journal = folder / JOURNAL
    lines = journal.read_bytes().split(b"\n")[:-1] if journal.exists() else []
    sealed = (folder / MANIFEST).exists()
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())} if sealed else {}
    return Held(tuple(line for line in lines if b"\0" not in line), files)


def wrong(run: Run, card: Path, cut: int, before: Mapping[int, Held]) -> Iterator[str]:
    """What is wrong with a card as it lies: something does not verify, or what was acknowledged is gone.

    Acknowledged is what the light had shown as a recording, and every journal line and sealed recording that a flush covers (``before``).  A
    file that was to be renamed into place is no evidence, and removed by the next start.
    """
    try:
        report = verify_path(card, run.root)
    except Refused as error:  # not even a volume yet
        yield from [str(error)] * bool(before or any(after <= cut for after in run.lit.values()))
        return
    yield from (each for each in complaints(report, PROVEN | {Verdict.OPEN}) if f"{UNFINISHED}:" not in each)
    now, verdicts = held(card), {each.number: each.verdict for each in report.every_recording}
    for number, known in before.items():
        found = now.get(number, Held((), {}))
        if found.lines[: len(known.lines)] != known.lines:
            yield f"recording {number}: {len(known.lines)} lines were flushed, {len(found.lines)} are there"
        if known.sealed and (found.sealed != known.sealed or verdicts.get(number) is not Verdict.WHOLE):
            yield f"recording {number} was sealed, and is {verdicts.get(number)} or was touched"
    for number in (number for number, after in run.lit.items() if after <= cut):
        if not any(each["tracks"] and each["tracks"]["video"] for each in _journal(card, number)):
            yield f"recording {number} was shown as one, and nothing of it is vouched for"


def _journal(card: Path, number: int) -> Sequence[Mapping[str, Any]]:
    with suppress(OSError, ValueError):
        return Journal.read(card / RECORDINGS / recording(number)).flushes
    return ()


def recovered(run: Run, camera: Path, before: Mapping[int, Held]) -> Iterator[str]:
    """Start the service on what was left: it goes on with what was cut off, without a press, and once it has ended everything is proven, and
    opens and plays with stock tools."""
    card = camera / EVIDENCE
    cut, service = Log.read(card).cut, SimCamera(camera, replay=True)
    try:
        _start(service)
        shown = _settled(service)
        if (shown == "recording") != (cut is not None):
            yield f"it shows {shown}, and {cut} was cut off"
        if cut is not None:
            _wait((card / RECORDINGS / recording(cut) / MANIFEST).exists)  # behind what is live
        service.stop()
    except CameraError as error:
        yield str(error)
    finally:
        with suppress(CameraError):
            service.kill()
    yield from complaints(verify_path(card, run.root, [run.key]))
    now = held(card)
    for number, known in (
        (number, known) for number, known in before.items() if known.lines
    ):  # else it was only prepared
        if number not in now or now[number].lines[: len(known.lines)] != known.lines:
            yield f"recording {number}: lines were lost"
            continue
        for segment in sorted((card / RECORDINGS / recording(number)).glob("*.mp4.age")):
            trouble = open_with_stock_tools(segment, run.key, camera / "plain.mp4")
            if trouble is not None:
                yield trouble


def _start(service: SimCamera) -> None:
    """Start it; on a machine that is too busy to let it answer in time, once more: that is one more cut."""
    try:
        service.start()
    except CameraError:
        service.start()


def _settled(service: SimCamera) -> str:
    """What its lights say once they say whether it records."""

    def shown() -> str:
        return meaning(read_lights(service.tell("state")["lights"])).name

    _wait(lambda: shown() in {"recording", "ready", "warning", "unable"})
    return shown()


def _wait(reached: Callable[[], bool]) -> None:
    """Until it is so, or for five minutes: whoever comes then sees what it is."""
    until = time.monotonic() + _START_S
    while not reached() and time.monotonic() < until:
        time.sleep(0.1)
