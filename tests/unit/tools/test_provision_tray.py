"""A tray of cameras at real lines, all at once: one that fails keeps none of the others, and what was interrupted goes on."""

from __future__ import annotations

import argparse
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from firmware.evidence.certs import Trust
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from firmware.runtime.docklink import DockLink, DockParts
from firmware.runtime.enrolment import Enrolment
from hal.pi.keyfile import KeyFile
from hal.pi.serialport import PiDock, uart
from hal.pi.storage import PiStorage
from hal.pi.tpm import TpmSigner
from hal.sim.clock import SimClock
from hal.sim.dock import SimDock
from tests.claiming import MemorySigner, Nobodys
from tests.contract.pi_tpm import Chip
from tests.docking import MemoryShelf, VirtualClock
from tests.oracles import needs
from tests.pki import Pki
from tools.dock.dock import Dock
from tools.dock.identity import DockIdentity
from tools.dock.store import Store
from tools.dock.visit import Desk
from tools.provision import Authority, add_parser, create_authority, enrol_dock
from tools.provision.factory.ledger import ENROLLED, ISSUED, Ledger
from tools.sim.cable import Cable

TRAY = 40


class Worn(threading.Thread):
    """The links of a camera on a thread of its own, until it is enrolled."""

    def __init__(self, camera: Nobodys, port: SimDock | PiDock, clock: Any) -> None:
        super().__init__(daemon=True)
        self.camera, self.port, self.stopping = camera, port, threading.Event()
        self.link = camera.link(port)
        object.__setattr__(self.link, "clock", clock)
        object.__setattr__(self.link, "claimed", self.stopping.set)

    def run(self) -> None:
        """Be there."""
        self.link.run(self.stopping)


class Docks(threading.Thread):
    """A camera that belongs to somebody, and docks at whatever is at its port."""

    def __init__(self, port: SimDock, session: Session, trust: Trust, clock: Any) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        shelf = MemoryShelf(Of(trust), session, VirtualClock())  # type: ignore[arg-type]  # its authority is asked for its trust alone
        self.link = DockLink(DockParts(port, clock, session, shelf, lambda: trust, os.urandom, lambda _: None))

    def run(self) -> None:
        """Dock."""
        self.link.run(self.stopping)


@dataclass(frozen=True)
class Of:
    """Whose camera it is."""

    trust: Trust


def as_camera(worn: Worn, clock: Any) -> Docks:
    """What an enrolled one becomes when its service starts again."""
    enrolment = Enrolment.load(worn.camera.config.root(), worn.camera.signer)
    assert isinstance(worn.port, SimDock)
    worn.port.reset()
    return Docks(worn.port, enrolment.session, enrolment.trust_now, clock)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A fresh authority."""
    return create_authority(tmp_path / "authority", "Test")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed at the end, the newest first."""
    with ExitStack() as stack:
        yield stack


def lapel(*arguments: object) -> int:
    """The command line; the exit status."""
    root = argparse.ArgumentParser(prog="lapel")
    add_parser(root.add_subparsers(required=True))
    options = root.parse_args(["provision", *map(str, arguments)])
    return int(options.run(options))


def begin(stack: ExitStack, thread: Worn | Docks) -> None:
    """Start it, and end it with the test."""
    thread.start()
    stack.callback(thread.join, 10)
    stack.callback(thread.stopping.set)


def plugged(stack: ExitStack, clock: SimClock, camera: Nobodys) -> tuple[Worn, Cable]:
    """A camera at one end of a cable."""
    cable, port = stack.enter_context(Cable()), SimDock()
    port.plug(cable.camera)
    stack.callback(port.unplug)
    return Worn(camera, port, clock), cable


