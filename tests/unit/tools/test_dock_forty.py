"""A whole rack at once: eight cameras, then forty, half of them on serial lines and half over TCP, some pulled out at any
byte and put back; nothing is lost, and nothing is mixed up."""

from __future__ import annotations

import random
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from firmware.evidence import jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.receipt import verify_receipt
from hal.sim.dock import SimDock
from tests.docking import MemoryShelf, desk
from tests.docks import Told, camera, docked, serving, stored, until
from tests.pki import Pki
from tools.dock import Kind
from tools.dock.rack.gadgets import Tty
from tools.dock.rack.slots import Rack
from tools.dock.visit import Desk, system_utc_ms
from tools.sim.cable import Cable

GADGET = (0x1D6B, 0x0104)
SEED = 20_261_130


@dataclass
class Standing:
    """One camera of the rack: where it stands, and what it brought."""

    shelf: MemoryShelf
    slot: str
    port: SimDock = field(default_factory=SimDock)
    brought: dict[int, dict[str, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self.brought = dict(self.shelf.recordings)

    @property
    def name(self) -> str:
        """The camera's."""
        return self.shelf.session.device


class Bench:
    """Sockets and serial gadgets for so many cameras."""

    def __init__(self, pki: Pki, count: int, stack: ExitStack) -> None:
        self.draw = random.Random(SEED)
        self.found: dict[str, Tty] = {}
        self.cables: dict[str, Cable] = {}
        stack.callback(self.close)
        self.standing = [
            Standing(self._camera(pki, number), f"S{number}" if number % 2 else f"127.0.1.{number}")
            for number in range(1, count + 1)
        ]
        self.rack = Rack({f"1-1.{number}": f"S{number}" for number in range(1, count + 1)})

    def _camera(self, pki: Pki, number: int) -> MemoryShelf:
        shelf = camera(pki, f"cam-{number + 100}", f"{number:032x}")
        for which in range(1, 3):
            shelf.record(which, (self.draw.randrange(20_000, 50_000), self.draw.randrange(10_000, 20_000)))
        return shelf

    def plug(self, each: Standing, door: str) -> None:
        """Put a camera into its slot."""
        number = int(each.name[4:]) - 100
        if number % 2:
            cable = self.cables[each.name] = Cable()
            self.found[each.name] = Tty(cable.dock, f"1-1.{number}:1.0", *GADGET)
            each.port.plug(cable.camera)
        else:
            each.port.plug(door.replace("127.0.0.1", each.slot))

    def pull(self, each: Standing) -> None:
        """Take it out: its tty, if it has one, is gone."""
        each.port.unplug()
        if each.name in self.cables:
            del self.found[each.name]
            self.cables.pop(each.name).close()

    def close(self) -> None:
        """Take all cables away."""
        for cable in self.cables.values():
            cable.close()

    def scan(self) -> list[Tty]:
        """The serial gadgets now."""
        return [*self.found.values()]


@pytest.fixture(autouse=True)
def each_from_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that is plugged into ``tcp:127.0.1.N:PORT`` has that address itself, and meets the dock at 127.0.0.1."""
    connect = socket.create_connection

    def connected(address: tuple[str, int], timeout: float) -> socket.socket:
        return connect(("127.0.0.1", address[1]), timeout=timeout, source_address=(address[0], 0))

    monkeypatch.setattr(socket, "create_connection", connected)


def is_out(each: Standing) -> bool:
    """Whether a camera was pulled out."""
    return each.port.path is None


@contextmanager
def rack_of(count: int, pki: Pki, at: Desk) -> Iterator[tuple[Bench, Told, str]]:
    """A rack of so many cameras that are not plugged in yet, each with its thread, and the dock that waits for them."""
    with ExitStack() as stack:
        bench = Bench(pki, count, stack)
        told = stack.enter_context(serving(at, ["usb", "tcp:127.0.0.1:0"], scan=bench.scan, rack=bench.rack))
        until(lambda: len(told.all(Kind.LISTENING)) == 2)
        (door,) = [str(event.facts["port"]) for event in told.all(Kind.LISTENING) if event.facts["port"] != "usb"]
        for each in bench.standing:
            stack.enter_context(docked(each.shelf, each.port))
        yield bench, told, door.replace("tcp:", "tcp:127.0.0.1:")


def check(bench: Bench, told: Told, pki: Pki, store: Path) -> None:
    """Each camera's evidence is in the store, byte for byte and under its own name; each has receipts for exactly that, and
    an anchor on its own log; every event about it came from its own slot."""
    for each in bench.standing:
        assert set(each.shelf.receipts) == set(each.brought), each.name
        for number, files in each.brought.items():
            assert stored(store, each.shelf, number) == files
            manifest = verify_manifest(jws.from_file(files["manifest.jws"]), pki.trust)
            receipt = verify_receipt(each.shelf.receipts[number], pki.trust, manifest, nonce=None).payload
            assert (receipt["device"], receipt["number"]) == (each.name, number)
        anchor = verify_anchor(each.shelf.anchors[-1], pki.trust, nonce=None).payload
        assert (anchor["device"], anchor["number"]) == (each.name, 2)
        assert {event.slot for event in told.events if event.device == each.name} == {each.slot}
    assert {path.name for path in store.iterdir() if path.name.startswith("cam-")} == {e.name for e in bench.standing}
    assert not [path for path in (store / "incoming").rglob("*") if path.is_file()]
    for kind in (Kind.CONFLICT, Kind.REJECTED, Kind.DAMAGED, Kind.FAILED, Kind.REFUSED, Kind.FULL):
        assert not told.all(kind)


def test_eight_cameras(pki: Pki, tmp_path: Path) -> None:
    """Eight at once, all of them taken over."""
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms, stay=True)
    with rack_of(8, pki, at) as (bench, told, door):
        for each in bench.standing:
            bench.plug(each, door)
        for each in bench.standing:
            told.wait(Kind.DONE, device=each.name)
    check(bench, told, pki, tmp_path)


def test_cut_again_and_again(pki: Pki, tmp_path: Path) -> None:
    """Eight at once, each pulled out at one byte after the other: of the link's first words, the handshake, the greeting, a
    file."""
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms, stay=True)
    with rack_of(8, pki, at) as (bench, told, door):
        for start in (0, 700, 3_000, 6_000, 20_000):
            for each in bench.standing:
                each.port.cut(start + bench.draw.randrange(1, max(300, start)))
                bench.plug(each, door)
            for each in bench.standing:
                until(partial(is_out, each))
                bench.pull(each)
        assert not [each.name for each in bench.standing if set(each.shelf.receipts) == {1, 2}]
        for each in bench.standing:
            bench.plug(each, door)
        for each in bench.standing:
            told.wait(Kind.DONE, device=each.name)
    check(bench, told, pki, tmp_path)


def test_forty_cameras_some_pulled_out(pki: Pki, tmp_path: Path) -> None:
    """Forty at once; every fourth is pulled out at some byte and put back, where it goes on.  With all of them in the dock one
    more is told that it is full, and is taken over once there is room.  The whole takes no more than 20 s of the
    processor."""
    before = _used_s()
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms, stay=True)
    with rack_of(41, pki, at) as (bench, told, door):
        *forty, last = bench.standing
        pulled = bench.draw.sample(forty, 10)
        for each in forty:
            if each in pulled:
                each.port.cut(bench.draw.randrange(6_000, 70_000))
            bench.plug(each, door)
        for each in pulled:
            until(partial(is_out, each))
            bench.pull(each)
        for each in pulled:
            assert set(each.shelf.receipts) != {1, 2}
            bench.plug(each, door)
        for each in forty:
            told.wait(Kind.DONE, device=each.name)
        assert {event.device for event in told.all(Kind.ACCEPTED)} == {each.name for each in forty}
        assert not [each for each in forty if each not in pulled and told.all(Kind.LOST, device=each.name)]
        bench.plug(last, door)
        assert "40 cameras" in told.wait(Kind.FULL, device=last.name, slot=last.slot).text
        until(lambda: bool(last.shelf.events))
        assert "(full)" in last.shelf.events[0][1]
        assert not last.shelf.receipts
        bench.pull(forty[0])
        told.wait(Kind.DONE, device=last.name)
    told.events = [event for event in told.events if event.kind is not Kind.FULL]
    check(bench, told, pki, tmp_path)
    assert _used_s() - before < 20


def _used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
