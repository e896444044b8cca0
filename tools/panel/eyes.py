"""Pictures of the cameras that somebody looks at, each over a connection of its own that is there only while somebody does."""

from __future__ import annotations

import base64
import threading
from contextlib import closing
from typing import Final

from tools.panel.viewer import Page
from tools.sim.held import HeldCamera, Power
from tools.sim.process import CameraError

RETRY_S: Final = 0.5


class Eyes:
    """Who looks at one camera."""

    def __init__(self, camera: HeldCamera) -> None:
        """Nobody does."""
        self._camera = camera
        self._lock = threading.Condition()
        self._pages: set[Page] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._look_always, name=f"{camera.name}-pictures", daemon=True)
        self._thread.start()

    def look(self, page: Page, *, on: bool) -> None:
        """A page looks, or looks away."""
        with self._lock:
            (self._pages.add if on else self._pages.discard)(page)
            self._lock.notify()

    def close(self) -> None:
        """Nobody looks any more.  Call it once the camera is off: that ends the last connection."""
        with self._lock:
            self._ended = True
            self._pages.clear()
            self._lock.notify()
        self._thread.join()

    def _look_always(self) -> None:
        while True:
            with self._lock:
                while not self._pages and not self._ended:
                    self._lock.wait()
                if self._ended:
                    return
            if self._camera.now.power is Power.ON:
                self._look()
            with self._lock:
                if not self._ended:
                    self._lock.wait(RETRY_S)

    def _look(self) -> None:
        """Hand on pictures while somebody looks and the camera lives."""
        head = self._camera.name.encode("ascii")
        key = f"picture {self._camera.name}"
        try:
            with closing(self._camera.connect()) as control:
                control.tell("look")
                while event := control.read():
                    with self._lock:
                        pages = tuple(self._pages)
                    if not pages:
                        return
                    data = bytes([len(head)]) + head + base64.b64decode(event["jpeg"])
                    for page in pages:
                        page.show(data, key)
        except (CameraError, OSError, ValueError):
            pass  # switched off
