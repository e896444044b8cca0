"""Burns words into frames, cheap enough for the smallest board.

The glyphs are made once, as luma.  A strip of words keeps its own picture, in which only the cells whose character changed are copied anew, most
often one: the tenth of a second.  A frame costs one copy of each strip into the luma plane and a grey of the same size into the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hal.interface import Overlay, OverlayField
from hal.overlay.glyphs import COLUMNS, ROWS, Font, index
from hal.overlay.words import LONGEST_TIME, Stamp, heading

Plane = NDArray[np.uint8]

BLACK_Y: Final = 16
WHITE_Y: Final = 235
GREY_C: Final = 128

_LINES: Final = 240  # of the picture's shorter side, for each pixel of a dot
_MARGIN: Final = 0.035  # of the picture's shorter side


def planes(buffer: Plane, width: int) -> tuple[Plane, Plane, Plane]:
    """The planes Y, U and V, as views, of a YUV 4:2:0 picture ``width`` wide, as it is mapped: rows of one stride, half as many again as the
    picture has, U and V behind Y with half the stride.  ``ValueError`` if that cannot be."""
    rows, stride = buffer.shape
    if rows % 3 or stride % 2 or width % 2 or width > stride or not buffer.flags.c_contiguous:
        raise ValueError(f"no picture of {width} pixels a row with both sides even in {rows} rows of {stride} bytes")
    height, flat = rows * 2 // 3, buffer.reshape(-1)
    luma, colour = height * stride, (height // 2, stride // 2)
    u, v = flat[luma : luma * 5 // 4].reshape(colour), flat[luma * 5 // 4 :].reshape(colour)
    return flat[:luma].reshape(height, stride)[:, :width], u[:, : width // 2], v[:, : width // 2]


class Strip:
    """One line of words, white on black, at a place of its own.  All its sides are even, so that the planes of colour have a place for it."""

    def __init__(self, font: Font, atlas: Plane, left: int, top: int, room: int) -> None:
        """Nothing is written yet.  ``left`` and ``top`` of the first character, both even; ``room``: the most characters."""
        self.left, self.top, self.scale = left, top, font.scale
        self._pad = font.scale + font.scale % 2
        self._atlas, self._width, self._room = atlas, font.width, room
        self._luma = np.full((font.height, self._pad + room * font.width), BLACK_Y, np.uint8)
        self._grey = np.uint8(GREY_C)  # a number of Python's would be made into one for each plane of each frame
        self._text = ""
        self._cover(0)

    def write(self, text: str) -> int:
        """Have it show ``text``, of which what is too long is left out.  How many cells were copied for that."""
        text = text[: self._room]
        if text == self._text:
            return 0
        before = self._text.ljust(len(text), "\0")
        changed = [at for at, character in enumerate(text) if character != before[at]]
        for at in changed:
            place = self._pad + at * self._width
            self._luma[:, place : place + self._width] = self._atlas[index(text[at])]
        if len(text) != len(self._text):
            self._cover(len(text))
        self._text = text
        return len(changed)

    def lay(self, y: Plane, u: Plane, v: Plane) -> None:
        """Copy it into a picture."""
        y[self.box] = self._shown
        u[self._colour] = self._grey
        v[self._colour] = self._grey

    def _cover(self, characters: int) -> None:
        """From now on it is so long."""
        wide, tall = (self._pad + characters * self._width if characters else 0), len(self._luma)
        left, right, bottom = self.left - self._pad, self.left - self._pad + wide, self.top + tall
        self._shown = self._luma[:, :wide]
        self.box = slice(self.top, bottom), slice(left, right)
        """The rows and columns of the picture that it covers."""
        self._colour = slice(self.top // 2, bottom // 2), slice(left // 2, right // 2)


class Burner:
    """Burns overlays into pictures of one size: state, device and shift at the top left, the time at the bottom left."""

    def __init__(self, width: int, height: int) -> None:
        """``width`` and ``height`` in pixels, both even.  From 160 pixels on a row holds a whole time."""
        side = min(width, height)
        margin = int(side * _MARGIN) // 2 * 2
        scale = max(1, min(round(side / _LINES), (width - 2 * margin) // (LONGEST_TIME * COLUMNS)))
        margin = max(margin, scale + scale % 2)
        self.room = max(3, (width - 2 * margin) // (scale * COLUMNS))
        """The most characters in a line."""
        font, bottom = Font(scale), (height - margin - scale * ROWS) // 2 * 2
        atlas = np.rint(BLACK_Y + (WHITE_Y - BLACK_Y) * font.glyphs).astype(np.uint8)
        self.head = Strip(font, atlas, margin, min(margin, bottom), self.room)
        self.foot = Strip(font, atlas, margin, bottom, self.room)
        self._stamp = Stamp(self.room)
        self._overlay: Overlay | None = None

    def burn(self, y: Plane, u: Plane, v: Plane, overlay: Overlay, utc_ns: int) -> None:
        """Write ``overlay`` and the time into a picture captured at ``utc_ns``, nanoseconds since 1970 as the camera's clock has it.

        ``y`` has a row of ``width`` bytes for each line, ``u`` and ``v`` half as many of half the length; they may be longer, and lie in memory
        with any stride.  All outside the words' strips is left as it is.
        """
        if overlay is not self._overlay:
            self._overlay = overlay
            self.head.write(heading(overlay, self.room))
        timed = OverlayField.TIME in overlay.fields
        self.foot.write(self._stamp.text(utc_ns, clock_set=overlay.clock_set) if timed else "")
        self.head.lay(y, u, v)
        self.foot.lay(y, u, v)
