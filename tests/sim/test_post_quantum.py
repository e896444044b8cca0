"""A camera whose authority's keys no quantum computer opens: the same life, the same promises."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from firmware.core.forecast import Budget, on_card
from firmware.core.machine import Recording
from firmware.evidence.errors import RecipientError
from firmware.runtime.enrolment import Enrolment, NotEnrolledError
from hal.sim.memory import MemoryStorage
from tests.oracles import needs, node
from tests.rig import VALUES, PkiSigner, Rig, enrol, pki, settings_line
from tools.export.exporter import export_recording
from tools.provision.agekeys import AgeKey
from tools.verify.exported import verify_export
from tools.verify.report import Report, Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

KEYS = (AgeKey.generate(post_quantum=True), AgeKey.generate(post_quantum=True))
BOTH = (KEYS[0].recipient, KEYS[1].recipient)


def key_files(folder: Path) -> list[Path]:
    """Authority's and escrow's key files, and the root beside them."""
    (folder / "root.pem").write_bytes(pki().root_pem)
    for name, key in zip(("authority", "escrow"), KEYS, strict=True):
        (folder / f"{name}.agekey").write_bytes(key.file(datetime.now(UTC)))
    return [folder / "authority.agekey", folder / "escrow.agekey"]


def judge(rig: Rig, folder: Path, *keys: Path) -> Report:
    """What the verifier says of the card."""
    return verify_path(rig.copy_to(folder / "card"), folder / "root.pem", keys)


def test_the_whole_life(tmp_path: Path) -> None:
    """Press, mark, cut, resume, stop: the verifier judges custody and content with either key, and the export is proven by
    the evidence."""
    rig = Rig.new(recipients=BOTH).run(4).tap().run(3).tap().run(2).stop().run(1).tap().run(2.6)
    rig = rig.power_cut().run(3).stop().run(1)
    assert rig.state is Recording.IDLE
    keys = key_files(tmp_path)
    for each in keys:
        report = judge(rig, tmp_path, each)
        assert [found.verdict for found in report.every_recording] == [
            Verdict.WHOLE,
            Verdict.RECOVERED,
            Verdict.WHOLE,
        ]
        assert all(found.private for found in report.every_recording)
    film, first = tmp_path / "film.mp4", tmp_path / "card/recordings/00000001"
    export_recording(first, keys[1:], film, root=tmp_path / "root.pem")
    assert verify_export(film, first, tmp_path / "root.pem", keys).verdict is Verdict.WHOLE


def test_the_camera_cannot_open_it(tmp_path: Path) -> None:
    """Nothing that the camera has, its own papers included, is a key that opens a file."""
    rig = Rig.new(recipients=BOTH).run(3).tap().run(2).stop()
    config = rig.config.root()
    for name in config.names():
        assert b"AGE-SECRET-KEY" not in config.open(name).read(0, 1 << 20)
    key_files(tmp_path)
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert any("no key was given" in text for text in report.every_recording[0].not_proven)


def test_it_takes_what_the_forecast_counts() -> None:
    """The larger headers fit into what the forecast counts for a second, also in the shortest segments."""
    rig = Rig.new(recipients=BOTH, segment_s=2).run(6).tap().run(8).stop()
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    sizes = {name: directory.open(name).size() for name in directory.names()}
    segments = sum(name.endswith(".mp4.age") for name in sizes)
    assert segments >= 5
    plain = Budget(rig.camera.settings.bitrate, 4, 10, 2).rate
    assert sum(sizes.values()) <= plain * 16 + on_card(0, 8)


def test_classes_are_never_mixed() -> None:
    """Settings that mix the classes are refused when they are signed, and by a camera; the message names the member."""
    with pytest.raises(RecipientError, match="recipients: the classes X25519 and mlkem768x25519 are mixed"):
        settings_line(VALUES, recipients=(BOTH[0], pki().recipients[1]))


def test_a_camera_refuses_a_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were such settings signed all the same, the camera is not enrolled by them and says which member is wrong."""
    config = MemoryStorage()
    with monkeypatch.context() as patched:
        patched.setattr("firmware.evidence.documents.check", lambda *_: None)
        enrol(config, VALUES, recipients=(BOTH[0], pki().recipients[1]))
    with pytest.raises(NotEnrolledError, match="recipients: the classes X25519 and mlkem768x25519 are mixed"):
        Enrolment.load(config.root(), PkiSigner())


def test_the_authority_moves_to_the_class() -> None:
    """New settings bring the class in: what is recorded after them is encrypted to it, what was recorded before stays as it
    is."""
    rig = Rig.new().run(2).tap().run(2).stop().run(1)
    rig.camera.vault.custody.settings(settings_line(rig.values, serial=2, recipients=BOTH))
    rig.tap().run(2).stop().run(1)
    heads = [
        rig.evidence.root().enter("recordings").enter(name).open("private.age").read(22, 20)
        for name in ("00000001", "00000002")
    ]
    assert [head.split()[1] for head in heads] == [b"X25519", b"mlkem768x25519"]


@needs("node", "age-encryption")
def test_other_hands_open_the_card(tmp_path: Path) -> None:
    """Files of a card open with age-encryption, with either key; one that was cut off yields its beginning."""
    rig = Rig.new(recipients=BOTH).run(3).tap().run(2.6).power_cut().run(1).stop()
    keys, card = key_files(tmp_path), rig.copy_to(tmp_path / "card")
    cut, sealed = (max((card / "recordings" / name).glob("*.mp4.age")) for name in ("00000001", "00000002"))
    for path, key, status in ((cut, keys[0], 1), (sealed, keys[1], 0), (sealed.with_name("private.age"), keys[0], 0)):
        done = node("decrypt", key, stdin=path.read_bytes())
        assert done.returncode == status
        assert done.stdout
