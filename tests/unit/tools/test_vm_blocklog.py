"""The log of what a disk was told: read as the kernel and QEMU write it, refused where it is wrong; and what a cut leaves."""

from __future__ import annotations

import random
import struct
import subprocess
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.vm import blocklog, disk, medium
from tools.vm.blocklog import DISCARD, FLUSH, FUA, LONGEST, MARK, LogError, Piece, flushed, kept, loose, read, survivors
from tools.vm.layout import MIB, Partition
from tools.vm.trouble import VmError, found

SECTOR = 512
DISK = 64 * SECTOR
SEED = 11


def entry(sector: int, data: bytes = b"", flags: int = 0, *, sectors: int | None = None, length: int = 0) -> bytes:
    """One entry, as ``struct log_write_entry`` of the kernel's dm-log-writes.c has it."""
    count = len(data) // SECTOR if sectors is None else sectors
    return struct.pack("<QQQQ", sector, count, flags, length).ljust(SECTOR, b"\0") + data


def log(*entries: bytes, count: int | None = None, tail: bytes = bytes(SECTOR)) -> memoryview:
    """A whole log: ``struct log_write_super``, the entries, and a hole."""
    counted = len(entries) if count is None else count
    head = bytes.fromhex("7268737766736a00") + struct.pack("<QQI", 1, counted, SECTOR)
    return memoryview(head.ljust(SECTOR, b"\0") + b"".join(entries) + tail)


def block(fill: int, sectors: int = 1) -> bytes:
    """Sectors full of one byte."""
    return bytes([fill]) * sectors * SECTOR


def test_each_kind_of_entry_is_read() -> None:
    """Writes with the place of their data, flushes, discards without data, marks whose text stands in their own sector."""
    mark = struct.pack("<QQQQ", 0, 0, MARK, 4) + b"here"
    told = log(
        entry(2, block(7, 3)),
        entry(0, flags=FLUSH),
        entry(9, flags=DISCARD, sectors=4),
        mark.ljust(SECTOR, b"\0"),
        entry(1, block(8), FUA),
    )
    found = list(read(told, DISK))
    assert [each.piece for each in found] == [
        Piece(2 * SECTOR, 3 * SECTOR, 2 * SECTOR),
        None,
        Piece(9 * SECTOR, 4 * SECTOR, None),
        None,
        Piece(SECTOR, SECTOR, 9 * SECTOR),
    ]
    assert [each.flush for each in found] == [False, True, False, False, False]
    assert found[4].durable
    last = found[4].piece
    assert last is not None
    assert last.source is not None
    assert told[last.source : last.source + last.length] == block(8)


