"""A Debian release that has libcamera, unpacked below one directory: with picamera2, pytest and pictures for the virtual camera.

Nothing is installed: packages and wheels are laid out, and programs run in there by a change of root alone, as root or as who one is in a user
namespace of one's own.  Nothing is mounted, so a root that lies there can be deleted like any other directory.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from tests.contract.libcamera.scene import BAR, BLUE, PICTURES, VIDEO, left
from tools.vm import lock
from tools.vm.packages import Choice, Package, Packages, unpack
from tools.vm.steps import Steps, key_of
from tools.vm.trouble import UnreachableError, VmError, need, run

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[2]
STAND_INS: Final = ROOT / "tests" / "stand_ins"
PLACE: Final = ROOT / "build" / "libcamera"
LOCKS: Final = {
    ROOT / "requirements" / "desk-dev.txt": (
        *("av", "cffi", "cryptography", "numpy", "pillow", "pycparser", "typing-extensions"),
        *("iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-timeout"),
    ),
    ROOT / "requirements" / "picamera2.txt": ("picamera2", "piexif", "simplejpeg", "videodev2"),
}
TARGET: Final = lock.Target("3.13", "x86_64")
LIBRARY: Final = "python3-libcamera"
DEBIAN: Final = Choice(
    ("trixie", "trixie-backports"), "amd64", ("base-files", "coreutils", "libc-bin", "python3-prctl", LIBRARY)
)
OLDEST: Final = "0.7.1"
"""The virtual camera of the release before, 0.4, says nothing true of its frames."""
STOOD_IN: Final = ("pidng", "pykms")
"""What picamera2 names when it is imported, and neither Debian nor an index of wheels has: raw stills, and a screen."""
DIST: Final = Path("usr/local/lib/python3.13/dist-packages")
CAMERA: Final = Path("usr/share/libcamera/pipeline/virtual")
TREE: Final = "lapel"
_SOURCES: Final = ("hal", "tests/contract", "tests/stand_ins")
_UNWANTED: Final = tuple(f"./usr/share/{name}/*" for name in ("doc", "info", "lintian", "locale", "man", "zoneinfo"))
_ENVIRONMENT: Final = (
    "HOME=/tmp",
    "LANG=C.UTF-8",
    "LIBCAMERA_LOG_LEVELS=FATAL",
    "PATH=/usr/bin",
    f"PYTHONPATH=/{TREE}",
)


def judge() -> None:
    """UnreachableError where this machine is none for it."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise UnreachableError(
            f"the root is for Linux on x86-64, and this is {platform.system()} on {platform.machine()}"
        )
    try:
        need("apt-get", "dpkg-deb", "tar")
    except VmError as error:
        raise UnreachableError(str(error)) from error


class Root:
    """One root, in ``place``; ``mirror`` is a Debian mirror's address where the host's is not wanted."""

    def __init__(self, place: Path = PLACE, mirror: str | None = None, steps: Steps | None = None) -> None:
        """Nothing is done yet."""
        place.mkdir(parents=True, exist_ok=True)
        self.at = place
        self.path = place / "root"
        self.steps = steps or Steps(place)
        self._packages = Packages(place / "apt", mirror, DEBIAN)

    def build(self) -> None:
        """Do whatever is to be done.  UnreachableError where the mirror does not answer or has no libcamera that is new enough; VmError where
        anything else fails."""
        judge()
        chosen = self._packages.bring(self.steps, self.at / "packages.json")
        self.steps.say(f"libcamera {self._version(chosen)}")
        wheels = self._wheels()
        self._lay_out(chosen, wheels)

    def enter(self, *command: str) -> list[str]:
        """The command that runs another one in there."""
        own = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
        return [*own, "chroot", str(self.path), "env", "-i", "-C", f"/{TREE}", *_ENVIRONMENT, *command]

    def bring_tree(self) -> None:
        """Copy what is tried, and the tests, as they are now.  UnreachableError where nobody may change roots here."""
        shutil.rmtree(self.path / TREE, ignore_errors=True)
        for name in _SOURCES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.path / TREE / name, ignore=ignored)
        shutil.copy2(ROOT / "pyproject.toml", self.path / TREE)
        try:
            run(self.enter("true"))
        except VmError as error:
            raise UnreachableError(f"this system lets nobody change roots: {error}") from error

    def _version(self, chosen: Sequence[Package]) -> str:
        (package,) = (each for each in chosen if each.name == LIBRARY)
        try:
            run(["dpkg", "--compare-versions", package.version, "ge", OLDEST])
        except VmError as error:
            raise UnreachableError(f"the mirror has libcamera {package.version}; it takes {OLDEST}") from error
        return package.version

    def _wheels(self) -> list[Path]:
        into = self.at / "wheels"
        wanted = "".join(lock.choose(path.read_text(encoding="utf-8"), names) for path, names in LOCKS.items())

        def fetch() -> None:
            shutil.rmtree(into, ignore_errors=True)
            lock.fetch(wanted, into, TARGET)

        self.steps.step("Python wheels", key_of(wanted), [into], fetch)
        return sorted(into.glob("*.whl"))

    def _lay_out(self, chosen: Sequence[Package], wheels: Sequence[Path]) -> None:
        root = self.path
        own = [HERE / name for name in ("scene.py", "root.py", "virtual.yaml")]
        sources = [*own, *(STAND_INS / name for name in STOOD_IN)]
        key = key_of(json.dumps([each.hash for each in chosen]), *(wheel.name for wheel in wheels), *sources)

        def make() -> None:
            shutil.rmtree(root, ignore_errors=True)
            unpack([self._packages.path(each) for each in chosen], root, _UNWANTED)
            for wheel in wheels:
                lock.lay_out(wheel, root / DIST)
            for name in STOOD_IN:
                shutil.copytree(STAND_INS / name, root / DIST / name)
            furnish(root)

        self.steps.step("Debian root", key, [root], make)


def furnish(root: Path) -> None:
    """The virtual camera's file and pictures, and what a system is expected to have."""
    pictures = root / CAMERA / "pictures"
    pictures.mkdir(parents=True)
    shutil.copyfile(HERE / "virtual.yaml", root / CAMERA / "virtual.yaml")
    middle = VIDEO.height // 2
    for number in range(PICTURES):
        picture = Image.new("RGB", (VIDEO.width, VIDEO.height), BLUE)
        box = left(number), middle - BAR // 2, left(number) + BAR - 1, middle + BAR // 2
        ImageDraw.Draw(picture).rectangle(box, fill=(255, 255, 255))
        picture.save(pictures / f"{number}.jpg", quality=90)
    (root / "tmp").mkdir(mode=0o1777, exist_ok=True)
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev" / "null").touch()  # read by pytest, and by nobody written to
