"""The parts list of ``docs/hardware.md``: what a camera is made of on each board, and of which order the price of each part is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from hal.pi.board import Board
from tests.specification import hardware, power
from tests.specification.tables import table

BANDS: Mapping[str, tuple[int, int]] = {"a": (1, 3), "b": (3, 10), "c": (10, 30), "d": (30, 100)}
"""Orders of magnitude, half a decade each, in euros for one piece."""


CELL_MAH = 5000


@dataclass(frozen=True)
class Part:
    """Something to buy: what it is, which one, the order of its price, and how many of it a board takes."""

    what: str
    which: str
    band: str
    many: Callable[[Board], int] = lambda _: 1


def _only(name: str) -> Callable[[Board], int]:
    return lambda board: int(board.name == name)


def _has(part: Callable[[Board], object]) -> Callable[[Board], int]:
    return lambda board: int(bool(part(board)))


def _cells(board: Board) -> int:
    """As many as a shift is likely to take."""
    return ceil(power.needed_mah(board.name).likely / CELL_MAH)


PARTS: tuple[Part, ...] = (
    Part("board", "Raspberry Pi Zero 2 W, with a soldered header or soldered wires", "c", _only("zero2w")),
    Part("board", "Raspberry Pi 4 B, 2 GB", "d", _only("pi4")),
    Part("board", "Raspberry Pi 5, 2 GB", "d", _only("pi5")),
    Part(
        "camera module",
        "a sensor that libcamera has a tuning for (IMX219, IMX708); wide, since it is worn",
        "c",
        _has(lambda board: board.camera),
    ),
    Part("ribbon for it", "22 to 15 contacts, as Zero 2 W and Pi 5 need", "b", lambda board: int(board.name != "pi4")),
    Part(
        "microphone",
        "MEMS on I2S: INMP441, ICS-43434, SPH0645, on a breakout",
        "b",
        _has(lambda board: board.microphone),
    ),
    Part(
        "device key",
        "TPM 2.0 on SPI: SLB 9670 or 9672, as LetsTrust and others sell it",
        "c",
        lambda board: int(board.signer.kind == "tpm2"),
    ),
    Part(
        "clock", "DS3231 on a breakout, with its coin cell", "b", lambda board: int(bool(board.rtc and board.rtc.chip))
    ),
    Part(
        "cell for the board's own clock",
        "rechargeable, with the plug for J5",
        "b",
        lambda board: int(bool(board.rtc and not board.rtc.chip)),
    ),
    Part("accelerometer", "LIS3DH on a breakout", "b", _has(lambda board: board.accelerometer)),
    Part("charger, converter and gauge", "a cell in, 5 V of 2 A out, and a MAX1704x: breakouts", "c", _only("zero2w")),
    Part(
        "UPS board",
        "charger, 5 V of 3 A and more, gauge of the MAX1704x family",
        "d",
        lambda board: int(board.name != "zero2w"),
    ),
    Part("cells", f"lithium-ion with protection, {CELL_MAH} mAh each: for {power.SHIFT_H:g} hours", "b", _cells),
    Part("card", "industrial (pSLC) or high-endurance, 64 to 128 GB, known to keep what it said it synced", "d"),
    Part("LEDs", "one RGB with a common cathode, one red; their resistors", "a"),
    Part("buttons", "two that a glove finds, sealed", "b", lambda board: len(board.buttons)),
    Part("vibration motor", "coin, 3 V; transistor, diode, resistor", "a", _has(lambda board: board.vibration)),
    Part("buzzer", "passive, magnetic, 3 V; transistor, diode, resistor", "a", _has(lambda board: board.buzzer)),
    Part("contacts' protection", "TVS diodes and series resistors for all that leaves the case", "a"),
    Part("pogo contacts", "four and a magnet, at the case", "b", _has(lambda board: board.uart)),
    Part("case", "printed, for trials; one that a prison accepts is a tool's price apart", "c"),
    Part("dock: contacts and supply", "four contacts, 5 V of 2 A or more", "c", _has(lambda board: board.uart)),
    Part("dock: serial adapter", "USB to UART, 3.3 V, 3 Mbit/s (FT232H, CP2102N)", "c", _has(lambda board: board.uart)),
)


def spent(board: Board) -> tuple[int, int]:
    """All together, at the bottom and at the top of each band."""
    bands = [(BANDS[part.band], part.many(board)) for part in PARTS]
    return sum(low * many for (low, _), many in bands), sum(high * many for (_, high), many in bands)


def parts_list() -> str:
    """Each part, what it costs by order of magnitude, and how many each board takes."""
    boards = hardware.boards()
    rows = [
        (part.what, part.which, "{}–{}".format(*BANDS[part.band]), *(part.many(board) or "" for board in boards))
        for part in PARTS
    ]
    rows.append(
        (
            "**in all**",
            "",
            "",
            *("**{:.0f} to {:.0f} €**".format(*(round(each, -1) for each in spent(board))) for board in boards),
        )
    )
    return table(("part", "which", "€, order of magnitude", *(board.model for board in boards)), rows)
