"""Reading files back with PyAV: what a player that we did not write finds in them."""

from __future__ import annotations

import io
from typing import NamedTuple

import av
import av.logging


class Packet(NamedTuple):
    """A sample as libav demuxes it; times in ticks of its track."""

    time: int
    duration: int
    data: bytes
    key: bool


class Contents(NamedTuple):
    """The samples of both tracks, and how many pictures and sound frames decode."""

    video: list[Packet]
    audio: list[Packet]
    pictures: int
    sounds: int


def read(data: bytes) -> Contents:
    """Demux and decode a file; a complaint of libav's is an assertion error."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as complaints:
            contents = _read(data)
    finally:
        av.logging.set_level(level)
    assert not complaints, complaints
    return contents


def _read(data: bytes) -> Contents:
    contents = Contents([], [], 0, 0)
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        for packet in container.demux():
            if packet.dts is None or packet.pts is None:
                continue
            assert packet.pts == packet.dts
            track = contents.video if packet.stream.type == "video" else contents.audio
            track.append(Packet(packet.pts, packet.duration or 0, bytes(packet), packet.is_keyframe))
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        pictures = sum(1 for _ in container.decode(video=0))
    sounds = 0
    if contents.audio:
        with av.open(io.BytesIO(data), "r", format="mp4") as container:
            sounds = sum(1 for _ in container.decode(audio=0))
    return contents._replace(pictures=pictures, sounds=sounds)
