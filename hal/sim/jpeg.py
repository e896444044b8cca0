"""A frame as a small JPEG file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import av
from av.video.reformatter import Colorspace
from PIL import Image

from hal.sim.paint import Planes

WIDTH: Final = 640
"""Pictures are no wider than twice this, and no narrower unless the frames are."""
_QUALITY: Final = 70


def kept(planes: Planes) -> Callable[[], bytes]:
    """Copy what is worth looking at; the answer makes a file of it, and may be called later, on another thread."""
    small = shrunk(planes)
    return lambda: as_jpeg(small)


def shrunk(planes: Planes) -> Planes:
    """A copy with every pixel, every second one, or fewer, so that it is about as wide as ``WIDTH``."""
    height, width = planes.y.shape
    step = max(1, width // WIDTH)
    small = Planes.blank(width // step // 2 * 2, height // step // 2 * 2)
    for (into, _), (whole, _) in zip(small.each(), planes.each(), strict=True):
        into[:] = whole[::step, ::step][: into.shape[0], : into.shape[1]]
    return small


def as_jpeg(planes: Planes) -> bytes:
    """The file's bytes; BT.709 and the limited range are undone."""
    frame = av.VideoFrame.from_ndarray(planes.whole, format="yuv420p")
    coloured = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709)
    file = io.BytesIO()
    Image.fromarray(coloured.to_ndarray()).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
