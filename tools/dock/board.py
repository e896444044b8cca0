"""What a rack looks like now: the dock's events, folded into one row a slot, and what is known of cameras that are not in
it.  A function of the events and of the time alone."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tools.dock.events import DockEvent, Kind
from tools.dock.gate import FREE, Light, Standing, Verdict, Wanted, judge

RATE_MS = 10_000
"""A rate is that of the last ten seconds."""
SILENT_MS = 15_000
"""Nobody tells a dock that a network, or a UART, is unplugged: a camera that is in its slot would have come back by then."""
REFUSED_MS = 120_000
"""Who was refused waits longer before it comes again."""
AWAY_MS = 24 * 3600 * 1000
"""A camera that was not back for so long is looked for."""

Fact = str | int | bool


@dataclass(slots=True)
class Slot:
    """One slot with a camera in it, or with something that is none.

    ``ports`` that are open there, ``links`` that stand, ``silent_ms`` since when none does.  Sizes in bytes; ``left`` recordings that
    are not taken over; ``offset_ms``: how far its clock was off when it came.
    """

    name: str
    ports: set[str] = field(default_factory=set)
    unplugged: bool = False
    silent_ms: int | None = None
    device: str = ""
    links: int = 0
    conflict: bool = False
    refused: str = ""
    failed: bool = False
    spurned: set[str] = field(default_factory=set)
    recording: bool = False
    left: int | None = None
    countersigned: bool = False
    settings: bool = True
    firmware: str = ""
    shift: str = ""
    officer: str = ""
    percent: int | None = None
    charging: bool = False
    offset_ms: int | None = None
    done: int = 0
    total: int = 0
    forecast_s: float | None = None
    marks: deque[tuple[int, int]] = field(default_factory=deque)

    @property
    def standing(self) -> Standing:
        """What the gate goes by."""
        return Standing(
            linked=self.links > 0,
            conflict=self.conflict,
            refused=bool(self.refused),
            failed=self.failed,
            spurned=len(self.spurned),
            recording=self.recording,
            left=self.left,
            countersigned=self.countersigned,
            updated=self.settings,
            firmware=self.firmware,
            assigned=bool(self.shift),
            percent=self.percent,
        )

    @property
    def taken(self) -> bool:
        """Whether somebody in it said a word."""
        return bool(self.device or self.refused)

    def gone(self, now_ms: int) -> bool:
        """Whether who was in it is not any more: at once where the port says so, and else after some silence."""
        if self.links or self.silent_ms is None or not self.taken:
            return False
        patience_ms = REFUSED_MS if self.refused else SILENT_MS
        return (self.unplugged and not self.ports) or now_ms - self.silent_ms >= patience_ms

    def rate(self, now_ms: int) -> float | None:
        """Bytes a second over the last ten seconds; None where nothing is arriving."""
        recent = [mark for mark in self.marks if mark[0] >= now_ms - RATE_MS]
        if len(recent) < 2 or self.done >= self.total:
            return None
        (begin, before), (_, after) = recent[0], recent[-1]
        return max(0, after - before) * 1000 / max(1, now_ms - begin)


@dataclass(slots=True)
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

    def hear(self, event: DockEvent) -> None:
        """Take one event.  Without a slot it is about the slot of its camera; what is about neither changes nothing."""
        if event.kind is Kind.KNOWN:
            self._known(event)
            return
        name = event.slot or next(
            (slot.name for slot in self.slots.values() if slot.device == event.device), event.device
        )
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

    def verdict(self, name: str) -> Verdict:
        """What the light of a slot says."""
        slot = self.slots.get(name)
        return judge(slot.standing, self.wanted) if slot and slot.taken else FREE

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


def _plugged(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.ports.add(str(facts["port"]))
    slot.unplugged, slot.silent_ms = False, event.utc_ms


def _unplugged(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.ports.discard(str(facts["port"]))
    slot.unplugged, slot.silent_ms = True, event.utc_ms


def _accepted(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    """A camera that comes back to its slot over another link, or after a break, is the one that it was."""
    if slot.device != event.device:
        fresh = Slot(slot.name, slot.ports, device=event.device)
        for name in Slot.__dataclass_fields__:
            setattr(slot, name, getattr(fresh, name))
    slot.links, slot.refused = slot.links + 1, ""
    _power(slot, facts, event)
    slot.firmware = str(facts.get("firmware", ""))


def _lost(slot: Slot, _facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.links = max(0, slot.links - 1)
    slot.silent_ms = event.utc_ms


def _power(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    if "percent" in facts:
        slot.percent, slot.charging = int(facts["percent"]), bool(facts.get("charging"))
    slot.recording = bool(facts.get("busy"))


def _refused(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    _lost(slot, facts, event)
    slot.device, slot.refused = event.device or slot.device, event.text or "refused"


def _clock(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.offset_ms = int(facts["before_ms"]) - int(facts["dock_ms"])


def _settings(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.settings = bool(facts["taken"])


def _assigned(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.shift, slot.officer = str(facts["shift"]), str(facts.get("officer", ""))


def _stock(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.left, slot.done, slot.total = int(facts["items"]), 0, int(facts["size"])
    slot.spurned, slot.countersigned, slot.recording = set(), False, False
    slot.forecast_s = None
    slot.marks = deque([(event.utc_ms or 0, 0)])


def _progress(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.done, slot.total = int(facts["done"]), int(facts["total"])
    slot.marks.append((event.utc_ms or 0, slot.done))
    while len(slot.marks) > 2 and slot.marks[1][0] <= slot.marks[-1][0] - RATE_MS:
        slot.marks.popleft()


def _receipted(slot: Slot, _facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.left = None if slot.left is None else max(0, slot.left - 1)


def _rejected(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    if facts["item"] not in _PAPERS:
        slot.spurned.add(str(facts["item"]))


_PAPERS = frozenset({"assignment", "register", "conflict", "settings"})
"""What a camera may decline without anything of it being left behind."""


def _set(**values: Fact) -> Callable[[Slot, Mapping[str, Fact], DockEvent], None]:
    def change(slot: Slot, _facts: Mapping[str, Fact], _event: DockEvent) -> None:
        for name, value in values.items():
            setattr(slot, name, value)

    return change


HEARD: Mapping[Kind, Callable[[Slot, Mapping[str, Fact], DockEvent], None]] = {
    Kind.PLUGGED: _plugged,
    Kind.UNPLUGGED: _unplugged,
    Kind.ACCEPTED: _accepted,
    Kind.REFUSED: _refused,
    Kind.FULL: _refused,
    Kind.CLOCK: _clock,
    Kind.SETTINGS: _settings,
    Kind.ASSIGNED: _assigned,
    Kind.STATUS: _power,
    Kind.STOCK: _stock,
    Kind.PROGRESS: _progress,
    Kind.RECEIPTED: _receipted,
    Kind.REJECTED: _rejected,
    Kind.CONFLICT: _set(conflict=True),
    Kind.WAITING: _set(recording=True),
    Kind.ANCHORED: _set(countersigned=True),
    Kind.LOST: _lost,
    Kind.FAILED: _set(failed=True),
}
"""What each kind of event changes; the others change nothing."""

OPENING = frozenset({Kind.PLUGGED, Kind.ACCEPTED, Kind.REFUSED, Kind.FULL})
"""Those by which a slot is known to be taken."""
