"""Ways to a tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.evidence_maker import Camera
from tests.evidence_maker.recording import Forge
from tests.vector_maker.bases import STORIES, Story, base, tell

Change = Callable[[dict[str, bytes]], object]
"""Changes a tree in place."""

Make = Callable[[], dict[str, bytes]]


def as_it_is(name: str) -> Make:
    """A base without any edit."""
    return changed(name)


def changed(name: str, *changes: Change) -> Make:
    """A base with changes."""

    def make() -> dict[str, bytes]:
        tree = dict(base(name))
        for change in changes:
            change(tree)
        return tree

    return make


def forged(name: str, forge: Callable[[], Forge], *changes: Change) -> Make:
    """The story of a base with a forger at work, made anew each time, for some count."""

    def make() -> dict[str, bytes]:
        story, options = STORIES[name]
        tree = tell(story, forge(), **options)
        for change in changes:
            change(tree)
        return tree

    return make


def told(story: Story) -> Make:
    """Another story."""
    return partial(tell, story)


def then(name: str, more: Callable[[Camera], object]) -> Make:
    """The story of a base that goes on."""
    story, options = STORIES[name]

    def longer(camera: Camera) -> None:
        story(camera)
        more(camera)

    return partial(tell, longer, **options)


# -- changes -----------------------------------------------------------------------------------------------------------


def remove(*paths: str) -> Change:
    """Files that are gone, or folders with all that is in them."""

    def change(tree: dict[str, bytes]) -> None:
        for path in [each for each in tree if each in paths or each.startswith(tuple(f"{path}/" for path in paths))]:
            del tree[path]

    return change


def put(path: str, data: bytes) -> Change:
    """A file that is another one, or new."""

    def change(tree: dict[str, bytes]) -> None:
        tree[path] = data

    return change


def copy(source: str, target: str) -> Change:
    """A file at another place, too."""

    def change(tree: dict[str, bytes]) -> None:
        tree[target] = tree[source]

    return change


def move(source: str, target: str) -> Change:
    """A file or a folder at another place."""

    def change(tree: dict[str, bytes]) -> None:
        for path in [each for each in tree if each == source or each.startswith(f"{source}/")]:
            tree[target + path[len(source) :]] = tree.pop(path)

    return change


def swap(one: str, other: str) -> Change:
    """Two files or folders that change places."""

    def change(tree: dict[str, bytes]) -> None:
        move(one, "swapped")(tree)
        move(other, one)(tree)
        move("swapped", other)(tree)

    return change


def edit(path: str, how: Callable[[bytes], bytes]) -> Change:
    """A file with other bytes."""

    def change(tree: dict[str, bytes]) -> None:
        after = how(tree[path])
        assert after != tree[path], path
        tree[path] = after

    return change


def flip(path: str, at: float, mask: int = 1) -> Change:
    """One byte: the ``at``-th, from the end if it is negative, or at a fraction of the length."""

    def how(data: bytes) -> bytes:
        place = int(len(data) * at) if 0 < at < 1 else int(at) % len(data)
        return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]

    return edit(path, how)
