"""The gate on a real rack: cameras that come over gadgets and over TCP become ready, and are seen to leave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from hal.sim.dock import SimDock
from tests.docking import desk
from tests.docks import PATIENCE_S, Told, camera, docked, until
from tests.pki import Pki
from tools.dock import Dock, DockEvent, Kind
from tools.dock.face.board import Board
from tools.dock.face.gate import Light, Need, Wanted
from tools.dock.face.gatekeeper import Gatekeeper
from tools.dock.face.roster import Undocking
from tools.dock.face.slot import SILENT_MS
from tools.dock.rack.gadgets import Tty
from tools.dock.rack.slots import Rack
from tools.dock.visit import system_utc_ms
from tools.sim.cable import Cable

GADGET = (0x1D6B, 0x0104)


class Watch:
    """A gatekeeper behind a dock, and what it told and kept.  Time passes for it when a test says so."""

    def __init__(self, wanted: Wanted) -> None:
        self.now_ms = 1_000_000
        self.kept: list[Undocking] = []
        self.told = Told()
        self.gatekeeper = Gatekeeper(Board(wanted), self.told, utc_ms=lambda: self.now_ms, keep=self.kept.append)

    def __call__(self, event: DockEvent) -> None:
        """Hear the dock."""
        self.gatekeeper(replace(event, utc_ms=self.now_ms))

    def light(self, slot: str) -> Light:
        """What a slot's light says."""
        return self.gatekeeper.board.verdict(slot).light


@contextmanager
def running(dock: Dock) -> Iterator[None]:
    """The dock serves at gadgets and a socket meanwhile."""
    thread = threading.Thread(target=dock.serve, args=(["usb", "tcp:127.0.0.1:0"],))
    thread.start()
    try:
        yield
    finally:
        dock.stop()
        thread.join(PATIENCE_S)


def test_a_gadget_and_a_network(pki: Pki, tmp_path: Path) -> None:
    """Both become ready; the gadget is out the moment its tty is gone, the network once it was silent for a while; and another camera,
    pulled out in the middle, was early."""
    watch = Watch(Wanted(frozenset({Need.EMPTY})))
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms, stay=True)
    serial, network, early = (camera(pki, f"cam-{name}", f"{name:032x}") for name in (101, 102, 103))
    for shelf in (serial, network, early):
        shelf.record(1, (60_000, 40_000))
    cables = {"A1": Cable(), "A3": Cable()}
    found = {"A1": Tty(cables["A1"].dock, "1-1.1:1.0", *GADGET)}
    rack = Rack({"1-1.1": "A1", "1-1.3": "A3"})
    ports = [SimDock() for _ in range(3)]
    with ExitStack() as stack:
        stack.callback(lambda: [*map(Cable.close, cables.values())])
        stack.enter_context(running(Dock(replace(at, emit=watch), rack=rack, scan=lambda: [*found.values()])))
        watch.told.wait(Kind.LISTENING, 2)
        listening = [str(event.facts["port"]) for event in watch.told.all(Kind.LISTENING)]
        tcp = next(port for port in listening if port.startswith("tcp:")).replace("tcp:", "tcp:127.0.0.1:")
        for shelf, port in zip((serial, network, early), ports, strict=True):
            stack.enter_context(docked(shelf, port))
        ports[0].plug(cables["A1"].camera)
        ports[1].plug(tcp)
        watch.told.wait(Kind.DONE, device="cam-101")
        watch.told.wait(Kind.DONE, device="cam-102")
        assert (watch.light("A1"), watch.light("127.0.0.1")) == (Light.READY, Light.READY)

        found.pop("A1")
        ports[0].unplug()
        cables.pop("A1").close()
        assert watch.told.wait(Kind.UNDOCKED, device="cam-101", slot="A1").facts["early"] is False
        assert watch.light("A1") is Light.FREE

        ports[1].unplug()
        watch.told.wait(Kind.LOST, device="cam-102")
        assert watch.light("127.0.0.1") is Light.WAIT
        assert not watch.told.all(Kind.UNDOCKED, device="cam-102")
        watch.now_ms += SILENT_MS
        watch.gatekeeper.tick()
        assert watch.told.wait(Kind.UNDOCKED, device="cam-102").facts["early"] is False

        ports[2].cut(60_000)
        found["A3"] = Tty(cables["A3"].dock, "1-1.3:1.0", *GADGET)
        ports[2].plug(cables["A3"].camera)
        until(lambda: ports[2].path is None)
        found.pop("A3")
        cables.pop("A3").close()
        assert watch.told.wait(Kind.UNDOCKED, device="cam-103", slot="A3").facts["early"] is True
    assert [(each.device, each.early) for each in watch.kept] == [
        ("cam-101", False),
        ("cam-102", False),
        ("cam-103", True),
    ]
    assert "too early" in watch.kept[-1].text
