"""Cameras at many ports at once, each enrolled by itself: one that fails keeps none of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from firmware.dock.channel import Channel
from firmware.dock.errors import DockError, LinkLostError, PeerError, RemoteProtocolError
from firmware.dock.messages import Error
from firmware.dock.plain import ClaimedError, Plain
from tools.dock.dock import places, serve
from tools.dock.events import Kind
from tools.dock.rack.crowd import Crowd
from tools.dock.rack.lines import Scan
from tools.dock.rack.ports import READ, Port, ttys
from tools.dock.rack.reception import NAP_S, PARTING_S, Host, Outcome
from tools.dock.rack.slots import Rack
from tools.dock.session import farewell
from tools.provision.factory.admission import DeclinedError, Desk
from tools.provision.factory.ledger import Entry
from tools.provision.factory.meeting import Meeting, Met
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
    MET = "met"
    """It is enrolled, docks, and is the one that the ledger has."""
    KNOWN = "known"
    """It belongs to another authority, or is not in this ledger."""


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
    """What came of all of it: entries of those that were enrolled, names of those that were met as cameras, and by port the last failure
    since then."""

    enrolled: list[Entry] = field(default_factory=list)
    met: set[str] = field(default_factory=set)
    failed: dict[str, News] = field(default_factory=dict)

    def done(self, *, meet: bool) -> frozenset[str]:
        """The cameras that need nothing more: enrolled, or with ``meet`` met."""
        return frozenset(self.met if meet else self.met | {each.device for each in self.enrolled})

    def note(self, news: News) -> None:
        """Count one piece of news."""
        if news.what is What.ENROLLED and news.entry is not None:
            self.enrolled.append(news.entry)
            self.failed.pop(news.port, None)
        elif news.what is What.MET:
            self.met.add(news.device)
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

    ``meet``: a camera is done only once it has come back as one, and was met as by a dock.  ``patience_s``: how long nothing may happen before it ends by itself, None for ever.
    """

    def __init__(
        self,
        desk: Desk,
        tell: Callable[[News], None],
        *,
        count: int,
        once: bool = False,
        meet: bool = False,
        patience_s: float | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Nothing is opened yet."""
        super().__init__(rack=Rack(), crowd=Crowd(MOST_LINES), monotonic_ns=monotonic_ns)
        self.tally = Tally()
        self._desk, self._tell = desk, tell
        self._count, self._once, self._meet_all, self._patience_s = count, once, meet, patience_s
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
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
                self._claimed.discard(port)
        self._note(News(_SAYS[kind], port, str(facts.get("text", "")), device))

    def attend(self, port: Port, slot: str, believed: Callable[[], None] = lambda: None) -> Outcome:
        """Enrol whoever is at this port; who was heard, a moment ago, to be enrolled already is met as by a dock."""
        if slot in self._claimed:
            return self._meet(port, slot, believed)
        station = Station(self._desk, slot, serial=port.serial, now_ns=self.clock())
        try:
            self._run(port, station, believed)
        except (DeclinedError, DockError, OSError) as error:
            station.close(error)
            self._part(port, station.channel)
            return self._ended(station, slot, error)
        station.close(None if station.finished else "the desk is stopping")
        self._part(port, station.channel)
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

    def _say_goodbye(self, port: Port, channel: Channel, last_words: Error | None) -> None:
        with suppress(DockError, OSError):
            channel.close(last_words)
            self._part(port, channel)

    def _part(self, port: Port, channel: Channel | Plain) -> None:
        """Say the last word as far as the camera still takes it."""
        until = self.clock() + round(PARTING_S * NANO)
        with suppress(DockError, OSError):
            while True:
                port.write(channel.data_to_send())
                if channel.flushed or self.clock() >= until:
                    return
                channel.receive_data(port.read(READ, NAP_S / 4), self.clock())
                channel.tick(self.clock())

    def _enrolled(self, entry: Entry, slot: str) -> None:
        with self._lock:
            self._claimed.add(slot)
        self.attempts.forget(slot)
        self._note(News(What.ENROLLED, slot, device=entry.device, entry=entry))
        self._end_if_done(once=not self._meet_all)

    def _end_if_done(self, *, once: bool) -> None:
        if (self._once and once) or len(self.tally.done(meet=self._meet_all)) >= self._count:
            self.stopping.set()

    def _ended(self, station: Station, slot: str, error: Exception) -> Outcome:
        """Tell why one was not enrolled, once; let the port wait."""
        if isinstance(error, ClaimedError):
            with self._lock:
                self._claimed.add(slot)
            return Outcome.LOST
        device = station.order.device if station.order else ""
        lost = isinstance(error, LinkLostError | OSError) or (isinstance(error, PeerError) and error.code == "shutdown")
        if not lost or device:
            self._fail(What.LOST if lost else What.FAILED, slot, str(error), device)
        if isinstance(error, OSError):
            return Outcome.GONE
        return Outcome.LOST if lost else Outcome.OVER

    def _fail(self, what: What, slot: str, text: str, device: str = "") -> None:
        """Tell it, once for each reason; where somebody is to blame, let the slot wait."""
        with self._lock:
            fresh, self._said[slot] = self._said.get(slot) != text, text
        if what is not What.LOST:
            self.attempts.refused(slot, self.clock())
        if fresh:
            self._note(News(what, slot, text, device))
        if self._once and what is not What.LOST:
            self.stopping.set()

    def _meet(self, port: Port, slot: str, believed: Callable[[], None]) -> Outcome:
        """Hear who it is, as a dock does."""
        meeting = Meeting(self._desk.bench, serial=port.serial, now_ns=self.clock())
        session = meeting.session
        try:
            while not session.finished and not self.stopping.is_set():
                session.receive_data(port.read(READ, min(NAP_S, session.wait_ns(self.clock()) / NANO)), self.clock())
                session.turn(self.clock())
                if meeting.met is not None:
                    believed()
                port.write(session.channel.data_to_send())
        except (DockError, OSError) as error:
            session.close()
            self._say_goodbye(port, session.channel, farewell(error))
            return self._not_met(slot, error)
        session.close()
        self._say_goodbye(
            port, session.channel, None if session.finished else Error("shutdown", "the desk is stopping")
        )
        if session.finished and meeting.met is not None:
            self._met(meeting.met, slot)
        return Outcome.OVER

    def _met(self, met: Met, slot: str) -> None:
        if self._desk.recognised(met.device, met.certificate):
            self.attempts.refused(
                slot, self.clock()
            )  # it comes again and again, as to any dock; and so does what is put in its place
            if met.device not in self.tally.met:
                self._note(News(What.MET, slot, met.certificate, met.device))
        else:
            text = f"it is {met.device} of this authority, with a certificate that this ledger does not have"
            self._fail(What.KNOWN, slot, text, met.device)
        self._end_if_done(once=True)

    def _not_met(self, slot: str, error: Exception) -> Outcome:
        if isinstance(error, RemoteProtocolError) and error.code == "tls":
            with self._lock:  # something else stands there by now
                self._claimed.discard(slot)
            return Outcome.LOST
        if isinstance(error, LinkLostError | OSError):
            return Outcome.GONE if isinstance(error, OSError) else Outcome.LOST
        self._fail(What.KNOWN, slot, f"it belongs to another authority, or does not believe this one: {error}")
        return Outcome.OVER

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
