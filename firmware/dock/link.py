"""A reliable byte stream over a serial line, sans-I/O: bytes and the time go in, bytes and events come out.

A link lives for one plug-in.  The initiator (the camera) draws a session number and repeats ``OPEN`` until it is
answered; frames of any other session, left in some buffer by an earlier plug-in, are dropped, and a responder tells
their sender so.  ``arq`` repeats what was lost.  Timers do one thing only: when nothing was acknowledged for a while
they send a *probe*, an empty frame that asks for an acknowledgement.  That finds lost tails, lost acknowledgements,
reopened windows and dead peers alike.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from firmware.dock.arq import WINDOW_LIMIT, Acknowledgement, Receiver, Sender
from firmware.dock.errors import LocalProtocolError
from firmware.dock.frames import PAYLOAD_LIMIT, Deframer, Frame, FrameType

VERSION = 1
WINDOW = 128
"""Frames in flight: 64 KiB, what a UART at 3 Mbaud has on its way while a lost frame is found out and sent again, 30 ms of delay each way.  A USB
serial gadget that has less room loses what does not fit, and ``arq`` finds its room."""

_MS = 1_000_000
OPEN_EVERY_NS = 300 * _MS
KEEP_ALIVE_NS = 2_000 * _MS
SILENCE_NS = 10_000 * _MS
PATIENCE_FIRST_NS = 200 * _MS
PATIENCE_SLACK_NS = 20 * _MS
PATIENCE_CEILING_NS = 1_000 * _MS
_OFFER = struct.Struct(">BHH")
_ROOM = struct.Struct(">H")


class LinkState(Enum):
    """The life of a link."""

    OPENING = "opening"
    OPEN = "open"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Opened:
    """Both ends agree on a session."""


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes from the peer, in order, none missing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The session is over."""

    reason: str


LinkEvent = Opened | Received | Lost


