"""Cut off anywhere: what was acknowledged is there, is signed, and the recording goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.evidence.roles import Role
from hal.sim.memory import MemoryStorage
from hal.sim.volume import Append, Create
from tests.rig import NONCE, PkiSigner, Rig, copy, enrol, judge, pki, receipt_for
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.35, 0.55, 1.0, 2.95, 3.05, 7.3])
def test_a_cut_recording_is_recovered_and_resumed(seconds: float, tmp_path: Path) -> None:
    """At most a second of live footage is lost, the rest is signed, and a new recording continues it."""
    rig = Rig.new().run(6).tap().run(seconds)
    ended_ns = rig.clock.monotonic_ns()
    journal = next(iter(rig.camera.writer.takes.values())).journal
    live_s = (ended_ns - 5_000_000_000 - 6_000_000_000) / 1e9
    again = rig.power_cut()
    assert again.state in {Recording.STARTING, Recording.RECORDING}
    again.run(3).stop()
    report = judge(again, tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.RECOVERED, Verdict.WHOLE]
    assert report.worst is Verdict.RECOVERED
    span = journal.transcript.span
    assert span is not None
    assert span["until"] / 90000 >= 4 + live_s - 1
    assert any("resumes recording 1" in fact for fact in report.every_recording[1].facts)


@pytest.mark.parametrize("flushes", [1, 2])
def test_a_cut_in_the_middle_of_the_minute_before_leaves_what_is_written(flushes: int, tmp_path: Path) -> None:
    """The pre-event part is written beside the live part: what of it reached the card verifies, the manifest names the rest."""
    rig = Rig.new(pre_event_s=3, segment_s=3).run(6).tap()
    log = rig.evidence.log
    names = {each.node: each.name for each in log if isinstance(each, Create)}
    written = [at for at, each in enumerate(log) if isinstance(each, Append) and names[each.node] == "000001.mp4.age"]
    again = Rig.start(
        MemoryStorage(log[: written[flushes]]).crash(), rig.config.crash(), rig.clock, rig.signer, rig.values
    )
    first = judge(again.run(1).stop(), tmp_path).every_recording[0]
    assert first.verdict is Verdict.RECOVERED, first.problems


def test_an_opening_that_never_reached_the_journal_is_void(tmp_path: Path) -> None:
    """The number was given out and nothing was shown: it is named in the log, used never again, and missed by nobody."""
    rig = Rig.new().run(3)
    rig.camera.vault.volume.audit.write("opening", {"number": 1, "opening": "a" * 64})
    again = rig.power_cut().run(2).stop()
    kinds = [(line["kind"], line["data"].get("number")) for line in again.audit()]
    assert ("void", 1) in kinds
    assert ("opening", 2) in kinds
    assert judge(again, tmp_path).worst is Verdict.WHOLE


def test_a_resumption_that_was_cut_off_before_it_began_is_made_up_for(tmp_path: Path) -> None:
    """The power went again between the two openings of the one that should have gone on: the next names the one that was cut off."""
    rig = Rig.new().run(6).tap().run(2)
    rig.camera.vault.volume.audit.write("opening", {"number": 2, "opening": "a" * 64})
    again = rig.power_cut().run(2).stop()
    report = judge(again, tmp_path)
    assert [each.number for each in report.every_recording] == [1, 3]
    assert any("resumes recording 1" in fact for fact in report.every_recording[1].facts)


def test_a_cut_recording_is_closed_only_behind_the_one_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """However late the controller begins it: a second cut in the recovery leaves a recording that still has to go on."""
    rig = Rig.new().run(6).tap().run(2)

    def hasty(rig: Rig) -> None:
        while rig.camera.writer.step():
            pass

    with monkeypatch.context() as patched:
        patched.setattr(Rig, "settle", hasty)
        late = rig.power_cut()
    again = late.power_cut().run(1)
    assert again.state is Recording.RECORDING
    closings = [line["data"]["number"] for line in again.audit() if line["kind"] == "closing"]
    assert closings == [1]


def test_footage_whose_journal_cannot_be_read_is_never_removed() -> None:
    """A bad sector took the opening: that is no void number, and nothing but a receipt erases footage."""
    rig = Rig.new().run(3).tap().run(4)
    recording = rig.evidence.root().enter("recordings").enter("00000001")
    segments = [name for name in recording.names() if name.endswith(".age")]
    recording.remove("journal.jwsl")
    recording.sync()
    again = rig.power_cut().run(2)
    (aside,) = again.evidence.root().enter("quarantine").names()
    assert again.evidence.root().enter("quarantine").enter(aside).names() == segments
    assert [line["kind"] for line in again.audit() if line["data"].get("number") == 1][-1] == "missing"


def test_what_the_log_does_not_know_is_put_away(tmp_path: Path) -> None:
    """A foreign recording is neither recovered nor listed nor lost: it lies in quarantine, and the log says so."""
    rig = Rig.new().run(3)
    strange = rig.evidence.root().enter("recordings").enter("00000009", create=True)
    file = strange.create("journal.jwsl")
    file.append(b"who knows\n")
    file.sync()
    strange.sync()
    rig.evidence.root().enter("recordings").sync()
    again = rig.power_cut().run(1)
    assert "00000009" not in again.evidence.root().enter("recordings").names()
    (name,) = again.evidence.root().enter("quarantine").names()
    assert name.startswith("00000009")
    assert any(line["kind"] == "quarantine" for line in again.audit())
    assert judge(again, tmp_path).worst is Verdict.WHOLE


def test_a_vanished_recording_is_reported() -> None:
    """Opened, cut off, and gone from the card: the log names it."""
    rig = Rig.new().run(3).tap().run(1)
    recordings = rig.evidence.root().enter("recordings")
    recordings.rename("00000001", "00000001", rig.evidence.root())
    recordings.sync()
    rig.evidence.root().sync()
    again = rig.power_cut().run(1)
    assert any(line["kind"] == "missing" and line["data"]["number"] == 1 for line in again.audit())
    assert again.state is Recording.RECORDING


def test_a_cut_behind_the_manifest_is_only_closed(tmp_path: Path) -> None:
    """A manifest that is there is not made again: the sealed recording stays sealed."""
    rig = Rig.new().run(5).tap().run(2)
    take = rig.camera.writer.takes[1]
    note = rig.camera.vault.note_closing
    rig.camera.vault.note_closing = lambda manifest: None  # type: ignore[method-assign]  # replaced by the test
    rig.stop()
    assert take.number == 1
    rig.camera.vault.note_closing = note  # type: ignore[method-assign]  # replaced by the test
    again = rig.power_cut().run(2)
    states = [line["data"]["state"] for line in again.audit() if line["kind"] == "closing"]
    assert states[0] == "sealed"
    assert judge(again, tmp_path).every_recording[0].verdict is Verdict.WHOLE


def test_a_cut_in_the_middle_of_an_erasure_ends_with_the_erasure(tmp_path: Path) -> None:
    """What began to be erased is never evidence again, and its durable receipt stands in the log."""
    rig = Rig.new(keep_after_receipt_h=0).run(5).tap().run(1).stop()
    rig.camera.shelf._writer.ask = lambda action: action()  # type: ignore[method-assign]  # replaced by the test
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    erasing = rig.camera.writer.due.erase()
    next(erasing)  # moved, and the first file removed
    again = rig.power_cut()
    assert again.evidence.root().enter("erasing").names() in (["00000001"], [])
    again.run(1)
    assert again.evidence.root().enter("erasing").names() == []
    assert "00000001" not in again.evidence.root().enter("recordings").names()
    assert again.camera.shelf.items()[0].kind == "audit"
    assert judge(again, tmp_path).worst is Verdict.WHOLE


def test_a_torn_tail_of_the_log_is_left_alone(tmp_path: Path) -> None:
    """Nothing is truncated: the next boot goes on behind the last good line in a file of its own."""
    rig = Rig.new().run(3).tap().run(1).stop()
    log = rig.evidence.root().enter("audit").open("00000001.jwsl")
    log.append(b"eyJhbGciOiJFUzI1NiIs")
    log.sync()
    again = rig.power_cut().run(1)
    assert again.evidence.root().enter("audit").names() == ["00000001.jwsl", "00000002.jwsl"]
    assert not any(line["kind"] == "fault" for line in again.audit())


def test_an_altered_log_is_reported() -> None:
    """A complete line that does not verify is no cut: the next boot says so and goes on from the last good line."""
    rig = Rig.new().run(3)
    log = rig.evidence.root().enter("audit").open("00000001.jwsl")
    log.append(b"eyJhbGciOiJFUzI1NiIs.e30.AAAA\n")
    log.sync()
    again = rig.power_cut().run(1)
    faults = [line["data"]["code"] for line in again.audit(only=2) if line["kind"] == "fault"]
    assert faults == ["audit-damaged 00000001.jwsl"]
    assert again.state is Recording.IDLE


def test_another_cameras_card_is_put_away_whole_and_a_new_volume_begins(tmp_path: Path) -> None:
    """A card that another camera made does not keep this one from recording, and nothing on it is lost."""
    rig = Rig.new().run(5).tap().run(1).stop()
    holder = pki().enrol(Role.DEVICE, "cam-2")
    config = MemoryStorage()
    enrol(config, rig.values)
    root = config.root()
    root.remove("device.crt.pem")
    root.create("device.crt.pem").append(holder.pem)
    other = Rig.start(rig.evidence, config, rig.clock, PkiSigner(holder=holder), rig.values)
    assert other.state is Recording.IDLE
    other.run(5).tap().run(1).stop()
    (tmp_path / "new").mkdir()
    report = judge(other, tmp_path / "new")
    assert (report.worst, report.volumes[0].device) == (Verdict.WHOLE, "cam-2")
    (kept,) = other.evidence.root().enter("quarantine").names()
    left = other.evidence.root().enter("quarantine").enter(kept)
    assert {"volume.jws", "audit", "recordings"} <= set(left.names())
    copy(left, tmp_path / "old")
    (tmp_path / "root.pem").write_bytes(pki().root_pem)
    assert verify_path(tmp_path / "old", tmp_path / "root.pem").worst is Verdict.WHOLE


@pytest.mark.parametrize("damage", [b"", b"nonsense\n", b"{}"])
def test_a_damaged_volume_file_stops_no_recording(damage: bytes) -> None:
    """Nobody can say whose card it is: what is on it is kept, and the camera records on a new volume."""
    rig = Rig.new().run(5).tap().run(1).stop()
    root = rig.evidence.root()
    root.remove("volume.jws")
    file = root.create("volume.jws")
    file.append(damage)
    file.sync()
    root.sync()
    again = rig.power_cut().run(3).tap().run(1)
    assert again.state is Recording.RECORDING
    (kept,) = again.evidence.root().enter("quarantine").names()
    assert "00000001" in again.evidence.root().enter("quarantine").enter(kept).enter("recordings").names()
    assert again.power_cut().camera.vault.volume.id == again.camera.vault.volume.id
