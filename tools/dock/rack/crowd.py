"""How many are let in: cameras that were believed have seats, strangers who have yet to show who they are have few, and
few of them each slot."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from firmware.dock.errors import DockError

MOST_CAMERAS = 40
"""Cameras on one dock computer, whatever number of links each has."""

MOST_SESSIONS = 8
"""Of one camera."""

MOST_STRANGERS = 64
"""Connections whose handshake is not over, of all slots together."""

MOST_AT_A_SLOT = 8
"""Of one slot."""


class FullError(DockError):
    """The dock has no room for another camera, or for another link of this one.  Neither side is at fault."""


class Crowd:
    """Who is in.  May be used from any thread."""

    def __init__(self, cameras: int = MOST_CAMERAS) -> None:
        """Nobody is in; at most so many cameras will be."""
        self._cameras = cameras
        self._lock = threading.Lock()
        self._strangers: Counter[str] = Counter()
        self._seated: Counter[str] = Counter()

    def enter(self, slot: str, *, most: int = MOST_AT_A_SLOT) -> str:
        """Let one more stranger in at this slot; empty if that is done, else why it is turned away."""
        with self._lock:
            if self._strangers[slot] >= most:
                return f"{self._strangers[slot]} connections from this slot have not shown who they are yet"
            if self._strangers.total() >= MOST_STRANGERS:
                return f"{MOST_STRANGERS} connections have not shown who they are yet"
            self._strangers[slot] += 1
            return ""

    def leave(self, slot: str) -> None:
        """One that entered is a stranger no more, or went away."""
        with self._lock:
            self._strangers[slot] -= 1
            self._strangers += Counter()  # keep no slot with none

    @contextmanager
    def seat(self, device: str) -> Iterator[None]:
        """Seat one session of a camera that was believed; ``FullError`` where there is no room."""
        with self._lock:
            if self._seated[device] >= MOST_SESSIONS:
                raise FullError(f"{device} has {MOST_SESSIONS} links to this dock already")
            if device not in self._seated and len(self._seated) >= self._cameras:
                raise FullError(f"{self._cameras} cameras are in this dock already")
            self._seated[device] += 1
        try:
            yield
        finally:
            with self._lock:
                self._seated[device] -= 1
                if not self._seated[device]:
                    del self._seated[device]
