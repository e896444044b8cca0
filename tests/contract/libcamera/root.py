"""A Debian release that has libcamera, unpacked below one directory: with picamera2, pytest and pictures for the virtual camera.

Nothing is installed: packages and wheels are laid out.  Programs run in there by a change of root, as root or as who one is in a user namespace
of one's own, with the kernel's files of processes and two devices bound in where that is allowed: for them alone, so that the root can be deleted
like any other directory.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from PIL import Image, ImageDraw

from tests.contract.libcamera.scene import BAR, BLUE, LEAVES, PICTURES, VIDEO, left
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
        *("colorzero", "gpiozero", "pyopenssl", "pyrage", "smbus2"),
        *("iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-timeout"),
    ),
    ROOT / "requirements" / "picamera2.txt": ("picamera2", "piexif", "simplejpeg", "videodev2"),
}
TARGET: Final = lock.Target("3.13", "x86_64")
LIBRARY: Final = "python3-libcamera"
DEBIAN: Final = Choice(
    ("trixie", "trixie-backports"), "amd64", ("base-files", "coreutils", "dash", "libc-bin", "python3-prctl", LIBRARY)
)
OLDEST: Final = "0.7.1"
"""The virtual camera of the release before, 0.4, says nothing true of its frames."""
STOOD_IN: Final = ("pidng", "pykms")
"""What picamera2 names when it is imported, and neither Debian nor an index of wheels has: raw stills, and a screen."""
DIST: Final = Path("usr/local/lib/python3.13/dist-packages")
CAMERA: Final = Path("usr/share/libcamera/pipeline/virtual")
TREE: Final = "lapel"
_SOURCES: Final = (
    *("firmware", "hal", "tools", "tests/contract", "tests/specification", "tests/stand_ins"),
    *("tests/pi_bench.py", "tests/pki.py", "tests/rig.py", "pyproject.toml"),
)
_DEVICES: Final = ("null", "urandom")
_BIND: Final = (
    *(f'mount --bind /dev/{name} "$1/dev/{name}"' for name in _DEVICES),
    'mount --rbind /proc "$1/proc"',
    "shift",
    'exec "$@"',
)
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
        self.bound = False
        """Whether programs in there have what the service wants of the kernel's files."""
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
        changed = ["chroot", str(self.path), "env", "-i", "-C", f"/{TREE}", *_ENVIRONMENT, *command]
        own = [] if os.geteuid() == 0 else ["--map-root-user"]
        if self.bound:
            return ["unshare", *own, "--mount", "sh", "-ec", "\n".join(_BIND), "sh", str(self.path), *changed]
        return ["unshare", *own, *changed] if own else changed

    def bring_tree(self) -> None:
        """Copy what is tried, and the tests, as they are now; find out what may be done here.  UnreachableError where nobody may change roots."""
        shutil.rmtree(self.path / TREE, ignore_errors=True)
        for name in _SOURCES:
            source, target = ROOT / name, self.path / TREE / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        for self.bound in (True, False):
            try:
                run(self.enter("true"))
            except VmError as error:
                trouble = str(error)
            else:
                return
        raise UnreachableError(f"this system lets nobody change roots: {trouble}")

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
        noise = Random(number).randbytes(VIDEO.width * (LEAVES[1] - LEAVES[0]))
        picture.paste(Image.frombytes("L", (VIDEO.width, LEAVES[1] - LEAVES[0]), noise), (0, LEAVES[0]))
        box = left(number), middle - BAR // 2, left(number) + BAR - 1, middle + BAR // 2
        ImageDraw.Draw(picture).rectangle(box, fill=(255, 255, 255))
        picture.save(pictures / f"{number}.jpg", quality=90)
    for name in ("dev", "proc", "tmp"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for name in _DEVICES:  # where nothing can be bound over them: pytest reads the first, and nobody writes to it
        (root / "dev" / name).touch()
