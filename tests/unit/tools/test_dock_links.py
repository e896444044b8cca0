"""One camera at one dock over several links: both sides' own threads, on a virtual clock, with cords of any speed between them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware.core.machine import Move
from firmware.evidence.roles import Role
from firmware.evidence.session import Session as Boot
from firmware.runtime.berth import Berth, DockNews
from firmware.runtime.docklink import DockLink
from hal.interface import PortKind
from tests.docking import NANO, DockEnd, MemoryShelf, camera, desk, parts, stored
from tests.fault.undocked import MEMORY
from tests.pki import Pki
from tests.rig import payload
from tests.turns import Cord, Halt, Turns
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity
from tools.dock.sharing.claims import Claims

USB, SLOW = PortKind.STREAM, PortKind.SERIAL
TROUBLE = {Kind.CONFLICT, Kind.REJECTED, Kind.DAMAGED, Kind.FAILED, Kind.REFUSED}


class Rack:
    """A camera, a dock with a store, and the cords between them, the fastest first."""

    def __init__(
        self, pki: Pki, store: Path, *rates: float, kinds: tuple[PortKind, ...] = (USB, SLOW), **options: Any
    ) -> None:
        self.shelf = camera(pki)
        self.store = store
        self.turns = Turns(self.shelf.clock)
        self.stop = Halt(self.turns)
        self.cords = [Cord(self.turns, rate, kind) for rate, kind in zip(rates, kinds, strict=False)]
        self.news: list[DockNews] = []
        self.events: list[tuple[float, int, DockEvent]] = []
        self.berth = Berth()
        self.ends: list[DockEnd] = []
        options.setdefault("claims", Claims(lambda: self.shelf.clock.now_ns / NANO))
        self.desk, _ = desk(pki, store, **options)
        for rank, cord in enumerate(self.cords):
            self.add(self.shelf, cord, rank, self.berth)

    def add(self, shelf: MemoryShelf, cord: Cord, rank: int, berth: Berth) -> None:
        """One more link of a camera."""
        made = parts(shelf, cord, self.news, rank=rank, berth=berth)
        self.turns.spawn(f"camera-{rank}", lambda: DockLink(made).run(self.stop))
        self.turns.spawn(f"dock-{rank}", lambda: cord.serve(lambda: self._connect(cord), self.stop))

    def _connect(self, cord: Cord) -> DockEnd:
        link = self.cords.index(cord)
        at = replace(self.desk, emit=lambda event: self.events.append((self.seconds, link, event)))
        self.ends.append(DockEnd(at, cord.kind))
        return self.ends[-1]

    @property
    def seconds(self) -> float:
        """The time since the beginning."""
        return self.shelf.clock.now_ns / NANO - 1

    @property
    def done(self) -> bool:
        """Whether everything has its receipt, and the log is countersigned behind it."""
        return len(self.shelf.receipts) == len(self.shelf.recordings) and bool(self.shelf.anchors)

    def run(self, script: Callable[[], None] | None = None) -> float:
        """Let it happen; the seconds until everything was done."""
        over: list[float] = []

        def hand() -> None:
            if script:
                script()
            while not self.done:
                self.turns.sleep(0.05)
            over.append(self.seconds)
            self.turns.sleep(1)
            self.stop.set()

        self.turns.spawn("hand", hand)
        self.turns.run()
        self.whole()
        return over[0]

    def after(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """A script: wait, and do something."""

        def script() -> None:
            self.turns.sleep(seconds)
            act()

        return script

    def whole(self) -> None:
        """What has a receipt is, byte for byte, in the store."""
        for number in self.shelf.receipts:
            assert stored(self.store, number) == self.shelf.recordings[number]

    def kinds(self) -> list[Kind]:
        """What happened at the dock, without the progress."""
        return [event.kind for _, _, event in self.events if event.kind is not Kind.PROGRESS]

    def moves(self) -> list[Move]:
        """What the controller heard."""
        return [each.move for each in self.news]

    def links(self, kind: Kind) -> list[int]:
        """Over which links it happened."""
        return [link for _, link, event in self.events if event.kind is kind]

    def when(self, kind: Kind) -> list[tuple[float, object]]:
        """When it happened, and to what."""
        return [(when, event.facts.get("item")) for when, _, event in self.events if event.kind is kind]


MEGABYTE = 1_000_000.0


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@pytest.fixture
def memory() -> Iterator[Path]:
    """A store whose syncs cost nothing: what the disk does is not the question here."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def footage(rack: Rack, *sizes: tuple[int, ...]) -> dict[int, dict[str, bytes]]:
    """Recordings with segments of these sizes."""
    for number, each in enumerate(sizes, 1):
        rack.shelf.record(number, each)
    return dict(rack.shelf.recordings)


