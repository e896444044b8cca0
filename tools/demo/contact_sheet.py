"""A contact sheet: which moments of a recording are worth a picture, and the pictures, out of the exported film."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av

from tools.demo.evidence import Footage
from tools.demo.in_step import Beeps, Flashes, luma_of, offsets_ms
from tools.verify.report import Verdict

WIDTH: Final = 384
QUALITY: Final = 80
CLOSEST_S: Final = 0.6
"""Two moments are at least so far apart."""
MOST: Final = 8
SHOWN_S: Final = 0.2
"""So long after the press every frame says that it is recorded."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a recording: its media time in seconds, what it is, and whether it lies before the press."""

    at_s: float
    label: str
    before: bool = False


@dataclass(frozen=True, slots=True)
class Viewing:
    """A film, looked at and listened to: a JPEG for each moment, and the offset of each beep from its flash, in ms."""

    pictures: dict[Moment, bytes]
    offsets: tuple[float, ...]


def moments(recording: Footage) -> list[Moment]:
    """The moments of a recording, in order of time."""
    live, end = recording.live_s, recording.end_s
    resumed = recording.journal.opening.continues is not None
    cut = recording.report.verdict is Verdict.RECOVERED
    last = Moment(end, "last frame before the power cut" if cut else "last frame")
    pressed = recording.at("start")
    first = Moment(live, "resumes by itself") if resumed or pressed is None else Moment(pressed + SHOWN_S, "pressed")
    wanted = [last, first]
    if (marked := recording.at("bookmark")) is not None:
        wanted.append(Moment(marked, "bookmark"))
    if live > CLOSEST_S:
        wanted.append(Moment(0.0, "oldest frame of the buffer", before=True))
        wanted.append(Moment(live / 2, "before the press", before=True))
    wanted += [Moment(live + (end - live) * part / 8, "recording") for part in (4, 2, 6, 1, 5, 3, 7)]
    return spread(wanted, CLOSEST_S, MOST)


def spread(wanted: Sequence[Moment], closest_s: float, most: int) -> list[Moment]:
    """Those that are not too close to one that stands before them in the list, and at most so many, in order of time."""
    chosen: list[Moment] = []
    for moment in wanted:
        if all(abs(moment.at_s - each.at_s) >= closest_s for each in chosen):
            chosen.append(moment)
    return sorted(chosen[:most], key=lambda moment: moment.at_s)


def view(film: Path, wanted: Sequence[Moment]) -> Viewing:
    """Decode a film once.  ``av.error.FFmpegError`` if it cannot be decoded."""
    viewer = _Viewer(wanted)
    with av.open(f"file:{film}") as container:
        streams = [*container.streams.video, *container.streams.audio]
        for stream in streams:
            stream.codec_context.thread_type = "AUTO"
        for packet in container.demux(*streams):
            for frame in packet.decode():
                viewer.take(packet.stream.type, frame)
    return viewer.end()


class _Viewer:
    """Takes decoded frames.  Each moment gets the picture that is shown then, the last one where the film has ended."""

    def __init__(self, wanted: Sequence[Moment]) -> None:
        self._pictures: dict[Moment, bytes] = {}
        self._waiting = sorted(wanted, key=lambda moment: moment.at_s)
        self._flashes, self._beeps = Flashes(), Beeps()
        self._shown: Any = None

    def take(self, kind: str, frame: Any) -> None:
        if kind == "audio":
            self._beeps.hear(frame.time, frame.to_ndarray()[0], frame.sample_rate)
            return
        self._flashes.see(frame.time, luma_of(frame))
        while self._waiting and self._waiting[0].at_s < frame.time:
            self._keep(self._shown or frame)
        self._shown = frame

    def end(self) -> Viewing:
        while self._waiting and self._shown is not None:
            self._keep(self._shown)
        return Viewing(self._pictures, tuple(offsets_ms(self._flashes.times, self._beeps.times)))

    def _keep(self, frame: Any) -> None:
        self._pictures[self._waiting.pop(0)] = picture(frame)


def picture(frame: Any) -> bytes:
    """A decoded picture as a small JPEG."""
    height = round(frame.height * WIDTH / frame.width / 2) * 2
    data = io.BytesIO()
    frame.reformat(width=WIDTH, height=height, interpolation="AREA").to_image().save(data, "JPEG", quality=QUALITY)
    return data.getvalue()
