"""The way into the virtual camera while it stands for a board: an ssh server of Debian's on a disk of its own, with keys that are made for one run."""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tools.vm import rootfs
from tools.vm.machine import Parts
from tools.vm.packages import ARCHITECTURE, SUITE, Choice, Packages, unpack
from tools.vm.steps import Steps

CHOICE = Choice((SUITE,), ARCHITECTURE, ("busybox-static", "dropbear-bin"))
WANTED = ("busybox-static", "dropbear-bin", "libgmp10", "libtomcrypt1", "libtommath1")
"""Of those and what they depend on: what the machine's root does not have."""
WORDS = "systemd.unit=lapel-vm-bench.target net.ifnames=0"
ADDRESS = "127.0.0.1"
HOME = "/run/bench/home"
_KIND = b"ssh-ed25519"


@dataclass(frozen=True, slots=True)
class Keys:
    """What was made for one run: the key that lets in, and the host's, as a file of known hosts; the port."""

    user: Path
    known: Path
    port: int


def bring(place: Path, mirror: str | None = None) -> Path:
    """The server and what it needs, from Debian: a directory that is kept.  ``VmError`` where it cannot be had."""
    place.mkdir(parents=True, exist_ok=True)
    packages = Packages(place / "apt", mirror, CHOICE)
    chosen = [each for each in packages.bring(Steps(place), place / "packages.json") if each.name in WANTED]
    files = place / "files"
    shutil.rmtree(files, ignore_errors=True)
    unpack([packages.path(each) for each in chosen], files)
    return files


def make(files: Path, place: Path, passwd: str) -> tuple[Path, Keys]:
    """The disk, and the keys to it, in ``place``.  ``passwd``: the machine's own, in which root gets a shell."""
    tree, ssh = place / "tree", place / "tree" / "home" / ".ssh"
    ssh.mkdir(parents=True)
    for program in ("usr/sbin/dropbear", "usr/bin/busybox"):
        shutil.copyfile(files / program, tree / Path(program).name)
        (tree / Path(program).name).chmod(0o755)
    (tree / "lib").mkdir()
    for library in (files / "usr/lib").rglob("lib*.so.*"):
        shutil.copyfile(library, tree / "lib" / library.name)
    host, user = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    _write(tree / "host.key", server_key(host))
    _write(place / "user.key", user.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    _write(ssh / "authorized_keys", _public(user) + b"\n")
    ssh.chmod(0o700)
    (tree / "passwd").write_text(with_shell(passwd), encoding="utf-8")
    with socket.create_server((ADDRESS, 0)) as probe:
        port = probe.getsockname()[1]
    known = place / "known_hosts"
    known.write_bytes(f"[{ADDRESS}]:{port} ".encode() + _public(host) + b"\n")
    disk = place / "bench.squashfs"
    rootfs.pack(tree, disk)
    return disk, Keys(place / "user.key", known, port)


def plugged(parts: Parts, disk: Path, port: int) -> Parts:
    """A machine with that disk, and with a network that leads to its ssh server alone."""
    return replace(
        parts,
        more=disk,
        words=WORDS,
        extra=(
            *("-netdev", f"user,id=bench,restrict=on,hostfwd=tcp:{ADDRESS}:{port}-:22"),
            *("-device", "virtio-net-pci,netdev=bench,addr=7,romfile="),
        ),
    )


def server_key(key: Ed25519PrivateKey) -> bytes:
    """A host's key in the form of the server's own file: its kind, then the private and the public half in one string.

    Source: dropbear's ``ed25519.c``, ``buf_put_ed25519_priv_key``.
    """
    halves = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    return b"".join(len(each).to_bytes(4, "big") + each for each in (_KIND, halves))


def with_shell(passwd: str) -> str:
    """Accounts among which root alone has a shell, and lives on this disk.  ``ValueError`` where there is no root."""
    lines = passwd.splitlines()
    if not any(line.startswith("root:") for line in lines):
        raise ValueError("the accounts have no root")
    return "".join(
        f"{':'.join([*line.split(':')[:5], HOME, '/bin/sh']) if line.startswith('root:') else line}\n" for line in lines
    )


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def _write(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data)
