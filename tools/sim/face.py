"""The camera as its wearer knows it at one moment: lights, last cue, dock, and how long that has been so.

Pure: events of the control socket go in, and the time on any clock that runs in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from hal.interface import Cue, Lights
from tools.sim.look import DARK, meaning, read_cue, read_lights

BUFFERING: Final = frozenset({"ready", "warning", "docked", "offloading"})
"""What the lights say while nothing is recorded and the buffer goes round."""


@dataclass(frozen=True, slots=True)
class Face:
    """What can be seen and felt.  ``since_s``: when the lights last changed their meaning; ``on_since_s``: since when it is on,
    None while it is off; ``cue_s``: when the last cue began; ``port``: what it is plugged into."""

    lights: Lights = DARK
    since_s: float = 0.0
    on_since_s: float | None = None
    cue: Cue | None = None
    cue_s: float = 0.0
    port: str | None = None

    def after(self, event: Mapping[str, Any], now_s: float) -> Self:
        """The face after an event; one that it does not show leaves it as it is."""
        if event.get("event") == "lights":
            return self._lit(read_lights(event), now_s)
        if event.get("event") == "cue":
            return replace(self, cue=read_cue(event), cue_s=now_s)
        if event.get("event") == "dock":
            return replace(self, port=event["port"])
        return self

    def off(self, now_s: float) -> Self:
        """The face once the power is gone."""
        return replace(self, lights=DARK, since_s=now_s, on_since_s=None, cue=None, port=None)

    def clock(self, now_s: float, buffer_s: float) -> str:
        """What it is doing and for how long, in a few words.  ``buffer_s``: how much its buffer holds once it is full."""
        name = meaning(self.lights).name
        if self.on_since_s is None:
            return "off"
        if name in BUFFERING:
            held = min(buffer_s, now_s - self.on_since_s)
            return f"{name}, {held:.0f} s of {buffer_s:.0f} s in the buffer"
        minutes, seconds = divmod(int(now_s - self.since_s), 60)
        return f"{name} {minutes}:{seconds:02d}"

    def _lit(self, lights: Lights, now_s: float) -> Self:
        same = meaning(lights).name == meaning(self.lights).name
        on_since_s = now_s if self.on_since_s is None and lights != DARK else self.on_since_s
        return replace(self, lights=lights, since_s=self.since_s if same else now_s, on_since_s=on_since_s)