SHIFT = ((400_000,) * 6, (400_000,) * 6, (400_000,) * 4)


def test_two_links_take_less_time_than_one(pki: Pki, memory: Path) -> None:
    """Half as fast a link beside the first one makes a third less of the time; whoever is first in stock gets its receipt first."""
    took: list[float] = []
    for count in (1, 2):
        rack = Rack(pki, memory / str(count), *(MEGABYTE, MEGABYTE / 2)[:count])
        recordings = footage(rack, *SHIFT)
        took.append(rack.run())
        assert set(rack.shelf.receipts) == set(recordings)
        assert not TROUBLE & set(rack.kinds())
        assert [item for _, item in rack.when(Kind.RECEIPTED)] == ["00000003", "00000002", "00000001"]
        assert rack.kinds().count(Kind.JOINED) == count - 1
        assert rack.kinds().count(Kind.ACCEPTED) == rack.kinds().count(Kind.DONE) == 1
    assert took[0] > 6.4
    assert took[1] < 0.8 * took[0]
    assert rack.cords[1].carried > 1_500_000


def test_a_slow_link_does_not_hold_up_the_end(pki: Pki, memory: Path) -> None:
    """One that would need minutes for a file is no hindrance, neither to the end nor to the first recording."""
    took: list[float] = []
    for count in (1, 2):
        rack = Rack(pki, memory / str(count), *(MEGABYTE, 5_000.0)[:count])
        footage(rack, *SHIFT)
        took.append(rack.run())
        first, *_ = rack.when(Kind.RECEIPTED)
    assert took[1] < took[0] + 1
    assert first[1] == "00000003"


def test_places(pki: Pki, memory: Path) -> None:
    """The controller hears of one docking, over however many links: met, stood, offloading, at rest, gone."""
    rack = Rack(pki, memory, MEGABYTE / 10, MEGABYTE / 10)
    footage(rack, (400_000,) * 6)
    rack.run()
    assert rack.moves() == [Move.MET, Move.OFFLOAD, Move.STOOD, Move.OFFLOAD, Move.RESTED, Move.GONE]
    assert rack.news[-1].text == "the dock is done"
    assert rack.shelf.events == [("dock-1", "accepted")] * 2


@pytest.mark.parametrize("victim", [0, 1])
def test_either_link_dies_anywhere(pki: Pki, memory: Path, victim: int) -> None:
    """Pulled out at any byte, for a moment or for good: nothing is lost, and nothing receipted that is not whole."""
    for step, after in enumerate(range(2_000, 700_000, 53_777)):
        for back in (True, False):
            rack = Rack(pki, memory / f"{step} {back}", MEGABYTE, MEGABYTE / 2)
            recordings = footage(rack, (150_000, 150_000), (200_000, 90_000, 90_000), (120_000, 60_000))
            cord = rack.cords[victim]
            cord.cut_after = after

            def mend(cord: Cord = cord, rack: Rack = rack, *, back: bool = back) -> None:
                while cord.plugged and not rack.done:
                    rack.turns.sleep(0.01)
                rack.whole()
                rack.turns.sleep(0.3)
                if back:
                    cord.plug()

            rack.run(mend)
            assert set(rack.shelf.receipts) == set(recordings), (after, back)
            assert not TROUBLE & set(rack.kinds()), (after, back)


