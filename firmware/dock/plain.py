"""One enrolment from the wire to the messages, sans-I/O: link (on a serial line) and conversation; the same for both sides.

A camera that is nobody's has no certificate, so there is no TLS here, and nothing that crosses is secret.  What guards it is the cable
(``docs/dock-protocol.md``, section 4.9).  Used like ``Channel``; what a peer can draw out is bounded in time as there.
"""

from __future__ import annotations

from typing import Final

from firmware.dock.channel import SILENCE_NS, STREAM_WAIT_NS
from firmware.dock.errors import LinkLostError, PeerError, PeerRefusedError, PeerStalledError
from firmware.dock.link import Link, LinkState, Lost, Opened
from firmware.dock.messages import Error, Message
from firmware.dock.protocol import ENDED, Connection, Side, State

TLS: Final = 0x16
"""The first byte of TLS, and of no message with which an enrolment begins: whoever says it has a certificate."""


class ClaimedError(PeerRefusedError):
    """The camera belongs to somebody already: it speaks as enrolled cameras do."""


class Plain:
    """One end of one enrolment."""

    def __init__(self, side: Side, link: Link | None, now_ns: int) -> None:
        """Begin over a reliable stream (``link`` None) or over a serial line."""
        self._link = link
        self._connection = Connection(side, State.INTRODUCING)
        self._side = side
        self._opened = link is None
        self._begun = self._closing = False
        self._inward, self._outward = bytearray(), bytearray()
        self._now = self._alive = now_ns
        self._pending = 0

    @property
    def state(self) -> State:
        """What is said next."""
        return self._connection.state

    @property
    def opened(self) -> bool:
        """Whether the peer is there: a serial line tells that by its link."""
        return self._opened

    @property
    def ended(self) -> bool:
        """Whether the conversation is over."""
        return self._connection.state in ENDED

    @property
    def heard(self) -> bool:
        """Whether the peer has said anything, be it that it is there."""
        return self._begun or (self._link is not None and self._opened)

    @property
    def pending(self) -> int:
        """Bytes that wait here, or at the link, to be taken by the peer."""
        return len(self._outward) + (self._link.pending if self._link else 0)

    @property
    def flushed(self) -> bool:
        """Whether nothing is left to do after ``close``."""
        return not self.pending if self._link is None else self._link.state is LinkState.LOST

    def receive_data(self, data: bytes, now_ns: int) -> None:
        """Take bytes from the wire.  Take every ``next_event`` before calling again: the buffer is bounded."""
        self._now = now_ns
        if self._link:
            self._link.receive_data(data, now_ns)
        else:
            self._inward += data

    def tick(self, now_ns: int) -> None:
        """Let time pass."""
        self._now = now_ns
        if self._link:
            self._link.tick(now_ns)
        pending = self.pending
        if not self._opened or (self._connection.my_turn and not (pending and pending == self._pending)):
            self._alive = now_ns
        self._pending = pending

    def wait_ns(self) -> int:
        """How long the caller may wait for bytes before the next ``tick``."""
        return self._link.wait_ns() if self._link else STREAM_WAIT_NS

    def next_event(self) -> Message | None:
        """The peer's next message; None if there is none yet.

        ``ClaimedError``, ``RemoteProtocolError``, ``PeerError``, ``LinkLostError`` (``PeerStalledError`` where the link stands).
        """
        self._read_link()
        if not self._opened or self.ended:
            return None
        self._recognise()
        if self._inward:
            data, self._inward = bytes(self._inward), bytearray()
            self._connection.receive_data(data)
        message = self._connection.next_event()
        if message is None:
            if self._now - self._alive >= SILENCE_NS:
                raise PeerStalledError("the peer has stalled")
            return None
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
                self._inward += event.data

    def _recognise(self) -> None:
        if self._begun or not self._inward:
            return
        self._begun = True
        if self._side is Side.DOCK and self._inward[0] == TLS:
            raise ClaimedError("this camera belongs to an authority already: it begins as enrolled cameras do")

    def send(self, message: Message) -> None:
        """Say ``message``; ``LocalProtocolError`` if it may not be said now."""
        self._outward += self._connection.send(message)

    def close(self, farewell: Error | None = None) -> None:
        """End the enrolment.  A peer that is there is told why."""
        if farewell and self._opened and not self.ended:
            self.send(farewell)
        self._closing = True

    def data_to_send(self) -> bytes:
        """The bytes for the wire."""
        data, self._outward = bytes(self._outward), bytearray()
        if self._link is None:
            return data
        if data and self._link.state is not LinkState.LOST:
            self._link.send(data)
        if self._closing and not self._link.pending:
            self._link.close()
        return self._link.data_to_send()
