"""Selective repeat for a line that loses and alters frames but never reorders them: the two halves of a link's end,
pure.

Each transmission carries a *stamp* that counts up, and each acknowledgement repeats the newest stamp that arrived.
What was stamped earlier and is not acknowledged is therefore lost, exactly, and is sent again at once: no timer has to
guess.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_LIMIT = 256
"""No peer is believed to hold more frames than this."""

FLIGHT_FLOOR = 4
"""Frames in flight at first, and at least."""

_NUMBERS = 1 << 32


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a receiver has: everything below ``expected``, and ``expected + i`` for each bit i; room for ``window`` from
    there on."""

    expected: int
    window: int
    bits: int


@dataclass(frozen=True, slots=True)
class Transmission:
    """A frame to send now."""

    sequence: int
    stamp: int
    payload: bytes


@dataclass(slots=True)
class _Flight:
    """A frame that was sent and is not acknowledged."""

    payload: bytes
    stamp: int
    sent_ns: int
    lost: bool = False


class Sender:
    """Cuts a byte stream into numbered frames and keeps each until it is acknowledged."""

    def __init__(self) -> None:
        """Nothing sent, and no room at the peer yet."""
        self.repeated = 0
        self.round_trip_ns: int | None = None
        self._queue = bytearray()
        self._flights: dict[int, _Flight] = {}
        self._next = self._edge = self._stamp = 0
        self._allowed = FLIGHT_FLOOR
        self._payload = 1

    def open(self, window: int, payload: int) -> None:
        """The peer takes ``window`` frames of at most ``payload`` bytes."""
        self._edge = min(window, WINDOW_LIMIT)
        self._payload = max(1, payload)

    @property
    def pending(self) -> int:
        """Bytes queued and not acknowledged."""
        return len(self._queue) + sum(len(flight.payload) for flight in self._flights.values())

    @property
    def exhausted(self) -> bool:
        """Whether the numbers are used up (after some 2 TB)."""
        return self._stamp + WINDOW_LIMIT >= _NUMBERS

    def queue(self, data: bytes) -> None:
        """Send ``data`` behind what is queued."""
        self._queue += data

    def next_stamp(self) -> int:
        """A stamp for a frame that is not kept."""
        self._stamp += 1
        return self._stamp

    def acknowledge(self, ack: Acknowledgement, stamp: int, now_ns: int) -> None:
        """Forget what arrived, mark what was lost.  An acknowledgement of what was never sent is ignored."""
        if ack.expected > self._next:
            return
        self._edge = max(self._edge, ack.expected + min(ack.window, WINDOW_LIMIT))
        arrived = [n for n in self._flights if n < ack.expected or ack.bits >> (n - ack.expected) & 1]
        for flight in [self._flights.pop(n) for n in arrived]:
            if flight.stamp == stamp:
                self._measure(now_ns - flight.sent_ns)
        lost = [flight for flight in self._flights.values() if flight.stamp < stamp and not flight.lost]
        for flight in lost:
            flight.lost = True
        if len(lost) > len(arrived):  # no noise any more: the peer cannot keep up
            self._allowed = max(FLIGHT_FLOOR, self._allowed // 2)
        else:
            self._allowed = min(WINDOW_LIMIT, self._allowed + len(arrived))

    def _measure(self, trip_ns: int) -> None:
        """Smooth the round trip as RFC 6298 does."""
        self.round_trip_ns = trip_ns if self.round_trip_ns is None else (7 * self.round_trip_ns + trip_ns) // 8

    def transmit(self, now_ns: int) -> list[Transmission]:
        """What to send now: lost frames first, then new ones, as far as the peer and the flight allow."""
        lost = [(n, flight) for n, flight in self._flights.items() if flight.lost]
        room = self._allowed - (len(self._flights) - len(lost))
        out = []
        for number, flight in lost[: max(0, room)]:
            self.repeated += 1
            flight.stamp, flight.sent_ns, flight.lost = self.next_stamp(), now_ns, False
            out.append(Transmission(number, flight.stamp, flight.payload))
        while self._queue and self._next < self._edge and len(out) < room:
            flight = _Flight(bytes(self._queue[: self._payload]), self.next_stamp(), now_ns)
            del self._queue[: self._payload]
            self._flights[self._next] = flight
            out.append(Transmission(self._next, flight.stamp, flight.payload))
            self._next += 1
        return out


class Receiver:
    """Puts numbered frames back into one byte stream, holding at most ``window`` of them."""

    def __init__(self, window: int) -> None:
        """Expect frame 0."""
        self._window = window
        self._expected = 0
        self._early: dict[int, bytes] = {}
        self._ready: list[bytes] = []

    def take(self, sequence: int, payload: bytes) -> None:
        """Keep a frame, unless it is a repeat or beyond what was offered."""
        if not 0 <= sequence - self._expected < self._window - len(self._ready):
            return
        self._early[sequence] = payload
        while (payload_next := self._early.pop(self._expected, None)) is not None:
            self._ready.append(payload_next)
            self._expected += 1

    @property
    def waiting(self) -> bool:
        """Whether there is something to ``read``."""
        return bool(self._ready)

    @property
    def congested(self) -> bool:
        """Whether so much waits that the sender should hear of it once it was read."""
        return 2 * len(self._ready) >= self._window

    def read(self) -> bytes:
        """Everything that is in order."""
        data = b"".join(self._ready)
        self._ready.clear()
        return data

    def acknowledgement(self) -> Acknowledgement:
        """What is here, and what may come."""
        bits = sum(1 << (number - self._expected) for number in self._early)
        return Acknowledgement(self._expected, self._window - len(self._ready), bits)
