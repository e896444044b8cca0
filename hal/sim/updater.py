"""The simulated firmware slots: a bundle is kept in a file, and what starts next time counts as booted from it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import closing

from hal.files import fail
from hal.interface import File, Storage, Trial
from hal.sim.calls import Call, Number

OTHER, RUNNING, UNFINISHED = "other.bundle", "running.bundle", "other.bundle.new"
TRIED, FAILED = "tried.bundle", "failed.bundle"
_PIECE = 1 << 20


class SimUpdater:
    """Two slots of which one runs; what runs in it is this program all the same."""

    def __init__(self, slots: Storage, version: str = "sim", board: str = "sim") -> None:
        """Start: what was installed before runs now, on trial; what was on trial, and is not confirmed, has failed."""
        self._slots = slots.root()
        self._version = version
        self._board = board
        self._refusals = 0
        self.confirmed = False
        self.restarts = 0
        """How often a restart was asked for: whoever drives the simulation starts it again."""
        for before, after in ((TRIED, FAILED), (OTHER, TRIED)):
            if before in self._slots.names():
                self._slots.rename(before, after)
                self._slots.sync()

    def board(self) -> str:
        """The kind of board."""
        return self._board

    def version(self) -> str:
        """The running system's version."""
        return self._version

    def pending(self) -> bool:
        """Whether something was installed since the start."""
        return OTHER in self._slots.names()

    def confirm(self) -> None:
        """The running slot works."""
        if TRIED in self._slots.names():
            self._slots.rename(TRIED, RUNNING)
            self._slots.sync()
        self.confirmed = True

    def trial(self) -> Trial:
        """By what lies there."""
        there = set(self._slots.names())
        return Trial.RUNNING if TRIED in there else Trial.FAILED if FAILED in there else Trial.NONE

    def restart(self) -> None:
        """Nobody does it here: it is counted."""
        self.restarts += 1

    def install(self, bundle: File, pause: Callable[[], None]) -> None:
        """Keep a copy of the bundle; ``OSError`` if it is empty, or as often as ``refuse`` said.  Not done here: checking its signature."""
        size = bundle.size()
        if size == 0:
            raise OSError(errno.EINVAL, "the bundle is empty")
        for rest in {UNFINISHED, FAILED} & set(self._slots.names()):
            self._slots.remove(rest)
        with closing(self._slots.create(UNFINISHED)) as slot:
            for offset in range(0, size, _PIECE):
                pause()
                slot.append(bundle.read(offset, _PIECE))
            if self._refusals:
                self._refusals -= 1
                fail(errno.EBADMSG, "the bundle's signature does not hold")
            slot.sync()
        self._slots.rename(UNFINISHED, OTHER)
        self._slots.sync()

    def refuse(self, times: int) -> None:
        """Refuse so many bundles, each after all of it was written."""
        self._refusals = times

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        return {"refuse": Call(self.refuse, {"times": Number(0, 1000, 1)})}
