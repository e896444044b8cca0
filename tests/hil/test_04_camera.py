"""The lens gives every frame, in order and in time, and what it gives plays.

Ten seconds of the default profile, by way of picamera2 and the encoder that the board has. Frames are counted by the sensor's own times; the film is brought to this
desk, decoded, and looked at.

Wiring:
    The camera's flat cable: power off, contacts towards the contacts, both ends locked. On a Pi 5 the port CAM/DISP 0. On a Zero 2 W and a Pi 5 the cable with the narrow end.

When all is well it prints:
    <number> frames in <number> s, <number> gaps, longest <number> ms
    <number> keyframes, <number> Mbit/s
    a frame is there <number> ms after it was captured, in the middle; at most <number> ms
    all <number> frames decode at <size>
    bright <number>, covered <number>
    somebody saw that it is upright and sharp

When not, look at:
    - no camera: `rpicam-hello --list-cameras`; the cable's direction at both ends; `camera_auto_detect=1` in `config.txt`
    - gaps on a Zero 2 W: the supply, the processor's temperature, another program; `gpu_mem` and `cma` in `config.txt`
    - "Cannot allocate memory": too little CMA memory; `dmesg | grep -i cma`
    - no keyframe a second: another encoder than the board's; which one `hal/pi/camera.py` chose
    - it does not end: a dead encoder; only a power cycle helps, and that is to be reported
"""

from __future__ import annotations

import io
import statistics
from itertools import pairwise

import av
import numpy as np
import pytest
from PIL import Image

from tests.hil.bench import Bench
from tests.hil.plugin import Note

pytestmark = pytest.mark.timeout(1800)
SECONDS = 10
SHORT_S = 3
INTO = "/run/lapel-hil-film"
FEWEST = 0.95
"""Of the frames that the rate and the time ask for: the lens takes a moment to begin."""
LATE_MS = 500.0
DARKER = 0.5


@pytest.fixture(autouse=True)
def lens(board: Bench) -> None:
    """Of a board without one nothing is asked."""
    if board.board.camera is None:
        pytest.skip("not possible here: this board's file has no camera")


def film(board: Bench, name: str, seconds: int) -> list[np.ndarray]:
    """The brightness of every frame of a film that was just made."""
    board.ask("camera", 60 + seconds, **board.profile, seconds=seconds, into=INTO)
    return decoded(board.fetch(INTO, name))


def decoded(data: bytes) -> list[np.ndarray]:
    """The pictures of a film as it leaves an encoder: red, green, blue."""
    with av.open(io.BytesIO(data), mode="r", format="h264") as opened:
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


def test_every_frame_comes(board: Bench, note: Note) -> None:
    """None is missing, each second begins with a keyframe, and all of it decodes."""
    rate = board.profile["fps"]
    told = board.ask("camera", 60 + SECONDS, **board.profile, seconds=SECONDS, into=INTO)
    times, keys = told.numbers("times_ms"), told.numbers("keys")
    assert len(times) >= SECONDS * rate * FEWEST, f"{len(times)} frames"
    between = [later - earlier for earlier, later in pairwise(times)]
    gaps = sum(each > 1500 / rate for each in between)
    note(f"{len(times)} frames in {times[-1] / 1000:.1f} s, {gaps} gaps, longest {max(between):.1f} ms")
    assert gaps == 0
    note(f"{len(keys)} keyframes, {told.number('bytes') * 8000 / max(times[-1], 1) / 1e6:.2f} Mbit/s")
    assert all(later - earlier == rate for earlier, later in pairwise(keys))
    late = told.numbers("late_ms")
    note(
        f"a frame is there {statistics.median(late):.0f} ms after it was captured, in the middle; at most {max(late):.0f} ms"
    )
    assert min(late) >= 0
    assert statistics.median(late) <= LATE_MS
    pictures = decoded(board.fetch(INTO, "camera.h264"))
    size = f"{pictures[0].shape[1]}x{pictures[0].shape[0]}"
    note(f"all {len(pictures)} frames decode at {size}")
    assert len(pictures) == len(times)
    assert size == f"{board.profile['width']}x{board.profile['height']}"
    Image.fromarray(pictures[len(pictures) // 2]).save(board.config.out / "lens.png")


def test_covered_it_is_dark(board: Bench, note: Note) -> None:
    """So what comes is of this lens, now."""
    board.hands.do("aim")
    bright = film(board, "bright.h264", SHORT_S)[-1].mean()
    board.hands.do("cover")
    dark = film(board, "dark.h264", SHORT_S)[-1].mean()
    board.hands.do("uncover")
    note(f"bright {bright:.0f}, covered {dark:.0f}")
    assert dark < bright * DARKER


def test_somebody_looks(board: Bench, note: Note) -> None:
    """Upright and sharp, of the right colours."""
    assert board.hands.do("sharp", path=str(board.config.out / "lens.png")) is True
    note("somebody saw that it is upright and sharp")
