"""Whether sound and picture are in step, measured: the simulated camera flashes a square and beeps on each whole second.

Only a beginning that was seen or heard is measured: behind a gap, or where a recording's sound begins in the middle of a beep, nobody
knows how late one is.

Pure: decoded pictures and samples go in, with their media times in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Luma = NDArray[np.uint8]

ALLOWED_MS: Final = 40.0

_SIDE: Final = 0.09  # of the picture's height: the square that flashes
_MARGIN: Final = 0.035  # and how far it is from the right and the upper edge
_LIT: Final = 128
_LOUD: Final = 0.1
_SILENCE_S: Final = 0.25  # before a beep, at least
_FRAME_S: Final = 0.05  # from one picture to the next, at most
_JOINT_S: Final = 0.005  # between two pieces of sound, at most
_PAIR_S: Final = 0.25


class Flashes:
    """When the square turned white."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.times: list[float] = []
        self._lit: bool | None = None
        self._seen_s = 0.0

    def see(self, at_s: float, luma: Luma) -> None:
        """Look at the next picture."""
        height, width = luma.shape
        side, margin = height * _SIDE, height * _MARGIN
        middle = luma[
            int(margin + side / 3) : int(margin + side * 2 / 3),
            int(width - margin - side * 2 / 3) : int(width - margin - side / 3),
        ]
        lit = bool(middle.mean() > _LIT)
        if lit and self._lit is False and at_s - self._seen_s <= _FRAME_S:
            self.times.append(at_s)
        self._lit, self._seen_s = lit, at_s


class Beeps:
    """When a beep began."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self.times: list[float] = []
        self._quiet_s = 0.0  # since when it has been
        self._heard_s = -1.0  # until when there was sound

    def hear(self, at_s: float, samples: Samples, rate: int) -> None:
        """Listen to the next piece of sound, of one channel."""
        if abs(at_s - self._heard_s) > _JOINT_S:
            self._quiet_s = at_s
        self._heard_s = at_s + len(samples) / rate
        loud = np.flatnonzero(np.abs(samples) > _LOUD)
        if not loud.size:
            return
        begins_s = float(at_s + loud[0] / rate)
        if begins_s - self._quiet_s > _SILENCE_S:
            self.times.append(begins_s)
        self._quiet_s = float(at_s + loud[-1] / rate)


def offsets_ms(flashes: Sequence[float], beeps: Sequence[float]) -> list[float]:
    """For each beep that has a flash beside it, by how many milliseconds it comes later (less than 0: earlier)."""
    pairs = ((min(flashes, key=lambda flash: abs(flash - beep)), beep) for beep in beeps if flashes)
    return [(beep - flash) * 1000 for flash, beep in pairs if abs(beep - flash) < _PAIR_S]


def luma_of(frame: Any) -> Luma:
    """The brightness of a decoded picture, without its padding: one byte a pixel."""
    plane = frame.planes[0]
    rows: Luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]
