"""Whatever the desk does to a film, the signatures that the camera put into the picture stay in place and hold."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from firmware.evidence.roles import Role
from hal.sim.clip import AudioClip, VideoClip
from hal.sim.scene import SyntheticScene
from tests.rig import VIDEO, Rig, pki
from tools.export.cutting import Span, Wish
from tools.export.desk import Desk
from tools.export.exporter import Request, export_recording
from tools.export.provenance import read_state
from tools.verify.exported import verify_export
from tools.verify.film import verify_film
from tools.verify.report import Verdict

SECOND = 90_000


class Custody(NamedTuple):
    """A whole camera's recording at a desk: with its key, the root and the desk's directory."""

    recording: Path
    key: Path
    root: Path
    desk: Path


@pytest.fixture(scope="module")
def custody(tmp_path_factory: pytest.TempPathFactory) -> Custody:
    """Ten seconds with sound, pressed in the middle; made once.  Not to be changed."""
    folder = tmp_path_factory.mktemp("custody")
    # A camera never sees the same second twice, as a short clip that begins again would.
    unlike = VideoClip(SyntheticScene(VIDEO), VIDEO, gops=16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.rig.clips", lambda: (unlike, AudioClip()))
        volume = Rig.new().run(5).tap().run(5).stop().copy_to(folder / "copy")
    made = Custody(next(volume.rglob("00000001")), folder / "key.txt", folder / "root.crt.pem", folder / "desk")
    made.key.write_text(f"{pki().authority_identity}\n")
    made.root.write_bytes(pki().root_pem)
    made.desk.mkdir()
    holder = pki().holder(Role.EXPORT)
    files = {"desk.key.pem": holder.key_pem, "desk.crt.pem": holder.pem, "root.crt.pem": pki().root_pem}
    for name, data in files.items():
        (made.desk / name).write_bytes(data)
    return made


@pytest.mark.parametrize(
    ("wish", "verdict"),
    [
        (Wish(), Verdict.WHOLE),
        (Wish(begin=2 * SECOND, until=7 * SECOND), Verdict.WHOLE),
        (Wish(mute=True), Verdict.DERIVATIVE),
        (Wish(begin=3 * SECOND, silence=(Span(7 * SECOND, 8 * SECOND),)), Verdict.DERIVATIVE),
    ],
    ids=["whole", "trimmed", "mute", "trimmed and part mute"],
)
def test_signatures_in_the_picture_hold(custody: Custody, tmp_path: Path, wish: Wish, verdict: Verdict) -> None:
    """With subtitles, chapters and a C2PA manifest, trimmed and without sound: the picture proves itself, the film is
    proven against the evidence, and a C2PA reader trusts it, all three at once."""
    request = Request(wish, desk=Desk.open(custody.desk))
    done = export_recording(custody.recording, [custody.key], tmp_path / "film.mp4", root=custody.root, request=request)
    assert verify_film(done.path, custody.root).verdict is Verdict.VALID
    report = verify_export(done.path, custody.recording, custody.root, [custody.key])
    assert (report.verdict, report.exit_code) == (verdict, 0)
    assert read_state(done.path, custody.root.read_text()) == "Trusted"
