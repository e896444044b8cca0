"""Which lens and which microphone a simulated camera has: what draws and encodes is loaded only where something is drawn and encoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hal.interface import VideoFormat
from hal.sim.clock import SimClock
from hal.sim.film import SOUND, FilmedSound, FilmedVideo
from hal.sim.preview import Preview
from hal.sim.sources import AudioFeed, Paced, SimAudio, SimVideo, VideoFeed

PERIOD_S: Final = 0.08
"""What a sound card gathers before anybody is woken."""


@dataclass(frozen=True, slots=True)
class Optics:
    """A lens, a microphone if there is one, and small pictures of what the lens sees."""

    lens: SimVideo
    microphone: SimAudio | None
    preview: Preview


def filmed(clock: SimClock, film: Path, video: VideoFormat) -> Optics:
    """What was encoded before, as it is; there are no pictures of it to look at.  ``OSError`` where that is no film."""
    sound = film.with_suffix(SOUND)
    microphone = SimAudio(FilmedSound(sound), Paced(clock, "audio", gather_s=PERIOD_S)) if sound.exists() else None
    return Optics(SimVideo(FilmedVideo(film, video), Paced(clock, "video")), microphone, Preview(_nothing))


def encoded(clock: SimClock, source: str | None, video: VideoFormat, *, replay: bool) -> Optics:
    """A scene, drawn or from ``source``, and a tone, encoded as they come, or once and repeated; ``OSError`` if the source cannot be opened."""
    from hal.sim.audio import Tone
    from hal.sim.clip import AudioClip, VideoClip
    from hal.sim.filescene import open_scene
    from hal.sim.jpeg import kept
    from hal.sim.scene import Scene, SyntheticScene
    from hal.sim.video import EncodedVideo

    preview = Preview(kept)
    scene: Scene = SyntheticScene(video) if source is None else open_scene(source, video)
    feed: VideoFeed = (
        VideoClip(scene, video, seen=preview.offer) if replay else EncodedVideo(scene, video, clock, preview.offer)
    )
    sound: AudioFeed = AudioClip() if replay else Tone(clock)
    return Optics(SimVideo(feed, Paced(clock, "video")), SimAudio(sound, Paced(clock, "audio")), preview)


def _nothing(_planes: object) -> Callable[[], bytes]:
    return bytes
