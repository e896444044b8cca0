"""What ffmpeg, which everybody has, says of our files: nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.media_clips import clip
from tests.oracles import needs
from tests.unit.media.recorded import opened_at, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs("ffmpeg")

SLICED = (("slices", "4"),)
HIGH = (("profile", "high"), ("preset", "veryfast"))


def complaints(path: Path) -> str:
    """Everything that ffmpeg has against a file, decoding all of it."""
    command = ("ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stderr + (f"exit status {done.returncode}" if done.returncode else "")


@pytest.mark.parametrize("options", [(), SLICED, HIGH], ids=["plain", "sliced", "high"])
def test_each_segment_alone(options: tuple[tuple[str, str], ...], tmp_path: Path) -> None:
    """Silent pre-event segments of a recording with a microphone, segments with sound, the last one."""
    recorded = record(opened_at(clip(6, options=options), 2.5))
    assert len(recorded.files) == 3
    for number, data in recorded.files.items():
        path = tmp_path / f"{number:06d}.mp4"
        path.write_bytes(data)
        assert complaints(path) == ""


def test_any_cut_at_a_flush(tmp_path: Path) -> None:
    """A file that ends with any of its flushes plays like one that was closed."""
    path = tmp_path / "cut.mp4"
    for cut in record(opened_at(clip(6), 2.5)).cuts:
        path.write_bytes(cut)
        assert complaints(path) == ""


def test_a_recording_without_a_microphone(tmp_path: Path) -> None:
    """One track alone is as good."""
    for number, data in record(clip(4, audio=False), microphone=False).files.items():
        path = tmp_path / f"{number:06d}.mp4"
        path.write_bytes(data)
        assert complaints(path) == ""
