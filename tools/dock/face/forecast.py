"""How long an offload will take, told before it begins and corrected as it goes: pure, over what a line is known to do and what arrives.

Before the first recording is asked for, a UART's baud rate says what it can carry at most, less what noise has damaged so far and what a long
way allows; for a line that does not know its rate there is what such lines usually do.  From then on what arrives is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.dock.frames import PAYLOAD_LIMIT, WIRE_LIMIT
from firmware.dock.link import WINDOW

NANO = 1_000_000_000
NETWORK_RATE = 25_000_000
"""Bytes a second that TCP over the USB network gadget usually carries."""

GADGET_RATE = 1_500_000
"""Bytes a second that a USB serial gadget usually carries."""

SLOW_S = 600
"""A serial line that takes longer than this is warned of, where the network link would take less than a quarter of it."""

_SHARE = PAYLOAD_LIMIT / WIRE_LIMIT
_WINDOW_NS = 2 * NANO
_AGAIN_NS = 10 * NANO
_MOVED, _MOVED_S = 0.2, 5.0
_PER_MILLION = 1_000_000
_WORTH_TELLING = 1000


@dataclass(frozen=True, slots=True)
class Quality:
    """How a serial link has done so far: frames that arrived well and damaged, and its round trip, None while that was not measured."""

    good: int = 0
    damaged: int = 0
    round_trip_ns: int | None = None

    @property
    def loss(self) -> float:
        """The part of frames that arrived damaged."""
        return self.damaged / (self.good + self.damaged) if self.damaged else 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """``seconds`` for ``size`` bytes at ``rate`` bytes a second; ``loss``: damaged frames of a million.

    ``basis``: ``line`` (its baud rate), ``usual`` or ``measured``.  ``slow``: it is worth a warning.
    """

    seconds: int
    size: int
    rate: int
    loss: int
    basis: str
    slow: bool

    @property
    def text(self) -> str:
        """In words."""
        words = f"{duration(self.seconds)} over this line, at {amount(self.rate)} a second"
        if self.loss >= _WORTH_TELLING:
            words += f" and {self.loss / _PER_MILLION:.1%} of its frames damaged"
        if self.slow:
            words += f"; the network link would take {duration(_network_s(self.size))}"
        return words


class Forecaster:
    """Watches one line."""

    def __init__(self, known: float | None, *, serial: bool) -> None:
        """``known``: bytes a second on the wire, None where the line does not know; ``serial``: there is a link layer."""
        self._serial = serial
        self._known = known or (GADGET_RATE if serial else NETWORK_RATE)
        self._basis = "line" if known else "usual"
        self._left = 0.0
        self._window: tuple[int, float] | None = None
        self._measured: float | None = None
        self._told: tuple[int, float] | None = None

    def stock(self, size: int) -> None:
        """So many bytes of recordings are to be fetched."""
        self._left, self._told = float(size), None

    def fetching(self, now_ns: int) -> None:
        """What arrives from now on is of recordings."""
        if self._window is None:
            self._window = now_ns, self._left

    def left(self, size: int) -> None:
        """So many bytes are still to be fetched."""
        self._left = float(size)

    def resting(self) -> None:
        """Nothing is fetched any more, or for now."""
        self._window, self._left = None, 0.0

    def received(self, size: int, now_ns: int) -> None:
        """So many bytes came from the wire.  What is measured is how much less is left: other links of the camera may help."""
        if self._window is None:
            return
        began, before = self._window
        self._left = max(0.0, self._left - size * self._share)
        if now_ns - began >= _WINDOW_NS and self._left < before:
            rate = (before - self._left) * NANO / (now_ns - began)
            self._measured = rate if self._measured is None else (self._measured + rate) / 2
            self._window = now_ns, self._left

    def forecast(self, quality: Quality, now_ns: int) -> Forecast | None:
        """What to tell now; None where nothing is known, or nothing new."""
        rate, basis = self._rate(quality)
        if not self._left:
            return None
        seconds = self._left / rate
        if self._told is not None:
            when, end = self._told
            moved = abs(now_ns / NANO + seconds - end)
            if now_ns - when < _AGAIN_NS or moved <= max(_MOVED * seconds, _MOVED_S):
                return None
        self._told = now_ns, now_ns / NANO + seconds
        network = _network_s(round(self._left))
        slow = self._serial and seconds >= SLOW_S and 4 * network <= seconds
        size = round(self._left)
        return Forecast(round(seconds), size, round(rate), round(quality.loss * _PER_MILLION), basis, slow)

    @property
    def _share(self) -> float:
        return _SHARE if self._serial else 1.0

    def _rate(self, quality: Quality) -> tuple[float, str]:
        """Bytes of recordings a second, and how that is known."""
        if self._measured is not None:
            return self._measured, "measured"
        rate = self._known * self._share * (1.0 - quality.loss)
        if self._serial and quality.round_trip_ns:
            rate = min(rate, WINDOW * PAYLOAD_LIMIT * NANO / quality.round_trip_ns)
        return rate, self._basis


def _network_s(size: int) -> int:
    return max(1, round(size / NETWORK_RATE))


def duration(seconds: int) -> str:
    """``40 s``, ``12 min`` or ``3 h 20 min``."""
    if seconds < 100:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def amount(size: float) -> str:
    """``280 kB`` or ``25.0 MB``."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
