"""Simulated storage fails as it was told to, and the one in memory knows what a power cut leaves."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.interface import Directory, File
from hal.sim.disk import Trouble
from hal.sim.memory import MemoryStorage
from hal.sim.storage import FileStorage
from hal.sim.volume import Append, Create, Mark, Remove, Rename, Sync

Made = tuple[Directory, Trouble]


@pytest.fixture(params=["files", "memory"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    """An empty storage of each kind, and its trouble."""
    storage = FileStorage(tmp_path / "volume") if request.param == "files" else MemoryStorage()
    return storage.root(), storage.trouble


def put(directory: Directory, name: str, data: bytes = b"") -> File:
    """A new file with this in it."""
    file = directory.create(name)
    file.append(data)
    return file


def code(call: Callable[[], object]) -> int | None:
    """The number of the error that a call ends in."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what is looked at
        call()
    return caught.value.errno


def test_failed_sync_never_heals(made: Made) -> None:
    """A file whose sync failed fails for ever: whoever asks again is told so.  Other files sync as before."""
    root, trouble = made
    file, other = put(root, "a", b"x"), put(root, "b", b"x")
    trouble.faults()["sync"]({})
    assert code(file.sync) == errno.EIO
    assert code(file.sync) == errno.EIO
    other.sync()
    trouble.fail_syncs(1)
    assert code(root.sync) == errno.EIO
    root.sync()


def test_failing_writes(made: Made) -> None:
    """Every append fails until it is switched off; what was written can be read."""
    root, trouble = made
    file = put(root, "a", b"x")
    trouble.faults()["write"]({})
    assert code(lambda: file.append(b"y")) == errno.EIO
    assert file.read(0, 9) == b"x"
    trouble.faults()["write"]({"on": False})
    file.append(b"y")
    assert file.read(0, 9) == b"xy"


def test_read_only(made: Made) -> None:
    """Nothing can be changed any more, and everything can be read."""
    root, trouble = made
    file = put(root, "a", b"x")
    trouble.faults()["read-only"]({})
    calls = (
        lambda: file.append(b"y"),
        lambda: file.reserve(1),
        lambda: root.create("b"),
        lambda: root.enter("d", create=True),
        lambda: root.rename("a", "b"),
        lambda: root.remove("a"),
    )
    assert [code(call) for call in calls] == [errno.EROFS] * len(calls)
    assert (root.names(), root.open("a").read(0, 9)) == (["a"], b"x")
    trouble.faults()["clear"]({})
    root.remove("a")


def test_stall_delays_one_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next append or sync takes longer by what was asked for, once, and then succeeds."""
    waits: list[float] = []
    trouble = Trouble(pause=waits.append)
    trouble.faults()["stall"]({"seconds": 2.5})
    trouble.before_sync("a")
    trouble.before_append("a")
    assert waits == [2.5]
    trouble.stall(1)
    trouble.before_append("a")
    assert waits == [2.5, 1]


def test_fill_leaves_so_much_room(made: Made) -> None:
    """A storage can be filled up to the last block, whatever is in it."""
    root, trouble = made
    put(root, "a", bytes(10_000)).close()
    trouble.faults()["fill"]({"free": 4096})
    file = put(root, "b", bytes(4096))
    assert code(lambda: file.append(b"x")) == errno.ENOSPC
    assert file.size() == 4096


def test_room_is_counted_anew_after_a_restart(tmp_path: Path) -> None:
    """A camera that is switched on again knows how full its storage is."""
    before = FileStorage(tmp_path, capacity=1 << 20)
    put(before.root().enter("d", create=True), "a", bytes(300_000)).close()
    used = before.space().total - before.space().free
    after = FileStorage(tmp_path, capacity=1 << 20)
    assert abs(after.space().total - after.space().free - used) <= 8192


def test_other_storage_is_no_place_to_move_to(made: Made, tmp_path: Path) -> None:
    """A file cannot be moved to another storage: a wrong call."""
    root, _ = made
    put(root, "a").close()
    foreign: list[Directory] = [MemoryStorage().root()]
    foreign += [FileStorage(tmp_path / "other").root()] if not hasattr(root, "at") else []
    for directory in foreign:
        with pytest.raises(ValueError, match="not a directory of this storage"):
            root.rename("a", "b", directory)


def test_a_file_is_read_from_the_card_not_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed sync the system's pages look like the card and are not: they are given up before anything is believed, and by who only
    looks whether a file is there they are not."""
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr("os.posix_fadvise", lambda _fd, *what: asked.append(what))
    root = FileStorage(tmp_path).root()
    root.create("a").close()
    root.open("a").close()
    assert asked == []
    file = root.open("a")
    file.read(0, 1)
    file.read(0, 1)
    file.close()
    assert asked == [(0, 0, os.POSIX_FADV_DONTNEED)]
    file = root.open("a")
    file.path()
    file.close()
    assert asked == 2 * [(0, 0, os.POSIX_FADV_DONTNEED)]


