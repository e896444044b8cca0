"""One plug-in from the wire to the messages, sans-I/O: link (on a serial line), TLS, conversation; the same for both
sides.

Feed it with ``receive_data`` and ``tick``, take every ``next_event``, write ``data_to_send``.  What goes wrong is
raised by ``next_event``: ``LinkLostError`` (``PeerStalledError`` where the link stands), ``PeerRefusedError``,
``PeerError`` or ``RemoteProtocolError``.  Then ``close``.  Everything that a peer can draw out is bounded in time: the handshake, its silence, its not taking what it
is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.dock.errors import LinkLostError, PeerError, PeerStalledError
from firmware.dock.link import Link, LinkState, Lost, Opened
from firmware.dock.messages import Error, Message
from firmware.dock.protocol import ENDED, Connection, Side
from firmware.dock.tls import Tls
from firmware.evidence.certs import Chain

HANDSHAKE_NS = 30_000_000_000
SILENCE_NS = 30_000_000_000
STREAM_WAIT_NS = 200_000_000


@dataclass(frozen=True, slots=True)
class Secured:
    """The handshake is over and the peer's certificates are believed."""

    peer: Chain
    exporter: bytes
    facts: str


class Channel:
    """One end of one docking."""

    def __init__(self, side: Side, tls: Tls, link: Link | None, now_ns: int) -> None:
        """Begin over a reliable stream (``link`` None) or over a serial line."""
        self._tls = tls
        self._link = link
        self._connection = Connection(side)
        self._opened = link is None
        self._secured = False
        self._closing = False
        self._unsent = 0
        self._now = self._alive = now_ns
        self._pending = 0

    @property
    def my_turn(self) -> bool:
        """Whether it is this side that speaks next."""
        return self._connection.my_turn

    @property
    def ended(self) -> bool:
        """Whether the conversation is over."""
        return self._connection.state in ENDED

    @property
    def pending(self) -> int:
        """Bytes that wait here, or at the link, to be taken by the peer; what is not encrypted yet is counted as it is."""
        return self._unsent + (self._link.pending if self._link else 0)

    @property
    def flushed(self) -> bool:
        """Whether nothing is left to do after ``close``."""
        return not self.pending if self._link is None else self._link.state is LinkState.LOST

    def receive_data(self, data: bytes, now_ns: int) -> None:
        """Take bytes from the wire."""
        self._now = now_ns
        if self._link:
            self._link.receive_data(data, now_ns)
        else:
            self._tls.receive_data(data)

    def tick(self, now_ns: int) -> None:
        """Let time pass."""
        self._now = now_ns
        if self._link:
            self._link.tick(now_ns)
        pending = self.pending
        if not self._opened or (self._secured and self.my_turn and not (pending and pending == self._pending)):
            self._alive = now_ns
        self._pending = pending

    def wait_ns(self) -> int:
        """How long the caller may wait for bytes before the next ``tick``."""
        return self._link.wait_ns() if self._link else STREAM_WAIT_NS

    def next_event(self) -> Secured | Message | None:
        """``Secured`` once, then the peer's messages; None if there is nothing yet."""
        self._read_link()
        if not self._opened:
            return None
        if not self._secured:
            return self._shake_hands()
        while (message := self._connection.next_event()) is None:
            if self.ended:
                return None
            data = self._tls.read(self._connection.lacking)
            if not data:
                self._check_alive(SILENCE_NS, "the peer has stalled")
                return None
            self._connection.receive_data(data)
        self._alive = self._now
        if isinstance(message, Error):
            raise PeerError(message.code, message.text)
        return message

    def _read_link(self) -> None:
        while self._link and (event := self._link.next_event()):
            if isinstance(event, Opened):
                self._opened, self._alive = True, self._now
            elif isinstance(event, Lost):
                raise LinkLostError(event.reason)
            else:
                self._tls.receive_data(event.data)

    def _shake_hands(self) -> Secured | None:
        peer = self._tls.handshake()
        if peer is None:
            self._check_alive(HANDSHAKE_NS, "no handshake in time")
            return None
        self._secured, self._alive = True, self._now
        return Secured(peer, self._tls.exporter, self._tls.facts)

    def _check_alive(self, limit_ns: int, reason: str) -> None:
        if self._now - self._alive >= limit_ns:
            raise PeerStalledError(reason)

    def send(self, message: Message) -> None:
        """Say ``message``; ``LocalProtocolError`` if it may not be said now."""
        data = self._connection.send(message)
        self._tls.send(data)
        self._unsent += len(data)

    def close(self, farewell: Error | None = None) -> None:
        """End the docking.  A peer that was believed is told why."""
        if farewell and self._secured and not self.ended:
            self.send(farewell)
        self._tls.close()
        self._closing = True

    def data_to_send(self) -> bytes:
        """The bytes for the wire."""
        data, self._unsent = self._tls.data_to_send(), 0
        if self._link is None:
            return data
        if data and self._link.state is not LinkState.LOST:
            self._link.send(data)
        if self._closing and not self._link.pending:
            self._link.close()
        return self._link.data_to_send()
