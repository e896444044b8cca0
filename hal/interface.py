"""The hardware abstraction layer: what the firmware needs from a body-worn camera, and nothing more.

Every part is a Protocol of two to seven methods.  ``hal.pi`` and ``hal.sim`` pass the same contract tests; the firmware imports this alone.
Rules for all parts:

* Times are integer nanoseconds of one monotonic clock (``CLOCK_BOOTTIME``), or milliseconds since 1970 in UTC where a name ends in ``utc_ms``.
* A *sink* is called on a thread of the part's own.  It returns at once and never raises; a part need not survive one that does.
* ``OSError`` is the only exception that a method raises for trouble outside the program; a wrong call is ``ValueError``.
* Opening a part is its constructor's work, importing its module opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hal.values import (
    AudioFormat,
    Battery,
    Button,
    ClockQuality,
    Colour,
    Cue,
    Edge,
    Light,
    Lights,
    Overlay,
    OverlayField,
    PartName,
    Pattern,
    PortKind,
    Sample,
    Samples,
    Signal,
    Space,
    Track,
    Trial,
    Unit,
    VideoFormat,
    WallTime,
)

__all__ = [
    "Accelerometer",
    "AudioFormat",
    "AudioSource",
    "Battery",
    "Button",
    "Buttons",
    "Clock",
    "ClockQuality",
    "Colour",
    "Cue",
    "Directory",
    "DockPort",
    "Edge",
    "File",
    "Hal",
    "Indicators",
    "Light",
    "Lights",
    "Overlay",
    "OverlayField",
    "PartName",
    "Pattern",
    "PortKind",
    "Power",
    "Sample",
    "Samples",
    "Signal",
    "Signer",
    "Space",
    "Storage",
    "Track",
    "Trial",
    "Triggers",
    "Unit",
    "Updater",
    "VideoFormat",
    "VideoSource",
    "WallTime",
    "Watchdog",
]


class VideoSource(Protocol):
    """A lens with an encoder behind it."""

    @property
    def format(self) -> VideoFormat:
        """The format of every unit until ``stop``."""

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver units until ``stop``, the first one a keyframe.  May be called again after ``stop``."""

    def stop(self) -> None:
        """Deliver nothing more once this returns.  Harmless when stopped."""

    def overlay(self, overlay: Overlay) -> None:
        """Burn this into the frames from now on, through ``stop`` and ``start``.  Not promised: from which frame."""


class AudioSource(Protocol):
    """A microphone with an encoder behind it.  While stopped no sample is read into memory."""

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver units until ``stop``, kept in step with the monotonic clock (drift is resampled away)."""

    def stop(self) -> None:
        """Deliver nothing more once this returns, and close the microphone.  Harmless when stopped."""


class Buttons(Protocol):
    """Raw edges.  Debouncing and gestures are the firmware's."""

    def listen(self, sink: Callable[[Edge], None]) -> None:
        """Send every edge from now on to ``sink``.  Not promised: that edges alternate, or that none is lost."""

    def is_down(self, button: Button) -> bool:
        """The level now.  Asked for each button twenty times a second."""


class Triggers(Protocol):
    """Wired inputs, e.g. ``alarm`` or ``holster``: raw edges.  What they mean is the firmware's to say."""

    def listen(self, sink: Callable[[Signal], None]) -> None:
        """Send every edge from now on to ``sink``.  Not promised: that edges alternate, or that none is lost."""

    def names(self) -> Sequence[str]:
        """The inputs that this camera has."""

    def is_active(self, name: str) -> bool:
        """The level now; ``ValueError`` if there is no such input."""


class Accelerometer(Protocol):
    """What feels the camera's movements, up to 8 g or more on each axis, 40 to 100 times a second."""

    def start(self, sink: Callable[[Samples], None]) -> None:
        """Deliver readings until ``stop``, each at most half a second old.  ``OSError`` where it does not answer.  Not promised: that none lacks."""

    def stop(self) -> None:
        """Deliver nothing more once this returns.  Harmless when stopped."""


class Indicators(Protocol):
    """What the camera shows and lets feel."""

    def show(self, lights: Lights) -> None:
        """Show this until told otherwise."""

    def play(self, cue: Cue) -> None:
        """Begin a cue and return; a newer one replaces one that still plays."""


class DockPort(Protocol):
    """A byte stream to a dock."""

    @property
    def kind(self) -> PortKind:
        """``SERIAL`` may lose, alter and invent bytes and has no beginning; ``STREAM`` is reliable, like TCP."""

    def connected(self) -> bool:
        """Whether something is at the other end, a dock or not.  A line that cannot tell, like a UART, goes by the charging contacts, not by yes."""

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes as soon as any are there; empty after the timeout.  ``OSError`` once the peer is gone."""

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the port.  Not promised: that it arrives.  ``OSError`` once the peer is gone."""

    def reset(self) -> None:
        """Drop what is buffered both ways and make ready for a new peer."""


