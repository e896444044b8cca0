"""What every storage must do."""

from __future__ import annotations

import errno

import pytest

from hal.interface import Directory, File
from tests.contract.rigs import SMALL, StorageRig

BAD_NAMES = ("", ".", "..", "/", "a/b", "../a", "/a", "a\0b", "x" * 256)


@pytest.fixture
def root(storage: StorageRig) -> Directory:
    """The top directory of an empty partition."""
    return storage.storage.root()


def filled(directory: Directory, name: str, data: bytes) -> File:
    """A new file with this in it."""
    file = directory.create(name)
    file.append(data)
    return file


def test_begins_empty(root: Directory) -> None:
    """A new partition has no names."""
    assert root.names() == []


def test_file_grows_by_appending(root: Directory) -> None:
    """Bytes of all kinds land behind the last byte, and the size follows."""
    file = root.create("a")
    assert file.size() == 0
    file.append(b"one")
    file.append(bytearray(b"two"))
    file.append(memoryview(b"xthreex")[1:6])
    file.append(b"")
    assert file.size() == 11
    assert file.read(0, 100) == b"onetwothree"


@pytest.mark.parametrize(
    ("offset", "size", "found"), [(0, 3, b"012"), (8, 5, b"89"), (10, 5, b""), (50, 1, b""), (4, 0, b"")]
)
def test_reads_from_an_offset(root: Directory, offset: int, size: int, found: bytes) -> None:
    """A read gives what was asked for, fewer bytes only at the end, and none behind it."""
    assert filled(root, "a", b"0123456789").read(offset, size) == found


def test_large_appends_are_whole(root: Directory) -> None:
    """What is appended in one call is there in full."""
    data = bytes(range(256)) * 2048
    assert filled(root, "a", data).read(0, 1 << 20) == data


def test_create_refuses_a_taken_name(root: Directory) -> None:
    """Nothing is ever overwritten by creating: neither a file nor a directory."""
    filled(root, "a", b"evidence").close()
    root.enter("d", create=True)
    for name in ("a", "d"):
        with pytest.raises(FileExistsError):
            root.create(name)
    assert root.open("a").read(0, 100) == b"evidence"


def test_open_finds_what_was_written(root: Directory) -> None:
    """A file can be closed and opened again, and goes on growing at its end."""
    filled(root, "a", b"one").close()
    file = root.open("a")
    file.append(b"two")
    assert file.read(0, 100) == b"onetwo"


def test_two_handles_see_the_same_file(root: Directory) -> None:
    """One may read while another one writes."""
    writer = filled(root, "a", b"one")
    reader = root.open("a")
    writer.append(b"two")
    assert (reader.read(0, 100), reader.size()) == (b"onetwo", 6)


def test_missing_names(root: Directory) -> None:
    """What is not there is ``FileNotFoundError``, whatever is asked of it."""
    for ask in (root.open, root.enter, root.remove, lambda name: root.rename(name, "b")):
        with pytest.raises(FileNotFoundError):
            ask("a")


def test_files_are_not_directories(root: Directory) -> None:
    """A file cannot be entered and a directory cannot be opened."""
    root.create("file")
    root.enter("directory", create=True)
    with pytest.raises(NotADirectoryError):
        root.enter("file")
    with pytest.raises(NotADirectoryError):
        root.enter("file", create=True)
    with pytest.raises(IsADirectoryError):
        root.open("directory")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_are_single_components(root: Directory, name: str) -> None:
    """No name leads out of its directory: a wrong one is refused by every method, and nothing changes."""
    root.create("a")
    calls = (
        lambda: root.create(name),
        lambda: root.open(name),
        lambda: root.enter(name, create=True),
        lambda: root.enter(name),
        lambda: root.rename(name, "b"),
        lambda: root.rename("a", name),
        lambda: root.remove(name),
    )
    for call in calls:
        with pytest.raises(ValueError, match="name"):
            call()
    assert root.names() == ["a"]


def test_names_are_sorted(root: Directory) -> None:
    """Files and directories are listed together, in order."""
    for name in ("b", "a", "é", "10", "9", "A b-c.txt"):
        root.create(name).close()
    root.enter("aa", create=True)
    assert root.names() == sorted(["b", "a", "é", "10", "9", "A b-c.txt", "aa"])


def test_enter_makes_what_is_missing(root: Directory) -> None:
    """``create`` makes a directory once and finds it after that."""
    filled(root.enter("d", create=True).enter("e", create=True), "a", b"deep").close()
    assert root.enter("d", create=True).enter("e").open("a").read(0, 9) == b"deep"


def test_rename_in_place(root: Directory) -> None:
    """The new name has the file, the old one nothing; a file in the way is replaced."""
    filled(root, "a", b"new").close()
    filled(root, "b", b"old").close()
    root.rename("a", "b")
    assert root.names() == ["b"]
    assert root.open("b").read(0, 9) == b"new"


