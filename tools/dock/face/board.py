"""What a rack looks like now: the dock's events, folded into one row a slot, and what is known of cameras that are not in
it.  A function of the events and of the time alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tools.dock.events import DockEvent, Kind
from tools.dock.face.gate import FREE, Light, Need, Verdict, Wanted, judge
from tools.dock.face.slot import HEARD, OPENING, Slot

AWAY_MS = 24 * 3600 * 1000
"""A camera that was not back for so long is looked for."""


@dataclass(frozen=True, slots=True)
class Away:
    """A camera that is in no slot here: when it was here last, and what is known to be on it."""

    device: str
    seen_ms: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One slot as it is shown."""

    slot: str
    device: str
    officer: str
    verdict: Verdict
    percent: int | None
    charging: bool
    offset_ms: int | None
    done: int
    total: int
    rate: float | None
    left_s: float | None


@dataclass(frozen=True, slots=True)
class View:
    """A moment of the rack: slots, the ones that matter most first; and cameras to look for."""

    rows: tuple[Row, ...]
    away: tuple[Away, ...]
    now_ms: int

    def count(self, light: Light) -> int:
        """How many slots are lit so."""
        return sum(row.verdict.light is light for row in self.rows)


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which slot 2 stands before slot 10."""
    return [
        (int(part), "") if part.isdecimal() and len(part) < 1000 else (-1, part) for part in re.split(r"(\d+)", name)
    ]


ORDER = tuple(Light)


class Board:
    """Hears events, in the order in which they were told."""

    def __init__(self, wanted: Wanted | None = None) -> None:
        self.wanted = wanted or Wanted()
        self.slots: dict[str, Slot] = {}
        self.away: dict[str, Away] = {}

    def hear(self, event: DockEvent) -> str:
        """Take one event; the name of the slot that it is about.  What is about neither a slot nor a camera that is in one changes
        nothing."""
        if event.kind is Kind.KNOWN:
            self._known(event)
            return ""
        name = self._where(event)
        if event.kind is Kind.UNDOCKED:
            self._out(name, event)
        elif name and (heard := HEARD.get(event.kind)):
            slot = self.slots.get(name)
            if slot is None and event.kind in OPENING:
                slot = self.slots[name] = Slot(name)
            if slot is not None:
                heard(slot, event.facts, event)
                self.away.pop(slot.device, None)
                if not (slot.ports or slot.taken):
                    del self.slots[name]
        return name

    def _where(self, event: DockEvent) -> str:
        """The slot that it is about: its own, or that of its camera, of which a further link may end elsewhere."""
        here = self.slots.get(event.slot)
        if event.slot and (not event.device or event.kind in OPENING or (here and here.device == event.device)):
            return event.slot
        own = next((slot.name for slot in self.slots.values() if slot.device == event.device), None)
        return own or event.slot or event.device

    def verdict(self, name: str) -> Verdict:
        """What the light of a slot says."""
        slot = self.slots.get(name)
        return judge(slot.standing, self.wanted) if slot and slot.taken else FREE

    def lacks_nobody_else(self, device: str) -> bool:
        """Whether this camera could be handed out if somebody were assigned to it."""
        wanted = replace(self.wanted, needs=self.wanted.needs - {Need.ASSIGNED})
        here = [slot for slot in self.slots.values() if slot.taken and slot.device == device]
        return bool(here) and all(judge(slot.standing, wanted).light is Light.READY for slot in here)

    def view(self, now_ms: int) -> View:
        """How it looks at this moment."""
        rows = [self._row(slot, now_ms) for slot in self.slots.values()]
        rows.sort(key=lambda row: (ORDER.index(row.verdict.light), natural(row.slot)))
        looked_for = [each for each in self.away.values() if each.missing or now_ms - each.seen_ms >= AWAY_MS]
        looked_for.sort(key=lambda each: (not each.missing, each.seen_ms, each.device))
        return View(tuple(rows), tuple(looked_for), now_ms)

    def _row(self, slot: Slot, now_ms: int) -> Row:
        rate = slot.rate(now_ms) if slot.links else None
        left_s = (slot.total - slot.done) / rate if rate else slot.forecast_s if slot.done < slot.total else None
        return Row(
            slot=slot.name,
            device=slot.device,
            officer=slot.officer or slot.shift,
            verdict=self.verdict(slot.name),
            percent=slot.percent,
            charging=slot.charging,
            offset_ms=slot.offset_ms,
            done=slot.done,
            total=slot.total,
            rate=rate,
            left_s=left_s,
        )

    def gone(self, now_ms: int) -> list[str]:
        """The slots whose camera was taken out."""
        return [slot.name for slot in self.slots.values() if slot.gone(now_ms)]

    def _out(self, name: str, event: DockEvent) -> None:
        slot = self.slots.pop(name, None)
        if slot and event.device:
            self.away[event.device] = Away(event.device, event.utc_ms or 0, slot.left or 0)
        if slot and slot.ports:
            self.slots[name] = Slot(name, slot.ports)

    def _known(self, event: DockEvent) -> None:
        if any(slot.device == event.device for slot in self.slots.values()):
            return
        self.away[event.device] = Away(event.device, int(event.facts["seen_ms"]), int(event.facts["missing"]))
