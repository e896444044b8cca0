"""A link's thread: waits for a dock, meets it, serves the shelf to it, and tells the controller what that means.

A camera has one for each port.  Nothing here owns state that matters: whatever byte a camera is pulled out at, the
shelf holds what it held, and a receipt counts only once the shelf said that it is durable.  What the links know of each
other is the berth's.  The thread sleeps in reads of the port and, without contact or after a refusal, on the event that
stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event

from firmware.core.machine import Move
from firmware.dock.bundling import Piece
from firmware.dock.channel import Channel, Secured
from firmware.dock.errors import (
    DockError,
    LinkLostError,
    LocalProtocolError,
    PeerRefusedError,
    PeerStalledError,
    RemoteProtocolError,
)
from firmware.dock.link import Link
from firmware.dock.messages import BULK, CHUNK, AnchorLine, Busy, ClockSet, Error, Get, Message, Ping
from firmware.dock.patience import Outcome, Patience
from firmware.dock.protocol import Side
from firmware.dock.service import Answers, Service
from firmware.dock.shelf import Shelf
from firmware.dock.tls import Identity, Tls
from firmware.evidence.certs import Chain, Trust
from firmware.evidence.kinds import words
from firmware.evidence.recipients import Random
from firmware.evidence.session import Session
from firmware.runtime.berth import STOOD_NS, Away, Berth, DockNews
from hal.interface import Clock, ClockQuality, DockPort, Hal, PortKind

__all__ = ("STOOD_NS", "Away", "Berth", "DockLink", "DockNews", "DockParts", "Docking", "links")

REST_NS = 60_000_000_000
"""How long a camera stands in a dock that wants no more before it offers itself again."""

_NAP_S = 0.2
_COOLING_S = 0.1
"""How long a link waits between two messages while the camera has to cool down."""
_READ = 64 * 1024
_HIGH_WATER = 128 * 1024
_AT_ONCE = 8
_PARTING_NS = 2_000_000_000
_MOVES: Mapping[type[Message], Move] = {Get: Move.OFFLOAD, Piece: Move.OFFLOAD, Ping: Move.RESTED}


@dataclass(frozen=True, slots=True)
class DockParts:
    """What a link's thread is made of.  ``rank``: how many of the camera's ports are faster; they share the ``berth``.

    ``trust`` is asked anew for each docking: root, revocation, and the time to judge dates at.  ``random`` gives so many random bytes.  ``report`` and ``away`` hear what happens.  ``chacha``: the board has no
    AES instructions.
    """

    port: DockPort
    clock: Clock
    session: Session
    shelf: Shelf
    trust: Callable[[], Trust]
    random: Random
    report: Callable[[DockNews], None]
    away: Callable[[Away], None] = lambda _: None
    rank: int = 0
    berth: Berth = field(default_factory=Berth)
    chacha: bool = False


class DockLink:
    """Meets one dock after the other over one port."""

    def __init__(self, parts: DockParts) -> None:
        self._parts = parts

    @property
    def name(self) -> str:
        """What the log calls it: ``dock``, ``dock-2``, and so on."""
        return f"dock-{self._parts.rank + 1}" if self._parts.rank else "dock"

    def run(self, stopping: Event) -> None:
        """Meet docks until ``stopping``.

        After a refusal, by either side, the next attempt waits, longer each time, and so it does where dockings break off without a hand
        (``firmware.dock.patience``); a dock that is done is met again only after a while, or once the camera was taken out and put back.
        """
        patience, up_ns = Patience(), None
        while not stopping.is_set():
            at, now_ns = self._parts, self._parts.clock.monotonic_ns()
            up_ns = (now_ns if up_ns is None else up_ns) if self._up() else None
            gone: list[Away] = []
            at.berth.contact(at.rank, now_ns, gone.append, up=up_ns is not None)
            for each in gone:
                at.away(each)
                self._note_unfinished(each.dock)
            patience = patience if up_ns is not None else patience.apart()
            if up_ns is None or not at.berth.may_begin(at.rank, up_ns, now_ns):
                stopping.wait(_NAP_S)
                continue
            outcome, accepted = self._meet(stopping)
            lasted_ns, contact = at.clock.monotonic_ns() - now_ns, at.port.connected()
            patience = patience.after(outcome, lasted_ns, accepted=accepted, contact=contact)
            self._stand(REST_NS if outcome is Outcome.DONE else round(patience.hold_s * 1e9), stopping)
            stopping.wait(patience.pause_s)

    def _up(self) -> bool:
        """Whether something is at the port's other end.  A connection that broke while nobody used it is made anew by a reset alone."""
        port = self._parts.port
        if port.connected():
            return True
        with suppress(OSError):
            port.reset()
        return False

    def _note_unfinished(self, dock: str) -> None:
        """Have the log say what the dock that the camera was taken out of had not taken over; nothing where that is nothing."""
        with suppress(OSError):  # trouble with the storage shows elsewhere
            waiting = [item for item in self._parts.shelf.items() if item.kind == "recording"] if dock else []
            size = sum(length for item in waiting for _, length in item.files)
            if waiting:
                outcome = f"taken out early: recordings not taken over: {len(waiting)}, bytes: {size}"
                self._parts.shelf.dock_event(dock, outcome)

    def _stand(self, wait_ns: int, stopping: Event) -> None:
        """Stand so long in a dock that wants no more, or that lets the link drop; no longer than in it."""
        until = self._parts.clock.monotonic_ns() + wait_ns
        while self._parts.port.connected() and self._parts.clock.monotonic_ns() < until and not stopping.is_set():
            stopping.wait(_NAP_S)

    def _meet(self, stopping: Event) -> tuple[Outcome, bool]:
        """Go through one docking and tell how it ended, and whether both sides had believed each other."""
        docking = Docking(self._parts)
        reason: Exception | str = "the dock link failed"
        try:
            reason = self._outcome(docking, stopping)
        finally:  # whatever ends this thread: over this link the camera is in no dock any more
            at = self._parts
            at.berth.leave(at.rank, docking.dock, words(str(reason)), at.report)
        if isinstance(reason, DockError) and _offends(reason):
            return Outcome.REFUSED, docking.accepted
        return Outcome.LOST if isinstance(reason, Exception) else Outcome.DONE, docking.accepted

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


