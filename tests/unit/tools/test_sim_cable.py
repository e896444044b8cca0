"""The cable: two ttys that carry bytes to each other, and the dock at its end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.dock.events import DockEvent, Kind
from tools.dock.identity import SetupError
from tools.sim.bay import Bay, in_words, style
from tools.sim.cable import Cable
from tools.sim.heard import HeardNothingError
from tools.sim.home import Home, provision


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A tty, open for both."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(descriptor: int, size: int) -> bytes:
    """So many bytes, as long as they keep coming."""
    data = b""
    while len(data) < size and select.select([descriptor], [], [], 2)[0]:
        data += os.read(descriptor, size - len(data))
    return data


def test_every_byte_crosses_unaltered_both_ways() -> None:
    """Raw: no echo, no line ends changed, no byte with a meaning of its own."""
    every = bytes(range(256)) * 4
    with Cable() as cable, opened(cable.camera) as camera, opened(cable.dock) as dock:
        os.write(camera, every)
        assert read(dock, len(every)) == every
        os.write(dock, every)
        assert read(camera, len(every)) == every
        assert not select.select([camera, dock], [], [], 0.05)[0]
    assert cable.carried == 2 * len(every)


def test_an_end_that_nobody_reads_loses_bytes_and_stops_nothing() -> None:
    """What the other way carries still arrives, as on a UART."""
    with Cable() as cable, opened(cable.camera) as camera, opened(cable.dock) as dock:
        os.set_blocking(camera, False)
        for _ in range(10):
            if select.select([], [camera], [], 0.5)[1]:
                os.write(camera, bytes(4096))
        os.write(dock, b"hello")
        assert read(camera, 5) == b"hello"


def test_leaving_and_coming_back() -> None:
    """Closing one end does not hang up on the other, and a new opener is connected again."""
    with Cable() as cable, opened(cable.dock) as dock:
        with opened(cable.camera) as camera:
            os.write(camera, b"one")
        assert read(dock, 3) == b"one"
        with opened(cable.camera) as camera:
            os.write(camera, b"two")
            assert read(dock, 3) == b"two"


def test_a_closed_cable_hangs_up() -> None:
    """Whoever still holds an end hears that the line is gone."""
    cable = Cable()
    with opened(cable.camera) as camera:
        cable.close()
        poll = select.poll()
        poll.register(camera, 0)
        assert poll.poll(0)[0][1] & select.POLLHUP


def test_no_ttys_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that has none left says so, and nothing stays open."""

    def descriptors() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = descriptors()

    def refuse() -> tuple[int, int]:
        raise OSError("out of pty devices")

    monkeypatch.setattr(os, "openpty", refuse)
    with pytest.raises(OSError, match="out of pty devices"):
        Cable()
    assert descriptors() == before


def test_a_dock_at_the_end_of_the_cable(tmp_path: Path) -> None:
    """It serves its tty until it is closed, and what does not come is named."""
    home = Home(tmp_path)
    provision(home, {})
    told = list[DockEvent]()
    with Bay(home.identity, home.dock, told.append) as bay:
        assert bay.wait(Kind.LISTENING, 0).facts["port"] != bay.port
        assert bay.next(Kind.LISTENING, 0) == 1
        with pytest.raises(HeardNothingError, match="the dock's 'done'"):
            bay.wait(Kind.DONE, 0, timeout_s=0)
    assert [event.kind for event in told if event.kind is not Kind.PLUGGED] == [Kind.LISTENING]


def test_a_dock_without_an_identity(tmp_path: Path) -> None:
    """It does not begin, and says why."""
    with pytest.raises(SetupError):
        Bay(tmp_path / "nobody", tmp_path / "store", lambda _event: None)


def test_only_what_matters_is_told() -> None:
    """Progress and the clock are not worth a line; trouble stands out."""
    assert in_words(DockEvent(Kind.PROGRESS, "cam-1", {"done": 1, "total": 2})) == ""
    lost = DockEvent(Kind.LOST, "cam-1", {"text": "silence"})
    refused = DockEvent(Kind.REFUSED, "cam-1", {"text": "foreign"})
    assert "silence" in in_words(lost)
    assert style(lost) != style(refused)
