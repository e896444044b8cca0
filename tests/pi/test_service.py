"""The service on a real board's parts, from the press to the evidence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from firmware import service
from tests.oracles import needs
from tests.pi_bench import BOARD, Bench, bench, lines
from tests.rig import pki
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

pytestmark = pytest.mark.timeout(120)


@needs("age", "ffprobe")
def test_a_press_becomes_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Enrolled, buffering, pressed on a pin, shown on others, stopped, sealed: an independent judge is content, and stock age opens each file."""

    def story(camera: Bench) -> None:
        camera.wait_ready()
        camera.wait_word(b"WATCHDOG=1")
        camera.record()
        assert second(camera) == service.TAKEN
        camera.wait(lambda: len(camera.evidence("*.mp4.age")) >= 3, "segments")
        camera.stop()
        camera.wait_ready()

    with bench(tmp_path) as camera:
        camera.enrol()
        assert camera.serve(story) == 0
        camera.wait_word(b"STOPPING=1")
        assert set(camera.faults()) <= {"picture-fails"}  # on a busy machine the sensor of the tests loses frames
        log = lines(capsys.readouterr().err)
        assert [line for line in log if line["level"] in {"warning", "error"}] == []
        judged(camera)


def second(camera: Bench) -> int:
    """What becomes of another service on the same camera: it is refused, and says what is taken."""
    places = camera.places
    given: list[str | Path] = [
        "--config",
        places.config,
        "--evidence",
        places.evidence,
        "--run",
        places.run,
        "--no-partitions",
    ]
    command: list[str | Path] = [sys.executable, "-m", "firmware", "--hal", "pi", "--board", BOARD, *given]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    (line,) = lines(done.stderr.decode())
    assert line["trouble"] == f"another service runs on this camera: it has {places.config}"
    return done.returncode


def judged(camera: Bench) -> None:
    """The verifier's word, and age's and ffprobe's on each segment."""
    root, key = camera.path / "root.pem", camera.path / "authority.agekey"
    root.write_bytes(pki().root_pem)
    key.write_text(f"{pki().authority_identity}\n")
    report = verify_path(camera.path / "evidence", root, [key])
    assert report.worst is Verdict.WHOLE
    tracks = set()
    for segment in camera.evidence("*.mp4.age"):
        plain = camera.path / "plain.mp4"
        opened: list[str | Path] = ["age", "-d", "-i", key, "-o", plain, segment]
        subprocess.run(opened, check=True)
        asked: list[str | Path] = [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "stream=codec_name",
            "-of",
            "csv=p=0",
            plain,
        ]
        told = subprocess.run(asked, check=True, capture_output=True, text=True)
        assert told.stderr == ""
        tracks |= set(told.stdout.split())
    assert tracks == {"h264", "aac"}
