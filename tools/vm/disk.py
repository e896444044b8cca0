"""The card and the board's memory: plain files, partitioned and filled without root and without a loop device."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.vm.layout import Partition, card_bytes, script
from tools.vm.trouble import VmError, found, run

BOARD_MIB = 8
_COPY = 1 << 20


def make(card: Path, partitions: Sequence[Partition], *, images: Mapping[str, Path], trees: Mapping[str, Path]) -> None:
    """Make a card: ``images`` has what is copied into a partition, by its label, ``trees`` the directories that one is filled from.
    A partition that is mounted and in neither is made empty.  VmError where something does not fit."""
    fresh = card.with_suffix(".new")
    with fresh.open("wb") as file:
        file.truncate(card_bytes(partitions))
    run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", fresh], given=script(partitions))
    for each in partitions:
        if each.label in images:
            _copy(images[each.label], fresh, each)
        elif each.mount is not None:
            made = fresh.with_name(f"{each.label}.part")
            ext4(made, each.label, each.size, trees.get(each.label))
            _copy(made, fresh, each)
            made.unlink()
    fresh.replace(card)


def ext4(path: Path, label: str, size: int, tree: Path | None = None) -> None:
    """An ext4 of so many bytes, filled from a directory, with nothing else in it."""
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    filled = ["-d", tree] if tree is not None else []
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-m", "0", "-E", "root_owner=0:0", *filled, path])
    _debugfs(path, "rmdir lost+found", write=True)  # the service knows every name on its partitions


def names(path: Path, directory: str = "/") -> list[str]:
    """The names in a directory of an ext4 that is not mounted."""
    told = _debugfs(path, f"ls -p {directory}")
    listed = (line.split("/")[5] for line in told.splitlines() if line.startswith("/"))
    return sorted(name for name in listed if name not in {".", ".."})


def take_out(card: Path, partition: Partition, into: Path) -> None:
    """Copy a partition out of a card."""
    with card.open("rb") as source, into.open("wb") as target:
        source.seek(partition.offset)
        left = partition.size
        while left:
            data = source.read(min(left, _COPY))
            if not data:
                raise VmError(f"{card} ends before {partition.label} does")
            if data.count(0) == len(data):
                target.seek(len(data), 1)
            else:
                target.write(data)
            left -= len(data)
        target.truncate(partition.size)


def _copy(image: Path, card: Path, partition: Partition) -> None:
    """Copy a file into a partition; what is empty stays a hole."""
    size = image.stat().st_size
    if size > partition.size:
        raise VmError(f"{image.name} has {size} bytes; {partition.label} holds {partition.size}")
    with image.open("rb") as source, card.open("r+b") as target:
        target.seek(partition.offset)
        while data := source.read(_COPY):
            if data.count(0) == len(data):
                target.seek(len(data), 1)
            else:
                target.write(data)


def _debugfs(path: Path, request: str, *, write: bool = False) -> str:
    """Ask ``debugfs``, which exits with 0 whatever becomes of the request."""
    how = ["-w"] if write else []
    done = subprocess.run(
        [found("debugfs"), *how, "-R", request, path], capture_output=True, text=True, check=False, timeout=60
    )
    said = [line for line in done.stderr.splitlines() if line and not line.startswith("debugfs ")]
    if done.returncode or said:
        raise VmError(f"debugfs: {request}: {' '.join(said) or done.returncode}")
    return done.stdout
