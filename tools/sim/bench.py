"""Everything on one table: simulated cameras, a rack with a slot for each of them, and the authority that they belong to.

What a panel shows and what a scenario plays with.  Nothing here draws anything, and no camera is driven but through its control socket.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from tools.dock.events import TROUBLE, DockEvent, timed
from tools.dock.face import display
from tools.dock.face.board import Board, Row
from tools.dock.face.gatekeeper import Gatekeeper
from tools.dock.identity import SetupError
from tools.dock.shifts.register import RegisterError
from tools.dock.store import StoreError
from tools.provision import Authority
from tools.sim.bay import TOLD, Bay
from tools.sim.held import HeldCamera
from tools.sim.home import Home, assign, more_cameras, provision
from tools.sim.mirror import Event
from tools.sim.process import CameraError

TICK_S: Final = 0.5
MOST_CAMERAS: Final = 8


class BenchError(Exception):
    """What was asked for cannot be done; the message says why."""


class Audience:
    """Told what happens, from any thread; returns at once.  By itself it does not listen."""

    def changed(self, camera: HeldCamera) -> None:
        """A camera stands another way than before."""

    def heard(self, camera: HeldCamera, event: Event) -> None:
        """A camera shows something, or has written a line of its log."""

    def docked(self, event: DockEvent) -> None:
        """The dock did something."""

    def racked(self) -> None:
        """The rack looks another way than before."""

    def said(self, who: str, words: str, *, camera: str | None = None, trouble: bool = False) -> None:
        """A line of commentary: ``who`` is ``hand``, ``camera``, ``dock``, ``desk`` or ``scenario``."""


class Audiences(Audience):
    """Several, who may come and go."""

    def __init__(self, first: Audience) -> None:
        """One, for a start."""
        self._all: tuple[Audience, ...] = (first,)

    def join(self, audience: Audience) -> Callable[[], None]:
        """One more; the answer sends it away."""
        self._all += (audience,)
        return lambda: self._leave(audience)

    def _leave(self, audience: Audience) -> None:
        self._all = tuple(other for other in self._all if other is not audience)

    def changed(self, camera: HeldCamera) -> None:
        """A camera stands another way than before."""
        for each in self._all:
            each.changed(camera)

    def heard(self, camera: HeldCamera, event: Event) -> None:
        """A camera shows something, or has written a line of its log."""
        for each in self._all:
            each.heard(camera, event)

    def docked(self, event: DockEvent) -> None:
        """The dock did something."""
        for each in self._all:
            each.docked(event)

    def racked(self) -> None:
        """The rack looks another way than before."""
        for each in self._all:
            each.racked()

    def said(self, who: str, words: str, *, camera: str | None = None, trouble: bool = False) -> None:
        """A line of commentary."""
        for each in self._all:
            each.said(who, words, camera=camera, trouble=trouble)


class Bench:
    """Cameras by name, all switched off at first, and a rack.  ``officers``: whom the register has for each camera."""

    def __init__(
        self,
        home: Home,
        audience: Audience,
        *,
        cameras: int = 1,
        source: str | None = None,
        replay: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Make what is missing below ``home``: a new authority gets these settings.  ``ProvisionError``, ``SetupError``, ``StoreError`` or
        ``OSError`` where that cannot be done."""
        if not 1 <= cameras <= MOST_CAMERAS:
            raise SetupError(f"1 to {MOST_CAMERAS} cameras, not {cameras}")
        if not home.authority.exists():
            provision(home, settings or {})
        self.home = home
        self.audience = Audiences(audience)
        self.officers: dict[str, str] = {}
        names = more_cameras(home, cameras)
        self.settings: Mapping[str, Any] = Authority.open(home.authority).settings.payload["values"]
        self._rows: tuple[Row, ...] = ()
        self._gate = Gatekeeper(Board(), self._told, utc_ms=_utc_ms, look=lambda view: self._look(view.rows))
        self.bay = Bay(home.identity, home.dock, timed(self._gate, _utc_ms), slots=cameras)
        self._stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="rack", daemon=True)
        self._ticker.start()
        self.cameras: dict[str, HeldCamera] = {name: self._camera(name, source, replay=replay) for name in names}

    def __enter__(self) -> Self:
        """Close it at the end of a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Switch everything off, in good order."""
        for camera in self.cameras.values():
            camera.close()
        self._stopping.set()
        self._ticker.join()
        self.bay.close()

    def camera(self, name: str) -> HeldCamera:
        """A camera by its name; ``BenchError`` where there is none."""
        if name not in self.cameras:
            raise BenchError(f"unknown camera {name!r}; known: {', '.join(self.cameras)}")
        return self.cameras[name]

    @property
    def rows(self) -> Mapping[int, Row]:
        """What the rack shows, by slot."""
        return {int(row.slot): row for row in self._rows}

    def put_in(self, name: str, slot: int | None = None) -> None:
        """Put a camera into a slot of the rack, by default its own; ``BenchError`` where it cannot be."""
        camera = self.camera(name)
        slot = 1 + list(self.cameras).index(name) if slot is None else slot
        if not 1 <= slot <= len(self.cameras):
            raise BenchError(f"the rack has the slots 1 to {len(self.cameras)}, no {slot}")
        there = next((other.name for other in self.cameras.values() if other.now.slot == slot), None)
        if there is not None:
            raise BenchError(f"{there} stands in slot {slot}")
        self._try(lambda: camera.plug(self.bay.ports[slot - 1], slot))

    def take_out(self, name: str) -> None:
        """Take it out of the rack."""
        self._try(self.camera(name).unplug)

    def assign(self, name: str, officer: str) -> str:
        """Enter who takes a camera; the id of the shift."""
        camera = self.camera(name)
        try:
            shift = assign(self.home, officer, name)
        except (RegisterError, StoreError) as error:
            raise BenchError(str(error)) from None
        self.officers[name] = officer
        self.audience.changed(camera)
        return shift

    def _camera(self, name: str, source: str | None, *, replay: bool) -> HeldCamera:
        """A camera whose news go to the audience."""
        box: list[HeldCamera] = []

        def changed() -> None:
            if box:
                self.audience.changed(box[0])

        def hear(event: Event) -> None:
            self.audience.heard(box[0], event)

        camera = HeldCamera(name, self.home.camera_of(name), source=source, replay=replay, hear=hear, changed=changed)
        box.append(camera)
        return camera

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except CameraError as error:
            raise BenchError(str(error)) from None

    def _told(self, event: DockEvent) -> None:
        self._look(self._gate.board.view(_utc_ms()).rows)
        self.audience.docked(event)
        if event.kind in TOLD and (words := display.in_words(event)):
            self.audience.said("dock", words, camera=event.device or None, trouble=event.kind in TROUBLE)

    def _look(self, rows: tuple[Row, ...]) -> None:
        if rows != self._rows:
            self._rows = rows
            self.audience.racked()

    def _tick(self) -> None:
        mourned = False
        while not self._stopping.wait(TICK_S):
            self._gate.tick()
            if self.bay.trouble is not None and not mourned:
                mourned = True
                self.audience.said("dock", f"the dock serves no more: {self.bay.trouble}", trouble=True)
                self.audience.racked()


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000
