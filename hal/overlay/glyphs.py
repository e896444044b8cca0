"""A small font of our own: 5 x 8 dots, drawn smooth at any size, so that text needs no library and no font file."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.float32]

# Five columns a glyph, the lowest bit on top, from the space on in the order of ASCII.  Letters and digits that are alike elsewhere are
# told apart: the zero has a bar in it, the small l a tail.
_DOTS: Final = (
    "0000000000", "00005f0000", "0007000700", "147f147f14", "242a7f2a12", "2313086462", "3649552250", "0005030000",
    "001c224100", "0041221c00", "2a1c7f1c2a", "08083e0808", "0050300000", "0808080808", "0060600000", "2010080402",
    "3e415d413e", "00427f4000", "4261514946", "2141454b31", "1814127f10", "2745454539", "3c4a494930", "0171090503",
    "3649494936", "064949291e", "006c6c0000", "0056360000", "0814224100", "1414141414", "0041221408", "0201510906",
    "324979413e", "7e1111117e", "7f49494936", "3e41414122", "7f4141221c", "7f49494941", "7f09090901", "3e4149497a",
    "7f0808087f", "00417f4100", "2040413f01", "7f08142241", "7f40404040", "7f020c027f", "7f0408107f", "3e4141413e",
    "7f09090906", "3e4151215e", "7f09192946", "4649494931", "01017f0101", "3f4040403f", "1f2040201f", "3f4038403f",
    "6314081463", "0708700807", "6151494543", "007f414100", "0204081020", "0041417f00", "0402010204", "4040404040",
    "0001020400", "2054545478", "7f48444438", "3844444420", "384444487f", "3854545418", "087e090102", "18a4a4a47c",
    "7f08040478", "00447d4000", "4080847d00", "7f10284400", "00013f4040", "7c04180478", "7c08040478", "3844444438",
    "fc24242418", "18242418fc", "7c08040408", "4854545420", "043f444020", "3c4040207c", "1c2040201c", "3c4030403c",
    "4428102844", "1ca0a0a07c", "4464544c44", "0008364100", "00007f0000", "0041360800", "1008081008",
)  # fmt: skip
_FIRST: Final = 0x20  # the space
_BOX: Final = "7f4141417f"

COLUMNS = 6  # five dots and the space behind them
ROWS = 10  # eight dots, of which the lowest is for tails, and the space around them


class Font:
    """The glyphs of printable ASCII at one size: ``scale`` pixels a dot.  Any other character is a box."""

    def __init__(self, scale: int) -> None:
        """A font whose glyphs are ``width`` x ``height`` pixels."""
        self.scale = scale
        self.width = COLUMNS * scale
        self.height = ROWS * scale

    @cached_property
    def glyphs(self) -> Alpha:
        """All glyphs as coverage from 0 to 1: one after the other, each ``height`` rows of ``width`` pixels; the box is the last."""
        return np.stack([_smooth(_bitmap(dots), self.scale) for dots in (*_DOTS, _BOX)])

    def line(self, text: str) -> Alpha:
        """One line of text as coverage from 0 to 1, ``height`` rows of ``width`` pixels a character."""
        if not text:
            return np.zeros((self.height, 0), np.float32)
        return np.concatenate([self.glyphs[index(character)] for character in text], axis=1)


def index(character: str) -> int:
    """Where a character's glyph stands among all."""
    place = ord(character) - _FIRST
    return place if 0 <= place < len(_DOTS) else len(_DOTS)


def _bitmap(dots: str) -> Alpha:
    """The dots of one glyph in its cell, one empty row above and below and an empty column behind."""
    columns = np.frombuffer(bytes.fromhex(dots), np.uint8)
    cell = np.zeros((ROWS, COLUMNS), np.float32)
    cell[1:9, :5] = (columns[None, :] >> np.arange(8)[:, None]) & 1
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