class Link:
    """One end of one session.

    Call ``receive_data`` with what arrived and ``tick`` when time passed, take every ``next_event``, write
    ``data_to_send``. ``session`` is a fresh random number from 1 to 2^32-1 for the initiator, None for the responder.
    """

    def __init__(self, session: int | None, *, window: int = WINDOW, payload: int = PAYLOAD_LIMIT) -> None:
        """Start in ``OPENING``: the initiator sends ``OPEN``, the responder waits for it."""
        if session == 0 or not (1 <= window <= WINDOW_LIMIT and 1 <= payload <= PAYLOAD_LIMIT):
            raise LocalProtocolError(f"session {session}, window {window} or payload {payload} out of range")
        self.state = LinkState.OPENING
        self._initiator = session is not None
        self._session = session or 0
        self._offer = _OFFER.pack(VERSION, window, payload)
        self._payload = payload
        self._sender = Sender()
        self._receiver = Receiver(window)
        self._deframer = Deframer()
        self._events: deque[LinkEvent] = deque()
        self._control: list[bytes] = []
        self._owe_ack = False
        self._newest_stamp = 0
        self._probes = 0
        self._now: int | None = None
        self._heard = self._spoke = self._answered = 0

    @property
    def damaged(self) -> int:
        """Frames that arrived damaged."""
        return self._deframer.bad

    @property
    def good(self) -> int:
        """Frames that arrived well."""
        return self._deframer.good

    @property
    def round_trip_ns(self) -> int | None:
        """How long an acknowledgement takes, None while none was measured."""
        return self._sender.round_trip_ns

    @property
    def repeated(self) -> int:
        """Frames that had to be sent again."""
        return self._sender.repeated

    @property
    def pending(self) -> int:
        """Bytes given to ``send`` that the peer has not acknowledged."""
        return self._sender.pending

    def send(self, data: bytes) -> None:
        """Queue ``data``.  The caller keeps ``pending`` small; the link sets no limit of its own."""
        if self.state is LinkState.LOST:
            raise LocalProtocolError("the link is lost")
        self._sender.queue(data)

    def close(self) -> None:
        """Tell the peer that the session is over.  What is pending is dropped."""
        if self.state is LinkState.OPEN:
            self._control.append(self._frame(FrameType.RESET))
        self.state = LinkState.LOST

    def next_event(self) -> LinkEvent | None:
        """The next event, or None.  ``Lost`` comes after everything that was received."""
        if self._receiver.waiting and not (self._events and isinstance(self._events[0], Opened)):
            self._owe_ack |= self._receiver.congested
            return Received(self._receiver.read())
        return self._events.popleft() if self._events else None

    # -- receiving ---------------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes, now_ns: int) -> None:
        """Take bytes from the wire.  Damage is counted, never raised."""
        self.tick(now_ns)
        for frame in self._deframer.receive_data(data):
            if self.state is LinkState.LOST:
                return
            if frame.type is FrameType.OPEN or frame.session == self._session:
                self._HANDLERS[frame.type](self, frame, now_ns)
            elif frame.type is not FrameType.RESET and not self._initiator and not self._control:
                self._control.append(Frame(FrameType.RESET, frame.session).encode())

    def _on_open(self, frame: Frame, now_ns: int) -> None:
        if self._initiator or not frame.session or len(frame.payload) < _OFFER.size:
            return
        if self.state is LinkState.OPEN and frame.session != self._session:
            self._lose("the peer began a new session")
            return
        if self.state is LinkState.OPENING:
            self._session = frame.session
            self._open(frame, now_ns)
        self._heard = now_ns
        self._control.append(self._frame(FrameType.OPENED, payload=self._offer))

    def _on_opened(self, frame: Frame, now_ns: int) -> None:
        if self._initiator and self.state is LinkState.OPENING and len(frame.payload) >= _OFFER.size:
            self._open(frame, now_ns)

    def _open(self, frame: Frame, now_ns: int) -> None:
        _version, window, payload = _OFFER.unpack_from(frame.payload)
        self._sender.open(window, min(payload, self._payload))
        self._heard = self._spoke = self._answered = now_ns
        self.state = LinkState.OPEN
        self._events.append(Opened())

    def _on_data(self, frame: Frame, now_ns: int) -> None:
        if self.state is LinkState.OPEN:
            self._on_probe(frame, now_ns)
            if frame.payload:
                self._receiver.take(frame.sequence, frame.payload)

    def _on_probe(self, frame: Frame, now_ns: int) -> None:
        """Note a sign of life, and the stamp that the acknowledgement repeats."""
        self._heard = now_ns
        self._newest_stamp = max(self._newest_stamp, frame.stamp)
        self._owe_ack = True

    def _on_ack(self, frame: Frame, now_ns: int) -> None:
        if self.state is LinkState.OPEN and len(frame.payload) >= _ROOM.size:
            self._heard = self._answered = now_ns
            self._probes = 0
            (window,) = _ROOM.unpack_from(frame.payload)
            bits = int.from_bytes(frame.payload[_ROOM.size :], "little")
            self._sender.acknowledge(Acknowledgement(frame.sequence, window, bits), frame.stamp, now_ns)

    def _on_reset(self, _frame: Frame, _now_ns: int) -> None:
        if self.state is LinkState.OPEN:
            self._lose("the peer ended the session")

    def _lose(self, reason: str) -> None:
        self.state = LinkState.LOST
        self._events.append(Lost(reason))

    _HANDLERS: dict[FrameType, Callable[[Link, Frame, int], None]] = {  # noqa: RUF012  never changed
        FrameType.OPEN: _on_open,
        FrameType.OPENED: _on_opened,
        FrameType.DATA: _on_data,
        FrameType.ACK: _on_ack,
        FrameType.PROBE: _on_probe,
        FrameType.RESET: _on_reset,
    }

    # -- time --------------------------------------------------------------------------------------------------------

    def tick(self, now_ns: int) -> None:
        """Let time pass: repeat ``OPEN``, probe a silent peer, give up on a dead one."""
        if self._now is None:
            self._heard, self._spoke = now_ns, now_ns - OPEN_EVERY_NS
        self._now = now_ns
        if self.state is LinkState.OPENING and self._initiator and now_ns - self._spoke >= OPEN_EVERY_NS:
            # The zero in front ends whatever garbage stands in the line.
            self._control.append(b"\0" + self._frame(FrameType.OPEN, payload=self._offer))
            self._spoke = now_ns
        if self.state is not LinkState.OPEN:
            return
        if now_ns - self._heard >= SILENCE_NS or self._sender.exhausted:
            self._lose("the peer fell silent" if not self._sender.exhausted else "the session's numbers are used up")
        elif now_ns - max(self._spoke, self._answered) >= self._patience():
            self._control.append(self._frame(FrameType.PROBE, stamp=self._sender.next_stamp()))
            self._spoke = now_ns
            self._probes += 1

    def wait_ns(self) -> int:
        """How long the caller may wait for bytes before the next ``tick``."""
        if self.state is LinkState.OPEN and self._now is not None:
            return max(0, max(self._spoke, self._answered) + self._patience() - self._now)
        return OPEN_EVERY_NS

    def _patience(self) -> int:
        """How long to wait for an acknowledgement: briefly while one is due, doubling with each probe that stays
        unanswered."""
        if not self._sender.pending:
            return KEEP_ALIVE_NS
        trip = self._sender.round_trip_ns
        first = PATIENCE_FIRST_NS if trip is None else 2 * trip + PATIENCE_SLACK_NS
        return min(first << min(self._probes, 8), PATIENCE_CEILING_NS)

    # -- sending -----------------------------------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        """Everything that should go on the wire now: control frames, an acknowledgement if one is owed, repeats, new
        data."""
        out, self._control = self._control, []
        if self.state is LinkState.OPEN and self._now is not None:
            if self._owe_ack:
                out.append(self._acknowledgement())
            for data in self._sender.transmit(self._now):
                out.append(self._frame(FrameType.DATA, sequence=data.sequence, stamp=data.stamp, payload=data.payload))
                self._spoke = self._now
        return b"".join(out)

    def _acknowledgement(self) -> bytes:
        self._owe_ack = False
        ack = self._receiver.acknowledgement()
        bitmap = ack.bits.to_bytes((ack.bits.bit_length() + 7) // 8, "little")
        return self._frame(
            FrameType.ACK, sequence=ack.expected, stamp=self._newest_stamp, payload=_ROOM.pack(ack.window) + bitmap
        )

    def _frame(self, kind: FrameType, *, sequence: int = 0, stamp: int = 0, payload: bytes = b"") -> bytes:
        return Frame(kind, self._session, sequence, stamp, payload).encode()
