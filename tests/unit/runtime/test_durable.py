"""Small files are there whole or not at all."""

from __future__ import annotations

import pytest

from firmware.runtime import durable
from hal.sim.memory import MemoryStorage
from hal.sim.volume import Operation, Remove


def test_a_replaced_file_survives_a_power_cut() -> None:
    """Written, synced, renamed, and its name synced."""
    storage = MemoryStorage()
    durable.replace(storage.root(), "anchor.jws", b"one")
    durable.replace(storage.root(), "anchor.jws", b"two")
    assert durable.read(storage.crash().root(), "anchor.jws") == b"two"


def test_what_a_cut_left_half_written_is_replaced() -> None:
    """The unfinished file of an earlier attempt is in nobody's way."""
    storage = MemoryStorage()
    storage.root().create("anchor.jws.new").append(b"ha")
    durable.replace(storage.root(), "anchor.jws", b"whole")
    assert storage.root().names() == ["anchor.jws"]


def test_a_failed_sync_leaves_the_old_file() -> None:
    """An error is passed on, and what was there stays there."""
    storage = MemoryStorage()
    durable.replace(storage.root(), "anchor.jws", b"old")
    storage.trouble.fail_syncs(1)
    with pytest.raises(OSError, match="anchor"):
        durable.replace(storage.root(), "anchor.jws", b"new")
    assert durable.read(storage.root(), "anchor.jws") == b"old"
    assert storage.root().names() == ["anchor.jws"]


def test_the_error_that_is_told_is_the_first_one() -> None:
    """What cannot be cleaned up either does not hide what went wrong."""
    storage = MemoryStorage()
    storage.trouble.fail_syncs(1)

    def refuse(operation: Operation) -> None:
        if isinstance(operation, Remove):
            raise OSError("not removed")

    storage.before = refuse
    with pytest.raises(OSError, match="anchor"):
        durable.replace(storage.root(), "anchor.jws", b"new")


def test_no_file_stays_open() -> None:
    """Neither behind a success nor behind a failure: a camera runs for weeks."""
    storage = MemoryStorage()
    durable.replace(storage.root(), "anchor.jws", b"old")
    durable.read(storage.root(), "anchor.jws")
    storage.trouble.fail_syncs(1)
    with pytest.raises(OSError, match="anchor"):
        durable.replace(storage.root(), "anchor.jws", b"new")
    assert not storage.held


def test_reading_is_bounded() -> None:
    """A file that is larger than it may be is somebody else's."""
    storage = MemoryStorage()
    durable.replace(storage.root(), "anchor.jws", b"12345")
    assert durable.read(storage.root(), "anchor.jws", limit=5) == b"12345"
    with pytest.raises(OSError, match="larger than 4"):
        durable.read(storage.root(), "anchor.jws", limit=4)


def test_by_default_a_mebibyte_is_read() -> None:
    """No more: what these files hold is small, and memory is too."""
    storage = MemoryStorage()
    durable.replace(storage.root(), "anchor.jws", bytes(1 << 20))
    assert len(durable.read(storage.root(), "anchor.jws")) == 1 << 20
    durable.replace(storage.root(), "anchor.jws", bytes((1 << 20) + 1))
    with pytest.raises(OSError, match="larger"):
        durable.read(storage.root(), "anchor.jws")


def test_the_head_of_a_file_and_its_size() -> None:
    """As much as was asked for, and no handle stays open."""
    storage = MemoryStorage()
    durable.replace(storage.root(), "00000001.jwsl", b"one\ntwo\n")
    assert durable.head(storage.root(), "00000001.jwsl", 4) == b"one\n"
    assert durable.size(storage.root(), "00000001.jwsl") == 8
    assert storage.held.total() == 0
