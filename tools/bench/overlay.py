"""The overlay's benchmark: what burning one frame takes, as shares of what was measured in turns with it, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median

import av
import numpy as np

from hal.interface import Overlay, VideoFormat
from hal.overlay.burner import Burner
from hal.sim.paint import Plane, Planes
from hal.sim.scene import SyntheticScene
from hal.sim.video import encoder
from tools.bench.figure import Figure
from tools.bench.suites import Scale

FORMATS = (VideoFormat(1280, 720, 30, 4_000_000, 30), VideoFormat(1920, 1080, 30, 8_000_000, 30))
OF_A_COPY = 0.33
"""The most that burning may take of what copying the frame's planes takes: the camera's pipeline copies none, and three such overlays would not
cost as much as one copy."""
OF_ENCODING = 0.02
"""The most that it may take of what encoding the frame with x264 takes, at its quickest."""

ZERO_2_W = 1295.5
"""Bytes a microsecond that a Raspberry Pi Zero 2 W was seen to copy: "standard memcpy" of tinymembench in
https://github.com/ThomasKaiser/Knowledge/blob/master/articles/Quick_Review_of_RPi_Zero_2_W.md.  Nothing of ours has run on one: what is made
of it is an estimate, and takes the interpreter for no slower there, beside this machine, than memory is."""

FRAMES, QUICK_FRAMES = 300, 60
_NS = 1_000_000_000
_UTC_NS = 1_800_000_000 * _NS
_PARTS = 10  # of a run, each with a median of its own: their spread is what the machine's other work does


def measure(scale: Scale) -> Iterator[Figure]:
    """Shares of copying and of encoding a frame, for each format."""
    for video in FORMATS:
        burning, copying, encoding = _run(video, QUICK_FRAMES if scale.quick else FRAMES)
        what = f"burning one frame, {video.width}x{video.height}"
        figure = _share(what, "copying its planes", burning, copying, OF_A_COPY)
        zero_2_w_us = (figure.value or 0.0) * video.width * video.height * 3 / 2 / ZERO_2_W
        yield replace(figure, facts={**figure.facts, "zero_2_w_us_estimated": zero_2_w_us})
        yield _share(what, "encoding it, x264 ultrafast", burning, encoding, OF_ENCODING)


def hot(scale: Scale) -> Callable[[], object]:
    """Burning words into frames at 1080p, one after the other, each with a time of its own."""
    video, frames = FORMATS[-1], 500 if scale.quick else 50_000
    picture, burner = SyntheticScene(video).picture(0), Burner(video.width, video.height)
    overlay = Overlay("lapel-0001", recording=True, clock_set=True, shift="unassigned")

    def burn() -> None:
        for number in range(frames):
            burner.burn(picture.y, picture.u, picture.v, overlay, _UTC_NS + number * _NS // video.fps)

    return burn


def _run(video: VideoFormat, frames: int) -> tuple[list[int], list[int], list[int]]:
    """How long burning, copying and encoding took, for each frame of a film, in ns."""
    scene, burner, codec = SyntheticScene(video), Burner(video.width, video.height), encoder(video)
    copy = Planes.blank(video.width, video.height)
    overlay = Overlay("lapel-0001", recording=True, clock_set=True, shift="unassigned")
    burning, copying, encoding = list[int](), list[int](), list[int]()
    for number in range(-1, frames):  # the first one makes the glyphs, and is left out
        picture = scene.picture((number + 1) * _NS // video.fps)
        utc_ns = _UTC_NS + number * _NS // video.fps
        burnt = _took(lambda y, u, v, at=utc_ns: burner.burn(y, u, v, overlay, at), picture)
        copied = _took(lambda y, u, v: _copy(copy, y, u, v), picture)
        frame = av.VideoFrame.from_ndarray(picture.whole, format="yuv420p")
        frame.pts = number + 1
        began = time.perf_counter_ns()
        codec.encode(frame)
        encoded = time.perf_counter_ns() - began
        if number >= 0:
            burning.append(burnt)
            copying.append(copied)
            encoding.append(encoded)
    return burning, copying, encoding


def _took(act: Callable[..., None], picture: Planes) -> int:
    began = time.perf_counter_ns()
    act(picture.y, picture.u, picture.v)
    return time.perf_counter_ns() - began


def _copy(into: Planes, *planes: Plane) -> None:
    for (target, _), plane in zip(into.each(), planes, strict=True):
        np.copyto(target, plane)


def _share(what: str, against: str, ours: list[int], theirs: list[int], limit: float) -> Figure:
    """A ratio for each part of the run; times in ns."""
    size = len(ours) // _PARTS
    parts = [slice(at, at + size) for at in range(0, size * _PARTS, size)]
    shares = tuple(median(ours[part]) / median(theirs[part]) for part in parts)
    facts = {"what_us": median(ours) / 1000, "against_us": median(theirs) / 1000}
    return Figure("overlay", what, against, shares, most=limit, facts=facts)
