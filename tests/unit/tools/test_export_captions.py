"""What is written under the picture is the recorded time, honestly qualified, and stock programs show it."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.evidence_maker import RECIPIENTS, Camera, Identity, Plan
from tests.evidence_maker.recording import Line
from tests.oracles import needs
from tests.unit.tools.conftest import Desk
from tools.export.captions import Chapter, Story, captions, chapters
from tools.export.cutting import Span
from tools.export.exporter import Request, export_recording
from tools.export.times import FrameTime
from tools.verify.exported import verify_export

SECOND = 90_000


class Clock:
    """Times that run evenly from a moment on; ``None``: a clock that was never set."""

    def __init__(self, utc_ms: int | None, uncertainty_ms: int | None = 1100, press: int = 0) -> None:
        self.utc_ms, self.uncertainty_ms, self.press = utc_ms, uncertainty_ms, press

    def at(self, media: int) -> FrameTime:
        """As ``FrameTimes.at``."""
        pre_event = media < self.press
        if self.utc_ms is None:
            return FrameTime(None, None, "unset", pre_event)
        return FrameTime(self.utc_ms + round(media / 90), self.uncertainty_ms, "dock", pre_event)


def story(clock: Clock, *notes: dict[str, Any], silenced: tuple[Span, ...] = ()) -> Story:
    """A story of camera cam-1."""
    return Story("cam-1", 7, clock, clock.press or None, notes, silenced)  # type: ignore[arg-type]  # `Clock` here is the test's own, with what a story asks of it


def texts(told: Story, seconds: int) -> list[str]:
    """The captions' texts from 0 on."""
    return [each.text for each in captions(told, 0, seconds * SECOND)]


def test_a_caption_a_second() -> None:
    """The time changes on the second, and says how well it is known."""
    found = list(captions(story(Clock(1_767_225_599_250)), 0, 3 * SECOND))
    assert [(each.start, each.end) for each in found] == [
        (0, 67_500),
        (67_500, 157_500),
        (157_500, 247_500),
        (247_500, 270_000),
    ]
    assert found[0].text == "2025-12-31 23:59:59 UTC \u00b11.1 s\ncam-1, recording 7"
    assert found[1].text.startswith("2026-01-01 00:00:00 UTC")


def test_unset_clock_says_so() -> None:
    """A clock that was never set shows no date, not even one that looks like one."""
    assert texts(story(Clock(None)), 2) == [
        "clock not set, 00:00.0 into the recording\ncam-1, recording 7",
        "clock not set, 00:01.0 into the recording\ncam-1, recording 7",
    ]


def test_unknown_uncertainty_says_so() -> None:
    """A time that nobody vouches for is called the camera's own."""
    assert "UTC by the camera's clock alone" in texts(story(Clock(0, None)), 1)[0]


def test_before_the_press() -> None:
    """What comes from the buffer is marked, up to the frame at which the live part begins."""
    found = list(captions(story(Clock(0, press=144_000)), 0, 3 * SECOND))
    assert [(each.end, "PRE-EVENT" in each.text) for each in found] == [
        (90_000, True),
        (144_000, True),
        (180_000, False),
        (270_000, False),
    ]


def test_shift_and_sound() -> None:
    """Shift and sound are told as the private part has them, from their time on."""
    notes = (
        {"kind": "assignment", "at": None, "shift": None},
        {"kind": "assignment", "at": SECOND, "shift": "S-1"},
        {"kind": "sound", "at": 0, "state": "on"},
        {"kind": "sound", "at": 2 * SECOND, "state": "muted"},
    )
    rows = [text.split("\n")[1:] for text in texts(story(Clock(0), *notes), 3)]
    assert rows == [
        ["cam-1, recording 7, no shift assigned"],
        ["cam-1, recording 7, shift S-1"],
        ["cam-1, recording 7, shift S-1", "sound muted by the officer"],
    ]


def test_removed_sound() -> None:
    """Where the desk took sound out, the film says so, and only there."""
    found = list(captions(story(Clock(0), silenced=(Span(27_000, 63_000),)), 0, SECOND))
    assert [(each.start, "sound removed" in each.text) for each in found] == [
        (0, False),
        (27_000, True),
        (63_000, False),
    ]


@given(
    some.integers(-(2**40), 2**41),
    some.integers(0, 10**7),
    some.integers(1, 20 * SECOND),
    some.lists(some.integers(0, 2 * 10**7), max_size=4),
)
def test_captions_without_a_gap(utc_ms: int, begin: int, length: int, turns: list[int]) -> None:
    """Whatever the times, captions follow each other without gap or overlap, none longer than a second."""
    told = story(Clock(utc_ms), *({"kind": "sound", "at": at, "state": "on"} for at in turns))
    found = list(captions(told, begin, begin + length))
    assert (found[0].start, found[-1].end) == (begin, begin + length)
    assert all(here.end == after.start for here, after in pairwise(found))
    assert all(0 < each.end - each.start <= 1.01 * SECOND for each in found)


