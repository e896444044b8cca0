"""Cameras and docks on real ports, each on threads of their own, and a clock that leaps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware.evidence.roles import Role
from firmware.evidence.session import Session as Boot
from firmware.runtime.docklink import DockLink, DockNews
from hal.sim.dock import SimDock
from tests.docking import MemoryShelf, VirtualClock, parts
from tests.pki import Pki
from tools.dock import Dock, DockEvent, Kind
from tools.dock.visit import Desk, system_utc_ms

PATIENCE_S = 60.0


class RealClock(VirtualClock):
    """A clock that runs."""

    def monotonic_ns(self) -> int:
        """Now."""
        self.now_ns = time.monotonic_ns()
        return self.now_ns


class LeapingClock:
    """The dock's clock, which leaps where it is told to."""

    def __init__(self) -> None:
        self._ahead_ns = 0

    def __call__(self) -> int:
        """Now."""
        return time.monotonic_ns() + self._ahead_ns

    def leap(self, seconds: float) -> None:
        """Let time pass that nobody waits for."""
        self._ahead_ns += round(seconds * 1e9)


def camera(pki: Pki, name: str = "cam-1", volume: str = "0123456789abcdef" * 2) -> MemoryShelf:
    """A camera of this authority, in real time."""
    holder = pki.device if name == "cam-1" else pki.enrol(Role.DEVICE, name)
    return MemoryShelf(pki, Boot.begin(holder.chain, holder.sign), RealClock(utc_ms=system_utc_ms()), volume=volume)


@contextmanager
def docked(shelf: MemoryShelf, port: SimDock) -> Iterator[list[DockNews]]:
    """The camera's dock thread, running."""
    news: list[DockNews] = []
    stop = threading.Event()
    thread = threading.Thread(target=DockLink(parts(shelf, port, news)).run, args=(stop,))
    thread.start()
    try:
        yield news
    finally:
        stop.set()
        port.unplug()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


class Told:
    """What a dock tells; others may wait for it."""

    def __init__(self) -> None:
        self.events: list[DockEvent] = []
        self._changed = threading.Condition()

    def __call__(self, event: DockEvent) -> None:
        """Hear it."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait(self, kind: Kind, count: int = 1, **facts: Any) -> DockEvent:
        """The event of this kind that has these facts (``slot`` and ``device`` among them), the ``count``-th."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.all(kind, **facts)[count - 1 :], PATIENCE_S)
        assert found, f"no {kind} {facts}: {[(str(e.kind), e.slot, e.device, e.text) for e in self.events]}"
        return found[0]

    def all(self, kind: Kind, **facts: Any) -> list[DockEvent]:
        """Those that there are already."""
        return [event for event in self.events if event.kind is kind and facts.items() <= _facts(event).items()]

    def kinds(self, slot: str) -> list[Kind]:
        """What happened at a slot, without the progress."""
        return [event.kind for event in self.events if event.slot == slot and event.kind is not Kind.PROGRESS]


def _facts(event: DockEvent) -> dict[str, Any]:
    return {**event.facts, "slot": event.slot, "device": event.device}


@contextmanager
def serving(at: Desk, specs: Sequence[str], **options: Any) -> Iterator[Told]:
    """A dock that serves at these places meanwhile, and what it tells."""
    told = Told()
    dock = Dock(replace(at, emit=told), **options)
    thread = threading.Thread(target=dock.serve, args=(specs,))
    thread.start()
    try:
        yield told
    finally:
        dock.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def stored(store: Path, shelf: MemoryShelf, number: int) -> dict[str, bytes]:
    """The files of a camera's recording in a store, without its receipt."""
    path = store / shelf.session.device / shelf.volume / "recordings" / f"{number:08d}"
    return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.name != "receipt.jws"}


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)
