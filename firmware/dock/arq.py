"""Selective repeat for a line that loses and alters frames but never reorders them: the two halves of a link's end,
pure.

Each transmission carries a *stamp* that counts up, and each acknowledgement repeats the newest stamp that arrived.
What was stamped earlier and is not acknowledged is therefore lost, exactly, and is sent again at once: no timer has to
guess.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

WINDOW_LIMIT = 256
"""No peer is believed to hold more frames than this."""

FLIGHT_FLOOR = 4
"""Frames in flight at first, and at least."""

OVERFLOW = 8
"""So many frames lost one behind the other were not hit by noise: at a bit error rate of 1e-5 that happens once in 3e10 frames.  They found a
buffer full."""

SLOWER = 1 / 16
"""How many more may be in flight for each that arrives, once a buffer was found full; before that one more for each."""

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
    """A frame that is not acknowledged, as it was sent last."""

    number: int
    payload: bytes
    stamp: int
    sent_ns: int
    arrived: bool = False


class Sender:
    """Cuts a byte stream into numbered frames and keeps each until it is acknowledged."""

    def __init__(self) -> None:
        """Nothing sent, and no room at the peer yet."""
        self.repeated = 0
        self.round_trip_ns: int | None = None
        self._queue = bytearray()
        self._flights: dict[int, _Flight] = {}
        self._undecided: deque[tuple[int, _Flight]] = deque()
        self._lost: deque[_Flight] = deque()
        self._kept = self._next = self._edge = self._stamp = 0
        self._allowed: float = FLIGHT_FLOOR
        self._growth = 1.0
        self._run = 0
        self._payload = 1

    def open(self, window: int, payload: int) -> None:
        """The peer takes ``window`` frames of at most ``payload`` bytes."""
        self._edge = min(window, WINDOW_LIMIT)
        self._payload = max(1, payload)

    @property
    def pending(self) -> int:
        """Bytes queued and not acknowledged."""
        return len(self._queue) + self._kept

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
        for number in self._named(ack):
            flight = self._flights.pop(number)
            flight.arrived = True
            self._kept -= len(flight.payload)
            if flight.stamp == stamp:
                self._measure(now_ns - flight.sent_ns)
        self._decide(stamp)

    def _named(self, ack: Acknowledgement) -> Iterator[int]:
        """The frames in flight that an acknowledgement says are there."""
        while self._flights and (first := next(iter(self._flights))) < ack.expected:
            yield first
        if ack.bits:
            yield from [n for n in self._flights if n >= ack.expected and ack.bits >> (n - ack.expected) & 1]

    def _decide(self, stamp: int) -> None:
        """Tell, in the order in which they were sent, which transmissions arrived: all before ``stamp`` that did not are lost."""
        while self._undecided and (self._undecided[0][0] < stamp or self._undecided[0][1].arrived):
            _, flight = self._undecided.popleft()
            if flight.arrived:
                self._run = 0
                self._allowed = min(WINDOW_LIMIT, self._allowed + self._growth)
            else:
                self._run += 1
                self._lost.append(flight)
                self._mind_room()

    def _mind_room(self) -> None:
        """A long run of losses is no noise: there was no room for just these."""
        if self._run >= OVERFLOW:
            self._allowed = max(FLIGHT_FLOOR, self._allowed - (OVERFLOW if self._run == OVERFLOW else 1))
            self._growth = SLOWER

    def _measure(self, trip_ns: int) -> None:
        """Smooth the round trip as RFC 6298 does."""
        self.round_trip_ns = trip_ns if self.round_trip_ns is None else (7 * self.round_trip_ns + trip_ns) // 8

    def transmit(self, now_ns: int) -> list[Transmission]:
        """What to send now: lost frames first, then new ones, as far as the peer and the flight allow."""
        room = int(self._allowed) - (len(self._flights) - len(self._lost))
        out: list[Transmission] = []
        while self._lost and len(out) < room:
            flight = self._lost.popleft()
            if not flight.arrived:
                self.repeated += 1
                out.append(self._send(flight, now_ns))
        while self._queue and self._next < self._edge and len(out) < room:
            payload = bytes(self._queue[: self._payload])
            del self._queue[: self._payload]
            self._flights[self._next] = flight = _Flight(self._next, payload, 0, 0)
            self._kept += len(payload)
            self._next += 1
            out.append(self._send(flight, now_ns))
        return out

    def _send(self, flight: _Flight, now_ns: int) -> Transmission:
        flight.stamp, flight.sent_ns = self.next_stamp(), now_ns
        self._undecided.append((flight.stamp, flight))
        return Transmission(flight.number, flight.stamp, flight.payload)


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
