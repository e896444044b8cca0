"""The dock on real ports: pseudo-terminals through pyserial on both ends, and TCP; with threads, so kept short."""

from __future__ import annotations

import argparse
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.evidence import documents
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.roles import Role
from hal.interface import PortKind
from hal.sim.dock import SimDock
from tests import samples
from tests.docking import MemoryShelf, VirtualClock, camera, desk, stored
from tests.docks import docked
from tests.pki import Pki
from tools.dock import Dock, DockEvent, DockIdentity, Kind, SetupError, StoreError, add_parser
from tools.dock.rack.ports import TcpPort, listen
from tools.dock.updating.bundles import BundleStock
from tools.dock.visit import Desk, system_utc_ms
from tools.provision.authority import create_authority
from tools.provision.enrol import enrol_dock
from tools.sim.cable import Cable

PATIENCE_S = 60.0


class RealClock(VirtualClock):
    """A clock that runs."""

    def monotonic_ns(self) -> int:
        """Now."""
        self.now_ns = time.monotonic_ns()
        return self.now_ns


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings, in real time."""
    shelf = MemoryShelf(pki, pki.session(), RealClock(utc_ms=system_utc_ms()))
    shelf.record(1)
    shelf.record(2, (300_000,))
    return shelf


def serve(at: Desk, spec: str) -> None:
    """Serve once, with a limit."""
    dock = Dock(at)
    timer = threading.Timer(PATIENCE_S, dock.stop)
    timer.start()
    try:
        dock.serve_port(spec, once=True)
    finally:
        timer.cancel()


def kinds(events: list[DockEvent]) -> list[Kind]:
    """What happened, without the progress."""
    return [event.kind for event in events if event.kind is not Kind.PROGRESS]


def test_pty_with_a_cut(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Over a pty pair with pyserial on both ends, the cable pulled out in the middle: resumed, receipted, erased only
    then."""
    recordings = dict(shelf.recordings)
    at, events = desk(pki, tmp_path, utc_ms=system_utc_ms)
    port = SimDock()
    with Cable() as cable:
        port.plug(cable.camera)
        cable.cut_after(250_000)

        def mend() -> None:
            while not cable.out:
                time.sleep(0.005)
            port.unplug()
            assert set(shelf.receipts) < {1, 2}
            cable.put_back()
            port.plug(cable.camera)

        mending = threading.Thread(target=mend)
        mending.start()
        with docked(shelf, port):
            serve(at, cable.dock)
        mending.join(PATIENCE_S)
    shelf.erase()
    assert not shelf.recordings
    assert {number: stored(tmp_path, number) for number in recordings} == recordings
    assert kinds(events).count(Kind.ACCEPTED) == 2
    assert Kind.LOST in kinds(events)
    assert kinds(events)[-1] is Kind.DONE


