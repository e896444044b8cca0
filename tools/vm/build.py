"""Builds the virtual camera: packages, root, kernel, card; each step once, until what goes into it changes."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.image import card
from tools.vm import disk, kernel, layout, lock, machine, rootfs, signers
from tools.vm.machine import Parts
from tools.vm.packages import Package, Packages, unpack
from tools.vm.steps import Steps, key_of
from tools.vm.trouble import PROVIDES, need, run

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "vm"
TREE = ROOT / "buildroot"
BOARD = TREE / "vm" / "board.toml"
LOCK = ROOT / "requirements" / "desk-dev.txt"
PI_LOCK = ROOT / "requirements" / "pi.txt"
EVIDENCE_MIB = 8192
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
NAME = "virtual"
_WHEEL_OF = ("firmware", "hal", "tools", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
_SETTINGS = ("profile=custom", "width=320", "height=240", "fps=15", "bitrate=500000", "keep_after_receipt_h=0")
"""What an emulated processor can encode; and nothing stays that a dock has signed for, so that it can be seen to be erased."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: parts to run, the service's files that are installed, and who the camera belongs to; how
    the card is laid out."""

    parts: Parts
    wheel: Path
    root: Path
    people: Path
    partitions: tuple[layout.Partition, ...]


class Build:
    """One build, in ``place``; ``mirror`` is a Debian mirror's address where the host's is not wanted."""

    def __init__(self, place: Path = PLACE, mirror: str | None = None, steps: Steps | None = None) -> None:
        """Nothing is done yet."""
        place.mkdir(parents=True, exist_ok=True)
        self.at = place
        self.steps = steps or Steps(place)
        self._packages = Packages(place / "apt", mirror)

    def run(self) -> Built:
        """Do whatever is to be done.  VmError where it cannot be, which names the Debian packages that are missing."""
        need(*PROVIDES)
        service = self._wheel()
        chosen = self._debian()
        wheels = self._wheels()
        kernel_key = self._kernel(chosen)
        base_key = self._base(chosen, wheels, kernel_key)
        people_key, signers_key = self._people(), self._signers()
        root_key = self._root(service, base_key, signers_key)
        slot_key = self._slot(kernel_key)
        self._card(root_key, people_key, slot_key)
        disks = self.at / "card.img", self.at / "board.img"
        parts = Parts(self.at / "vmlinuz", self.at / "first.gz", *disks, tree=self._tree())
        return Built(parts, service, self.at / "root", self.at / "people", tuple(self._partitions))

    @cached_property
    def _partitions(self) -> list[layout.Partition]:
        return layout.parse((TREE / "partitions.toml").read_text(encoding="utf-8"), last_mib=EVIDENCE_MIB)

    def _wheel(self) -> Path:
        into = self.at / "wheel"
        sources = [ROOT / name for name in _WHEEL_OF]

        def build() -> None:
            shutil.rmtree(into, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="lapel-wheel-") as scratch:  # setuptools writes where it reads
                for source in sources:
                    copy = shutil.copytree if source.is_dir() else shutil.copy2
                    copy(source, Path(scratch) / source.name)
                run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", into, scratch])

        self.steps.step("service wheel", key_of(*sources), [into], build)
        (wheel,) = into.glob("lapel-*.whl")
        return wheel

    def _debian(self) -> list[Package]:
        return self._packages.bring(self.steps, self.at / "packages.json")

    def _wheels(self) -> list[Path]:
        into = self.at / "wheels"
        wanted = lock.choose(LOCK.read_text(), lock.WANTED) + lock.choose(PI_LOCK.read_text(), lock.PARTS)

        def fetch() -> None:
            shutil.rmtree(into, ignore_errors=True)
            lock.fetch(wanted, into)

        self.steps.step("Python wheels", key_of(wanted), [into], fetch)
        return sorted(into.glob("*.whl"))

    def _kernel(self, chosen: list[Package]) -> str:
        (package,) = (each for each in chosen if each.name.startswith("linux-image-") and each.size > layout.MIB)
        (busybox,) = (each for each in chosen if each.name == "busybox-static")
        key = key_of(package.hash, busybox.hash, Path(kernel.__file__))
        makes = [self.at / "vmlinuz", self.at / "first.gz", self.at / "modules"]

        def make() -> None:
            with tempfile.TemporaryDirectory(dir=self.at, prefix="kernel-") as scratch:
                unpacked, small = Path(scratch) / "kernel", Path(scratch) / "busybox"
                unpack([self._packages.path(package)], unpacked, ["./usr/share/*", "./usr/lib/linux-image*"])
                unpack([self._packages.path(busybox)], small)
                shutil.rmtree(self.at / "modules", ignore_errors=True)
                image, modules = kernel.trim(unpacked, self.at / "modules")
                program = next(path for path in small.rglob("busybox") if path.is_file() and path.parent.name == "bin")
                (self.at / "first.gz").write_bytes(kernel.first(program.read_bytes(), modules))
                shutil.copyfile(image, self.at / "vmlinuz")

        self.steps.step("kernel", key, makes, make)
        return key

    def _base(self, chosen: list[Package], wheels: list[Path], kernel_key: str) -> str:
        base = self.at / "base"
        debs = [each for each in chosen if not each.name.startswith(("linux-image-", "busybox-static"))]
        sources = [Path(module.__file__ or "") for module in (rootfs, lock)]
        hashes = json.dumps([each.hash for each in debs])
        key = key_of(hashes, *(wheel.name for wheel in wheels), kernel_key, *sources)

        def make() -> None:
            shutil.rmtree(base, ignore_errors=True)
            unpack([self._packages.path(each) for each in debs], base, rootfs.UNWANTED)
            shutil.copytree(self.at / "modules" / "usr", base / "usr", dirs_exist_ok=True)
            for wheel in wheels:
                lock.lay_out(wheel, base / rootfs.PACKAGES)
            if not rootfs.compile_all(base / "usr/lib/python3.11", base / rootfs.PACKAGES):
                self.steps.say("this Python compiles nothing for the camera's: the service starts more slowly")

        self.steps.step("Debian root", key, [base], make)
        return key

    def _root(self, service: Path, base_key: str, signers_key: str) -> str:
        root, image = self.at / "root", self.at / "root.squashfs"
        guest = Path(__file__).with_name("guest")
        overlays = [TREE / "overlay", TREE / "board" / "overlay", TREE / "vm" / "overlay"]
        users = "".join(path.read_text(encoding="utf-8") for path in (TREE / "users.txt", TREE / "vm" / "users.txt"))
        system = card.rauc(NAME)
        key = key_of(base_key, signers_key, service, guest, *overlays, users, system, BOARD, Path(__file__))

        def make() -> None:
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(self.at / "base", root, symlinks=True)
            rootfs.furnish(root, overlays, users)
            rootfs.install(root, service, [], simulated=True)
            shutil.copytree(guest, root / rootfs.PACKAGES / "lapel_vm", ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copyfile(BOARD, root / "usr/lib/lapel/board.toml")
            for each in self._partitions:
                if each.mount is not None:
                    (root / each.mount.lstrip("/")).mkdir(parents=True)
            (root / "var/lib/lapel/board").mkdir()
            (root / "etc/rauc").mkdir()
            (root / "etc/rauc/system.conf").write_text(system, encoding="utf-8")
            shutil.copyfile(self.at / "signers" / signers.ROOT, root / "etc/rauc/keyring.pem")
            rootfs.compile_all(*(root / rootfs.PACKAGES / name for name in ("firmware", "hal", "lapel_vm")))
            rootfs.pack(root, image)

        self.steps.step("root", key, [root, image], make)
        return key

    def _tree(self) -> Path:
        tree = self.at / "board.dtb"
        self.steps.step("device tree", key_of(Path(machine.__file__)), [tree], lambda: machine.describe(tree))
        return tree

    def _people(self) -> str:
        people = self.at / "people"
        key = key_of(*_SETTINGS, Path(__file__))

        def make() -> None:
            shutil.rmtree(people, ignore_errors=True)
            settings = [argument for each in _SETTINGS for argument in ("--set", each)]
            provision = [sys.executable, "-m", "tools", "provision"]
            authority = people / "authority"
            run([*provision, "authority", authority])
            run([*provision, "device", NAME, "--authority", authority, "--out", people / "camera", *settings])
            run([*provision, "dock", "dock-1", "--authority", authority, "--out", people / "dock"])

        self.steps.step("enrolment", key, [people], make)
        return key

    def _signers(self) -> str:
        place = self.at / "signers"
        key = key_of(Path(signers.__file__))

        def make() -> None:
            shutil.rmtree(place, ignore_errors=True)
            signers.make(place)

        self.steps.step("update signers", key, [place], make)
        return key

    def _slot(self, kernel_key: str) -> str:
        """The boot partitions: what a slot starts, and what chooses one."""
        slot, boot, told = self.at / "slot.img", self.at / "boot.img", TREE / "vm" / "config.txt"
        lines = {end: machine.line(name, card.by_label(f"root-{end}").number) for name, end in card.SLOTS.items()}
        maker = TREE / "board" / "vfat.sh"
        key = key_of(
            kernel_key, told, maker, *lines.values(), card.autoboot(), TREE / "partitions.toml", Path(__file__)
        )

        def make() -> None:
            with tempfile.TemporaryDirectory(dir=self.at, prefix="slot-") as scratch:
                files, chooser = Path(scratch) / "slot", Path(scratch) / "boot"
                files.mkdir()
                chooser.mkdir()
                shutil.copyfile(self.at / "vmlinuz", files / "Image")
                shutil.copyfile(self.at / "first.gz", files / "first.gz")
                shutil.copyfile(told, files / "config.txt")
                for end, line in lines.items():
                    (files / f"cmdline-{end}.txt").write_text(f"{line}\n", encoding="utf-8")
                (chooser / "autoboot.txt").write_text(card.autoboot(), encoding="utf-8")
                for each, image, label in ((files, slot, "boot-a"), (chooser, boot, "boot")):
                    size = f"{card.by_label(label).size // layout.MIB}"
                    run([maker, each, image, "SLOT" if image == slot else "BOOT", size, "4c61706d"], environment=EPOCH)

        self.steps.step("boot partitions", key, [slot, boot], make)
        return key

    def _card(self, root_key: str, people_key: str, slot_key: str) -> None:
        image, board = self.at / "card.img", self.at / "board.img"
        key = key_of(
            root_key, people_key, slot_key, TREE / "partitions.toml", Path(disk.__file__), Path(layout.__file__)
        )

        def make() -> None:
            images = {"root-a": self.at / "root.squashfs", "boot": self.at / "boot.img"}
            images |= dict.fromkeys(("boot-a", "boot-b"), self.at / "slot.img")
            disk.make(image, self._partitions, images=images, trees={"config": self.at / "people" / "camera"})
            disk.memory(board, "vm-board", disk.BOARD_MIB * layout.MIB)

        self.steps.step("card", key, [image, board], make)
