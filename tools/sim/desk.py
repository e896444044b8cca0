"""A simulated camera with everything around it, and what a key does to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from types import MappingProxyType
from typing import Final, Self

from tools.dock.events import DockEvent
from tools.dock.identity import SetupError
from tools.dock.store import StoreError
from tools.sim.bay import Bay, in_words
from tools.sim.home import Home
from tools.sim.mirror import Mirror
from tools.sim.process import CameraError, SimCamera

HOLD_S: Final = 3.3
LET_GO_S: Final = 0.1
"""No hand presses again sooner: to the camera that is a contact that bounces."""

Say = Callable[[str], None]


class Desk:
    """A camera in one's hand and a dock on the table.  What is done is done in order, on a thread of its own; ``say`` is told what happens."""

    def __init__(self, home: Home, mirror: Mirror, say: Say, source: str | None) -> None:
        """Nothing is switched on."""
        self.camera = SimCamera(home.camera, source=source, on_event=mirror.hear)
        self._home = home
        self._mirror = mirror
        self._say = say
        self._bay: Bay | None = None
        self._orders: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hands", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Switch it on."""
        self.do(self.switch_on)
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what was asked for, and leave nothing behind."""
        self._orders.put(None)
        self._thread.join()

    def do(self, action: Callable[[], None]) -> None:
        """Have something done, behind everything that was asked for before."""
        self._orders.put(action)

    # What there is to do.

    def switch_on(self) -> None:
        """Start the service, if it is not running."""
        if self.camera.running:
            self._say("it is on already")
        else:
            self.camera.start()

    def tap(self) -> None:
        """Press the record button shortly."""
        self.camera.tap()
        time.sleep(LET_GO_S)

    def hold(self) -> None:
        """Hold the record button for a little more than three seconds."""
        self.camera.hold(HOLD_S)
        time.sleep(LET_GO_S)

    def cut(self) -> None:
        """SIGKILL: as if the battery fell out."""
        self.camera.kill()
        self._mirror.off()
        self._say("cut off, as if the battery fell out; r switches it on again")

    def dock(self) -> None:
        """Put it into the dock, or take it out."""
        if self._mirror.face.port is not None:
            self.camera.tell("unplug")
            return
        if self._bay is None:
            self._bay = Bay(self._home.identity, self._home.dock, self._heard)
        self.camera.tell("plug", port=self._bay.port)

    def _heard(self, event: DockEvent) -> None:
        if text := in_words(event):
            self._say(text)

    def _work(self) -> None:
        try:
            while (order := self._orders.get()) is not None:
                try:
                    order()
                except (CameraError, SetupError, StoreError, OSError) as error:
                    self._say(str(error))
        finally:
            if self._bay is not None:
                self._bay.close()
            with suppress(CameraError):
                self.camera.stop()


@dataclass(frozen=True, slots=True)
class Key:
    """What a key is for, in a word and in full, and what it does."""

    word: str
    help: str
    action: Callable[[Desk], None]


KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "p": Key("press", "press record: begins a recording, bookmarks a running one", Desk.tap),
        "h": Key("hold", "hold record for 3 s: asks to stop, and p then stops", Desk.hold),
        "d": Key("dock", "put it into the dock, or take it out", Desk.dock),
        "k": Key("kill", "kill -9, as if the battery fell out", Desk.cut),
        "r": Key("restart", "switch it on again", Desk.switch_on),
    }
)
OTHER_NAMES: Final = MappingProxyType({" ": "p"})
QUIT: Final = "q"
