"""Small real clips for tests: H.264 and AAC encoded with PyAV, as units of the hardware abstraction layer."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import av
import numpy as np

from hal.interface import AudioFormat, Track, Unit, VideoFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND: Final = 1_000_000_000
EPOCH: Final = 1_000 * SECOND
"""Capture time of the first frame."""
RATE: Final = 48_000
AAC_FRAME: Final = 1024


class Clip(NamedTuple):
    """Units of both tracks and their formats; ``audio`` is empty in a clip without sound."""

    video: tuple[Unit, ...]
    audio: tuple[Unit, ...]
    video_format: VideoFormat
    audio_format: AudioFormat

    @property
    def units(self) -> list[Unit]:
        """All units in the order of their times."""
        return sorted((*self.video, *self.audio), key=lambda unit: unit.time_ns)


@cache
def clip(
    seconds: float,
    fps: int = 30,
    gop: int = 30,
    size: tuple[int, int] = (320, 240),
    *,
    audio: bool = True,
    options: tuple[tuple[str, str], ...] = (),
) -> Clip:
    """Encode a clip: a moving gradient and a steady tone.  Made once a process; ``options`` go to x264."""
    video = tuple(_video(seconds, fps, gop, size, dict(options)))
    sound, config = _audio(seconds)
    return Clip(
        video,
        sound if audio else (),
        VideoFormat(*size, fps, bitrate=1_000_000, gop=gop),
        AudioFormat(RATE, 1, AAC_FRAME, config),
    )


def _video(seconds: float, fps: int, gop: int, size: tuple[int, int], options: dict[str, str]) -> Iterator[Unit]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, fps)
    encoder.framerate = Fraction(fps)
    encoder.gop_size = gop
    encoder.thread_count = 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0", "aud": "1"} | options
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    for index in range(round(seconds * fps)):
        luma = ((rows + columns * 2 + index * 5) % 256).astype(np.uint8)
        chroma = np.full((size[1] // 2, size[0]), 90 + index % 60, np.uint8)
        picture = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")
        picture.pts = index
        for packet in encoder.encode(picture):
            yield _frame(packet, fps)
    for packet in encoder.encode(None):
        yield _frame(packet, fps)


def _frame(packet: av.Packet[Any], fps: int) -> Unit:
    if packet.pts is None or packet.pts != packet.dts:
        raise AssertionError("the encoder reordered a frame")
    return Unit(Track.VIDEO, EPOCH + round(packet.pts * SECOND / fps), bytes(packet), packet.is_keyframe)


@cache
def _audio(seconds: float) -> tuple[tuple[Unit, ...], bytes]:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "fltp"
    encoder.time_base = Fraction(1, RATE)
    encoder.bit_rate = 48_000
    units = []
    tone = np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * 440 / RATE).astype(np.float32) * 0.3
    for start in range(0, len(tone) - AAC_FRAME + 1, AAC_FRAME):
        frame = av.AudioFrame.from_ndarray(tone[np.newaxis, start : start + AAC_FRAME], format="fltp", layout="mono")
        frame.sample_rate = RATE
        frame.pts = start
        units += [_sound(packet) for packet in encoder.encode(frame)]
    units += [_sound(packet) for packet in encoder.encode(None)]
    return tuple(units), bytes(encoder.extradata or b"")


def _sound(packet: av.Packet[Any]) -> Unit:
    """The encoder's priming is in the packet's time: the first one lies before the first sample."""
    return Unit(Track.AUDIO, EPOCH + round((packet.pts or 0) * SECOND / RATE), bytes(packet), key=False)
