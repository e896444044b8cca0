"""What the virtual camera sees: a white bar that moves on from picture to picture, on blue, and above it leaves in the wind.  Its file, virtual.yaml, offers what is named here."""

from __future__ import annotations

from typing import Final

from hal.interface import VideoFormat

VIDEO: Final = VideoFormat(width=320, height=180, fps=30, bitrate=1_500_000, gop=30)
"""As the product records it: a keyframe every second."""
LARGE: Final = VideoFormat(width=1920, height=1080, fps=30, bitrate=8_000_000, gop=30)
"""The largest that the product is made for."""
PICTURES: Final = 16
REPEATED: Final = 4
"""libcamera shows each picture for so many frames."""
BLUE: Final = 30, 50, 130
"""Red, green and blue of all behind the bar: of such a colour each plane has something else."""
BAR: Final = 20
"""Pixels that the bar is wide, and that it moves by."""
LEAVES: Final = 40, 75
"""The rows that are of another noise in each picture: a lens that sees only what is even is taken for a covered one."""


def left(number: int) -> int:
    """Where the bar begins in a picture."""
    return number * BAR


def shown(frame: int) -> int:
    """Which picture a frame shows, counted from when the camera was configured."""
    return frame // REPEATED % PICTURES
