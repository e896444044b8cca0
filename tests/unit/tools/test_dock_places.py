"""Several places at once: gadgets that come and go, lines and sockets that cannot be used, and who stands at the door."""

from __future__ import annotations

import errno
import grp
import os
import select
import socket
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from serial.tools import list_ports

from hal.sim.dock import SimDock
from tests.docking import desk
from tests.docks import PATIENCE_S, LeapingClock, Told, camera, docked, serving, stored, until
from tests.pki import Pki
from tools.dock import Kind, StoreError
from tools.dock.face.reminders import EVERY_NS, MOST, Reminders
from tools.dock.rack import doors, lines, ports
from tools.dock.rack.attempts import PAUSES_S
from tools.dock.rack.crowd import MOST_AT_A_SLOT, Crowd
from tools.dock.rack.gadgets import Tty
from tools.dock.rack.ports import SerialPort, peer_place, remedy, ttys
from tools.dock.rack.reception import Reception
from tools.dock.rack.refusals import Refusals
from tools.dock.rack.slots import Rack
from tools.dock.visit import system_utc_ms
from tools.sim.cable import Cable

GADGET = (0x1D6B, 0x0104)


@dataclass
class Hub:
    """A made-up USB hub: what a scan finds, with real pseudo-terminals behind it.  ``links`` are what ttys are called."""

    folder: Path
    found: dict[str, Tty] = field(default_factory=dict)

    def scan(self) -> list[Tty]:
        """What is there."""
        return list(self.found.values())

    def plug(self, tty: str, location: str, name: str) -> str:
        """Plug a pty in under this name; its path."""
        path = self.folder / name
        path.symlink_to(tty)
        self.found[str(path)] = Tty(str(path), f"{location}:1.0", *GADGET)
        return str(path)

    def pull(self, path: str) -> None:
        """Pull it out."""
        Path(path).unlink()
        del self.found[path]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub with nothing in it."""
    (tmp_path / "dev").mkdir()
    return Hub(tmp_path / "dev")


def test_gadgets_come_and_go(pki: Pki, hub: Hub, tmp_path: Path) -> None:
    """A camera that is pulled out in the middle and comes back under another name stands in the same slot, and nothing
    of what was fetched is fetched twice; events name the slot by its label."""
    shelf = camera(pki)
    shelf.record(1, (300_000,))
    recording = dict(shelf.recordings[1])
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms)
    port = SimDock()
    with serving(at, ["usb"], scan=hub.scan, rack=Rack({"1-1.2": "A1"})) as told, docked(shelf, port):
        told.wait(Kind.LISTENING, port="usb")
        with Cable() as cable:
            cable.cut_after(150_000)
            path = hub.plug(cable.dock, "1-1.2", "ttyACM0")
            port.plug(cable.camera)
            told.wait(Kind.PLUGGED, slot="A1", port=path)
            until(lambda: cable.out)
            hub.pull(path)
            port.unplug()
        told.wait(Kind.UNPLUGGED, slot="A1")
        assert not shelf.receipts
        with Cable() as cable:
            again = hub.plug(cable.dock, "1-1.2", "ttyACM5")
            port.plug(cable.camera)
            told.wait(Kind.PLUGGED, slot="A1", port=again)
            told.wait(Kind.DONE, slot="A1", device="cam-1")
            assert cable.carried < 300_000
    assert stored(tmp_path / "store", shelf, 1) == recording
    assert set(shelf.receipts) == {1}
    assert told.all(Kind.LOST, slot="A1", device="cam-1")
    assert {event.slot for event in told.events if event.device} == {"A1"}
    foretold = told.all(Kind.FORECAST, slot="A1", device="cam-1", basis="usual")
    assert foretold, "how long it will take is told of each visit,"
    kinds = told.kinds("A1")
    assert kinds[kinds.index(Kind.STOCK) + 1] is Kind.FORECAST, "and before anything is fetched"


def test_a_name_that_went_to_another_slot(pki: Pki, hub: Hub, tmp_path: Path) -> None:
    """A tty's name that stands for another socket by the time it is opened is not served as the slot that it was."""
    shelf = camera(pki)
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms)
    port = SimDock()
    with Cable() as cable:
        path = hub.plug(cable.dock, "1-1.3", "ttyACM0")
        stale = [Tty(path, "1-1.2:1.0", *GADGET)]
        answers = [stale, stale]  # the first looks are a moment too old: the last is the one behind the opening

        def scan() -> list[Tty]:
            return answers.pop() if answers else hub.scan()

        with serving(at, ["usb"], scan=scan) as told, docked(shelf, port):
            port.plug(cable.camera)
            told.wait(Kind.DONE, device="cam-1")
    assert {event.slot for event in told.events} == {"", "1-1.3"}


