"""What keeps a virtual camera from being built, in words that say what to do; and the programs of others that build it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PROVIDES: Mapping[str, str] = {
    "apt-get": "apt",
    "debugfs": "e2fsprogs",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "e2fsck": "e2fsprogs",
    "fdtput": "device-tree-compiler",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "mksquashfs": "squashfs-tools",
    "mtype": "mtools",
    "openssl": "openssl",
    "qemu-system-aarch64": "qemu-system-arm",
    "rauc": "rauc",
    "sfdisk": "fdisk",
    "tar": "tar",
}
"""Which Debian package brings a program."""
_SBIN = ("/usr/sbin", "/sbin")
_TAIL = 12  # lines of what a program said last


class VmError(Exception):
    """The virtual camera cannot be built or run; the message says why and what helps."""


class UnreachableError(VmError):
    """Debian's packages are out of reach from here: no mirror, none that answers, or no keys for what it says."""


def need(*programs: str) -> None:
    """VmError that names the Debian packages of those programs which are not here."""
    missing = sorted({PROVIDES[program] for program in programs if _find(program) is None})
    if missing:
        raise VmError(f"missing Debian packages: {' '.join(missing)} (make vm-deps installs them)")


def run(arguments: Sequence[str | Path], *, given: str = "", environment: Mapping[str, str] | None = None) -> str:
    """What a program prints.  VmError with what it said last where it fails, or with its package's name where it is not here."""
    program, *rest = map(str, arguments)
    need(*([program] if program in PROVIDES else []))
    done = subprocess.run(
        [_find(program) or program, *rest],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": paths(), "LC_ALL": "C.UTF-8", **(environment or {})},
    )
    if done.returncode:
        said = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL:])
        raise VmError(f"{Path(program).name} failed ({done.returncode}):\n  {said}")
    return done.stdout


def pipe(giver: Sequence[str | Path], taker: Sequence[str | Path]) -> None:
    """Run two programs, the first one's output being the second one's input.  VmError where either fails."""
    with subprocess.Popen([found(str(giver[0])), *giver[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
        done = subprocess.run(
            [found(str(taker[0])), *taker[1:]], stdin=first.stdout, capture_output=True, text=True, check=False
        )
        if first.stdout is not None:
            first.stdout.close()  # the giver ends too where the taker did
        said = first.stderr.read().decode(errors="replace") if first.stderr is not None else ""
    if first.returncode or done.returncode:
        raise VmError(f"{giver[0]} | {taker[0]} failed ({first.returncode}, {done.returncode}):\n  {said}{done.stderr}")


def found(program: str) -> str:
    """Where a program is; VmError with its package's name where it is not here."""
    need(program)
    return str(_find(program))


def paths() -> str:
    """Where programs are, also those that only root looks for: what is run may be a script that runs others."""
    return os.pathsep.join((os.environ.get("PATH", ""), *_SBIN))


def _find(program: str) -> str | None:
    """A program on the path, or where only root looks."""
    return shutil.which(program, path=paths())
