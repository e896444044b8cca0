"""What the simulated scene shows beside its picture, to measure by: a flash to compare with the sound, and a dial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hal.interface import VideoFormat
from hal.sim.clock import MS, NS
from hal.sim.paint import BLACK_Y, GREY_C, WHITE_Y, Plane, Planes

FLASH_NS = 100 * MS

_RED_Y, _RED_U, _RED_V = 110, 90, 240


@dataclass(frozen=True, slots=True)
class Square:
    """A square in a frame: its upper left corner and its side, in pixels."""

    x: int
    y: int
    side: int

    def of(self, luma: Plane) -> Plane:
        """The part of a luma plane that it covers."""
        return luma[self.y : self.y + self.side, self.x : self.x + self.side]


def flash_square(video: VideoFormat) -> Square:
    """Where the mark is that turns from black to white for the first 100 ms of each UTC second."""
    side, margin = _even(video.height * 0.09), _margin(video)
    return Square(video.width - margin - side, margin, side)


class Aids:
    """Draws flash and dial into pictures of one format."""

    def __init__(self, video: VideoFormat) -> None:
        """Set the places."""
        self._flash = flash_square(video)
        self._half_frame_ns = NS // video.fps // 2
        self._dial = _Dial(_even(video.height * 0.065))
        self._dial_at = video.width - _margin(video), video.height - _margin(video)

    def draw(self, planes: Planes, utc_ns: int) -> None:
        """Draw them into ``planes``, a frame captured at ``utc_ns``."""
        utc_ns = max(0, utc_ns)
        self._dial.draw(planes, *self._dial_at, utc_ns % (60 * NS) / NS)
        self._mark(planes, utc_ns)

    def _mark(self, planes: Planes, utc_ns: int) -> None:
        """The flash.  A frame stands for the time around it, from half a frame before to half a frame after."""
        lit = (utc_ns + self._half_frame_ns) % NS < FLASH_NS
        self._flash.of(planes.y)[:] = WHITE_Y if lit else BLACK_Y
        square = Square(self._flash.x // 2, self._flash.y // 2, self._flash.side // 2)
        for plane in (planes.u, planes.v):
            square.of(plane)[:] = GREY_C


class _Dial:
    """A round clock with a second hand that sweeps."""

    def __init__(self, radius: int) -> None:
        self._radius = radius
        across = np.arange(2 * radius, dtype=np.float32)[None, :] - radius + 0.5
        self._x, self._y = np.broadcast_arrays(across, across.T)
        away = np.hypot(self._x, self._y)
        self._inside = away < radius
        angle = np.degrees(np.arctan2(self._x, -self._y)) % 30
        beside = np.minimum(angle, 30 - angle) * np.pi / 180 * away
        tick = (beside < radius / 24) & (away > radius * 0.78) & (away < radius * 0.93)
        rim = away > radius * 0.94
        self._face = np.where(tick, 40, np.where(rim, 60, 215)).astype(np.uint8)

    def draw(self, planes: Planes, right: int, bottom: int, second: float) -> None:
        """Draw it with its lower right corner at ``right``, ``bottom``."""
        side = 2 * self._radius
        turn = second * np.pi / 30
        dx, dy = np.sin(turn), -np.cos(turn)
        along, beside = self._x * dx + self._y * dy, np.abs(self._x * dy - self._y * dx)
        hand = (beside < self._radius / 22) & (along > -self._radius * 0.2) & (along < self._radius * 0.85)
        left, top = _even(right - side), _even(bottom - side)
        part = planes.y[top : top + side, left : left + side]
        np.copyto(part, self._face, where=self._inside)
        part[hand] = _RED_Y
        for plane, value in ((planes.u, _RED_U), (planes.v, _RED_V)):
            colour = plane[top // 2 : (top + side) // 2, left // 2 : (left + side) // 2]
            colour[self._inside[::2, ::2]] = GREY_C
            colour[hand[::2, ::2]] = value


def _margin(video: VideoFormat) -> int:
    return _even(video.height * 0.035)


def _even(value: float) -> int:
    return int(value) // 2 * 2
