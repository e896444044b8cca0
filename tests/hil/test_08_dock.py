"""Every byte comes through the dock's line, and a pulled plug is noticed.

The USB gadget's serial line between the board and this desk, both ways, in blocks that are answered; then the plug is pulled and put in again. The same over the pogo
pins' UART, where there is an adapter for it.

Wiring:
    A USB cable that carries data from the board's gadget port to this desk: on a Zero 2 W the inner socket, on a Pi 4 and a Pi 5 the USB-C socket, which is the supply too: power the board
    by its header meanwhile. The way in must be another one: Wi-Fi, or Ethernet.
    {pins: dock UART}

When all is well it prints:
    <number> KiB there and back over <device>, <number> KiB/s
    the board noticed the pulled plug, and the plug that came back
    <number> KiB there and back over the pogo pins, <number> KiB/s

When not, look at:
    - no controller: `dtoverlay=dwc2,dr_mode=peripheral` in `config.txt`
    - no `/dev/ttyACM0` at this desk: `dmesg` here; a cable that only charges; HIL_DOCK
    - bytes lost on the UART: the adapter does not reach 3 Mbit/s; `dtoverlay=disable-bt`; a console on the line (`cmdline.txt`)
    - a pulled plug that is not noticed: the controller cannot see the bus's power; the dock's own time-out then ends the docking
"""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path

import pytest
import serial

from tests.hil.bench import Bench
from tests.hil.plugin import Note
from tests.hil.ssh import READY_S, Program

pytestmark = pytest.mark.timeout(1800)
ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "buildroot/overlay/usr/lib/lapel/usb-gadget"
BLOCK, BLOCKS = 8192, 32
KIB = 1024
PATIENCE_S = 60.0
ANSWER_S = 20.0


def appears(path: str, program: Program) -> None:
    """Wait until the desk has the line, and the board says that somebody is there."""
    until = time.monotonic() + PATIENCE_S
    while not Path(path).exists():
        assert time.monotonic() < until, f"{path} does not appear at this desk"
        threading.Event().wait(0.2)
    told = program.expect("dock", PATIENCE_S)
    while not told.truth("there"):
        told = program.expect("dock", PATIENCE_S)


def there_and_back(line: serial.Serial) -> float:
    """Send blocks of which each has to come back whole; how many KiB a second went through."""
    began = time.monotonic()
    for number in range(BLOCKS):
        block = hashlib.sha256(bytes([number])).digest() * (BLOCK // 32)
        line.write(block)
        back = line.read(BLOCK)
        assert back == block, (
            f"block {number}: {len(back)} of {BLOCK} bytes came back, {'whole' if back == block else 'not the same'}"
        )
    return BLOCK * BLOCKS / KIB / (time.monotonic() - began)


def opened(path: str, baud: int = 115_200) -> serial.Serial:
    """The desk's end of a line."""
    return serial.Serial(path, baud, timeout=ANSWER_S, write_timeout=ANSWER_S, exclusive=True)


def begin(board: Bench) -> None:
    """Make the board a USB device, as its image does."""
    if not board.board.gadget:
        pytest.skip("not possible here: this board's file has no USB gadget")
    board.ssh.as_root(["modprobe", "libcomposite"])
    board.ssh.as_root(["sh", "-s"], SCRIPT.read_bytes())


def test_the_usb_line_carries_every_byte(board: Bench, note: Note) -> None:
    """There and back."""
    begin(board)
    with board.start("echo", line="gadget") as program:
        program.expect("ready", READY_S)
        board.hands.do("plug")
        appears(board.config.dock, program)
        with opened(board.config.dock) as line:
            rate = there_and_back(line)
    note(f"{BLOCK * BLOCKS // KIB} KiB there and back over {board.config.dock}, {rate:.0f} KiB/s")


def test_a_pulled_plug_is_noticed(board: Bench, note: Note) -> None:
    """And put in again it carries every byte again."""
    begin(board)
    with board.start("echo", line="gadget") as program:
        program.expect("ready", READY_S)
        board.hands.do("plug")
        appears(board.config.dock, program)
        board.hands.do("unplug")
        assert not program.expect("dock", PATIENCE_S).truth("there")
        board.hands.do("plug")
        appears(board.config.dock, program)
        with opened(board.config.dock) as line:
            there_and_back(line)
    note("the board noticed the pulled plug, and the plug that came back")


def test_the_pogo_pins_carry_every_byte(board: Bench, note: Note) -> None:
    """There and back over the UART, at the rate of the board's file."""
    uart = board.board.uart
    if uart is None:
        pytest.skip("not possible here: this board's file has no UART")
    if not board.config.uart:
        pytest.skip("HIL_UART is not set: no serial adapter at this desk")
    board.hands.do("adapter", tx=board.header(uart.tx), rx=board.header(uart.rx))
    with board.start("echo", line="uart") as program:
        program.expect("ready", READY_S)
        with opened(board.config.uart, uart.baud) as line:
            rate = there_and_back(line)
    note(f"{BLOCK * BLOCKS // KIB} KiB there and back over the pogo pins, {rate:.0f} KiB/s")