def test_a_look_that_fails(pki: Pki, hub: Hub, tmp_path: Path) -> None:
    """While the system cannot say what is plugged in nobody is thrown out, and nobody new is guessed at."""
    shelf = camera(pki)
    shelf.record(1, (60_000,))
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms, stay=True)
    port = SimDock()
    blind = threading.Event()
    with Cable() as cable, serving(at, ["usb"], scan=lambda: None if blind.is_set() else hub.scan()) as told:
        with docked(shelf, port):
            hub.plug(cable.dock, "1-1.2", "ttyACM0")
            port.plug(cable.camera)
            told.wait(Kind.ACCEPTED)
            blind.set()
            told.wait(Kind.DONE)
        assert not told.all(Kind.UNPLUGGED)


def test_a_line_that_is_named_is_left_to_itself(pki: Pki, hub: Hub, tmp_path: Path) -> None:
    """A tty that is named and found as a gadget too is served once, under its name."""
    shelf = camera(pki)
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms)
    port = SimDock()
    with Cable() as cable:
        hub.found[cable.dock] = Tty(cable.dock, "1-1.2:1.0", *GADGET)
        by_path = hub.folder / "by-path"
        by_path.symlink_to(cable.dock)
        with serving(at, ["usb", str(by_path), "usb:1d6b:0104"], scan=hub.scan) as told, docked(shelf, port):
            port.plug(cable.camera)
            told.wait(Kind.DONE, slot=str(by_path), device="cam-1")
    assert not told.all(Kind.PLUGGED, slot="1-1.2")


def test_places_that_cannot_be_used_keep_no_other(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be opened is told once, with what to do, and tried again; the others are served, and so is it once it
    can be."""
    monkeypatch.setattr(lines, "RETRY_S", 0.05)
    monkeypatch.setattr(doors, "RETRY_S", 0.05)
    locked, denied = threading.Event(), [0]
    file = tmp_path / "notes.txt"
    file.write_text("no tty")
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms)
    shelf, port = camera(pki), SimDock()
    with Cable() as cable, socket.create_server(("127.0.0.1", 0)) as taken:
        locked.set()

        class Locked(SerialPort):
            def __init__(self, path: str) -> None:
                if path == cable.dock and locked.is_set():
                    denied[0] += 1
                    raise PermissionError(errno.EACCES, "Permission denied", path)
                super().__init__(path)

        monkeypatch.setattr(lines, "SerialPort", Locked)
        busy = f"tcp:127.0.0.1:{taken.getsockname()[1]}"
        specs = [cable.dock, str(file), busy, "tcp:no-such-host.invalid:1", "tcp:127.0.0.1:0"]
        with serving(at, specs) as told:
            listening = told.wait(Kind.LISTENING, slot="", count=3)
            assert "Permission denied: " in told.wait(Kind.UNUSABLE, port=cable.dock).text
            assert "configure" in told.wait(Kind.UNUSABLE, port=str(file)).text
            assert "another program listens there" in told.wait(Kind.UNUSABLE, port=busy).text
            assert told.wait(Kind.UNUSABLE, port="tcp:no-such-host.invalid:1").text
            with docked(shelf, port):
                port.plug(str(listening.facts["port"]).replace("tcp:", "tcp:127.0.0.1:"))
                told.wait(Kind.DONE, device="cam-1", slot="127.0.0.1")
            seen = denied[0]
            until(lambda: denied[0] > seen + 3)
            assert len(told.all(Kind.UNUSABLE)) == 4
            locked.clear()
            taken.close()
            with docked(shelf, port):
                port.plug(cable.camera)
                told.wait(Kind.DONE, device="cam-1", slot=cable.dock)
            told.wait(Kind.LISTENING, slot="", port=busy.replace("127.0.0.1:", ""))


def test_a_tty_whose_rights_come_a_moment_later(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tty that its group may open only once udev has seen it is worth no word."""
    monkeypatch.setattr(lines, "RETRY_S", 0.05)
    shelf, port, denied = camera(pki), SimDock(), [True]

    class Late(SerialPort):
        def __init__(self, path: str) -> None:
            if denied:
                denied.clear()
                raise PermissionError(errno.EACCES, "Permission denied", path)
            super().__init__(path)

    monkeypatch.setattr(lines, "SerialPort", Late)
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms)
    with Cable() as cable, serving(at, [cable.dock]) as told, docked(shelf, port):
        port.plug(cable.camera)
        told.wait(Kind.DONE, device="cam-1")
    assert not told.all(Kind.UNUSABLE)


