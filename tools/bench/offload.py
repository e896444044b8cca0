"""A whole offload, camera and dock each in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from firmware.core.machine import Move
from firmware.runtime.docklink import Docking, DockNews, DockParts
from hal.sim.clock import SimClock
from tools.bench.card import Card, Pair
from tools.bench.lower import Lower
from tools.bench.pair import SideError, Stopwatch, Took, alongside
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity
from tools.dock.rack.crowd import Crowd
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


def offload(card: Card, pair: Pair, store: Path, lower: Lower, *, chacha: bool = False) -> tuple[Took, Took]:
    """What camera and dock took for everything on the card, once they had met; ``SideError`` where nothing was receipted."""

    def camera() -> Took:
        stopwatch = Stopwatch()

        def hear(news: DockNews) -> None:
            if news.move is Move.MET:
                stopwatch.start()

        numbers = iter(range(1, 1 << 30))
        parts = DockParts(
            lower.camera(),
            SimClock(),
            pair.session,
            card,
            lambda: pair.trust,
            lambda size: next(numbers).to_bytes(size, "big"),
            hear,
            chacha=chacha,
        )
        Docking(parts).run(Event())
        return stopwatch.stop()

    def dock() -> Took:
        watch = _Watch()
        desk = Desk(DockIdentity(pair.dock, pair.dock_key, pair.trust), Store(store), watch)
        port = lower.dock()
        Reception(desk, rack=Rack({}), crowd=Crowd(1)).attend(port, "bench")
        port.close()
        if watch.took is None:
            raise SideError("nothing was receipted")
        return watch.took

    return alongside(camera, dock)