class File(Protocol):
    """An append-only file."""

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data`` behind the last byte.  Durable only after ``sync``."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer only at the end."""

    def size(self) -> int:
        """Bytes written, without what is only reserved."""

    def reserve(self, size: int) -> None:
        """Set space aside for ``size`` bytes in all, ``size()`` stays; 0 gives back what is not used, ``close`` does not.  It may do nothing."""

    def sync(self) -> None:
        """Make the bytes and the size durable (``fdatasync``).  After an error nothing is known; never call it again."""

    def close(self) -> None:
        """Give the handle back.  Promises nothing about durability."""


class Directory(Protocol):
    """A directory.  Names are single components.  A change of names is durable only after ``sync`` of each directory it touched."""

    def names(self) -> list[str]:
        """The names in it, sorted."""

    def create(self, name: str) -> File:
        """A new, empty file, opened for append and read.  ``FileExistsError`` if the name is taken."""

    def open(self, name: str) -> File:
        """An existing file, to read and, where nothing was ever acknowledged of it, to append.  After a failed sync it reads what the storage holds."""

    def enter(self, name: str, *, create: bool = False) -> Directory:
        """A directory in it; ``create`` makes it where it is missing."""

    def rename(self, name: str, new: str, into: Directory | None = None) -> None:
        """Move a file or directory to ``new`` here or in ``into``, atomically; a file in the way is replaced."""

    def remove(self, name: str) -> None:
        """Remove a file, or a directory that is empty.  A file's room is free once no handle of it is open."""

    def sync(self) -> None:
        """Make the names durable."""


class Storage(Protocol):
    """One partition."""

    def root(self) -> Directory:
        """Its top directory."""

    def space(self) -> Space:
        """What there is and what is left."""


class Signer(Protocol):
    """Holds the device's P-256 key.  A signature takes up to 500 ms in hardware: never in a frame's path."""

    @property
    def kind(self) -> str:
        """Where the key lives: ``software``, ``tpm2`` or ``firmware``; stated in every manifest."""

    def create(self) -> bytes:
        """Make the key inside where there is none, and return the public key.  One that is there stays: nothing here replaces it."""

    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER; ``OSError`` where there is no key yet."""

    def sign_digest(self, digest: bytes) -> bytes:
        """The DER ECDSA signature over a SHA-256 digest of 32 bytes."""

    def counter(self) -> int | None:
        """The hardware's monotonic counter; None where there is none."""

    def advance(self) -> int | None:
        """Count one up and return the new value; None where there is no counter."""


class Clock(Protocol):
    """The monotonic clock and the wall clock."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never run back and run on through suspend."""

    def utc(self) -> WallTime:
        """The wall clock now.  Not promised: that it is right, or that it never jumps."""

    def set_utc(self, utc_ms: int) -> None:
        """Set it on a dock's word: its quality becomes ``DOCK`` until power is lost, then ``RTC`` where a clock ran on."""


class Power(Protocol):
    """Battery and charger."""

    def battery(self) -> Battery:
        """The battery now."""

    def contact(self) -> bool:
        """Whether the charging contacts have power.  That alone is no dock."""

    def processor(self) -> float | None:
        """The processor's temperature in degrees Celsius; None where nobody measures it."""

    def off(self) -> None:
        """Switch the board off, once the service has ended.  Not promised: when, or that it returns.  A button or the charger starts it again."""


class Watchdog(Protocol):
    """Whoever restarts the service when it hangs."""

    def ready(self) -> None:
        """The service buffers."""

    def feed(self) -> None:
        """The service is well; called at least once a second while it is."""

    def stopping(self) -> None:
        """The service ends on purpose."""


class Updater(Protocol):
    """A/B firmware slots."""

    def board(self) -> str:
        """Which kind of board this is, 1 to 64 of ``A-Z a-z 0-9 -``: a bundle is for one."""

    def version(self) -> str:
        """The running system's version."""

    def pending(self) -> bool:
        """Whether the next start boots another slot than the one that runs."""

    def confirm(self) -> None:
        """The running slot works: boot it again next time."""

    def trial(self) -> Trial:
        """How an update stands that is, or was, tried."""

    def restart(self) -> None:
        """Start anew, in good order, what boots next; only while nothing is recorded.  ``OSError`` if nobody takes the order."""

    def install(self, bundle: File, pause: Callable[[], None]) -> None:
        """Write a signed bundle into the other slot and, once all is durable, boot that next time.  ``OSError`` if it or its signature is refused.
        ``pause`` is called before and between any two MiB, and returns once storage is free; what it raises goes through, and all boots as before."""


@dataclass(frozen=True, slots=True)
class Hal:
    """Every part of one camera.  ``config``: the partition for enrolment and settings.  ``docks``: all ports, the fastest first; where several are up, one
    docking's ends.  ``missing``: parts that lack, and why.  ``serial``: the board's, 0 to 64 of ``A-Z a-z 0-9 -``.  ``aes``: its processor has that."""

    video: VideoSource
    audio: AudioSource | None
    buttons: Buttons
    triggers: Triggers
    indicators: Indicators
    docks: tuple[DockPort, ...]
    evidence: Storage
    config: Storage
    signer: Signer
    clock: Clock
    power: Power
    watchdog: Watchdog
    updater: Updater
    motion: Accelerometer | None = None
    missing: Callable[[], Mapping[PartName, str]] = dict
    serial: str = ""
    aes: bool = True
