"""Words in a picture: legible behind a real encoder at any size, to the frame, and nothing else touched."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from hal.interface import Overlay, OverlayField, Unit, VideoFormat
from hal.overlay.burner import BLACK_Y, GREY_C, Burner, Plane, planes
from hal.overlay.glyphs import Font, index
from hal.sim.clock import VirtualClock
from hal.sim.scene import SyntheticScene
from hal.sim.video import EncodedVideo
from tests.burnt import NAMES, TIMES, Reader, decoded, tesseract
from tests.oracles import needs

NS = 1_000_000_000
NOON_NS = 1_800_000_000 * NS
SET = Overlay("lapel-0214", recording=True, clock_set=True, shift="wing-7")
SIZES = [
    (160, 120),
    (320, 180),
    (640, 480),
    (1280, 720),
    (1920, 1080),
    (3840, 2160),
    (180, 320),
    (160, 2160),
    (3840, 120),
]
PROFILES = [
    VideoFormat(160, 120, 10, 250_000, 10),
    VideoFormat(320, 180, 25, 250_000, 25),
    VideoFormat(640, 480, 30, 1_000_000, 30),
    VideoFormat(1280, 720, 30, 4_000_000, 30),
    VideoFormat(1920, 1080, 30, 8_000_000, 30),
    VideoFormat(3840, 2160, 30, 20_000_000, 10),  # a frame takes a tenth of a second here: shorter groups show as much
]


def noise(width: int, height: int, stride: int | None = None) -> Plane:
    """A mapped picture full of noise, from a fixed seed, rows of ``stride`` bytes."""
    return np.random.default_rng(6).integers(0, 256, (height * 3 // 2, stride or width), np.uint8)


def inside(burner: Burner, width: int, height: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which pixels the words' strips cover."""
    covered = np.zeros((height, width), np.bool_)
    for strip in (burner.head, burner.foot):
        covered[strip.box] = True
    return covered


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("more", [0, 64, 96])
def test_all_else_is_left_as_it_was(size: tuple[int, int], more: int) -> None:
    """Outside the strips each byte of all three planes is the same, what pads the rows too; inside there are words, and no colour."""
    width, height = size
    buffer = noise(width, height, width + more)
    before = buffer.copy()
    parts, old = planes(buffer, width), planes(before, width)
    burner = Burner(width, height)
    for utc_ns in (NOON_NS, NOON_NS + NS // 10):
        burner.burn(*parts, SET, utc_ns)
    covered = inside(burner, width, height)
    assert 0 < covered.mean() < (0.35 if height < 200 else 0.07)
    half = covered[::2, ::2]
    assert (covered == half.repeat(2, axis=0).repeat(2, axis=1)).all()  # no pixel of colour lies half under it
    for plane, was, under in zip(parts, old, (covered, half, half), strict=True):
        assert np.array_equal(plane[~under], was[~under])
    for plane in parts[1:]:
        assert set(plane[half].flat) == {GREY_C}
    assert parts[0][covered].min() == BLACK_Y
    assert parts[0][covered].max() == 235
    assert np.array_equal(buffer.reshape(-1, width + more)[:height, width:], before[:height, width:])
    reader = Reader(width, height)
    assert reader.head(parts[0]) == "REC lapel-0214 wing-7"
    assert reader.foot(parts[0]) == "2027-01-15 08:00:00.1 UTC"


@pytest.mark.parametrize("stride", [161, 163, 255])
def test_odd_strides(stride: int) -> None:
    """Planes may lie in memory as they like: rows of an odd stride each, upside down, or every second byte."""
    want = noise(160, 120)
    Burner(160, 120).burn(*planes(want, 160), SET, NOON_NS)
    y, u, v = planes(want, 160)
    fresh = planes(noise(160, 120), 160)
    shapes = []
    for plane in fresh:
        store = np.zeros((plane.shape[0], stride), np.uint8)
        store[:, 1 : 1 + plane.shape[1]] = plane
        shapes.append(store[:, 1 : 1 + plane.shape[1]])
    spread = np.zeros((240, 322), np.uint8)[::-2, ::2][:, :160]
    spread[:] = fresh[0]
    shapes[0] = spread if stride == 255 else shapes[0]
    Burner(160, 120).burn(shapes[0], shapes[1], shapes[2], SET, NOON_NS)
    assert all(np.array_equal(got, plane) for got, plane in zip(shapes, (y, u, v), strict=True))


@pytest.mark.parametrize(
    ("rows", "stride", "width"), [(181, 160, 160), (180, 161, 160), (180, 160, 162), (180, 160, 159)]
)
def test_what_is_no_picture(rows: int, stride: int, width: int) -> None:
    """Rows or widths that a YUV 4:2:0 picture cannot have are a wrong call, and so are rows that are not all there."""
    with pytest.raises(ValueError, match=f"no picture of {width} pixels"):
        planes(np.zeros((rows, stride), np.uint8), width)
    with pytest.raises(ValueError, match="no picture of 80 pixels"):
        planes(np.zeros((180, 160), np.uint8)[:, :80], 80)


def test_views_of_a_mapped_picture() -> None:
    """Y has the stride, U and V half of it, and they are the very bytes."""
    buffer = np.zeros((180, 192), np.uint8)
    y, u, v = planes(buffer, 160)
    assert (y.shape, u.shape, v.shape) == ((120, 160), (60, 80), (60, 80))
    y[119, 159], u[0, 0], v[59, 79] = 1, 2, 3
    flat = buffer.reshape(-1)
    assert (flat[119 * 192 + 159], flat[120 * 192], flat[-17]) == (1, 2, 3)


def test_only_what_changes_is_copied() -> None:
    """A tenth of a second is one cell, a second two, a minute more; another state three.  A frame in the same tenth copies none."""
    burner = Burner(1280, 720)
    parts = planes(noise(1280, 720), 1280)
    burner.burn(*parts, SET, NOON_NS)
    assert burner.foot.write("2027-01-15 08:00:00.0 UTC") == 0
    assert burner.foot.write("2027-01-15 08:00:00.1 UTC") == 1
    assert burner.foot.write("2027-01-15 08:00:01.0 UTC") == 2
    assert burner.foot.write("2027-01-15 08:01:00.0 UTC") == 2
    assert burner.head.write("PRE lapel-0214 wing-7") == 3
    assert burner.head.write("PRE lapel-0214 unassigned") == 10
    assert burner.head.write("PRE lapel-0214") == 0
    assert burner.head.write("PRE lapel-0214 wing-7") == 7


def test_no_word_lingers() -> None:
    """Words that get shorter leave the picture where they were; an empty line leaves all of it."""
    burner, reader = Burner(320, 180), Reader(320, 180)
    untouched = noise(320, 180)
    for overlay, head, foot in (
        (SET, "REC lapel-0214 wing-7", "1970-01-01 00:00:00.0 UTC"),
        (Overlay("x", recording=False, clock_set=False), "PRE x", "1970-01-01 00:00:00.0 CLOCK NOT SET"),
        (Overlay("x", recording=False, clock_set=True, fields=frozenset({OverlayField.SHIFT})), "PRE", ""),
        (SET, "REC lapel-0214 wing-7", "1970-01-01 00:00:00.0 UTC"),
    ):
        buffer = untouched.copy()
        parts = planes(buffer, 320)
        burner.burn(*parts, overlay, -1)
        assert (reader.head(parts[0]), reader.foot(parts[0])) == (head, foot)
        covered = inside(burner, 320, 180)
        assert np.array_equal(parts[0][~covered], planes(untouched, 320)[0][~covered])
        assert bool(covered[100:].any()) is bool(foot)


def test_nothing_of_a_frames_size_is_allocated() -> None:
    """A frame of twelve megabytes costs a few kilobytes of memory for a moment, a new second included."""
    burner, parts = Burner(3840, 2160), planes(noise(3840, 2160), 3840)
    burner.burn(*parts, SET, NOON_NS)
    tracemalloc.start()
    for step in range(25):
        burner.burn(*parts, SET, NOON_NS + step * NS // 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8192


def test_every_character_of_a_name_has_a_look_of_its_own() -> None:
    """All printable ASCII can be told apart, what is alike elsewhere by several dots; anything else is a box."""
    font = Font(1)
    glyphs = {chr(code): font.glyphs[index(chr(code))] for code in range(32, 127)}
    assert len({glyph.tobytes() for glyph in glyphs.values()}) == 95
    for one, other in ("0O", "1l", "1I", "lI", "5S", "8B", "2Z", "6b", "9g", "-~"):
        assert np.abs(glyphs[one] - glyphs[other]).sum() >= 2, (one, other)
    box = font.line("\u00a7")
    assert np.array_equal(font.line("\n"), box)
    assert all(not np.array_equal(box, glyph) for glyph in glyphs.values())
    assert font.line("").shape == (font.height, 0)


def filmed(video: VideoFormat, overlay: Overlay, start_ns: int, frames: int) -> list[Unit]:
    """A film of the moving scene, encoded at the profile's rate."""
    clock = VirtualClock(start_ns // 1_000_000)
    feed = EncodedVideo(SyntheticScene(video), video, clock)
    feed.burn(overlay)
    feed.begin(clock.monotonic_ns())
    units = [feed.take() for _ in range(frames)]
    feed.end()
    assert all(units)
    return [unit for unit in units if unit]


@needs("tesseract")
@pytest.mark.parametrize("video", PROFILES, ids=lambda video: f"{video.width}x{video.height}")
def test_read_behind_the_encoder_by_a_program_that_is_not_ours(video: VideoFormat) -> None:
    """Tesseract reads time, state and names in decoded frames of each profile, in the middle of a group of pictures and behind its end."""
    burner, count = Burner(video.width, video.height), video.gop + 4
    burner.head.write("REC camera-37 wing-9")
    burner.foot.write("2025-11-30 18:23:04.3 UTC")
    overlay = Overlay("camera-37", recording=True, clock_set=True, shift="wing-9")
    pictures = decoded(filmed(video, overlay, 1_764_526_984_300_000_000, count), video.height)
    for frame in (video.gop // 2, count - 1):
        tenths = 43 + 10 * frame // video.fps
        assert tesseract(pictures[frame][burner.foot.box], TIMES) == f"2025-11-30 18:23:{tenths / 10:04.1f} UTC"
        assert tesseract(pictures[frame][burner.head.box], NAMES) == "REC camera-37 wing-9"


@pytest.mark.parametrize("video", PROFILES, ids=lambda video: f"{video.width}x{video.height}")
def test_names_that_look_alike_are_told_apart_behind_the_encoder(video: VideoFormat) -> None:
    """Zero and O, one and l, and whatever else resembles another: cell by cell each is nearest to its own glyph, in each profile."""
    overlay = Overlay("q0o1l-8b5s", recording=False, clock_set=True, shift="OQ0DI1l8B6")
    reader = Reader(video.width, video.height)
    pictures = decoded(filmed(video, overlay, NOON_NS, 6), video.height)
    assert {reader.head(picture) for picture in pictures} == {"PRE q0o1l-8b5s OQ0DI1l8B6"}


@pytest.mark.parametrize("video", PROFILES[:4], ids=lambda video: f"{video.width}x{video.height}")
@pytest.mark.parametrize("begin_ms", [0, 17, 1999])
def test_the_time_changes_at_the_right_frame(video: VideoFormat, begin_ms: int) -> None:
    """Each decoded frame shows the tenth in which it was captured, over more than a second: never the one before or after."""
    units = filmed(video, SET, NOON_NS + begin_ms * 1_000_000, video.fps + 5)
    reader = Reader(video.width, video.height)
    seen = [reader.foot(picture) for picture in decoded(units, video.height)]
    offset_ns = NOON_NS + begin_ms * 1_000_000 - units[0].time_ns
    tenths = [(unit.time_ns + offset_ns) // 100_000_000 for unit in units]
    assert seen == [f"2027-01-15 08:00:{each // 10 % 60:02d}.{each % 10} UTC" for each in tenths]
    assert len(set(seen)) >= 10
