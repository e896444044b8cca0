"""A rack in the middle of a shift's return, from made-up events: the drawing in ``docs/dock.md``."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from rich.console import Console

from tools.dock.events import DockEvent, Kind
from tools.dock.face.board import Board
from tools.dock.face.gatekeeper import Gatekeeper
from tools.dock.face.table import Screen

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
WIDTH, HEIGHT = 120, 16
MB = 1_000_000

Facts = dict[str, str | int | bool]


class Scene:
    """Events at one slot after the other, each at its time."""

    def __init__(self) -> None:
        self.events: list[DockEvent] = []

    def tell(self, kind: Kind, device: str, slot: str, ago_s: float = 60, **facts: str | int | bool) -> None:
        """One event, so many seconds ago."""
        self.events.append(DockEvent(kind, device, facts, slot, NOW_MS - round(ago_s * 1000)))

    def docked(
        self, slot: str, device: str, percent: int, *, off_ms: int = 120, officer: str = "", ago_s: float = 600
    ) -> None:
        """A camera that was put in and greeted."""
        self.tell(Kind.PLUGGED, "", slot, ago_s, port=f"/dev/ttyACM{slot}")
        more: Facts = {"firmware": "0.1.0", "percent": percent, "charging": True, "text": "TLSv1.3"}
        self.tell(Kind.ACCEPTED, device, slot, ago_s, volume="00", boot=7, number=12, **more)
        self.tell(
            Kind.CLOCK,
            device,
            slot,
            ago_s,
            before_ms=NOW_MS + off_ms,
            after_ms=NOW_MS,
            dock_ms=NOW_MS,
            taken=True,
            text="",
        )
        self.tell(Kind.SETTINGS, device, slot, ago_s, serial=4, taken=True, text="taken")
        if officer:
            self.tell(Kind.ASSIGNED, device, slot, ago_s, shift=f"S-{slot}", officer=officer)

    def emptied(self, slot: str, device: str, items: int) -> None:
        """Everything of it is over."""
        size = items * 400 * MB
        self.tell(Kind.STOCK, device, slot, 300, items=items, size=size)
        self.tell(Kind.PROGRESS, device, slot, 100, done=size, total=size)
        for item in range(items):
            self.tell(Kind.RECEIPTED, device, slot, 100, item=f"{item:08d}", hash="00")
        self.tell(Kind.ANCHORED, device, slot, 90, line=90, number=12)
        self.tell(Kind.DONE, device, slot, 90, items=items)

    def arriving(self, slot: str, device: str, items: int, done: int, rate: int) -> None:
        """In the middle, for the last ten seconds at ``rate`` bytes a second."""
        size = items * 400 * MB
        self.tell(Kind.STOCK, device, slot, 100, items=items, size=size)
        for ago in range(10, -1, -1):
            self.tell(Kind.PROGRESS, device, slot, ago, done=done - ago * rate, total=size)


def scene() -> list[DockEvent]:
    """All that happened, in order of time."""
    at = Scene()
    for device, hours, missing in (("cam-31", 40, 2), ("cam-08", 75, 0), ("cam-17", 6, 0)):
        facts: Facts = {"seen_ms": NOW_MS - hours * HOUR_MS, "missing": missing}
        at.tell(Kind.KNOWN, device, "", 9999, **facts)
    at.docked("1", "cam-02", 98, officer="K. Osei")
    at.emptied("1", "cam-02", 3)
    at.docked("2", "cam-11", 41, officer="R. Lindqvist", off_ms=-340)
    at.emptied("2", "cam-11", 5)
    at.docked("3", "cam-05", 63, off_ms=2200, ago_s=110)
    at.arriving("3", "cam-05", 4, 930 * MB, 19 * MB)
    at.docked("4", "cam-23", 35, off_ms=-56 * 365 * 24 * HOUR_MS, ago_s=110)
    at.arriving("4", "cam-23", 7, 410 * MB, 12 * MB)
    at.docked("5", "cam-14", 96, officer="M. Petrova")
    at.emptied("5", "cam-14", 1)
    at.docked("6", "cam-09", 88)
    at.tell(Kind.STOCK, "cam-09", "6", 80, items=2, size=500 * MB)
    at.tell(
        Kind.REJECTED,
        "cam-09",
        "6",
        70,
        item="00000004",
        text="000001.mp4.age: its hash is not the one that the manifest signs",
    )
    at.tell(Kind.RECEIPTED, "cam-09", "6", 65, item="00000005", hash="00")
    at.docked("7", "cam-20", 91, officer="T. Adeyemi")
    at.emptied("7", "cam-20", 2)
    at.tell(Kind.WAITING, "cam-20", "7", 5, text="a recording is being made")
    at.tell(Kind.PLUGGED, "", "8", 40, port="/dev/ttyACM8")
    at.tell(Kind.REFUSED, "", "8", 39, text="device-ca: signed by another root")
    return sorted(at.events, key=lambda event: event.utc_ms or 0)


def told() -> Iterator[DockEvent]:
    """The same with what the gate adds: what ``--json`` prints."""
    heard: list[DockEvent] = []
    now = [0]
    gatekeeper = Gatekeeper(Board(), heard.append, utc_ms=lambda: now[0])
    for event in scene():
        now[0] = event.utc_ms or 0
        gatekeeper(event)
    yield from heard


def screen() -> Screen:
    """The rack as it is then."""
    board = Board()
    for event in told():
        board.hear(event)
    return Screen(board.view(NOW_MS))


def drawing() -> str:
    """As SVG, the same in each run."""
    console = Console(
        record=True,
        width=WIDTH,
        height=HEIGHT,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    console.print(screen())
    svg = console.export_svg(title="lapel dock serve", unique_id="rack")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # nothing is fetched to look at it
    svg = svg.replace("Fira Code", "DejaVu Sans Mono").replace(
        "<!-- Generated with Rich https://www.textualize.io -->", ""
    )
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines() if line.strip())
