"""Copies at the dock: a receipt means as many places as were demanded, and a place that fails costs receipts, never evidence."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from firmware.evidence.errors import FormatError
from firmware.runtime.docklink import DockLink
from hal.interface import PortKind
from tests.docking import DOCK_UTC_MS, VOLUME, DockEnd, MemoryShelf, Stop, Wire, camera, desk, parts, visit
from tests.pki import Pki
from tests.unit.tools.test_dock_bundles import put, stock
from tests.unit.tools.test_dock_links import Rack
from tools.dock import custody
from tools.dock.cli import add_parser
from tools.dock.copying.catching_up import catch_up, held
from tools.dock.copying.copies import RECORD, Copies
from tools.dock.copying.copy_cli import keeping
from tools.dock.copying.fetching import fetch_all
from tools.dock.copying.route import FIRST_PAUSE_S, LONGEST_PAUSE_S, WORKERS, Route
from tools.dock.events import TROUBLE, DockEvent, Kind
from tools.dock.face.display import in_words
from tools.dock.identity import SetupError
from tools.dock.places.address import open_place
from tools.dock.places.place import Place, PlaceError
from tools.dock.shifts.register import Register
from tools.dock.store import Store
from tools.dock.visit import Desk


class Unwilling:
    """A directory that stops working as it is told to, and tells what was done to it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.trouble: str | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.puts: list[str] = []
        self.asked = 0
        self._counting = threading.Lock()
        self._place = open_place(f"dir:{folder}")
        self.name = self._place.name

    def _check(self) -> None:
        with self._counting:
            self.asked += 1
        self.entered.set()
        assert self.gate.wait(60)
        if self.trouble:
            raise PlaceError(self.trouble)

    def size(self, key: str) -> int | None:
        """As long as it works."""
        self._check()
        return self._place.size(key)

    def put(self, key: str, file: BinaryIO, length: int) -> None:
        """As long as it works."""
        self._check()
        self.puts.append(key)
        self._place.put(key, file, length)

    def read(self, key: str) -> Generator[bytes]:
        """As long as it works."""
        self._check()
        yield from self._place.read(key)

    def set_aside(self, key: str, aside: str) -> None:
        """As long as it works."""
        self._place.set_aside(key, aside)

    def keys(self, prefix: str) -> Iterator[str]:
        """All."""
        return self._place.keys(prefix)

    def close(self) -> None:
        """Nothing is open."""


