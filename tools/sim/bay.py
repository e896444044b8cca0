"""A reference dock in this process, with a cable for each slot, at whose end a simulated camera can be plugged in."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from tools.dock.dock import Dock
from tools.dock.events import TROUBLE, DockEvent, Emit, Kind
from tools.dock.face import display
from tools.dock.identity import DockIdentity, SetupError
from tools.dock.rack.slots import Rack
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
    """Serves until it is closed.  ``ports`` are the ttys to plug cameras into, one a slot; the slots are called 1, 2, ...  ``hear`` is
    called with each event, on a thread of its own; ``events`` are all that happened."""

    def __init__(
        self, identity: Path, store: Path, hear: Emit, voucher: Voucher | None = None, *, slots: int = 1
    ) -> None:
        """Open the dock's identity and store; ``SetupError`` or ``StoreError`` where they are not as they should be.  ``voucher``
        gives the word that a clock needs which is more than a day off."""
        self.events: Heard[DockEvent] = Heard()
        self.trouble: str | None = None  # why it serves no more
        self._hear = hear
        loaded = DockIdentity.load(identity)
        desk = Desk(loaded, Store(store), self._note, stay=True, voucher=voucher)
        self._cables = _cables(slots)
        self.ports = tuple(cable.camera for cable in self._cables)
        labels = {cable.dock: str(slot) for slot, cable in enumerate(self._cables, 1)}
        self.name = loaded.name
        self._dock = Dock(desk, rack=Rack(labels))
        self._thread = threading.Thread(target=self._serve, name="dock", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Close it at the end of a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def port(self) -> str:
        """The first slot's tty."""
        return self.ports[0]

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
        for cable in self._cables:
            cable.close()

    def _note(self, event: DockEvent) -> None:
        self._hear(event)
        self.events.note(event)

    def _serve(self) -> None:
        try:
            self._dock.serve([cable.dock for cable in self._cables])
        except (SetupError, StoreError) as error:
            self.trouble = str(error)
            self.events.fail(self.trouble)


def _cables(count: int) -> tuple[Cable, ...]:
    """So many cables, or none where the system does not have as many."""
    with ExitStack() as made:
        cables = tuple(made.enter_context(Cable()) for _ in range(count))
        made.pop_all()
    return cables
