"""Systems that the virtual camera is updated to, as bundles that its authority wants on it: one that is well, and several that are not.

All are made as an image's are: RAUC by ``buildroot/board/bundle.sh``, the paper by ``lapel provision bundle``.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.image.trouble import TREE
from tools.vm import disk, medium, signers
from tools.vm.build import NAME, Built
from tools.vm.layout import MIB, Partition
from tools.vm.trouble import paths, run

PROGRAM = "usr/lib/lapel/virtual_camera.py"
RELEASE = "usr/lib/os-release"
BLIND = "SimVideo.start = lambda self, sink: None"
"""A lens without a driver: nothing ever comes of it."""
LEFT = 256 << 10
"""Bytes of a bundle that an earlier docking did not bring any more, where it brought the rest."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, its paper, and the root in it."""

    path: Path
    root: Path

    @property
    def paper(self) -> Path:
        """Beside it."""
        return self.path.with_name(f"{self.path.name}.jws")


class Maker:
    """Makes bundles for one camera, in one place."""

    def __init__(self, built: Built, place: Path) -> None:
        """Nothing is made yet."""
        self._built, self._place = built, place

    def root(self, version: str, *, blind: bool = False) -> Path:
        """The camera's root under another version; ``blind``: with a lens of which nothing comes."""
        into, source = self._place / f"root-{version}", self._built.root
        told = {RELEASE: f"NAME=Lapel\nID=lapel\nVERSION_ID={version}\n"}
        if blind:
            program = (source / PROGRAM).read_text(encoding="utf-8")
            told[PROGRAM] = program.replace("\nif __name__", f"\n{BLIND}\n\nif __name__")
            assert told[PROGRAM] != program
        changed: list[str | Path] = []
        for number, (name, text) in enumerate(told.items()):
            file = self._place / f"{version}-{number}"
            file.write_text(text, encoding="utf-8")
            changed += ["-p", f"{name} f 644 0 0 cat {file}"]
        how = ["-noappend", "-quiet", "-no-progress", "-all-root", "-no-xattrs", "-comp", "lz4", "-processors", "2"]
        run(["mksquashfs", source, into, *how, *changed, "-e", *told])
        return into

    def small(self) -> Path:
        """What takes the place of a root where nobody gets as far as starting it."""
        path = self._place / "small.root"
        path.write_bytes(bytes(range(256)) * 4096)
        return path

    def bundle(
        self, serial: int, root: Path, signer: str = signers.GOOD, *, slot: Path | None = None, flip: bool = False
    ) -> Bundle:
        """Make one.  ``flip``: a bit in the middle of it is another one than RAUC has signed the hash of."""
        output = self._place / f"bundle-{serial}"
        (output / "images").mkdir(parents=True)
        os.link(root, output / "images/root.img")
        shutil.copyfile(slot or root, output / "images/slot.img")
        by = self._built.parts.card.parent / "signers"
        path = f"{Path(sys.executable).parent}{os.pathsep}{paths()}"
        program: list[str | Path] = ["env", f"PATH={path}", TREE / "board/bundle.sh", NAME, output, f"2.{serial}"]
        run([*map(str, program), by / f"{signer}.pem", by / f"{signer}.key"])
        made = output / "images" / f"lapel-{NAME}-2.{serial}.raucb"
        if flip:
            with made.open("r+b") as file:
                file.seek(made.stat().st_size // 2)
                byte = file.read(1)[0]
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte ^ 1]))
        paper: list[str | Path] = [
            sys.executable,
            "-m",
            "tools",
            "provision",
            "bundle",
            made,
            "--signer",
            self._built.people / "authority",
        ]
        run([*paper, "--board", NAME, "--version", f"2.{serial}", "--serial", str(serial)])
        return Bundle(made, root)


def offer(bundle: Bundle, shelf: Path) -> None:
    """Lay it where a dock offers it."""
    for path in (bundle.path, bundle.paper):
        os.link(path, shelf / path.name)


def begun(bundle: Bundle, card: Path, part: Partition, place: Path) -> None:
    """Have an earlier docking with this bundle end shortly before its end: what that leaves on the camera's small partition is put there."""
    image, data, size = place / "config.img", place / "bundle.part", bundle.path.stat().st_size
    disk.copy(card, image, part)
    medium.mount(image)
    shutil.copyfile(bundle.path, data)
    with data.open("r+b") as file:
        file.truncate(size - LEFT)
    orders = [] if "update" in disk.names(image) else ["mkdir update"]
    here = [] if orders else disk.names(image, "/update")
    for source, name in ((bundle.paper, "offer.jws"), (data, "bundle.part")):
        orders += [*([f"rm update/{name}"] if name in here else []), f"write {source} update/{name}"]
    for order in orders:
        run(["debugfs", "-w", "-R", order, image])
    with image.open("rb") as made, card.open("r+b") as target:
        target.seek(part.offset)
        while piece := made.read(MIB):
            target.write(piece)
