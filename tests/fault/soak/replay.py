"""Playing a script from its first act to the judgement, and making one that fails short."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fault.soak.acts import Act, Script
from tests.fault.soak.deeds import play
from tests.fault.soak.shift import Shift
from tests.fault.soak.shrink import shrink
from tests.fault.soak.verdict import verify
from tests.fault.soak.watch import BrokenError

STAND_S: Final = 60.0
"""How long a camera stands in its dock at the end of a shift."""
PLACE: Final = 3
"""How many frames of a crash say where it was."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a script: the acts that happened, and what was broken behind the last of them, None if nothing was.  ``kind``
    tells one way of failing from another."""

    script: Script
    broken: str | None = None
    kind: str = ""


Look = Callable[[Shift], None]
"""Looks at a shift after each of its acts."""


def replay(
    acts: Iterable[Act],
    shift: Shift,
    folder: Path,
    look: Look = lambda _shift: None,
    finish: Callable[[], None] = lambda: None,
) -> Played:
    """Let the acts happen to a shift, end it and judge it; whatever ends it early is what it was made to find.

    ``look`` is called behind each act, ``finish`` behind all of them.
    """
    done: list[Act] = []
    try:
        for act in acts:
            done.append(act)
            play(shift, act)
            look(shift)
        finish()
        shift.end()
        judge(shift, folder, running=False)
        shift.hand_over(STAND_S)
        judge(shift, folder, running=False)
    except BrokenError as error:
        return Played(tuple(done), str(error), "broken")
    except Exception as error:  # noqa: BLE001 - no error of the service's is expected, so that each is a finding
        place = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno}"
            for frame in reversed(traceback.extract_tb(error.__traceback__)[-PLACE:])
        )
        return Played(tuple(done), f"{type(error).__name__}: {error} ({place})", f"{type(error).__name__} {place}")
    return Played(tuple(done))


def judge(shift: Shift, folder: Path, *, running: bool) -> None:
    """Have the independent verifier judge the card as it is."""
    if shift.rig is not None:
        verify(shift.rig, shift.watch, folder / "card", running=running)


def fresh(script: Script) -> Played:
    """Replay a script on a camera of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return replay(script, Shift(Path(folder)), Path(folder))


def shrunk(failed: Played, seconds: float) -> Played:
    """The shortest script found in so many seconds that fails in the same way; if it is that reliable, otherwise what was given."""
    until = time.monotonic() + seconds
    best = failed

    def fails(script: Script) -> bool:
        nonlocal best
        if time.monotonic() > until:
            return False
        played = fresh(script)
        if played.broken is None or played.kind != failed.kind:
            return False
        best = played
        return True

    shrink(failed.script, fails)
    return best
