"""Reading a file of signed lines that a power cut may have ended anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from firmware.evidence.errors import EvidenceError, FormatError
from firmware.evidence.jws import LINE_LIMIT


class Ending(Enum):
    """How a file of lines ends."""

    WHOLE = "whole"
    """With a line."""

    TORN = "torn"
    """With bytes that a cut left behind: no LF follows them, or zeros stand where a line was to be."""

    REFUSED = "refused"
    """With a complete line that does not verify or does not continue the one before: altered, or a card that fails."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the good lines of a file end, and why: ``refusal`` is the reason against the first that is none."""

    valid_length: int
    ending: Ending
    refusal: EvidenceError | None

    @property
    def damaged(self) -> bool:
        """Whether a cut cannot have done this."""
        return self.ending is Ending.REFUSED


class LineReader:
    """Hands out the lines of a file until the first that is not accepted.  Damage is never raised, it is what ``tail``
    reports."""

    def __init__(self, accept: Callable[[bytes], None]) -> None:
        """``accept`` takes a line without its LF and raises ``EvidenceError`` if it is not to be relied on."""
        self.length = 0
        self._accept = accept
        self._sha256 = hashlib.sha256()
        self._rest = b""
        self._valid_length = 0
        self._tail: Tail | None = None

    @property
    def hash(self) -> str:
        """The hash of everything that was fed, the torn tail included."""
        return self._sha256.hexdigest()

    def feed(self, data: bytes) -> None:
        """Read on, in pieces of any size."""
        self.length += len(data)
        self._sha256.update(data)
        if self._tail is not None:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._take(line):
                return
        if len(self._rest) > LINE_LIMIT:
            self._stop(self._rest, FormatError(f"line: longer than {LINE_LIMIT} bytes"))

    def tail(self) -> Tail:
        """Where the good lines end, if the file ends here."""
        if self._tail is not None:
            return self._tail
        return Tail(self._valid_length, Ending.TORN if self._rest else Ending.WHOLE, None)

    def _take(self, line: bytes) -> bool:
        """Whether this line is one more good one."""
        try:
            self._accept(line)
        except EvidenceError as refusal:
            self._stop(line, refusal)
            return False
        self._valid_length += len(line) + 1
        return True

    def _stop(self, line: bytes, refusal: EvidenceError) -> None:
        """Read no further.  No line holds a zero byte, but a page that never reached the card does."""
        self._tail = Tail(self._valid_length, Ending.TORN if b"\0" in line else Ending.REFUSED, refusal)
        self._rest = b""
