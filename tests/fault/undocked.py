"""The dock link dies at every byte, in either direction; then a fresh docking has to finish what was begun."""

from __future__ import annotations

import copy
import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from firmware.core.machine import Move
from firmware.runtime.docklink import DockLink, DockNews
from hal.interface import PortKind
from tests.docking import DockEnd, MemoryShelf, Stop, VirtualClock, Wire, camera, desk, parts, stored
from tests.fault.determined import remembered
from tests.fault.outcome import Outcome, Progress
from tests.pki import Pki
from tools.dock.store import Store

EDGE = 512
STRIDE = 251
PIECE = 100
"""Cuts that a worker judges in one go."""
SIZES = ((1_500,), (900,))
MEMORY = Path("/dev/shm")  # noqa: S108 - only directories of its own are made there
"""What the dock's disk does is not the question here."""
BAD = frozenset({"conflict", "rejected", "damaged"})


class Way(Enum):
    """Who speaks."""

    CAMERA = "camera to dock"
    DOCK = "dock to camera"


class Cable(Wire):
    """A wire that is pulled out when so many bytes have passed one way; the rest of what was said is lost, both ways."""

    def __init__(self, clock: VirtualClock, dock: DockEnd, kind: PortKind, cut: tuple[Way, int] | None = None) -> None:
        super().__init__(clock, lambda: dock, kind)
        self.passed = dict.fromkeys(Way, 0)
        self._cut = cut
        self._way = Way.DOCK

    def _count(self, data: bytes) -> bytes:
        self._way = Way.CAMERA if self._way is Way.DOCK else Way.DOCK  # each read hears the camera, then the dock
        before = self.passed[self._way]
        self.passed[self._way] += len(data)
        if self._cut is None or self._cut[0] is not self._way or self.passed[self._way] <= self._cut[1]:
            return data if self.plugged else b""
        self.plugged = False
        return data[: max(0, self._cut[1] - before)]


@dataclass
class Bench:
    """A camera with two recordings and no dock yet, as often as it is asked for."""

    kind: PortKind
    pki: Pki = field(default_factory=Pki.create)
    moves: set[tuple[Move, ...]] = field(default_factory=set)
    states: set[tuple[object, ...]] = field(default_factory=set)
    first: MemoryShelf = field(init=False)

    def __post_init__(self) -> None:
        self.first = camera(self.pki)
        for number, sizes in enumerate(SIZES, 1):
            self.first.record(number, sizes)

    def camera(self) -> MemoryShelf:
        """The same one, with nothing done to it."""
        shelf = copy.copy(self.first)
        shelf.clock = VirtualClock()
        shelf.recordings, shelf.receipts = dict(shelf.recordings), {}
        shelf.anchors, shelf.events, shelf.assignments = [], [], []
        shelf.audit = {name: list(lines) for name, lines in shelf.audit.items()}
        shelf._lines = list(shelf._lines)
        return shelf

    def dock(
        self, shelf: MemoryShelf, store: Path, cut: tuple[Way, int] | None = None
    ) -> tuple[Cable, list[DockNews], list[str]]:
        """One docking; the cable after it, what the camera heard, and what the dock told that it should not have."""
        at, events = desk(self.pki, store)
        cable, news = Cable(shelf.clock, DockEnd(at, self.kind), self.kind, cut), list[DockNews]()
        DockLink(parts(shelf, cable, news)).run(Stop(shelf.clock, 1))
        return cable, news, [event.kind for event in events if event.kind in BAD]

    def length(self) -> dict[Way, int]:
        """How many bytes a whole conversation has each way."""
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            return self.dock(self.camera(), Path(folder))[0].passed

    def judge(self, cut: tuple[Way, int]) -> Iterator[str]:
        """What is wrong once the link died there, and once another docking followed."""
        shelf, recordings = self.camera(), self.first.recordings
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            store = Path(folder)
            _, news, bad = self.dock(shelf, store, cut)
            self.moves.add(tuple(each.move for each in news))
            yield from bad
            yield from (f"{number}: erased and not in the store" for number in lost(shelf, store, recordings))
            if not news or news[-1].move is not Move.GONE:
                yield "the camera still believes in the dock"
            if any(each.move is Move.STOOD for each in news):
                yield "it counts as docked, and would have ended a recording"
            left = state(shelf, store)
            if left in self.states:
                return  # a fresh docking begins with what is durable on both sides, and from there one was tried
            self.states.add(left)
            shelf.clock.advance(60)
            _, news, bad = self.dock(shelf, store)
            yield from bad
            if news[-1].text != "the dock is done":
                yield f"the fresh docking did not finish: {news[-1].text}"
            yield from (f"{number}: erased and not in the store" for number in lost(shelf, store, recordings))
            if shelf.recordings:
                yield f"not handed over: {sorted(shelf.recordings)}"
            if sum(1 for path in store.rglob("manifest.jws")) != len(recordings):
                yield "a recording is in the store more than once, or not at all"


