"""A line on a virtual clock: so many bits a second, bit errors from a seed, a delay, buffers that lose what does not fit.  Pure."""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LineSpec:
    """One direction of a line.

    ``bit_rate``: bits a second; ``bits``: what a byte takes of them (10 on a UART: start, eight, stop).  ``error_rate``: how likely
    each of them arrives wrong.  ``delay_ns``: from the last bit of a byte until a reader can have it.  ``tray``: bytes that the
    sender's driver holds, a write of more waits.  ``room``: bytes that the reader's driver holds; what does not fit is lost.
    """

    bit_rate: int
    bits: int = 10
    error_rate: float = 0.0
    delay_ns: int = 0
    tray: int = 4096
    room: int | None = None

    @property
    def byte_rate(self) -> float:
        """Bytes a second."""
        return self.bit_rate / self.bits


class Way:
    """One direction of a line, at work.  Times never go back."""

    def __init__(self, spec: LineSpec, seed: int | str) -> None:
        """Idle; the same seed and the same writes at the same times give the same bytes."""
        self.carried = self.damaged = self.lost = 0
        self._spec = spec
        self._random = random.Random(seed)  # noqa: S311 - noise, not a secret
        self._good = self._draw()
        self._out = bytearray()
        self._flying: deque[tuple[int, bytes]] = deque()
        self._in = bytearray()
        self._since = 0.0
        self._now = 0

    @property
    def busy(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._out or self._flying)

    def write(self, data: bytes) -> int:
        """Hand bytes to the driver; how many it took."""
        taken = data[: max(0, self._spec.tray - len(self._out))]
        self._out += taken
        return len(taken)

    def advance(self, now_ns: int) -> None:
        """Let the line work until ``now_ns``."""
        passed, self._now = now_ns - self._now, now_ns
        self._since += passed * self._spec.byte_rate / NANO
        count = min(len(self._out), int(self._since))
        self._since = self._since - count if count < len(self._out) else 0.0
        if count:
            data = bytes(self._out[:count])
            del self._out[:count]
            self.carried += count
            self._flying.append((now_ns + self._spec.delay_ns, self._spoil(data)))
        while self._flying and self._flying[0][0] <= now_ns:
            self._arrive(self._flying.popleft()[1])

    def read(self) -> bytes:
        """All that has arrived."""
        data = bytes(self._in)
        self._in.clear()
        return data

    def _arrive(self, data: bytes) -> None:
        fits = len(data) if self._spec.room is None else max(0, min(len(data), self._spec.room - len(self._in)))
        self._in += data[:fits]
        self.lost += len(data) - fits

    def _spoil(self, data: bytes) -> bytes:
        """Flip the bits that go wrong; a byte whose start or stop bit does is lost."""
        bits, out, gone = len(data) * self._spec.bits, bytearray(data), []
        while self._good < bits:
            place, bit = divmod(self._good, self._spec.bits)
            self.damaged += 1
            if 1 <= bit <= 8:
                out[place] ^= 1 << (bit - 1)
            else:
                gone.append(place)
            self._good += 1 + self._draw()
        self._good -= bits
        for place in reversed(dict.fromkeys(gone)):
            del out[place]
        return bytes(out)

    def _draw(self) -> int:
        """How many bits arrive well before the next one that does not."""
        rate = self._spec.error_rate
        return 1 << 62 if not rate else int(math.log(1.0 - self._random.random()) / math.log1p(-rate))
