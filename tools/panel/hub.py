"""What all pages see: the newest of everything that can be looked at, and the last lines of what happened.

A page that comes gets all of it at once, and from then on whatever changes, so that no two pages differ for longer than a message takes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from tools.panel.viewer import Page

MOST_PAGES: Final = 16
LOG_LINES: Final = 500
SAID_LINES: Final = 200
VERSION: Final = 1
_FULL: Final = 1013

Document = Mapping[str, Any]


class Hub:
    """Pages come and go; ``tell`` reaches all of them.  ``start`` gives what of the first message never changes."""

    def __init__(self, start: Callable[[], Document]) -> None:
        """Nobody looks."""
        self._start = start
        self._lock = threading.RLock()
        self._pages: set[Page] = set()
        self._cameras: dict[str, Document] = {}
        self._parts: dict[str, Document] = {}
        self._log: deque[Document] = deque(maxlen=LOG_LINES)
        self._said: deque[Document] = deque(maxlen=SAID_LINES)

    def enter(self, page: Page) -> bool:
        """Greet a page; False, and it is sent away, where there are too many."""
        with self._lock:
            if len(self._pages) >= MOST_PAGES:
                page.close(_FULL)
                return False
            self._pages.add(page)
            page.tell(self._hello())
            return True

    def greet(self) -> None:
        """Greet all pages anew: something is there that no message but the first one tells of."""
        with self._lock:
            hello = self._hello()
            for page in self._pages:
                page.tell(hello)

    def leave(self, page: Page) -> None:
        """A page is gone."""
        with self._lock:
            self._pages.discard(page)

    def close(self) -> None:
        """Send all away."""
        with self._lock:
            for page in self._pages:
                page.close()

    @property
    def watched(self) -> bool:
        """Whether anybody looks."""
        return bool(self._pages)

    def camera(self, document: Document) -> None:
        """How a camera stands; told if that is new."""
        with self._lock:
            if self._cameras.get(document["id"]) != document:
                self._cameras[document["id"]] = document
                self._all({"type": "camera", **document}, f"camera {document['id']}")

    def part(self, name: str, document: Document) -> None:
        """How the rack, the recordings or the scenario stand; told if that is new."""
        with self._lock:
            if self._parts.get(name) != document:
                self._parts[name] = document
                self._all({"type": name, **document}, name)

    def log(self, line: Document) -> None:
        """A line of a camera's log."""
        with self._lock:
            self._log.append(line)
            self._all({"type": "log", **line})

    def say(self, who: str, words: str, camera: str | None = None, *, trouble: bool = False) -> None:
        """A line of commentary."""
        with self._lock:
            said = {"at_ms": now_ms(), "who": who, "camera": camera, "words": words, "trouble": trouble}
            self._said.append(said)
            self._all({"type": "said", **said})

    def happen(self, event: Document) -> None:
        """Something that nobody who comes later has to know."""
        with self._lock:
            self._all(event)

    def _hello(self) -> Document:
        return {
            "type": "hello",
            "version": VERSION,
            "at_ms": now_ms(),
            **self._start(),
            "cameras": list(self._cameras.values()),
            **self._parts,
            "log": list(self._log),
            "said": list(self._said),
        }

    def _all(self, message: Document, key: str | None = None) -> None:
        for page in self._pages:
            page.tell(message, key)


def now_ms() -> int:
    """The host's clock."""
    return time.time_ns() // 1_000_000
