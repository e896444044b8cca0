"""What a request is answered with: the page's files, films, and refusals."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.panel.ranges import UnsatisfiableError, wanted

TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""What is served of the page's folder."""
FILMS: Final = "/films/"
_FRONT: Final = "index.html"
_LARGEST: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file: its first byte, and how many."""

    path: Path
    begin: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers beside those on every answer, and the body."""

    status: int
    body: bytes | Part = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.body.length if isinstance(self.body, Part) else len(self.body)


def refused(status: int, why: str) -> Answer:
    """A refusal in words."""
    return Answer(status, f"{why}\n".encode(), {"Content-Type": "text/plain; charset=utf-8"})


def read_page(folder: Path) -> dict[str, Answer]:
    """Every file of the page, by its address.  What is not in this table is not served: no path of a request ever reaches the file
    system."""
    found: dict[str, Answer] = {}
    for path in sorted(folder.rglob("*")):
        kind = TYPES.get(path.suffix)
        if kind is not None and path.is_file() and path.stat().st_size <= _LARGEST:
            found[f"/{path.relative_to(folder).as_posix()}"] = Answer(200, path.read_bytes(), {"Content-Type": kind})
    if f"/{_FRONT}" in found:
        found["/"] = found[f"/{_FRONT}"]
    return found


class Answers:
    """Answers requests for ``page`` and for films, of which ``film`` knows the path by the name: None for one that there is not."""

    def __init__(self, page: Mapping[str, Answer], film: Callable[[str], Path | None]) -> None:
        """Read nothing yet."""
        self._page = page
        self._film = film

    def __call__(self, path: str, range_: str | None) -> Answer:
        """The answer to GET; that to HEAD is the same without its body."""
        if path in self._page:
            return self._page[path]
        film = self._film(path.removeprefix(FILMS)) if path.startswith(FILMS) else None
        if film is None:
            return refused(404, "there is no such thing here")
        try:
            return _part(film, range_)
        except OSError as error:
            return refused(404, f"the film cannot be read: {error.strerror}")


def _part(film: Path, range_: str | None) -> Answer:
    size = os.stat(film).st_size  # noqa: PTH116 - its error is an OSError as well, and it is read at once
    headers = {"Content-Type": "video/mp4", "Accept-Ranges": "bytes"}
    try:
        asked = wanted(range_, size)
    except UnsatisfiableError:
        return Answer(416, b"", {**headers, "Content-Range": f"bytes */{size}"})
    if asked is None:
        return Answer(200, Part(film, 0, size), headers)
    begin, length = asked
    return Answer(
        206, Part(film, begin, length), {**headers, "Content-Range": f"bytes {begin}-{begin + length - 1}/{size}"}
    )
