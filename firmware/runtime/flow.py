"""What the controller sets off, and a camera carries out: the steps of a recording's life, as one page of promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.core.flags import Flag
    from firmware.core.indications import Trouble
    from firmware.runtime.selftest import Counts
    from hal.interface import Unit


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a recording begins: a trigger's name, and the monotonic time of its first edge.  Where it took two presses, ``edge_ns`` is
    that of the second: before that nobody could know."""

    trigger: str
    time_ns: int
    edge_ns: int | None = None

    @property
    def asked_ns(self) -> int:
        """From when on the officer waits for an answer."""
        return self.time_ns if self.edge_ns is None else self.edge_ns


class Shifts(Protocol):
    """Whose shift it is: hears, at these times of the monotonic clock, what begins and ends one."""

    def taken_out(self, now_ns: int) -> None:
        """Out of any dock's reach."""

    def put_in(self, now_ns: int) -> None:
        """In a dock."""

    def tick(self, now_ns: int) -> None:
        """Time passed."""


class Flow(Protocol):
    """The steps of a recording's life that the tables set off."""

    @property
    def roster(self) -> Shifts:
        """Whose shift it is."""

    def capture(self, unit: Unit) -> None:
        """A unit came from a source."""

    def begin(self, cause: Cause) -> None:
        """Begin a take."""

    def note(self, kind: str, facts: Mapping[str, object], time_ns: int) -> None:
        """Have the running take's private part say so: a bookmark, a stop that was meant."""

    def heed(self, flags: frozenset[Flag]) -> None:
        """These flags are in force now: microphone and buffer follow."""

    def seal(self, reason: str) -> None:
        """End the running take."""

    def newest(self, take: int) -> bool:
        """Whether this take is the newest one."""

    def tick(self, now_ns: int) -> frozenset[Trouble]:
        """Time passed; what the sources suffer from."""

    def well(self, now_ns: int) -> bool:
        """Whether all that is vital lives."""

    def sign(self, kind: str, data: Mapping[str, object]) -> None:
        """Have the audit log say so."""

    def remark(self, kind: str, facts: Mapping[str, object], time_ns: int) -> None:
        """Have the audit log's private part say so."""

    def counts(self) -> Counts:
        """What came from the sources so far."""

    def probe(self, *, storage: bool) -> None:
        """Have what takes its time of a self-test done: ``Probed`` and ``Proven`` come back.  Without ``storage`` that is left alone."""

    def leave(self, reason: str, *, resume: bool) -> None:
        """Have the audit log closed."""

    def stopped(self) -> None:
        """The audit log is closed: end the service."""
