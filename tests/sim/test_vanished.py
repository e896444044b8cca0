"""A directory vanished behind the service's back: what was in it is lost, and nothing else is."""

from __future__ import annotations

import random
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import tests.rig
from firmware.core.machine import Recording
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.writer import StorageLostError
from hal.sim.clock import VirtualClock
from hal.sim.faulty import FaultyStorage
from hal.sim.memory import MemoryStorage
from tests.rig import VALUES, PkiSigner, Rig, anchor_for, enrol, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def other_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start draws other numbers: a new volume has another id."""
    seeds = count()
    monkeypatch.setattr(tests.rig, "random", SimpleNamespace(Random=lambda _: random.Random(next(seeds))))


def recording() -> tuple[Rig, FaultyStorage]:
    """A camera whose second recording runs, on a card that goes by paths."""
    config, card = MemoryStorage(), FaultyStorage(MemoryStorage())
    values = {**VALUES, "segment_s": 60}
    enrol(config, values)
    rig = Rig.start(card, config, VirtualClock(), PkiSigner(), values)
    rig.run(5).tap().run(1).stop().run(1).tap().run(2)
    return rig, card


def again(rig: Rig) -> Rig:
    """The service starts anew on the same card."""
    restarted = rig.restart()
    return restarted.run(3)


def test_a_recording_whose_directory_vanished_goes_on_in_another_one() -> None:
    """Within a flush, not at the end of a segment a minute later."""
    rig, card = recording()
    card.vanish(("recordings", "00000002"))
    rig.run(1.2)
    assert [take.number for take in rig.camera.writer.takes.values()] == [3]
    assert rig.state is Recording.RECORDING


def test_all_recordings_vanish_and_the_camera_records() -> None:
    """The service makes the directory anew; the log says what is missing."""
    rig, card = recording()
    card.vanish(("recordings",))
    with pytest.raises(StorageLostError):
        rig.run(1.2)
    restarted = again(rig)
    assert restarted.state is Recording.RECORDING
    assert {line["data"]["number"] for line in restarted.audit() if line["kind"] == "missing"} >= {2}


def test_a_volume_whose_log_vanished_is_put_away_whole(tmp_path: Path) -> None:
    """No number is given out twice: another volume begins, and the evidence of the old one is kept as it is."""
    rig, card = recording()
    old = rig.camera.vault.volume.id
    card.vanish(("audit",))
    with pytest.raises(AuditLostError):
        rig.stop()
    restarted = again(rig)
    rig.evidence = card.inner
    assert restarted.camera.vault.volume.id != old
    (kept,) = restarted.evidence.root().enter("quarantine").names()
    assert restarted.evidence.root().enter("quarantine").enter(kept).enter("recordings").names() == [
        "00000001",
        "00000002",
    ]
    restarted.tap().run(1).stop()
    assert judge(restarted, tmp_path).worst is Verdict.WHOLE


@pytest.mark.parametrize("left", ["anchor", "quarantine"])
def test_a_log_that_vanished_is_missed_by_what_it_knew(left: str) -> None:
    """Recordings are gone too, but a dock has countersigned lines, or the putting away was cut off in the middle."""
    rig = Rig.new().run(3)
    root, old = rig.evidence.root(), rig.camera.vault.volume.id
    if left == "anchor":
        rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
        rig.camera.shelf.anchor(anchor_for(rig), "0" * 32)
    else:
        root.enter("quarantine").enter("before-it", create=True)
    for name in ("audit", "recordings"):
        FaultyStorage(rig.evidence).vanish((name,))
    assert rig.restart().camera.vault.volume.id != old


def test_an_empty_volume_that_a_cut_left_without_a_log_goes_on() -> None:
    """The first start of all was cut off behind the volume's own file: nothing was ever there that could be missed."""
    rig = Rig.new().run(3)
    old = rig.camera.vault.volume.id
    for name in ("audit", "recordings"):
        FaultyStorage(rig.evidence).vanish((name,))
    assert rig.restart().camera.vault.volume.id == old