def news(text: str) -> list[dict[str, Any]]:
    """What was told, for machines."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_tray(stack: ExitStack, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forty at forty lines: those that can be are enrolled, each with a name and a certificate of its own; of the others each is named
    with why, and the exit status tells.  Run again, what had broken off goes on with its name; nobody gets a second one."""
    clock = SimClock(tmp_path / "clock.json")
    cameras = [Nobodys() for _ in range(TRAY - 1)]
    worn = [plugged(stack, clock, camera) for camera in cameras]
    broken, cut = worn[3], worn[7]
    broken[0].camera.unowned.signer = MemorySigner(trouble=OSError("the TPM does not answer"))
    cut[1].cut_after(1500)
    taken = stack.enter_context(Cable())
    port = SimDock()
    port.plug(taken.camera)
    stack.callback(port.unplug)
    for thread, _ in worn:
        begin(stack, thread)
    foreign = Pki.create()
    begin(stack, Docks(port, foreign.session(), foreign.trust, clock))
    ports = [*(cable.dock for _, cable in worn), taken.dock]
    given: list[object] = [
        "device",
        "cam-####",
        "--batch",
        "--authority",
        authority.directory,
        "--json",
        "--patience",
        15,
    ]
    status = lapel(*given, *(word for each in ports for word in ("--port", each)))
    said = news(capsys.readouterr().out)
    done = [each for each in said if each["event"] == "enrolled"]
    assert status == 1
    assert len(done) == TRAY - 3
    assert len({each["device"] for each in done}) == len({each["entry"]["certificate"] for each in done}) == TRAY - 3
    troubles = {each["port"]: each["text"] for each in said[-1]["failed"]}
    assert set(troubles) == {broken[1].dock, cut[1].dock, taken.dock}
    assert "the TPM does not answer" in troubles[broken[1].dock]
    assert "belongs to another authority" in troubles[taken.dock]
    for (_, cable), camera in zip(worn, cameras, strict=True):
        if cable not in (broken[1], cut[1]):
            enrolment = Enrolment.load(camera.config.root(), camera.signer)
            (line,) = (each["entry"] for each in done if each["port"] == cable.dock)
            assert (line["device"], line["state"]) == (enrolment.session.device, ENROLLED)
            assert line["certificate"] == enrolment.session.chain.issuer(Role.DEVICE).fingerprint
    ledger = authority.directory / "cameras.csv"
    pages = (authority.directory / "labels.html").read_text()
    assert pages.count('class="label"') == TRAY - 3
    before = {each.device: each for each in Ledger(ledger).entries()}
    assert sum(each.state == ENROLLED for each in before.values()) == TRAY - 3

    cut[1].put_back()
    assert lapel(*given[:-1], 20, "--port", cut[1].dock) == 0
    (again,) = (each for each in news(capsys.readouterr().out) if each["event"] == "enrolled")
    assert Enrolment.load(cut[0].camera.config.root(), cut[0].camera.signer).session.device == again["device"]
    after = Ledger(ledger).entries()
    assert sum(each.state == ENROLLED for each in after) == TRAY - 2
    assert not [each for each in after if each.state == ISSUED], "the certificate that had gone out went out again"