class Timer:
    """A monotonic clock for the pauses after failures."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2, (100_000,))
    return shelf


@pytest.fixture
def place(tmp_path: Path) -> Unwilling:
    """A further place."""
    return Unwilling(tmp_path / "place")


@contextmanager
def copying(
    pki: Pki, folder: Path, *places: Place, demanded: int | None = None, timer: Timer | None = None
) -> Iterator[tuple[Desk, list[DockEvent]]]:
    """A dock that keeps copies in these places."""
    at, events = desk(pki, folder / "store")
    store = at.store
    store.copies = Copies(store.root, store.id, places, demanded, events.append, monotonic=timer or Timer())
    try:
        yield at, events
    finally:
        store.copies.close()


def tree(folder: Path) -> dict[str, bytes]:
    """All files below."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kinds(events: list[DockEvent]) -> set[Kind]:
    """What happened."""
    return {event.kind for event in events}


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_the_whole_tree_is_there(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """After a docking a place has the store's tree: recordings, receipts, log, anchors, volume; and of people nothing."""
    shelf.reboot(shelf.session)
    with copying(pki, tmp_path, place) as (at, events):
        Register(at.store.root).assign("cam-1", "night", "Officer Somebody", 1_800_000_000_000)
        visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    assert shelf.log_receipts
    assert tree(place.folder / at.store.id / "cam-1") == tree(at.store.root / "cam-1")
    assert "receipt.jws" in {Path(name).name for name in tree(place.folder)}
    assert not [name for name, data in tree(place.folder).items() if b"Somebody" in data or "register" in name]
    copied = [event for event in events if event.kind is Kind.COPIED]
    assert {event.facts["item"] for event in copied} >= {"recordings/00000001", "recordings/00000002"}
    assert {(event.device, event.facts["place"]) for event in copied} == {("cam-1", place.name)}
    assert not kinds(events) & TROUBLE


def test_no_receipt_before_the_copy(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """While a place has not given the bytes back the camera has no receipt, stays in conversation, and the next recording is fetched."""
    place.gate.clear()
    with copying(pki, tmp_path, place) as (at, events):
        docking = threading.Thread(target=visit, args=(shelf, at))
        docking.start()
        assert place.entered.wait(60)
        fetched = threading.Event()
        while len([event for event in events if event.kind is Kind.STORED]) < 2:
            fetched.wait(0.01)
        assert not shelf.receipts
        assert docking.is_alive()
        place.gate.set()
        docking.join(60)
    assert set(shelf.receipts) == {1, 2}


def test_a_place_that_fails(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """Everything is fetched and stored, nothing is receipted, the camera hears `store` and why, and keeps all; so does the next one."""
    place.trouble = "it is full"
    other = camera(pki)
    other.record(1)
    shelf.reboot(shelf.session)
    with copying(pki, tmp_path, place) as (at, events):
        for each in (shelf, other):
            end = visit(each, at)
            assert end.error is None
            assert not each.receipts
            assert not each.log_receipts
            assert each.anchors
            assert "it is full" in each.events[-1][1]
            assert each.events[-1][1].endswith("(store)")
            each.erase()
            at.store.root.joinpath("cam-1").rename(tmp_path / f"kept-{len(each.recordings)}")
    assert set(shelf.recordings) == {1, 2}
    assert (tmp_path / f"kept-2/{VOLUME}/recordings/00000002/manifest.jws").is_file()
    assert (tmp_path / f"kept-1/{VOLUME}/recordings/00000001/manifest.jws").is_file()
    told = [in_words(event) for event in events if event.kind is Kind.WITHHELD]
    assert told[0] is not None
    assert "3 GET NO RECEIPT" in told[0]
    assert kinds(events) >= {Kind.UNCOPIED, Kind.WITHHELD}
    assert {Kind.UNCOPIED, Kind.WITHHELD} <= TROUBLE


def test_firmware_all_the_same(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """What a dock gives does not depend on its places: time, shift and firmware come to a camera that gets no receipt."""
    put(tmp_path / "bundles", pki)
    place.trouble = "it is full"
    with copying(pki, tmp_path, place) as (at, events):
        Register(at.store.root).assign("cam-1", "night", "Officer Somebody", DOCK_UTC_MS)
        visit(shelf, replace(at, bundles=stock(tmp_path / "bundles", [])))
    assert not shelf.receipts
    assert shelf.assignments == ["night"]
    assert [event.facts["state"] for event in events if event.kind is Kind.BUNDLE] == ["offered", "taken"]
    assert shelf.events[-1][1].endswith("(store)")
    assert [event.kind for event in events].count(Kind.WITHHELD) == 1


def test_over_two_links(pki: Pki, place: Unwilling, tmp_path: Path) -> None:
    """The session beside the one that complains ends as well, and what it fetched is copied and receipted once the place is back."""
    timer = Timer()
    rack = Rack(pki, tmp_path / "store", 1e6, 1e6, kinds=(PortKind.STREAM, PortKind.STREAM))
    store = rack.desk.store
    store.copies = Copies(store.root, store.id, [place], monotonic=timer)
    rack.shelf.record(1, (500_000, 500_000, 500_000))
    place.trouble = "it is full"

    def script() -> None:
        while Kind.WITHHELD not in rack.kinds():
            rack.turns.sleep(0.05)
        rack.turns.sleep(0.4)
        assert not rack.shelf.receipts
        assert rack.kinds().count(Kind.WITHHELD) == 1  # the other session did not begin it all over again
        place.trouble = None
        timer.now += LONGEST_PAUSE_S

    try:
        rack.run(script)
    finally:
        store.copies.close()
    assert set(rack.shelf.receipts) == {1}
    assert rack.kinds().count(Kind.FETCHING) == 1


def test_once_it_is_back(
    pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is fetched again, receipts are signed after another look at the store, and until then the place is left alone."""
    place.trouble = "it cannot be reached"
    timer = Timer()
    shelf.reboot(shelf.session)
    read: list[str] = []
    really = custody.reads_badly

    def noted(recording: Path, entry: Mapping[str, Any]) -> str | None:
        read.append(entry["name"])
        return really(recording, entry)

    monkeypatch.setattr(custody, "reads_badly", noted)
    with copying(pki, tmp_path, place, timer=timer) as (at, events):
        visit(shelf, at)
        place.entered.clear()
        place.trouble = None
        visit(shelf, at)
        assert not place.entered.is_set()
        assert "it cannot be reached; asked again in" in shelf.events[-1][1]
        assert not read  # there is no sense in reading the store for a receipt that nobody can sign
        assert not shelf.receipts
        timer.now += LONGEST_PAUSE_S
        fetched = len([event for event in events if event.kind is Kind.FETCHING])
        visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    assert shelf.log_receipts
    (route,) = at.store.copies._routes
    assert route.pause_s == 0  # it works: the next failure is a first one
    assert len([event for event in events if event.kind is Kind.FETCHING]) == fetched == 2
    assert {"manifest.jws", "journal.jwsl", "000000.mp4.age"} <= set(read)


def test_as_many_as_were_demanded(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """Where one place of two is enough, one that fails is told of and keeps nothing; where both are, it does."""
    bad = Unwilling(tmp_path / "bad")
    bad.trouble = "it is full"
    with copying(pki, tmp_path, bad, place, demanded=2) as (at, _):
        visit(shelf, at)
        assert not shelf.receipts
    with copying(pki, tmp_path, bad, place, demanded=1) as (at, events):
        visit(shelf, at)
        assert set(shelf.receipts) == {1, 2}
        assert Kind.UNCOPIED in kinds(events)


def test_asked_again(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """A dock that is asked again reads its places again: what rotted there is put there anew before anything is signed."""
    with copying(pki, tmp_path, place) as (at, _):
        visit(shelf, at)
        before = dict(shelf.receipts)
        shelf.receipts.clear()
        place.puts.clear()
        rotten = place.folder / at.store.id / "cam-1" / VOLUME / "recordings/00000001/000000.mp4.age"
        good = rotten.read_bytes()
        rotten.write_bytes(good[:-1] + b"?")
        visit(shelf, at)
    assert set(shelf.receipts) == set(before)
    assert rotten.read_bytes() == good
    media = [name for name in place.puts if name.endswith(".age")]
    assert media == [rotten.relative_to(place.folder).as_posix()]
    (aside,) = (place.folder / at.store.id / "DAMAGED").rglob("*.1")
    assert aside.read_bytes() == good[:-1] + b"?"


def test_a_place_that_lies(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """One that gives back other bytes, whatever it said, gets no receipt signed, and the camera keeps everything."""

    class Liar(Unwilling):
        def read(self, key: str) -> Generator[bytes]:
            """One bit another way."""
            for chunk in super().read(key):
                yield bytes([chunk[0] ^ 1]) + chunk[1:]

    with copying(pki, tmp_path, Liar(tmp_path / "liar")) as (at, events):
        visit(shelf, at)
    assert not shelf.receipts
    assert not shelf.log_receipts
    assert any("reads back differently" in event.text for event in events if event.kind is Kind.UNCOPIED)


def test_pulled_out_while_it_is_copied(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """A camera that is taken out meanwhile finds its copies made when it comes back."""
    place.gate.clear()
    with copying(pki, tmp_path, place) as (at, _):
        wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
        docking = threading.Thread(target=DockLink(parts(shelf, wire, [])).run, args=(Stop(shelf.clock, 1),))
        docking.start()
        assert place.entered.wait(60)
        wire.plugged = False
        docking.join(60)
        assert not shelf.receipts
        place.gate.set()
        visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    media = [name for name in place.puts if name.endswith(".age")]
    assert len(media) == len(set(media)) == 5


def test_a_press_while_it_is_copied(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """A camera that begins to record meanwhile gets its receipts when it is done, and what was read back is not read again."""
    place.gate.clear()
    with copying(pki, tmp_path, place) as (at, events):
        wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
        made = parts(shelf, wire, [])
        docking = threading.Thread(target=DockLink(made).run, args=(Stop(shelf.clock, 1),))
        docking.start()
        assert place.entered.wait(60)
        made.berth.yield_to_recording(recording=True)
        place.gate.set()
        tick = threading.Event()
        while Kind.WAITING not in kinds(events):
            tick.wait(0.01)
        made.berth.yield_to_recording(recording=False)
        docking.join(60)
    assert set(shelf.receipts) == {1, 2}
    assert len([event for event in events if event.kind is Kind.STORED]) == 2


def test_two_cameras_of_one_name(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """What contradicts the store is kept beside it in a place too, and is receipted nowhere."""
    with copying(pki, tmp_path, place) as (at, _):
        visit(shelf, at)
        twin = camera(pki)
        twin.record(1, (5000,))
        visit(twin, at)
    assert not twin.receipts
    assert tree(place.folder / at.store.id / "cam-1") == tree(at.store.root / "cam-1")
    assert [name for name in tree(place.folder) if ".conflict-" in name]
    assert (place.folder / at.store.id / "conflicts.jsonl").read_bytes() == (
        at.store.root / "conflicts.jsonl"
    ).read_bytes()


def test_what_contradicts_the_store_lacks_no_copies(
    pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path
) -> None:
    """It would get no receipt anyway: a place that fails is not what its camera hears of."""
    with copying(pki, tmp_path, place) as (at, events):
        visit(shelf, at)
        twin = camera(pki)
        twin.record(1, (5000,))
        place.trouble = "it is full"
        visit(twin, at)
    assert Kind.CONFLICT in kinds(events)
    assert Kind.WITHHELD not in kinds(events)
    assert not any("store" in outcome for _, outcome in twin.events)


def test_a_conflict_that_shows_meanwhile(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """Where a camera contradicts the store while copies of what it had before are made, nothing of that is receipted either."""
    with copying(pki, tmp_path, place) as (at, events):
        del shelf.recordings[2]
        visit(shelf, at)
        assert set(shelf.receipts) == {1}
        shelf.receipts.clear()
        shelf.record(2)
        shelf.record(1, (5000,))
        place.gate.clear()
        docking = threading.Thread(target=visit, args=(shelf, at))
        docking.start()
        tick = threading.Event()
        while Kind.CONFLICT not in kinds(events):
            tick.wait(0.01)
        place.gate.set()
        docking.join(60)
    assert [event.facts["item"] for event in events if event.kind is Kind.STORED][1] == "00000002"
    assert not shelf.receipts


def test_the_record(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """The store says which copies were read back well; half a line that a cut left costs that line alone."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / RECORD).write_bytes(b'{"item": "cam-1/x/recordings/000')
    with copying(pki, tmp_path, place) as (at, _):
        visit(shelf, at)
    lines = (at.store.root / RECORD).read_bytes().splitlines()[1:]
    facts = {entry["item"]: entry for entry in map(json.loads, lines)}
    entry = facts[f"cam-1/{VOLUME}/recordings/00000001"]
    assert entry["place"] == place.name
    assert entry["files"] == len(shelf.recordings[1])
    assert entry["size"] == sum(map(len, shelf.recordings[1].values()))
    assert held(at.store.root)[f"cam-1/{VOLUME}/recordings/00000002"] == {place.name}


def test_a_store_that_fails_meanwhile(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """Where the dock's own record cannot be written there is no receipt either."""
    (tmp_path / "store" / RECORD).mkdir(parents=True)
    with copying(pki, tmp_path, place) as (at, events):
        visit(shelf, at)
    assert not shelf.receipts
    assert any("the store itself" in event.text for event in events if event.kind is Kind.UNCOPIED)


# -- the way to a place ------------------------------------------------------------------------------------------------


def test_pauses_grow(place: Unwilling) -> None:
    """A place that fails is asked again after seconds, then minutes, and at once after it worked."""
    timer = Timer()
    route = Route(place, workers=1, monotonic=timer)
    pauses = []
    for _ in range(9):
        route.failed("away")
        route.failed("away as well: another file at the same time")
        pauses.append(route.pause_s)
        assert route.trouble == f"away; asked again in {pauses[-1]:.0f} s"
        timer.now += pauses[-1]
        assert route.trouble is None
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    route.worked()
    route.failed("away")
    assert route.pause_s == FIRST_PAUSE_S
    route.close()


def test_a_paper_that_failed_is_tried_again(place: Unwilling, tmp_path: Path) -> None:
    """What no receipt waits for goes to a place once, as long as it does not change; where that failed, with the next occasion."""
    timer = Timer()
    copies = Copies(tmp_path, "store-1", [place], monotonic=timer)
    (tmp_path / "anchor.jws").write_bytes(b"1")
    place.trouble = "away"
    first = copies.later(tmp_path / "anchor.jws", paper=True)
    assert first is not None
    assert first.finish(60)
    place.trouble = None
    timer.now += LONGEST_PAUSE_S
    second = copies.later(tmp_path / "anchor.jws", paper=True)
    assert second is not None
    assert second.finish(60)
    assert copies.later(tmp_path / "anchor.jws", paper=True) is None
    copies.close()
    assert place.puts == ["store-1/anchor.jws"]


def test_one_job_an_item(place: Unwilling, tmp_path: Path) -> None:
    """Who asks for what is under way already, after a break, waits for that; once it is over, it is done anew."""
    place.gate.clear()
    copies = Copies(tmp_path, "store-1", [place], monotonic=Timer())
    (tmp_path / "a").write_bytes(b"1")
    first = copies.secure("a", [copies.wanted(tmp_path / "a")])
    assert copies.secure("a", [copies.wanted(tmp_path / "a")]) is first
    place.gate.set()
    assert first.finish(60)
    copies.close()
    assert copies.secure("a", [copies.wanted(tmp_path / "a")]) is not first


def test_what_waits_is_not_tried(place: Unwilling, tmp_path: Path) -> None:
    """Where a place fails, what is queued for it fails with it, and nobody waits for as many time-outs as there are recordings."""
    place.gate.clear()
    place.trouble = "away"
    copies = Copies(tmp_path, "store-1", [place], monotonic=Timer())
    jobs = []
    for number in range(3 * WORKERS):
        (tmp_path / f"{number}").write_bytes(b"1")
        jobs.append(copies.secure(f"{number}", [copies.wanted(tmp_path / f"{number}")]))
    tick = threading.Event()
    while place.asked < WORKERS:
        tick.wait(0.01)
    place.gate.set()
    assert all(job.finish(60) for job in jobs)
    copies.close()
    assert place.asked == WORKERS
    assert not any(job.enough for job in jobs)
    assert {next(iter(job.failures.values())).partition(";")[0] for job in jobs} == {"away"}


def test_a_key_waits_for_itself_alone(place: Unwilling) -> None:
    """Two files are on their way at once, whatever they are called; two versions of one are not."""
    route = Route(place, workers=1)
    keys = [f"store-1/{number}" for number in range(200)]
    with ExitStack() as held:
        for key in keys:
            assert held.enter_context(route.only(key))
        assert all(route.only(key).locked() for key in keys)
    assert not route.only(keys[0]).locked()
    route.close()


def test_the_end_of_a_dock_waits_for_what_goes_on(place: Unwilling) -> None:
    """What is queued is done before a dock ends; what does not end is left after a while."""
    done: list[int] = []
    route = Route(place, workers=1)
    for number in range(3):
        route.submit(partial(done.append, number))
    route.close()
    assert done == [0, 1, 2]
    stuck = threading.Event()
    route = Route(place, workers=1)
    route.submit(partial(stuck.wait, 60))
    route.submit(partial(done.append, 4))
    route.close(within_s=0.05)
    assert route.stopping.is_set()
    stuck.set()
    route._join(60)
    assert done == [0, 1, 2]


# -- commands ----------------------------------------------------------------------------------------------------------


def lapel_dock(*arguments: object) -> int:
    """``lapel dock ...``."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    options = parser.parse_args(["dock", *map(str, arguments)])
    return int(options.run(options))


def test_catching_up(pki: Pki, shelf: MemoryShelf, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A store that had no places is brought into one; again, everything is read; with --new, only what lacks."""
    at, _ = desk(pki, tmp_path / "store")
    visit(shelf, at)
    (tmp_path / "place").mkdir()
    spec = f"dir:{tmp_path / 'place'}?disk=same"
    command = ("copy", "--store", tmp_path / "store", "--copy", spec)
    assert lapel_dock(*command) == 0
    assert "4 of 4 items are in every place" in capsys.readouterr().out
    assert tree(tmp_path / "place" / at.store.id / "cam-1") == tree(tmp_path / "store" / "cam-1")
    (tmp_path / "store" / "cam-1" / VOLUME / "recordings/00000001.damaged-1").mkdir()
    (tmp_path / "store" / "cam-1" / VOLUME / "recordings/00000001.damaged-1/000000.mp4.age").write_bytes(b"no evidence")
    assert lapel_dock(*command, "--new") == 0
    assert "2 of 2" in capsys.readouterr().out
    shelf.record(3)
    visit(shelf, at)
    assert lapel_dock(*command, "--new") == 0
    assert "3 of 3" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "store" / "cam-1" / VOLUME / "recordings/00000001.damaged-1")
    assert tree(tmp_path / "place" / at.store.id / "cam-1") == tree(tmp_path / "store" / "cam-1")
    copy = tmp_path / "place" / at.store.id / "cam-1" / VOLUME / "recordings/00000001/000000.mp4.age"
    copy.write_bytes(b"rotten")
    assert lapel_dock(*command) == 0
    assert hashlib.sha256(copy.read_bytes()).digest() == hashlib.sha256(shelf.recordings[1]["000000.mp4.age"]).digest()


@pytest.mark.parametrize("damage", ["altered", "removed"])
def test_catching_up_with_a_store_that_rotted(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    """What the receipt names and the store no longer has is told, and is copied as evidence to nowhere."""
    at, _ = desk(pki, tmp_path / "store")
    visit(shelf, at)
    (tmp_path / "place").mkdir()
    path = at.store.root / "cam-1" / VOLUME / "recordings/00000001/000000.mp4.age"
    path.unlink()
    if damage == "altered":
        path.write_bytes(bytes(len(shelf.recordings[1]["000000.mp4.age"])))
    assert lapel_dock("copy", "--store", at.store.root, "--copy", f"dir:{tmp_path / 'place'}?disk=same") == 1
    said = capsys.readouterr().out
    assert "recordings/00000001: NO COPY" in said
    assert ("reads differently" if damage == "altered" else "No such file") in said
    assert "3 of 4 items" in said


def test_fetching(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """What a place holds comes home as it was, resumes, and goes on as a dock's store."""
    with copying(pki, tmp_path, place) as (at, _):
        visit(shelf, at)
        at.store.copies.later(*at.store.papers(), paper=True)
    home = tmp_path / "home"
    assert lapel_dock("fetch", f"dir:{place.folder}", "--into", home, "--device", "cam-1") == 0
    mine = home / at.store.id
    assert tree(mine / "cam-1") == tree(at.store.root / "cam-1")
    (mine / "cam-1" / VOLUME / "recordings/00000001/000000.mp4.age").write_bytes(b"half")
    fetched = [each for each in fetch_all(place, home) if each.size]
    assert [Path(each.key).name for each in fetched] == ["000000.mp4.age"]
    assert tree(mine / "cam-1") == tree(at.store.root / "cam-1")
    assert lapel_dock("fetch", f"dir:{place.folder}", "--into", tmp_path / "none", "--id", "store-x") == 1
    again, _ = desk(pki, mine)
    assert again.store.id == at.store.id
    shelf.receipts.clear()
    visit(shelf, again)
    assert set(shelf.receipts) == {1, 2}


def test_a_place_with_other_peoples_keys(place: Unwilling, tmp_path: Path) -> None:
    """Whatever a bucket holds, nothing is written outside the directory, and what is no file of a store stays there."""
    keys = ["../outside", "s/../../x", f"{tmp_path}/elsewhere", "plain", "s/.hidden", "s/a b", "s//x", "s/\n", "s/good"]
    folder = tmp_path / "home"

    class Bucket(Unwilling):
        def keys(self, prefix: str) -> Iterator[str]:
            """What somebody put there."""
            return iter(keys)

        def size(self, key: str) -> int | None:
            """A byte."""
            return 1

        def read(self, key: str) -> Generator[bytes]:
            """A byte."""
            yield b"!"

    found = list(fetch_all(Bucket(tmp_path / "bucket"), folder))
    assert [each.key for each in found if each.path is None] == keys[:-1]
    assert tree(tmp_path) == {"home/s/good": b"!"}


def test_a_copy_that_is_longer_than_it_says(tmp_path: Path) -> None:
    """A file that does not end where it should gets no name."""

    class Endless(Unwilling):
        def keys(self, prefix: str) -> Iterator[str]:
            """One."""
            return iter(["s/a"])

        def size(self, key: str) -> int | None:
            """Short."""
            return 3

        def read(self, key: str) -> Generator[bytes]:
            """For ever."""
            while True:
                yield bytes(100)

    with pytest.raises(PlaceError, match="are said to be there"):
        list(fetch_all(Endless(tmp_path / "endless"), tmp_path / "home"))
    assert not (tmp_path / "home/s/a").exists()


@pytest.mark.parametrize(
    ("places", "demanded", "said"),
    [
        (["dir:{0}?disk=same"], 2, "--copies 2: 1 places"),
        (["dir:{0}?disk=same"], -1, "--copies -1"),
        (["dir:{0}?disk=same", "dir:{0}?disk=same"], None, "named twice"),
        (["dir:{0}"], None, "same file system"),
        (["dir:{0}/absent"], None, "no such directory"),
        (["evidence"], None, "no place"),
    ],
)
def test_places_that_cannot_be(tmp_path: Path, places: list[str], demanded: int | None, said: str) -> None:
    """A dock that was told nonsense does not begin."""
    (tmp_path / "place").mkdir()
    named = [text.format(tmp_path / "place") for text in places]
    with (
        pytest.raises(SetupError, match=said),
        keeping(Store(tmp_path / "store"), named, demanded, lambda _event: None),
    ):
        pass


def test_without_places_nothing_changes(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """No thread, no record, no word: a dock with one store is what it was."""
    before = threading.active_count()
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert threading.active_count() == before
    assert not (tmp_path / RECORD).exists()
    assert set(shelf.receipts) == {1, 2}
    assert not kinds(events) & {Kind.COPIED, Kind.UNCOPIED, Kind.WITHHELD}
    assert list(catch_up(at.store)) != []


def test_an_empty_file_has_its_copies_too(pki: Pki, shelf: MemoryShelf, place: Unwilling, tmp_path: Path) -> None:
    """A cut may leave one; a place that lacks it would not have what the receipt lists."""
    shelf.record(3, (100, 5000), lost="000000.mp4.age")
    shelf.recordings[3]["000000.mp4.age"] = b""
    with copying(pki, tmp_path, place) as (at, _):
        visit(shelf, at)
    assert set(shelf.receipts) == {1, 2, 3}
    path = f"cam-1/{VOLUME}/recordings/00000003"
    assert tree(place.folder / at.store.id / path).keys() == tree(at.store.root / path).keys() >= {"000000.mp4.age"}


def test_a_receipt_that_the_camera_declines(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and the next recording gets its own."""
    take = shelf.receipt

    def declines(number: int, line: bytes, nonce: str) -> None:
        if number == 2:
            raise FormatError("number: not today")
        take(number, line, nonce)

    monkeypatch.setattr(shelf, "receipt", declines)
    with copying(pki, tmp_path) as (at, events):
        assert visit(shelf, at).error is None
    assert set(shelf.receipts) == {1}
    (told,) = [event.facts for event in events if event.kind is Kind.REJECTED]
    assert told["item"] == "00000002"
    assert [event.facts["items"] for event in events if event.kind is Kind.DONE] == [1]
    assert "not today" in str(told["text"])
