"""What ``docs/power-budget.md`` says of watts and hours: computed from the inputs listed here, each with where it was published or that it is an estimate.

Nothing of it was measured on a camera.  Every figure is three: what one may hope for, what is likely, and what one has to be ready for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from firmware.core.indications import BUZZES, LIGHTS, Look
from firmware.settings import Settings
from hal.interface import Colour, Light
from hal.patterns import COURSES
from tests.specification import hardware

STATES: Mapping[str, Look] = {"standby": Look.STANDBY, "ready": Look.READY, "recording": Look.RECORDING}
"""Standby: the lens rests.  Ready: it runs, and so does the buffer before the event.  Each has the light that it shows."""
SHIFT_H = 12.0
RECORDED_H = 2.0
"""Of a shift, what is recorded; the rest the camera is ready."""
SUPPLY_V, PIN_V = 5.0, 3.3
RED_V, OHMS = 1.9, 330.0
"""Of a red LED and of its resistor; other colours take less current."""
MOTOR_MW = 75.0 * PIN_V
_CNX = "[CNX Software](https://www.cnx-software.com/2021/12/09/raspberry-pi-zero-2-w-power-consumption/)"
_PI = (
    "[Raspberry Pi's documentation](https://www.raspberrypi.com/documentation/computers/raspberry-pi.html#power-supply)"
)
_XTRONIX = "[Xtronix](http://xtronix.co.uk/raspberry-pi-power.htm)"


@dataclass(frozen=True)
class Three:
    """A figure as one may hope for, as is likely, and as one has to be ready for."""

    hoped: float
    likely: float
    feared: float

    def __add__(self, other: Three) -> Three:
        return Three(self.hoped + other.hoped, self.likely + other.likely, self.feared + other.feared)

    def times(self, factor: float) -> Three:
        """Each so many times as much."""
        return Three(self.hoped * factor, self.likely * factor, self.feared * factor)


NONE = Three(0, 0, 0)


@dataclass(frozen=True)
class Draw:
    """What a part takes, in mW at 5 V, in each state; and whose word that is."""

    part: str
    states: Mapping[str, Three]
    source: str


def lens(*, part: str, encoding: Three, of: str) -> list[Draw]:
    """The camera module with all that looks after it, and whoever encodes."""
    seen, kept = Three(850, 900, 1250), Three(30, 100, 250)
    return [
        Draw(
            "camera module, and the chip that looks after it",
            {"ready": seen, "recording": seen},
            f"170 to 190 mA more than without: {_XTRONIX}, on a 2B, a 3B and a B+; 250 mA at the most: {_PI}",
        ),
        Draw(part, {"ready": encoding, "recording": encoding}, of),
        Draw(
            "card",
            {"standby": Three(3, 10, 20), "ready": Three(3, 10, 20), "recording": kept},
            "estimate: a card takes up to 100 mA while it writes, and 1 MB/s keeps it busy for a part of the time",
        ),
    ]


BASE: Mapping[str, Draw] = {
    "zero2w": Draw(
        "board, at rest",
        dict.fromkeys(STATES, Three(375, 600, 600)),
        f"120 mA, and 75 mA with all off that can be: {_CNX}",
    ),
    "pi4": Draw("board, at rest", dict.fromkeys(STATES, Three(3000, 3000, 3000)), f"600 mA: {_PI}"),
    "pi5": Draw("board", dict.fromkeys(STATES, Three(4000, 4000, 4000)), f"800 mA, bare and at work: {_PI}"),
}
CHIP = Three(100, 250, 500)
SOFTWARE = Three(500, 1000, 2000)
SMALL = Three(2, 5, 15)
BOOST = Three(0.93, 0.88, 0.80)
USABLE = Three(0.95, 0.90, 0.70)
"""What becomes 5 V of what the cell gives; what a cell gives of what is printed on it: less when old, less in the cold."""
CELL_V = 3.6
CELLS_MAH = (2500, 5000, 10_000)
CHARGED_BY = {"0.9 A of a USB port": 4.5, "2 A": 10.0, "3 A": 15.0}
CHARGER = 0.85
CASE_MM = (90, 60, 28)
COOLING = 10.0
"""W from a square metre of a case in still air for each degree that it is warmer: convection and radiation; a rule of thumb."""


def draws(board: str) -> list[Draw]:
    """Every part of a camera on that board."""
    software = board == "pi5"
    encoder = lens(
        part="libx264 and the service" if software else "the chip's encoder and the service",
        encoding=SOFTWARE if software else CHIP,
        of="estimate: half to one and a half of four cores"
        if software
        else "estimate: a fifth of one core, and an encoder",
    )
    return [
        BASE[board],
        *encoder,
        Draw(
            "lights",
            {state: lights(look) for state, look in STATES.items()},
            "computed: 330 ohms at 3.3 V, the patterns' own shares",
        ),
        Draw("vibration motor", {"recording": motor()}, "computed: 75 mA, a long buzz at each reminder"),
        Draw(
            "TPM, clock, gauge, accelerometer, microphone",
            dict.fromkeys(STATES, SMALL),
            "estimate: data sheets' figures at rest are below 1 mA each",
        ),
    ]


def lights(look: Look) -> Three:
    """What both lights take on average in a look: that much at the most, since red takes most."""
    lamp_mw = PIN_V * (PIN_V - RED_V) / OHMS * 1000
    mix = hardware.boards()[0].colours
    shown = LIGHTS[look]
    mean = lamp_mw * (sum(mix[shown.top.colour]) * share(shown.top) + _front(shown.front) * share(shown.front))
    return Three(mean / 2, mean, mean * 2)


def _front(light: Light) -> float:
    """The light in front has one channel."""
    return 0.0 if light.colour is Colour.OFF else 1.0


def share(light: Light) -> float:
    """How bright a light is on average, from 0 to 1."""
    course = COURSES[light.pattern]
    area = sum((end - begin) * (first + last) / 2 for (begin, first), (end, last) in pairwise(course))
    return area / course[-1][0]


def motor() -> Three:
    """What the reminders of a recording that goes on take."""
    return Three(1, 1, 1).times(MOTOR_MW * sum(BUZZES["long"]) / 1000 / Settings().remind_s)


def total(board: str, state: str) -> Three:
    """What the camera takes in a state, in mW at 5 V."""
    return sum((each.states.get(state, NONE) for each in draws(board)), NONE)


def hours(board: str, mah: float) -> Three:
    """How long a cell lasts, with as much recorded in proportion as in a shift."""
    part = RECORDED_H / SHIFT_H
    mean = total(board, "ready").times(1 - part) + total(board, "recording").times(part)
    cell_mwh = mah * CELL_V
    return Three(
        cell_mwh * BOOST.hoped * USABLE.hoped / mean.hoped,
        cell_mwh * BOOST.likely * USABLE.likely / mean.likely,
        cell_mwh * BOOST.feared * USABLE.feared / mean.feared,
    )


def needed_mah(board: str) -> Three:
    """The cell that a shift takes."""
    each = hours(board, 1000)
    return Three(*(SHIFT_H / lasts * 1000 for lasts in (each.hoped, each.likely, each.feared)))


def charging_h(board: str, mah: float, watts: float) -> float | None:
    """How long an empty cell takes while the camera is ready in its dock; None where it never gets there."""
    left = watts - total(board, "ready").likely / 1000
    return mah * CELL_V / 1000 / CHARGER / left if left > 0 else None


def warmer_k(board: str) -> Three:
    """By how much the case is warmer than the air while it records, worn: the side at the body does not cool."""
    width, height, depth = (each / 1000 for each in CASE_MM)
    area = width * height + 2 * (width + height) * depth
    return total(board, "recording").times(1 / 1000 / COOLING / area)
