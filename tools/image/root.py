"""A root that was built: what no camera has is taken out, and one with an open door is refused."""

from __future__ import annotations

import fnmatch
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.image import card
from tools.image.trouble import ImageError
from tools.vm.rootfs import NOT_ON_A_CAMERA, UNWANTED

DOORS = ("agetty", "dropbear", "getty", "login", "sshd", "sulogin", "telnetd", "wpa_supplicant")
"""Programs by which somebody could come in."""
_SECRET = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|AGE-SECRET-KEY-(?:[A-Z]+-)?1[02-9A-Z]{50}"
)
"""One that is written out: programs have the words alone.  What every image has is no secret."""
_LOCKED = frozenset({"*", "!", "!*", "!!", "x"})


def tidy(root: Path) -> list[str]:
    """Remove what the virtual camera leaves out too, by the same patterns, and the programs that open a login.  What is gone, sorted.

    Patterns are tar's, so that ``*`` goes over slashes; the services' own ``tmpfiles.d`` of ours stays.
    """
    gone = []
    for path in sorted(root.rglob("*"), reverse=True):
        name = f"./{path.relative_to(root)}"
        unwanted = any(fnmatch.fnmatch(name, pattern) for pattern in UNWANTED) or path.name in DOORS
        if unwanted and not (path.parent.name == "tmpfiles.d" and path.name == "lapel.conf"):
            gone.append(name.removeprefix("./"))
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return sorted(gone)


def mount_points(root: Path) -> None:
    """Make the directories that partitions are mounted on: nothing can make them later."""
    for each in card.partitions():
        if each.mount is not None:
            (root / each.mount.lstrip("/")).mkdir(parents=True, exist_ok=True)


def held_closed(root: Path) -> None:
    """ImageError that says each door that is open: a password, a program that lets in, a secret, the simulation, the tools."""
    troubles = [*_accounts(root), *_programs(root), *_secrets(root), *_service(root)]
    if troubles:
        raise ImageError("\n  ".join(["this root is open:", *troubles]))


def _accounts(root: Path) -> Iterator[str]:
    for line in (root / "etc/shadow").read_text(encoding="utf-8").splitlines():
        name, password, *_ = line.split(":")
        if password not in _LOCKED:
            yield f"etc/shadow: {name}: can log in"
    for line in (root / "etc/passwd").read_text(encoding="utf-8").splitlines():
        name, password, *_ = line.split(":")
        if password not in _LOCKED:
            yield f"etc/passwd: {name}: has a password"


def _programs(root: Path) -> Iterator[str]:
    for name in ("bin", "sbin"):
        for door in DOORS:
            path = root / "usr" / name / door
            if path.is_symlink() or path.exists():
                yield f"usr/{name}/{door}: is there"


def _secrets(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and _SECRET.search(path.read_bytes()):
            yield f"{path.relative_to(root)}: holds a private key"


def _service(root: Path) -> Iterator[str]:
    places = list(root.glob("usr/lib/python3*/site-packages"))
    if not any((place / "firmware" / "__main__.py").is_file() for place in places):
        yield "the service is not there"
    for place in places:
        for part in NOT_ON_A_CAMERA:
            if (place / part).exists():
                yield f"{part}: is there"