def test_both_die_again_and_again(pki: Pki, memory: Path) -> None:
    """A rack with bad contacts."""
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2)
    recordings = footage(rack, *SHIFT)

    def shake() -> None:
        step = 0
        while not rack.done:
            step += 1
            cord = rack.cords[step % 2]
            cord.unplug()
            rack.turns.sleep(0.1 + step % 5 / 10)
            cord.plug()
            rack.turns.sleep(0.5 + step % 7 / 3)

    rack.run(shake)
    assert set(rack.shelf.receipts) == set(recordings)
    assert not TROUBLE & set(rack.kinds())


@pytest.mark.parametrize("seed", range(12))
def test_anything_that_happens_to_three_links(pki: Pki, memory: Path, seed: int) -> None:
    """Pulled out, put in, silent, pressed: in the end everything is in the store and nothing was ever receipted that is not whole."""
    draw = random.Random(seed)
    print(f"seed {seed}")  # noqa: T201 - leads back to it
    kinds = (USB, SLOW, SLOW)
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2, MEGABYTE / 20, kinds=kinds)
    recordings = footage(rack, *((draw.randrange(1, 400_000),) * draw.randrange(1, 6) for _ in range(4)))

    def happen() -> None:
        for _ in range(25):
            cord = draw.choice(rack.cords)
            act = draw.choice(("out", "out", "in", "in", "in", "silent", "heard", "press", "stop"))
            if act == "out":
                cord.unplug()
            elif act == "in":
                cord.plug()
            elif act in ("silent", "heard"):
                cord.answered = act == "heard"
            else:
                rack.berth.yield_to_recording(recording=act == "press")
            rack.turns.sleep(draw.choice((0.05, 0.3, 1.0, 3.0, 12.0)))
            rack.whole()
        for cord in rack.cords:
            cord.answered = True
            cord.plug()
        rack.berth.yield_to_recording(recording=False)

    rack.run(happen)
    assert set(rack.shelf.receipts) == set(recordings)
    assert not TROUBLE & set(rack.kinds())


def test_when_the_leader_dies_the_other_goes_on(pki: Pki, memory: Path) -> None:
    """The one that helped takes the lead, with receipts of its own; what was fetched is not fetched again, and the camera stands all the
    time."""
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2)
    footage(rack, (400_000,) * 12)
    rack.run(rack.after(3, rack.cords[0].unplug))
    assert rack.links(Kind.LEADS) == [1]
    assert sum(cord.carried for cord in rack.cords) < 5_300_000
    assert Move.GONE not in rack.moves()[:-1]


def test_a_silent_leader_is_no_hindrance(pki: Pki, memory: Path) -> None:
    """A link that is up and says nothing any more loses its file to the other one long before it is given up."""
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2)
    footage(rack, (400_000,) * 4)
    rack.cords[1].plugged = False

    def script() -> None:
        rack.turns.sleep(1)
        rack.cords[1].plug()
        rack.turns.sleep(1)
        rack.cords[1].answered = False

    assert rack.run(script) < 12


def test_moves_over_to_a_faster_link(pki: Pki, memory: Path) -> None:
    """The faster link comes up later: it helps, stands for ten seconds, leads, and the slower one helps; never worn in between."""
    rack = Rack(pki, memory, MEGABYTE / 5, MEGABYTE / 20)
    footage(rack, *SHIFT)
    rack.cords[0].plugged = False
    rack.run(rack.after(5, rack.cords[0].plug))
    assert (rack.links(Kind.ACCEPTED), rack.links(Kind.LEADS), rack.links(Kind.DONE)) == ([1], [0], [0])
    assert rack.links(Kind.JOINED) == [0, 1]
    taken = rack.when(Kind.LEADS)[0][0]
    assert 15 < taken < 24
    assert Move.GONE not in rack.moves()[:-1]
    assert rack.moves().count(Move.MET) == rack.moves().count(Move.STOOD) == 1


