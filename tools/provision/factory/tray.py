"""Cameras at many ports at once, each enrolled by itself: one that fails keeps none of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from firmware.dock.errors import DockError, LinkLostError, PeerError
from firmware.dock.plain import ClaimedError
from tools.dock.dock import places, serve
from tools.dock.events import Kind
from tools.dock.rack.crowd import Crowd
from tools.dock.rack.lines import Scan
from tools.dock.rack.ports import READ, Port, ttys
from tools.dock.rack.reception import NAP_S, PARTING_S, Host, Outcome
from tools.dock.rack.slots import Rack
from tools.provision.factory.admission import DeclinedError, Desk
from tools.provision.factory.ledger import Entry
from tools.provision.factory.station import Station

NANO: Final = 1_000_000_000
MOST_LINES: Final = 1000


class What(StrEnum):
    """What happened at a port."""

    LISTENING = "listening"
    UNUSABLE = "unusable"
    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    ENROLLED = "enrolled"
    FAILED = "failed"
    """It cannot be enrolled, and why; it is tried again as long as it stands there, less and less often."""
    LOST = "lost"
    """It was pulled out, or fell silent, before it had everything: put back, it goes on."""
    KNOWN = "known"
    """It belongs to an authority already, and says no more."""


FAILURES: Final = frozenset({What.FAILED, What.LOST, What.KNOWN})


@dataclass(frozen=True, slots=True)
class News:
    """What happened; ``entry`` of a camera that was enrolled, ``device`` of one that has got as far as a name."""

    what: What
    port: str
    text: str = ""
    device: str = ""
    entry: Entry | None = None


@dataclass
class Tally:
    """What came of all of it: entries of those that were enrolled, and by port the last failure since then."""

    enrolled: list[Entry] = field(default_factory=list)
    failed: dict[str, News] = field(default_factory=dict)

    def note(self, news: News) -> None:
        """Count one piece of news."""
        if news.entry is not None:
            self.enrolled.append(news.entry)
            self.failed.pop(news.port, None)
        elif news.what in FAILURES or news.what is What.UNUSABLE:
            self.failed[news.port] = news


_SAYS: Final = {
    Kind.LISTENING: What.LISTENING,
    Kind.UNUSABLE: What.UNUSABLE,
    Kind.PLUGGED: What.PLUGGED,
    Kind.UNPLUGGED: What.UNPLUGGED,
    Kind.FULL: What.UNUSABLE,
}


class Tray(Host):
    """Enrols whoever comes until ``count`` are done; ``once``: until one is, or is declined.

    ``patience_s``: how long nothing may happen before it ends by itself, None for ever.
    """

    def __init__(
        self,
        desk: Desk,
        tell: Callable[[News], None],
        *,
        count: int,
        once: bool = False,
        patience_s: float | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Nothing is opened yet."""
        super().__init__(rack=Rack(), crowd=Crowd(MOST_LINES), monotonic_ns=monotonic_ns)
        self.tally = Tally()
        self._desk, self._tell = desk, tell
        self._count, self._once, self._patience_s = count, once, patience_s
        self._lock = threading.Lock()
        self._done: set[str] = set()
        self._said: dict[str, str] = {}
        self._last_ns = monotonic_ns()

    def run(self, specs: Sequence[str], scan: Scan = ttys) -> Tally:
        """Enrol at these ports, named as for ``lapel dock``; ``SetupError`` where one of them names nothing."""
        found = places(self, specs, scan)
        if self._patience_s is not None:
            threading.Thread(target=self._mind, name="patience", daemon=True).start()
        serve(found, self.stopping)
        return self.tally

    def emit(self, kind: Kind, slot: str, device: str = "", **facts: str | int | bool) -> None:
        """Tell what a port does.  Something else may stand there behind each plug and pull."""
        port = slot or str(facts.get("port", ""))
        if kind in (Kind.PLUGGED, Kind.UNPLUGGED):
            with self._lock:
                self._said.pop(port, None)
                self._done.discard(port)
        self._note(News(_SAYS[kind], port, str(facts.get("text", "")), device))

    def attend(self, port: Port, slot: str, believed: Callable[[], None] = lambda: None) -> Outcome:
        """Enrol whoever is at this port."""
        station = Station(self._desk, slot, serial=port.serial, now_ns=self.clock())
        try:
            self._run(port, station, believed)
        except (DeclinedError, DockError, OSError) as error:
            station.close(error)
            self._part(port, station)
            return self._ended(station, slot, error)
        station.close(None if station.finished else "the desk is stopping")
        self._part(port, station)
        if station.entry is not None:
            self._enrolled(station.entry, slot)
        elif station.order is not None:
            self._note(News(What.LOST, slot, "the desk stopped before it was done", station.order.device))
        return Outcome.OVER

    def _run(self, port: Port, station: Station, believed: Callable[[], None]) -> None:
        while not station.finished and not self.stopping.is_set():
            data = port.read(READ, min(NAP_S, station.channel.wait_ns() / NANO))
            station.turn(data, self.clock())
            if station.order is not None:
                believed()
            if out := station.channel.data_to_send():
                port.write(out)

    def _part(self, port: Port, station: Station) -> None:
        until = self.clock() + round(PARTING_S * NANO)
        with suppress(DockError, OSError):
            while True:
                port.write(station.channel.data_to_send())
                if station.channel.flushed or self.clock() >= until:
                    return
                station.channel.receive_data(port.read(READ, NAP_S / 4), self.clock())

    def _enrolled(self, entry: Entry, slot: str) -> None:
        with self._lock:
            self._done.add(slot)
        self.attempts.forget(slot)
        self._note(News(What.ENROLLED, slot, device=entry.device, entry=entry))
        if self._once or len(self.tally.enrolled) >= self._count:
            self.stopping.set()

    def _ended(self, station: Station, slot: str, error: Exception) -> Outcome:
        """Tell why one was not enrolled, once; let the port wait."""
        device = station.order.device if station.order else ""
        lost = isinstance(error, LinkLostError | OSError) or (isinstance(error, PeerError) and error.code == "shutdown")
        what = What.KNOWN if isinstance(error, ClaimedError) else What.LOST if lost else What.FAILED
        with self._lock:
            # one that was enrolled here a moment ago has begun anew, and says who it is now to whoever listens
            quiet = (what is What.KNOWN and slot in self._done) or (what is What.LOST and not device)
            fresh = self._said.get(slot) != str(error)
            if not quiet:
                self._said[slot] = str(error)
        if not lost:
            self.attempts.refused(slot, self.clock())
        if not quiet and fresh:
            self._note(News(what, slot, str(error), device))
        if self._once and not lost:
            self.stopping.set()
        if isinstance(error, OSError):
            return Outcome.GONE
        return Outcome.LOST if lost else Outcome.OVER

    def _note(self, news: News) -> None:
        with self._lock:
            self._last_ns = self.clock()
            self.tally.note(news)
            self._tell(news)

    def _mind(self) -> None:
        """End once nothing has happened for long."""
        limit_ns = round((self._patience_s or 0) * NANO)
        while (left_ns := self._last_ns + limit_ns - self.clock()) > 0:
            if self.stopping.wait(left_ns / NANO):
                return
        self.stopping.set()