def test_a_tty_of_somebody_else() -> None:
    """Two programs do not serve one tty: the second one is told what to look for."""
    with Cable() as cable:
        port = SerialPort(cable.dock)
        with pytest.raises(OSError, match="exclusively") as caught:
            SerialPort(cable.dock)
        assert "ModemManager" in remedy(cable.dock, caught.value)
        port.close()
        SerialPort(cable.dock).close()


@pytest.mark.parametrize(
    ("group", "mode", "word"),
    [("dialout", 0o660, "usermod -aG dialout USER"), ("dialout", 0o600, "udev"), ("root", 0o660, "udev")],
)
def test_what_to_do_about_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, mode: int, word: str
) -> None:
    """Who may not open a tty is told the group that may, or, where none may, to make a rule."""
    denied = PermissionError(errno.EACCES, "x")
    device = tmp_path / "ttyACM0"
    assert "udev" in remedy(str(device), denied)
    device.write_text("")
    device.chmod(mode)
    monkeypatch.setattr(grp, "getgrgid", lambda _: SimpleNamespace(gr_name=group))
    assert remedy(str(device), denied).startswith("Permission denied: ")
    assert word in remedy(str(device), denied)


def alone(slot: str) -> None:
    """Wait until nobody is attended at a slot."""
    until(lambda: f"dock {slot}" not in {each.name for each in threading.enumerate()})


def at_least(things: Sequence[object], count: int) -> bool:
    """Whether there are so many."""
    return len(things) >= count


