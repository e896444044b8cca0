"""A file on its way into the store: its bytes, its hash, and what is durable of it."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from tools.dock import partial
from tools.dock.partial import Partial


def test_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    """Byte for byte, with the hash of all, those that an earlier docking brought included."""
    path = tmp_path / "file"
    for pieces in ((b"abc", b"de"), (), (b"f" * 100_000,)):
        file = Partial(path)
        for piece in pieces:
            file.add(piece)
        assert file.digest() == hashlib.sha256((b"abcde" + b"f" * 100_000)[: file.length]).hexdigest()
        file.close()
    assert path.read_bytes() == b"abcde" + b"f" * 100_000


def test_all_is_durable_once_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last sync begins behind the last byte, on whoever closes it; those on the way keep nobody from bringing more, but no more than
    one is under way."""
    monkeypatch.setattr(partial, "SYNC_EVERY", 10)
    path, sync, sizes = tmp_path / "file", os.fsync, []
    begun, go_on = threading.Event(), threading.Event()

    def slow(file: int) -> None:
        sizes.append(os.fstat(file).st_size)
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            assert go_on.wait(60)
        sync(file)

    monkeypatch.setattr(os, "fsync", slow)
    file = Partial(path)
    file.add(bytes(10))
    assert begun.wait(60)
    file.add(bytes(9))
    assert path.stat().st_size == 19
    go_on.set()
    file.add(bytes(5))
    file.close()
    assert (sizes[0], sizes[1], sizes[-1]) == (0, 10, 24)
    assert len(sizes) == 4


def test_a_sync_that_fails_beside_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the next one, at the latest at the end: nothing is taken for durable that is not."""
    monkeypatch.setattr(partial, "SYNC_EVERY", 10)

    def failing(_file: int) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", failing)
    file = Partial(tmp_path / "one")
    file.add(bytes(10))
    with pytest.raises(OSError, match="broken"):
        file.add(bytes(10))
    with pytest.raises(OSError, match="broken"):
        file.close()
    file = Partial(tmp_path / "other")
    file.add(bytes(10))
    with pytest.raises(OSError, match="broken"):
        file.close()
