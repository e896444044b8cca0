"""One bad thing on the card never keeps the rest from being looked after."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest

from firmware.core.machine import Recording
from tests.rig import NONCE, Rig, judge, pki, receipt_for, settings_line
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hal.sim.memory import MemoryDirectory


def spoil(directory: MemoryDirectory, name: str) -> None:
    """Put nonsense in the place of a file."""
    directory.remove(name)
    file = directory.create(name)
    file.append(b"nonsense\n")
    file.sync()
    directory.sync()


def faults(rig: Rig) -> list[str]:
    """The faults that the audit log tells of."""
    return [line["data"]["code"] for line in rig.audit() if line["kind"] == "fault"]


def stray_file(recordings: MemoryDirectory) -> None:
    """A file where only directories belong."""
    recordings.create("00000000").append(b"stray")


def stray_next(recordings: MemoryDirectory) -> None:
    """A file with the name of the next recording."""
    recordings.create("00000003").append(b"stray")


def stray_folder(recordings: MemoryDirectory) -> None:
    """A folder inside the next recording."""
    recordings.enter("00000003", create=True).enter("deep", create=True)


def long_name(recordings: MemoryDirectory) -> None:
    """A name as long as names can be."""
    recordings.enter("x" * 255, create=True)


@pytest.mark.parametrize("put", [stray_file, stray_next, stray_folder, long_name])
def test_a_stranger_on_the_card_keeps_nobody_from_recording(
    put: Callable[[MemoryDirectory], None], tmp_path: Path
) -> None:
    """It is put away; what was cut off is recovered, what is pressed is recorded."""
    rig = Rig.new().run(3).tap().run(2).stop().tap().run(2)
    survivor = rig.evidence.crash()
    recordings = survivor.root().enter("recordings")
    put(recordings)
    again = Rig.start(survivor, rig.config.crash(), rig.clock.power_cycle(), rig.signer, rig.values).run(1).stop()
    again.run(1).tap().run(1).stop()
    assert len(again.evidence.root().enter("quarantine").names()) == 1
    verdicts = [each.verdict for each in judge(again, tmp_path).every_recording]
    assert verdicts == [Verdict.WHOLE, Verdict.RECOVERED, Verdict.WHOLE, Verdict.WHOLE]


def test_a_bad_manifest_is_told_once_and_keeps_the_others_from_nothing() -> None:
    """The chores behind it are done, and the log does not fill up with it."""
    rig = Rig.new().run(3).tap().run(1).stop().tap().run(2)
    spoil(rig.evidence.root().enter("recordings").enter("00000001"), "manifest.jws")
    again = rig.power_cut().run(1).stop().run(200)
    assert len(faults(again)) == 1
    assert [entry.number for entry in again.camera.vault.custody.inventory.all()] == [2, 3]
    assert again.camera.vault._prepared is not None


def test_a_closing_that_cannot_be_made_is_told_once() -> None:
    """The same for a recording whose closing line is missing too."""
    rig = Rig.new().run(3).tap().run(2)
    spoiled = rig.evidence.root().enter("recordings").enter("00000001")
    spoiled.create("manifest.jws")
    spoil(spoiled, "manifest.jws")
    again = rig.power_cut().run(1).stop().run(200)
    assert len(faults(again)) == 1
    assert [entry.number for entry in again.camera.vault.custody.inventory.all()] == [2]
    assert again.camera.vault._prepared is not None


def test_a_directory_that_cannot_be_read_is_not_missing() -> None:
    """Nothing is said about it but that it cannot be read; the next boot tries again."""
    rig = Rig.new().run(3).tap().run(2)
    journal = rig.evidence.root().enter("recordings").enter("00000001")
    journal.rename("journal.jwsl", "was")
    journal.enter("journal.jwsl", create=True)
    for each in (journal, journal.enter("journal.jwsl")):
        each.sync()
    again = rig.power_cut().run(1).stop()
    assert len(faults(again)) == 1
    assert "missing" not in [line["kind"] for line in again.audit()]
    assert 1 in again.camera.vault.volume.audit.ledger.unclosed
    assert again.state is Recording.IDLE


@pytest.mark.parametrize("at_once", [True, False])
def test_a_receipt_of_a_dock_withdrawn_since_erases_nothing(at_once: bool) -> None:  # noqa: FBT001 - a case
    """Its word no longer counts: the recording stands on the shelf again, for another dock, in this boot and in the next."""
    rig = Rig.new(keep_after_receipt_h=0).run(3).tap().run(1).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.camera.shelf.settings(settings_line(rig.values, serial=2, revoked=(pki().dock.chain.fingerprint,)))
    rig.camera.writer.sweep()
    rig = rig.run(1) if at_once else rig.power_cut().run(200)
    assert "00000001" in rig.evidence.root().enter("recordings").names()
    assert [item.name for item in rig.camera.shelf.items() if item.kind == "recording"] == ["00000001"]
    assert len(faults(rig)) == 1
    assert rig.camera.vault._prepared is not None


def test_what_works_again_is_no_trouble_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next recording could not be made ready for a while: that is shown for that long."""
    rig = Rig.new().run(1)
    with monkeypatch.context() as patched:
        patched.setattr(rig.camera.vault, "prepare", mock.Mock(side_effect=OSError("for a while")))
        rig.camera.writer.sweep()
        rig.run(1)
        assert list(rig.camera.writer.due.troubles) == ["prepare"]
    rig.camera.writer.sweep()
    assert rig.run(1).camera.writer.due.troubles == {}
    assert faults(rig) == ["prepare: for a while"]