def lost(shelf: MemoryShelf, store: Path, recordings: dict[int, dict[str, bytes]]) -> list[int]:
    """Erase what has a receipt; what is then neither on the camera nor, byte for byte, in the store."""
    Store(store)
    shelf.erase()
    return [
        number
        for number, files in recordings.items()
        if shelf.recordings.get(number) != files and stored(store, number) != files
    ]


def state(shelf: MemoryShelf, store: Path) -> tuple[object, ...]:
    """What the next docking finds: on the camera, and by name and size in the store."""
    files = tuple(
        sorted((str(path.relative_to(store)), path.stat().st_size) for path in store.rglob("*") if path.is_file())
    )
    return tuple(shelf.recordings), tuple(shelf.receipts), len(shelf.anchors), files


def places(length: int, edge: int, stride: int) -> list[int]:
    """Where to cut a conversation of this length: at each byte of its ends, and every so often between them."""
    near = min(edge, length)
    return sorted({*range(near), *range(near, length - near, stride), *range(max(0, length - near), length)})


@dataclass(frozen=True, slots=True)
class Piece:
    """Some cuts of the conversation over one kind of port."""

    kind: PortKind
    cuts: tuple[tuple[Way, int], ...]

    def judge(self) -> tuple[set[tuple[object, ...]], list[str]]:
        """The states that these cuts leave, and what is wrong."""
        bench = Bench(self.kind)
        with remembered():
            wrong = [
                f"{self.kind.value}, {way.value}, cut after byte {after}: {text}"
                for way, after in self.cuts
                for text in bench.judge((way, after))
            ]
        return bench.states, wrong


def pieces(kind: PortKind, edge: int, stride: int) -> list[Piece]:
    """All cuts over one kind of port, in pieces."""
    cuts = [(way, after) for way, length in Bench(kind).length().items() for after in places(length, edge, stride)]
    return [Piece(kind, tuple(cuts[at : at + PIECE])) for at in range(0, len(cuts), PIECE)]


def run(
    progress: Progress,
    *,
    edge: int = EDGE,
    stride: int = STRIDE,
    kinds: tuple[PortKind, ...] = tuple(PortKind),
    jobs: int | None = None,
) -> Outcome:
    """Cut at all these places, on ``jobs`` processes, by default one a core; with a ``stride`` of 1 at every byte."""
    violations: list[str] = []
    states: dict[PortKind, set[tuple[object, ...]]] = {kind: set() for kind in kinds}
    with ProcessPoolExecutor(jobs or os.cpu_count(), multiprocessing.get_context("fork")) as pool:
        due = {pool.submit(piece.judge): piece for kind in kinds for piece in pieces(kind, edge, stride)}
        for done, each in enumerate(as_completed(due), 1):
            left, wrong = each.result()
            states[due[each].kind] |= left
            violations += wrong
            progress(done / len(due), f"{due[each].kind.value}: {len(violations)} violations")
    figures: dict[str, int | float | str] = {"cuts": sum(len(piece.cuts) for piece in due.values())}
    figures |= {f"distinct states left, {kind.value}": len(found) for kind, found in states.items()}
    return Outcome("the dock link dies", figures, tuple(violations))
