"""A card that is suddenly full, at every level and in every state: one honest docking empties the camera, and it records again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware.core.forecast import CLOSING, Budget
from firmware.core.machine import Recording
from firmware.runtime.volume import BRIM
from tests.fault.outcome import Outcome, Progress
from tests.fault.storage.errors import CAPACITY, MEMORY, PLOTS, VALUES_HERE, Result
from tests.fault.storage.shift import Shift, buffer, hand_over, judged, press, record, recording, shown, stop

BUDGET: Final = Budget(
    *(int(str(VALUES_HERE.get(key, 10))) for key in ("bitrate", "pre_event_s", "queue_s", "segment_s"))
)
EDGES: Final = (BRIM, CLOSING, BUDGET.running, BUDGET.idle, BUDGET.emptying)
LEVELS: Final = (0, 4096, 16 << 10, 64 << 10, 128 << 10, 256 << 10, *(edge + by for edge in EDGES for by in (-4096, 0)))
"""Free bytes: next to nothing, and around all that decides."""

Fill = Callable[[Shift], None]
State = Callable[[Shift, Fill], None]


def idle(shift: Shift, fill: Fill) -> None:
    """While nothing is recorded."""
    fill(shift)
    shift.rig.run(1)


def pressed(shift: Shift, fill: Fill) -> None:
    """Just before a press."""
    fill(shift)
    press(shift)
    shift.rig.run(1)


def running(shift: Shift, fill: Fill) -> None:
    """In the middle of a recording."""
    press(shift)
    record(shift)
    fill(shift)
    record(shift)


def sealing(shift: Shift, fill: Fill) -> None:
    """After a recording was stopped, before it is sealed."""
    press(shift)
    record(shift)
    step = shift.rig.camera.writer.step
    shift.rig.camera.writer.step = lambda: False  # type: ignore[method-assign]  # the writer is busy
    stop(shift)
    fill(shift)
    shift.rig.camera.writer.step = step  # type: ignore[method-assign]  # replaced by the test
    shift.rig.run(1)


def recovering(shift: Shift, fill: Fill) -> None:
    """While the service is away, with a recording cut off."""
    press(shift)
    record(shift)
    fill(shift)
    shift.restart()


STATES: Final[tuple[State, ...]] = (idle, pressed, running, sealing, recovering)


@dataclass(frozen=True)
class Fullness:
    """So much is left, from this state on."""

    state: State
    free: int

    def __str__(self) -> str:
        return f"{self.free} bytes left: {self.state.__doc__}"


def cases() -> Iterator[Fullness]:
    """Every level in every state."""
    return (Fullness(state, free) for state in STATES for free in LEVELS)


def attempt(case: Fullness) -> Result:
    """Fill the card up, dock, and press."""
    shift = PLOTS[0].shift()
    shift.start()
    for act in (buffer, press, record, stop):
        shift.do(act)
    shift.do(lambda shift: case.state(shift, lambda shift: shift.card.inner.trouble.fill(case.free)))
    for _ in range(2):  # what is recorded now is stopped, sealed or recovered, and taken over
        if shift.rig.state is not Recording.IDLE:
            shift.do(stop)
        shift.do(hand_over)
        shift.restart()
    left = [
        number for number in shift.receipted if f"{number:08d}" in shift.card.inner.root().enter("recordings").names()
    ]
    if left:
        shift.wrong.append(f"receipted, and still there: {left}")
    shift.card.inner.trouble.capacity = CAPACITY  # as if the footage had been long
    shift.do(lambda shift: shift.rig.run(61))
    if not recording(shift):
        shift.do(press)
        shift.do(lambda shift: shift.rig.run(1))
    if not recording(shift):
        shift.wrong.append(f"emptied, and a press is not recorded: shown is {shown(shift.rig).value}")
    rig = shift.rig.power_cut().run(0.3)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        seen = judged(shift, rig, Path(folder), key=False)
    return Result(shift.restarts, seen, tuple(shift.wrong))


def run(progress: Progress) -> Outcome:
    """All levels in all states."""
    every, results = [*cases()], []
    for case in every:
        results.append(attempt(case))
        progress(len(results) / len(every), str(case))
    violations = [f"{case}: {wrong}" for case, result in zip(every, results, strict=True) for wrong in result.wrong]
    figures = {
        "levels": len(LEVELS),
        "states": len(STATES),
        "cases": len(every),
        "restarts": sum(result.restarts for result in results),
        "recordings judged": sum(result.judged for result in results),
    }
    return Outcome("full cards", figures, tuple(violations))