def test_a_tty_that_vanishes_while_it_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever it raises then, it is a port that is not there: no place ends by it."""

    def vanished(*_: object, **__: object) -> None:
        raise termios.error(errno.EIO, "Input/output error")

    monkeypatch.setattr(serial, "Serial", vanished)
    with pytest.raises(OSError, match="Input/output") as caught:
        SerialPort(str(tmp_path))
    assert caught.value.errno in ports.NOT_THERE


@contextmanager
def crowded(told: Told, source: str, count: int) -> Iterator[list[socket.socket]]:
    """So many connections from an address that say nothing."""
    port = int(str(told.wait(Kind.LISTENING).facts["port"]).rpartition(":")[2])
    ends = [socket.create_connection(("127.0.0.1", port), source_address=(source, 0)) for _ in range(count)]
    try:
        yield ends
    finally:
        for end in ends:
            end.close()


def closed(end: socket.socket) -> bool:
    """Whether the dock ended this connection."""
    end.settimeout(0.01)
    try:
        return end.recv(100) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_peers_that_say_nothing(pki: Pki, tmp_path: Path) -> None:
    """An address has room for a few that do not say who they are, and not for ever; others come in all the while, and who
    was believed takes none of that room."""
    clock = LeapingClock()
    shelf, other, port, another = camera(pki), camera(pki, "cam-2", "f" * 32), SimDock(), SimDock()
    shelf.record(1, (60_000,))
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms, stay=True)
    with serving(at, ["tcp:127.0.0.1:0"], monotonic_ns=clock) as told:
        door = str(told.wait(Kind.LISTENING).facts["port"]).replace("tcp:", "tcp:127.0.0.1:")
        with docked(shelf, port), docked(other, another):
            with crowded(told, "127.0.0.9", MOST_AT_A_SLOT + 3) as ends:
                assert str(MOST_AT_A_SLOT) in told.wait(Kind.FULL, slot="127.0.0.9").text
                until(lambda: sum(closed(end) for end in ends) == 3)
                slow = socket.create_connection(
                    ("127.0.0.1", int(door.rpartition(":")[2])), source_address=("127.0.0.8", 0)
                )
                slow.sendall(b"\x16\x03\x01\x02\x00\x01")
                port.plug(door)
                another.plug(door)
                told.wait(Kind.DONE, device="cam-1")
                told.wait(Kind.DONE, device="cam-2")
                clock.leap(31)
                until(lambda: all(closed(end) for end in (*ends, slow)))
                slow.close()
            alone("127.0.0.9")
            with crowded(told, "127.0.0.1", MOST_AT_A_SLOT), crowded(told, "127.0.0.9", MOST_AT_A_SLOT) as ends:
                until(lambda: [each.name for each in threading.enumerate()].count("dock 127.0.0.9") == MOST_AT_A_SLOT)
                assert not any(closed(end) for end in ends)
        assert len(told.all(Kind.FULL)) == 1
    assert set(shelf.receipts) == {1}
    assert [event.slot for event in told.all(Kind.REFUSED)] == ["127.0.0.8"]  # who began and did not go on
    assert [each.slot for each in Refusals(tmp_path).entries()] == ["127.0.0.8"]


def test_a_connection_waits_for_its_slot(pki: Pki, tmp_path: Path) -> None:
    """After refusals the next connection is left waiting, a second one is closed, and one that hangs up before its turn takes
    no room."""
    clock = LeapingClock()
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms)
    name = "dock 127.0.0.9"
    with serving(at, ["tcp:127.0.0.1:0"], monotonic_ns=clock) as told:
        for turn in range(1, len(PAUSES_S) + 1):
            with crowded(told, "127.0.0.9", 1) as (end,):
                end.sendall(b"GET / HTTP/1.0\r\n\r\n")
                told.wait(Kind.REFUSED, slot="127.0.0.9", count=turn)
            alone("127.0.0.9")
            clock.leap(PAUSES_S[turn - 1] if turn < len(PAUSES_S) else 0)
        with crowded(told, "127.0.0.9", 1):  # is held: the slot waits for a minute
            until(lambda: name in {each.name for each in threading.enumerate()})
        alone("127.0.0.9")
        with crowded(told, "127.0.0.9", 2) as ends:
            until(lambda: sum(closed(end) for end in ends) == 1)
            (held,) = [end for end in ends if not closed(end)]
            held.sendall(b"GET / HTTP/1.0\r\n\r\n")
            told.wait(Kind.FULL, slot="127.0.0.9")
            assert not closed(held)
            assert len(told.all(Kind.REFUSED)) == len(PAUSES_S)
            clock.leap(60)
            told.wait(Kind.REFUSED, slot="127.0.0.9", count=len(PAUSES_S) + 1)
    assert [event.facts["pause_s"] for event in told.all(Kind.REFUSED)] == [*PAUSES_S, PAUSES_S[-1]]
    (listed,) = Refusals(tmp_path).entries()
    assert (listed.slot, listed.device, listed.count) == ("127.0.0.9", "", len(PAUSES_S) + 1)


def test_a_slot_that_was_refused_waits(pki: Pki, hub: Hub, tmp_path: Path) -> None:
    """A foreign camera is refused less and less often, each refusal is written down on both sides, and none of it is
    held against the next camera in that slot."""
    clock = LeapingClock()
    foreign, shelf = camera(Pki.create()), camera(pki)
    foreign.trust = pki.trust
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms)
    with serving(at, ["usb"], scan=hub.scan, monotonic_ns=clock) as told:
        with Cable() as cable:
            path = hub.plug(cable.dock, "1-1.2", "ttyACM0")
            for turn, pause in enumerate(PAUSES_S[:4], 1):
                port = SimDock()
                port.plug(cable.camera)
                with docked(foreign, port):  # a new start of the camera each time: it does not wait on its side
                    refused = told.wait(Kind.REFUSED, slot="1-1.2", count=turn)
                    until(partial(at_least, foreign.events, turn))
                assert refused.facts["pause_s"] == pause
                assert len(told.all(Kind.REFUSED)) == turn
                clock.leap(pause)
            hub.pull(path)
        told.wait(Kind.UNPLUGGED, slot="1-1.2")
        with Cable() as cable:
            hub.plug(cable.dock, "1-1.2", "ttyACM0")
            for who, told_of, count in ((foreign, Kind.REFUSED, 5), (shelf, Kind.DONE, 1), (foreign, Kind.REFUSED, 6)):
                port = SimDock()
                port.plug(cable.camera)
                with docked(who, port):
                    told.wait(told_of, slot="1-1.2", count=count)
                clock.leap(1)
    assert [event.facts["pause_s"] for event in told.all(Kind.REFUSED)] == [*PAUSES_S[:4], 1, 1]
    (listed,) = Refusals(tmp_path / "store").entries()
    assert (listed.slot, listed.device, listed.count) == ("1-1.2", "", 6)
    assert "device-ca" in listed.text
    assert all("certificate" in text for _, text in foreign.events)


def test_refusals_that_cannot_be_written_down(pki: Pki, tmp_path: Path) -> None:
    """A store that cannot take the refusal is a store that failed."""
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms)
    reception = Reception(at, rack=Rack(), crowd=Crowd())
    (tmp_path / "refusals.jsonl.lock").mkdir()
    reception._refuse("", "1-1.2", "foreign")
    assert isinstance(reception.failure, StoreError)
    assert reception.stopping.is_set()


def test_full_house(pki: Pki, hub: Hub, tmp_path: Path) -> None:
    """One camera more than there is room for is told, and so are people; once another one has left it is taken over."""
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms, stay=True)
    first, second = camera(pki), camera(pki, "cam-2", "f" * 32)
    second.record(1, (50_000,))
    one, two = SimDock(), SimDock()
    with Cable() as other, serving(at, ["usb"], scan=hub.scan, cameras=1) as told, docked(second, two):
        with Cable() as cable, docked(first, one):
            path = hub.plug(cable.dock, "1-1.1", "ttyACM0")
            one.plug(cable.camera)
            told.wait(Kind.ACCEPTED, device="cam-1")
            hub.plug(other.dock, "1-1.2", "ttyACM1")
            two.plug(other.camera)
            full = told.wait(Kind.FULL, device="cam-2", slot="1-1.2")
            assert "1 cameras" in full.text
            until(lambda: bool(second.events))
            assert "(full)" in second.events[0][1]
            hub.pull(path)
        told.wait(Kind.DONE, device="cam-2", slot="1-1.2")
    assert set(second.receipts) == {1}
    assert Refusals(tmp_path / "store").entries() == []


def test_an_address_that_goes_with_its_interface(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket at an interface's address is opened when the interface comes, and anew when it comes again."""
    monkeypatch.setattr(doors, "RETRY_S", 0.05)
    index = [0]
    looked: list[str] = []

    def look(name: str) -> int:
        looked.append(name)
        return index[0]

    monkeypatch.setattr(doors, "interface_index", look)
    monkeypatch.setattr(doors, "listen", lambda spec: ports.listen(spec.replace("[fe80::1%usb0]", "127.0.0.1")))
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms)
    with serving(at, ["tcp:[fe80::1%usb0]:0"]) as told:
        seen = len(looked)
        until(lambda: len(looked) > seen + 2)
        assert not told.events
        index[0] = 7
        told.wait(Kind.LISTENING)
        index[0] = 9
        told.wait(Kind.LISTENING, count=2)
        index[0] = 0
    assert {event.kind for event in told.events} == {Kind.LISTENING}


