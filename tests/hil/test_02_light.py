"""The lights shine, the motor buzzes, the buzzer sounds.

Each channel of each light alone, at full; then everything dark. What colours look like when they are mixed is in the board's file, and has to be tuned by eye for each kind of LED.

Wiring:
    {pins: `top` light, `front` light, buzzer, vibration}
    An LED's resistor: (3.3 V - its voltage) / 4 mA, some 330 to 470 ohm. Motor and buzzer are behind a transistor, never on the pin itself.

When all is well it prints:
    the <name> light is <colour>
    all is dark
    the motor buzzed
    the buzzer sounded
    no motor and no buzzer on this board

When not, look at:
    - nothing lit: the LED's direction, its resistor, the common pin on ground and not on 3.3 V; `pinctrl get` of the pin while it should be lit
    - another colour: two channels swapped, at the LED or in the board's file
    - faintly lit when dark: `active` in the file is the wrong way round
    - "GPIO busy": another program has the pin; `gpioinfo` names it
    - no buzz: the motor's transistor, and the diode across it; a motor starts at more than a pin can give
"""

from __future__ import annotations

import threading

import pytest

from tests.hil.bench import Bench
from tests.hil.plugin import Note
from tests.hil.ssh import READY_S

pytestmark = pytest.mark.timeout(1800)
BUZZ_S = 0.5
TONE_HZ = 2000


def test_each_channel_lights_alone(board: Bench, note: Note) -> None:
    """Whoever looks sees that channel, and no other."""
    wrong = []
    with board.start("lights") as program:
        program.expect("ready", READY_S)
        for name, light in board.board.lights.items():
            for channel in light.channels:
                program.tell(shine=f"{name}.{channel}", share=1.0)
                program.expect("done")
                seen = board.hands.do("look", light=name, shows=channel, channels=[channel])
                program.tell(shine=f"{name}.{channel}", share=0.0)
                program.expect("done")
                if seen:
                    note(f"the {name} light is {channel}")
                else:
                    wrong.append(f"{name} is not {channel} alone")
    assert wrong == []


def test_all_is_dark_at_the_end(board: Bench, note: Note) -> None:
    """The program that lit it is gone."""
    for name in board.board.lights:
        assert board.hands.do("look", light=name, shows="dark", channels=[]) is True
    note("all is dark")


def test_it_buzzes_and_sounds(board: Bench, note: Note) -> None:
    """Half a second of each that the board has."""
    if board.board.vibration is None and board.board.buzzer is None:
        note("no motor and no buzzer on this board")
        return
    with board.start("lights") as program:
        program.expect("ready", READY_S)
        if board.board.vibration is not None:
            for on in (True, False):
                program.tell(buzz=on)
                program.expect("done")
                threading.Event().wait(BUZZ_S if on else 0)
            assert board.hands.do("felt") is True
            note("the motor buzzed")
        if board.board.buzzer is not None:
            for hertz in (TONE_HZ, 0):
                program.tell(tone=hertz)
                program.expect("done")
                threading.Event().wait(BUZZ_S if hertz else 0)
            assert board.hands.do("heard") is True
            note("the buzzer sounded")
