"""A storage that fails at its n-th operation fails there, and nowhere else."""

from __future__ import annotations

import errno

import pytest

from hal.sim.faulty import FaultyStorage, Op, error
from hal.sim.memory import MemoryStorage


def filled(**options: object) -> FaultyStorage:
    """A card with one file of eight bytes, four of them synced, in a directory; the next operation is number 5."""
    card = FaultyStorage(MemoryStorage(), **options)  # type: ignore[arg-type]  # options of any kind are handed on
    file = card.root().enter("d", create=True).create("a")
    for data in (b"1234", b"5678"):
        file.append(data)
        if data == b"1234":
            file.sync()
    return card


def test_every_operation_is_counted() -> None:
    """What was asked, and of what."""
    card = filled()
    card.root().enter("d").names()
    card.space()
    assert [str(call) for call in card.calls] == [
        "make d",
        "create d/a",
        "append d/a",
        "sync d/a",
        "append d/a",
        "enter d",
        "names d",
        "space ",
    ]


def test_one_operation_fails_and_the_next_does_not() -> None:
    """A single fault; what was appended is there in half."""
    card = filled(fault=error(errno.EIO), at=5)
    with pytest.raises(OSError, match="Input/output"):
        card.root().names()
    assert card.root().names() == ["d"]
    card = filled(fault=error(errno.ENOSPC), at=7)
    file = card.root().enter("d").open("a")
    with pytest.raises(OSError, match="No space"):
        file.append(b"abcd")
    assert file.read(0, 100) == b"12345678ab"


def test_a_lasting_fault_lasts_until_it_is_healed() -> None:
    """For the operations that it is for."""
    card = filled()
    card.fault, card.at, card.lasting = error(errno.EROFS, Op.CREATE), 0, True
    for _ in range(2):
        with pytest.raises(OSError, match="Read-only"):
            card.root().create("b")
    assert card.root().names() == ["d"]
    card.heal()
    card.root().create("b")


def test_a_failed_sync_is_never_taken_back() -> None:
    """Asking again is told as an abuse; a service that starts anew may look at what is there."""
    card = filled()
    card.fault, card.at, card.loses = error(errno.EIO, Op.SYNC), len(card.calls) + 2, True
    file = card.root().enter("d").open("a")
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            file.sync()
    assert [str(call) for call in card.abuses] == ["sync d/a"]
    assert file.read(0, 100) == b"1234\0\0\0\0"
    card.restarted()
    file.sync()


def test_a_directory_that_vanished_is_gone_for_whoever_held_it() -> None:
    """An open file lives on, and what is synced of it counts for nothing."""
    card = filled()
    told: list[tuple[str, ...]] = []
    card.synced = told.append
    directory = card.root().enter("d")
    file = directory.open("a")
    file.sync()
    assert told == [("d", "a")]
    card.vanish(("d",))
    card.vanish(("d",))
    assert card.root().names() == []
    with pytest.raises(FileNotFoundError):
        directory.names()
    file.append(b"more")
    file.sync()
    assert told == [("d", "a")]
