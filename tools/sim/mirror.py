"""A camera's face as it changes, for whoever draws it and whoever waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from tools.sim.face import Face
from tools.sim.heard import Heard
from tools.sim.look import CUES, DARK, buzz_in_words, light_in_words, meaning, read_cue, read_lights, tones_in_words

Event = Mapping[str, Any]


class Mirror:
    """Takes the events of a ``SimCamera``, in its thread; ``listener`` is called with each, and with the face that follows from it."""

    def __init__(self, listener: Callable[[Event, Face], None] = lambda _event, _face: None) -> None:
        """The camera is off."""
        self.events: Heard[Event] = Heard()
        self.face = Face()
        self._listener = listener
        self._lock = threading.Lock()

    def hear(self, event: Event) -> None:
        """Take one event."""
        if event["event"] == "off":
            self.off()
        else:
            with self._lock:
                self.face = self.face.after(event, time.monotonic())
                self._listener(event, self.face)
        self.events.note(event)

    def off(self) -> None:
        """The camera's power is gone: it cannot tell so itself.  Told once, however often it is noticed."""
        with self._lock:
            if self.face.on_since_s is None:
                return
            self.face = self.face.off(time.monotonic())
            self._listener({"event": "off"}, self.face)

    def wait_for_cue(self, name: str, after: int, timeout_s: float = 30.0) -> Event:
        """The first cue of this name behind the first ``after`` events."""
        return self.events.wait(
            f"the cue {name!r}",
            lambda event: event.get("event") == "cue" and event["name"] == name,
            after=after,
            timeout_s=timeout_s,
        )

    def wait_for_lights(self, name: str, after: int, timeout_s: float = 30.0) -> Event:
        """The first change to lights that mean this, behind the first ``after`` events."""
        return self.events.wait(
            f"lights that say {name!r}",
            lambda event: event.get("event") == "lights" and meaning(read_lights(event)).name == name,
            after=after,
            timeout_s=timeout_s,
        )


def in_words(event: Event) -> str:
    """An event as one line for people; empty for one that is not for them."""
    match event.get("event"):
        case "lights":
            lights = read_lights(event)
            if lights == DARK:
                return ""
            top, front = light_in_words(lights.top), light_in_words(lights.front)
            return f"light  top {top}; front {front}: {meaning(lights).words}"
        case "cue":
            cue = read_cue(event)
            return f"feels  {buzz_in_words(cue)}; hears {tones_in_words(cue)}: {CUES.get(cue.name, cue.name)}"
        case "dock":
            return f"dock   plugged in at {event['port']}" if event["port"] else "dock   pulled out"
        case "off":
            return "light  everything dark: no power"
    return ""