def test_both_links_stay(pki: Pki, memory: Path) -> None:
    """A dock that stays keeps in touch over both, and both bring what is recorded later; the time was told over the first alone."""
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2, stay=True)
    footage(rack, (400_000,) * 2)
    carried: list[int] = []

    def later() -> None:
        rack.turns.sleep(90)
        assert rack.done
        assert Move.GONE not in rack.moves()
        carried.extend(cord.carried for cord in rack.cords)
        rack.shelf.record(2, (400_000,) * 9)

    rack.run(later)
    assert [cord.carried - before > 700_000 for cord, before in zip(rack.cords, carried, strict=True)] == [True, True]
    assert rack.kinds().count(Kind.ACCEPTED) == rack.kinds().count(Kind.JOINED) == 1
    assert rack.links(Kind.CLOCK) == [0]
    assert [payload(line)["kind"] for line in rack.shelf.audit["00000001.jwsl"]].count("clock") == 1


def test_what_is_listed_twice(pki: Pki, memory: Path) -> None:
    """It is stored once, and the other time told of."""
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2)
    footage(rack, (400_000,) * 6)
    items = rack.shelf.items
    rack.shelf.items = lambda: [items()[0], *items()]  # type: ignore[method-assign]  # in its place for this test
    rack.run()
    told = [event.text for _, _, event in rack.events if event.kind is Kind.REJECTED]
    assert told == ["00000001 is listed twice"]


def test_a_clone_is_refused_while_the_camera_is_in(pki: Pki, memory: Path) -> None:
    """The device key alone makes no second link: another boot shows another link certificate."""
    rack = Rack(pki, memory, MEGABYTE)
    footage(rack, (400_000,) * 4)
    clone = MemoryShelf(pki, Boot.begin(pki.device.chain, pki.device.sign), rack.shelf.clock)
    clone.record(9)
    rack.cords.append(Cord(rack.turns, MEGABYTE, USB))
    rack.add(clone, rack.cords[1], 0, Berth())
    rack.cords[1].plugged = False
    rack.run(rack.after(0.5, rack.cords[1].plug))
    refusals = [outcome for _, outcome in clone.events if "another slot" in outcome]
    assert refusals
    assert not clone.receipts
    assert Kind.JOINED not in rack.kinds()


def test_yields_to_a_recording_on_all_links(pki: Pki, memory: Path) -> None:
    """A press in the dock: no byte goes over any link while a recording is being made, and it goes on where it was."""
    rack = Rack(pki, memory, MEGABYTE, MEGABYTE / 2)
    footage(rack, (400_000,) * 10)
    quiet: list[int] = []

    def script() -> None:
        rack.turns.sleep(2)
        rack.berth.yield_to_recording(recording=True)
        rack.turns.sleep(1)
        before = sum(cord.carried for cord in rack.cords)
        rack.turns.sleep(20)
        quiet.append(sum(cord.carried for cord in rack.cords) - before)
        rack.berth.yield_to_recording(recording=False)

    rack.run(script)
    assert quiet[0] < 40_000
    assert sum(cord.carried for cord in rack.cords) < 4_400_000
    assert Move.GONE not in rack.moves()[:-1]


def test_a_link_to_another_dock_is_given_up(pki: Pki, memory: Path) -> None:
    """The camera stands in one dock; what says that it is another one is told no more than a stranger."""
    rack = Rack(pki, memory / "one", MEGABYTE)
    footage(rack, (400_000,) * 4)
    second = pki.enrol(Role.DOCK, "dock-2")
    other, _ = desk(pki, memory / "two")
    other = replace(other, identity=DockIdentity(second.chain, second.key, pki.trust))
    cord = Cord(rack.turns, MEGABYTE, USB)
    made = parts(rack.shelf, cord, rack.news, rank=1, berth=rack.berth)
    rack.turns.spawn("camera-1", lambda: DockLink(made).run(rack.stop))
    rack.turns.spawn("dock-1", lambda: cord.serve(lambda: DockEnd(other, USB), rack.stop))
    rack.run()
    assert ("dock-2", "it is another dock than dock-1, in which the camera stands") in rack.shelf.events
    assert not (memory / "two" / "cam-1").exists()
