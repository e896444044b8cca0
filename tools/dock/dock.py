"""The reference dock: serves cameras at serial lines, USB gadgets and listening sockets, all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tools.dock.identity import SetupError
from tools.dock.rack.crowd import MOST_CAMERAS, Crowd
from tools.dock.rack.doors import Door
from tools.dock.rack.gadgets import is_usb
from tools.dock.rack.lines import Gadgets, NamedLine, Scan
from tools.dock.rack.ports import is_tcp, ttys
from tools.dock.rack.reception import NAP_S, Host, Reception
from tools.dock.rack.slots import Rack
from tools.dock.visit import Desk


class Place(Protocol):
    """Somewhere cameras come to."""

    def run(self) -> None:
        """Serve there until the dock stops.  What cannot be used is told and tried again: it never ends the dock."""


class Dock:
    """Serves cameras until it is told to stop, or, with ``once``, until one visit came to its end.

    ``rack``: the names of slots.  ``cameras``: how many may be in it at once.  ``scan``: finds the serial ports that there are.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        rack: Rack | None = None,
        cameras: int = MOST_CAMERAS,
        scan: Scan = ttys,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """A dock with this desk."""
        self._desk = desk
        self._rack = rack or Rack()
        self._cameras = cameras
        self._scan = scan
        self._clock = monotonic_ns
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End soon; may be called from any thread."""
        self._stopping.set()

    def serve_port(self, spec: str, *, once: bool = False) -> None:
        """Serve at one place, see ``serve``."""
        self.serve([spec], once=once)

    def serve(self, specs: Sequence[str], *, once: bool = False) -> None:
        """Serve at several places at once: ttys by their paths, ``tcp:[ADDRESS]:PORT``, and ``usb`` (or ``usb:VENDOR:PRODUCT``) for USB
        serial gadgets that come and go.

        With ``once`` a link that was lost is waited for again; a visit that was refused, or that failed, is over.
        ``SetupError`` where one of them is the name of no place, ``StoreError`` once the store cannot be used.
        """
        reception = Reception(
            self._desk,
            rack=self._rack,
            crowd=Crowd(self._cameras),
            once=once,
            monotonic_ns=self._clock,
            stopping=self._stopping,
        )
        serve(places(reception, specs, self._scan), self._stopping)
        if reception.failure:
            raise reception.failure


def places(host: Host, specs: Sequence[str], scan: Scan = ttys) -> list[Place]:
    """What the names of ports mean; ``SetupError`` for one that means nothing, or that was given twice."""
    if len(set(specs)) < len(specs):
        raise SetupError("one port was given twice")
    sockets = [spec for spec in specs if is_tcp(spec)]
    gadgets = [spec for spec in specs if is_usb(spec)]
    lines = [spec for spec in specs if spec not in sockets and spec not in gadgets]
    found: list[Place] = [NamedLine(host, path) for path in lines]
    try:
        found += [Door(host, spec) for spec in sockets]
        if gadgets:
            found.append(Gadgets(host, gadgets, scan, lines))
    except ValueError as error:
        raise SetupError(str(error)) from None
    return found


def serve(found: Sequence[Place], stopping: threading.Event) -> None:
    """Run all of them until ``stopping``."""
    threads = {place: _begin(place) for place in found}
    while not stopping.wait(NAP_S):
        for place, thread in threads.items():
            if not thread.is_alive():
                # By a mistake of this program, which was told: the others go on, and so does it.
                threads[place] = _begin(place)
    for thread in threads.values():
        thread.join()


def _begin(place: Place) -> threading.Thread:
    thread = threading.Thread(target=place.run, name="dock place")
    thread.start()
    return thread
