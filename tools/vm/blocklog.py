"""QEMU's log of what a disk was told (``blklogwrites``), read strictly; and what of it a cut of the power leaves.  Pure.

Source: the kernel's ``drivers/md/dm-log-writes.c`` and QEMU's ``block/blklogwrites.c``.  All numbers are little-endian.  The first sector holds
magic, version, entries and sector size; then follow entries, each a sector with ``sector, sectors, flags, length`` and, but for a discard, its
sectors; ``length`` is of a mark's text, which stands in the entry's own sector.  The count of entries is as old as the last flush, so a reader
goes on to the first sector that is no entry.

QEMU logs an operation when it has ended.  So a write that ends while a flush is under way stands before that flush, which need not have covered
it; whoever waits for a write before it flushes, as every file system does, is not concerned.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.vm.trouble import VmError

MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
LONGEST = 1 << 30  # bytes that one entry may write; the kernel splits what is longer
MOST_ENTRIES = 1 << 22
_SUPER = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
_SECTORS = tuple(1 << power for power in range(9, 17))
_SHARES = (0.1, 0.5, 0.9)
"""Which part of what was not flushed is lost: a cut may come early, in the middle, or late in a cache's work."""


class LogError(VmError):
    """Not a log, or one that contradicts itself; the message names the entry and the field."""


@dataclass(frozen=True, slots=True)
class Piece:
    """So many bytes at a place of the disk: those at ``source`` in the log, or zeros where that is None."""

    offset: int
    length: int
    source: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation: its flags, and what it writes (None for a flush or a mark alone)."""

    flags: int
    piece: Piece | None

    @property
    def flush(self) -> bool:
        """Whether all that ended before it is durable once it has ended."""
        return bool(self.flags & FLUSH)

    @property
    def durable(self) -> bool:
        """Whether it is so by itself."""
        return bool(self.flags & FUA)


def read(log: memoryview, size: int) -> Iterator[Entry]:
    """The entries, in order, of the log of a disk of ``size`` bytes.  LogError where one cannot be."""
    if len(log) < _SUPER.size:
        raise LogError(f"block log: {len(log)} bytes are none")
    magic, version, counted, sector = _SUPER.unpack_from(log)
    for name, value, wanted in (("magic", magic, MAGIC), ("version", version, VERSION)):
        if value != wanted:
            raise LogError(f"block log: {name}: {value:#x}, not {wanted:#x}")
    if sector not in _SECTORS:
        raise LogError(f"block log: sector size: {sector}")
    at, found = sector, 0
    while at + _ENTRY.size <= len(log):
        fields = _ENTRY.unpack_from(log, at)
        if not any(fields):
            break
        if found == MOST_ENTRIES:
            raise LogError(f"block log: more than {MOST_ENTRIES} entries")
        entry = _entry(found, fields, at + sector, sector, size)
        if entry.piece is not None and entry.piece.source is not None and at + sector + entry.piece.length > len(log):
            raise LogError(f"block log: entry {found}: sectors: its data is cut off")
        yield entry
        at += sector + (0 if fields[2] & DISCARD else fields[1] * sector)
        found += 1
    if found < counted:
        raise LogError(f"block log: entries: {counted} were counted, {found} are there")


def _entry(number: int, fields: tuple[int, int, int, int], source: int, sector: int, size: int) -> Entry:
    first, sectors, flags, length = fields
    offset, long = first * sector, sectors * sector
    for name, wrong in (
        ("flags", flags & ~(FLUSH | FUA | DISCARD | MARK)),
        ("length", length > (sector - _ENTRY.size if flags & MARK else 0)),
        ("sector", sectors and offset + long > size),
        ("sectors", long > LONGEST and not flags & DISCARD),
        ("sectors", sectors and flags & MARK),
    ):
        if wrong:
            raise LogError(
                f"block log: entry {number}: {name}: sector {first}, {sectors} sectors, flags {flags:#x}, length {length}"
            )
    return Entry(flags, Piece(offset, long, None if flags & DISCARD else source) if sectors else None)


def flushed(entries: Sequence[Entry], cut: int) -> int:
    """How many of the first ``cut`` entries the last flush among them covers, itself included; 0 where none did."""
    return next((at + 1 for at in range(cut - 1, -1, -1) if entries[at].flush), 0)


def kept(entries: Sequence[Entry], since: int, cut: int) -> list[Piece]:
    """What is durable of the entries from ``since`` to ``cut``: all that the last flush covers, and what is so by itself."""
    until = flushed(entries, cut)
    return [
        each.piece
        for at, each in enumerate(entries[:cut])
        if at >= since and each.piece and (at < until or each.durable)
    ]


def loose(entries: Sequence[Entry], cut: int) -> list[Piece]:
    """What a cut behind the first ``cut`` entries may lose: all that was written since the last flush, and is not durable by itself."""
    return [each.piece for each in entries[flushed(entries, cut) : cut] if each.piece and not each.durable]


def survivors(pieces: Sequence[Piece], chance: random.Random, sector: int = 512) -> list[Piece]:
    """What a cut leaves of writes that were not flushed: each is there, is lost, or is torn at a sector, and what is there came in any
    order, so that an older one may lie over a newer one.  Never all of them where there is one."""
    lost = chance.choice(_SHARES)
    left: list[Piece] = []
    for piece in pieces:
        drawn = chance.random()
        if drawn >= lost:
            left.append(piece)
        elif drawn < lost / 2:
            left += _torn(piece, chance, sector)
    if left == list(pieces) and left:
        left.pop(chance.randrange(len(left)))
    chance.shuffle(left)
    return left


def _torn(piece: Piece, chance: random.Random, sector: int) -> list[Piece]:
    """The beginning, the end, or single sectors of a write."""
    sectors = piece.length // sector
    if sectors < 2:
        return []
    at = chance.randrange(1, sectors)
    way = chance.randrange(3)
    runs = [(0, at)] if way == 0 else [(at, sectors)] if way == 1 else _some(sectors, chance)
    return [
        Piece(
            piece.offset + first * sector,
            (last - first) * sector,
            None if piece.source is None else piece.source + first * sector,
        )
        for first, last in runs
    ]


def _some(sectors: int, chance: random.Random) -> list[tuple[int, int]]:
    """Some runs of a write's sectors, eight of which are a page of a file at most."""
    step = max(1, sectors // 8)
    return [(at, min(at + step, sectors)) for at in range(0, sectors, step) if chance.random() < 0.5]
