"""Looking at a film: the moments that are worth a picture, and sound against picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

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
    loud, quiet = np.full(480, 0.5, np.float32), np.zeros(480, np.float32)
    pieces = [quiet] * 30 + [loud] * 8 + [quiet] * 40 + [np.concatenate([quiet[:240], loud[:240]])]
    assert heard(pieces) == pytest.approx([0.3, 0.785])


def test_a_beep_that_was_on_from_the_start_is_none() -> None:
    """Nobody knows when it began: the microphone opened in the middle of it."""
    loud, quiet = np.full(480, 0.5, np.float32), np.zeros(480, np.float32)
    assert heard([loud] * 4 + [quiet] * 60 + [loud]) == pytest.approx([0.64])
    assert heard([quiet] + [loud] * 4 + [quiet] * 60 + [loud]) == pytest.approx([0.65])


def test_a_beep_behind_a_gap_in_the_sound_is_none() -> None:
    """Where sound was lost, the beginning of the beep may have been too."""
    loud, quiet = np.full(480, 0.5, np.float32), np.zeros(480, np.float32)
    beeps = Beeps()
    for index, piece in enumerate([quiet] * 60 + [loud] * 4):
        beeps.hear(index / 100 + (0.05 if index >= 60 else 0), piece, RATE)
    assert beeps.times == []


def heard(pieces: Sequence[np.ndarray[Any, np.dtype[np.float32]]]) -> list[float]:
    """The beeps in pieces of ten milliseconds, one after the other."""
    beeps = Beeps()
    for index, piece in enumerate(pieces):
        beeps.hear(index / 100, piece, RATE)
    return beeps.times


def test_a_flash_that_was_on_from_the_start_is_none() -> None:
    """Nobody knows when it began."""
    flashes = Flashes()
    dark, lit = np.zeros((180, 320), np.uint8), np.full((180, 320), 255, np.uint8)
    for at, picture in enumerate((lit, dark, lit, lit, dark)):
        flashes.see(at / FPS, picture)
    assert flashes.times == [2 / FPS]


def test_a_flash_behind_a_gap_in_the_picture_is_none() -> None:
    """Where frames were lost, the first ones of the flash may have been among them."""
    flashes = Flashes()
    dark, lit = np.zeros((180, 320), np.uint8), np.full((180, 320), 255, np.uint8)
    for index, picture in ((0, dark), (1, dark), (4, lit), (5, dark), (6, lit)):
        flashes.see(index / FPS, picture)
    assert flashes.times == [6 / FPS]


def test_a_beep_without_a_flash_is_not_counted() -> None:
    """Nor is one without any picture at all."""
    assert offsets_ms([1.0, 3.0], [0.99, 2.0, 3.02]) == pytest.approx([-10, 20])
    assert offsets_ms([], [1.0]) == []
