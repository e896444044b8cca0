"""What the simulated lens looks at: the ``Scene`` protocol, and a landing of a prison wing drawn by ourselves.

The landing is painted once; a frame is three copies out of the paintings, so that a picture costs well under a
millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hal.interface import VideoFormat
from hal.overlay.glyphs import Font
from hal.sim.clock import NS
from hal.sim.paint import Box, Canvas, Colour, Plane, Planes, Point, to_planes

_DESIGN_HEIGHT = 720  # all sizes below are for this height, and scale with the format's
_DOOR = 320  # from door to door
_DOORS = 4  # doors painted; then the wall begins anew
_POST = 160  # from railing post to railing post
_PHASES = 16  # pictures of one double step
_STEP_NS = 1_100_000_000

_COVERED = 0.5  # of a pixel
_WALL_SPEED = 48  # pixels a second, and below
_RAIL_SPEED = 120
_WALK_SPEED = 150


class Scene(Protocol):
    """Something to look at."""

    def picture(self, time_ns: int) -> Planes | None:
        """What is seen at this time, to be drawn on until the next call; None while there is no picture."""

    def close(self) -> None:
        """Give back what is open."""


@dataclass(frozen=True, slots=True)
class _Sprite:
    """A painting with holes: the planes, and for each where it covers what lies behind."""

    planes: Planes
    masks: tuple[Plane, ...]


class SyntheticScene:
    """A wall of cell doors that passes by, somebody who walks along it, and a railing in front."""

    def __init__(self, video: VideoFormat) -> None:
        """Paint it all."""
        self._frame = Planes.blank(video.width, video.height)
        self._scale = video.height / _DESIGN_HEIGHT
        self._wall = _repeated(to_planes(_paint_wall(video.height, self._scale).rgb), video.width)
        self._wall_period = _even(_DOOR * self._scale) * _DOORS
        self._rail_period = _even(_POST * self._scale)
        self._rail = _rail(video.width + self._rail_period, self._scale)
        self._walker = tuple(_walker(phase / _PHASES, self._scale) for phase in range(_PHASES))

    def picture(self, time_ns: int) -> Planes:
        """The landing at this time."""
        frame, seconds = self._frame, time_ns / NS
        shift = _even(seconds * _WALL_SPEED * self._scale) % self._wall_period
        for (into, unit), (wall, _) in zip(frame.each(), self._wall.each(), strict=True):
            into[:] = wall[:, shift // unit : shift // unit + into.shape[1]]
        walker = self._walker[time_ns * _PHASES // _STEP_NS % _PHASES]
        width = walker.planes.y.shape[1]
        at = _even(seconds * _WALK_SPEED * self._scale) % _even(frame.y.shape[1] + width) - width
        _place(frame, walker, at, _even(250 * self._scale))
        shift = _even(seconds * _RAIL_SPEED * self._scale) % self._rail_period
        _place(frame, self._rail, -shift, frame.y.shape[0] - self._rail.planes.y.shape[0])
        return frame

    def close(self) -> None:
        """Nothing is open."""


class DarkScene:
    """A lens in the dark: black, with the faintest noise."""

    def __init__(self, video: VideoFormat) -> None:
        """Make the noise once."""
        self._frame = Planes.blank(video.width, video.height)
        self._noise = np.random.default_rng(1).integers(16, 18, self._frame.y.shape, np.uint8)

    def picture(self, time_ns: int) -> Planes:
        """Black."""
        self._frame.whole[:] = 128
        self._frame.y[:] = np.roll(self._noise, time_ns // 33_000_000 % 64, axis=0)
        return self._frame

    def close(self) -> None:
        """Nothing is open."""


def _even(value: float) -> int:
    return int(value) // 2 * 2


def _repeated(planes: Planes, width: int) -> Planes:
    """The planes with as much of their beginning again behind the end as a frame of ``width`` needs."""
    period = planes.y.shape[1]
    times = -(-(period + width) // period)
    y, u, v = (np.tile(plane, (1, times)) for plane, _ in planes.each())
    return Planes(y, y, u, v)


def _place(frame: Planes, sprite: _Sprite, x: int, y: int) -> None:
    """Lay a sprite over the frame, its corner at even ``x`` and ``y``; what lies beyond the edges is left out."""
    for (into, unit), (plane, _), mask in zip(frame.each(), sprite.planes.each(), sprite.masks, strict=True):
        left, top = x // unit, y // unit
        inside = slice(max(0, -left), max(0, min(plane.shape[1], into.shape[1] - left)))
        if inside.start >= inside.stop:
            continue
        part = into[top : top + plane.shape[0], left + inside.start : left + inside.stop]
        np.copyto(part, plane[: part.shape[0], inside], where=mask[: part.shape[0], inside].view(np.bool_))


def _sprite(canvas: Canvas, coverage: Canvas) -> _Sprite:
    """Cut out of ``canvas`` what is white on ``coverage``."""
    mask = (coverage.rgb[..., 0] > _COVERED).astype(np.uint8)
    half = mask[::2, ::2]
    return _Sprite(to_planes(canvas.rgb), (mask, half, half))


def _paint_wall(height: int, scale: float) -> Canvas:
    door, font = _even(_DOOR * scale), Font(max(1, round(3 * scale)))
    canvas = Canvas(door * _DOORS, height)
    canvas.gradient(0, 70 * scale, (0.10, 0.11, 0.14), (0.30, 0.32, 0.36))
    canvas.gradient(70 * scale, 360 * scale, (0.72, 0.71, 0.66), (0.60, 0.60, 0.57))
    canvas.gradient(360 * scale, 372 * scale, (0.16, 0.28, 0.33), (0.16, 0.28, 0.33))
    canvas.gradient(372 * scale, 560 * scale, (0.38, 0.49, 0.50), (0.30, 0.40, 0.42))
    canvas.gradient(560 * scale, height, (0.36, 0.34, 0.32), (0.15, 0.14, 0.14))
    for number in range(_DOORS):
        _paint_cell(canvas, number, number * door, scale, font)
    grain = np.random.default_rng(7).normal(0, 0.012, (height, canvas.width)).astype(np.float32)
    canvas.rgb += grain[..., None]
    return canvas


def _paint_cell(canvas: Canvas, number: int, left: float, scale: float, font: Font) -> None:
    """One cell of the wall: a door with its number, a lamp above, a notice beside it, light on the floor."""

    def box(place: Box, shade: Colour, radius: float = 0) -> None:
        x, y, width, height = (side * scale for side in place)
        canvas.box((left + x, y, width, height), shade, radius=radius * scale)

    steel = ((0.20, 0.34, 0.48), (0.22, 0.40, 0.40), (0.33, 0.32, 0.46), (0.42, 0.33, 0.26))[number % 4]
    lighter = (steel[0] + 0.10, steel[1] + 0.10, steel[2] + 0.10)
    canvas.glow(left + 160 * scale, 84 * scale, 150 * scale, (1.0, 0.96, 0.80), alpha=0.75)
    canvas.glow(left + 160 * scale, 640 * scale, 140 * scale, (0.85, 0.80, 0.66), alpha=0.35)
    box((110, 66, 100, 16), (1.0, 0.98, 0.90), 8)
    box((84, 196, 156, 372), (0.13, 0.14, 0.16), 6)
    box((94, 206, 136, 360), steel, 4)
    box((106, 220, 112, 150), lighter, 4)
    box((106, 386, 112, 164), lighter, 4)
    box((136, 244, 52, 40), (0.07, 0.08, 0.09), 5)
    box((142, 250, 40, 28), (0.60, 0.66, 0.58), 3)
    box((128, 420, 68, 22), (0.12, 0.13, 0.15), 4)
    box((208, 372, 12, 34), (0.85, 0.84, 0.80), 5)
    for y in (232, 340, 400, 536):
        canvas.disc(left + 114 * scale, y * scale, 3.2 * scale, (0.75, 0.78, 0.80))
    box((102, 138, 120, 44), (0.92, 0.91, 0.86), 5)
    label = font.line(f"A2-{number + 1:02d}")
    canvas.stamp(left + 162 * scale - label.shape[1] / 2, 160 * scale - label.shape[0] / 2, label, (0.12, 0.14, 0.20))
    box((256, 268, 44, 60), (0.93, 0.93, 0.90), 2)
    for line in range(4):
        box((262, 278 + 11 * line, 32 - 6 * (line % 2), 4), (0.45, 0.47, 0.50), 1)


def _rail(width: int, scale: float) -> _Sprite:
    canvas, coverage = (Canvas(width, _even(190 * scale)) for _ in range(2))
    post = _even(_POST * scale)
    bars = [(0, 18 * scale, width, 16 * scale), (0, 104 * scale, width, 9 * scale)]
    posts = [(left + 20 * scale, 26 * scale, 13 * scale, canvas.height) for left in range(0, width, post)]
    for x, y, across, down in bars + posts:
        canvas.box((x, y, across, down), (0.10, 0.11, 0.12))
        coverage.box((x, y, across, down), (1, 1, 1))
    canvas.box((0, 20 * scale, width, 4 * scale), (0.52, 0.55, 0.58))
    return _sprite(canvas, coverage)


def _walker(phase: float, scale: float) -> _Sprite:
    """Somebody in uniform, at ``phase`` (0 to 1) of a double step."""
    canvas, coverage = (Canvas(_even(170 * scale), _even(360 * scale)) for _ in range(2))
    swing = float(np.sin(2 * np.pi * phase))
    hip, shoulder = (85.0, 196.0 - 3 * abs(swing)), (88.0, 96.0 - 3 * abs(swing))
    shirt, trousers, dark, skin = (0.86, 0.88, 0.92), (0.10, 0.11, 0.16), (0.05, 0.05, 0.07), (0.72, 0.53, 0.42)
    limbs: list[tuple[Point, Point, float, Colour]] = []
    for side, shade in ((-swing, 0.75), (swing, 1.0)):
        knee = (hip[0] + 26 * side + 6, 262.0)
        foot = (hip[0] + 52 * side, 334.0 - 14 * max(0.0, -side))
        hand = (shoulder[0] - 40 * side + 8, 196.0 - 6 * abs(side))
        leg = (trousers[0] * shade, trousers[1] * shade, trousers[2] * shade)
        limbs += [(hip, knee, 36, leg), (knee, foot, 27, leg), (foot, (foot[0] + 18, foot[1] + 5), 17, dark)]
        sleeve = (shirt[0] * shade * 0.92, shirt[1] * shade * 0.92, shirt[2] * shade * 0.92)
        arm = [(shoulder, hand, 22, sleeve), (hand, hand, 20, skin)]
        limbs = [*arm, *limbs] if side == -swing else [*limbs, (shoulder, hip, 46, shirt), *arm]
    limbs += [((shoulder[0], shoulder[1] - 20), (shoulder[0] + 2, shoulder[1] - 30), 20, skin)]
    limbs += [((shoulder[0] + 3, shoulder[1] - 50), (shoulder[0] + 5, shoulder[1] - 46), 42, skin)]
    limbs += [((shoulder[0] - 12, shoulder[1] - 66), (shoulder[0] + 20, shoulder[1] - 66), 16, dark)]
    for start, stop, width, colour in limbs:
        ends = (start[0] * scale, start[1] * scale), (stop[0] * scale, stop[1] * scale)
        canvas.stroke(*ends, width * scale + 2, colour)
        coverage.stroke(*ends, width * scale, (1, 1, 1))
    return _sprite(canvas, coverage)
