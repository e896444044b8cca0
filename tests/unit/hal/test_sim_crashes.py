"""What a power cut may leave: every state of a small log, by hand; and each guard whose absence the states must show."""

from __future__ import annotations

import random

import pytest

from hal.sim.crashes import Image, Survival
from hal.sim.memory import MemoryDirectory, MemoryStorage
from hal.sim.unsynced import PAGE, SECTOR

MOST = 100_000


def tree(image: Image) -> dict[str, bytes | None]:
    """All paths: files with their bytes, directories with None."""
    found: dict[str, bytes | None] = {}

    def walk(number: int, path: str) -> None:
        for name, child in image.directories[number].items():
            found[path + name] = image.files.get(child)
            if child in image.directories:
                walk(child, f"{path}{name}/")

    walk(0, "")
    return found


def paths(directory: MemoryDirectory, path: str = "") -> dict[str, bytes | None]:
    """The same of a storage's directory."""
    found: dict[str, bytes | None] = {}
    for name in directory.names():
        try:
            inner = directory.enter(name)
        except NotADirectoryError:
            file = directory.open(name)
            found[path + name] = file.read(0, file.size())
        else:
            found |= {path + name: None} | paths(inner, f"{path}{name}/")
    return found


def survival(storage: MemoryStorage) -> Survival:
    """What may survive a cut right behind the last operation."""
    found = Survival()
    for operation in storage.log:
        found.follow(operation)
    return found


def states(storage: MemoryStorage, most: int = MOST) -> list[dict[str, bytes | None]]:
    """The trees that a cut right now may leave."""
    return [tree(image) for image in survival(storage).images(most, random.Random(1))]


def storage_with(name: str, data: bytes) -> tuple[MemoryStorage, MemoryDirectory]:
    """A storage with one durable file."""
    storage = MemoryStorage()
    file = storage.root().create(name)
    file.append(data)
    file.sync()
    storage.root().sync()
    return storage, storage.root()


def test_what_is_synced_survives_as_it_is() -> None:
    """One state, once the file and its name are synced."""
    storage, _ = storage_with("a", b"x" * 5000)
    assert states(storage) == [{"a": b"x" * 5000}]
    assert survival(storage).exhaustive(1)


def test_a_sync_of_a_file_does_not_save_its_name() -> None:
    """The directory has to be synced too."""
    storage = MemoryStorage()
    file = storage.root().create("a")
    file.append(b"x")
    file.sync()
    assert states(storage) == [{}, {"a": b"x"}]


