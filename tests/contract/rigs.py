"""How the contract suites get at an implementation: each *rig* holds one part and the means to handle it from outside.

The suites are written against the Protocols in ``hal.interface``; ``implementations.py`` says what they run on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hal.interface import (
    Accelerometer,
    AudioSource,
    Button,
    Buttons,
    Clock,
    Cue,
    DockPort,
    Indicators,
    Lights,
    Power,
    Signer,
    Storage,
    Triggers,
    Unit,
    Updater,
    VideoSource,
    Watchdog,
)

SMALL = 1 << 20  # bytes on a small partition


@dataclass
class Take:
    """What a source delivered, when each unit arrived, and when the source was started."""

    started_ns: int
    units: list[Unit] = field(default_factory=list)
    arrivals_ns: list[int] = field(default_factory=list)


def _record(source: VideoSource | AudioSource, clock: Clock, run: Callable[[float], None], seconds: float) -> Take:
    take = Take(clock.monotonic_ns())

    def sink(unit: Unit) -> None:
        take.arrivals_ns.append(clock.monotonic_ns())
        take.units.append(unit)

    source.start(sink)
    run(seconds)
    source.stop()
    return take


@dataclass
class VideoRig:
    """A stopped lens, the clock of its stamps, and a way to let it see for some seconds."""

    source: VideoSource
    clock: Clock
    run: Callable[[float], None]

    def record(self, seconds: float) -> Take:
        """Start, run, stop."""
        return _record(self.source, self.clock, self.run, seconds)


@dataclass
class AudioRig:
    """A stopped microphone, the clock of its stamps, and a way to let it hear for some seconds."""

    source: AudioSource
    clock: Clock
    run: Callable[[float], None]

    def record(self, seconds: float) -> Take:
        """Start, run, stop."""
        return _record(self.source, self.clock, self.run, seconds)


@dataclass
class ButtonsRig:
    """Buttons and a finger."""

    buttons: Buttons
    clock: Clock
    press: Callable[[Button], object]
    release: Callable[[Button], object]


@dataclass
class TriggersRig:
    """Wired inputs and a way to set the level of one."""

    triggers: Triggers
    clock: Clock
    put: Callable[[str, bool], object]


@dataclass
class MotionRig:
    """A stopped accelerometer that lies or hangs still, the clock of its stamps, and a way to let time pass."""

    motion: Accelerometer
    clock: Clock
    run: Callable[[float], None]


@dataclass
class IndicatorsRig:
    """Lights and buzzer, and an eye on them: what is shown, and the names of the cues that were played."""

    indicators: Indicators
    lights: Callable[[], Lights]
    played: Callable[[], list[Cue]]


@dataclass
class StorageRig:
    """An empty partition."""

    storage: Storage


@dataclass
class SignerRig:
    """A signer with a key, a way to make it again as after a power cycle, and one to switch off what it runs on."""

    signer: Signer
    again: Callable[[], Signer]
    off: Callable[[], object] = bool


@dataclass
class ClockRig:
    """A clock, a way to let time pass, and a way to make it again as after a power cycle."""

    clock: Clock
    wait: Callable[[float], None]
    again: Callable[[], Clock]


@dataclass
class DockRig:
    """A dock port with nothing plugged in, and the other side of it."""

    port: DockPort
    plug: Callable[[], None]
    unplug: Callable[[], None]
    hang_up: Callable[[], None]
    send: Callable[[bytes], None]
    receive: Callable[[int], bytes]


@dataclass
class PowerRig:
    """A battery away from the charger, a charger, and whether the board was switched off."""

    power: Power
    touch: Callable[[bool], None]
    is_off: Callable[[], bool]


@dataclass
class WatchdogRig:
    """A watchdog, and what whoever is behind it heard last: a state, and the number of feeds."""

    watchdog: Watchdog
    told: Callable[[], tuple[str, int]]


@dataclass
class UpdaterRig:
    """Firmware slots; ``refuse`` lets the next bundle be one whose own signature does not hold."""

    updater: Updater
    refuse: Callable[[], None]