def test_what_came_after_the_count_is_read_too() -> None:
    """The count is as old as the last flush; a killed machine leaves more."""
    assert len(list(read(log(entry(1, block(1)), entry(2, block(2)), count=0), DISK))) == 2


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (memoryview(b"rhsfwsj"), "7 bytes are none"),
        (memoryview(bytes(SECTOR)), "magic: 0x0, not"),
        (memoryview(bytes(log())[:8] + b"\2" + bytes(log())[9:]), "version: 0x2, not 0x1"),
        (memoryview(bytes(log())[:24] + struct.pack("<I", 500) + bytes(SECTOR)), "sector size: 500"),
        (log(entry(1, block(1)), count=2), "entries: 2 were counted, 1 are there"),
        (log(entry(1, block(1), flags=16)), "entry 0: flags"),
        (log(entry(63, block(1)), entry(63, block(1, 2))), "entry 1: sector"),
        (log(entry(1 << 60, block(1))), "entry 0: sector"),
        (log(entry(0, sectors=LONGEST // SECTOR + 1)), "entry 0: sector"),
        (log(entry(0, flags=MARK, sectors=1)), "entry 0: sectors"),
        (log(entry(0, flags=MARK, length=481)), "entry 0: length"),
        (log(entry(1, block(1), length=1)), "entry 0: length"),
        (log(entry(1, block(1)), entry(2, sectors=3)), "entry 1: sectors: its data is cut off"),
    ],
)
def test_a_wrong_log_is_refused(told: memoryview, says: str) -> None:
    """By the entry and the field."""
    with pytest.raises(LogError, match=says):
        list(read(told, DISK))


def test_a_write_that_nobody_splits_is_refused() -> None:
    """More than a gigabyte at once is none of the kernel's."""
    with pytest.raises(LogError, match="entry 0: sectors: sector 0"):
        list(read(log(entry(0, sectors=LONGEST // SECTOR + 1)), LONGEST * 2))


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that never ends costs no more than its bound."""
    monkeypatch.setattr(blocklog, "MOST_ENTRIES", 2)
    with pytest.raises(LogError, match="more than 2"):
        list(read(log(*[entry(0, flags=FLUSH)] * 3), DISK))


def test_a_flush_keeps_what_ended_before_it_and_nothing_after() -> None:
    """What came behind the last flush may be lost, unless it was forced."""
    entries = list(
        read(log(entry(1, block(1)), entry(0, flags=FLUSH), entry(2, block(2)), entry(3, block(3), FUA)), DISK)
    )
    one, _, two, three = (each.piece for each in entries)
    assert [flushed(entries, cut) for cut in range(5)] == [0, 0, 2, 2, 2]
    assert kept(entries, 0, 1) == []
    assert loose(entries, 1) == [one]
    assert kept(entries, 0, 4) == [one, three]
    assert kept(entries, 1, 4) == [three]
    assert loose(entries, 4) == [two]


def test_a_cut_loses_tears_and_reorders() -> None:
    """Never all of it is left; what is left lies inside of what was written; over many draws each write is seen whole, lost, torn in each way
    and out of order."""
    pieces = [Piece(at * 8 * SECTOR, 8 * SECTOR, 4096 + at * 8 * SECTOR) for at in range(4)]
    whole, orders, torn, counts = set[Piece](), set[bool](), set[tuple[int, int]](), set[int]()
    for seed in range(300):
        left = survivors(pieces, random.Random(f"{SEED}:{seed}"))
        assert sorted(left, key=lambda piece: piece.offset) != pieces
        for piece in left:
            (source,) = (each for each in pieces if each.offset <= piece.offset < each.offset + each.length)
            assert piece.offset + piece.length <= source.offset + source.length
            assert piece.source is not None
            assert source.source is not None
            assert piece.source - source.source == piece.offset - source.offset
            if piece != source:
                torn.add((piece.offset == source.offset, piece.offset + piece.length == source.offset + source.length))
        whole |= set(left) & set(pieces)
        orders.add(left == sorted(left, key=lambda piece: piece.offset))
        counts.add(len(left))
    assert whole == set(pieces)
    assert orders == {True, False}
    assert torn == {(True, False), (False, True), (False, False)}
    assert 0 in counts


def test_one_write_is_never_left_whole() -> None:
    """Else a cut would have lost nothing."""
    piece = Piece(0, SECTOR, 0)
    assert {tuple(survivors([piece], random.Random(seed))) for seed in range(50)} == {()}


def test_a_card_is_what_its_log_says(tmp_path: Path) -> None:
    """Pieces reach a card, and a partition's copy only where they lie inside of it; the copy of a partition is what the card has there."""
    part = Partition(1, "part", "ext4", MIB, MIB, None)
    card, copied = tmp_path / "card", tmp_path / "part"
    card.write_bytes(b"\1" * MIB + b"\2" * MIB + b"\3" * MIB)
    disk.copy(card, copied, part)
    assert copied.read_bytes() == b"\2" * MIB
    data = memoryview(b"\4" * 2 * MIB)
    pieces = [Piece(MIB - SECTOR, 2 * SECTOR, 0), Piece(2 * MIB - SECTOR, MIB, None), Piece(0, SECTOR, 0)]
    medium.write(card, pieces, data)
    medium.write(copied, pieces, data, part)
    assert copied.read_bytes() == card.read_bytes()[MIB : 2 * MIB]
    assert copied.read_bytes()[SECTOR : 2 * SECTOR] == block(2)
    assert card.stat().st_size == 3 * MIB


@needs("mke2fs", "debugfs", "e2fsck")
def test_files_come_out_of_a_file_system_that_is_not_mounted(tmp_path: Path) -> None:
    """And one that is broken is none that a boot would mount."""
    tree, image = tmp_path / "tree", tmp_path / "image"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder" / "file").write_bytes(block(5))
    with image.open("wb") as file:
        file.truncate(4 * MIB)
    disk.ext4(image, "try", 4 * MIB, tree=tree)
    medium.mount(image)
    medium.extract(image, tmp_path / "out")
    assert (tmp_path / "out" / "folder" / "file").read_bytes() == block(5)
    with image.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 65_536)
    with pytest.raises(VmError, match="e2fsck"):
        medium.mount(image)
    with pytest.raises(VmError, match="debugfs"):
        medium.extract(tmp_path / "none", tmp_path / "other")


@needs("mke2fs", "debugfs", "e2fsck")
def test_a_torn_superblock_is_mended_and_nothing_else_is_touched(tmp_path: Path) -> None:
    """``e2fsck`` at a boot gives up on it; once its checksum was made anew, nothing else of it is to be mended.  What is sound, and what is no ext4,
    stays as it was, byte for byte."""
    image, part = tmp_path / "image", Partition(8, "evidence", "ext4", 0, 4 * MIB, None)
    with image.open("wb") as file:
        file.truncate(4 * MIB)
    disk.ext4(image, "evidence", 4 * MIB)
    sound = image.read_bytes()
    subprocess.run([medium.SUPERBLOCK, image], check=True)
    assert image.read_bytes() == sound
    medium.tear(image, part)
    alone = subprocess.run([found("e2fsck"), "-p", image], capture_output=True, text=True, check=False)
    assert alone.returncode == 8
    assert "Superblock checksum does not match" in alone.stderr
    assert medium.mount(image)
    assert not medium.mount(image)
    with image.open("r+b") as file:
        file.write(bytes(4096))
    nothing = image.read_bytes()
    subprocess.run([medium.SUPERBLOCK, image], check=True)
    assert image.read_bytes() == nothing
