"""One slot of a rack, and what each kind of event changes in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tools.dock.events import DockEvent, Kind
from tools.dock.face.gate import Standing

RATE_MS = 10_000
"""A rate is that of the last ten seconds."""
SILENT_MS = 15_000
"""Nobody tells a dock that a network, or a UART, is unplugged: a camera that is in its slot would have come back by then."""
REFUSED_MS = 120_000
"""Who was refused waits longer before it comes again."""

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
    recalled: bool = False
    failed: bool = False
    spurned: set[str] = field(default_factory=set)
    withheld: int = 0
    recording: bool = False
    left: int | None = None
    countersigned: bool = False
    settings: bool = True
    firmware: str = ""
    bundle: str = ""
    update: str = "none"
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
            recalled=self.recalled,
            failed=self.failed,
            spurned=len(self.spurned),
            withheld=self.withheld,
            recording=self.recording,
            left=self.left,
            countersigned=self.countersigned,
            updated=self.settings,
            firmware=self.firmware,
            bundle=self.bundle,
            update=self.update,
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


def _joined(slot: Slot, _facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.links += 1


def _leads(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.links = max(1, slot.links)
    _power(slot, facts, event)


def _left(slot: Slot, _facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.links = max(1, slot.links - 1)


def _lost(slot: Slot, _facts: Mapping[str, Fact], event: DockEvent) -> None:
    """The last of its links."""
    slot.links, slot.silent_ms = 0, event.utc_ms


def _power(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    if "percent" in facts:
        slot.percent, slot.charging = int(facts["percent"]), bool(facts.get("charging"))
    slot.recording = bool(facts.get("busy"))
    slot.update = str(facts.get("update", slot.update))


def _bundle(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    """What was taken waits to be installed, until the camera says otherwise."""
    slot.bundle = str(facts["state"])
    if slot.bundle == "taken":
        slot.update = "waiting"


def _refused(slot: Slot, _facts: Mapping[str, Fact], event: DockEvent) -> None:
    """A session is over, or never began; beside one that stands, only its own camera's own breach counts."""
    if slot.links and (event.kind is Kind.FULL or event.device != slot.device):
        return
    slot.links, slot.silent_ms = max(0, slot.links - 1), event.utc_ms
    if not slot.links:
        slot.device, slot.refused = event.device or slot.device, event.text or "refused"


def _clock(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.offset_ms = int(facts["before_ms"]) - int(facts["dock_ms"])


def _settings(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.settings = bool(facts["taken"])


def _order(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.recalled = bool(facts["recalled"])


def _assigned(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.shift, slot.officer = str(facts["shift"]), str(facts.get("officer", ""))


def _stock(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    slot.left, slot.done, slot.total = int(facts["items"]), 0, int(facts["size"])
    slot.spurned, slot.countersigned, slot.recording = set(), False, False
    slot.forecast_s = None
    slot.marks = deque([(event.utc_ms or 0, 0)])


def _progress(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    if slot.bundle == "offered":
        return  # it is about what the camera gets
    slot.done, slot.total = int(facts["done"]), int(facts["total"])
    slot.marks.append((event.utc_ms or 0, slot.done))
    while len(slot.marks) > 2 and slot.marks[1][0] <= slot.marks[-1][0] - RATE_MS:
        slot.marks.popleft()


def _receipted(slot: Slot, _facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.left = None if slot.left is None else max(0, slot.left - 1)
    slot.withheld = 0


def _withheld(slot: Slot, facts: Mapping[str, Fact], event: DockEvent) -> None:
    """That ends the session; the camera comes again."""
    slot.withheld = int(facts["items"])
    _lost(slot, facts, event)


def _forecast(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    slot.forecast_s = float(facts["seconds"])


def _rejected(slot: Slot, facts: Mapping[str, Fact], _event: DockEvent) -> None:
    if facts["item"] not in _PAPERS:
        slot.spurned.add(str(facts["item"]))


_PAPERS = frozenset({"assignment", "register", "conflict", "settings", "order"})
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
    Kind.JOINED: _joined,
    Kind.LEADS: _leads,
    Kind.LEFT: _left,
    Kind.REFUSED: _refused,
    Kind.FULL: _refused,
    Kind.CLOCK: _clock,
    Kind.SETTINGS: _settings,
    Kind.ORDER: _order,
    Kind.ASSIGNED: _assigned,
    Kind.STATUS: _power,
    Kind.BUNDLE: _bundle,
    Kind.STOCK: _stock,
    Kind.PROGRESS: _progress,
    Kind.RECEIPTED: _receipted,
    Kind.REJECTED: _rejected,
    Kind.CONFLICT: _set(conflict=True),
    Kind.WAITING: _set(recording=True),
    Kind.WITHHELD: _withheld,
    Kind.FORECAST: _forecast,
    Kind.ANCHORED: _set(countersigned=True),
    Kind.LOST: _lost,
    Kind.FAILED: _set(failed=True),
}
"""What each kind of event changes; the others change nothing."""

OPENING = frozenset({Kind.PLUGGED, Kind.ACCEPTED, Kind.REFUSED, Kind.FULL})
"""Those by which a slot is known to be taken."""