def test_noisy_pty(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Bytes that are lost, altered and invented on the way do not show in the store."""
    at, events = desk(pki, tmp_path, utc_ms=system_utc_ms)
    port = SimDock()
    with Cable() as cable:
        port.plug(cable.camera)
        port.disturb(1, 1e-4, 1e-4, 1e-4)
        with docked(shelf, port):
            serve(at, cable.dock)
    assert set(shelf.receipts) == {1, 2}
    assert stored(tmp_path, 2) == shelf.recordings[2]
    assert kinds(events)[-1] is Kind.DONE


@contextmanager
def listening(at: Desk) -> Iterator[tuple[Dock, str]]:
    """A dock that listens on a free TCP port."""
    known = threading.Event()
    spec: list[str] = []

    def emit(event: DockEvent) -> None:
        at.emit(event)
        if event.kind is Kind.LISTENING:
            spec.append(str(event.facts["port"]).replace("tcp:", "tcp:127.0.0.1:"))
            known.set()

    dock = Dock(replace(at, emit=emit))
    thread = threading.Thread(target=dock.serve_port, args=("tcp:127.0.0.1:0",), kwargs={"once": True})
    thread.start()
    assert known.wait(PATIENCE_S)
    try:
        yield dock, spec[0]
    finally:
        thread.join(PATIENCE_S)
        dock.stop()
        assert not thread.is_alive()


def test_tcp(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Over TCP, without a link layer, the same."""
    at, events = desk(pki, tmp_path, utc_ms=system_utc_ms)
    port = SimDock()
    with listening(at) as (_, spec):
        port.plug(spec)
        assert port.kind is PortKind.STREAM
        with docked(shelf, port):
            limit = time.monotonic() + PATIENCE_S
            while kinds(events)[-1:] != [Kind.DONE] and time.monotonic() < limit:
                time.sleep(0.01)
    assert set(shelf.receipts) == {1, 2}
    assert kinds(events)[-1] is Kind.DONE


def test_stop_while_listening(pki: Pki, tmp_path: Path) -> None:
    """A dock that nobody visits can be stopped."""
    at, events = desk(pki, tmp_path)
    with listening(at) as (dock, _):
        dock.stop()
    assert kinds(events) == [Kind.LISTENING]


def test_hot_plug(pki: Pki, tmp_path: Path) -> None:
    """A tty that is not there yet is waited for."""
    at, events = desk(pki, tmp_path)
    dock = Dock(at)
    threading.Timer(0.3, dock.stop).start()
    dock.serve_port(str(tmp_path / "ttyACM0"))
    assert kinds(events) == [Kind.LISTENING]


@pytest.mark.parametrize("spec", ["tcp:", "tcp:1:2:x", "tcp:[::1]:99999", "usb:1d6b", "usb:"])
def test_ports_that_cannot_be(pki: Pki, tmp_path: Path, spec: str) -> None:
    """What can never be the name of a port is said to be none, before anything begins."""
    at, events = desk(pki, tmp_path)
    with pytest.raises(SetupError, match="is not of the form"):
        Dock(at).serve(["/dev/ttyACM0", spec])
    with pytest.raises(SetupError, match="twice"):
        Dock(at).serve(["usb", "/dev/ttyACM0", "usb"])
    assert not events


def test_tcp_port_says_when_it_is_over() -> None:
    """A closed connection is an error, a quiet one is not."""
    with listen("tcp:[127.0.0.1]:0") as door:
        camera_end = socket.create_connection(door.getsockname())
        port = TcpPort(door.accept()[0])
        assert port.read(10, 0.0) == b""
        camera_end.close()
        with pytest.raises(ConnectionResetError):
            port.read(10, 1.0)
        port.close()
        port.close()


def enrolled(tmp_path: Path) -> Path:
    """A dock's directory as ``lapel provision`` makes it."""
    authority = create_authority(tmp_path / "authority", "Test")
    enrol_dock(authority, "dock-1", tmp_path / "dock-1")
    return tmp_path / "dock-1"


def test_identity_from_provision(tmp_path: Path) -> None:
    """What ``lapel provision dock`` makes is what ``lapel dock serve`` reads; what is wrong with it is said."""
    directory = enrolled(tmp_path)
    identity = DockIdentity.load(directory)
    assert identity.name == "dock-1"
    assert identity.settings is not None
    (directory / "settings.jws").unlink()
    assert DockIdentity.load(directory).settings is None
    other = enrolled(tmp_path / "other")
    (directory / "dock.key.pem").write_bytes((other / "dock.key.pem").read_bytes())
    with pytest.raises(SetupError, match="not the key"):
        DockIdentity.load(directory)
    (directory / "root.crt.pem").write_bytes((other / "root.crt.pem").read_bytes())
    with pytest.raises(SetupError, match="dock-ca"):
        DockIdentity.load(directory)
    (directory / "root.crt.pem").unlink()
    with pytest.raises(SetupError, match=r"root\.crt\.pem"):
        DockIdentity.load(directory)


def lapel(*arguments: str) -> int:
    """Run ``lapel dock ...``; its exit status."""
    parser = argparse.ArgumentParser(prog="lapel")
    add_parser(parser.add_subparsers())
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands say what is wrong, in words, with the right exit status; ``--json`` is one object a line."""
    identity, store = enrolled(tmp_path), tmp_path / "store"
    base = ["dock", "serve", "--identity", str(identity), "--port", "tcp:[127.0.0.1]:0", "--once"]
    (tmp_path / "file").write_text("")
    assert lapel(*base, "--store", str(tmp_path / "file")) == 1
    assert "the store cannot be used" in capsys.readouterr().err
    assert lapel("dock", "serve", "--identity", str(tmp_path), "--port", "x", "--store", str(store)) == 1
    assert "root.crt.pem" in capsys.readouterr().err
    assert lapel("dock", "assign", "cam-1", "s-1", "--officer", "Krupke", "--store", str(store)) == 0
    assert "cam-1: shift s-1" in capsys.readouterr().out
    assert lapel("dock", "assign", "CAM", "s-1", "--officer", "Krupke", "--store", str(store)) == 1
    with pytest.raises(SystemExit) as caught:
        lapel(*base, "--store", str(store), "--assign", "a b")
    assert caught.value.code == 2
    capsys.readouterr()
    threading.Timer(0.4, os.kill, (os.getpid(), 15)).start()
    assert lapel(*base, "--store", str(store), "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["event"] == "listening"


def test_several_ports_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--port`` may be given more than once, and ``--slots`` names what stands there; a file that cannot be used is named,
    with what is wrong in it, before anything begins."""
    rack = tmp_path / "rack.toml"
    base = ["dock", "serve", "--identity", str(enrolled(tmp_path)), "--store", str(tmp_path / "store"), "--json"]
    ports = ["--port", "tcp:[127.0.0.1]:0", "--port", "usb:ffff:ffff", "--port", str(tmp_path / "ttyACM0")]
    for content, why in (("[slots]\nA1 = 7\n", "slots.A1"), (None, "No such file")):
        rack.write_text(content) if content else rack.unlink()
        assert lapel(*base, *ports, "--slots", str(rack)) == 1
        said = capsys.readouterr()
        assert str(rack) in said.err
        assert why in said.err
        assert not said.out
    rack.write_text(f'[slots]\nA1 = "{tmp_path / "ttyACM0"}"\n')
    (tmp_path / "ttyACM0").write_text("no tty")
    threading.Timer(2.5, os.kill, (os.getpid(), 15)).start()
    assert lapel(*base, *ports, "--slots", str(rack)) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(each["event"] for each in told) == ["listening"] * 3 + ["unusable"]
    (bad,) = [each for each in told if each["event"] == "unusable"]
    assert (bad["slot"], bad["port"]) == ("A1", str(tmp_path / "ttyACM0"))


def bundle(folder: Path, pki: Pki, data: bytes, **changes: object) -> Path:
    """A signed firmware bundle in a directory."""
    signer = pki.holder(Role.UPDATE)
    line = documents.sign(BUNDLE, samples.bundle(data, **changes), signer.sign, signer.chain.ders)
    folder.mkdir(exist_ok=True)
    (folder / "lapel.raucb").write_bytes(data)
    (folder / "lapel.raucb.jws").write_bytes(line + b"\n")
    return folder


def test_firmware_over_a_pty_with_a_cut(pki: Pki, tmp_path: Path) -> None:
    """Over a pty pair with pyserial on both ends, the cable pulled out in the middle of a bundle: resumed where it was, and whole."""
    shelf, data = MemoryShelf(pki, pki.session(), RealClock(utc_ms=system_utc_ms())), bytes(range(256)) * 1200
    stock = BundleStock(bundle(tmp_path / "bundles", pki, data), lambda _name, _why: None)
    at, events = desk(pki, tmp_path / "store", utc_ms=system_utc_ms, bundles=stock)
    port = SimDock()
    with Cable() as cable:
        port.plug(cable.camera)
        cable.cut_after(220_000)

        def mend() -> None:
            while not cable.out:
                time.sleep(0.005)
            port.unplug()
            cable.put_back()
            port.plug(cable.camera)

        mending = threading.Thread(target=mend)
        mending.start()
        with docked(shelf, port):
            serve(at, cable.dock)
        mending.join(PATIENCE_S)
    told = [event.text for event in events if event.kind is Kind.BUNDLE]
    assert len(told) == 3
    assert "from byte 0 " in told[0]
    assert "from byte 0 " not in told[1]
    assert shelf.bundles.step(threading.Event())
    assert shelf.updater.pending()


def test_bundles_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--bundles`` names a directory; what does not verify in it is told at once, by name, and makes the exit status 1."""
    base = ["dock", "serve", "--identity", str(enrolled(tmp_path)), "--store", str(tmp_path / "store"), "--json"]
    base += ["--port", "tcp:[127.0.0.1]:0", "--bundles", str(tmp_path / "bundles")]
    assert lapel(*base) == 1
    assert f"{tmp_path / 'bundles'}: No such file" in capsys.readouterr().err
    bundle(tmp_path / "bundles", Pki.create(), b"of somebody else")
    threading.Timer(1.0, os.kill, (os.getpid(), 15)).start()
    assert lapel(*base) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (bad,) = [each for each in told if each["event"] == "rejected"]
    assert bad["item"] == "bundle lapel.raucb"
    assert "authorityKeyIdentifier" in bad["text"]


def test_failing_store_ends_the_dock(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A store that fails ends the dock with the reason, and the camera keeps everything."""
    at, events = desk(pki, tmp_path, utc_ms=system_utc_ms)
    (tmp_path / "cam-1").write_text("in the way")
    port = SimDock()
    with Cable() as cable:
        port.plug(cable.camera)
        with docked(shelf, port), pytest.raises(StoreError, match="cam-1"):
            serve(at, cable.dock)
    assert kinds(events)[-1] is Kind.FAILED
    assert not shelf.receipts


def test_refused_camera_ends_a_single_visit(pki: Pki, tmp_path: Path) -> None:
    """A camera of another authority is refused, and that was the visit."""
    foreign = MemoryShelf(Pki.create(), camera(Pki.create()).session, RealClock())
    foreign.trust = pki.trust
    at, events = desk(pki, tmp_path, utc_ms=system_utc_ms)
    port = SimDock()
    with Cable() as cable:
        port.plug(cable.camera)
        with docked(foreign, port):
            serve(at, cable.dock)
    assert kinds(events) == [Kind.LISTENING, Kind.PLUGGED, Kind.REFUSED]
    assert "device-ca" in events[-1].text
