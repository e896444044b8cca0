"""The dock thread: waits for a dock, meets it, serves the shelf to it, and tells the controller what that means.

Nothing here owns state that matters: whatever byte a camera is pulled out at, the shelf holds what it held, and a
receipt counts only once the shelf said that it is durable.  The thread sleeps in reads of the port and, without
contact or after a refusal, on the event that stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from threading import Event

from firmware.core.machine import Move
from firmware.dock.channel import Channel, Secured
from firmware.dock.errors import DockError, LinkLostError, LocalProtocolError, PeerStalledError, RemoteProtocolError
from firmware.dock.link import Link
from firmware.dock.messages import BULK, CHUNK, AnchorLine, Busy, ClockSet, Error, Get, Message, Piece, Ping
from firmware.dock.protocol import Side
from firmware.dock.service import Answers, Service
from firmware.dock.shelf import Shelf
from firmware.dock.tls import Identity, Tls
from firmware.evidence.certs import Trust
from firmware.evidence.kinds import words
from firmware.evidence.recipients import Random
from firmware.evidence.session import Session
from hal.interface import Clock, DockPort, PortKind

STOOD_NS = 10_000_000_000
AWAY_NS = 2_000_000_000
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""How long to wait after a docking: the first without a refusal, then one further with each refusal in a row."""

REST_NS = 60_000_000_000
"""How long a camera stands in a dock that wants no more before it offers itself again."""

_NAP_S = 0.2
_READ = 64 * 1024
_HIGH_WATER = 128 * 1024
_AT_ONCE = 8
_PARTING_NS = 2_000_000_000
_MOVES: Mapping[type[Message], Move] = {
    Get: Move.OFFLOAD,
    Piece: Move.OFFLOAD,
    Ping: Move.RESTED,
    AnchorLine: Move.RESTED,
}


class Outcome(Enum):
    """How a docking ended."""

    DONE = "done"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DockNews:
    """Something happened at the dock: where that moves the camera, the dock's name if it is known, and why, in
    words."""

    move: Move
    dock: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Away:
    """The camera has been out of contact with any dock for two seconds: it was taken out.  Told once until it is put in again."""


@dataclass(frozen=True, slots=True)
class DockParts:
    """What the dock thread is made of.

    ``trust`` is asked anew for each docking: root, revocation, and the time to judge dates at, which is the wall
    clock's only while that has ``dock`` quality.  ``random`` gives so many random bytes.  ``report`` and ``away`` hear what happens.  ``chacha``: the board has no
    AES instructions.
    """

    port: DockPort
    clock: Clock
    session: Session
    shelf: Shelf
    trust: Callable[[], Trust]
    random: Random
    report: Callable[[DockNews], None]
    chacha: bool = False
    away: Callable[[Away], None] = lambda _: None


class DockLink:
    """Meets one dock after the other."""

    def __init__(self, parts: DockParts) -> None:
        self._parts = parts
        self._recording = False
        self._missed_ns: int | None = None
        self._away = False

    def yield_to_recording(self, *, recording: bool) -> None:
        """Let docks wait while a recording is being made.  May be called from any thread."""
        self._recording = recording

    def run(self, stopping: Event) -> None:
        """Meet docks until ``stopping``.

        After a refusal, by either side, the next attempt waits, longer each time; a dock that is done is met again only after a while,
        or once the camera was taken out and put back.
        """
        refusals = 0
        while not stopping.is_set():
            if not self._parts.port.connected():
                self._miss()
                stopping.wait(_NAP_S)
                continue
            self._missed_ns = None
            outcome = self._meet(stopping)
            refusals = refusals + 1 if outcome is Outcome.REFUSED else 0
            if outcome is Outcome.DONE:
                self._rest(stopping)
            stopping.wait(PAUSES_S[min(refusals, len(PAUSES_S) - 1)])

    def _miss(self) -> None:
        """Out of contact: once that has lasted, the camera was taken out, and did not just shake in its slot."""
        now_ns = self._parts.clock.monotonic_ns()
        if self._missed_ns is None:
            self._missed_ns, self._away = now_ns, False
        elif not self._away and now_ns - self._missed_ns >= AWAY_NS:
            self._away = True
            self._parts.away(Away())

    def _rest(self, stopping: Event) -> None:
        """Stand in a dock that wants no more."""
        until = self._parts.clock.monotonic_ns() + REST_NS
        while self._parts.port.connected() and self._parts.clock.monotonic_ns() < until and not stopping.is_set():
            stopping.wait(_NAP_S)

    def _meet(self, stopping: Event) -> Outcome:
        """Go through one docking and tell how it ended."""
        docking = Docking(self._parts, lambda: self._recording)
        reason: Exception | str = "the dock link failed"
        try:
            reason = self._outcome(docking, stopping)
        finally:  # whatever ends this thread: the camera is in no dock any more
            self._parts.report(DockNews(Move.GONE, docking.dock, words(str(reason))))
        if isinstance(reason, DockError) and _offends(reason):
            return Outcome.REFUSED
        return Outcome.LOST if isinstance(reason, Exception) else Outcome.DONE

    def _outcome(self, docking: Docking, stopping: Event) -> Exception | str:
        reason: Exception | str = "the dock is done"
        try:
            docking.run(stopping)
        except OSError as error:
            reason = error
        except DockError as error:
            reason = error
            if _offends(error):
                with suppress(OSError):  # the refusal stands, noted or not; trouble with the storage shows elsewhere
                    self._parts.shelf.dock_event(docking.dock, words(str(error)))
        with suppress(OSError):
            self._parts.port.reset()
        return reason