def test_symbolic_links_lead_nowhere(tmp_path: Path) -> None:
    """A link that somebody put onto the card is not followed."""
    (tmp_path / "secret").write_text("x")
    storage = FileStorage(tmp_path / "volume")
    (tmp_path / "volume" / "link").symlink_to(tmp_path / "secret")
    assert code(lambda: storage.root().open("link")) == errno.ELOOP


def tree(directory: Directory) -> dict[str, object]:
    """Everything below a directory."""
    found: dict[str, object] = {}
    for name in directory.names():
        try:
            found[name] = tree(directory.enter(name))
        except NotADirectoryError:
            found[name] = directory.open(name).read(0, 1 << 20)
    return found


def test_crash_keeps_what_was_synced() -> None:
    """Bytes survive up to the last sync of their file, names up to the last sync of their directory."""
    storage = MemoryStorage()
    root = storage.root()
    kept = put(root, "kept", b"one")
    kept.sync()
    root.sync()
    kept.append(b"two")
    lost = put(root, "lost", b"synced without its name")
    lost.sync()
    assert tree(storage.crash().root()) == {"kept": b"one"}


def test_crash_undoes_unsynced_names() -> None:
    """A rename or a removal that was not synced has not happened, in each directory for itself."""
    storage = MemoryStorage()
    root = storage.root()
    old, new = root.enter("old", create=True), root.enter("new", create=True)
    for name in ("a", "b"):
        put(old, name, name.encode()).sync()
    for directory in (old, new, root):
        directory.sync()
    old.remove("a")
    old.rename("b", "c", new)
    new.sync()
    assert tree(storage.crash().root()) == {"new": {"c": b"b"}, "old": {"a": b"a", "b": b"b"}}


def test_moved_file_can_be_lost() -> None:
    """The harshest file system: where only the old directory was synced a moved file is in neither."""
    storage = MemoryStorage()
    root = storage.root()
    new = root.enter("new", create=True)
    put(root, "a", b"x").sync()
    root.sync()
    root.rename("a", "a", new)
    root.sync()
    assert tree(storage.crash().root()) == {"new": {}}


def test_after_a_crash_the_old_handles_are_dead() -> None:
    """Whoever runs on after the power cut changes nothing, and finds out."""
    storage = MemoryStorage()
    file = put(storage.root(), "a", b"x")
    after = storage.crash()
    for use in (
        lambda: file.append(b"y"),
        file.sync,
        file.size,
        storage.root().names,
        lambda: storage.root().create("b"),
    ):
        assert code(use) == errno.EIO
    assert tree(after.root()) == {}


def test_what_survived_is_durable() -> None:
    """After a crash the remaining state is synced: a second crash changes nothing."""
    storage = MemoryStorage(capacity=1 << 20)
    deep = storage.root().enter("a", create=True).enter("b", create=True)
    put(deep, "c", b"x").sync()
    put(storage.root(), "z", b"z").sync()
    for directory in (deep, storage.root().enter("a"), storage.root()):
        directory.sync()
    once = storage.crash()
    assert once.space() == storage.space()
    assert tree(once.crash().root()) == {"a": {"b": {"c": b"x"}}, "z": b"z"}


