"""What gloves, water and loose contacts do to both buttons: raw edges, as they come and as they do not."""

from __future__ import annotations

import random
from typing import Final

from hal.interface import Button
from tests.fault.soak.hands import let_go
from tests.fault.soak.shift import Shift
from tests.rig import Rig

PRESSES: Final = 12
"""Moves of one fumbling."""
GAPS: Final = (0.005, 0.03, 0.06, 0.1, 0.3, 0.6, 0.9, 1.1, 2.0, 3.1)
LOST: Final = ((Button.RECORD, True), (Button.RECORD, False), (Button.FUNCTION, True), (Button.FUNCTION, False))


def fumble(shift: Shift, number: float) -> None:
    """Buttons go down and up, bounce, overlap; at the end both are up."""
    chance = random.Random(round(number))
    for _ in range(PRESSES):
        button = chance.choice((Button.RECORD, Button.RECORD, Button.FUNCTION))
        bounces = chance.choice((0, 0, 0, 1, 5, 20))
        shift.camera(lambda rig, button=button, bounces=bounces: _toggle(rig, button, bounces))  # type: ignore[misc]  # mypy knows no type for a lambda's default
        shift.run(chance.choice(GAPS))
    shift.camera(let_go)
    shift.run(1)


def lose(shift: Shift, which: float) -> None:
    """The level changes, and the edge that should tell of it does not come."""
    button, down = LOST[round(which)]
    if down:
        shift.camera(lambda rig: rig.buttons._down.__setitem__(button, True))
        shift.run(0.6)
        shift.camera(lambda rig: rig.buttons.is_down(button) and rig.buttons.release(button))
    else:
        shift.camera(lambda rig: rig.buttons.press(button))
        shift.run(0.3)
        shift.camera(lambda rig: rig.buttons._down.__setitem__(button, False))
    shift.run(2)


def stick(shift: Shift, seconds: float) -> None:
    """The function button is down for so long."""
    shift.camera(lambda rig: rig.buttons.press(Button.FUNCTION))
    shift.run(seconds)
    shift.camera(let_go)
    shift.run(1)


def rattle(shift: Shift, times: float) -> None:
    """Water stands on the contact of the record button."""
    for _ in range(round(times)):
        shift.camera(lambda rig: _toggle(rig, Button.RECORD, 0))
        shift.run(0.1)
        shift.camera(lambda rig: _toggle(rig, Button.RECORD, 0))
        shift.run(4 / times)
    shift.camera(let_go)
    shift.run(1)


def _toggle(rig: Rig, button: Button, bounces: int) -> None:
    (rig.buttons.release if rig.buttons.is_down(button) else rig.buttons.press)(button, bounces)
