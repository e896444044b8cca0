"""The card of a camera in a soak: memory that keeps no log, waits on a virtual clock, and loses its power at a given operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hal.sim.memory import MemoryStorage
from hal.sim.volume import DirectoryNode, FileNode, Operation, Remove, Rename, Sync


class PowerCutError(Exception):
    """The power went in the middle of something."""


class Card(MemoryStorage):
    """Hours of footage go through it: what was erased for good is forgotten."""

    def __init__(
        self,
        operations: Iterable[Operation] = (),
        capacity: int | None = None,
        *,
        pause: Callable[[float], None],
    ) -> None:
        """See ``MemoryStorage``."""
        self._left: int | None = None
        self._lost_names = False
        super().__init__(operations, capacity, pause=pause)

    def cut_at(self, operation: int | None) -> None:
        """Let the power go before the so-manieth change or sync from now; None calls that off."""
        self._left = operation

    def cut(self) -> PowerCutError:
        """Let the power go now: nothing works from here on."""
        self._crashed = True
        return PowerCutError("the power was cut")

    @property
    def dead(self) -> bool:
        """Whether the power is gone."""
        return self._crashed

    @property
    def contents(self) -> list[bytearray]:
        """What is in its files."""
        return [node.data for node in self._volume._nodes.values() if isinstance(node, FileNode)]

    def reborn(self, pause: Callable[[float], None]) -> Card:
        """What was durable, on the same card, after the power came back."""
        self._crashed = True
        return Card(self._volume.durable(), self.trouble.capacity, pause=pause)

    def leave(self) -> None:
        """The process that had files open is gone, and its handles with it."""
        self.held.clear()

    def apply(self, operation: Operation) -> None:
        """Carry it out, unless the power goes first."""
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise self.cut()
        super().apply(operation)
        self.log.clear()
        self._lost_names |= isinstance(operation, Remove | Rename)
        if self._lost_names and isinstance(operation, Sync) and isinstance(self.volume[operation.node], DirectoryNode):
            self._lost_names = False
            self.volume.forget(self.held)
