"""The disk with the tests that the virtual camera is given: the suites, what runs them there, and pytest's wheels."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.vm.inside import suites
from tools.vm import disk, layout, lock
from tools.vm.build import LOCK, ROOT, Build
from tools.vm.steps import key_of

PYTEST = ("iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-timeout")
LABEL = "vm-contract"
WORDS = " ".join(
    (
        "systemd.unit=lapel-vm-contract.target",
        "systemd.default_timeout_start_sec=300",
        "dummy_hcd.num=2",
        f"{suites.CHOICE}={','.join(suites.FILES)}",
    )
)
"""Start the suites and no camera; wait for disks also on a host that is busy; a second USB controller, for a gadget that is an I2C bus; which suites."""
FILES = (
    "pyproject.toml",
    "tests/contract/eye.py",
    "tests/contract/pi_chips.py",
    "tests/contract/rigs.py",
    *(f"tests/contract/test_{name}_contract.py" for name in suites.CONTRACT),
)
_MIB = 64


def make(build: Build) -> Path:
    """The disk, made anew where something of it has changed.  VmError where it cannot be."""
    wheels, image = build.at / "pytest", build.at / "contract.img"
    wanted = lock.choose(LOCK.read_text(encoding="utf-8"), PYTEST)
    sources = [*(ROOT / name for name in FILES), ROOT / "tests/vm/inside"]

    def fetch() -> None:
        shutil.rmtree(wheels, ignore_errors=True)
        lock.fetch(wanted, wheels)

    def lay() -> None:
        with tempfile.TemporaryDirectory(dir=build.at, prefix="contract-") as scratch:
            place = Path(scratch)
            for wheel in sorted(wheels.glob("*.whl")):
                lock.lay_out(wheel, place / "site")
            for source in sources:
                target = place / "tree" / source.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copyfile(source, target)
            with image.open("wb") as file:
                file.truncate(_MIB * layout.MIB)
            disk.ext4(image, LABEL, _MIB * layout.MIB, tree=place)

    build.steps.step("pytest wheels", key_of(wanted), [wheels], fetch)
    build.steps.step("contract suites", key_of(wanted, *sources, Path(__file__)), [image], lay)
    return image
