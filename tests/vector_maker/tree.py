"""Trees of files in memory, and the difference between two of them.

A vector keeps what differs from a base, since ciphertext cannot be compressed and most forgeries change a few hundred bytes.
"""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Tree = Mapping[str, bytes]
"""Files by their path inside the tree, with ``/`` between names."""

SHORT = 24
"""Two changes with fewer unchanged bytes between them are one."""

WIDTH = 120


class EditError(ValueError):
    """An edit that is spelt wrong or does not fit its base; the text names it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file: a verb, the path, further words, and the lines that stand indented below.

    ================================ ==============================================================================
    ``remove PATH``                  the file is gone
    ``copy PATH SOURCE``             the file is what the *base* has at another path
    ``link PATH TARGET``             a symbolic link stands there instead
    ``folder PATH``                  an empty folder stands there (instead)
    ``replace PATH OFFSET LENGTH``   so many bytes from an offset on (counted after the edits before this one) give way to these in base64,
                                     or to nothing
    ``text PATH``                    the file is these lines, each with one LF
    ``data PATH``                    the file is these bytes in base64
    ================================ ==============================================================================
    """

    verb: str
    path: str
    words: tuple[str, ...] = ()
    body: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As it stands in a vector."""
        head = " ".join((self.verb, self.path, *self.words))
        return "".join(f"{line}\n" for line in (head, *(f" {line}" for line in self.body)))

    def apply(self, tree: dict[str, bytes], base: Tree) -> None:
        """Change ``tree``; ``EditError`` if there is no such file or verb."""
        try:
            match self.verb, self.words:
                case "remove", ():
                    del tree[self.path]
                case "copy", (source,):
                    tree[self.path] = base[source]
                case "link", (target,):
                    tree[self.path] = Link(target.encode())
                case "folder", ():
                    tree[self.path] = FOLDER
                case "replace", (offset, length):
                    old, at = tree[self.path], int(offset)
                    tree[self.path] = old[:at] + self._bytes() + old[at + int(length) :]
                case "text", ():
                    tree[self.path] = "".join(f"{line}\n" for line in self.body).encode()
                case "data", ():
                    tree[self.path] = self._bytes()
                case _:
                    raise EditError(f"not an edit: {str(self).splitlines()[0]}")
        except KeyError as missing:
            raise EditError(f"{self.verb} {self.path}: no file {missing}") from None

    def _bytes(self) -> bytes:
        return base64.b64decode("".join(self.body), validate=True)


class Link(bytes):
    """Instead of a file, a symbolic link to this."""


class Folder(bytes):
    """Instead of a file, a folder with nothing in it."""


FOLDER = Folder()


def read_edits(text: str) -> tuple[Edit, ...]:
    """The edits that stand in a text, as ``str`` writes them."""
    edits: list[Edit] = []
    for line in text.removesuffix("\n").split("\n") if text else ():
        if line.startswith(" ") and edits:
            last = edits.pop()
            edits.append(Edit(last.verb, last.path, last.words, (*last.body, line[1:])))
            continue
        verb, _, rest = line.partition(" ")
        path, *words = rest.split(" ")
        edits.append(Edit(verb, path, tuple(words)))
    return tuple(edits)


def apply(base: Tree, edits: tuple[Edit, ...]) -> dict[str, bytes]:
    """The tree after all edits, in their order."""
    changed = dict(base)
    for edit in edits:
        edit.apply(changed, base)
    return changed


def difference(before: Tree, after: Tree) -> tuple[Edit, ...]:
    """The edits that lead from one tree to the other, in few words; applied they give exactly ``after``."""
    edits = [Edit("remove", path) for path in sorted(before.keys() - after.keys())]
    places = {data: path for path, data in before.items()}
    for path in sorted(after):
        edits += _changed(path, before.get(path), after[path], places)
    return tuple(edits)


def _changed(path: str, old: bytes | None, new: bytes, places: Mapping[bytes, str]) -> Iterator[Edit]:
    if isinstance(new, Link):
        yield Edit("link", path, (new.decode(),))
    elif isinstance(new, Folder):
        yield Edit("folder", path)
    elif old == new:
        return
    elif new and new in places:
        yield Edit("copy", path, (places[new],))
    else:
        runs = [] if old is None else list(_runs(old, new))
        if old is not None and sum(len(piece) for _, _, piece in runs) < len(new) * 3 // 4:
            for at, length, piece in runs:
                yield Edit("replace", path, (str(at), str(length)), _coded(piece))
        else:
            yield _whole(path, new)


def _runs(old: bytes, new: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where bytes of ``old`` give way to others: offset, length, the others."""
    if len(old) != len(new):
        front = _common(old, new)
        back = _common(old[front:][::-1], new[front:][::-1])
        yield front, len(old) - back - front, new[front : len(new) - back]
        return
    places = [at for at, (left, right) in enumerate(zip(old, new, strict=True)) if left != right]
    begin = 0
    for index, at in enumerate(places):
        if index + 1 == len(places) or places[index + 1] - at > SHORT:
            start = places[begin]
            yield start, at + 1 - start, new[start : at + 1]
            begin = index + 1


def _common(left: bytes, right: bytes) -> int:
    """How many bytes both begin with."""
    shorter = min(len(left), len(right))
    if left[:shorter] == right[:shorter]:
        return shorter
    return next(at for at in range(shorter) if left[at] != right[at])


def _whole(path: str, data: bytes) -> Edit:
    """A file as lines where it consists of lines that a reader can see, else in base64."""
    if data.endswith(b"\n") and data.isascii() and all(line.isprintable() for line in data.decode()[:-1].split("\n")):
        return Edit("text", path, body=tuple(data.decode()[:-1].split("\n")))
    return Edit("data", path, body=_coded(data))


def _coded(data: bytes) -> tuple[str, ...]:
    coded = base64.b64encode(data).decode()
    return tuple(coded[at : at + WIDTH] for at in range(0, len(coded), WIDTH))


def read_folder(folder: Path) -> dict[str, bytes]:
    """All files of a folder on disk."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def write_folder(tree: Tree, folder: Path) -> Path:
    """Write a tree to disk; where it goes is where it says."""
    for path, data in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Folder):
            target.mkdir()
        elif isinstance(data, Link):
            target.symlink_to(data.decode())
        else:
            target.write_bytes(data)
    return folder


def read_tar(path: Path) -> dict[str, bytes]:
    """The tree in a tar file."""
    with tarfile.open(path) as tar:
        members = [(member.name, tar.extractfile(member)) for member in tar.getmembers()]
        return {name: file.read() for name, file in members if file is not None}


def write_tar(tree: Tree, path: Path) -> None:
    """A tar file that is the same for the same tree."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(tree.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
