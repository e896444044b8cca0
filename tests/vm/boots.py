"""The virtual camera boots, is pressed, shows it, is cut off and docks: `make vm-test`.

Everything is done and seen from outside the machine: the button is a level on a pin of the virtual chip, a light is the level of its lamps' pins,
and the dock talks to a USB serial gadget of the guest's kernel.  What is recorded is an encoded clip: the service, its parts, its units, the card and its
file systems are real.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tools.vm import disk
from tools.vm.build import BOARD, PLACE, Build, Built
from tools.vm.hands import Hands, read_board
from tools.vm.machine import Machine, Parts
from tools.vm.rootfs import PACKAGES

BOOT_S, LIGHT_S, DOCK_S = 240.0, 60.0, 240.0
DARK_S = 3.0
"""Longer than the dark part of any pattern of a light that says that it records."""
GREEN, RED, DARK = frozenset({"green"}), frozenset({"red"}), frozenset[str]()
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is switched on."""

    machine: Machine
    hands: Hands


@pytest.fixture(scope="module")
def built() -> Built:
    """The virtual camera; VmError says what is missing."""
    return Build().run()


@pytest.fixture(scope="module")
def parts(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A card and a board of these tests' own."""
    place = tmp_path_factory.mktemp("camera")
    card, board = place / "card.img", place / "board.img"
    disk.copy(built.parts.card, card)
    disk.copy(built.parts.board, board)
    return replace(built.parts, card=card, board=board)


def switched_on(parts: Parts, log: str) -> Iterator[Camera]:
    """Until the test is over, or it is cut off."""
    with Machine(parts, PLACE / log) as machine:
        yield Camera(machine, Hands(machine.wires, read_board(BOARD.read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def first(parts: Parts) -> Iterator[Camera]:
    """The first boot."""
    yield from switched_on(parts, "first.log")


def verify(store: Path, built: Built) -> subprocess.CompletedProcess[bytes]:
    """What the independent verifier says of a dock's store, with the authority's key."""
    authority = built.people / "authority"
    asked: list[str | Path] = ["--root", authority / "root.crt.pem", "--key", authority / "authority.agekey", store]
    command = [sys.executable, "-m", "tools.verify", *asked]
    return subprocess.run(command, capture_output=True, check=False, timeout=DOCK_S)


def test_the_light_turns_green(first: Camera) -> None:
    """The camera buffers: read from the lamp's pin, with nothing of the guest's word for it."""
    first.hands.wait_lit("top", GREEN, BOOT_S)
    assert first.hands.lit("front") == DARK


def test_nothing_failed_at_boot(first: Camera) -> None:
    """No unit failed and none waits for itself."""
    first.machine.console.wait('"event":"start"', BOOT_S)
    said = first.machine.console.text
    assert re.findall(r".*(?:Failed to start|ordering cycle|Dependency failed|Oops|Call trace).*", said) == []


def test_a_press_records_and_is_cut_off(first: Camera) -> None:
    """An edge on the button's pin lights the front lamp, which says that it records; then the power goes."""
    first.hands.press()
    first.hands.wait_lit("front", RED, LIGHT_S)
    first.hands.wait_lit("top", RED, LIGHT_S)
    first.hands.wait_lit("top", DARK, LIGHT_S)  # it pulses
    first.hands.wait_lit("front", RED, LIGHT_S)
    first.machine.cut()


def test_it_resumes_stops_and_docks(first: Camera, parts: Parts, built: Built, tmp_path: Path) -> None:
    """Switched on again it records at once, without a press; stopped and docked over USB it hands all of it over, and a verifier is content."""
    assert first.machine.process.poll() is not None
    for camera in switched_on(parts, "second.log"):
        camera.hands.wait_lit("front", RED, BOOT_S)
        camera.hands.stop()
        camera.hands.wait_dark("front", DARK_S, LIGHT_S)
        store = tmp_path / "store"
        serve: list[str | Path] = [
            sys.executable,
            "-m",
            "tools",
            "dock",
            "serve",
            "--identity",
            built.people / "dock",
            "--store",
            store,
        ]
        told = subprocess.run(
            [*serve, "--port", camera.machine.cable(), "--once", "--json"],
            capture_output=True,
            check=False,
            timeout=DOCK_S,
        )
        events = [json.loads(line) for line in told.stdout.splitlines()]
        assert told.returncode == 0, (events, told.stderr)
        recordings = [event for event in events if event["event"] == "receipted"]
        assert len(recordings) == 2, events
        shown = {(seen.line, seen.level) for seen in camera.machine.wires.seen}
        assert (read_board(BOARD.read_text(encoding="utf-8")).lights["top"]["blue"], True) in shown
        judged = verify(store, built)
        assert judged.returncode == 0, judged.stdout.decode()


def test_what_is_installed_is_the_wheel(built: Built) -> None:
    """Every file of the service in the root is the wheel's, bit for bit, and the desk's tools are not there."""
    place = built.root / PACKAGES
    rows = csv.reader(next(place.glob("lapel-*.dist-info/RECORD")).read_text().splitlines())
    listed = {name: digest for name, digest, _ in rows if name.startswith(("firmware/", "hal/"))}
    installed = {
        str(path.relative_to(place)): _recorded(path)
        for name in ("firmware", "hal", "tools")
        for path in (place / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert installed == listed
    assert not (place / "tools").exists()


def _recorded(path: Path) -> str:
    """A file's hash as a wheel's RECORD has it."""
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")
