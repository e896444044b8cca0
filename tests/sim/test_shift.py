"""A shift on a virtual clock: whatever an officer, a bad card and a flat battery do to it, the judge finds every recording."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from firmware.core.indications import LIGHTS, Look, look
from firmware.core.machine import Place, Recording
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.writer import StorageLostError
from tests.rig import NONCE, Rig, judge, receipt_for
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MINUTES = 12


def press(rig: Rig, chance: random.Random) -> Rig:
    """Start, or mark."""
    return rig.tap().run(chance.uniform(0, 20))


def stop(rig: Rig, _chance: random.Random) -> Rig:
    """Stop, or start by mistake."""
    return rig.stop()


def wait(rig: Rig, chance: random.Random) -> Rig:
    """Nothing happens for a while."""
    return rig.run(chance.uniform(1, 30))


def cut(rig: Rig, chance: random.Random) -> Rig:
    """The power goes, at any moment, and comes back."""
    return rig.run(chance.uniform(0, 2)).power_cut()


def lose_frames(rig: Rig, chance: random.Random) -> Rig:
    """The encoder swallows some."""
    rig.video.disturbance.drop(chance.randrange(1, 6))
    return rig.run(2)


def fail_once(rig: Rig, _chance: random.Random) -> Rig:
    """One sync fails."""
    rig.evidence.trouble.fail_syncs(1)
    return rig.run(2)


def receipts(rig: Rig, chance: random.Random) -> Rig:
    """A dock takes over what is sealed."""
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    for entry in rig.camera.vault.custody.inventory.all():
        if entry.receipted_ms is None and chance.random() < 0.7:
            with suppress(OSError):  # storage fails just then: the dock is told, and comes again
                rig.camera.shelf.receipt(entry.number, receipt_for(rig, entry.number), NONCE)
    rig.camera.writer.sweep()
    return rig.run(0.5)


ACTS: tuple[Callable[[Rig, random.Random], Rig], ...] = (
    press,
    press,
    stop,
    stop,
    wait,
    cut,
    lose_frames,
    fail_once,
    receipts,
)


@pytest.mark.parametrize("seed", [7, 1604, 20261])
def test_nothing_is_lost_in_a_shift(seed: int, tmp_path: Path) -> None:
    """Every number that was given out is whole, recovered, void, or erased against a receipt; the light never lies."""
    chance = random.Random(seed)
    rig = Rig.new(keep_after_receipt_h=0)
    numbers = 0
    for _ in range(MINUTES * 4):
        try:
            rig = chance.choice(ACTS)(rig, chance)
        except (AuditLostError, StorageLostError):
            rig = rig.restart()  # as whoever supervises the service does
        numbers = max(numbers, rig.camera.vault.volume.audit.ledger.upcoming - 1)
        state = rig.camera.controller
        assert rig.indicators.lights == LIGHTS[look(state.recording, state.place, state.face.troubles)]
        running = {take.number for take in rig.camera.writer.takes.values()}
        assert bool(running) == (state.recording is not Recording.IDLE)
    rig = rig.power_cut().run(3)
    if rig.state is not Recording.IDLE:
        rig.stop()
    rig.run(1)
    report = judge(rig, tmp_path, key=True)
    (volume,) = report.volumes
    assert not volume.problems, volume.problems
    verdicts = {each.number: each.verdict for each in report.every_recording}
    assert set(verdicts.values()) <= {Verdict.WHOLE, Verdict.RECOVERED}, [
        each.problems for each in report.every_recording
    ]
    accounted = set(verdicts) | set(volume.erased) | set(volume.voided)
    assert accounted == set(range(1, numbers + 1)) | set(verdicts)
    assert look(rig.state, Place.WORN, frozenset()) is Look.READY
