"""What only a mounted ext4 can pass: one that is full, one that lets nobody write, and a directory on which none is."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hal.interface import File
from hal.pi.storage import PiStorage
from tests.contract import rigs
from tests.vm.inside.partitions import CONFIG, EVIDENCE

KIB = 1024
LEFT = 8 << 20
"""Bytes that are filled byte by byte; the rest is set aside."""


def test_the_partition_is_an_ext4_of_its_own(storage: rigs.StorageRig) -> None:
    """What the suite runs on is what the card's table says, as the kernel mounted it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    (mine,) = (each for each in mounts if each[1] == str(EVIDENCE))
    assert mine[2] == "ext4"
    assert {"nodev", "nosuid", "noexec"} <= set(mine[3].split(","))
    assert storage.storage.space().total > 1 << 30


def test_where_no_partition_is_mounted_there_is_no_storage() -> None:
    """The directory above is the system's own: evidence must not land there."""
    with pytest.raises(OSError, match="no partition") as caught:
        PiStorage(EVIDENCE.parent)
    assert caught.value.errno == errno.ENODEV


def test_a_full_ext4_says_so_and_has_room_again() -> None:
    """On the small partition beside: what was reserved is its file's alone, the rest fills up with ENOSPC, nothing before is harmed."""
    storage = PiStorage(CONFIG)
    place = storage.root().enter("full", create=True)
    most = place.create("most")
    most.reserve(storage.space().free - LEFT)
    kept = place.create("reserved")
    kept.reserve(1 << 20)
    assert kept.size() == 0
    before = storage.space().free
    filler = place.create("filler")
    with pytest.raises(OSError, match="filler") as caught:
        _fill(filler)
    assert caught.value.errno == errno.ENOSPC
    kept.append(bytes(range(256)) * (1 << 12))
    kept.sync()
    assert kept.read(0, 1 << 20) == bytes(range(256)) * (1 << 12)
    filler.close()
    place.remove("filler")
    assert before - (64 * KIB) <= storage.space().free
    kept.close()
    place.remove("reserved")
    most.close()
    place.remove("most")
    storage.root().remove("full")


def test_what_was_not_needed_is_given_back() -> None:
    """By the kernel's count of blocks: reserved, then cut to what is in it."""
    root = PiStorage(EVIDENCE).root()
    file = root.create("a")
    file.reserve(8 << 20)
    assert _blocks("a") >= 8 << 20
    file.append(b"x" * 1000)
    file.sync()
    file.reserve(0)
    assert (_blocks("a"), file.size()) == (4096, 1000)
    file.close()
    root.remove("a")


def test_a_partition_that_turned_read_only() -> None:
    """As ext4 does after an error: each write is an OSError, and what is there can be read.  On the small one: of the other files may be open."""
    root = PiStorage(CONFIG).root()
    place = root.enter("spoilt", create=True)
    file = place.create("a")
    file.append(b"kept")
    file.sync()
    file.close()
    _remount("ro")
    try:
        calls: tuple[Callable[[], object], ...] = (
            lambda: place.create("b"),
            lambda: place.open("a"),
            lambda: place.remove("a"),
            lambda: place.rename("a", "b"),
        )
        for write in calls:
            with pytest.raises(OSError, match=".") as caught:
                write()
            assert caught.value.errno == errno.EROFS
        assert place.names() == ["a"]
        assert (CONFIG / "spoilt" / "a").read_bytes() == b"kept"
    finally:
        _remount("rw")
    place.remove("a")
    root.remove("spoilt")


def _fill(file: File) -> None:
    """To the brim, and beyond."""
    piece = os.urandom(256 * KIB)
    while True:
        file.append(piece)


def _blocks(name: str) -> int:
    return (EVIDENCE / name).stat().st_blocks * 512


def _remount(how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", CONFIG], check=True)
