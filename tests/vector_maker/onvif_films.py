"""Films for the vectors of ONVIF Media Signing: sources that never change, signed, and tools to damage them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import cache

import av

from tests.evidence_maker import Authority, Identity, issue, mp4
from tests.evidence_maker.clips import TICKS, Clip, Sample
from tests.evidence_maker.onvif import Film, Frame, escaped, is_onvif, sample_data, slices, tags_of, unescaped
from tests.vector_maker.files import VECTORS

SOURCES = VECTORS / "onvif"


@cache
def source(name: str) -> tuple[tuple[tuple[bytes, ...], ...], bytes]:
    """The frames of ``source.h264`` (6 GOPs of 5 frames), ``source-other.h264`` (the same size, another scene) or
    ``source-slices.h264`` (3 GOPs, 3 slices a frame); and the decoder's configuration."""
    units = [unit for unit in (SOURCES / f"{name}.h264").read_bytes().split(b"\0\0\0\1") if unit]
    sps, pps = (next(unit for unit in units if unit[0] & 31 == kind) for kind in (7, 8))
    frames: list[tuple[bytes, ...]] = []
    for unit in slices(units):
        if unit[1] & 0x80:
            frames.append(())
        frames[-1] += (unit,)
    sets = b"\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x01" + len(pps).to_bytes(2, "big") + pps
    return tuple(frames), b"\x01" + sps[1:4] + b"\xff" + sets


def film(name: str = "source") -> Film:
    """A copy of a source's frames."""
    return [list(frame) for frame in source(name)[0]]


@cache
def authority(name: str = "authority") -> Authority:
    """Whose root is given."""
    return Authority(f"vectors {name}")


def session(number: int = 1) -> Identity:
    """The key of a boot of the camera."""
    return issue("session", "cam-0042", authority().device("cam-0042"), f"vectors session {number}")


def fragmented(frames: Film, name: str = "source") -> bytes:
    """A fragmented MP4, a fragment a GOP's length."""
    samples = [
        Sample(index * TICKS, TICKS, any(unit[0] & 31 == 5 for unit in frame), sample_data(frame))
        for index, frame in enumerate(frames)
    ]
    data = mp4.init(Clip((), (), source(name)[1], b""), sound=False)
    parts = range(0, len(samples), 5)
    return data + b"".join(mp4.fragment(at // 5 + 1, samples[at : at + 5], ()) for at in parts)


def remuxed(data: bytes, container: str) -> bytes:
    """The same film in another container: ``mp4`` (not fragmented) or ``matroska``."""
    made = io.BytesIO()
    with (
        av.open(io.BytesIO(data), "r", format="mp4") as given,
        av.open(made, "w", format=container, options={"fflags": "bitexact"}) as taken,
    ):
        stream = taken.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                taken.mux(packet)
    return made.getvalue()


def flip(frames: Film, at: int, which: int = 0) -> Film:
    """One bit in the middle of a slice is another."""
    place = [index for index, unit in enumerate(frames[at]) if unit[0] & 31 in (1, 5)][which]
    unit = bytearray(frames[at][place])
    unit[len(unit) // 2] ^= 1
    frames[at][place] = bytes(unit)
    return frames


def signatures(frames: Film) -> list[tuple[int, int]]:
    """Where the SEIs are: frame, and place in it."""
    return [(at, place) for at, frame in enumerate(frames) for place, unit in enumerate(frame) if is_onvif(unit)]


def change(frames: Film, number: int, edit: Callable[[bytes], bytes | None]) -> Film:
    """One SEI is another, or is gone."""
    at, place = signatures(frames)[number]
    changed = edit(frames[at][place])
    frames[at][place : place + 1] = [] if changed is None else [changed]
    return frames


def without(frames: Film, numbers: Iterable[int]) -> Film:
    """SEIs are taken out."""
    for number in sorted(numbers, reverse=True):
        change(frames, number, lambda _sei: None)
    return frames


def edit_tag(tag: int, offset: int, bit: int = 1) -> Callable[[bytes], bytes]:
    """An edit that changes bits of a byte of a tag's value, leaving the emulation prevention right."""

    def edit(sei: bytes) -> bytes:
        plain = bytearray(unescaped(sei[:-1]))
        begin, end = tags_of(bytes(plain) + b"\x80")[tag]
        plain[begin + offset if offset >= 0 else end + offset] ^= bit
        return escaped(bytes(plain)) + b"\x80"

    return edit


def only_signatures(frame: Frame) -> Frame:
    """A frame's SEIs without its slices."""
    return [unit for unit in frame if is_onvif(unit)]
