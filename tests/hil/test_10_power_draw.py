"""What the board draws, at rest and at work, and whether its gauge agrees that there is a battery.

At rest; with the lights lit; and with lens, microphone and card at work. `docs/hardware.md` has the budget that these figures belong beside.

Wiring:
    A meter in the supply: between supply and board, at 5 V, or at the battery. With the USB cable of the dock pulled out, since it is a supply too.
    {pins: I2C}

When all is well it prints:
    at rest <number> W
    lights lit <number> W
    at work <number> W
    the cell has <number> V, <number> %
    no fuel gauge on this board
    the supply held

When not, look at:
    - more at rest than a watt and a half on a Zero 2 W: Wi-Fi, HDMI, a USB device that is still plugged in
    - the supply did not hold: cable, connector, the UPS board's converter; a Pi 5 wants 5 A
    - the gauge does not answer: `i2cdetect -y 1` shows its address; the battery has to be connected, the chip is powered by it
    - the gauge answers nonsense: another chip of that family than the file says
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

import pytest

from tests.hil.bench import Bench
from tests.hil.plugin import Note
from tests.hil.ssh import READY_S

pytestmark = pytest.mark.timeout(1800)
SETTLE_S = 10.0
WORK_S = 600
"""Longer than anybody looks at a meter; it ends once that was read."""
MOST_W = 25.0
"""More than the largest of the boards can draw: the meter is wrong, or something burns."""
CELL_V = 2.5, 4.5
WEAK = 0x5
"""Of the firmware's word: the supply is too weak now, or the processor is held back for it."""


def metered(board: Bench) -> float:
    """What the meter reads, once it has settled."""
    threading.Event().wait(SETTLE_S)
    watts = float(board.hands.do("meter"))
    assert 0 < watts < MOST_W, f"{watts} W"
    return watts


def work_of(board: Bench) -> dict[str, dict[str, Any]]:
    """The programs of a camera at work, and what each is given."""
    lens = {"camera": {**board.profile, "into": "/run/lapel-hil-film"}} if board.board.camera else {}
    ear = {"sound": {"card": board.card, "into": "/run/lapel-hil-sound"}} if board.card else {}
    return {
        **lens,
        **ear,
        "store": {**board.place, "bytes": board.profile["bitrate"] // 16},
    }


def test_what_it_draws(board: Bench, note: Note) -> None:
    """Three readings, each no less than the one before would allow."""
    rest = metered(board)
    note(f"at rest {rest:.2f} W")
    with board.start("lights") as lights:
        for lamp in lights.expect("ready", READY_S).facts["lamps"]:
            lights.tell(shine=lamp, share=1.0)
            lights.expect("done")
        note(f"lights lit {metered(board):.2f} W")
    with ExitStack() as at_work:
        for name, given in work_of(board).items():
            program = at_work.enter_context(board.start(name, **given, seconds=WORK_S))
            program.expect("ready", READY_S)
        work = metered(board)
    note(f"at work {work:.2f} W")
    assert work > rest, "it draws no more at work than at rest: the meter is not in the supply"


def test_the_battery_is_known(board: Bench, note: Note) -> None:
    """The gauge's word, and the firmware's of the supply after all that."""
    told = board.ask("power")
    if board.board.gauge is None:
        note("no fuel gauge on this board")
    else:
        volts, percent = told.number("volts"), told.number("percent")
        note(f"the cell has {volts:.2f} V, {percent:.0f} %")
        assert CELL_V[0] <= volts <= CELL_V[1]
    if word := told.text("throttled"):
        assert int(word, 16) & WEAK == 0, f"throttled={word}"
        note("the supply held")
