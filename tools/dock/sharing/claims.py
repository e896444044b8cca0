"""Who is visiting: two cameras with one identity must not write into each other's files, but one camera may come over
several links."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from firmware.dock.errors import PeerRefusedError
from tools.dock.face.rate import Hand
from tools.dock.sharing.pool import PATIENCE_S, Pool


@dataclass(slots=True)
class _Party:
    """The sessions of one camera.  ``link``: the fingerprint of the link certificate that all of them show."""

    link: str
    pool: Pool
    seats: list[Seat] = field(default_factory=list)
    leader: Seat | None = None
    vacant_since: float = 0.0
    over: bool = False


class Seat:
    """One session of a camera.  The first one leads: it does everything but for fetching files, which all do.

    Where the leader's link is gone, the one that has been here for the longest follows, once it has brought the file that it is at; if that
    takes long, any other.
    """

    def __init__(self, party: _Party, lock: threading.Lock, now: Callable[[], float]) -> None:
        self._party = party
        self._lock = lock
        self._now = now
        self.hand = Hand()
        self.pool = party.pool

    def lead(self) -> bool:
        """Take the lead if nobody has it, and it is this session's to take; whether this session leads."""
        party = self._party
        with self._lock:
            if party.leader is None and not party.over:
                first = party.seats[0] is self
                if first or self._now() - party.vacant_since >= PATIENCE_S:
                    party.leader = self
            return party.leader is self

    def finish(self) -> None:
        """The leader has nothing more to do: the others may go as well."""
        with self._lock:
            self._party.over = True

    @property
    def over(self) -> bool:
        """Whether the leader has come to its end."""
        with self._lock:
            return self._party.over


class Claims:
    """Which volumes are being visited, and by which sessions."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Nothing is claimed.  ``now``: seconds that only go forward."""
        self._now = now
        self._lock = threading.Lock()
        self._parties: dict[tuple[str, str], _Party] = {}

    @contextmanager
    def hold(self, device: str, volume: str, link: str) -> Iterator[Seat]:
        """Claim a volume, or join those of the same boot of the same camera who have it: they show the same link certificate, whose key
        lives in that camera's memory alone.

        ``PeerRefusedError`` while somebody else has it.
        """
        key = (device, volume)
        with self._lock:
            party = self._parties.get(key) or _Party(link, Pool(self._now))
            if party.link != link:
                raise PeerRefusedError(f"a camera named {device} with this volume is in another slot of this dock")
            if party.leader is None:
                party.over = False  # whoever comes now comes for a visit of its own
            self._parties[key] = party
            seat = Seat(party, self._lock, self._now)
            party.seats.append(seat)
        try:
            with party.pool.worked_by(seat.hand):
                yield seat
        finally:
            with self._lock:
                self._leave(key, party, seat)

    def holds(self, device: str) -> bool:
        """Whether any session of a camera with this name is here."""
        with self._lock:
            return any(name == device for name, _ in self._parties)

    def _leave(self, key: tuple[str, str], party: _Party, seat: Seat) -> None:
        party.seats.remove(seat)
        if party.leader is seat:
            party.leader, party.vacant_since = None, self._now()
        if not party.seats:
            del self._parties[key]
