"""A small font of our own: 5 x 7 dots, drawn smooth at any size, so that text needs no library and no font file."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.float32]

# Five columns a glyph, the lowest bit on top.  The asterisk is the dot of a recording light.
_DOTS = {
    " ": "0000000000", "-": "0808080808", ".": "0060600000", ":": "0036360000", "/": "2010080402",
    "0": "3e5149453e", "1": "00427f4000", "2": "4261514946", "3": "2141454b31", "4": "1814127f10",
    "5": "2745454539", "6": "3c4a494930", "7": "0171090503", "8": "3649494936", "9": "064949291e",
    "A": "7e1111117e", "B": "7f49494936", "C": "3e41414122", "D": "7f4141221c", "E": "7f49494941",
    "F": "7f09090901", "G": "3e4149497a", "H": "7f0808087f", "I": "00417f4100", "J": "2040413f01",
    "K": "7f08142241", "L": "7f40404040", "M": "7f020c027f", "N": "7f0408107f", "O": "3e4141413e",
    "P": "7f09090906", "Q": "3e4151215e", "R": "7f09192946", "S": "4649494931", "T": "01017f0101",
    "U": "3f4040403f", "V": "1f2040201f", "W": "3f4038403f", "X": "6314081463", "Y": "0708700807",
    "Z": "6151494543", "*": "1c3e3e3e1c",
}  # fmt: skip
_BOX = "7f4141417f"

COLUMNS = 6  # five dots and the space behind them
ROWS = 9  # seven dots and the space around them


class Font:
    """The glyphs at one size: ``scale`` pixels a dot.  Letters are capitals; an unknown character is a box."""

    def __init__(self, scale: int) -> None:
        """A font whose glyphs are ``width`` x ``height`` pixels."""
        self.scale = scale
        self.width = COLUMNS * scale
        self.height = ROWS * scale

    @cached_property
    def _glyphs(self) -> dict[str, Alpha]:
        return {character: _smooth(_bitmap(dots), self.scale) for character, dots in _DOTS.items()}

    @cached_property
    def _box(self) -> Alpha:
        return _smooth(_bitmap(_BOX), self.scale)

    def line(self, text: str) -> Alpha:
        """One line of text as coverage from 0 to 1, ``height`` rows of ``width`` pixels a character."""
        if not text:
            return np.zeros((self.height, 0), np.float32)
        return np.concatenate([self._glyphs.get(character, self._box) for character in text.upper()], axis=1)


def _bitmap(dots: str) -> Alpha:
    """The dots of one glyph in its cell, one empty row above and below and an empty column behind."""
    columns = np.frombuffer(bytes.fromhex(dots), np.uint8)
    cell = np.zeros((ROWS, COLUMNS), np.float32)
    cell[1:8, :5] = (columns[None, :] >> np.arange(7)[:, None]) & 1
    return cell


def _smooth(cell: Alpha, scale: int) -> Alpha:
    """The cell enlarged and its corners rounded: interpolated between the dots, then sharpened at the edge."""
    if scale == 1:
        return cell
    padded = np.pad(cell, 1)
    rows = (np.arange(ROWS * scale) + 0.5) / scale + 0.5
    columns = (np.arange(COLUMNS * scale) + 0.5) / scale + 0.5
    tall = np.stack([np.interp(rows, np.arange(ROWS + 2), column) for column in padded.T], axis=1)
    wide = np.stack([np.interp(columns, np.arange(COLUMNS + 2), row) for row in tall])
    return np.clip((wide - 0.42) * scale * 0.9 + 0.5, 0, 1).astype(np.float32)
