"""Where the camera stands, over all its links: which of them may begin, what the controller hears, and which makes way.

Each link calls this on its own thread.  Everything happens under one lock, and nothing in it waits for a port or for
storage.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from firmware.core.machine import Move

HEAD_START_NS = 2_000_000_000
"""For how long a link leaves the first word to a faster one that may come up as well."""

STOOD_NS = 10_000_000_000
AWAY_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class DockNews:
    """Something happened at the dock: where that moves the camera, the dock's name if it is known, and why, in
    words."""

    move: Move
    dock: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Away:
    """The camera has been out of contact with any dock, over whichever link, for two seconds: it was taken out.  Told once until it is put
    in again.  ``dock``: where it was, empty where it met none since it was taken out last."""

    dock: str = ""


Report = Callable[[DockNews], None]


@dataclass(slots=True)
class _Standing:
    """A session that said ClockSet: with whom, since when, and whether files go over it now."""

    dock: str
    met_ns: int
    offloading: bool = False


class Berth:
    """What the links of one camera share.  Links are known by their ``rank``: 0 is the fastest.

    ``recording``: whether docks have to wait for a recording that is being made; ``hot`` tells whether the camera has to cool down.
    """

    def __init__(self, hot: Callable[[], bool] = lambda: False) -> None:
        """Worn, and no recording is being made."""
        self.recording, self.hot = False, hot
        self._lock = threading.Lock()
        self._up: set[int] = set()
        self._missed_ns: int | None = None
        self._away = False
        self._last = ""
        self._standing: dict[int, _Standing] = {}
        self._since_ns = 0
        self._stood = False
        self._place: Move | None = None

    def yield_to_recording(self, *, recording: bool) -> None:
        """Let docks wait while a recording is being made."""
        self.recording = recording

    def contact(self, rank: int, now_ns: int, away: Callable[[Away], None], *, up: bool) -> None:
        """Something is at the other end of a link, or nothing is.  Out of contact over all of them: once that has lasted, the camera was
        taken out, and did not just shake in its slot."""
        with self._lock:
            if up:
                self._up.add(rank)
                self._missed_ns = None
                return
            self._up.discard(rank)
            if self._up:
                return
            if self._missed_ns is None:
                self._missed_ns, self._away = now_ns, False
            elif not self._away and now_ns - self._missed_ns >= AWAY_NS:
                self._away = True
                away(Away(self._last))
                self._last = ""

    def may_begin(self, rank: int, up_ns: int, now_ns: int) -> bool:
        """Whether a link that has been up since ``up_ns`` may look for a dock: a slower one after a while, or as soon
        as a session stands."""
        with self._lock:
            return rank == 0 or bool(self._standing) or now_ns - up_ns >= HEAD_START_NS

    @property
    def dock(self) -> str | None:
        """The dock in which the camera stands; None while it stands in none."""
        with self._lock:
            return next((each.dock for each in self._standing.values()), None)

    def met(self, rank: int, dock: str, now_ns: int, report: Report) -> None:
        """A session stands: both sides believe each other, and agree on a version."""
        with self._lock:
            if not self._standing:
                self._since_ns = now_ns
                report(DockNews(Move.MET, dock))
            self._standing[rank] = _Standing(dock, now_ns)
            self._last = dock

    def tick(self, now_ns: int, report: Report) -> None:
        """Docked, once there was a session for ten seconds without a break; what happened at the dock meanwhile is told
        again."""
        with self._lock:
            if not self._standing or self._stood or now_ns - self._since_ns < STOOD_NS:
                return
            self._stood = True
            dock = next(iter(self._standing.values())).dock
            report(DockNews(Move.STOOD, dock))
            if self._place:
                report(DockNews(self._place, dock))

    def note(self, rank: int, move: Move, text: str, report: Report) -> None:
        """Files go over this link, or none do.  The camera offloads as long as they go over one of them."""
        with self._lock:
            if rank in self._standing:
                self._standing[rank].offloading = move is Move.OFFLOAD
                self._settle(self._standing[rank].dock, text, report)

    def closed(self, rank: int, report: Report) -> None:
        """The dock countersigns the log: it has all there is, over whichever link that came."""
        with self._lock:
            for each in self._standing.values():
                each.offloading = False
            if rank in self._standing:
                self._settle(self._standing[rank].dock, "", report)

    def leave(self, rank: int, dock: str, text: str, report: Report) -> None:
        """A session is over, or never came to stand.  Only without any the camera is in no dock."""
        with self._lock:
            self._standing.pop(rank, None)
            if not self._standing:
                self._stood, self._place = False, None
                report(DockNews(Move.GONE, dock, text))
            elif self._place:
                self._settle(dock, text, report)

    def makes_way(self, rank: int, now_ns: int) -> bool:
        """Whether a faster link came up later and has stood for ten seconds: the docking moves over to that one."""
        with self._lock:
            own = self._standing.get(rank)
            return own is not None and any(
                other < rank and own.met_ns < each.met_ns <= now_ns - STOOD_NS for other, each in self._standing.items()
            )

    def _settle(self, dock: str, text: str, report: Report) -> None:
        place = Move.OFFLOAD if any(each.offloading for each in self._standing.values()) else Move.RESTED
        if place is not self._place:
            self._place = place
            report(DockNews(place, dock, text))
