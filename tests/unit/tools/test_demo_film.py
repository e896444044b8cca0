"""Looking at a film: the moments that are worth a picture, and sound against picture."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tools.demo.contact_sheet import CLOSEST_S, WIDTH, Moment, spread, view
from tools.demo.in_step import Beeps, Flashes, offsets_ms

RATE, FPS, SECONDS = 48_000, 30, 3
SIZE = (320, 180)


def film(path: Path, *, late_ms: int = 0, sound: bool = True) -> Path:
    """A film with a flash on each whole second and a beep that comes later by ``late_ms``; it gets brighter from frame to frame."""
    with av.open(path, "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=FPS)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        audio = output.add_stream("aac", rate=RATE, layout="mono") if sound else None
        for index in range(SECONDS * FPS):
            picture = np.full((SIZE[1], SIZE[0]), 20 + index, np.uint8)
            picture[:40, -60:] = 235 if index % FPS < 3 else 16
            frame = av.VideoFrame.from_ndarray(
                np.vstack([picture, np.full((90, 320), 128, np.uint8)]), format="yuv420p"
            )
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if audio is not None:
            at = (np.arange(SECONDS * RATE) - late_ms * RATE // 1000) % RATE
            wave = np.where(at < RATE // 10, np.sin(at * 2 * np.pi / 48) * 0.5, 0).astype(np.float32)
            for begin in range(0, len(wave), 1024):
                piece = av.AudioFrame.from_ndarray(wave[None, begin : begin + 1024], format="fltp", layout="mono")
                piece.pts, piece.sample_rate, piece.time_base = begin, RATE, Fraction(1, RATE)
                output.mux(audio.encode(piece))
            output.mux(audio.encode(None))
    return path


@pytest.mark.parametrize("late_ms", [0, 90, -60])
def test_sound_that_is_out_of_step_is_measured(late_ms: int, tmp_path: Path) -> None:
    """By how much, and in which direction, to half a frame."""
    offsets = view(film(tmp_path / "film.mp4", late_ms=late_ms), []).offsets
    assert len(offsets) >= SECONDS - 1
    assert all(abs(offset - late_ms) < 25 for offset in offsets)


def test_pictures_are_those_of_their_moments(tmp_path: Path) -> None:
    """Each shows the frame that was on then; a moment behind the end shows the last one."""
    wanted = [Moment(0.0, "first"), Moment(1.5, "middle"), Moment(99.0, "last")]
    viewing = view(film(tmp_path / "film.mp4", sound=False), wanted)
    bright = []
    for moment in wanted:
        image = Image.open(io.BytesIO(viewing.pictures[moment]))
        assert image.size == (WIDTH, WIDTH * SIZE[1] // SIZE[0])
        bright.append(np.asarray(image.convert("L"))[100:].mean())
    assert bright[0] < bright[1] < bright[2]
    assert abs((bright[1] - bright[0]) / (bright[2] - bright[0]) - 0.5) < 0.05
    assert viewing.offsets == ()


@given(
    st.lists(st.builds(Moment, st.floats(0, 60), st.text("ab", max_size=2)), min_size=1),
    st.integers(1, 8),
)
def test_chosen_moments_are_apart_and_in_order(wanted: list[Moment], most: int) -> None:
    """The first of the list is always among them, as it matters most."""
    chosen = spread(wanted, CLOSEST_S, most)
    assert wanted[0] in chosen
    assert len(chosen) <= most
    assert all(later.at_s - earlier.at_s >= CLOSEST_S for earlier, later in pairwise(chosen))


def test_a_long_beep_in_pieces_is_one_beep() -> None:
    """However the sound is cut into pieces."""
    beeps = Beeps()
    loud = np.full(480, 0.5, np.float32)
    for piece in range(8):
        beeps.hear(1 + piece / 100, loud, RATE)
    beeps.hear(1.5, np.zeros(480, np.float32), RATE)
    beeps.hear(2.0, np.concatenate([np.zeros(240, np.float32), loud]), RATE)
    assert beeps.times == pytest.approx([1.0, 2.005])


def test_a_flash_that_was_on_from_the_start_is_none() -> None:
    """Nobody knows when it began."""
    flashes = Flashes()
    dark, lit = np.zeros((180, 320), np.uint8), np.full((180, 320), 255, np.uint8)
    for at, picture in enumerate((lit, dark, lit, lit, dark)):
        flashes.see(at, picture)
    assert flashes.times == [2]


def test_a_beep_without_a_flash_is_not_counted() -> None:
    """Nor is one without any picture at all."""
    assert offsets_ms([1.0, 3.0], [0.99, 2.0, 3.02]) == pytest.approx([-10, 20])
    assert offsets_ms([], [1.0]) == []
