"""A slot of a reference dock in this process, with a cable that ends where a simulated camera can be plugged in."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from tools.dock.dock import Dock
from tools.dock.events import TROUBLE, DockEvent, Emit, Kind
from tools.dock.face import display
from tools.dock.identity import DockIdentity, SetupError
from tools.dock.store import Store, StoreError
from tools.dock.timing.timeword import Voucher
from tools.dock.visit import Desk
from tools.sim.cable import Cable
from tools.sim.heard import Heard

TOLD: Final = frozenset({Kind.ACCEPTED, Kind.ASSIGNED, Kind.STOCK, Kind.RECEIPTED, Kind.LOST, Kind.ANCHORED}) | TROUBLE
"""What a dock does that is worth a line."""


def in_words(event: DockEvent) -> str:
    """An event as a line for people; empty for one that is not worth it.  There is one slot: it needs no name."""
    return display.in_words(replace(event, slot="")) or "" if event.kind in TOLD else ""


def style(event: DockEvent) -> str:
    """How such a line looks."""
    return "bold red" if event.kind in TROUBLE else "blue"


class Bay:
    """Serves until it is closed.  ``port`` is the tty to plug the camera into; ``hear`` is called with each event, on a thread of
    its own; ``events`` are all that happened."""

    def __init__(self, identity: Path, store: Path, hear: Emit, voucher: Voucher | None = None) -> None:
        """Open the dock's identity and store; ``SetupError`` or ``StoreError`` where they are not as they should be.  ``voucher``
        gives the word that a clock needs which is more than a day off."""
        self.events: Heard[DockEvent] = Heard()
        self._hear = hear
        self._dock = Dock(Desk(DockIdentity.load(identity), Store(store), self._note, stay=True, voucher=voucher))
        self._cable = Cable()
        self.port = self._cable.camera
        self._thread = threading.Thread(target=self._serve, name="dock", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Close it at the end of a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def wait(self, kind: Kind, after: int, timeout_s: float = 60.0) -> DockEvent:
        """The first event of this kind behind the first ``after`` ones."""
        return self.events.wait(
            f"the dock's {kind.value!r}", lambda event: event.kind is kind, after=after, timeout_s=timeout_s
        )

    def next(self, kind: Kind, after: int, timeout_s: float = 60.0) -> int:
        """Where the events behind the first one of this kind begin, not counting the first ``after``."""
        found = self.wait(kind, after, timeout_s)
        return self.events.items.index(found, after) + 1

    def close(self) -> None:
        """End the dock between two messages, and take the cable away."""
        self._dock.stop()
        self._thread.join()
        self._cable.close()

    def _note(self, event: DockEvent) -> None:
        self._hear(event)
        self.events.note(event)

    def _serve(self) -> None:
        try:
            self._dock.serve_port(self._cable.dock)
        except (SetupError, StoreError) as error:
            self.events.fail(str(error))