def links(
    hal: Hal,
    berth: Berth,
    session: Session,
    shelf: Shelf,
    trust: Callable[[], Trust],
    random: Random,
    tell: Callable[[object], None],
) -> list[DockLink]:
    """A camera's links, one for each of its ports, the fastest first; ``tell`` hears of all of them."""
    parts = (hal.clock, session, shelf, trust, random, tell, tell)
    return [DockLink(DockParts(port, *parts, rank, berth, not hal.aes)) for rank, port in enumerate(hal.docks)]


class Docking:
    """One docking, from contact to goodbye."""

    def __init__(self, parts: DockParts) -> None:
        self.dock, self.accepted = "", False
        self._parts = parts
        self._berth = parts.berth
        self._peer: Chain | None = None
        self._service: Service | None = None
        self._answers: Answers | None = None
        self._begun = False
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
        hot, first, self._begun = self._berth.hot(), not self._begun, True
        nap_s = 0.0 if speaking or first else min(_NAP_S, channel.wait_ns() / 1e9)  # the camera speaks first
        self._hear(_COOLING_S if hot else nap_s)
        while (event := channel.next_event()) is not None:
            if isinstance(event, Secured):
                self._greet(event)
            elif self._service:
                self._answers = self._service.answer(event)
                if isinstance(event, AnchorLine):
                    self._berth.closed(self._parts.rank, self._parts.report)
                elif move := _MOVES.get(type(event)):
                    self._note(move)
        self._speak(1 if hot else _AT_ONCE)
        self._write()
        now_ns = self._parts.clock.monotonic_ns()
        self._berth.tick(now_ns, self._parts.report)
        if channel.ended:
            return
        if not port.connected():
            raise LinkLostError("the contact is gone")
        if self._berth.makes_way(self._parts.rank, now_ns):
            raise LinkLostError("a faster link stands")

    def _hear(self, timeout_s: float) -> None:
        data = self._parts.port.read(_READ, timeout_s)
        now = self._parts.clock.monotonic_ns()
        self._channel.receive_data(data, now)
        self._channel.tick(now)

    def _greet(self, secured: Secured) -> None:
        self.dock, stands = secured.peer.name, self._berth.dock
        self._peer = secured.peer
        if stands not in (None, self.dock):
            raise PeerRefusedError(f"it is another dock than {stands}, in which the camera stands")
        nonce, further = self._parts.random(16).hex(), stands is not None
        bulk = CHUNK if self._parts.port.kind is PortKind.SERIAL else BULK
        self._service = Service(self._parts.shelf, self.dock, nonce, self._busy, bulk=bulk, further=further)
        self._channel.send(self._service.greeting(self._parts.session.prove(secured.exporter)))

    def _busy(self) -> bool:
        return self._berth.recording

    def _speak(self, most: int) -> None:
        """Say as much of the answer as the peer takes, at most so many messages, but hear it in between.

        Each message goes to the port at once: as long as it is warm in the processor's cache that takes a third of the time.
        """
        for _ in range(most):
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
        self.accepted = True
        self._parts.shelf.dock_event(self.dock, "accepted")
        wall = self._parts.clock.utc()
        if wall.quality is ClockQuality.DOCK and self._peer and (ended := self._peer.ended(wall.utc_ms)):
            self._parts.shelf.dock_event(
                self.dock, words(f"met beyond its dates: {ended}, by a clock that says {wall.utc_ms}")
            )
        self._berth.met(self._parts.rank, self.dock, self._parts.clock.monotonic_ns(), self._parts.report)

    def _note(self, move: Move, text: str = "") -> None:
        self._berth.note(self._parts.rank, move, text, self._parts.report)

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
