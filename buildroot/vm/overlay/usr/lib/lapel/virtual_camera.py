"""The virtual camera's service: a real board's, but for what no machine can stand in for, which is an encoded clip, a tone, and a full battery.

It is installed in the virtual camera alone, with the simulation that it takes them from.  The service itself has no option, file or variable
that would put a clip in the place of a lens: that takes a program like this one.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from firmware.__main__ import HALS, main, real
from hal.interface import Battery, Clock, Hal, WallTime
from hal.pi.power import OFF, switch_off
from hal.sim.clip import AudioClip, VideoClip
from hal.sim.scene import SyntheticScene
from hal.sim.sources import Paced, SimAudio, SimVideo

NS = 1_000_000  # in a millisecond


class Pace:
    """The board's clock, as the simulation's sources are paced by it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def monotonic_ns(self) -> int:
        """The board's."""
        return self._clock.monotonic_ns()

    def utc(self) -> WallTime:
        """The board's."""
        return self._clock.utc()

    def set_utc(self, utc_ms: int) -> None:
        """Not the sources' to do."""
        raise ValueError(f"nobody sets the time here: {utc_ms}")

    def utc_ns(self, time_ns: int) -> int:
        """The board's wall clock at another time."""
        return self._clock.utc().utc_ms * NS + time_ns - self._clock.monotonic_ns()


class Mains:
    """Power that does not end.  To switch off is the board's own way, and it says so truly."""

    def battery(self) -> Battery:
        """Full."""
        return Battery(100, charging=False)

    def contact(self) -> bool:
        """There are no contacts."""
        return False

    def processor(self) -> float | None:
        """Nobody measures it."""
        return None

    def off(self) -> None:
        """Have systemd switch the machine off."""
        switch_off(OFF)


def fitted(hal: Hal) -> Hal:
    """The board's parts, with what the machine has none of in its place."""
    pace, video = Pace(hal.clock), hal.video.format
    return replace(
        hal,
        video=SimVideo(VideoClip(SyntheticScene(video), video), Paced(pace, "video")),
        audio=SimAudio(AudioClip(), Paced(pace, "audio")),
        power=Mains(),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {**HALS, "pi": (("board",), lambda options: real(options, fitted))}))
