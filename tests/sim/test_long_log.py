"""The audit log's files: what a boot reads before it can record stays short, and no cut spoils the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.runtime import auditlog
from firmware.runtime.auditlog import AuditLostError
from hal.sim.memory import MemoryStorage
from hal.sim.volume import Create
from tests.rig import NONCE, Rig, anchor_for, judge, receipt_for
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def files(rig: Rig) -> list[str]:
    """The files of the log."""
    return [name for name in rig.evidence.root().enter("audit").names() if name.endswith(".jwsl")]


def fill(rig: Rig, lines: int) -> Rig:
    """Let the log grow by so many lines, and the chores come round."""
    for index in range(lines):
        rig.camera.vault.volume.audit.write("fault", {"code": f"filler {index}"})
    rig.camera.writer.sweep()
    return rig.run(0.2)


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the log are long after thirty lines."""
    monkeypatch.setattr(auditlog, "MOST_LINES", 30)


def test_a_boot_cut_off_before_its_first_line_costs_nothing(tmp_path: Path) -> None:
    """Its empty file stays; the next boot takes the number behind it, and the volume is whole."""
    rig = Rig.new().run(3).tap().run(1).stop()
    audit = rig.evidence.root().enter("audit")
    audit.create("00000002.jwsl").sync()
    audit.sync()
    again = rig.power_cut().run(3).tap().run(1).stop()
    assert files(again) == ["00000001.jwsl", "00000002.jwsl", "00000003.jwsl"]
    assert again.audit()[-1]["boot"] == 3
    assert judge(again, tmp_path).worst is Verdict.WHOLE


@pytest.mark.usefixtures("_short")
def test_a_long_log_goes_on_in_another_file(tmp_path: Path) -> None:
    """With its end told in the one and all that a boot has to know in the other; recordings before and behind it are whole."""
    rig = fill(Rig.new().run(3).tap().run(1).stop(), 40)
    assert files(rig) == ["00000001.jwsl", "00000002.jwsl"]
    last, first = rig.audit(only=1)[-1], rig.audit(only=2)[0]
    assert (last["kind"], last["data"]) == ("stop", {"reason": "length", "resume": False})
    assert (first["kind"], first["boot"], first["data"]["next"]) == ("boot", 2, 2)
    rig.tap().run(1).stop()
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    assert [each.number for each in report.every_recording] == [1, 2]


@pytest.mark.usefixtures("_short")
def test_the_file_stays_while_something_is_recorded() -> None:
    """A recording and its closing belong to one boot."""
    rig = fill(Rig.new().run(3).tap().run(1), 40)
    assert files(rig) == ["00000001.jwsl"]
    assert files(rig.stop()) == ["00000001.jwsl", "00000002.jwsl"]
    assert "closing" in [line["kind"] for line in rig.audit(only=1)]


@pytest.mark.usefixtures("_short")
def test_a_dock_goes_on_over_the_seam(tmp_path: Path) -> None:
    """Receipt, anchor and lengths of the files fit, whatever file the lines are in."""
    rig = Rig.new(keep_after_receipt_h=0).run(3).tap().run(1).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    anchor = anchor_for(rig)
    fill(rig, 40)
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.camera.shelf.anchor(anchor, NONCE)
    rig.run(0.2)
    (listed,) = (dict(item.files) for item in rig.camera.shelf.items() if item.kind == "audit")
    audit = rig.evidence.root().enter("audit")
    assert listed == {name: audit.open(name).size() for name in audit.names()}
    assert {name[:8] for name in listed} == {"00000001", "00000002"}
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


@pytest.mark.usefixtures("_short")
def test_a_cut_at_the_seam_costs_nothing(tmp_path: Path) -> None:
    """At each operation between the last line of the one file and the first of the other: whole, and the numbers run on."""
    rig = Rig.new().run(3).tap().run(1).stop()
    before = len(rig.evidence.log)
    log = fill(rig, 40).evidence.log
    made = [at for at, each in enumerate(log) if isinstance(each, Create) and each.name == "00000002.jwsl"]
    (seam,) = (at for at in made if at >= before)
    for cut in range(seam - 2, seam + 5):
        survivor = MemoryStorage(log[:cut]).crash()
        again = Rig.start(survivor, rig.config, rig.clock.power_cycle(), rig.signer, rig.values)
        again.run(3).tap().run(1).stop()
        report = judge(again, tmp_path / str(cut))
        assert report.worst is Verdict.WHOLE
        assert [each.number for each in report.every_recording] == [1, 2]


@pytest.mark.usefixtures("_short")
def test_no_line_follows_where_the_next_file_could_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service ends at once, not at the next press, since the last line of its boot is written; the next one records."""
    rig = Rig.new().run(3)
    audit = rig.camera.vault.volume.audit

    def refuse(_name: str) -> None:
        raise OSError("no more files")

    monkeypatch.setattr(audit._directory, "create", refuse)
    with pytest.raises(AuditLostError):
        fill(rig, 40)
    assert rig.audit()[-1]["kind"] == "stop"
    again = rig.restart().run(3).tap().run(1)
    assert again.state is Recording.RECORDING
