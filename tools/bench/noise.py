"""The link layer over a simulated line: what it carries, against what the line and its bit errors allow.  Pure, and the same in each run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from firmware.dock.frames import PAYLOAD_LIMIT, WIRE_LIMIT
from firmware.dock.link import Link, LinkState, Lost, Received
from tools.bench.line import NANO, LineSpec, Way

MS = 1_000_000
QUEUE = 128 << 10
_PIECE = 16 << 10


@dataclass(frozen=True, slots=True)
class Carried:
    """One transfer: bytes, virtual seconds, and how the frames fared."""

    size: int
    seconds: float
    repeated: int
    overflowed: int

    @property
    def rate(self) -> float:
        """Bytes a second that arrived in order."""
        return self.size / self.seconds


class BrokenError(Exception):
    """The link was lost, or what arrived is not what was sent."""


def allowed(spec: LineSpec, every_ns: int = 0) -> float:
    """Bytes a second that a line can carry at best: its rate, the payload's share of a full frame, and the chance that a full frame
    arrives well.  Where the reader comes only ``every_ns``, no more than its buffer holds each time."""
    rate = spec.byte_rate
    if spec.room is not None and every_ns:
        rate = min(rate, spec.room * NANO / every_ns)
    share = PAYLOAD_LIMIT / WIRE_LIMIT
    chance: float = (1.0 - spec.error_rate) ** (WIRE_LIMIT * spec.bits)
    return rate * share * chance


def free_running(spec: LineSpec, size: int, *, seed: int = 1, reader_ns: int = MS) -> int:
    """How many bytes of ``size`` arrive when a writer takes no heed of the reader."""
    way, sent, got, now = Way(spec, seed), 0, 0, 0
    while sent < size or way.busy:
        now += MS // 5
        sent += way.write(bytes(min(_PIECE, size - sent)))
        way.advance(now)
        if now % reader_ns < MS // 5:
            got += len(way.read())
    return got + len(way.read())


class _End:
    """One end: a link, the way it writes on, the way it reads from, and how often it looks."""

    def __init__(self, link: Link, writes: Way, reads: Way, every_ns: int) -> None:
        self.link, self.writes, self.reads, self._every_ns = link, writes, reads, every_ns
        self._out = b""
        self._next = 0

    def work(self, now_ns: int) -> Iterator[bytes]:
        """Hear what is due, and hand the driver what it takes."""
        if now_ns >= self._next:
            self._next = now_ns + self._every_ns
            self.link.receive_data(self.reads.read(), now_ns)
            while event := self.link.next_event():
                if isinstance(event, Lost):
                    raise BrokenError(event.reason)
                if isinstance(event, Received):
                    yield event.data
        self._out = self._out or self.link.data_to_send()
        self._out = self._out[self.writes.write(self._out) :]


def carry(
    there: LineSpec,
    back: LineSpec | None = None,
    *,
    size: int = 1 << 20,
    seed: int = 1,
    step_ns: int = MS,
    reader_ns: int = MS,
) -> Carried:
    """Carry ``size`` bytes from a camera to a dock that looks every ``reader_ns``; ``BrokenError`` if that fails."""
    go, come = Way(there, f"there {seed}"), Way(back or there, f"back {seed}")
    camera, dock = _End(Link(seed), go, come, step_ns), _End(Link(None), come, go, reader_ns)
    source = random.Random(seed).randbytes(size)  # noqa: S311 - no secret
    sent = got = now = 0
    began: int | None = None
    while got < size:
        now += step_ns
        go.advance(now)
        come.advance(now)
        for data in dock.work(now):
            if data != source[got : got + len(data)]:
                raise BrokenError(f"other bytes than were sent, from {got} on")
            got += len(data)
        for _ in camera.work(now):
            raise BrokenError("the camera heard what nobody sent")
        if camera.link.state is LinkState.OPEN:
            began = now if began is None else began
            while sent < size and camera.link.pending < QUEUE:
                camera.link.send(source[sent : sent + _PIECE])
                sent += _PIECE
    return Carried(got, (now - (began or 0)) / NANO, camera.link.repeated, go.lost)
