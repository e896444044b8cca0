"""What a power cut leaves beside evidence is no evidence, and no reason to doubt it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence_maker import Camera
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

UNFINISHED = ("manifest.jws.new", "manifest.pq.jws.new", "receipt.jws.new")


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """A camera, and the file of its authority's root."""
    camera = Camera(tmp_path / "card")
    (tmp_path / "root.pem").write_bytes(camera.authority.root_pem)
    return camera


@pytest.mark.parametrize("name", UNFINISHED)
@pytest.mark.parametrize("cut", [False, True], ids=["sealed", "cut off"])
def test_a_file_that_was_being_put_in_place(camera: Camera, name: str, cut: bool) -> None:  # noqa: FBT001
    """A cut while a manifest or a receipt is written leaves it under another name, which means nothing."""
    directory = camera.cut() if cut else camera.record()
    before = verify_path(directory, camera.path.parent / "root.pem")
    (directory / name).write_bytes(b"eyJ")
    after = verify_path(directory, camera.path.parent / "root.pem")
    assert (after.verdict, after.recordings[0].problems) == (before.verdict, ())
    assert after.verdict is (Verdict.OPEN if cut else Verdict.WHOLE)


@pytest.mark.parametrize("name", ["journal.jwsl.new", "000000.mp4.age.new", "manifest.jws.new.new", "new"])
def test_no_other_name(camera: Camera, name: str) -> None:
    """Nothing else may lie there."""
    directory = camera.record()
    (directory / name).write_bytes(b"eyJ")
    assert verify_path(directory, camera.path.parent / "root.pem").verdict is Verdict.NOT_WHOLE