def test_chapters() -> None:
    """Chapters begin where the film, the press and each bookmark are; of two at the same time one remains."""
    notes = (
        {"kind": "start", "at": 190_000, "trigger": "button"},
        {"kind": "bookmark", "at": 300_000, "label": "yard"},
        {"kind": "bookmark", "at": 300_000, "label": ""},
        {"kind": "bookmark", "at": None, "label": "lost"},
        {"kind": "bookmark", "at": 990_000, "label": "later"},
    )
    assert chapters(story(Clock(0, press=180_000), *notes), 0, 540_000) == [
        Chapter(0, "before the press"),
        Chapter(190_000, "press"),
        Chapter(300_000, "bookmark"),
    ]
    assert chapters(story(Clock(0, press=180_000)), 200_000, 540_000) == [Chapter(200_000, "recording")]


@needs("ffmpeg", "ffprobe")
def test_stock_programs_show_them(made: Desk, tmp_path: Path) -> None:
    """Ffprobe finds the track, switched on, and the chapters; ffmpeg reads the texts at their times."""
    film = export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", root=made.root).path
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_chapters", "-of", "json", str(film)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    track = next(stream for stream in told["streams"] if stream["codec_type"] == "subtitle")
    assert (track["codec_name"], track["disposition"]["default"], track["start_time"]) == ("mov_text", 1, "0.000000")
    assert [(float(each["start_time"]), each["tags"]["title"]) for each in told["chapters"]] == [
        (0, "before the press"),
        (2, "press"),
        (pytest.approx(3.3333, abs=1e-3), "bookmark: Zelle 12 \u2192 Hof"),
    ]
    command = ["ffmpeg", "-v", "error", "-i", str(film), "-map", "0:s:0", "-f", "webvtt", "-"]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "00:00.520 --> 00:01.520\n2026-02-10 00:17:40 UTC by the camera's clock alone\n" in shown
    assert shown.count("shift SHIFT-7F3A") == shown.count("-->") == 8
    assert shown.count("PRE-EVENT") == 3


@needs("ffmpeg")
def test_a_rendered_frame_shows_them(made: Desk, tmp_path: Path) -> None:
    """A player that renders the subtitles paints them over the lower part of the picture, above its
    edge: there cameras write their own time into it."""
    film = export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", root=made.root).path

    def frame(filters: str) -> bytes:
        command = ["ffmpeg", "-v", "error", "-i", film.name, "-vf", filters, "-frames:v", "1", "-f", "rawvideo", "-"]
        return subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout

    plain, painted = (frame(filters) for filters in ("format=gray", "subtitles=film.mp4,format=gray"))
    assert len(plain) == len(painted) == 160 * 120
    changed = {at // 160 for at in range(len(plain)) if abs(plain[at] - painted[at]) > 40}
    assert changed
    assert min(changed) > 60
    assert max(changed) < 112


def test_they_change_no_sample(made: Desk, tmp_path: Path) -> None:
    """With subtitles and without, the film is proven; and nothing private is told where it is not to be."""
    for name, request in {
        "with": Request(),
        "bare": Request(people=False),
        "silent": Request(private=False),
    }.items():
        done = export_recording(
            made.recording(1), [made.key], tmp_path / f"{name}.mp4", root=made.root, request=request
        )
        assert verify_export(done.path, made.recording(1), made.root, [made.key]).exit_code == 0
        assert (b"SHIFT-7F3A" in done.path.read_bytes()) is (name == "with")
        assert (b"Hof" in done.path.read_bytes()) is (name == "with")


def test_recording_without_a_private_part(tmp_path: Path) -> None:
    """Where a cut took the private part, the rest is told all the same."""
    camera = Camera(tmp_path / "card")
    camera.record(Plan(segments=1, before=0, private=()))
    (tmp_path / "key").write_text(RECIPIENTS[1].key_file)
    film = export_recording(camera.directory(1), [tmp_path / "key"], tmp_path / "film.mp4").path
    assert b"cam-0042, recording 1" in film.read_bytes()


def test_unset_clock_in_a_film(tmp_path: Path) -> None:
    """A camera whose clock was never set gives a film that says so, second by second."""

    def unset(typ: str, payload: dict[str, Any], signer: Identity, chained: bool) -> Line:  # noqa: FBT001
        if "clock" in payload:
            payload = {**payload, "clock": {**payload["clock"], "quality": "unset"}}
        return payload, signer, chained

    camera = Camera(tmp_path / "card", forge=unset)
    camera.record(Plan(segments=1, before=0))
    (tmp_path / "key").write_text(RECIPIENTS[1].key_file)
    film = export_recording(camera.directory(1), [tmp_path / "key"], tmp_path / "film.mp4").path.read_bytes()
    assert film.count(b"clock not set") == 2
    assert b" UTC" not in film.replace(b"opened 2026-02-10 00:17:40 UTC by its clock (unset)", b"")
