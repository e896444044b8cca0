"""The Python packages below the service: those that the repository's lock names, by its hashes, as wheels for another machine."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.vm.trouble import UnreachableError, VmError, run

WANTED = ("av", "cffi", "cryptography", "numpy", "pillow", "pycparser", "pyopenssl", "pyserial", "typing-extensions")
"""What ``firmware`` needs, and ``hal.sim`` beside it.  Debian's cryptography is too old for the service; the lock's is a camera's."""
PARTS = ("colorzero", "gpiozero", "lgpio", "smbus2")
"""What ``hal.pi`` needs on top for pins and chips, from the lock of a camera, which has no conditions on them."""
_AWAY = re.compile("No matching distribution found|Could not find a version|Max retries exceeded|Temporary failure")
"""What pip says where the index, or the wheel in it, is out of reach; not where a hash is another one."""
_GLIBC = (17, 24, 26, 27, 28, 31, 34)


@dataclass(frozen=True, slots=True)
class Target:
    """What wheels are to run on: Python's version, and the processor as wheels call it."""

    python: str
    processor: str


CAMERA = Target("3.11", "aarch64")
"""The virtual camera."""


def choose(lock: str, names: Iterable[str]) -> str:
    """The requirements of these names, as the lock has them.  VmError where it lacks one."""
    blocks = {block.split("==", 1)[0]: block.rstrip() for block in re.split(r"\n(?=[a-z0-9])", lock)}
    missing = [name for name in names if name not in blocks]
    if missing:
        raise VmError(f"the lock lacks {', '.join(missing)}")
    return "".join(f"{blocks[name]}\n" for name in names)


def fetch(wanted: str, into: Path, target: Target = CAMERA) -> Sequence[Path]:
    """Bring the wheels of requirements that were chosen, each held against its hashes by pip; from whichever index pip is set up with.

    UnreachableError where that has them not.
    """
    into.mkdir(parents=True, exist_ok=True)
    (into / "wanted.txt").write_text(wanted, encoding="utf-8")
    tags = [*(f"manylinux_2_{minor}" for minor in _GLIBC), "manylinux2014"]
    platforms = [argument for tag in tags for argument in ("--platform", f"{tag}_{target.processor}")]
    own = f"cp{target.python.replace('.', '')}"
    abis = [argument for abi in (own, "abi3", "none") for argument in ("--abi", abi)]
    version = ["--implementation", "cp", "--python-version", target.python]
    known = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--find-links", str(into)]
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    try:
        run([*asked, *known, *version, *abis, *platforms, "--dest", into, "--requirement", into / "wanted.txt"])
    except VmError as error:
        if _AWAY.search(str(error)):
            raise UnreachableError(f"the package index has not these wheels for {target.processor}: {error}") from error
        raise
    return sorted(into.glob("*.whl"))


def lay_out(wheel: Path, into: Path, leave_out: Sequence[str] = ()) -> list[str]:
    """Install a wheel's files below ``into``, without those whose path begins with one of ``leave_out``: what was installed, sorted.

    No wheel here has scripts or data of its own that the service needs, so those are left out as well.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [
            name
            for name in sorted(archive.namelist())
            if not name.endswith("/") and not name.startswith(tuple(leave_out)) and ".data/" not in name
        ]
        for name in names:
            archive.extract(name, into)
    return names
