"""The whole camera in front of a dock that does everything wrong, and then of an honest one; what is measured on the way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from firmware.core.machine import Move
from firmware.dock.link import Link
from firmware.dock.protocol import Side
from firmware.dock.tls import Identity
from firmware.evidence.roles import Role
from firmware.runtime.docklink import DockLink, DockNews, DockParts
from hal.interface import ClockQuality, PortKind
from tests.docking import DockEnd, Peer, Wire, desk
from tests.fault.soak.dockings import Passing
from tests.fault.soak.shift import _ask
from tests.hostile.peers import Liar, Script
from tests.hostile.scales import Scales
from tests.pki import Holder, Pki
from tests.rig import Rig, copy, pki, settings_line
from tools.dock.events import DockEvent
from tools.dock.identity import DockIdentity

NS = 1_000_000_000
UTC_MS = 1_790_000_100_000
"""The true time, which honest docks tell."""
MOST_BYTES = 20 << 20
"""What one hostile docking may add to the memory in use, both ends together."""
MOST_SECONDS = 33.0
"""How long one hostile docking may last that says nothing that is allowed: the patience, the farewell, a nap."""
DONE = "the dock is done"
HONEST_SECONDS = 300.0
"""How long after a hostile docking an honest one may take to be met and done."""


@functools.cache
def withdrawn() -> Holder:
    """A dock of ours that the authority has withdrawn."""
    return pki().enrol(Role.DOCK, "dock-9")


def camera(*, quality: ClockQuality = ClockQuality.RTC, utc_ms: int = 1_790_000_000_000, **values: Any) -> Rig:
    """A camera in its second boot, with two recordings, the first one marked; what is receipted is erased at once."""
    before = _first_boot(tuple(sorted(values.items())))
    survivors = before.evidence.crash(), before.config.crash()
    rig = Rig.start(*survivors, before.clock.power_cycle(), replace(before.signer), before.values).run(1)
    rig.camera.writer.ask = lambda action: _ask(rig, action)  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.settings(settings_line(rig.values, serial=2, revoked=(withdrawn().chain.fingerprint,)))
    rig.clock.put(utc_ms, quality)
    return rig.run(1)


@functools.cache
def _first_boot(values: tuple[tuple[str, Any], ...]) -> Rig:
    """The life of a camera until its power was cut: lived once, and gone on with by each that asks."""
    return (
        Rig.new(**{"keep_after_receipt_h": 0, **dict(values)})
        .run(4)
        .tap()
        .run(1)
        .tap()
        .stop()
        .run(1)
        .tap()
        .run(1)
        .stop()
    )


def footage(rig: Rig, folder: Path) -> dict[str, dict[str, bytes]]:
    """All bytes of all recordings with a manifest, by number and file; receipts left out."""
    copy(rig.evidence.root().enter("recordings"), folder)
    return {
        place.name: {each.name: each.read_bytes() for each in sorted(place.iterdir()) if each.name != "receipt.jws"}
        for place in sorted(folder.iterdir())
        if (place / "manifest.jws").exists()
    }


@dataclass
class Told:
    """What came of it: the outcomes that the audit log has of docks that were met, the seconds that each docking lasted and the pauses
    behind them, and the most bytes that were in use during the hostile ones."""

    outcomes: list[str] = field(default_factory=list)
    lasted: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    news: list[DockNews] = field(default_factory=list)
    events: list[DockEvent] = field(default_factory=list)
    peak: int = 0
    lines: int = 0
    """Lines of the audit log that the hostile dockings left."""


class Slot(Wire):
    """A wire whose camera can be taken out and put back."""

    _out_for = 0

    def replug(self) -> None:
        """Take it out until it was looked for twice."""
        self._out_for = 2

    def connected(self) -> bool:
        """Whether it is plugged in."""
        self._out_for -= self._out_for > 0
        return not self._out_for and super().connected()


class Bench:
    """One camera, one port, and who stands at its other end, one after the other."""

    def __init__(self, rig: Rig, folder: Path, kind: PortKind) -> None:
        self.rig, self.folder, self.kind = rig, folder, kind
        self.before = footage(rig, folder / "before")
        self.told = Told()
        self.authority: Pki = pki()
        self.holder = self.authority.dock
        self.liars: list[Liar] = []
        self._times: list[tuple[str, int]] = []

    def liar(self, script: Callable[[Liar], Script], identity: Identity | None = None, **more: Any) -> Liar:
        """A dock that follows a script; with the good identity of a dock of ours, unless it has another."""
        dock = self.authority.dock
        link = Link(None) if self.kind is PortKind.SERIAL else None
        made = Liar(Side.DOCK, identity or Identity(dock.chain, dock.key), self.authority.trust, link, script, **more)
        self.liars.append(made)
        return made

    def honest(self) -> Peer:
        """The reference dock, which is ``holder``'s."""
        place, events = desk(self.authority, self.folder / "store", utc_ms=lambda: UTC_MS)
        self.told.events = events
        identity = DockIdentity(self.holder.chain, self.holder.key, self.authority.trust)
        return DockEnd(replace(place, identity=identity), self.kind)

    def meet(self, *attempts: Callable[[Bench], Peer], done: bool = False, exact: bool = False) -> Told:
        """Meet these one after the other, then an honest dock; ``AssertionError`` unless all footage outlives the former byte for byte,
        or, with ``done``, was handed over to them.  ``exact``: how to weigh (see ``Scales``)."""
        left = list(attempts)
        now: Callable[[Bench], Peer] | None = None
        scales = Scales(exact=exact)
        lines = self.rig.camera.vault.volume.audit.ledger.line
        passing = Passing(self.rig, (MOST_SECONDS + 60) * len(attempts) + HONEST_SECONDS, {})

        def connect() -> Peer:
            nonlocal now
            self._note("met")
            now = left.pop(0) if left else Bench.honest
            if now is Bench.honest:
                self._look(scales, lines, done=done)
            return now(self)

        def report(news: DockNews) -> None:
            self.told.news.append(news)
            self.rig.camera.inbox.put(news)
            if news.move is Move.GONE:
                self._note("gone")
                if news.text == DONE and now is Bench.honest:
                    passing.set()
                elif news.text == DONE:
                    wire.replug()  # nothing is due at this dock for a while: somebody puts the camera into another one

        vault, wire = self.rig.camera.vault, Slot(passing, connect, self.kind)
        draws = iter(range(1, 1 << 30))

        def draw(size: int) -> bytes:
            return (next(draws) << 8 | 1).to_bytes(size, "big")

        shelf, berth = self.rig.camera.shelf, self.rig.camera.berth
        link = DockLink(DockParts(wire, self.rig.clock, vault.session, shelf, vault.trust, draw, report, berth=berth))
        scales.start()
        try:
            link.run(passing)
        finally:
            scales.stop()
        self.rig.run(1)
        self._measure()
        return self.told

    def _look(self, scales: Scales, lines: int, *, done: bool) -> None:
        """The last hostile docking is over: what it cost, what it left in the log, and that all footage is there."""
        if not scales.running:
            return
        self.told.peak = scales.stop()
        self.told.lines = self.rig.camera.vault.volume.audit.ledger.line - lines
        self.told.outcomes = [
            line["data"]["outcome"] for line in self.rig.audit() if line["kind"] == "dock" and line["line"] > lines
        ]
        if not done:
            assert footage(self.rig, self.folder / "after") == self.before, "the hostile dock cost footage"

    def _note(self, what: str) -> None:
        self._times.append((what, self.rig.clock.monotonic_ns()))

    def _measure(self) -> None:
        for (what, at), (then, until) in pairwise(self._times):
            if (what, then) == ("met", "gone"):
                self.told.lasted.append((until - at) / NS)
            elif (what, then) == ("gone", "met"):
                self.told.pauses.append((until - at) / NS)

    def handed_over(self, *, erased: bool = True) -> None:
        """An honest dock has everything byte for byte, and has signed that; ``erased``: the camera has nothing left."""
        volume = self.rig.camera.vault.volume.id
        place = self.folder / "store" / "cam-1" / volume / "recordings"
        found = {
            each.name: {file.name: file.read_bytes() for file in each.iterdir() if file.name != "receipt.jws"}
            for each in sorted(place.iterdir())
        }
        assert found == self.before
        assert all((place / name / "receipt.jws").exists() for name in found)
        left = [entry.number for entry in self.rig.camera.vault.custody.inventory.all()]
        assert left == ([] if erased else [1, 2])