def test_rename_to_itself_changes_nothing(root: Directory) -> None:
    """A file renamed to its own name is still there."""
    filled(root, "a", b"kept").close()
    root.rename("a", "a")
    assert root.open("a").read(0, 9) == b"kept"


def test_rename_into_another_directory(root: Directory) -> None:
    """A directory moves with all that is in it."""
    recording = root.enter("recordings", create=True).enter("00000001", create=True)
    filled(recording, "journal", b"lines").close()
    erasing = root.enter("erasing", create=True)
    root.enter("recordings").rename("00000001", "gone", erasing)
    assert root.enter("recordings").names() == []
    assert erasing.enter("gone").open("journal").read(0, 9) == b"lines"


def test_rename_spares_full_directories(root: Directory) -> None:
    """A directory with something in it is not replaced, and a file and a directory do not replace each other."""
    root.enter("a", create=True)
    filled(root.enter("b", create=True), "x", b"x").close()
    filled(root, "file", b"x").close()
    for name, new in (("a", "b"), ("file", "a"), ("a", "file")):
        with pytest.raises(OSError, match=new):
            root.rename(name, new)
    assert root.names() == ["a", "b", "file"]


def test_remove(root: Directory) -> None:
    """Files and empty directories can be removed; a directory with something in it stays."""
    filled(root.enter("d", create=True), "a", b"x").close()
    with pytest.raises(OSError, match="d") as caught:
        root.remove("d")
    assert caught.value.errno == errno.ENOTEMPTY
    root.enter("d").remove("a")
    root.remove("d")
    assert root.names() == []


def test_reserve_keeps_the_size(root: Directory) -> None:
    """Space set aside is not part of the file, before and after something is written into it."""
    file = root.create("a")
    file.reserve(100_000)
    assert (file.size(), file.read(0, 10)) == (0, b"")
    file.append(b"data")
    assert (file.size(), file.read(0, 10)) == (4, b"data")
    file.reserve(10)
    file.reserve(1 << 60)
    assert file.size() == 4


def test_sync_of_files_and_directories(root: Directory) -> None:
    """Whatever was written can be synced, as often as one likes."""
    directory = root.enter("d", create=True)
    file = filled(directory, "a", b"one")
    file.sync()
    directory.sync()
    root.sync()
    file.append(b"two")
    file.sync()
    file.sync()
    assert file.read(0, 9) == b"onetwo"


def test_closed_files_are_closed(root: Directory) -> None:
    """After ``close`` every use is a wrong call, but for closing again."""
    file = filled(root, "a", b"x")
    file.close()
    file.close()
    for use in (lambda: file.append(b"y"), lambda: file.read(0, 1), file.size, file.sync, lambda: file.reserve(1)):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_space_is_there(storage: StorageRig) -> None:
    """There is room, and not more of it than there is in all."""
    space = storage.storage.space()
    assert 0 < space.free <= space.total


def test_space_is_used_and_given_back(small: StorageRig) -> None:
    """What is written is missing from the free space to a block, and comes back when it is removed or replaced."""
    before, root = small.storage.space(), small.storage.root()
    assert before.free == before.total == SMALL
    filled(root, "a", bytes(400_000)).close()
    assert 400_000 <= before.free - small.storage.space().free <= 400_000 + 4096
    filled(root, "b", b"x").close()
    root.rename("b", "a")
    assert before.free - small.storage.space().free <= 4096
    root.remove("a")
    assert small.storage.space() == before


def test_full_storage_says_so(small: StorageRig) -> None:
    """Where there is no room left an append fails, what was there before is whole, and removing makes room again."""
    root = small.storage.root()
    file = filled(root, "a", b"x" * 600_000)
    with pytest.raises(OSError, match="a") as caught:
        file.append(b"y" * 600_000)
    assert caught.value.errno == errno.ENOSPC
    assert file.read(0, 600_000) == b"x" * 600_000
    assert file.size() <= SMALL
    file.close()
    root.remove("a")
    filled(root, "b", b"z" * 1_000_000).sync()


def test_reserved_space_is_taken(small: StorageRig) -> None:
    """What is set aside is there for its file alone: another one cannot have it."""
    root = small.storage.root()
    file = root.create("a")
    file.reserve(600_000)
    with pytest.raises(OSError, match="b"):
        filled(root, "b", bytes(600_000))
    root.remove("b")
    file.append(bytes(600_000))
    assert file.size() == 600_000


def test_reserved_space_that_is_not_used_is_given_back(small: StorageRig) -> None:
    """A closed segment takes up what it holds, not what had been set aside for it; a reserve that is only closed stays."""
    root = small.storage.root()
    file = root.create("a")
    file.reserve(600_000)
    file.append(bytes(100_000))
    file.sync()
    file.reserve(0)
    file.close()
    filled(root, "b", bytes(600_000)).close()
    assert root.open("a").read(0, 200_000) == bytes(100_000)
    root.remove("b")
    kept = root.create("c")
    kept.reserve(600_000)
    kept.close()
    with pytest.raises(OSError, match="d"):
        filled(root, "d", bytes(600_000))
