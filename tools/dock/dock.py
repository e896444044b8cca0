"""The reference dock: attends cameras on a serial port, or several at once over TCP."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum

from firmware.dock.channel import Channel
from firmware.dock.errors import DockError, LinkLostError
from firmware.dock.link import Link
from firmware.dock.messages import Error
from firmware.dock.protocol import Side
from firmware.dock.tls import Tls
from tools.dock.events import DockEvent, Emit, Kind, at_slot
from tools.dock.identity import SetupError
from tools.dock.ports import Port, SerialPort, TcpPort, is_tcp, listen
from tools.dock.session import NANO, Session, farewell
from tools.dock.store import StoreError
from tools.dock.visit import Desk, Visit

READ = 256 * 1024
NAP_S = 0.2
PARTING_S = 2.0
MOST_CAMERAS = 40


class Outcome(Enum):
    """How a session ended."""

    OVER = "over"
    """The visit came to its end, well or badly."""
    LOST = "lost"
    """The link broke; the camera may come back on the same port."""
    GONE = "gone"
    """The port broke."""


class Dock:
    """Serves cameras until it is told to stop, or, with ``once``, until one visit came to its end."""

    def __init__(self, desk: Desk, *, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """A dock with this desk."""
        self._desk = desk
        self._clock = monotonic_ns
        self._stopping = threading.Event()
        self._failure: StoreError | None = None

    def stop(self) -> None:
        """End soon; may be called from any thread."""
        self._stopping.set()

    def serve_port(self, spec: str, *, once: bool = False) -> None:
        """Serve a tty by its path, or ``tcp:[ADDRESS]:PORT``.

        With ``once`` a link that was lost is waited for again; a visit that was refused, or that failed, is over.
        ``SetupError`` where the port cannot be used, ``StoreError`` once the store cannot.
        """
        if is_tcp(spec):
            self._serve_tcp(spec, once=once)
        else:
            self._serve_tty(spec, once=once)
        if self._failure:
            raise self._failure

    def attend(self, port: Port, slot: str) -> Outcome:
        """Attend whoever is at this port, in this slot, until the session ends."""
        identity = self._desk.identity
        tls = Tls(Side.DOCK, identity.tls, identity.trust(self._desk.utc_ms()))
        channel = Channel(Side.DOCK, tls, Link(None) if port.serial else None, self._clock())
        desk = replace(self._desk, emit=at_slot(self._desk.emit, slot))
        session = Session(channel, lambda secured: Visit(desk, secured).talk())
        try:
            self._run(port, session)
        except (StoreError, DockError, OSError) as error:
            session.close()
            self._part(port, session, farewell(error))
            return self._ended(session, error, desk.emit)
        self._part(port, session, None if session.finished else Error("shutdown", "the dock is stopping"))
        return Outcome.OVER

    def _ended(self, session: Session, error: Exception, emit: Emit) -> Outcome:
        """Tell why a session ended; a store that fails once ends the dock."""
        told, outcome = Kind.REFUSED, Outcome.OVER
        if isinstance(error, StoreError):
            self._failure = error
            self._stopping.set()
            told = Kind.FAILED
        elif isinstance(error, LinkLostError | OSError):
            told, outcome = Kind.LOST, Outcome.LOST if isinstance(error, LinkLostError) else Outcome.GONE
        if session.peer or told is not Kind.LOST:
            emit(DockEvent(told, session.peer, {"text": str(error)}))
        return outcome

    def _run(self, port: Port, session: Session) -> None:
        while not session.finished and not self._stopping.is_set():
            data = port.read(READ, min(NAP_S, session.wait_ns(self._clock()) / NANO))
            now = self._clock()
            session.receive_data(data, now)
            session.turn(now)
            if out := session.channel.data_to_send():
                port.write(out)

    def _part(self, port: Port, session: Session, last_words: Error | None) -> None:
        """Say goodbye as far as the camera still takes it."""
        until = self._clock() + round(PARTING_S * NANO)
        with suppress(DockError, OSError):
            session.channel.close(last_words)
            while True:
                port.write(session.channel.data_to_send())
                if session.channel.flushed or self._clock() >= until:
                    return
                session.receive_data(port.read(READ, NAP_S / 4), self._clock())

    # -- a tty ---------------------------------------------------------------------------------------------------------

    def _serve_tty(self, path: str, *, once: bool) -> None:
        """Serve one slot after the other visit, and wait for a tty that is not plugged in yet."""
        self._desk.emit(DockEvent(Kind.LISTENING, "", {"port": path}))
        while not self._stopping.is_set():
            port = _open(path)
            if port is None:
                self._stopping.wait(NAP_S)
                continue
            try:
                outcome = Outcome.LOST
                while outcome is not Outcome.GONE and not self._stopping.is_set():
                    outcome = self.attend(port, path)
                    if outcome is Outcome.OVER and once:
                        return
            finally:
                port.close()

    # -- TCP -----------------------------------------------------------------------------------------------------------

    def _serve_tcp(self, spec: str, *, once: bool) -> None:
        """Attend up to 40 cameras at once, each on a thread of its own."""
        try:
            door = listen(spec)
        except (OSError, ValueError) as error:
            raise SetupError(f"{spec}: {error}") from None
        slots = threading.BoundedSemaphore(MOST_CAMERAS)
        threads: list[threading.Thread] = []
        with door:
            door.settimeout(NAP_S)
            self._desk.emit(DockEvent(Kind.LISTENING, "", {"port": f"tcp:{door.getsockname()[1]}"}))
            while not self._stopping.is_set():
                with suppress(TimeoutError):
                    end, peer = door.accept()
                    if not slots.acquire(blocking=False):
                        end.close()
                        continue
                    thread = threading.Thread(
                        target=self._attend_tcp, args=(end, peer[0], slots, once), name="dock-visit"
                    )
                    thread.start()
                    threads = [each for each in threads if each.is_alive()] + [thread]
        for thread in threads:
            thread.join()

    def _attend_tcp(self, end: socket.socket, slot: str, slots: threading.BoundedSemaphore, once: bool) -> None:  # noqa: FBT001
        port = TcpPort(end)
        try:
            if self.attend(port, slot) is Outcome.OVER and once:
                self.stop()
        finally:
            port.close()
            slots.release()


def _open(path: str) -> SerialPort | None:
    """Open a tty; None while it is not there, ``SetupError`` if it cannot be used."""
    try:
        return SerialPort(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.EIO, errno.ENODEV):
            return None
        raise SetupError(f"{path}: {error}") from None
