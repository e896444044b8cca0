"""A few seconds of H.264 and AAC in the smallest size that encoders like.

Another processor's encoder may write other bytes, so they were made once (``encode``) and are kept in ``clip.json.z``.
"""

from __future__ import annotations

import base64
import json
import zlib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

WIDTH, HEIGHT, FPS, GOP = 160, 120, 10, 10
RATE, FRAME = 16_000, 1024
VIDEO_RATE = 90_000
TICKS = VIDEO_RATE // FPS
LONGEST = 6
_KEPT = Path(__file__).with_name("clip.json.z")


class Sample(NamedTuple):
    """Time and duration in ticks of its track, whether it is a keyframe, its bytes as they stand in ``mdat``."""

    time: int
    duration: int
    key: bool
    data: bytes


class Clip(NamedTuple):
    """Samples of both tracks, and the decoders' configurations (``avcC`` body, AudioSpecificConfig)."""

    video: tuple[Sample, ...]
    audio: tuple[Sample, ...]
    avcc: bytes
    asc: bytes


@cache
def clip(seconds: int = LONGEST) -> Clip:
    """A moving gradient with a tone, at most ``LONGEST`` seconds of it."""
    kept = json.loads(zlib.decompress(_KEPT.read_bytes()))
    video, audio = (
        tuple(Sample(time, duration, key, base64.b64decode(data)) for time, duration, key, data in kept[track])
        for track in ("video", "audio")
    )
    assert seconds <= LONGEST
    return Clip(
        video[: seconds * FPS],
        audio[: seconds * RATE // FRAME],
        base64.b64decode(kept["avcc"]),
        base64.b64decode(kept["asc"]),
    )


def encode() -> None:
    """Make what is kept."""
    (video, avcc), (audio, asc) = _video(LONGEST), _audio(LONGEST)
    text = {name: base64.b64encode(data).decode() for name, data in (("avcc", avcc), ("asc", asc))}
    tracks = {
        name: [(*each[:3], base64.b64encode(each.data).decode()) for each in samples]
        for name, samples in (("video", video), ("audio", audio))
    }
    _KEPT.write_bytes(zlib.compress(json.dumps({**text, **tracks}).encode(), 9))


def _video(seconds: int) -> tuple[tuple[Sample, ...], bytes]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FPS), Fraction(1, FPS)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = GOP, 0, 1
    encoder.options = {"preset": "ultrafast", "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0"}
    packets = []
    for index in range(seconds * FPS):
        picture = (np.indices((HEIGHT, WIDTH)).sum(axis=0) + 7 * index).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=2), format="rgb24").reformat(format="yuv420p")
        frame.pts = index
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    samples: list[Sample] = []
    parameters: dict[int, bytes] = {}
    for index, packet in enumerate(packets):
        units = _units(bytes(packet))
        parameters |= {unit[0] & 31: unit for unit in units if unit[0] & 31 in (7, 8)}
        data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units if unit[0] & 31 not in (7, 8, 9))
        samples.append(Sample(index * TICKS, TICKS, bool(packet.is_keyframe), data))
    sps, pps = parameters[7], parameters[8]
    sets = b"\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x01" + len(pps).to_bytes(2, "big") + pps
    return tuple(samples), b"\x01" + sps[1:4] + b"\xff" + sets


def _audio(seconds: int) -> tuple[tuple[Sample, ...], bytes]:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "fltp"
    packets = []
    for index in range(seconds * RATE // FRAME):
        wave = np.sin(2 * np.pi * 440 * (np.arange(FRAME) + index * FRAME) / RATE) / 2
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32).reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, index * FRAME
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    data = [bytes(packet) for packet in packets][1:]  # the first is the encoder's priming
    return tuple(Sample(index * FRAME, FRAME, True, each) for index, each in enumerate(data)), bytes(
        encoder.extradata or b""
    )


def _units(annexb: bytes) -> list[bytes]:
    parts = annexb.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [part for part in parts if part]