def test_each_page_survives_on_its_own() -> None:
    """Two pages: each there or not, the last one torn at any sector, the size ahead of the bytes or not."""
    storage, root = storage_with("a", b"")
    root.open("a").append(b"1" * PAGE + b"2" * PAGE)
    first, second, none = b"1" * PAGE, b"2" * PAGE, bytes(PAGE)
    found = {state["a"] for state in states(storage)}
    assert {b"", first, first + second, none + second, first + none, none + none} <= found
    for sectors in range(1, PAGE // SECTOR):
        torn = sectors * SECTOR
        assert {first[:torn], first + second[:torn], none + second[:torn], first[:torn].ljust(2 * PAGE, b"\0")} <= found
    wholes = {b"", first, first + second, none + second, first + none, none + none}
    assert len(found) == len(wholes) + 7 * (2 + 4)


def test_an_append_in_the_middle_of_a_page_never_harms_what_was_synced() -> None:
    """The tear is at a sector of the page: bytes that were durable before stay."""
    storage, root = storage_with("a", b"s" * 700)
    root.open("a").append(b"n" * 1000)
    found = {state["a"] or b"" for state in states(storage)}
    assert all(data.startswith(b"s" * 700) for data in found)
    assert b"s" * 700 + b"n" * (2 * SECTOR - 700) in found
    assert b"s" * 700 in found


def test_names_survive_one_by_one_until_their_directory_is_synced() -> None:
    """Made and removed names, in any combination."""
    storage, root = storage_with("a", b"a")
    root.create("b")
    root.remove("a")
    assert states(storage) == [{"a": b"a"}, {"a": b"a", "b": b""}, {}, {"b": b""}]


def test_a_rename_in_a_directory_is_atomic() -> None:
    """The old bytes or the new ones under the name, never none."""
    storage, root = storage_with("a", b"old")
    file = root.create("a.new")
    file.append(b"new")
    file.sync()
    root.rename("a.new", "a")
    found = states(storage)
    assert {frozenset(state.items()) for state in found} == {
        frozenset({("a", b"old")}),
        frozenset({("a", b"old"), ("a.new", b"new")}),
        frozenset({("a", b"new")}),
    }


def test_a_rename_whose_file_was_not_synced_may_leave_it_empty() -> None:
    """The landmine that `durable.replace` has its first sync for."""
    storage, root = storage_with("a", b"old")
    root.create("a.new").append(b"new")
    root.rename("a.new", "a")
    root.sync()
    assert {state["a"] for state in states(storage)} == {b"", b"new", b"\0\0\0"}


def two_directories() -> tuple[MemoryStorage, MemoryDirectory, MemoryDirectory]:
    """A directory ``r`` inside ``from``, and an empty directory ``to``."""
    storage = MemoryStorage()
    root = storage.root()
    source, target = root.enter("from", create=True), root.enter("to", create=True)
    source.enter("r", create=True)
    source.sync()
    root.sync()
    source.rename("r", "r", target)
    return storage, source, target


def test_a_rename_into_another_directory_never_loses_both_names() -> None:
    """Old, new, or both."""
    storage, _, target = two_directories()
    base = {"from": None, "to": None}
    assert states(storage) == [
        base | {"from/r": None},
        base | {"from/r": None, "to/r": None},
        base | {"to/r": None},
    ]
    target.sync()
    assert states(storage) == [base | {"from/r": None, "to/r": None}, base | {"to/r": None}]


def test_syncing_only_the_old_directory_may_lose_what_was_moved() -> None:
    """That is why the new one is synced first."""
    storage, source, _ = two_directories()
    source.sync()
    assert {"from": None, "to": None} in states(storage)


def test_beyond_the_bound_come_the_corners_and_then_some() -> None:
    """A long append: nothing, all, each page alone and each missing are always among them; the rest is drawn from the seed."""
    storage, root = storage_with("a", b"")
    pages = 17
    root.open("a").append(b"".join(bytes([index + 1]) * PAGE for index in range(pages)))
    whole = b"".join(bytes([index + 1]) * PAGE for index in range(pages))
    assert not survival(storage).exhaustive(2000)
    found = {state["a"] or b"" for state in states(storage, 2000)}
    assert {b"", whole, whole[: 3 * PAGE], whole.replace(b"\x05" * PAGE, bytes(PAGE))} <= found
    assert 1000 < len(found) <= 2000
    again = {state["a"] or b"" for state in states(storage, 2000)}
    assert found == again


def test_like_states_are_one() -> None:
    """A digest tells trees apart, not the numbers of their nodes; an empty file is no empty directory."""
    one, other = MemoryStorage(), MemoryStorage()
    one.root().create("x")
    one.root().enter("y", create=True)
    other.root().enter("y", create=True)
    other.root().create("x")
    (first,) = [image for image in survival(one).images(MOST, random.Random(1)) if len(tree(image)) == 2]
    (second,) = [image for image in survival(other).images(MOST, random.Random(1)) if len(tree(image)) == 2]
    assert first.digest == second.digest
    file, directory = MemoryStorage(), MemoryStorage()
    file.root().create("x")
    directory.root().enter("x", create=True)
    digests = [{image.digest for image in survival(each).images(MOST, random.Random(1))} for each in (file, directory)]
    assert len(digests[0] & digests[1]) == 1  # the empty storage


@pytest.mark.parametrize("seed", range(5))
def test_the_harshest_state_is_what_the_storage_itself_keeps(seed: int) -> None:
    """`MemoryStorage.crash` is one of the states: the one in which nothing unsynced survives."""
    chance = random.Random(seed)
    storage = MemoryStorage()
    root = storage.root()
    directories = [root, root.enter("d", create=True)]
    for step in range(40):
        here, there = chance.choice(directories), chance.choice(directories)
        files = [name for name in here.names() if name != "d"]
        act = chance.randrange(6)
        if act == 0 or not files:
            here.create(f"{step}")
        elif act == 1:
            here.open(chance.choice(files)).append(chance.randbytes(chance.randrange(9000)))
        elif act == 2:
            here.open(chance.choice(files)).sync()
        elif act == 3:
            here.sync()
        elif act == 4:
            here.rename(chance.choice(files), f"r{step}", there)
        else:
            here.remove(chance.choice(files))
    harshest = next(survival(storage).images(1000, chance))
    assert tree(harshest) == paths(storage.crash().root())


def test_an_image_becomes_a_storage_again() -> None:
    """All of it durable, with its room accounted for, and new nodes get numbers of their own."""
    storage, root = storage_with("a", b"a" * 5000)
    root.enter("d", create=True).create("b").append(b"b")
    (image, *_) = survival(storage).images(MOST, random.Random(1))
    again = MemoryStorage.holding(image, 1 << 20)
    assert again.space().free == (1 << 20) - 2 * PAGE
    file = again.root().create("new")
    file.append(b"n")
    file.sync()
    again.root().sync()
    followed = Survival(image)
    for operation in again.log:
        followed.follow(operation)
    (only,) = followed.images(MOST, random.Random(1))
    assert tree(only) == tree(image) | {"new": b"n"}
    assert again.crash().root().names() == ["a", "new"]
