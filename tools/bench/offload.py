"""A whole offload, camera and dock each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from firmware.core.machine import Move
from firmware.runtime.docklink import Docking, DockNews, DockParts
from hal.interface import DockPort
from hal.sim.clock import SimClock
from tools.bench.bare import READY_S, warm
from tools.bench.card import Card, Pair
from tools.bench.lower import Lower
from tools.bench.pair import SideError, Stopwatch, Took, alongside
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity
from tools.dock.rack.crowd import Crowd
from tools.dock.rack.ports import Port
from tools.dock.rack.reception import Reception
from tools.dock.rack.slots import Rack
from tools.dock.store import Store
from tools.dock.visit import Desk


@dataclass(slots=True)
class _Watch:
    """Measures from the first request for a recording to the receipt for the last."""

    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    took: Took | None = None
    began: bool = False

    def __call__(self, event: DockEvent) -> None:
        if event.kind is Kind.FETCHING and not self.began:
            self.began = True
            self.stopwatch.start()
        elif event.kind is Kind.RECEIPTED:
            self.took = self.stopwatch.stop()


def offload(
    card: Card, pair: Pair, store: Path, lower: Lower, *, chacha: bool = False, apart: bool = True
) -> tuple[Took, Took]:
    """What camera and dock took for everything on the card, once they had met; ``SideError`` where nothing was receipted.

    Not ``apart`` both are threads of this process, and what each took is of both.
    """

    def camera() -> Took:
        stopwatch = Stopwatch()

        def hear(news: DockNews) -> None:
            if news.move is Move.MET:
                stopwatch.start()

        Docking(_parts(card, pair, lower.camera(), hear, chacha=chacha)).run(Event())
        return stopwatch.stop()

    def dock() -> Took:
        watch = _Watch()
        _receive(pair, store, lower.dock(), watch)
        if watch.took is None:
            raise SideError("nothing was receipted")
        return watch.took

    if apart:
        return alongside(camera, dock)
    with ThreadPoolExecutor(2) as both:
        left, right = both.submit(camera), both.submit(dock)
        return left.result(), right.result()


def meet(card: Card, pair: Pair, store: Path, lower: Lower) -> tuple[Took, Took]:
    """The beginning of a docking: what a camera took from the connection to the end of the greeting, and a dock for all of the visit."""

    def camera() -> Took:
        port, stopwatch, took = lower.camera(), Stopwatch(), list[Took]()

        def hear(news: DockNews) -> None:
            if news.move is Move.MET:
                took.append(stopwatch.stop())
                stopping.set()

        stopping = Event()
        warm(pair)
        time.sleep(READY_S)
        stopwatch.start()
        Docking(_parts(card, pair, port, hear)).run(stopping)
        if not took:
            raise SideError("they did not meet")
        return took[0]

    def dock() -> Took:
        port, stopwatch = lower.dock(), Stopwatch()
        warm(pair)
        _receive(pair, store, port, lambda _event: None)
        return stopwatch.stop()

    return alongside(camera, dock)


def _parts(
    card: Card, pair: Pair, port: DockPort, hear: Callable[[DockNews], None], *, chacha: bool = False
) -> DockParts:
    numbers = iter(range(1, 1 << 30))
    return DockParts(
        port,
        SimClock(),
        pair.session,
        card,
        lambda: pair.trust,
        lambda size: next(numbers).to_bytes(size, "big"),
        hear,
        chacha=chacha,
    )


def _receive(pair: Pair, store: Path, port: Port, hear: Callable[[DockEvent], None]) -> None:
    """Attend the camera at this port, to the end of its visit."""
    desk = Desk(DockIdentity(pair.dock, pair.dock_key, pair.trust), Store(store), hear)
    Reception(desk, rack=Rack({}), crowd=Crowd(1)).attend(port, "bench")
    port.close()
