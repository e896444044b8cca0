"""Where cameras are met, whatever they come by: one session, its end, and what that means for the slot and for the
dock."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum

from firmware.dock.channel import Channel, Secured
from firmware.dock.errors import DockError, LinkLostError, PeerError, PeerStalledError
from firmware.dock.link import Link
from firmware.dock.messages import Error
from firmware.dock.protocol import Side
from firmware.dock.tls import Tls
from firmware.evidence.kinds import words
from tools.dock.conversation import Talk
from tools.dock.events import DockEvent, Kind
from tools.dock.face.forecast import Forecaster
from tools.dock.face.watch import Watch
from tools.dock.rack.attempts import Attempts
from tools.dock.rack.crowd import Crowd, FullError
from tools.dock.rack.ports import READ, Port, byte_rate
from tools.dock.rack.refusals import Refusals
from tools.dock.rack.slots import Rack
from tools.dock.session import NANO, Session, farewell
from tools.dock.store import StoreError
from tools.dock.visit import Desk, Visit

NAP_S = 0.2
PARTING_S = 2.0


class Outcome(Enum):
    """How a session ended."""

    OVER = "over"
    """The visit came to its end, well or badly."""
    LOST = "lost"
    """The link broke; the camera may come back on the same port."""
    GONE = "gone"
    """The port broke."""


def _nothing() -> None:
    """Do nothing."""


class Host(ABC):
    """Whoever meets cameras at ports until ``stopping``: what lines, gadgets and sockets need of it, whatever it does with a camera.

    Used from a thread for each of them.
    """

    def __init__(
        self,
        *,
        rack: Rack,
        crowd: Crowd,
        stopping: threading.Event | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """``crowd``: how many are let in."""
        self.rack = rack
        self.crowd = crowd
        self.attempts = Attempts()
        self.stopping = stopping or threading.Event()
        self.clock = monotonic_ns

    @abstractmethod
    def emit(self, kind: Kind, slot: str, device: str = "", **facts: str | int | bool) -> None:
        """Tell what happened at a slot."""

    @abstractmethod
    def attend(self, port: Port, slot: str, believed: Callable[[], None] = _nothing) -> Outcome:
        """Attend whoever is at this port until that is over.  ``believed`` is called once it is no stranger."""

    def hold(self, port: Port, slot: str) -> None:
        """Wait until this slot may have another handshake; ``OSError`` if the port is gone before that."""
        while (left := self.attempts.wait_ns(slot, self.clock())) and not self.stopping.is_set():
            port.idle()
            self.stopping.wait(min(NAP_S, left / NANO))


class Reception(Host):
    """Meets cameras as a dock.

    ``failure``: why the store cannot be used any more, which ends the dock.  ``once``: end after the first visit that came to its end.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        rack: Rack,
        crowd: Crowd,
        stopping: threading.Event | None = None,
        once: bool = False,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Meet them at this desk."""
        super().__init__(rack=rack, crowd=crowd, stopping=stopping, monotonic_ns=monotonic_ns)
        self.failure: StoreError | None = None
        self._desk = desk
        self._refusals = Refusals(desk.store.root)
        self._once = once

    def emit(self, kind: Kind, slot: str, device: str = "", **facts: str | int | bool) -> None:
        """Tell what happened at a slot."""
        self._desk.emit(DockEvent(kind, device, facts, slot))

    def attend(self, port: Port, slot: str, believed: Callable[[], None] = _nothing) -> Outcome:
        """Attend whoever is at this port until the session ends.  ``believed`` is called once its certificates are."""
        link = Link(None) if port.serial else None
        forecaster = Forecaster(byte_rate(port), serial=port.serial)
        watch = Watch(forecaster, link, self.clock, lambda event: self._hear(event, slot))
        desk = replace(self._desk, emit=watch, identity=self._desk.identity.now())
        tls = Tls(Side.DOCK, desk.identity.tls, desk.identity.trust(desk.utc_ms()))
        channel = Channel(Side.DOCK, tls, link, self.clock())
        session = Session(channel, lambda secured: self._talk(secured, desk, believed))
        try:
            self._run(port, session, watch)
        except (StoreError, DockError, OSError) as error:
            session.close()
            self._part(port, session, farewell(error))
            stalled = isinstance(error, PeerStalledError) and not session.peer and session.heard
            return self._ended(session.peer, slot, error, stalled=stalled)
        last_words = None if session.finished else Error("shutdown", "the dock is stopping")
        session.close()
        self._part(port, session, last_words)
        if self._once:
            self.stopping.set()
        return Outcome.OVER

    def _talk(self, secured: Secured, desk: Desk, believed: Callable[[], None]) -> Talk[None]:
        believed()
        with self.crowd.seat(secured.peer.name):
            yield from Visit(desk, secured).talk()

    def _hear(self, event: DockEvent, slot: str) -> None:
        """Pass on what happens in a visit; one that was accepted makes up for what was refused before."""
        if event.kind in (Kind.ACCEPTED, Kind.JOINED):
            self.attempts.forget(slot)
        self._desk.emit(replace(event, slot=slot))

    def _ended(self, device: str, slot: str, error: Exception, *, stalled: bool) -> Outcome:
        """Tell why a session ended badly; a store that fails once ends the dock.

        ``stalled``: it began to say who it is, and did not go on, which is no better than a refusal.  Who says nothing at all may be a
        camera that rests with its line open.
        """
        text = str(error)
        lost = isinstance(error, LinkLostError | OSError) or (isinstance(error, PeerError) and error.code == "shutdown")
        if isinstance(error, StoreError):
            self._fail(error, device, slot)
        elif isinstance(error, FullError):
            self.emit(Kind.FULL, slot, device, text=text)
        elif stalled or not lost:
            self._refuse(device, slot, text)
        elif device:
            self.emit(Kind.LEFT if self._desk.claims.holds(device) else Kind.LOST, slot, device, text=text)
        if self._once and not lost:
            self.stopping.set()
        if isinstance(error, OSError):
            return Outcome.GONE
        return Outcome.LOST if lost else Outcome.OVER

    def _refuse(self, device: str, slot: str, text: str) -> None:
        """Let the slot wait, write it down, and tell."""
        pause = self.attempts.refused(slot, self.clock())
        try:
            self._refusals.add(slot, device, words(text), self._desk.utc_ms())
        except OSError as problem:
            self._fail(StoreError.of(problem), device, slot)
        self.emit(Kind.REFUSED, slot, device, text=text, pause_s=round(pause))

    def _fail(self, error: StoreError, device: str, slot: str) -> None:
        self.failure = error
        self.stopping.set()
        self.emit(Kind.FAILED, slot, device, text=str(error))

    def _run(self, port: Port, session: Session, watch: Watch) -> None:
        while not session.finished and not self.stopping.is_set():
            data = port.read(READ, min(NAP_S, session.wait_ns(self.clock()) / NANO))
            now = self.clock()
            session.receive_data(data, now)
            watch.received(len(data), now)
            session.turn(now)
            if out := session.channel.data_to_send():
                port.write(out)

    def _part(self, port: Port, session: Session, last_words: Error | None) -> None:
        """Say goodbye as far as the camera still takes it."""
        until = self.clock() + round(PARTING_S * NANO)
        with suppress(DockError, OSError):
            session.channel.close(last_words)
            while True:
                port.write(session.channel.data_to_send())
                if session.channel.flushed or self.clock() >= until:
                    return
                session.receive_data(port.read(READ, NAP_S / 4), self.clock())
