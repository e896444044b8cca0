"""Drawing with numpy: smooth shapes on a colour canvas, and the way from there to the planes that an encoder takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]  # red, green, blue from 0 to 1
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, width, height
Plane = NDArray[np.uint8]
Field = NDArray[np.float32]

BLACK_Y, WHITE_Y, GREY_C = 16, 235, 128


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture in Y'CbCr 4:2:0, BT.709, limited range: ``whole`` is all three planes, the others are views of it."""

    whole: Plane
    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def blank(cls, width: int, height: int) -> Planes:
        """A black picture; both sides are even."""
        if width % 2 or height % 2 or width <= 0 or height <= 0:
            raise ValueError(f"width and height must be even and positive: {width}x{height}")
        planes = cls.over(np.full((height * 3 // 2, width), GREY_C, np.uint8))
        planes.y[:] = BLACK_Y
        return planes

    @classmethod
    def over(cls, whole: Plane) -> Planes:
        """The planes that lie one after the other in ``whole``, of one and a half times the picture's height."""
        height, width = whole.shape[0] * 2 // 3, whole.shape[1]
        flat, luma, half = whole.reshape(-1), width * height, (height // 2, width // 2)
        u, v = flat[luma : luma * 5 // 4], flat[luma * 5 // 4 :]
        return cls(whole, flat[:luma].reshape(height, width), u.reshape(half), v.reshape(half))

    def each(self) -> tuple[tuple[Plane, int], ...]:
        """The three planes, each with the number of pixels that one of its own stands for along a side."""
        return (self.y, 1), (self.u, 2), (self.v, 2)


class Canvas:
    """A picture in red, green and blue from 0 to 1.  Shapes are in pixels, and leave out what lies beyond the edge."""

    def __init__(self, width: int, height: int) -> None:
        """A black canvas."""
        self.width = width
        self.height = height
        self.rgb = np.zeros((height, width, 3), np.float32)

    def gradient(self, top: float, bottom: float, first: Colour, last: Colour) -> None:
        """Fill the rows from ``top`` to ``bottom``, running from one colour to the other."""
        rows = slice(int(top), int(bottom))
        share = np.linspace(0, 1, int(bottom) - int(top), dtype=np.float32)[:, None]
        self.rgb[rows] = ((1 - share) * np.array(first, np.float32) + share * np.array(last, np.float32))[:, None]

    def box(self, box: Box, colour: Colour, *, radius: float = 0, alpha: float = 1) -> None:
        """A box with rounded corners."""
        x, y, width, height = box
        centre, half = (x + width / 2, y + height / 2), (width / 2 - radius, height / 2 - radius)

        def distance(across: Field, down: Field) -> Field:
            right, below = np.abs(across - centre[0]) - half[0], np.abs(down - centre[1]) - half[1]
            outside = np.hypot(np.maximum(right, 0), np.maximum(below, 0))
            inside = np.minimum(np.maximum(right, below), 0)
            return np.asarray(outside + inside - radius, np.float32)

        where, across, down = self._within(x, y, x + width, y + height)
        self._lay(where, np.clip(0.5 - distance(across, down), 0, 1) * alpha, colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A disc around a point."""
        where, across, down = self._within(x - radius, y - radius, x + radius, y + radius)
        self._lay(where, np.clip(radius + 0.5 - np.hypot(across - x, down - y), 0, 1), colour)

    def glow(self, x: float, y: float, radius: float, colour: Colour, *, alpha: float = 1) -> None:
        """Light that fades out towards ``radius``."""
        where, across, down = self._within(x - radius, y - radius, x + radius, y + radius)
        faded = np.clip(1 - np.hypot(across - x, down - y) / radius, 0, 1) ** 2 * alpha
        self._lay(where, faded.astype(np.float32), colour)

    def stroke(self, start: Point, stop: Point, width: float, colour: Colour) -> None:
        """A line with round ends."""
        (ax, ay), (bx, by), reach = start, stop, width / 2
        left, top = min(ax, bx) - reach, min(ay, by) - reach
        where, across, down = self._within(left, top, max(ax, bx) + reach, max(ay, by) + reach)
        dx, dy = bx - ax, by - ay
        along = np.clip(((across - ax) * dx + (down - ay) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        distance = np.hypot(across - ax - along * dx, down - ay - along * dy)
        self._lay(where, np.clip(reach + 0.5 - distance, 0, 1), colour)

    def stamp(self, x: float, y: float, coverage: Field, colour: Colour) -> None:
        """A shape given as coverage from 0 to 1, such as text, with its corner at ``x``, ``y``."""
        rows, columns = slice(int(y), int(y) + coverage.shape[0]), slice(int(x), int(x) + coverage.shape[1])
        part = self.rgb[rows, columns]
        self._lay((rows, columns), coverage[: part.shape[0], : part.shape[1]], colour)

    def _within(self, left: float, top: float, right: float, bottom: float) -> tuple[tuple[slice, slice], Field, Field]:
        """The pixels that a shape may touch, and the places of their centres."""
        columns = slice(max(0, int(left) - 1), min(self.width, int(right) + 2))
        rows = slice(max(0, int(top) - 1), min(self.height, int(bottom) + 2))
        across = (np.arange(columns.start, max(columns.start, columns.stop), dtype=np.float32) + 0.5)[None, :]
        down = (np.arange(rows.start, max(rows.start, rows.stop), dtype=np.float32) + 0.5)[:, None]
        return (rows, columns), across, down

    def _lay(self, where: tuple[slice, slice], coverage: Field, colour: Colour) -> None:
        part = self.rgb[where]
        part += coverage[..., None] * (np.array(colour, np.float32) - part)


def to_planes(rgb: Field) -> Planes:
    """The canvas in the encoder's colours; its sides must be even."""
    height, width = rgb.shape[:2]
    planes = Planes.blank(width, height)
    red, green, blue = (np.clip(rgb[..., channel], 0, 1) for channel in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    planes.y[:] = np.rint(BLACK_Y + (WHITE_Y - BLACK_Y) * luma)
    planes.u[:] = np.rint(GREY_C + 224 * _halved((blue - luma) / 1.8556))
    planes.v[:] = np.rint(GREY_C + 224 * _halved((red - luma) / 1.5748))
    return planes


def _halved(field: Field) -> Field:
    """The mean of each two by two pixels."""
    height, width = field.shape
    return np.asarray(field.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)), np.float32)
