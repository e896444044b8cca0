"""What runs inside the virtual camera, as far as it runs anywhere: the rest is `make vm-test`."""

from __future__ import annotations

import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tools.vm.guest import cable


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
