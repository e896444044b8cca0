"""The whole service on the real libcamera: pressed on a pin, seen on lights, sealed, and judged by the verifier that shares no code with it.

Pins and chips on the bus are those of tests/pi_bench.py, on the real gpiozero and smbus2; there is neither microphone nor dock.
"""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pyrage
import pytest
from gpiozero.pins.mock import MockFactory
from picamera2.encoders.libav_h264_encoder import LibavH264Encoder

from hal.pi.camera import BUFFERS
from tests.contract import pi_chips
from tests.contract.libcamera import stand
from tests.contract.libcamera.scene import VIDEO
from tests.contract.pi_docks import Terminals
from tests.pi_bench import BOARD, GREEN, Bench, Fragile, Heart, surroundings
from tests.rig import pki
from tests.specification.hardware import REVISIONS
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

PRE_S = 2
PICTURE = {"width": VIDEO.width, "height": VIDEO.height, "fps": VIDEO.fps, "bitrate": VIDEO.bitrate}
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # picamera2's, where it cannot open


@pytest.fixture
def camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An enrolled camera whose lens is libcamera's, and which has buttons, lights, a fuel gauge and an accelerometer besides."""
    monkeypatch.setattr(
        time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC
    )  # which is what libcamera's virtual camera stamps by
    stand.plug()
    wires = pi_chips.Wires({pi_chips.GAUGE: pi_chips.Max17048(), pi_chips.FEELER: Heart()})
    nothing: Any = None
    made = Bench(tmp_path, MockFactory(REVISIONS[BOARD], Fragile), nothing, wires, nothing, Terminals(tmp_path / "no"))
    made.board = replace(made.board, microphone=None, uart=None)
    made.enrol(pre_event_s=PRE_S, **PICTURE)
    with surroundings(made):
        yield made
    gc.collect()
    stand.unplug()


def judged(camera: Bench) -> Verdict:
    """The verifier's word on the card."""
    root, key = camera.path / "root.pem", camera.path / "authority.agekey"
    root.write_bytes(pki().root_pem)
    key.write_text(f"{pki().authority_identity}\n")
    return verify_path(camera.path / "evidence", root, [key]).worst


def film(camera: Bench) -> list[tuple[Fraction, bool]]:
    """Each frame of the recordings as FFmpeg finds it in what age opens: its time in seconds, and whether it is a keyframe."""
    found = list[tuple[Fraction, bool]]()
    for segment in camera.evidence("*.mp4.age"):
        with av.open(io.BytesIO(pyrage.decrypt(segment.read_bytes(), [pki().authority_identity])), mode="r") as opened:
            packets = [packet for packet in opened.demux(video=0) if packet.size]
            found += [
                (Fraction(str(packet.pts)) * Fraction(str(packet.time_base)), packet.is_keyframe) for packet in packets
            ]
            frames = sum(len(packet.decode()) for packet in packets)
            assert len(packets) - frames <= 1  # which the decoder still holds
    return found


def test_a_press_becomes_evidence(camera: Bench) -> None:
    """With the seconds before the press, and at the times that libcamera gave its frames, none of which is missing."""

    def story(camera: Bench) -> None:
        camera.wait_light("top", GREEN)
        time.sleep(PRE_S + 1)
        camera.record()
        pressed.append(time.monotonic_ns())
        camera.wait(lambda: len(camera.evidence("*.mp4.age")) >= 4, "segments")
        camera.stop()
        camera.wait_light("top", GREEN)

    pressed = list[int]()
    assert camera.serve(story) == 0
    assert judged(camera) is Verdict.WHOLE
    frames = film(camera)
    (lens,) = stand.OPENED
    times = [each.time_ns for each in lens.seen]
    steps = [Fraction(after - before, 1_000_000_000) for before, after in pairwise(times)]
    late = max(steps) > Fraction(
        4, 3 * VIDEO.fps
    )  # on a machine that is too busy to be a sensor: the service has to say so
    assert set(camera.faults()) <= ({"picture-fails"} if late else set())
    got = [after[0] - before[0] for before, after in pairwise(frames)]
    begins = [at for at in range(len(steps) - len(got) + 1) if close(got, steps[at : at + len(got)])]
    assert len(begins) == 1
    before_s = (pressed[0] - times[begins[0]]) / 1e9
    assert PRE_S <= before_s < PRE_S + 2
    keys = [at for at, (_, key) in enumerate(frames) if key]
    assert {after - before for before, after in pairwise(keys)} == {VIDEO.fps}


def close(got: list[Fraction], wanted: list[Fraction]) -> bool:
    """Whether these are the same times, to the 90000th of a second that a film counts in and its rounding."""
    return all(abs(each - other) <= Fraction(2, 90_000) for each, other in zip(got, wanted, strict=True))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lens_that_dies_is_had_again_and_the_gap_is_signed(camera: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """picamera2's thread ends in the middle of a recording, while libcamera runs on: it is noticed, shown, opened anew, and what is missing
    in between is in the evidence, which is whole."""

    def breaks(*_: object) -> None:
        raise RuntimeError("out of memory, say")

    def story(camera: Bench) -> None:
        camera.wait_light("top", GREEN)
        camera.record()
        camera.wait(lambda: len(camera.evidence("*.mp4.age")) >= 2, "segments")
        with monkeypatch.context() as broken:
            broken.setattr(LibavH264Encoder, "_encode", breaks)
            preview: Any = stand.OPENED[0]._preview
            preview.thread.join(60)
        camera.wait(lambda: len(stand.OPENED) > 1, "a camera that is opened again")
        count = len(camera.evidence("*.mp4.age"))
        camera.wait(lambda: len(camera.evidence("*.mp4.age")) > count, "more of it")
        camera.stop()

    assert camera.serve(story) == 0
    assert judged(camera) is Verdict.WHOLE
    assert {"fault", "picture-fails"} <= set(camera.faults())
    gaps = [after[0] - before[0] for before, after in pairwise(film(camera))]
    (gap,) = [each for each in gaps if each > 1]
    last, first = stand.OPENED[0].seen[-1], stand.OPENED[1].seen[0]
    assert abs(gap - Fraction(first.time_ns - last.time_ns, 1_000_000_000)) < Fraction(BUFFERS + 3, VIDEO.fps)
