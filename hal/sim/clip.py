"""Units that were encoded once and come round again and again: a camera that costs next to nothing.

For soak tests, virtual shifts and runs that are killed many times.  What is burnt into the picture is what was burnt
in when it was encoded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hal.interface import AudioFormat, Overlay, Unit, VideoFormat
from hal.sim.audio import Tone
from hal.sim.calls import Call, Flag
from hal.sim.clock import VirtualClock
from hal.sim.grid import Grid
from hal.sim.jpeg import shrunk
from hal.sim.paint import Planes
from hal.sim.scene import DarkScene, Scene
from hal.sim.sources import Feed
from hal.sim.video import EncodedVideo, unseen

SEEN: Final = 4
"""Every so many pictures one is kept, to be looked at."""


class _Clip(Grid):
    """Re-stamps whole GOPs."""

    def __init__(self, units: tuple[Unit, ...], count: int, seconds: int) -> None:
        super().__init__(count, seconds)
        self._units = units

    def take(self) -> Unit:
        """The next unit with its new time."""
        unit = self._units[self._index % len(self._units)]
        self._index += 1
        return replace(unit, time_ns=self._time_ns(self._index - 1))


@dataclass(frozen=True, slots=True)
class _Reel:
    """Units that were encoded once, and some of the pictures that they were made of."""

    units: tuple[Unit, ...]
    kept: list[Planes]


class VideoClip(_Clip):
    """A ``VideoFeed`` of a few GOPs."""

    def __init__(
        self, scene: Scene, video: VideoFormat, gops: int = 1, seen: Callable[[Planes, int], None] = unseen
    ) -> None:
        """Encode ``gops`` GOPs of ``scene`` now.  ``seen`` is shown some pictures, smaller than they are, whenever they come round."""
        kept: list[Planes] = []
        feed = EncodedVideo(scene, video, VirtualClock(), lambda picture, _: kept.append(shrunk(picture)))
        feed.burn(Overlay("clip", recording=False, clock_set=False))
        self._light = _Reel(_encode(feed, gops * video.gop), kept[::SEEN])
        super().__init__(self._light.units, video.fps, 1)
        self._reel = self._next = self._light
        self._dark: _Reel | None = None
        self._seen = seen
        self._format = video

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""
        return self._format

    def take(self) -> Unit:
        """The next unit with its new time.  What it is made of changes with a keyframe."""
        if self._index % len(self._units) == 0:
            self._reel = self._next
            self._units = self._reel.units
        unit = super().take()
        self._seen(self._reel.kept[(self._index - 1) // SEEN % len(self._reel.kept)], unit.time_ns)
        return unit

    def dark(self, on: bool) -> None:  # noqa: FBT001 - it is called by name
        """Cover the lens, or uncover it: from the next keyframe on."""
        if on and self._dark is None:
            kept: list[Planes] = []
            feed = EncodedVideo(
                DarkScene(self._format), self._format, VirtualClock(), lambda each, _: kept.append(shrunk(each))
            )
            self._dark = _Reel(_encode(feed, len(self._light.units)), kept[::SEEN])
        self._next = self._dark if on and self._dark is not None else self._light

    def faults(self) -> dict[str, Call]:
        """What can go wrong before the encoder."""
        return {"dark": Call(self.dark, {"on": Flag(default=True)})}

    def burn(self, overlay: Overlay) -> None:
        """Nothing is drawn any more."""

    def due_ns(self) -> int:
        """When the next picture is captured."""
        return self._time_ns(self._index)


class AudioClip(_Clip):
    """An ``AudioFeed`` of a few units."""

    def __init__(self, units: int = 8) -> None:
        """Encode ``units`` units of sound now."""
        tone = Tone(VirtualClock())
        super().__init__(_encode(tone, units), tone.format.rate, tone.format.samples_per_unit)
        self._format = tone.format

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""
        return self._format

    def due_ns(self) -> int:
        """When the last sample of the next unit has been captured."""
        return self._time_ns(self._index + 1)


def _encode(feed: Feed, count: int) -> tuple[Unit, ...]:
    feed.begin(VirtualClock().monotonic_ns())
    units: list[Unit] = []
    while len(units) < count:
        unit = feed.take()
        units += [] if unit is None else [unit]
    feed.end()
    return tuple(units)