def test_log_is_plain_values_in_order() -> None:
    """Every change stands in the log as it happened, with the marks between, and nothing that failed."""
    storage = MemoryStorage()
    root = storage.root()
    file = put(root.enter("d", create=True), "a", b"x")
    file.sync()
    storage.mark("told")
    root.rename("d", "e")
    root.enter("e").remove("a")
    root.sync()
    with pytest.raises(FileNotFoundError):
        root.remove("missing")
    assert storage.log == [
        Create(0, "d", 1, is_directory=True),
        Create(1, "a", 2, is_directory=False),
        Append(2, b"x"),
        Sync(2),
        Mark("told"),
        Rename(0, "d", 0, "e"),
        Remove(1, "a"),
        Sync(0),
    ]


def test_a_stall_waits_as_it_is_told_to() -> None:
    """On a virtual clock no test has to wait for a stalling storage."""
    waited: list[float] = []
    storage = MemoryStorage(pause=waited.append)
    storage.trouble.stall(5)
    put(storage.root(), "a", b"x").sync()
    assert waited == [5]


def test_open_handles_are_counted_until_they_are_closed() -> None:
    """Whatever is opened and never closed can be found."""
    storage = MemoryStorage()
    file = put(storage.root(), "a")
    again = storage.root().open("a")
    assert list(storage.held.values()) == [2]
    file.close()
    file.close()
    assert list(storage.held.values()) == [1]
    again.close()
    assert not storage.held


def test_what_no_name_leads_to_can_be_forgotten() -> None:
    """A file goes from memory once its name is gone for good and nobody holds it, and not before."""
    storage = MemoryStorage()
    root = storage.root()
    inner = root.enter("d", create=True)
    kept, held = put(inner, "kept", b"12345"), put(inner, "held", b"123")
    for each in (kept, inner, root):
        each.sync()
    inner.remove("held")
    storage.volume.forget(())
    assert storage.volume.bytes == 8  # a power cut would bring the name back
    inner.sync()
    storage.volume.forget(storage.held)
    assert storage.volume.bytes == 8
    held.close()
    storage.volume.forget(storage.held)
    assert storage.volume.bytes == 5
    assert put(root, "new").read(0, 1) == b""
    assert tree(storage.crash().root()) == {"d": {"kept": b"12345"}}


NAMES = st.sampled_from(["a", "b", "c"])
WORK: dict[str, Callable[[Directory, str, str, Directory], object]] = {
    "create": lambda here, name, _other, _into: here.create(name),
    "append": lambda here, name, _other, _into: here.open(name).append(name.encode()),
    "sync": lambda here, name, _other, _into: here.open(name).sync(),
    "rename": lambda here, name, other, into: here.rename(name, other, into),
    "remove": lambda here, name, _other, _into: here.remove(name),
    "syncdir": lambda here, _name, _other, _into: here.sync(),
    "enter": lambda here, name, _other, _into: here.enter(name, create=True),
}
STEPS = st.tuples(st.sampled_from(sorted(WORK)), NAMES, NAMES)


@given(st.lists(STEPS, max_size=40))
def test_replaying_the_log_makes_the_same_state(steps: list[tuple[str, str, str]]) -> None:
    """The log is all there is: replayed, or cut anywhere, it gives a state that can be read and crashed again."""
    storage = MemoryStorage()
    root = storage.root()
    where = root.enter("sub", create=True)
    for kind, name, other in steps:
        directory, into = (root, where) if other != "c" else (where, root)
        with suppress(OSError):
            WORK[kind](directory, name, other, into)
    assert tree(MemoryStorage(storage.log).root()) == tree(root)
    for cut in range(len(storage.log)):
        crashed = MemoryStorage(storage.log[:cut]).crash()
        assert tree(crashed.root()) == tree(MemoryStorage(crashed.log).root())
