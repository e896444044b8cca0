"""The files that one camera's sessions fetch between them.

Whoever leads puts a recording's files here, in their order; each session takes the first that nobody has.  A file has one claim at a
time, and only what arrives under that is written: so its bytes are always a beginning of the file, whoever brought them, and its
hash over all of them decides.  A session that ends gives its file back; the next one goes on behind its last byte.  A session
that has nothing left to do takes over what another one would need much longer for, at the byte where that one is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware.evidence.errors import MismatchError
from tools.dock.face.rate import Hand, Pace
from tools.dock.partial import Partial

PATIENCE_S = 5.0
"""For so long a recording waits for a slow session while a faster one goes on with the next recording."""

Count = Callable[[int], None]
"""Hears of each byte that counts, and, with a minus, of those that count no more."""


class Order:
    """A file that is to be fetched to ``path``, with the length and hash that the manifest signs."""

    def __init__(self, batch: Batch, entry: Mapping[str, Any], path: Path) -> None:
        """Nobody has it yet."""
        self.batch = batch
        self.name: str = entry["name"]
        self.length: int = entry["length"]
        self.hash: str = entry["hash"]
        self.path = path
        self.done = False
        self.wrong = 0
        self.lock = threading.Lock()
        self.claim: Claim | None = None
        self.partial: Partial | None = None

    @property
    def item(self) -> str:
        """The recording that it is of."""
        return self.batch.item

    def let_go(self) -> None:
        """Make durable what is here, for whoever goes on.  The lock is held."""
        partial, self.partial, self.claim = self.partial, None, None
        if partial is not None:
            self.batch.count(-partial.length)
            partial.close()


class Batch:
    """A recording that is under way: its files, and what was wrong with one of them."""

    def __init__(self, item: str, entries: Sequence[Mapping[str, Any]], folder: Path, count: Count) -> None:
        """``folder`` is where they arrive."""
        self.item = item
        self.folder = folder
        self.count = count
        self.error: Exception | None = None
        self.orders = [Order(self, entry, folder / entry["name"]) for entry in entries]

    @property
    def free(self) -> list[Order]:
        """Those that nobody has."""
        return [order for order in self.orders if not order.done and order.claim is None]

    @property
    def settled(self) -> bool:
        """Whether all are here, or it will not be taken over."""
        return self.error is not None or all(order.done for order in self.orders)


class Claim:
    """One session's hold on one file, as a sink for what arrives.  ``length`` is where this session is in it.

    It ends by ``finish``, ``fail``, ``release``, or when somebody else takes the file; from then on what is added goes nowhere.
    """

    def __init__(self, order: Order, hand: Hand, now: Callable[[], float]) -> None:
        """``open`` comes next."""
        self.order = order
        self.length = 0
        self.pace = Pace(hand, now)

    def open(self) -> bool:
        """Find out what is here; whether it is still this session's.  ``OSError`` if the store fails."""
        order = self.order
        with order.lock:
            if order.claim is not self:
                return False
            if order.partial is None:
                if order.path.exists() and order.path.stat().st_size > order.length:
                    order.path.unlink()
                order.partial = Partial(order.path)
                order.batch.count(order.partial.length)
            self.length = order.partial.length
            return True

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        order = self.order
        self.length += len(data)
        self.pace.heard(len(data))
        with order.lock:
            if order.claim is self and order.partial is not None:
                order.partial.add(data)
                order.batch.count(len(data))

    def finish(self, theirs: str) -> None:
        """All was said, and the camera's hash of it is ``theirs``.  Wrong bytes are thrown away, and fetched once more if it was not the
        camera that has them."""
        order = self.order
        self.pace.end()
        with order.lock:
            if order.claim is not self or order.partial is None:
                return
            if order.partial.digest() == order.hash:
                partial, order.partial = order.partial, None
                partial.close()
                order.claim, order.done = None, True
                return
            order.let_go()
            order.path.unlink()
            order.wrong += 1
            if theirs != order.hash or order.wrong > 1:
                order.batch.error = MismatchError(f"{order.name}: its hash is not the one that the manifest signs")

    def fail(self, error: Exception) -> None:
        """The camera does not give it: the recording is not taken over."""
        with self.order.lock:
            if self.order.claim is self:
                self.order.batch.error = error

    def release(self) -> None:
        """Give it back, if it is still this session's."""
        with self.order.lock:
            if self.order.claim is self:
                self.order.let_go()


class Pool:
    """What is under way for one camera.  Called on the threads of all its sessions."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now``: seconds that only go forward."""
        self._now = now
        self._lock = threading.Lock()
        self._batches: list[Batch] = []
        self._hands: list[Hand] = []

    @contextmanager
    def worked_by(self, hand: Hand) -> Iterator[None]:
        """One more session works here."""
        with self._lock:
            self._hands.append(hand)
        try:
            yield
        finally:
            with self._lock:
                self._hands.remove(hand)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._batches)

    def wants_more(self) -> bool:
        """Whether another recording has to be begun, so that each session finds a file."""
        with self._lock:
            free = sum(len(batch.free) for batch in self._batches)
            return free < len(self._hands)

    def clear(self) -> None:
        """Begin anew: what is under way is left as it is, and whoever brings more of it brings it in vain."""
        with self._lock:
            batches, self._batches = self._batches, []
            for batch in batches:
                _abandon(batch)

    def put(self, batch: Batch) -> None:
        """Behind all others."""
        with self._lock:
            self._batches.append(batch)

    def settled(self) -> Batch | None:
        """The first recording of which all files are here, or that will not be taken over: nobody works on it any more."""
        with self._lock:
            batch = next((batch for batch in self._batches if batch.settled), None)
            if batch is not None:
                self._batches.remove(batch)
                _abandon(batch)
            return batch

    def claim(self, hand: Hand) -> Claim | None:
        """What this session is to fetch next: the first file that nobody has, but before those of a later recording one for which
        somebody else would need long; where no file is free, one for which somebody else would need much longer; else None."""
        with self._lock:
            order = self._next(hand)
            if order is None:
                return None
            with order.lock:
                if order.done:  # at the very moment when it was to be taken over
                    return None
                order.claim = Claim(order, hand, self._now)
                return order.claim

    def _next(self, hand: Hand) -> Order | None:
        taken: list[tuple[float, Order]] = []
        for batch in self._batches:
            if batch.error is None:
                if free := batch.free:
                    return free[0]
                held = _held(batch, hand)
                if held and held[0][0] > PATIENCE_S:
                    return held[0][1]
                taken += held
        return max(taken, key=_seconds)[1] if taken else None


def _held(batch: Batch, hand: Hand) -> list[tuple[float, Order]]:
    """What this session would bring in much less time than who has it, with the time that this one needs, the longest first."""
    found: list[tuple[float, Order]] = []
    for order in batch.orders:
        claim = order.claim
        if claim is not None and not order.done:
            left = order.length - claim.length
            if hand.much_faster(claim.pace, left):
                found.append((claim.pace.seconds(left), order))
    return sorted(found, key=_seconds, reverse=True)


def _seconds(held: tuple[float, Order]) -> float:
    return held[0]


def _abandon(batch: Batch) -> None:
    for order in batch.orders:
        with order.lock:
            order.let_go()
