"""What a calm hand does, under whatever settings."""

from __future__ import annotations

from firmware.core.machine import FREE, Recording
from hal.interface import Button
from tests.rig import Rig


def tell(rig: Rig) -> None:
    """The function button, once."""
    rig.buttons.press(Button.FUNCTION)
    rig.run(0.15)
    rig.buttons.release(Button.FUNCTION)


def twice(rig: Rig) -> None:
    """The function button, twice within its time."""
    for _ in range(2):
        tell(rig)
        rig.run(0.15)


def hold_function(rig: Rig) -> None:
    """The function button, held for its second meaning."""
    rig.buttons.press(Button.FUNCTION)
    rig.run(3.2)
    rig.buttons.release(Button.FUNCTION)


def stop(rig: Rig) -> None:
    """Whatever it takes under these settings: a hold, and a press where it has to be confirmed."""
    rig.buttons.press(Button.RECORD)
    rig.run(3.3)
    rig.buttons.release(Button.RECORD)
    rig.run(0.3)
    if rig.state is Recording.STOP_ASKED:
        rig.tap()
    rig.run(0.2)


def start(rig: Rig) -> None:
    """Press as often as it takes under these settings to begin a recording; a mark, where one runs."""
    more = rig.camera.settings.start_press == "double" and rig.state in FREE
    rig.tap()
    if more:
        rig.tap()


def let_go(rig: Rig) -> None:
    """Both buttons are up."""
    for button in Button:
        if rig.buttons.is_down(button):
            rig.buttons.release(button)
