"""Time stamps for what is stored: asked for after the receipt, on a thread of their own, and again where one is
missing.

Nobody waits for them: a camera's receipt and its erasure are the same with an authority, without one, and with one that
hangs.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from pathlib import Path

from tools.dock import durable
from tools.dock.events import DockEvent, Emit, Kind
from tools.dock.store import INCOMING, MANIFEST, RECEIPT, STAMP, Store
from tools.dock.timing.tsa import StampError, TimeStamper

PARTING_S = 15.0
_NOT_EVIDENCE = ".damaged-"


def wanting(recordings: Path) -> list[Path]:
    """The recordings in this directory that were receipted and have no time stamp."""
    return [
        each
        for each in sorted(recordings.iterdir())
        if _NOT_EVIDENCE not in each.name
        and (each / MANIFEST).is_file()
        and (each / RECEIPT).is_file()
        and not (each / STAMP).exists()
    ]


def everything_wanting(store: Store) -> list[Path]:
    """The same for a whole store."""
    folders = [each for each in sorted(store.root.glob("*/*/recordings")) if each.parts[-3] != INCOMING]
    return [each for folder in folders for each in wanting(folder)]


def stamp(stamper: TimeStamper, store: Store, recording: Path) -> None:
    """Get a time stamp over a recording's manifest and store it beside; ``StampError``, or ``OSError`` where the store
    cannot be used.

    It appears whole or not at all: what is not finished lies elsewhere.
    """
    data = (recording / MANIFEST).read_bytes()
    reply = stamper.stamp(data)
    unfinished = store.root / INCOMING / f"{hashlib.sha256(str(recording).encode()).hexdigest()[:16]}.tsr"
    durable.make_directory(unfinished.parent)
    durable.write(unfinished, reply)
    durable.move(unfinished, recording / STAMP)


class Stamping:
    """Works through what is asked for, one after the other."""

    def __init__(self, stamper: TimeStamper, store: Store, emit: Emit) -> None:
        """Begin; ``emit`` hears of each time stamp, on this one's thread."""
        self._stamper = stamper
        self._store = store
        self._emit = emit
        self._waiting: deque[Path] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="dock-stamps", daemon=True)
        self._thread.start()

    def ask(self, recording: Path) -> None:
        """Stamp this one soon."""
        with self._changed:
            if recording not in self._waiting:
                self._waiting.append(recording)
                self._changed.notify()

    def sweep(self, recordings: Path) -> None:
        """Stamp whatever lacks a time stamp in this directory."""
        for recording in wanting(recordings):
            self.ask(recording)

    def close(self, within_s: float = PARTING_S) -> None:
        """Finish what is asked for, as far as that goes in some seconds; the rest is asked for at another docking."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(within_s)

    def _work(self) -> None:
        while (recording := self._next()) is not None:
            device, item = recording.parts[-4], recording.name
            try:
                if not (recording / STAMP).exists():
                    stamp(self._stamper, self._store, recording)
                    self._store.copies.later(recording / STAMP)
                    self._emit(DockEvent(Kind.STAMPED, device, {"item": item}))
            except StampError as error:
                with self._changed:
                    self._waiting.clear()  # one that hangs would hang for each of them
                self._emit(DockEvent(Kind.UNSTAMPED, device, {"item": item, "text": str(error)}))
            except OSError as error:
                text = f"the store cannot be used: {error.strerror or error}"
                self._emit(DockEvent(Kind.UNSTAMPED, device, {"item": item, "text": text}))

    def _next(self) -> Path | None:
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            return self._waiting.popleft()
