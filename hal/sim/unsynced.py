"""What of a file or a directory is not synced yet, and the ways in which it may survive a cut."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

PAGE = 4096
SECTOR = 512
_TEARS = PAGE // SECTOR


@dataclass(frozen=True, slots=True)
class Kept:
    """What survives of a file's unsynced pages: which ones by bit, how many sectors of the last one (0: all of it), and whether the
    size is ahead of the bytes."""

    pages: int
    sectors: int = 0
    ahead: bool = False


@dataclass(slots=True)
class UnsyncedFile:
    """A file's synced bytes, and the pages that are not."""

    synced: bytes = b""
    pages: list[tuple[int, bytes]] = field(default_factory=list)
    _read: dict[Kept | None, tuple[bytes, bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes, known: bytes) -> UnsyncedFile:
        """A file with all of its bytes synced, whose digest is known."""
        return cls(data, _read={None: (data, known)})

    @property
    def size(self) -> int:
        """Bytes written."""
        return self.pages[-1][0] + len(self.pages[-1][1]) if self.pages else len(self.synced)

    def append(self, data: bytes) -> None:
        """Add unsynced bytes, page by page."""
        at, rest = self.size, memoryview(data)
        while rest:
            step = min(PAGE - at % PAGE, len(rest))
            self.pages.append((at, bytes(rest[:step])))
            at, rest = at + step, rest[step:]
        self._read.clear()

    def sync(self) -> None:
        """Make all of it durable."""
        if self.pages:
            self.synced += b"".join(page for _, page in self.pages)
            self.pages.clear()
            self._read.clear()

    def count(self) -> int:
        """How many ways there are to survive, at the most."""
        return (1 << len(self.pages)) * _TEARS * 2 if self.pages else 1

    def every(self) -> Iterator[Kept]:
        """All of them, each once."""
        full = 1 << len(self.pages)
        for pages in range(full):
            for sectors in range(_TEARS) if pages else (0,):
                yield Kept(pages, sectors)
                if sectors or pages < full >> 1:
                    yield Kept(pages, sectors, ahead=True)

    def corners(self) -> Iterator[Kept]:
        """Those at the edges."""
        number = len(self.pages)
        full = (1 << number) - 1
        prefixes = [(1 << each) - 1 for each in range(number + 1)]
        alone = [1 << each for each in range(number)]
        for pages in dict.fromkeys((0, full, *prefixes, *alone, *(full ^ each for each in alone))):
            for sectors in (0, 1, _TEARS - 1) if pages else (0,):
                yield Kept(pages, sectors)
                yield Kept(pages, sectors, ahead=True)

    def some(self, chance: random.Random) -> Kept:
        """Any of them."""
        return Kept(
            chance.getrandbits(len(self.pages)) if self.pages else 0,
            chance.randrange(_TEARS),
            bool(chance.getrandbits(1)),
        )

    def survivor(self, kept: Kept) -> tuple[bytes, bytes]:
        """The bytes that come back, and their digest."""
        key = kept if self.pages else None
        if key not in self._read:
            data = self._bytes(kept)
            self._read[key] = data, digest(data)
        return self._read[key]

    def _bytes(self, kept: Kept) -> bytes:
        last = kept.pages.bit_length() - 1
        data = bytearray(self.synced)
        for index, (at, page) in enumerate(self.pages):
            if kept.pages >> index & 1:
                whole = page
                if index == last and kept.sectors:
                    torn = at // PAGE * PAGE + kept.sectors * SECTOR
                    whole = page[: max(0, torn - at)]
                data += bytes(max(0, at - len(data)) if whole else 0)
                data += whole
        if kept.ahead:
            data += bytes(self.size - len(data))
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Change:
    """Names that change in one directory at once; ``after`` is another directory's change that must not be lost alone."""

    names: tuple[tuple[str, int | None], ...]
    after: Change | None = None


@dataclass(slots=True)
class UnsyncedDirectory:
    """A directory's synced names, and the changes that are not."""

    synced: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def change(self, *names: tuple[str, int | None], after: Change | None = None) -> Change:
        """Add an unsynced change."""
        self.changes.append(Change(names, after))
        return self.changes[-1]

    def count(self) -> int:
        """How many ways there are to survive."""
        return 1 << len(self.changes)

    def every(self) -> Iterable[int]:
        """All of them: which changes have happened, by bit."""
        return range(1 << len(self.changes))

    def corners(self) -> Iterable[int]:
        """Those at the edges."""
        full = (1 << len(self.changes)) - 1
        alone = [1 << each for each in range(len(self.changes))]
        return dict.fromkeys((0, full, *alone, *(full ^ each for each in alone), *(each - 1 for each in alone)))

    def some(self, chance: random.Random) -> int:
        """Any of them."""
        return chance.getrandbits(len(self.changes)) if self.changes else 0

    def survivor(self, lost: AbstractSet[int]) -> dict[str, int]:
        """The names that come back, without the changes whose ``id`` is ``lost``."""
        names = dict(self.synced)
        for change in self.changes:
            if id(change) in lost or (change.after is not None and id(change.after) in lost):
                continue
            for name, node in change.names:
                if node is None:
                    names.pop(name, None)
                else:
                    names[name] = node
        return names


Unsynced = UnsyncedFile | UnsyncedDirectory
Way = Kept | int
"""How a file or a directory survives."""


def digest(data: bytes) -> bytes:
    """What tells contents apart."""
    return hashlib.blake2b(data, digest_size=16).digest()
