"""After a restart the recording goes on: how long that takes, on a clock that storage moves too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.runtime.controller import Quit
from firmware.runtime.vault import Vault
from firmware.runtime.work import Durable
from tests.rig import NS, Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hal.sim.clock import VirtualClock
    from hal.sim.memory import MemoryStorage

MOST_S = 2.0
SYNC_NS = 20_000_000
"""What a sync takes on a card that is neither new nor fast."""
STEP_S = 0.05


def slow(storage: MemoryStorage, clock: VirtualClock) -> list[str]:
    """Let each sync of a storage take its time; the names of what is synced."""
    synced: list[str] = []
    before_sync = storage.trouble.before_sync

    def sync(name: str) -> None:
        clock.advance(SYNC_NS)
        synced.append(name)
        before_sync(name)

    storage.trouble.before_sync = sync  # type: ignore[method-assign]  # replaced by the test
    return synced


def cut(rig: Rig) -> tuple[MemoryStorage, MemoryStorage, VirtualClock]:
    """What is left when the power goes."""
    return rig.evidence.crash(), rig.config.crash(), rig.clock.power_cycle()


def ended(rig: Rig) -> tuple[MemoryStorage, MemoryStorage, VirtualClock]:
    """What is there when the service ended and the board did not."""
    return rig.evidence, rig.config, rig.clock


@pytest.mark.parametrize("lose", [cut, ended])
@pytest.mark.parametrize("into_s", [0.35, 1.0, 7.77])
def test_a_recording_that_was_cut_off_is_resumed_within_two_seconds(
    lose: Callable[[Rig], tuple[MemoryStorage, MemoryStorage, VirtualClock]], into_s: float, tmp_path: Path
) -> None:
    """From the start of the service to the light, whenever it was cut off, with earlier recordings on the card."""
    rig = Rig.new().run(3)
    for _ in range(3):
        rig.tap().run(2).stop()
    rig.tap().run(into_s)
    assert rig.state is Recording.RECORDING
    evidence, config, clock = lose(rig)
    began_ns, synced = clock.monotonic_ns(), slow(evidence, clock)
    again = Rig.start(evidence, config, clock, rig.signer, rig.values)
    while again.state is not Recording.RECORDING:
        again.run(STEP_S)
        assert clock.monotonic_ns() - began_ns <= MOST_S * NS, synced
    assert any(isinstance(answer, Durable) for answer in again.answers)
    assert len(synced) <= 40
    again.run(3).stop().run(2)
    report = judge(again, tmp_path)
    assert [each.verdict for each in report.every_recording][-2:] == [Verdict.RECOVERED, Verdict.WHOLE]
    assert any("resumes recording 4" in fact for fact in report.every_recording[-1].facts)


@pytest.mark.parametrize("order", [Quit("shutdown"), Quit("battery", off=True)], ids=["shutdown", "battery"])
def test_a_cut_between_the_seal_and_the_end_of_the_log_loses_no_resumption(
    order: Quit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The last seconds of a battery are when the power goes: a recording that was sealed in time goes on all the same."""
    rig = Rig.new().run(3).tap().run(2)
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "leave", lambda *_, **__: None)  # the power goes before the log's last line
        rig.camera.inbox.put(order)
        rig.run(0.1)
    assert rig.audit()[-1]["kind"] == "closing"
    again = rig.power_cut().run(2)
    assert again.state is Recording.RECORDING
    again = again.stop().run(1).power_cut().run(2)
    assert again.state is Recording.IDLE
    assert judge(again, tmp_path).worst is Verdict.WHOLE


def test_a_lens_that_starts_late_is_all_that_delays_it() -> None:
    """The first frame comes after a second and a half: the recording is durable half a second behind it."""
    rig = Rig.new().run(3).tap().run(2)
    evidence, config, clock = cut(rig)
    again = Rig.start(evidence, config, clock, rig.signer, rig.values)
    again.video.disturbance.stall(1.0)
    began_ns = clock.monotonic_ns()
    while again.state is not Recording.RECORDING:
        again.run(STEP_S)
    assert clock.monotonic_ns() - began_ns <= (1.0 + 1.0 + 0.7) * NS  # the stall, up to the next keyframe, a fragment
