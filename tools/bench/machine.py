"""Which machine a run was made on, and with what: two runs can be compared only where that is the same."""

from __future__ import annotations

import os
import platform
import re
import ssl
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from OpenSSL import SSL

PACKAGES: Final = ("av", "cryptography", "numpy", "pyOpenSSL", "pyserial")
SAME: Final = ("processor", "cores", "memory_gib", "system", "file_system")
"""What has to be the same in two runs that are compared.  What is compared is what runs on it: kernel, libraries and our own code may differ."""
_ROOT: Final = Path(__file__).resolve().parents[2]


def describe(place: Path) -> dict[str, str | int]:
    """The machine, the file system of ``place``, and what runs there."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)),
        "system": f"{platform.system()} {platform.machine()}",
        "file_system": _file_system(place),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "openssl": SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode(),
        "openssl_of_python": ssl.OPENSSL_VERSION,
        **{name.lower(): _version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def differences(one: Mapping[str, str | int], other: Mapping[str, str | int]) -> list[str]:
    """Why two runs cannot be compared, each a line; none where they can."""
    return [
        f"{name}: {one.get(name, 'not told')} and {other.get(name, 'not told')}"
        for name in SAME
        if one.get(name) != other.get(name)
    ]


def _processor() -> str:
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.processor() or "unknown"


def _file_system(place: Path) -> str:
    """The kind of file system that a directory is on: of its mounts the deepest (proc(5), mountinfo)."""
    at, best = place.resolve(), ("", "unknown")
    for line in _read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split()[4]
        if at.is_relative_to(mount) and len(mount) >= len(best[0]):
            best = mount, after.split()[0]
    return best[1]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _commit() -> str:
    """The checkout's commit, and whether something in it was changed since; "none" outside of one."""
    try:
        command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"
