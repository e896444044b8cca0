"""A press that storage takes away together with the service is recorded by the next start."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.runtime import pending
from firmware.runtime.auditlog import AuditLostError
from hal.files import fail
from hal.sim.memory import MemoryStorage
from tests.rig import Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from hal.interface import Space


def lost_at_the_press() -> Rig:
    """The audit log cannot take the opening: nothing on the card says that there was a press."""
    rig = Rig.new().run(3)
    rig.evidence.trouble.fail_writes(on=True)
    with pytest.raises(AuditLostError):
        rig.tap()
    rig.evidence.trouble.clear()
    return rig


def test_a_press_outlives_the_service(tmp_path: Path) -> None:
    """The officer pressed once: the service that comes back records, and one that comes back later does not begin of itself."""
    again = lost_at_the_press().restart().run(2)
    assert again.state is Recording.RECORDING
    assert again.stop().restart().run(2).state is Recording.IDLE
    assert judge(again, tmp_path).worst is Verdict.WHOLE


def test_a_press_outlives_a_start_that_fails_too() -> None:
    """The note stands until a recording has begun, and through a loss of power."""
    rig = lost_at_the_press()
    rig.evidence.trouble.fail_writes(on=True)
    with pytest.raises(AuditLostError):
        rig.restart()
    rig.evidence.trouble.clear()
    assert rig.power_cut().run(2).state is Recording.RECORDING


def test_a_pending_press_claims_to_continue_nothing() -> None:
    """An earlier recording was sealed in good order: what begins now is another one."""
    rig = Rig.new().run(3).tap().run(1).stop()
    rig.evidence.trouble.fail_writes(on=True)
    with pytest.raises(AuditLostError):
        rig.tap()
    rig.evidence.trouble.clear()
    (take,) = rig.restart().run(2).camera.writer.takes.values()
    assert take.journal.transcript.opening["continues"] is None


def test_an_idle_service_leaves_no_press_behind() -> None:
    """Nobody had pressed."""
    assert Rig.new().run(1).restart().run(2).state is Recording.IDLE


def test_a_partition_that_fails_keeps_nobody_from_anything() -> None:
    """The note is lost with it; no recording is."""
    storage = MemoryStorage()
    storage.trouble.protect(on=True)
    pending.keep(storage.root())
    assert not pending.kept(storage.root())
    pending.settle(storage.root())
    storage.crash()
    assert not pending.kept(storage.root())


def test_a_card_that_does_not_say_how_full_it_is_goes_on_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how much room is left: that is told as trouble, and takes no recording away."""
    rig = Rig.new().run(3).tap().run(1)

    def silent(_: MemoryStorage) -> Space:
        fail(errno.EIO, "the card")

    monkeypatch.setattr(MemoryStorage, "space", silent)
    assert rig.run(2).state is Recording.RECORDING
    assert "storage-fails" in {trouble.value for trouble in rig.camera.controller.face.troubles}
    monkeypatch.undo()
    rig.run(2)
    assert "storage-fails" not in {trouble.value for trouble in rig.camera.controller.face.troubles}
    assert [take.number for take in rig.camera.writer.takes.values()] == [1]


def test_a_pending_press_on_a_full_card_is_refused_once() -> None:
    """The refusal is its answer: no recording begins of itself on the day on which the card is emptied."""
    rig = lost_at_the_press()
    rig.evidence.trouble.fill(0)
    full = rig.restart().run(1)
    assert full.state is Recording.IDLE
    assert "refused" in full.cues
    full.evidence.trouble.fill(1 << 30)
    assert full.restart().run(2).state is Recording.IDLE
