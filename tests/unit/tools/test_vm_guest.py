"""What runs inside the virtual camera, as far as it runs anywhere: the rest is `make vm-test`."""

from __future__ import annotations

import os
import pty
import threading
import time
import tomllib
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hal.interface import Colour, Pattern
from tools.vm.build import BOARD
from tools.vm.guest import cable, gpio, hands

TABLE = tomllib.loads(BOARD.read_text(encoding="utf-8"))


def ioctl_number(order: int, size: int) -> int:
    """``_IOWR(0xB4, order, size)``, as the kernel's ``include/uapi/asm-generic/ioctl.h`` makes it."""
    return 3 << 30 | size << 16 | 0xB4 << 8 | order


def test_requests_have_the_kernels_sizes() -> None:
    """The number of a request holds the size of what goes with it: all three agree, and with the header's."""
    assert (gpio._REQUEST.size, gpio._VALUES.size, gpio._EVENT.size) == (592, 16, 48)
    assert ioctl_number(0x07, gpio._REQUEST.size) == gpio._GET_LINE
    assert ioctl_number(0x0E, gpio._VALUES.size) == gpio._GET_VALUES
    assert ioctl_number(0x0F, gpio._VALUES.size) == gpio._SET_VALUES


def test_every_lamp_of_the_board_is_driven() -> None:
    """Light, channel and line, as the board's file has them."""
    assert set(hands.lamps(TABLE)) == {
        ("top", "red", 4),
        ("top", "green", 5),
        ("top", "blue", 6),
        ("front", "red", 7),
    }


@pytest.mark.parametrize("colour", Colour)
def test_each_colour_lights_its_channels(colour: Colour) -> None:
    """A steady light is the board's mix of it, and OFF lights nothing."""
    shown = {"colour": colour.value, "pattern": Pattern.STEADY.value}
    lit = [hands.level(TABLE, shown, channel, 0.3) for channel in hands.CHANNELS]
    assert lit == [share >= 50 for share in TABLE["colours"].get(colour.value, (0, 0, 0))]


def test_patterns_are_seen_on_the_lines() -> None:
    """A slow light is on for half a second and off for the other half; one that pulses is lit in between."""
    slow, pulse = ({"colour": "red", "pattern": pattern} for pattern in ("slow", "pulse"))
    assert [hands.level(TABLE, slow, "red", at) for at in (0.1, 0.4, 0.6, 0.9, 1.1)] == [True, True, False, False, True]
    assert [hands.level(TABLE, pulse, "red", at) for at in (0.0, 0.5, 0.99)] == [False, True, False]


@contextmanager
def tty_pair() -> Iterator[tuple[int, int]]:
    """Both ends of a raw pseudo-terminal, whichever of them is still open being closed at the end."""
    near, far = pty.openpty()
    tty.setraw(far)
    with ExitStack() as stack:
        stack.callback(os.close, near)
        stack.callback(os.close, far)
        yield near, far


def read(handle: int, size: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < size:
        data += os.read(handle, size - len(data))
    return data


def test_the_cable_carries_every_byte_until_it_is_let_go() -> None:
    """Both ways, more than fits into a buffer, any byte; and its end is the end of carrying."""
    sent = bytes(range(256)) * 64
    with tty_pair() as (outside, port):
        camera, line = pty.openpty()
        tty.setraw(line)
        thread = threading.Thread(target=cable.carry, args=(port, line), daemon=True)
        thread.start()
        for source, target in ((outside, camera), (camera, outside)):
            writer = threading.Thread(target=os.write, args=(source, sent[:4000]), daemon=True)
            writer.start()
            assert read(target, 4000) == sent[:4000]
            writer.join()
        os.close(camera)
        thread.join(10)
        assert not thread.is_alive()
        os.close(line)


def test_a_device_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for until it is there."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    found = iter([None, None, Path(os.devnull)])
    assert cable.wait("it", lambda: next(found)) == Path(os.devnull)
    assert len(waited) == 2
