"""Every state that a power cut may leave of a storage, made from the log of its operations.

The model is harsher than any file system that keeps what it synced.  Until its file is synced each page of what was
appended is there or is not, on its own; the last one that is there may be torn at a sector; the size may be ahead of
the bytes, which then read as zeros.  Until its directory is synced each change of a name has happened or has not, on
its own, and a file's sync does not save its name.  Two mercies only: a rename inside one directory is atomic, and one
into another directory never takes the old name before it gives the new one, unless the old directory alone was synced.

Where the states of one moment are no more than a bound, all of them come; beyond it the corners (nothing, all, each
one alone, each one missing, each prefix) and then random ones, from a seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from hal.sim.unsynced import Change, Kept, Unsynced, UnsyncedDirectory, UnsyncedFile, Way, digest
from hal.sim.volume import ROOT, Append, Create, Operation, Remove, Rename, Sync

_MANY = 1 << 62


@dataclass(frozen=True, slots=True)
class Image:
    """A storage as it comes back: names by directory and bytes by file, both by number.  ``digests``, of each of them, are the same
    for the same names and bytes below it, whatever the numbers."""

    directories: Mapping[int, Mapping[str, int]]
    files: Mapping[int, bytes]
    digests: Mapping[int, bytes]

    @property
    def digest(self) -> bytes:
        """That of the whole."""
        return self.digests[ROOT]

    def find(self, *path: str) -> int | None:
        """The number of what stands at a path; None where there is nothing."""
        number = ROOT
        for name in path:
            if name not in self.directories.get(number, {}):
                return None
            number = self.directories[number][name]
        return number

    def names(self, *path: str) -> list[str]:
        """The names in the directory at a path, sorted; none where there is no directory."""
        number = self.find(*path)
        return sorted(self.directories.get(number, {})) if number is not None else []


class Survival:
    """Follows a log, and tells at any moment what a cut right then may leave."""

    def __init__(self, image: Image | None = None) -> None:
        """An empty storage, or ``image`` with all of it synced."""
        self._files: dict[int, UnsyncedFile] = {}
        self._directories: dict[int, UnsyncedDirectory] = {ROOT: UnsyncedDirectory()}
        if image is not None:
            self._files = {number: UnsyncedFile.of(data, image.digests[number]) for number, data in image.files.items()}
            self._directories = {number: UnsyncedDirectory(dict(names)) for number, names in image.directories.items()}
        self._names: dict[int, dict[str, int]] = {
            number: dict(directory.synced) for number, directory in self._directories.items()
        }

    def follow(self, operation: Operation) -> None:
        """One more operation took place."""
        match operation:
            case Create(directory, name, node, is_directory):
                if is_directory:
                    self._directories[node], self._names[node] = UnsyncedDirectory(), {}
                else:
                    self._files[node] = UnsyncedFile()
                self._change(directory, (name, node))
            case Append(node, data):
                self._files[node].append(data)
            case Rename(directory, name, into, new) if directory == into:
                self._change(directory, (name, None), (new, self._names[directory][name]))
            case Rename(directory, name, into, new):
                given = self._change(into, (new, self._names[directory][name]))
                self._change(directory, (name, None), after=given)
            case Remove(directory, name):
                self._change(directory, (name, None))
            case Sync(node) if node in self._files:
                self._files[node].sync()
            case Sync(node):
                self._directories[node].synced = dict(self._names[node])
                self._directories[node].changes.clear()

    def images(self, most: int, chance: random.Random) -> Iterator[Image]:
        """What a cut now may leave: all states, each once, where they are at most ``most`` (counted before like ones are told
        apart), else about ``most`` of them.  The first is the one in which nothing unsynced survives."""
        loose = self._loose()
        parts = [part for _, part in loose]
        seen: set[bytes] = set()
        for ways in self._ways(parts, most, chance):
            image = self._image({number: way for (number, _), way in zip(loose, ways, strict=True)})
            if image.digest not in seen:
                seen.add(image.digest)
                yield image

    def everything(self) -> Image:
        """The state in which all of it survives."""
        full = {
            number: Kept((1 << len(part.pages)) - 1) if isinstance(part, UnsyncedFile) else part.count() - 1
            for number, part in self._loose()
        }
        return self._image(full)

    def nothing(self) -> Image:
        """The state in which nothing unsynced survives."""
        return self._image({number: Kept(0) if isinstance(part, UnsyncedFile) else 0 for number, part in self._loose()})

    def exhaustive(self, most: int) -> bool:
        """Whether ``images`` gives all states of this moment."""
        return _product([part for _, part in self._loose()]) <= most

    def _loose(self) -> list[tuple[int, Unsynced]]:
        """What is not synced."""
        found: list[tuple[int, Unsynced]] = [
            (number, part) for number, part in self._directories.items() if part.changes
        ]
        return [*found, *((number, part) for number, part in self._files.items() if part.pages)]

    @staticmethod
    def _ways(parts: Sequence[Unsynced], most: int, chance: random.Random) -> Iterator[tuple[Way, ...]]:
        if _product(parts) <= most:
            yield from itertools.product(*(tuple[Way, ...](part.every()) for part in parts))
            return
        nothing, *corners = _corners(parts)
        chosen = [nothing, *(corners if len(corners) < most // 2 else chance.sample(corners, most // 2))]
        yield from chosen
        for _ in range(most - len(chosen)):
            yield tuple(part.some(chance) for part in parts)

    def _change(self, directory: int, *names: tuple[str, int | None], after: Change | None = None) -> Change:
        for name, node in names:
            if node is None:
                del self._names[directory][name]
            else:
                self._names[directory][name] = node
        return self._directories[directory].change(*names, after=after)

    def _image(self, ways: Mapping[int, Way]) -> Image:
        lost = {
            id(change)
            for number, directory in self._directories.items()
            for index, change in enumerate(directory.changes)
            if not _happened(ways[number], index)
        }
        found = _Walk(self._files, self._directories, ways, lost)
        found.directory(ROOT)
        return Image(found.directories, found.files, found.digests)


@dataclass(slots=True)
class _Walk:
    """Numbers what survives anew, from the top down.  What two names lead to comes back twice, as a repaired file system has it."""

    unsynced_files: Mapping[int, UnsyncedFile]
    unsynced_directories: Mapping[int, UnsyncedDirectory]
    ways: Mapping[int, Way]
    lost: AbstractSet[int]
    directories: dict[int, dict[str, int]] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)

    def directory(self, number: int) -> int:
        """Take in a directory; its new number."""
        new = self._next()
        names: dict[str, int] = {}
        self.directories[new] = names
        parts = []
        for name, child in sorted(self.unsynced_directories[number].survivor(self.lost).items()):
            inner = child in self.unsynced_directories
            names[name] = self.directory(child) if inner else self._file(child)
            parts.append(name.encode() + (b"/" if inner else b"\0") + self.digests[names[name]])
        self.digests[new] = digest(b"".join(parts))
        return new

    def _file(self, number: int) -> int:
        new, way = self._next(), self.ways.get(number)
        kept = way if isinstance(way, Kept) else Kept(0)
        self.files[new], self.digests[new] = self.unsynced_files[number].survivor(kept)
        return new

    def _next(self) -> int:
        return len(self.directories) + len(self.files)


def _corners(parts: Sequence[Unsynced]) -> Iterator[tuple[Way, ...]]:
    """Each edge of each part, while of all others nothing or everything survives."""
    edges = [tuple[Way, ...](part.corners()) for part in parts]
    for index, own in enumerate(edges):
        for way, others in itertools.product(own, (0, 1)):
            yield tuple(way if at == index else other[others] for at, other in enumerate(edges))


def _happened(way: Way, index: int) -> bool:
    return isinstance(way, int) and bool(way >> index & 1)


def _product(parts: Iterable[Unsynced]) -> int:
    total = 1
    for part in parts:
        total = min(_MANY, total * part.count())
    return total