def _offends(error: DockError) -> bool:
    """Whether an end of a docking is somebody's fault: it is noted, and the next attempt waits longer.  Being pulled out is nobody's."""
    return isinstance(error, PeerStalledError) or not isinstance(error, LinkLostError | LocalProtocolError)


class Docking:
    """One docking, from contact to goodbye."""

    def __init__(self, parts: DockParts, busy: Callable[[], bool]) -> None:
        self.dock = ""
        self._parts = parts
        self._busy = busy
        self._service: Service | None = None
        self._answers: Answers | None = None
        self._met_ns: int | None = None
        self._stood = False
        self._place: Move | None = None
        identity = Identity(parts.session.link_chain, parts.session.link_key, parts.chacha)
        link = Link(self._session_number()) if parts.port.kind is PortKind.SERIAL else None
        tls = Tls(Side.CAMERA, identity, parts.trust())
        self._channel = Channel(Side.CAMERA, tls, link, parts.clock.monotonic_ns())

    def run(self, stopping: Event) -> None:
        """Serve until the dock says goodbye or ``stopping``; ``DockError`` or ``OSError`` if it ends otherwise."""
        self._parts.port.reset()
        farewell: Error | None = None
        try:
            while not self._channel.ended:
                if stopping.is_set():
                    farewell = Error("shutdown", "the camera is stopping")
                    break
                self._turn()
        except RemoteProtocolError as error:
            farewell = Error(error.code, words(str(error)))
            raise
        except LocalProtocolError as error:
            farewell = Error("internal", words(str(error)))
            raise
        finally:
            self._part(farewell)

    def _session_number(self) -> int:
        return int.from_bytes(self._parts.random(4), "big") or 1

    def _turn(self) -> None:
        """Hear, think, speak."""
        port, channel = self._parts.port, self._channel
        speaking = self._answers is not None and channel.pending < _HIGH_WATER
        self._hear(0.0 if speaking else min(_NAP_S, channel.wait_ns() / 1e9))
        while (event := channel.next_event()) is not None:
            if isinstance(event, Secured):
                self._greet(event)
            elif self._service:
                self._answers = self._service.answer(event)
                self._note(_MOVES.get(type(event)))
        self._speak()
        self._write()
        self._stand()
        if not (channel.ended or port.connected()):
            raise LinkLostError("the contact is gone")

    def _hear(self, timeout_s: float) -> None:
        data = self._parts.port.read(_READ, timeout_s)
        now = self._parts.clock.monotonic_ns()
        self._channel.receive_data(data, now)
        self._channel.tick(now)

    def _greet(self, secured: Secured) -> None:
        self.dock = secured.peer.name
        bulk = CHUNK if self._parts.port.kind is PortKind.SERIAL else BULK
        self._service = Service(self._parts.shelf, self.dock, self._parts.random(16).hex(), self._busy, bulk=bulk)
        self._channel.send(self._service.greeting(self._parts.session.prove(secured.exporter)))

    def _speak(self) -> None:
        """Say as much of the answer as the peer takes, but hear it in between.

        Each message goes to the port at once: as long as it is warm in the processor's cache that takes a third of the time.
        """
        for _ in range(_AT_ONCE):
            if self._answers is None or self._channel.pending >= _HIGH_WATER:
                return
            try:
                message = next(self._answers)
            except StopIteration:
                self._answers = None
                return
            if message is None:
                return
            self._channel.send(message)
            if isinstance(message, ClockSet):
                self._meet()
            elif isinstance(message, Busy):
                self._note(Move.RESTED, message.reason)
            self._write()

    def _write(self) -> None:
        if data := self._channel.data_to_send():
            self._parts.port.write(data)

    def _meet(self) -> None:
        """Both sides believe each other and agree on a version."""
        self._met_ns = self._parts.clock.monotonic_ns()
        self._parts.shelf.dock_event(self.dock, "accepted")
        self._tell(Move.MET)

    def _stand(self) -> None:
        """Docked, once it has stood for ten seconds; what happened at the dock meanwhile is told again."""
        if self._met_ns is None or self._stood or self._parts.clock.monotonic_ns() - self._met_ns < STOOD_NS:
            return
        self._stood = True
        self._tell(Move.STOOD)
        if self._place:
            self._tell(self._place)

    def _note(self, move: Move | None, text: str = "") -> None:
        if move and move is not self._place:
            self._place = move
            self._tell(move, text)

    def _tell(self, move: Move, text: str = "") -> None:
        self._parts.report(DockNews(move, self.dock, text))

    def _part(self, farewell: Error | None) -> None:
        """Say goodbye as far as the peer still takes it."""
        until = self._parts.clock.monotonic_ns() + _PARTING_NS
        with suppress(DockError, OSError):
            self._channel.close(farewell)
            while True:
                self._parts.port.write(self._channel.data_to_send())
                if self._channel.flushed or self._parts.clock.monotonic_ns() >= until:
                    return
                self._hear(_NAP_S / 4)
