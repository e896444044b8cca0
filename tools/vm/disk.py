"""The card and the board's memory: plain files, partitioned and filled without root and without a loop device."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.vm.layout import Partition, card_bytes, script
from tools.vm.trouble import VmError, found, run

BOARD_MIB = 8
KIB = 1024
_BLOCK = 1 << 20


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
            ext4(fresh, each.label, each.size, offset=each.offset, tree=trees.get(each.label))
    fresh.replace(card)


def memory(path: Path, label: str, size: int) -> None:
    """Make a disk that is one ext4, for what a board remembers."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.truncate(size)
    ext4(fresh, label, size)
    fresh.replace(path)


def ext4(path: Path, label: str, size: int, *, offset: int = 0, tree: Path | None = None) -> None:
    """Make an ext4 of so many bytes within a file, filled from a directory, with nothing else in it."""
    filled: list[str | Path] = ["-d", tree] if tree is not None else []
    within = f"root_owner=0:0,offset={offset}"
    run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-m", "0", "-E", within, *filled, path, f"{size // KIB}k"])
    _debugfs(path, "rmdir lost+found", offset=offset, write=True)  # the service knows every name on its partitions


def names(path: Path, directory: str = "/", *, offset: int = 0) -> list[str]:
    """The names in a directory of an ext4 that is not mounted."""
    told = _debugfs(path, f"ls -p {directory}", offset=offset)
    listed = (line.split("/")[5] for line in told.splitlines() if line.startswith("/"))
    return sorted(name for name in listed if name not in {".", ".."})


def copy(source: Path, target: Path, part: Partition | None = None) -> None:
    """Copy a disk, or one partition of it, its holes as holes."""
    first, end = (part.offset, part.offset + part.size) if part else (0, source.stat().st_size)
    with source.open("rb") as file, target.open("wb") as other:
        other.truncate(end - first)
        until = first
        while (at := _data(file.fileno(), until)) is not None and at < end:
            until = min(os.lseek(file.fileno(), at, os.SEEK_HOLE), end)
            file.seek(at)
            other.seek(at - first)
            for size in [_BLOCK] * ((until - at) // _BLOCK) + [(until - at) % _BLOCK]:
                other.write(file.read(size))


def _data(handle: int, at: int) -> int | None:
    """Where the next data begins; None where there is no more."""
    try:
        return os.lseek(handle, at, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


def _copy(image: Path, card: Path, partition: Partition) -> None:
    """Copy a file into a partition; what is empty stays a hole."""
    size = image.stat().st_size
    if size > partition.size:
        raise VmError(f"{image.name} has {size} bytes; {partition.label} holds {partition.size}")
    with image.open("rb") as source, card.open("r+b") as target:
        target.seek(partition.offset)
        while data := source.read(_BLOCK):
            if data.count(0) == len(data):
                target.seek(len(data), 1)
            else:
                target.write(data)


def _debugfs(path: Path, request: str, *, offset: int, write: bool = False) -> str:
    """Ask ``debugfs``, which exits with 0 whatever becomes of the request."""
    how = ["-w"] if write else []
    done = subprocess.run(
        [found("debugfs"), *how, "-R", request, f"{path}?offset={offset}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if line and not line.startswith("debugfs ")]
    if done.returncode or said:
        raise VmError(f"debugfs: {request}: {' '.join(said) or done.returncode}")
    return done.stdout
