"""A film to be sealed: 1080p30 at 8 Mbit/s with sound, encoded before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain, count
from typing import Any, Final

import av
import numpy as np

from hal.interface import AudioFormat, Track, Unit, VideoFormat

NS: Final = 1_000_000_000
VIDEO: Final = VideoFormat(width=1920, height=1080, fps=30, bitrate=8_000_000, gop=30)
SECONDS: Final = 3
"""So much is encoded, and comes round again and again: what sealing does depends on no picture."""
_RATE: Final = 48_000
_FRAME: Final = 1024
_BIT_RATE: Final = 64_000
_ASKED: Final = 9_700_000
"""What the encoder is asked for: with so small a buffer it stays below that."""
_BLOCK, _GRAIN, _ROOM = 8, 24, 128
"""The picture is of blocks with grain on them, and moves by so much to and fro: the encoder has as much to say as its rate allows."""


@dataclass(frozen=True, slots=True)
class Film:
    """Units of both tracks, in the order in which they were captured, from time ``begins_ns`` on; each has bytes of its own in memory."""

    units: tuple[Unit, ...]
    sound: AudioFormat
    seconds: int

    @property
    def size(self) -> int:
        """Bytes of payload."""
        return sum(len(unit.data) for unit in self.units)

    @property
    def plain(self) -> bytes:
        """All payload in one piece."""
        return b"".join(unit.data for unit in self.units)


def film(seconds: int, begins_ns: int = 0) -> Film:
    """So many seconds.  The sound begins with the picture."""
    frames, sounds, config = _encoded()
    fps, units = VIDEO.fps, []
    for index in range(seconds * fps):
        data, key = frames[index % len(frames)]
        units.append(Unit(Track.VIDEO, begins_ns + index * NS // fps, bytes(bytearray(data)), key))
    for index in range(seconds * _RATE // _FRAME):
        data = sounds[index % len(sounds)]
        units.append(Unit(Track.AUDIO, begins_ns + index * NS * _FRAME // _RATE, bytes(bytearray(data)), key=False))
    units.sort(key=lambda unit: (unit.time_ns, unit.track is Track.AUDIO))
    return Film(tuple(units), AudioFormat(_RATE, 1, _FRAME, config), seconds)


@cache
def _encoded() -> tuple[tuple[tuple[bytes, bool], ...], tuple[bytes, ...], bytes]:
    """Frames, each with whether it is a keyframe, sounds, and what a decoder has to know of these."""
    sounds, config = _sounds()
    return tuple(_frames()), sounds, config


def _frames() -> Iterator[tuple[bytes, bool]]:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = VIDEO.width, VIDEO.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, VIDEO.fps), Fraction(VIDEO.fps)
    encoder.gop_size, encoder.bit_rate, encoder.thread_count = VIDEO.gop, _ASKED, 1
    rate, buffer = str(_ASKED), str(_ASKED // 6)
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "sc_threshold": "0",
        "maxrate": rate,
        "bufsize": buffer,
    }
    draw = np.random.default_rng(9)
    shape = (VIDEO.height + _ROOM, VIDEO.width + _ROOM)
    blocks = draw.integers(32, 200, [length // _BLOCK for length in shape], dtype=np.uint8)
    scene = np.kron(blocks, np.ones((_BLOCK, _BLOCK), np.uint8)) + draw.integers(0, _GRAIN, shape, dtype=np.uint8)
    colour = np.full((VIDEO.height // 2, VIDEO.width), 128, np.uint8)
    packets = (encoder.encode(_picture(scene, colour, index)) for index in range(SECONDS * VIDEO.fps))
    for packet in chain.from_iterable((*packets, encoder.encode(None))):
        yield bytes(packet), packet.is_keyframe


def _picture(scene: Any, colour: Any, index: int) -> Any:
    """The scene as a camera sees it that a walking body carries."""
    left, top = (round(_ROOM / 2 * (1 + np.sin(index / pace))) for pace in (5.0, 3.0))
    luma = scene[top : top + VIDEO.height, left : left + VIDEO.width]
    picture = av.VideoFrame.from_ndarray(np.vstack([luma, colour]), format="yuv420p")
    picture.pts = index
    return picture


def _sounds() -> tuple[tuple[bytes, ...], bytes]:
    encoder: Any = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = _RATE, "mono", "fltp"
    encoder.time_base, encoder.bit_rate = Fraction(1, _RATE), _BIT_RATE
    noise = (np.random.default_rng(9).random(SECONDS * _RATE, np.float32) - 0.5) / 4
    found = []
    for pts, start in zip(count(step=_FRAME), range(0, len(noise) - _FRAME + 1, _FRAME), strict=False):
        frame = av.AudioFrame.from_ndarray(noise[np.newaxis, start : start + _FRAME], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = _RATE, pts
        found += [bytes(packet) for packet in encoder.encode(frame)]
    found += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(found), bytes(encoder.extradata or b"")
