"""A file system as a log of plain operations: what they make of it, and what of that would survive a power cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

ROOT = 0


@dataclass(frozen=True, slots=True)
class Create:
    """A file or directory of the new number ``node`` gets a name in a directory."""

    directory: int
    name: str
    node: int
    is_directory: bool


@dataclass(frozen=True, slots=True)
class Append:
    """Bytes are added to a file."""

    node: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Rename:
    """A name moves, replacing what had the new one."""

    directory: int
    name: str
    into: int
    new: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A name goes."""

    directory: int
    name: str


@dataclass(frozen=True, slots=True)
class Sync:
    """A file's bytes, or a directory's names, become durable."""

    node: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Nothing changes: a test notes what somebody was told at this point."""

    note: str


Operation = Create | Append | Rename | Remove | Sync | Mark


@dataclass(slots=True)
class FileNode:
    """A file's bytes, and how many of them are durable."""

    data: bytearray = field(default_factory=bytearray)
    durable: int = 0

    def sync(self) -> None:
        """Make the bytes durable."""
        self.durable = len(self.data)


@dataclass(slots=True)
class DirectoryNode:
    """A directory's names, and the durable ones."""

    names: dict[str, int] = field(default_factory=dict)
    durable: dict[str, int] = field(default_factory=dict)

    def sync(self) -> None:
        """Make the names durable."""
        self.durable = dict(self.names)


Node = FileNode | DirectoryNode


class Volume:
    """Files and directories by number.

    The model of durability is the harshest that a file system may be: unsynced bytes are gone, unsynced names are
    undone one directory at a time, and a file's sync does not save its name.
    """

    def __init__(self, nodes: Mapping[int, Node] | None = None) -> None:
        """An empty root directory, or these nodes."""
        self._nodes: dict[int, Node] = dict(nodes or {ROOT: DirectoryNode()})
        self._next = max(self._nodes) + 1

    def __getitem__(self, number: int) -> Node:
        """A file or directory."""
        return self._nodes[number]

    def new_number(self) -> int:
        """A number that no file or directory ever had."""
        return self._next

    def file(self, number: int) -> FileNode:
        """A file."""
        node = self._nodes[number]
        if not isinstance(node, FileNode):
            raise IsADirectoryError(number)
        return node

    def directory(self, number: int) -> DirectoryNode:
        """A directory."""
        node = self._nodes[number]
        if not isinstance(node, DirectoryNode):
            raise NotADirectoryError(number)
        return node

    def apply(self, operation: Operation) -> int | None:
        """Carry out an operation that is known to be possible: the number of the node that lost its name, if one did.

        Such a node stays: a handle may be open on it, and its name may still be durable.
        """
        match operation:
            case Create(directory, name, node, is_directory):
                self._nodes[node] = DirectoryNode() if is_directory else FileNode()
                self._next = max(self._next, node + 1)
                self.directory(directory).names[name] = node
            case Append(node, data):
                self.file(node).data += data
            case Rename(directory, name, into, new):
                node = self.directory(directory).names.pop(name)
                replaced = self.directory(into).names.get(new)
                self.directory(into).names[new] = node
                return replaced
            case Remove(directory, name):
                return self.directory(directory).names.pop(name)
            case Sync(node):
                self._nodes[node].sync()
            case Mark():
                pass
        return None

    def forget(self, held: Iterable[int]) -> None:
        """Let go of the files and directories to which no name leads, durable or not, and that are not ``held`` open."""
        kept, found = {*held}, [ROOT]
        while found:
            node = self._nodes[found.pop()]
            if isinstance(node, DirectoryNode):
                fresh = {*node.names.values(), *node.durable.values()} - kept
                kept |= fresh
                found += [each for each in fresh if each in self._nodes]
        self._nodes = {number: node for number, node in self._nodes.items() if number in kept or number == ROOT}

    @property
    def bytes(self) -> int:
        """Bytes that all files hold in memory, those that lost their names too."""
        return sum(len(node.data) for node in self._nodes.values() if isinstance(node, FileNode))

    def durable(self, number: int = ROOT, copy: int = ROOT) -> Iterator[Operation]:
        """The operations that make the durable part of a directory again, as number ``copy``, and all of it synced."""
        following = copy
        for name, child in sorted(self.directory(number).durable.items()):
            node, following = self._nodes[child], following + 1
            yield Create(copy, name, following, isinstance(node, DirectoryNode))
            if isinstance(node, FileNode):
                yield Append(following, bytes(node.data[: node.durable]))
                yield Sync(following)
                continue
            for operation in self.durable(child, following):
                yield operation
                following = max(following, operation.node) if isinstance(operation, Create) else following
        yield Sync(copy)
