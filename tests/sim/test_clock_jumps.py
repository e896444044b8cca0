"""The wall clock jumps while the camera records: media time does not move, and the audit log says from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from hal.interface import Button
from hal.sim.clock import NS
from tests.rig import Rig, judge
from tests.sim.test_parts import gaps
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

KINDS: dict[str, dict[str, object]] = {
    "unset": {},
    "1970": {},
    "2100": {},
    "jump": {"ms": 3_600_000},
}
HOUR_MS = 3_600_000


def moves(rig: Rig) -> list[int]:
    """By how much the clock moved, in ms, each time that the audit log says so."""
    said = [line["data"] for line in rig.audit() if line["kind"] == "clock"]
    assert {each["source"] for each in said} <= {"jump"}
    return [each["after_ms"] - each["before_ms"] for each in said]


def jump(rig: Rig, kind: str) -> int:
    """Let the clock do this; by how many ms it moved."""
    before_ms = rig.clock.utc().utc_ms
    rig.clock.faults()[kind](KINDS[kind])
    return rig.clock.utc().utc_ms - before_ms


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["idle", "starting", "recording"])
def test_a_clock_that_jumps_never_touches_the_footage(state: str, kind: str, tmp_path: Path) -> None:
    """At every moment of a recording's life: as long as it was, without a gap, whole; and the jump is signed with its size."""
    rig, moved = Rig.new().run(3), 0
    began_ns = rig.clock.monotonic_ns()
    if state == "idle":
        moved = jump(rig, kind)
    rig.buttons.press(Button.RECORD)
    if state == "starting":
        moved = jump(rig, kind)
    rig.run(0.2)
    rig.buttons.release(Button.RECORD)
    rig.run(2)
    if state == "recording":
        moved = jump(rig, kind)
    rig.run(2)
    assert rig.state is Recording.RECORDING
    recorded_s = 3 + (rig.clock.monotonic_ns() - began_ns) / NS
    rig.stop()
    assert moves(rig) == [moved]
    assert gaps(rig) == {"video": 0, "audio": 0, "overflow": 0}
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert recording.seconds == pytest.approx(recorded_s + 3.8, abs=1)


def test_there_and_back_again(tmp_path: Path) -> None:
    """Each jump has a line of its own, and the journal's lines show both clocks side by side."""
    rig = Rig.new().run(3).tap().run(1)
    for ms in (HOUR_MS, -2 * HOUR_MS, HOUR_MS):
        rig.clock.jump(ms)
        rig.run(1)
    rig.stop()
    assert moves(rig) == [HOUR_MS, -2 * HOUR_MS, HOUR_MS]
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_a_clock_that_never_jumps_is_not_mentioned() -> None:
    """Nothing is signed that did not happen."""
    assert moves(Rig.new().run(3).tap().run(20).stop()) == []
