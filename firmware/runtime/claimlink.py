"""The thread of a port of a camera that is nobody's: waits for a desk, and answers it; nothing else can be had of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.dock.enrolling import Enrolled, KeyRequest
from firmware.dock.errors import DockError, LinkLostError, LocalProtocolError, PeerStalledError, RemoteProtocolError
from firmware.dock.link import Link
from firmware.dock.messages import Error, Refused
from firmware.dock.patience import Outcome, Patience
from firmware.dock.plain import Plain
from firmware.dock.protocol import Side
from firmware.evidence.kinds import words
from firmware.runtime.claim import claim
from hal.interface import PortKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from firmware.dock.messages import Message
    from firmware.runtime.claim import Unowned
    from firmware.runtime.log import Log
    from hal.interface import Clock, DockPort

_NAP_S: Final = 0.2
_READ: Final = 64 * 1024
_PARTING_NS: Final = 2_000_000_000
FAULTS: Final = (RemoteProtocolError, LocalProtocolError, PeerStalledError)
"""What makes the next attempt wait, besides a refusal: whoever is there does not speak this."""


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """Meets one desk after the other over one port, until one of them has enrolled the camera; ``claimed`` hears of that."""

    port: DockPort
    clock: Clock
    unowned: Unowned
    log: Log
    claimed: Callable[[], None]

    def run(self, stopping: Event) -> None:
        """Meet desks until ``stopping``.  After a refusal, by either side, the next attempt waits, longer each time."""
        patience = Patience()
        while not stopping.is_set():
            if self._done() or not self.port.connected():
                with suppress(OSError):
                    self.port.reset()  # a connection that broke before anybody used it is made anew by this alone
                stopping.wait(_NAP_S)
                continue
            begun_ns = self.clock.monotonic_ns()
            outcome = self._meet(stopping)
            if self.unowned.claimed:
                continue
            lasted_ns = self.clock.monotonic_ns() - begun_ns
            patience = patience.after(outcome, lasted_ns, accepted=False, contact=self.port.connected())
            stopping.wait(patience.pause_s + patience.hold_s)

    def _done(self) -> bool:
        if self.unowned.claimed:
            self.claimed()
        return self.unowned.claimed

    def _meet(self, stopping: Event) -> Outcome:
        """One desk; what became of it is in the log."""
        meeting = _Meeting(self, Plain(Side.CAMERA, self._link(), self.clock.monotonic_ns()))
        try:
            meeting.run(stopping)
        except (DockError, OSError) as error:
            if meeting.channel.heard and not isinstance(error, OSError):
                self.log.event("enrolment-broke-off", trouble=words(str(error)))
            outcome = Outcome.REFUSED if isinstance(error, FAULTS) else Outcome.LOST
        else:
            outcome = Outcome.REFUSED if meeting.refused else Outcome.DONE
        with suppress(OSError):
            self.port.reset()
        return outcome

    def _link(self) -> Link | None:
        if self.port.kind is not PortKind.SERIAL:
            return None
        return Link(int.from_bytes(self.unowned.random(4), "big") or 1)


class _Meeting:
    """One enrolment, or the attempt at one."""

    def __init__(self, at: ClaimLink, channel: Plain) -> None:
        self.channel = channel
        self.refused = self._greeted = False
        self._at = at
        self._talk = claim(at.unowned)

    def run(self, stopping: Event) -> None:
        """Answer until it is over, or ``stopping``; ``DockError`` or ``OSError`` if it ends otherwise."""
        self._at.port.reset()
        farewell: Error | None = None
        try:
            while not self.channel.ended:
                if self.channel.opened and not self._greeted:
                    self._greeted = True
                    self._say(next(self._talk))
                    continue
                if stopping.is_set():
                    farewell = Error("shutdown", "the camera is stopping")
                    break
                self._turn()
        except RemoteProtocolError as error:
            farewell = Error(error.code, words(str(error)))
            raise
        finally:
            self._part(farewell)

    def _turn(self) -> None:
        self._write()
        self._hear(min(_NAP_S, self.channel.wait_ns() / 1e9))
        while not self.channel.ended and (message := self.channel.next_event()) is not None:
            if not self.channel.ended:  # the desk's goodbye has no answer
                self._say(self._talk.send(message))
        if not self.channel.ended and not self._at.port.connected():
            raise LinkLostError("the contact is gone")

    def _say(self, message: Message | None) -> None:
        if message is None:
            return
        if isinstance(message, Refused):
            self.refused = True
            self._at.log.error("enrolment-refused", code=message.code, trouble=message.text)
        elif isinstance(
            message, KeyRequest
        ):  # whoever reads this on the camera's console can hold it against what the desk shows
            self._at.log.event("enrolment-key", key=self._at.unowned.key(), signer=self._at.unowned.signer.kind)
        elif isinstance(message, Enrolled):
            self._at.log.event("enrolled", certificate=message.certificate, settings=message.settings)
        self.channel.send(message)

    def _hear(self, timeout_s: float) -> None:
        data = self._at.port.read(_READ, timeout_s)
        now = self._at.clock.monotonic_ns()
        self.channel.receive_data(data, now)
        self.channel.tick(now)

    def _write(self) -> None:
        if data := self.channel.data_to_send():
            self._at.port.write(data)

    def _part(self, farewell: Error | None) -> None:
        """Say the last word as far as the desk still takes it."""
        until = self._at.clock.monotonic_ns() + _PARTING_NS
        with suppress(DockError, OSError):
            self.channel.close(farewell)
            while True:
                self._write()
                if self.channel.flushed or self._at.clock.monotonic_ns() >= until:
                    return
                self._hear(_NAP_S / 4)
