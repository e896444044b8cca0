"""What the writer does behind the live flushes: finish erasures, recover what was cut off, take stock, erase, prepare.

Each chore is an iterator that yields after every small piece, so that a flush never waits for more than one.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from firmware.core.recovery import Action, Found, plan
from firmware.core.retention import Receipted, erasable
from firmware.evidence.errors import EvidenceError, FormatError
from firmware.evidence.journal import JournalReader
from firmware.evidence.kinds import words
from firmware.evidence.manifest import recovered_manifest
from firmware.runtime import durable, names
from hal.interface import ClockQuality

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from firmware.core.recovery import Step
    from firmware.evidence.journal import JournalRead
    from firmware.runtime.vault import Vault
    from hal.interface import Directory

PIECE: Final = 1 << 20
LINES: Final = 1 << 16
GLANCES: Final = 256
"""So many names are looked over in one piece: a card may have ten thousand, and a live flush waits for no more than one piece."""
"""What is read of a journal at once: each line's signature is verified, and a flush may be waiting."""
HEAD: Final = 1 << 16
EVIDENCE: Final = (".age",)


class Chores:
    """The chores of one vault.

    ``troubles`` says what could not be done, by what it is about.  One bad directory never keeps the others from being looked after;
    it is told once, and left to the next boot: after a failed sync nothing may be tried again in this one.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.troubles: dict[str, str] = {}
        self._actions = {
            Action.KEEP: self._keep,
            Action.CLOSE: self._close,
            Action.RECOVER: self._recover,
            Action.VOID: self._void,
            Action.QUARANTINE: self._quarantine,
            Action.MISSING: self._missing,
        }

    def all(self) -> Iterator[None]:
        """Everything that is due, in order."""
        yield from self.finish_erasures()
        yield from self.recover()
        yield from self.erase()
        self._vault.renew_log()
        yield
        yield from self._attempt("audit", self._vault.kept_log.clear())
        yield from self._attempt("prepare", self._prepare())

    @property
    def returnable(self) -> int:
        """Bytes that receipted footage gives back once they are needed: none where a dock holds another log than ours."""
        if self._vault.volume.audit.ledger.contested:
            return 0
        return self._vault.custody.inventory.returnable(but=self.troubles)

    def _attempt(self, name: str, work: Iterator[None]) -> Iterator[None]:
        """Do a piece of work on a directory; its trouble is noted, and goes no further."""
        try:
            yield from work
        except (OSError, EvidenceError) as error:
            self._note(name, error)
        else:
            self.troubles.pop(name, None)

    def _note(self, name: str, error: OSError | EvidenceError) -> None:
        trouble = f"{name}: {error}"
        if self.troubles.get(name) != trouble:
            self.troubles[name] = trouble
            self._fault(trouble)

    def _prepare(self) -> Iterator[None]:
        self._vault.prepare()
        yield

    def finish_erasures(self) -> Iterator[None]:
        """Remove what an earlier boot had begun to erase: it is no evidence any more."""
        erasing = self._vault.volume.erasing
        for name in erasing.names():
            yield from self._attempt(f"erasing {name}", self._remove(erasing, name))

    def recover(self) -> Iterator[None]:
        """Make the volume consistent, by the plan.

        The newest comes first.  Where the power goes again and again, each start leaves one more that was cut off, and it is short: were
        they to wait behind a long one, whose recovery never comes to its end, the log could soon not list them any more.
        """
        vault = self._vault
        unclosed = {
            number: opening.hash
            for number, opening in vault.volume.audit.ledger.unclosed.items()
            if number not in vault.writing
        }
        upcoming = vault.volume.audit.ledger.upcoming
        found = []
        for index, name in enumerate(reversed(vault.volume.recordings.names())):
            if index % GLANCES == GLANCES - 1:
                yield
            if self._settled(name, unclosed, upcoming):
                continue
            try:
                found.append(self._look(name, unclosed))
            except (OSError, EvidenceError) as error:
                self._note(name, error)
            yield
        there = {number: digest for number, digest in unclosed.items() if names.recording(number) not in self.troubles}
        for step in plan(there, upcoming, found):
            yield from self._attempt(step.name, self._actions[step.action](step))

    def erase(self) -> Iterator[None]:
        """Erase what a durable receipt allows: the audit log has it first, the directory then moves, and only then its files go.

        Nothing goes of a volume that a dock contests: one of two such cameras is a copy, or was turned back, and nobody knows yet which.
        """
        vault = self._vault
        if vault.volume.audit.ledger.contested:
            return
        receipted = [
            Receipted(entry.number, entry.size, entry.receipted_ms)
            for entry in vault.custody.inventory.receipted()
            if entry.receipted_ms is not None
        ]
        wall = vault.hal.clock.utc()
        chosen = erasable(
            receipted,
            now_ms=wall.utc_ms if wall.quality is ClockQuality.DOCK else None,
            keep_h=vault.settings.keep_after_receipt_h,
            missing_bytes=vault.budget.emptying - vault.hal.evidence.space().free,
        )
        for number in chosen:
            yield from self._attempt(names.recording(number), self._erase(number))

    def _settled(self, name: str, unclosed: Mapping[int, str], upcoming: int) -> bool:
        """Whether a directory needs no look: it is known and closed, is being written, is prepared for the next press, or is bad."""
        number = int(name) if name.isdigit() else 0
        known = self._vault.custody.inventory.get(number) is not None and number not in unclosed
        return known or number in self._vault.writing or number == upcoming or name in self.troubles

    def _look(self, name: str, unclosed: Mapping[int, str]) -> Found:
        """What there is to say about a directory.  Only the opening of one that was cut off has to be read."""
        try:
            directory = self._vault.volume.recordings.enter(name)
        except NotADirectoryError:
            return Found(name, used=True, manifest=False, opening=None)
        here, opened = directory.names(), name.isdigit() and int(name) in unclosed
        opening = self._opening(directory) if opened and names.JOURNAL in here else None
        used = any(durable.size(directory, each) for each in here if not (opened and each == names.JOURNAL))
        return Found(name, used, names.MANIFEST in here, opening)

    def _opening(self, directory: Directory) -> str | None:
        reader = JournalReader(self._vault.enrolment.trust)
        with closing(directory.open(names.JOURNAL)) as file:
            reader.feed(file.read(0, HEAD))
        read = reader.finish()
        return read.opening.hash if read.opening is not None else None

    def _keep(self, step: Step) -> Iterator[None]:
        directory = self._vault.volume.recordings.enter(step.name)
        if names.MANIFEST in directory.names():
            self._tidy(directory)
            self._vault.custody.register(int(step.name), directory)
        yield

    def _close(self, step: Step) -> Iterator[None]:
        directory = self._vault.volume.recordings.enter(step.name)
        self._tidy(directory)
        self._vault.note_closing(self._vault.custody.register(int(step.name), directory))
        yield

    def _recover(self, step: Step) -> Iterator[None]:
        """Sign, with the device key, what the journal vouches for and what is merely there.  Nothing is truncated.

        What is there may be no further than in memory yet, where only the service had ended: it is synced before it is signed.
        """
        vault, number = self._vault, int(step.name)
        directory = vault.volume.recordings.enter(step.name)
        self._tidy(directory)
        journal = yield from self._read_journal(directory, number)
        if journal.transcript is None:
            raise FormatError(f"journal: {journal.refusal}")
        files: dict[str, dict[str, Any]] = {}
        for name in directory.names():
            if name.endswith(EVIDENCE):
                files[name] = yield from self._extent(directory, name)
        line = recovered_manifest(
            vault.enrolment.session,
            journal.transcript,
            journal.extent,
            files,
            signed_boot=vault.volume.audit.ledger.boot,
            **vault.signing(priority=True),  # whatever was going on when the power went is urgent
        )
        vault.close(number, directory, line)
        yield

    @staticmethod
    def _tidy(directory: Directory) -> None:
        """Remove what a cut left half written, and make sure of the rest.

        Where only the service had ended, names may be there that never reached the card: nothing may build on those.
        """
        here = directory.names()
        for name in here:
            if name.endswith(names.UNFINISHED) or (name == names.SECOND and names.MANIFEST not in here):
                directory.remove(name)
        directory.sync()

    def _read_journal(self, directory: Directory, number: int) -> Generator[None, None, JournalRead]:
        reader = JournalReader(self._vault.enrolment.trust, number=number, volume=self._vault.volume.id)
        with closing(directory.open(names.JOURNAL)) as file:
            file.sync()
            for offset in range(0, file.size(), LINES):
                reader.feed(file.read(offset, LINES))
                yield
        return reader.finish()

    @staticmethod
    def _extent(directory: Directory, name: str) -> Generator[None, None, dict[str, Any]]:
        """Length and hash of a whole file."""
        sha256 = hashlib.sha256()
        with closing(directory.open(name)) as file:
            file.sync()
            size = file.size()
            for offset in range(0, size, PIECE):
                sha256.update(file.read(offset, PIECE))
                yield
            file.reserve(0)
        return {"length": size, "hash": sha256.hexdigest()}

    def _void(self, step: Step) -> Iterator[None]:
        self._vault.volume.audit.write("void", {"number": step.number})
        yield from self._discard(step.name)

    def _quarantine(self, step: Step) -> Iterator[None]:
        self._vault.quarantine(step.name)
        yield

    def _missing(self, step: Step) -> Iterator[None]:
        self._vault.volume.audit.write("missing", {"number": step.number})
        yield

    def _erase(self, number: int) -> Iterator[None]:
        vault, directory = self._vault, self._vault.volume.recordings.enter(names.recording(number))
        vault.custody.register(number, directory)  # the last look
        entry = vault.custody.inventory.get(number)
        if entry is None or entry.receipt is None:
            return
        vault.custody.note_receipt(number, entry.receipt)
        vault.volume.audit.write("erasure", {"number": number, "receipt": entry.receipt})
        vault.custody.inventory.drop(number)
        yield from self._discard(names.recording(number))

    def _discard(self, name: str) -> Iterator[None]:
        """Move a directory out of the evidence, which is one atomic step, then remove its files."""
        volume = self._vault.volume
        volume.recordings.rename(name, name, volume.erasing)
        volume.erasing.sync()
        volume.recordings.sync()
        yield from self._remove(volume.erasing, name)

    @staticmethod
    def _remove(parent: Directory, name: str) -> Iterator[None]:
        directory = parent.enter(name)
        for each in directory.names():
            directory.remove(each)
            yield
        directory.sync()
        parent.remove(name)
        parent.sync()
        yield

    def _fault(self, code: str) -> None:
        self._vault.volume.audit.write("fault", {"code": words(code)})