def test_another_plug_at_the_same_interface(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused is not held against what is plugged in after it; the interface's number shows that."""
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms)
    index = [3]
    monkeypatch.setattr(doors, "interface_index", lambda _: index[0])
    monkeypatch.setattr(doors, "peer_place", lambda _: ("1-1.2", "usb0"))
    clock = LeapingClock()
    with serving(at, ["tcp:127.0.0.1:0"], monotonic_ns=clock) as told:
        for turn in range(1, 4):
            with crowded(told, "127.0.0.1", 1) as (end,):
                end.sendall(b"nonsense" * 10)
                told.wait(Kind.REFUSED, slot="1-1.2", count=turn)
            alone("1-1.2")
            index[0] += turn != 1
            clock.leap(60)
    assert [event.facts["pause_s"] for event in told.all(Kind.REFUSED)] == [1, 2, 1]


def test_an_interface_that_is_pulled_out(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP hears nothing of a network that is pulled out: the session ends all the same, and the camera, back at once, is met
    anew."""
    index = [3]
    monkeypatch.setattr(doors, "interface_index", lambda _: index[0])
    monkeypatch.setattr(doors, "peer_place", lambda _: ("1-1.2", "usb0"))
    shelf, port = camera(pki), SimDock()
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms, stay=True)
    with serving(at, ["tcp:127.0.0.1:0"]) as told, docked(shelf, port):
        port.plug(str(told.wait(Kind.LISTENING).facts["port"]).replace("tcp:", "tcp:127.0.0.1:"))
        told.wait(Kind.DONE, slot="1-1.2", device="cam-1")
        index[0] = 4
        assert "pulled out" in told.wait(Kind.LOST, slot="1-1.2", device="cam-1").text
        told.wait(Kind.DONE, count=2, device="cam-1")
    assert not told.all(Kind.REFUSED)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_place_that_ends_by_mistake_goes_on(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in one place's thread ends neither the dock nor that place."""
    at, _ = desk(pki, tmp_path, utc_ms=system_utc_ms)
    run, broken = lines.NamedLine.run, [True]

    def once_broken(self: lines.NamedLine) -> None:
        if broken.pop() if broken else False:
            raise ZeroDivisionError
        run(self)

    monkeypatch.setattr(lines.NamedLine, "run", once_broken)
    with serving(at, [str(tmp_path / "ttyACM0")]) as told:
        told.wait(Kind.LISTENING)


def test_a_connection_that_cannot_be_taken(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread left for a peer: it is turned away, told of once, and takes no room."""
    at, events = desk(pki, tmp_path, utc_ms=system_utc_ms)
    reception = Reception(at, rack=Rack(), crowd=Crowd())
    door = doors.Door(reception, "tcp:127.0.0.1:0")

    def none_left(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    for one, other in (socket.socketpair(), socket.socketpair()):
        door._receive(one, "192.0.2.1", "")
        assert other.recv(1) == b""
        other.close()
    assert not reception.crowd._strangers
    assert [(event.kind, event.slot, event.text) for event in events] == [
        (Kind.FULL, "192.0.2.1", "can't start new thread")
    ]


def test_where_a_peer_is_plugged_in(tmp_path: Path) -> None:
    """A link-local peer is where its interface is plugged in; one that is on no USB is at the interface, and any other at
    its address."""
    for name, target in {"usb0": "../../../1-1.2:1.1", "eth0": "../../../0000:00:14.0"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "device").symlink_to(target)
    assert peer_place(("fe80::1%usb0", 5, 0, 7), tmp_path) == ("1-1.2", "usb0")
    assert peer_place(("fe80::1%eth0", 5, 0, 7), tmp_path) == ("eth0", "eth0")
    assert peer_place(("fe80::1%gone", 5, 0, 7), tmp_path) == ("gone", "gone")
    assert peer_place(("::ffff:192.0.2.7", 5, 0, 0), tmp_path) == ("192.0.2.7", "")
    assert peer_place(("2001:db8::7", 5, 0, 0), tmp_path) == ("2001:db8::7", "")
    assert peer_place(("192.0.2.7", 5), tmp_path) == ("192.0.2.7", "")
    assert ports.interface("tcp:[fe80::1%usb0]:7411") == "usb0"
    assert ports.interface("tcp:[::1]:7411") == ""
    assert ports.interface_index("no-such-one") == 0
    assert ports.interface_index("lo") > 0


def test_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is pulled out while pyserial reads about it makes no scan fail that can be had anew; one that cannot is
    none."""
    assert ttys() is not None
    found = SimpleNamespace(device="/dev/ttyACM0", location="1-1.2:1.0", vid=0x1D6B, pid=0x0104, description=None)
    answers: list[Any] = [TypeError("int() argument"), OSError(errno.ENODEV, "gone"), [found]]

    def comports() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(list_ports, "comports", comports)
    assert ttys() == [Tty("/dev/ttyACM0", "1-1.2:1.0", *GADGET)]
    answers[:] = [ValueError("x")] * 3
    assert ttys() is None
    assert not answers


def test_reminders() -> None:
    """Each thing is told once a minute; made-up ones fill no memory."""
    reminders = Reminders()
    assert reminders.due("a", 0)
    assert not reminders.due("a", EVERY_NS - 1)
    assert reminders.due("b", 1)
    assert reminders.due("a", EVERY_NS)
    for number in range(MOST - 1):
        assert reminders.due(f"made up {number}", EVERY_NS)
    assert len(reminders._told) == MOST
    assert not reminders.due("a", EVERY_NS + 1)
    assert reminders.due("b", EVERY_NS)


def test_idle_ports() -> None:
    """A line that has to wait drops what arrives; a connection keeps it, and both notice that nobody is there any more."""
    with Cable() as cable:
        port = SerialPort(cable.dock)
        camera_end = os.open(cable.camera, os.O_RDWR | os.O_NOCTTY)
        os.write(camera_end, b"x")  # one byte: of more the system may count some that it hands out a moment later
        assert select.select([port._tty.fileno()], [], [], PATIENCE_S)[0]
        port.idle()
        assert port.read(10, 0.0) == b""
        os.close(camera_end)
        port.close()
    one, other = socket.socketpair()
    stream = ports.TcpPort.__new__(ports.TcpPort)
    stream._socket = one
    other.send(b"kept")
    stream.idle()
    assert stream.read(10, 0.0) == b"kept"
    stream.idle()
    other.close()
    with pytest.raises(ConnectionResetError):
        stream.idle()
    stream.close()
