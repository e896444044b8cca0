"""Whole dockings over a raw UART with bit errors, TLS, hashes and receipts included, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from firmware.runtime.docklink import DockLink, DockNews
from hal.interface import PortKind
from tests.docking import DockEnd, MemoryShelf, Stop, VirtualClock, camera, desk, parts, stored
from tests.pki import Pki
from tools.bench.line import LineSpec, Way
from tools.bench.noise import MS, allowed
from tools.dock.events import DockEvent, Kind

NANO = 1_000_000_000
STEP_S = 0.001


class Uart:
    """A camera's ``DockPort`` on a simulated line, whose waits move the clock and run the other end."""

    kind = PortKind.SERIAL

    def __init__(self, clock: VirtualClock, end: DockEnd, spec: LineSpec, seed: int) -> None:
        self._clock = clock
        self._end = end
        self._ways = self._there, self._back = Way(spec, f"there {seed}"), Way(spec, f"back {seed}")
        self._answer = b""

    def connected(self) -> bool:
        """It hangs on the wall."""
        return True

    def read(self, limit: int, timeout_s: float) -> bytes:
        """What is there, or comes within the time."""
        until = self._clock.now_ns + round(timeout_s * NANO)
        while not (data := self._back.read()) and self._clock.now_ns < until:
            self._step()
        assert len(data) <= limit
        return data

    def write(self, data: bytes) -> None:
        """Hand it to the driver, which waits for the line."""
        while data := data[self._there.write(data) :]:
            self._step()

    def reset(self) -> None:
        """What is on the line stays there."""

    def _step(self) -> None:
        self._clock.advance(STEP_S)
        for way in self._ways:
            way.advance(self._clock.now_ns)
        self._answer += self._end.pump(self._there.read(), self._clock.now_ns)
        self._answer = self._answer[self._back.write(self._answer) :]


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


def dock(shelf: MemoryShelf, pki: Pki, store: Path, spec: LineSpec) -> tuple[dict[Kind, int], list[DockNews]]:
    """Go through one docking; when the last event of each kind was, and what the camera heard."""
    when: dict[Kind, int] = {}

    def emit(event: DockEvent) -> None:
        when[event.kind] = shelf.clock.now_ns

    at, _ = desk(pki, store)
    news: list[DockNews] = []
    port = Uart(shelf.clock, DockEnd(replace(at, emit=emit), PortKind.SERIAL), spec, 1)
    DockLink(parts(shelf, port, news)).run(Stop(shelf.clock, 1))
    return when, news


@pytest.mark.parametrize("error_rate", [0.0, 1e-6, 1e-5])
@pytest.mark.no_cover
def test_an_offload_over_a_bad_uart(pki: Pki, tmp_path: Path, error_rate: float) -> None:
    """A whole offload, from the first request for a recording to its receipt, carries seven tenths and more of what the bit errors allow, and
    every byte arrives."""
    shelf, spec = camera(pki), LineSpec(3_000_000, error_rate=error_rate, delay_ns=4 * MS)
    shelf.record(1, (700_000, 500_000))
    files = shelf.recordings[1]
    when, news = dock(shelf, pki, tmp_path, spec)
    assert news[-1].text == "the dock is done"
    assert stored(tmp_path, 1) == files
    seconds = (when[Kind.RECEIPTED] - when[Kind.FETCHING]) / NANO
    assert sum(map(len, files.values())) / seconds > 0.85 * allowed(spec)
