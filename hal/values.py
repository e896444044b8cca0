"""The frozen values that pass between the firmware and the parts of a camera; ``hal.interface`` says which part takes or gives them.

Times are integer nanoseconds of the monotonic clock that ``hal.interface`` names, unless a name ends in ``utc_ms``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class PartName(Enum):
    """Parts that may be missing one by one, by the names that logs and people call them by."""

    LENS = "lens"
    MICROPHONE = "microphone"
    PINS = "pins"
    BUTTONS = "buttons"
    INPUTS = "inputs"
    LIGHTS = "lights"
    ACCELEROMETER = "accelerometer"
    GAUGE = "fuel-gauge"
    CONTACT = "charging-contacts"
    CHARGER = "charger"
    CLOCK = "rtc"
    SIGNER = "signer"
    UART = "dock-uart"
    GADGET = "dock-usb"
    WATCHDOG = "watchdog"
    UPDATER = "updater"


class Track(Enum):
    """What a unit carries."""

    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded access unit, as it left the encoder.

    ``data``: for video one H.264 access unit in Annex B form (no B-frames; a keyframe is an IDR that repeats SPS and PPS; where that is a single
    slice, with nothing behind it, so is each frame up to the next keyframe);
    for audio one raw AAC frame (no ADTS).  ``time_ns`` is the *capture* time of its first sample, the encoder's own delay and
    priming already taken off; it strictly increases within a track.  Not promised: an even spacing, or that no unit is missing.
    """

    track: Track
    time_ns: int
    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a video source delivers: size in pixels, frames per second, target rate in bit/s, frames from keyframe to keyframe."""

    width: int
    height: int
    fps: int
    bitrate: int
    gop: int


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What an audio source delivers: sample rate in Hz, channels, samples a unit, and the MPEG-4 AudioSpecificConfig."""

    rate: int
    channels: int
    samples_per_unit: int
    config: bytes


class OverlayField(Enum):
    """What may be burnt in beside whether it records, which always is."""

    DEVICE = "device"
    SHIFT = "shift"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is burnt into each frame: ``REC`` or ``PRE``, and those ``fields`` that are wanted.

    ``shift`` is the text that stands for whose shift it is, never a name.  The time, in UTC to the tenth of a second, the source takes from its own clock,
    for when the frame was captured; where that is not ``clock_set`` it says so beside it.
    """

    device: str
    recording: bool
    clock_set: bool
    shift: str = ""
    fields: frozenset[OverlayField] = frozenset(OverlayField)


class Button(Enum):
    """The buttons of a camera."""

    RECORD = "record"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Edge:
    """One electrical change of a button, not debounced."""

    button: Button
    down: bool
    time_ns: int


@dataclass(frozen=True, slots=True)
class Signal:
    """One electrical change of a wired input, not debounced.  ``active``: an alarm is raised, a holster is empty."""

    name: str
    active: bool
    time_ns: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of an accelerometer, in mg, at rest the weight: 1000 away from the ground.  ``x`` is to the wearer's left, ``y`` up and ``z`` away
    from the wearer, for a camera that is worn upright."""

    time_ns: int
    x: float
    y: float
    z: float


@dataclass(frozen=True, slots=True)
class Samples:
    """Some readings, oldest first, as a sensor's queue gives them."""

    samples: tuple[Sample, ...]


class Colour(Enum):
    """Colours of a light."""

    OFF = "off"
    GREEN = "green"
    RED = "red"
    AMBER = "amber"
    BLUE = "blue"
    WHITE = "white"


class Pattern(Enum):
    """Patterns of a light: told apart without seeing colour.  ``hal.patterns`` says how each goes."""

    STEADY = "steady"
    SLOW = "slow"
    FAST = "fast"
    DOUBLE = "double"
    PULSE = "pulse"
    GAP = "gap"
    TWO_GAPS = "two-gaps"
    FOUR = "four"
    UNEVEN = "uneven"
    BLINK = "blink"


@dataclass(frozen=True, slots=True)
class Light:
    """One light's look."""

    colour: Colour
    pattern: Pattern = Pattern.STEADY


@dataclass(frozen=True, slots=True)
class Lights:
    """All lights at once: ``top`` for the wearer, ``front`` for the people who are filmed."""

    top: Light
    front: Light


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that is felt and heard once: buzz lengths in ms (on, off, on, ...) and tones as (Hz, ms)."""

    name: str
    buzz_ms: tuple[int, ...]
    tones: tuple[tuple[int, int], ...] = ()


class PortKind(Enum):
    """What lies below a dock port."""

    SERIAL = "serial"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a storage, in bytes."""

    total: int
    free: int


class ClockQuality(Enum):
    """How much a wall clock's word is worth, rising."""

    UNSET = "unset"
    RTC = "rtc"
    DOCK = "dock"


class Trial(Enum):
    """How an update stands that was started once, to be tried."""

    NONE = "none"  # nothing is tried: what runs is what a camera starts with
    RUNNING = "running"  # what runs is on trial: unless it is confirmed the next start is the old system's
    FAILED = "failed"  # what runs is the old system, and the other slot holds nothing that is to be started


@dataclass(frozen=True, slots=True)
class WallTime:
    """A wall clock reading: ``utc_ms`` milliseconds since 1970 in UTC."""

    utc_ms: int
    quality: ClockQuality


@dataclass(frozen=True, slots=True)
class Battery:
    """The battery: charge in percent, rounded down; whether it charges; its temperature in degrees Celsius and the voltage of one cell, where
    they are known."""

    percent: int
    charging: bool
    celsius: float | None = None
    volts: float | None = None
