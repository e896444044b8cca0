"""A card as a cut of the power leaves it, made on the host from what it was before and the log of what it was told since."""

from __future__ import annotations

import mmap
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.vm.blocklog import Entry, Piece, flushed, kept, read
from tools.vm.layout import Partition
from tools.vm.trouble import VmError, found

LOG_BYTES = 8 << 30
"""How long a log's file is: it is nearly all hole."""
MENDED = 1
"""What ``e2fsck`` ends with where it mended something, as it does at a boot: at least it played the journal back."""
SUPERBLOCK = Path(__file__).parents[2] / "buildroot/overlay/usr/lib/lapel/superblock"
"""What mends a torn one at a boot."""
_BLOCK = 1 << 20
_SUPERBLOCK_SUM = 1024 + 0x3FC
"""Where an ext4 has the checksum of its superblock.  Source: the kernel's ``fs/ext4/ext4.h``, ``s_checksum``."""
_OWNER = re.compile(
    r"(?:rdump|dump_file|rdump_inode|fix_perms): Operation not permitted while changing ownership of .*"
)


def begin(path: Path) -> None:
    """Make the file that QEMU writes a log to."""
    with path.open("wb") as file:
        file.truncate(LOG_BYTES)


@dataclass(frozen=True, slots=True)
class BlockLog:
    """The log of one run of a machine: its entries, and the bytes that they name."""

    entries: tuple[Entry, ...]
    data: memoryview

    @property
    def flushes(self) -> int:
        """How many there are."""
        return sum(each.flush for each in self.entries)


@contextmanager
def opened(path: Path, card: int) -> Iterator[BlockLog]:
    """The log of a card of ``card`` bytes, so far.  LogError where it is none."""
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped,
        memoryview(mapped) as data,
    ):
        yield BlockLog(tuple(read(data, card)), data)


def count(path: Path, card: int) -> int:
    """How many entries a running machine has logged."""
    with opened(path, card) as log:
        return len(log.entries)


def write(path: Path, pieces: Iterable[Piece], data: memoryview, part: Partition | None = None) -> None:
    """Write what pieces say to a card, or to the copy of one partition: what lies outside of that is left out."""
    first, last = (part.offset, part.offset + part.size) if part else (0, path.stat().st_size)
    with path.open("r+b") as file:
        for piece in pieces:
            begins, ends = max(piece.offset, first), min(piece.offset + piece.length, last)
            for at in range(begins, ends, _BLOCK):
                size = min(_BLOCK, ends - at)
                file.seek(at - first)
                source = None if piece.source is None else piece.source + at - piece.offset
                file.write(bytes(size) if source is None else data[source : source + size])


def rebuild(card: Path, log: BlockLog) -> int:
    """Make a copy of what a card was before the run into what the last flush of it left; how many entries are lost by that."""
    write(card, kept(log.entries, 0, len(log.entries)), log.data)
    return len(log.entries) - flushed(log.entries, len(log.entries))


def mount(path: Path) -> bool:
    """Do to an ext4 what a boot does before it mounts it: make the checksum of a torn superblock anew, by a boot's own script, play the journal
    back, and mend nothing that takes a decision.  VmError where it would not be mounted.  Whether its superblock was torn."""
    said = _said([SUPERBLOCK, path])
    _said([found("e2fsck"), "-f", "-p", path])
    return "was made anew" in said


def _said(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode & ~MENDED:
        raise VmError(f"{Path(command[0]).name} ({done.returncode}): {done.stdout.strip()} {done.stderr.strip()}")
    return done.stdout


def tear(card: Path, part: Partition) -> None:
    """Leave a superblock's second sector as it was before a write of which only the first one came: with another checksum."""
    with card.open("r+b") as file:
        file.seek(part.offset + _SUPERBLOCK_SUM)
        wrong = bytes(each ^ 0xFF for each in file.read(4))
        file.seek(-len(wrong), os.SEEK_CUR)
        file.write(wrong)


def extract(path: Path, into: Path, *, offset: int = 0) -> None:
    """Copy all files of an ext4 out of it, without mounting it.  VmError where one cannot be read."""
    into.mkdir(parents=True)
    done = subprocess.run(
        [found("debugfs"), "-R", f"rdump / {into}", f"{path}?offset={offset}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [
        line
        for line in done.stderr.splitlines()
        if line and not line.startswith("debugfs ") and not _OWNER.fullmatch(line)
    ]
    if done.returncode or said:
        raise VmError(f"debugfs: {' '.join(said) or done.returncode}")
