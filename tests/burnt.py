"""Reads what is burnt into pictures: cell by cell by likeness to the font, or with a program that knows nothing of ours."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable

import av
import numpy as np
from PIL import Image

from hal.interface import Unit
from hal.overlay.burner import BLACK_Y, WHITE_Y, Burner, Plane, Strip
from hal.overlay.glyphs import Font

LIKE = 45
"""Mean difference of a cell from its glyph, above which it is none: what surrounds the words, or a character that the encoder has ruined."""
PRINT = 40
"""Height of a line in pixels at which Tesseract reads best."""
TIMES = "0123456789-:. UTC"
NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~ "


class Reader:
    """Reads pictures of one size by likeness."""

    def __init__(self, width: int, height: int) -> None:
        self._burner = Burner(width, height)
        self._font = Font(self._burner.head.scale)
        self._glyphs = (BLACK_Y + (WHITE_Y - BLACK_Y) * self._font.glyphs[:-1]).astype(np.float32)

    def head(self, luma: Plane) -> str:
        """The line at the top."""
        return self._line(luma, self._burner.head)

    def foot(self, luma: Plane) -> str:
        """The line at the bottom."""
        return self._line(luma, self._burner.foot)

    def _line(self, luma: Plane, strip: Strip) -> str:
        """Characters from the left on, up to what is no glyph."""
        text, font = "", self._font
        for at in range(self._burner.room):
            left = strip.left + at * font.width
            cell = luma[strip.top : strip.top + font.height, left : left + font.width].astype(np.float32)
            apart = np.abs(self._glyphs - cell).mean(axis=(1, 2))
            if apart.min() > LIKE:
                break
            text += chr(ord(" ") + int(apart.argmin()))
        return text.rstrip()


def decoded(units: Iterable[Unit], height: int) -> list[Plane]:
    """The luma of each access unit, with FFmpeg's decoder."""
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))] + decoder.decode(None)
    return [frame.to_ndarray()[:height].astype(np.uint8) for frame in frames]


def tesseract(luma: Plane, characters: str) -> str:
    """What Tesseract reads in a picture of one line, white on black.  It is shown that dark on light, as large as print, with a margin."""
    size = luma.shape[1] * PRINT // luma.shape[0], PRINT
    line = Image.fromarray(255 - luma).resize(size, Image.Resampling.BICUBIC)
    page = Image.new("L", (line.width + 40, line.height + 40), 255)
    page.paste(line, (20, 20))
    png = io.BytesIO()
    page.save(png, "png")
    command = ["tesseract", "-", "-", "--psm", "7", "-c", f"tessedit_char_whitelist={characters}"]
    return (
        subprocess.run(command, input=png.getvalue(), capture_output=True, check=True, timeout=60)
        .stdout.decode()
        .strip()
    )
