"""What ``strace`` saw of a storage, in the vocabulary of its model: created, appended, renamed, removed, synced.

Judged is every system call that names a path below the storage or holds a descriptor of one.  A call that reads is passed over, one of the
table becomes a ``Step``, and any other is a ``BypassError``: storage was changed in a way that the model does not know, so that no crash state
which the model enumerates stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, NoReturn

STRACE: Final = ("strace", "-f", "--seccomp-bpf", "-y", "-s", "0", "-e", "trace=%file,%desc", "-e", "signal=none")
"""All calls that take a path or a descriptor, with the paths behind the descriptors, of all threads and child processes."""

DELETED: Final = " (deleted)"
# fmt: off
READS: Final = frozenset(
    (
        "access", "close", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fstat", "fstatfs", "getdents",
        "getdents64", "getxattr", "lgetxattr", "lseek", "lstat", "newfstatat", "poll", "pread64", "preadv", "read",
        "readlink", "readlinkat", "readv", "select", "stat", "statfs", "statx",
    )
)
BLIND: Final = frozenset(
    (
        "chdir", "fchdir", "io_setup", "io_submit", "io_uring_enter", "io_uring_setup", "open_by_handle_at",
    )
)
# fmt: on
"""Behind these the trace would no longer show which file is meant."""
HARMLESS_FCNTL: Final = frozenset({"F_DUPFD", "F_DUPFD_CLOEXEC", "F_GETFD", "F_GETFL", "F_SETFD"})

_LINE: Final = re.compile(r"(?:(?P<thread>\d+) +)?(?P<rest>.*)", re.DOTALL)
_CALL: Final = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>.*)", re.DOTALL)
_RESUMED: Final = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)", re.DOTALL)
_UNFINISHED: Final = " <unfinished ...>"
_DESCRIPTOR: Final = re.compile(r"(?:AT_FDCWD|-?\d+)<(?P<path>/.*)>(?P<deleted>\(deleted\))?", re.DOTALL)
_QUOTED: Final = re.compile(r'"(?P<path>(?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(?P<octal>[0-7]{1,3})|\\(?P<letter>.)", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


class BypassError(Exception):
    """Storage was touched in a way that the model does not know; the message holds the line of the trace."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a storage: ``create``, ``mkdir``, ``append`` (detail: bytes), ``rename`` (detail: the new path), ``remove``, ``rmdir``
    or ``sync``, of a path relative to the storage's top, which is ``.``."""

    kind: str
    path: str
    detail: int | str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.path} {self.detail}".rstrip()


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that has returned."""

    name: str
    arguments: tuple[str, ...]
    result: str
    line: str

    @property
    def failed(self) -> bool:
        """Whether it did nothing."""
        return self.result.startswith(("-1", "?"))


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """The calls in the order of their return; what one thread began before another went on is put together again."""
    begun: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line.rstrip("\n"))
        assert match is not None
        thread, rest = match["thread"] or "", match["rest"]
        if rest.endswith(_UNFINISHED):
            begun[thread] = rest.removesuffix(_UNFINISHED)
            continue
        if resumed := _RESUMED.fullmatch(rest):
            rest = begun.pop(thread) + resumed["rest"]
        if call := _CALL.fullmatch(rest):
            yield Call(call["name"], tuple(_split(call["arguments"])), call["result"], rest)


def steps(lines: Iterable[str], top: Path, cwd: Path) -> list[Step]:
    """What happened below ``top``, both paths absolute and without links.  ``BypassError`` where it is not in the vocabulary."""
    reader = _Reader(top, cwd)
    for call in calls(lines):
        reader.see(call)
    return reader.steps


class _Reader:
    """Follows one storage through a trace."""

    def __init__(self, top: Path, cwd: Path) -> None:
        self.steps: list[Step] = []
        self._top, self._cwd = str(top), str(cwd)
        self._sizes: dict[str, int] = {}

    def see(self, call: Call) -> None:
        """Judge one call."""
        if call.failed:
            return
        if call.name in BLIND:
            self._refuse(call, "cannot be followed")
        paths = [inside for path in self._paths(call) if (inside := self._inside(path)) is not None]
        if not paths or call.name in READS:
            return
        action = _ACTIONS.get(call.name)
        if action is None:
            self._refuse(call, "is not in the model's vocabulary")
        action(self, call, paths)

    def open(self, call: Call, paths: list[str]) -> None:
        """Creating a new file is a step, opening to append or to read is none."""
        flags = {flag for argument in call.arguments for flag in argument.split("|") if flag.startswith("O_")}
        writes = bool(flags & {"O_WRONLY", "O_RDWR"})
        if flags & {"O_TRUNC", "O_TMPFILE"} or (writes and "O_APPEND" not in flags):
            self._refuse(call, "may change what is written")
        if "O_CREAT" in flags:
            if "O_EXCL" not in flags:
                self._refuse(call, "does not say whether the file is new")
            self._sizes[paths[-1]] = 0
            self._step("create", paths[-1])

    def write(self, call: Call, paths: list[str]) -> None:
        """Files are open to append only."""
        count = int(call.result)
        self._sizes[paths[0]] = self._sizes.get(paths[0], 0) + count
        self._step("append", paths[0], count)

    def sync(self, _call: Call, paths: list[str]) -> None:
        """Of a file's bytes or a directory's names: the path says which."""
        self._step("sync", paths[0])

    def mkdir(self, _call: Call, paths: list[str]) -> None:
        """A new directory; the top itself is the partition, which is there before anything is in it."""
        if paths[-1] != ".":
            self._step("mkdir", paths[-1])

    def rename(self, call: Call, paths: list[str]) -> None:
        """Both names have to be inside, and nothing but a plain rename is known."""
        names = [each for each in self._paths(call, descriptors=False) if self._inside(each) is not None]
        if len(names) != 2 or any(flag.startswith("RENAME_") for flag in call.arguments):
            self._refuse(call, "is no rename within the storage")
        old, new = (self._inside(each) or "" for each in names)
        self._sizes = {_moved(path, old, new): size for path, size in self._sizes.items() if path != new}
        self._step("rename", old, new)

    def remove(self, call: Call, paths: list[str]) -> None:
        """A file, or a directory."""
        directory = call.name == "rmdir" or "AT_REMOVEDIR" in call.arguments
        self._sizes.pop(paths[-1], None)
        self._step("rmdir" if directory else "remove", paths[-1])

    def fallocate(self, call: Call, _paths: list[str]) -> None:
        """Room is set aside; the size stays."""
        if call.arguments[1] != "FALLOC_FL_KEEP_SIZE":
            self._refuse(call, "changes the size")

    def ftruncate(self, call: Call, paths: list[str]) -> None:
        """Room is given back; the size stays."""
        if int(call.arguments[1]) != self._sizes.get(paths[0]):
            self._refuse(call, f"changes the size, which is {self._sizes.get(paths[0])}")

    def fcntl(self, call: Call, _paths: list[str]) -> None:
        """Whatever might take ``O_APPEND`` away is refused."""
        if call.arguments[1] not in HARMLESS_FCNTL:
            self._refuse(call, "may change how the file is written")

    def mmap(self, call: Call, _paths: list[str]) -> None:
        """Through a shared mapping bytes change unseen."""
        if "MAP_PRIVATE" not in call.arguments[3].split("|"):
            self._refuse(call, "may change the file unseen")

    def _step(self, kind: str, path: str, detail: int | str = "") -> None:
        self.steps.append(Step(kind, path, detail))

    def _refuse(self, call: Call, why: str) -> NoReturn:
        raise BypassError(f"after step {len(self.steps)}, {call.name} {why}: {call.line}")

    def _paths(self, call: Call, *, descriptors: bool = True) -> Iterator[str]:
        """The absolute paths that a call is about; a relative one begins at the descriptor before it."""
        base = self._cwd
        for argument in call.arguments:
            if held := _DESCRIPTOR.fullmatch(argument):
                base = _plain(held["path"])
                if descriptors:
                    yield base + (DELETED if held["deleted"] else "")
            elif (named := _QUOTED.fullmatch(argument)) and (path := _plain(named["path"])):
                yield path if path.startswith("/") else f"{base}/{path}"

    def _inside(self, path: str) -> str | None:
        if path == self._top:
            return "."
        return path[len(self._top) + 1 :] if path.startswith(self._top + "/") else None


_ACTIONS: Final[MappingProxyType[str, Callable[[_Reader, Call, list[str]], None]]] = MappingProxyType(
    {
        "fallocate": _Reader.fallocate,
        "fcntl": _Reader.fcntl,
        "fdatasync": _Reader.sync,
        "fsync": _Reader.sync,
        "ftruncate": _Reader.ftruncate,
        "mkdir": _Reader.mkdir,
        "mkdirat": _Reader.mkdir,
        "mmap": _Reader.mmap,
        "open": _Reader.open,
        "openat": _Reader.open,
        "rename": _Reader.rename,
        "renameat": _Reader.rename,
        "renameat2": _Reader.rename,
        "rmdir": _Reader.remove,
        "unlink": _Reader.remove,
        "unlinkat": _Reader.remove,
        "write": _Reader.write,
    }
)


def _moved(path: str, old: str, new: str) -> str:
    """Where a path is after ``old`` has become ``new``."""
    return new + path[len(old) :] if path == old or path.startswith(old + "/") else path


def _split(arguments: str) -> Iterator[str]:
    """The arguments, apart at the commas that stand in no string and no bracket."""
    depth, quoted, start, index = 0, False, 0, 0
    while index < len(arguments):
        letter = arguments[index]
        if letter == "\\":
            index += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "[{(<":
            depth += 1
        elif not quoted and letter in "]})>":
            depth -= 1
        elif letter == "," and not quoted and not depth:
            yield arguments[start:index].strip()
            start = index + 1
        index += 1
    yield arguments[start:].strip()


def _plain(text: str) -> str:
    """A path as strace writes it, without its escapes."""

    def letter(match: re.Match[bytes]) -> bytes:
        if match["octal"]:
            return bytes([int(match["octal"], 8)])
        return _LETTERS.get(match["letter"], match["letter"])

    return _ESCAPE.sub(letter, text.encode()).decode(errors="surrogateescape")