def test_each_is_met_as_a_camera(
    stack: ExitStack, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --meet a camera is done once it has come back and shown itself as to a dock; the same command, run again, finds them all done,
    enrols nobody, and has the ledger say so where the answer of one was lost."""
    clock, docks = SimClock(tmp_path / "clock.json"), list[Docks]()
    worn = [plugged(stack, clock, Nobodys()) for _ in range(2)]

    def come_back(thread: Worn) -> None:
        thread.join()
        docks.append(as_camera(thread, clock))
        begin(stack, docks[-1])

    def switched_off_and_on() -> None:
        while docks:
            each = docks.pop()
            each.stopping.set()
            each.join()
        for thread, _ in worn:
            come_back(thread)

    for thread, _ in worn:
        begin(stack, thread)
        threading.Thread(target=come_back, args=(thread,), daemon=True).start()
    given = ["device", "cam-####", "--batch", "--meet", "--json", "--authority", str(authority.directory)]
    given += [word for _, cable in worn for word in ("--port", cable.dock)]
    assert lapel(*given) == 0
    said = news(capsys.readouterr().out)
    assert said[-1]["met"] == sorted(said[-1]["enrolled"]) == ["cam-0001", "cam-0002"]
    ledger = authority.directory / "cameras.csv"
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(each for each in lines if "enrolled,cam-0002" not in each))
    assert {each.device: each.state for each in Ledger(ledger).entries()}["cam-0002"] == ISSUED
    switched_off_and_on()
    assert lapel(*given) == 0
    again = news(capsys.readouterr().out)
    assert (again[-1]["enrolled"], again[-1]["met"]) == ([], ["cam-0001", "cam-0002"])
    assert {each.state for each in Ledger(ledger).entries()} == {ENROLLED}
    one = ("--authority", authority.directory, "--port", worn[0][1].dock)
    device = Enrolment.load(worn[0][0].camera.config.root(), worn[0][0].camera.signer).session.device
    for name, more, status in ((device, (), 0), ("cam-9", (), 1), (device, ("--ledger", tmp_path / "other.csv"), 1)):
        switched_off_and_on()
        assert lapel("device", name, *one, *more) == status
    assert "a certificate that this ledger does not have" in capsys.readouterr().out


@pytest.mark.parametrize(
    "held", ["in a file", pytest.param("in a TPM", marks=needs("tpm2_pytss", "swtpm", "tpm2_readpublic"))]
)
def test_a_raspberry_pi_s_parts(
    stack: ExitStack, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str], held: str
) -> None:
    """Its own port on a line, its own files, its key in a file or in a TPM, told by a real command; what is then on its partition is an
    enrolment, and of a key in a TPM nothing lies anywhere."""
    config, cable = tmp_path / "config", stack.enter_context(Cable())
    config.mkdir()
    chip = None
    if held == "in a TPM":
        chip = Chip(tmp_path / "tpm")
        stack.callback(chip.off)
        tpm = TpmSigner(chip.tcti)
        stack.callback(tpm.close)
        signer: KeyFile | TpmSigner = tpm
    else:
        signer = KeyFile(config / "device.key.pem")
    port = uart(cable.camera, lambda: True)
    stack.callback(port.close)
    camera = Nobodys(signer, PiStorage(config, partition=False))
    begin(stack, Worn(camera, port, SimClock(tmp_path / "clock.json")))
    assert lapel("device", "cam-7", "--authority", authority.directory, "--port", cable.dock) == 0
    said = capsys.readouterr().out
    assert held in said
    enrolment = Enrolment.load(camera.config.root(), signer)
    assert enrolment.session.device == "cam-7"
    names = {"device.crt.pem", "root.crt.pem", "settings.jws"}
    assert {each.name for each in config.iterdir()} == names | ({"device.key.pem"} if chip is None else set())
    if chip is not None:
        told = chip.tool("tpm2_readpublic", "-c", "0x81014c50").stdout
        assert "fixedtpm|fixedparent|sensitivedataorigin" in told


def test_over_tcp_and_again(
    stack: ExitStack,
    authority: Authority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    free_port: Callable[[], int],
) -> None:
    """Over the gadget's network as well; a board that was wiped is told by name, and with --again keeps it, since its key is the same."""
    spec = f"tcp:127.0.0.1:{free_port()}"
    signer, clock = MemorySigner(), SimClock(tmp_path / "clock.json")
    given: tuple[object, ...] = ("--authority", authority.directory, "--port", spec)

    def come() -> Nobodys:
        port, camera = SimDock(), Nobodys(signer)

        def plug() -> None:
            while not port.path:
                try:
                    port.plug(spec)
                except OSError:
                    time.sleep(0.02)

        begin(stack, Worn(camera, port, clock))
        threading.Thread(target=plug, daemon=True).start()
        stack.callback(port.unplug)
        return camera

    first = come()
    assert lapel("device", "cam-1", *given) == 0
    device = Enrolment.load(first.config.root(), signer).session.device
    capsys.readouterr()
    wiped = come()
    assert lapel("device", "cam-2", *given) == 1
    assert f"enrolled before, as {device}" in capsys.readouterr().out
    assert wiped.config.root().names() == []
    assert lapel("device", "cam-2", *given, "--again") == 0
    assert Enrolment.load(wiped.config.root(), signer).session.device == device


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A TCP port that nobody listens at."""

    def find() -> int:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
            return port

    return find


def test_a_dock_and_a_camera_that_is_nobody_s(stack: ExitStack, authority: Authority, tmp_path: Path) -> None:
    """Put into a dock instead of a desk's line it is refused there, and stays what it is."""
    enrol_dock(authority, "dock-1", tmp_path / "dock")
    told: list[Any] = []
    refused = threading.Event()

    def emit(event: Any) -> None:
        told.append(event)
        if event.kind == "refused":
            refused.set()

    dock = Dock(Desk(DockIdentity.load(tmp_path / "dock"), Store(tmp_path / "store"), emit))
    camera = Nobodys()
    worn, cable = plugged(stack, SimClock(tmp_path / "clock.json"), camera)
    serving = threading.Thread(target=dock.serve, args=([cable.dock],), daemon=True)
    serving.start()
    begin(stack, worn)
    assert refused.wait(60), told
    dock.stop()
    serving.join(60)
    assert camera.config.root().names() == []
    assert "enrolment-broke-off" in camera.log.getvalue()
