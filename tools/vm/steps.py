"""Steps of a build that are done once: each has a key made of what goes into it, and a line that says how long it took."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path


class Steps:
    """The steps of one build, in a directory of its own."""

    def __init__(self, directory: Path, tell: Callable[[str], object] = sys.stdout.write) -> None:
        """``tell`` gets a line for each step."""
        self._at = directory
        self._tell = tell
        self._began = time.monotonic()

    def step(self, name: str, key: str, makes: Iterable[Path], do: Callable[[], object]) -> bool:
        """Do it, unless it was done with this key and all that it makes is there; whether it was done now.

        Its key is kept after it is done, so a step that was broken off is done again.
        """
        kept = self._at / f"{name.replace(' ', '-')}.key"
        paths = list(makes)
        began = time.monotonic()
        fresh = not (kept.is_file() and kept.read_text() == key and all(path.exists() for path in paths))
        if fresh:
            kept.unlink(missing_ok=True)
            do()
            kept.write_text(key)
        took = f"{time.monotonic() - began:6.1f} s" if fresh else "  cached"
        self.say(f"{name:<18} {took}")
        return fresh

    def say(self, line: str) -> None:
        """Tell a line, and how long the whole has taken."""
        self._tell(f"{time.monotonic() - self._began:6.1f} s  {line}\n")
        sys.stdout.flush()


def key_of(*parts: str | bytes | Path) -> str:
    """The SHA-256 over texts, bytes, and the names, modes and content of files and of all files below directories."""
    digest = hashlib.sha256()
    for part in parts:
        for name, data in _items(part):
            for each in (name.encode(), data):
                digest.update(len(each).to_bytes(8, "big") + each)
    return digest.hexdigest()


def _items(part: str | bytes | Path) -> Iterable[tuple[str, bytes]]:
    if isinstance(part, str):
        yield "", part.encode()
    elif isinstance(part, bytes):
        yield "", part
    else:
        for path in sorted(part.rglob("*")) if part.is_dir() else [part]:
            name = f"{path.relative_to(part)} {path.lstat().st_mode:o}"
            if path.is_symlink():
                yield name, str(path.readlink()).encode()
            elif path.is_file() and "__pycache__" not in path.parts:
                yield name, path.read_bytes()
