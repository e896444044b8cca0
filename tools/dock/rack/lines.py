"""Serial lines: one that is named, and USB serial gadgets that come and go."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from functools import partial

from tools.dock.events import Kind
from tools.dock.rack.gadgets import Stand, Tty, arrivals, stands, wanted
from tools.dock.rack.ports import NOT_THERE, SerialPort, remedy
from tools.dock.rack.reception import NAP_S, Host, Outcome

RETRY_S = 1.0
SCAN_S = 0.5

Scan = Callable[[], Sequence[Tty] | None]


class Line:
    """One tty in its slot, for as long as it is there.

    ``here`` looks whether this path is at this slot now.  A line that is named is waited for, so that it is always there.
    """

    def __init__(
        self,
        reception: Host,
        path: str,
        slot: str,
        *,
        here: Callable[[], bool] = lambda: True,
    ) -> None:
        """Stand at this path."""
        self._at = reception
        self._path = path
        self._slot = slot
        self._here = here
        self._failed = 0
        self._said = ""

    def run(self) -> None:
        """Open it whenever it is there, and attend one camera after the other."""
        stopping = self._at.stopping
        while not stopping.is_set() and self._here():
            port = self._open()
            if port is None:
                stopping.wait(RETRY_S if self._failed else NAP_S)
                continue
            with closing(port):
                if self._here():  # and not, since a moment ago, the port of another slot
                    self._stay(port)
            stopping.wait(NAP_S)

    def _stay(self, port: SerialPort) -> None:
        """Attend whoever is there until the port breaks."""
        at, slot = self._at, self._slot
        at.attempts.forget(slot)
        at.emit(Kind.PLUGGED, slot, port=self._path)
        try:
            outcome = Outcome.LOST
            while outcome is not Outcome.GONE and not at.stopping.is_set():
                at.hold(port, slot)
                outcome = at.attend(port, slot)
        except OSError:
            pass  # it was pulled out while the slot had to wait
        if not at.stopping.is_set():
            at.emit(Kind.UNPLUGGED, slot, port=self._path)

    def _open(self) -> SerialPort | None:
        """Open it; None while that cannot be done.

        What has to be done about it is told once, and not before the second try: a rule of udev that gives the group its rights
        takes a moment.
        """
        try:
            port = SerialPort(self._path)
        except OSError as error:
            if error.errno in NOT_THERE:
                self._failed, self._said = 0, ""
                return None
            self._failed += 1
            text = remedy(self._path, error)
            if self._failed > 1 and text != self._said:
                self._said = text
                self._at.emit(Kind.UNUSABLE, self._slot, port=self._path, text=text)
            return None
        self._failed, self._said = 0, ""
        return port


class NamedLine:
    """A tty by its path."""

    def __init__(self, reception: Host, path: str) -> None:
        """Serve at this path, whether there is a tty now or not."""
        self.path = path
        self._at = reception

    def run(self) -> None:
        """Serve it until the dock stops."""
        slot = self._at.rack.slot(self.path)
        self._at.emit(Kind.LISTENING, "", port=self.path)
        Line(self._at, self.path, slot).run()


class Gadgets:
    """All USB serial gadgets that are taken for cameras."""

    def __init__(self, reception: Host, specs: Sequence[str], scan: Scan, apart_from: Collection[str]) -> None:
        """``specs``: which (``ValueError`` where one is not of that form); ``apart_from``: paths of lines that are named, and looked after
        by themselves."""
        self._at = reception
        self._wanted = {spec: wanted(spec) for spec in specs}
        self._scan = scan
        self._named = apart_from

    def run(self) -> None:
        """Look who came, until the dock stops.  Who goes finds that out by itself."""
        for spec in self._wanted:
            self._at.emit(Kind.LISTENING, "", port=spec)
        threads: dict[Stand, threading.Thread] = {}
        while not self._at.stopping.is_set():
            threads = {stand: thread for stand, thread in threads.items() if thread.is_alive()}
            for stand in arrivals(self._look() or frozenset(), threads):
                threads[stand] = threading.Thread(target=self._line(stand).run, name=f"dock {stand.place}")
                threads[stand].start()
            self._at.stopping.wait(SCAN_S)
        for thread in threads.values():
            thread.join()

    def _line(self, stand: Stand) -> Line:
        return Line(
            self._at,
            stand.path,
            self._at.rack.slot(stand.place),
            here=partial(self._is_here, stand),
        )

    def _look(self) -> frozenset[Stand] | None:
        found = self._scan()
        named = {os.path.realpath(path) for path in self._named}
        return None if found is None else stands(found, self._wanted.values(), apart_from=named)

    def _is_here(self, stand: Stand) -> bool:
        return stand in (self._look() or ())
