"""The virtual camera in a board's place: its keys, its disk, and the hands at it, as far as no machine has to run (`make hil-vm` runs one)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.hil import page
from tests.hil.bench_disk import ADDRESS, WORDS, make, plugged, server_key, with_shell
from tests.hil.cannot import VIRTUAL
from tests.hil.hands import ACTS, answered
from tests.hil.virtual import VirtualHands
from tests.oracles import needs
from tools.vm.build import BOARD
from tools.vm.hands import read_board
from tools.vm.machine import Parts
from tools.vm.trouble import VmError

PASSWD = "root:x:0:0:root:/root:/usr/sbin/nologin\nlapel:*:900:900:Lapel:/var/lib/lapel:/usr/sbin/nologin\n"


def parts(place: Path) -> Parts:
    """Files that are none."""
    return Parts(place / "kernel", place / "first", place / "card", place / "board", place / "tree")


def test_the_servers_key_has_the_form_of_its_own_file() -> None:
    """Its kind, then both halves in one string."""
    key = Ed25519PrivateKey.generate()
    data = server_key(key)
    assert data[:15] == b"\0\0\0\x0bssh-ed25519"
    assert data[15:19] == b"\0\0\0\x40"
    assert data[19:51] == key.private_bytes_raw()
    assert data[51:] == key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_root_alone_gets_a_shell() -> None:
    """On the bench's disk; the machine's own accounts have none."""
    assert with_shell(PASSWD).splitlines() == ["root:x:0:0:root:/run/bench/home:/bin/sh", PASSWD.splitlines()[1]]
    with pytest.raises(ValueError, match="no root"):
        with_shell("lapel:*:900:900::/:/bin/false\n")


@needs("ssh")
def test_the_disk_lets_in_whoever_has_the_key_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSH's own tools read the keys: what the disk lets in is what the desk has, and the known host is the disk's."""
    files = tmp_path / "files"
    for name in ("usr/sbin/dropbear", "usr/bin/busybox", "usr/lib/aarch64-linux-gnu/libtomcrypt.so.1"):
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(b"x")
    packed: list[Path] = []
    monkeypatch.setattr("tests.hil.bench_disk.rootfs.pack", lambda root, into: packed.append(root))
    disk, keys = make(files, tmp_path, PASSWD)
    tree = tmp_path / "tree"
    assert packed == [tree]
    assert disk.parent == tmp_path
    own = subprocess.run(
        ["ssh-keygen", "-y", "-f", keys.user], capture_output=True, text=True, check=True, timeout=20
    ).stdout
    assert own.split()[:2] == (tree / "home/.ssh/authorized_keys").read_text().split()[:2]
    found = subprocess.run(
        ["ssh-keygen", "-F", f"[{ADDRESS}]:{keys.port}", "-f", keys.known],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout
    public = Ed25519PrivateKey.from_private_bytes((tree / "host.key").read_bytes()[19:51]).public_key()
    assert public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() in found
    assert {
        path.stat().st_mode & 0o777 for path in (keys.user, tree / "host.key", tree / "home/.ssh/authorized_keys")
    } == {0o600}
    assert (tree / "home/.ssh").stat().st_mode & 0o777 == 0o700


def test_the_bench_is_plugged_in_beside_the_camera(tmp_path: Path) -> None:
    """One more disk, and a network that leads nowhere but to its ssh, from this machine alone."""
    there = plugged(parts(tmp_path), tmp_path / "disk", 2222)
    assert there.words == WORDS
    told = " ".join(there.extra)
    assert f"hostfwd=tcp:{ADDRESS}:2222-:22" in told
    assert "restrict=on" in told
    assert there.more == tmp_path / "disk"
    assert there.card == tmp_path / "card"


class Pins:
    """The wires of a machine that is none."""

    def __init__(self) -> None:
        self.outputs: dict[int, bool] = {}
        self.driven: list[tuple[int, bool]] = []

    def levels(self) -> dict[int, bool]:
        """What the outputs are."""
        return dict(self.outputs)

    def drive(self, line: int, *, level: bool) -> None:
        """Kept."""
        self.driven.append((line, level))

    def wait(self, reached: Any, timeout_s: float) -> float:
        """At once, or never."""
        if not reached(self.outputs):
            raise VmError("not so")
        return 0.0


class Switched:
    """A machine that is on."""

    def __init__(self) -> None:
        self.wires = Pins()
        self.was_cut = False

    def cut(self) -> None:
        """It is off."""
        self.was_cut = True


@pytest.fixture
def hands(tmp_path: Path) -> VirtualHands:
    """Hands at a machine that is none."""
    hands = VirtualHands(parts(tmp_path), tmp_path / "log", read_board(BOARD.read_text(encoding="utf-8")))
    hands._machine = Switched()  # type: ignore[assignment] # a stand-in for the board, or its machine
    return hands


def asked(hands: VirtualHands, act: str, **given: object) -> bool | float:
    """As the harness asks, and as it takes the answer."""
    return answered(act, ACTS[act].kind, hands.answer(json.dumps({"do": act, **given}).encode() + b"\n"))


def test_a_look_is_at_all_lights(hands: VirtualHands) -> None:
    """The one that is asked for has to be so, and every other one dark."""
    outputs = hands.machine.wires.outputs  # type: ignore[attr-defined] # a stand-in for the board, or its machine
    assert asked(hands, "look", light="top", shows="dark", channels=[]) is True
    outputs[4] = True
    assert asked(hands, "look", light="top", shows="red", channels=["red"]) is True
    assert asked(hands, "look", light="top", shows="dark", channels=[]) is False
    outputs[7] = True
    assert asked(hands, "look", light="top", shows="red", channels=["red"]) is False


def test_a_press_is_a_level(hands: VirtualHands) -> None:
    """On the pin that the board's file names."""
    asked(hands, "press", button="function", header="GPIO1")
    asked(hands, "release", button="function")
    assert hands.machine.wires.driven == [(1, True), (1, False)]  # type: ignore[attr-defined] # a stand-in for the board, or its machine


def test_what_nobody_can_do_to_it_is_refused(hands: VirtualHands) -> None:
    """And so is everything while it is off, each with its reason."""
    assert json.loads(hands.answer(b'{"do": "meter"}\n')) == {
        "ok": False,
        "why": "nobody can do that to a virtual machine",
    }
    machine: Any = hands.machine
    asked(hands, "cut")
    assert machine.was_cut
    assert json.loads(hands.answer(b'{"do": "press", "button": "record"}\n')) == {
        "ok": False,
        "why": "the machine is off",
    }


def test_what_it_cannot_have_is_a_step_or_a_test_of_one() -> None:
    """A name that is none would hide that something is left out by mistake."""
    names = {step.name: (page.PLACE / step.file).read_text(encoding="utf-8") for step in page.steps()}
    for key, why in VIRTUAL.items():
        step, _, test = key.partition(".")
        assert step in names
        assert not test or f"def {test}(" in names[step]
        assert why
