"""The dock's ports of a Raspberry Pi, where they differ from the contract's: who has the line, at what speed, and who says that a dock is there."""

from __future__ import annotations

import errno
import os
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.interface import PortKind
from hal.pi import serialport
from hal.tty import SerialLine
from tests.contract.pi_docks import Terminals

WAIT_S = 30.0


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    """A line."""
    made = Terminals(tmp_path / "tty")
    made.offer()
    yield made
    made.close()


def test_the_line_is_raw_and_fast(terminals: Terminals) -> None:
    """The kernel says of the tty what the real pyserial set: 3 Mbit/s or what the board's file has, eight bits, no flow control, no echo."""
    for baud, speed in ((3_000_000, termios.B3000000), (115_200, termios.B115200)):
        port = serialport.uart(str(terminals.link), lambda: True, baud)
        assert port.connected()
        descriptor = os.open(terminals.link, os.O_RDWR | os.O_NOCTTY)
        iflag, _, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(descriptor)
        os.close(descriptor)
        assert (ispeed, ospeed) == (speed, speed)
        assert cflag & termios.CSIZE == termios.CS8
        assert not iflag & (termios.IXON | termios.IXOFF | termios.ICRNL)
        assert not lflag & (termios.ECHO | termios.ICANON)
        port.close()


def test_a_second_service_is_refused_the_line(terminals: Terminals) -> None:
    """Two that read one line would each get half of it."""
    first, second = (serialport.uart(str(terminals.link), lambda: True) for _ in range(2))
    assert first.connected()
    assert not second.connected()
    with pytest.raises(OSError, match="lock"):
        second.read(1, 0)
    first.close()
    assert second.connected()
    second.close()


def test_what_waits_comes_in_one_read(terminals: Terminals) -> None:
    """Not byte by byte, which costs pyserial 250 times as much."""
    port = serialport.uart(str(terminals.link), lambda: True)
    assert port.connected()
    terminals.send(bytes(3000))
    assert len(port.read(4096, WAIT_S)) > 500
    port.close()


def test_contacts_that_only_answer_when_asked(terminals: Terminals) -> None:
    """Where nobody tells the port of edges it finds out for itself, in the middle of a read too."""
    touched = [True]
    port = serialport.uart(str(terminals.link), lambda: touched[0])
    assert port.kind is PortKind.SERIAL
    found: list[OSError] = []

    def read() -> None:
        try:
            port.read(10, WAIT_S)
        except OSError as problem:
            found.append(problem)

    reader = threading.Thread(target=read)
    assert port.connected()
    reader.start()
    touched[0] = False
    reader.join(WAIT_S / 2)
    assert [each.errno for each in found] == [errno.ENOTCONN]
    touched[0] = True
    port.reset()
    assert port.connected()
    port.close()


def test_contacts_that_cannot_be_asked(terminals: Terminals) -> None:
    """A wire that raises means that no dock is there, and nothing worse."""

    def broken() -> bool:
        raise OSError(errno.EIO, "no such pin")

    port = serialport.uart(str(terminals.link), broken)
    assert not port.connected()
    with pytest.raises(OSError, match="plugged"):
        port.write(b"x")
    port.reset()


def test_a_device_that_is_missing(tmp_path: Path) -> None:
    """A board whose line is not there is never docked, and says which line when used."""
    port = serialport.uart(str(tmp_path / "ttyAMA9"), lambda: True)
    assert not port.connected()
    with pytest.raises(OSError, match="ttyAMA9"):
        port.read(1, 0)


@pytest.mark.parametrize(
    ("state", "there"),
    [
        ("configured\n", True),
        ("suspended\n", False),
        ("not attached\n", False),
        ("addressed\n", False),
        ("default\n", False),
        ("powered\n", False),
        ("", False),
    ],
)
def test_states_of_the_gadget(state: str, *, there: bool, terminals: Terminals, tmp_path: Path) -> None:
    """Only a host that has set the gadget up is one; the words are those of the kernel's ``usb_state_string``."""
    (tmp_path / "state").write_text(state)
    port = serialport.gadget(str(terminals.link), tmp_path / "state")
    assert port.connected() is there
    port.close()


def test_a_board_without_a_controller(terminals: Terminals, tmp_path: Path) -> None:
    """No controller, no dock: that is an answer and not a failure."""
    port = serialport.gadget(str(terminals.link), tmp_path / "udc0" / "state")
    assert not port.connected()
    network = serialport.network("tcp:127.0.0.1:1", tmp_path / "udc0" / "state")
    assert network.kind is PortKind.STREAM
    assert not network.connected()


def test_a_dock_that_goes_while_its_line_is_opened(terminals: Terminals) -> None:
    """Opening may take seconds.  Who tells that the dock went is not held up by it, and the line is not kept."""
    opening, told, lines = threading.Event(), threading.Event(), list[SerialLine]()

    def slow() -> SerialLine:
        opening.set()
        assert told.wait(WAIT_S)
        lines.append(SerialLine(str(terminals.link)))
        return lines[-1]

    port = serialport.PiDock(PortKind.SERIAL, slow, lambda: True)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(port.connected()))
    asking.start()
    assert opening.wait(WAIT_S)
    port.tell(False)
    told.set()
    asking.join(WAIT_S)
    assert answers == [False]
    assert not lines[0].alive()
