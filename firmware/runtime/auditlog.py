"""The device's audit log on the card: a file for each boot, and another one where that grows long; each line durable before the call returns.

What is about people and conduct goes into an encrypted file beside it, a batch at a time, and a line vouches for each batch.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from firmware.core.ledger import Ledger
from firmware.evidence.audit import AuditReader, audit_line
from firmware.evidence.jws import line_hash
from firmware.evidence.kinds import words
from firmware.runtime import durable, names
from firmware.runtime.lognotes import LogNotes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.evidence.age import AgeWriter
    from firmware.evidence.certs import Trust
    from firmware.evidence.session import Session
    from firmware.runtime.stamps import Stamps
    from hal.interface import Directory, File

PIECE: Final = 1 << 20
MOST_HEADS: Final = 100_000
"""Lines that a dock may countersign: those that it was offered, and they are the newest."""
MOST_LINES: Final = 512
"""A file this long is followed by another one as soon as nothing is being recorded: a boot reads the newest before it can record."""
_NAME: Final = re.compile(r"[0-9]{8}\.jwsl")
_ANY: Final = re.compile(r"[0-9]{8}\.(jwsl|private\.age)")


class AuditLostError(Exception):
    """The audit log cannot go on in this boot.  Whatever records has to start anew, with a log of its own, and resumes."""


class AuditLog:
    """Continues where the newest readable file of an earlier boot ends.

    A file without one good line belongs to a boot that was cut off before it could do anything: it is passed over, never changed.
    ``damaged`` names the files in which something stands that no cut can have left.
    """

    def __init__(
        self, directory: Directory, session: Session, volume: str, stamps: Stamps, age: Callable[[], AgeWriter]
    ) -> None:
        """``age`` begins an encrypted file."""
        self._directory = directory
        self._session = session
        self._volume = volume
        self._stamps = stamps
        self._age = age
        self._notes: LogNotes | None = None
        self._whole: dict[str, int] = {}
        self._file: File | None = None
        self._heads: dict[int, str] = {}
        self._lines, self._name = 0, ""
        self._growing: Mapping[str, int] = {}
        self.ledger = Ledger()
        self.newest = self.ledger.newest()
        """For other threads: they never look into the ledger itself."""
        self.damaged: list[str] = []

    def read(self, trust: Trust) -> None:
        """Learn from the newest readable file what earlier boots left.

        Where only the service had ended, a line may be there that never reached the card: it is synced before anything builds on it.
        """
        self._directory.sync()
        for name in reversed(self.files()):
            reader = AuditReader(trust, device=self._session.device, volume=self._volume)
            file = self._directory.open(name)
            file.sync()
            for offset in range(0, file.size(), PIECE):
                for line in reader.feed(file.read(offset, PIECE)):
                    self._follow(line.payload, line.hash)
            file.close()
            if reader.finish().damaged:
                self.damaged.append(name)
            if self.ledger.line:
                return

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Begin a boot's file with its ``boot`` line: ``facts`` are ``firmware``, ``signer``, ``counter``, ``start`` and
        ``power``.
        ``AuditLostError`` where it cannot begin.

        The boot has the number of its file, and that is one that no file had: one without a line stays where it is.
        """
        used = self.files()
        self.ledger.boot = int(used[-1][:8]) + 1 if used else 1
        self._name, before = names.audit(self.ledger.boot), self._file
        self._file, self._growing, self._lines = None, {self._name: 0}, 0
        self._notes = LogNotes(self._directory, names.audit_private(self.ledger.boot), self._age)
        try:
            self._file = self._directory.create(self._name)
            self._directory.sync()
        except OSError as error:
            message = f"the audit log cannot begin {self._name}: {error}"
            raise AuditLostError(message) from error
        self.write("boot", {**facts, **self.ledger.carry()})
        if before is not None:
            before.close()

    @property
    def long(self) -> bool:
        """Whether the file has grown so long that the next boot had better read another one."""
        return self._lines >= MOST_LINES

    def offered(self) -> dict[str, int]:
        """Every file of the log, private parts included, with the bytes that a dock may fetch: of lines whole ones, of what still grows
        what lines vouch for.  For the dock's thread."""
        growing = self._growing  # one value, replaced at once
        found = {name: growing.get(name, -1) for name in self._directory.names() if _ANY.fullmatch(name)}
        private = names.audit_private(int(min(growing, default="0" * 8)[:8]))
        return {
            name: self._finished(name) if length < 0 else length
            for name, length in found.items()
            if name in growing or name != private
        }

    def _finished(self, name: str) -> int:
        """The length of a file that grows no more; of lines those that are whole."""
        if name.endswith(names.LINES) and name not in self._whole:
            file, length = self._directory.open(name), 0
            for offset in range(0, file.size(), PIECE):
                piece = file.read(offset, PIECE)
                length = offset + piece.rindex(b"\n") + 1 if b"\n" in piece else length
            file.close()
            self._whole[name] = length
        return self._whole[name] if name in self._whole else durable.size(self._directory, name)

    def remark(self, kind: str, facts: Mapping[str, Any], time_ns: int | None = None) -> None:
        """Take a record of the private part, noticed now or at ``time_ns``; ``keep_remarks`` makes it durable."""
        if self._notes is not None:
            now_ns = self._stamps.now_ns()
            clock = self._stamps.at(now_ns if time_ns is None else time_ns)
            self._notes.add({"kind": kind, "clock": clock, **facts}, now_ns)

    def keep_remarks(self, wait_ns: int = 0, *, last: bool = False) -> int:
        """Make durable what has waited for so long, ``last`` for the end of this boot's file; the bytes that it took.

        A private part that fails is told, and given up in this boot: it is not worth the log.
        """
        notes = self._notes
        if notes is None or not (last or notes.due(self._stamps.now_ns(), wait_ns)):
            return 0
        try:
            vouched = notes.batch(last=last)
        except OSError as error:
            notes.abandon()
            self.write("fault", {"code": words(f"log-private: {error}")})
            return 0
        if vouched is None:
            return 0
        self.write("private", vouched)
        before, notes.length = notes.length, vouched["cipher"]["length"]
        self._growing = {**self._growing, notes.name: notes.length}
        return notes.length - before

    def write(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add one line, durably.  ``AuditLostError`` if it is not: nobody can say what of it is on the card."""
        if self._file is None:
            message = "the audit log takes no more in this boot"
            raise AuditLostError(message)
        payload = {
            "device": self._session.device,
            "volume": self._volume,
            "boot": self.ledger.boot,
            "line": self.ledger.line + 1,
            "prev": self.ledger.head,
            "clock": self._stamps.now(),
            "kind": kind,
            "data": data,
        }
        line = audit_line(self._session, payload)
        file, self._file = self._file, None
        try:
            file.append(line + b"\n")
            file.sync()
            self._directory.open(self._name).close()  # still found by its name
        except OSError as error:
            message = f"the audit log failed: {error}"
            raise AuditLostError(message) from error
        self._file = file
        self._growing = {**self._growing, self._name: self._growing[self._name] + len(line) + 1}
        self._lines += 1
        self._follow(payload, line_hash(line))

    def head_of(self, line: int) -> str | None:
        """The hash of our line with this index, as far back as it is remembered; None where there is none."""
        return self._heads.get(line)

    def files(self) -> list[str]:
        """The files of the log, oldest first."""
        return [name for name in self._directory.names() if _NAME.fullmatch(name)]

    def _follow(self, payload: Mapping[str, Any], digest: str) -> None:
        self.ledger.follow(payload, digest)
        self._heads[self.ledger.line] = digest
        if len(self._heads) > MOST_HEADS:
            del self._heads[next(iter(self._heads))]
        self.newest = self.ledger.newest()
