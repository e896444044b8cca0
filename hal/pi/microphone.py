"""The microphone of a Raspberry Pi: any sound card that ALSA knows, through PyAV, kept in step with the monotonic clock, as AAC-LC.

FFmpeg stamps what it captures by the wall clock, which docks set; so ours are made of the monotonic clock and of counted samples
(``hal/pi/instep.py``).  It says nothing of an overrun either: that is seen by the time that is missing.

ALSA may wait for ever, for a device that another has open as for one that hangs, so all of it runs on a thread of its own.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hal.interface import AudioFormat, Clock, Track, Unit
from hal.pi.instep import RATE, UNIT, Grid, Reckoner, Samples

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.packet import Packet

BIT_RATE: Final = 64_000
BLOCK: Final = RATE // 100
"""Samples that are looked at together: the periods of many cards are a thousandth of a second."""
PAUSE_NS: Final = 30_000_000
"""Sound may have been lost where this passed between two of a card's periods: they are not put into one block."""
PROMPT_S: Final = 0.02
"""How long ``start`` waits to be told that the device cannot be opened.  The controller's thread waits with it."""
PATIENCE_S: Final = 0.5
FULL: Final = 32768.0
WIDTH: Final = 2  # bytes a sample


_CARD: Final = re.compile(r"(?:plug)?hw:(?:CARD=)?(?P<card>[^,]+)(?:,(?:DEV=)?(?P<device>\d+))?")
CARDS: Final = Path("/proc/asound")


def absent(name: str, cards: Path = CARDS) -> str | None:
    """Why nothing can be heard by a card's name in ALSA, as far as the kernel's list of cards says: nothing is opened for it.  None where there is such
    a card and it captures, and for a name that ALSA's configuration gives a meaning."""
    named = _CARD.fullmatch(name)
    if named is None:
        return None
    card = cards / (f"card{named['card']}" if named["card"].isdigit() else named["card"])
    if not card.is_dir():
        return f"there is no sound card {named['card']}"
    return None if (card / f"pcm{named['device'] or 0}c").is_dir() else f"the sound card {named['card']} hears nothing"


class Device(Protocol):
    """A sound card that is open: mono, 48 kHz, 16 bits, little-endian.  Whatever is wrong with it is an ``OSError``."""

    def read(self) -> tuple[bytes, int]:
        """Wait for samples, and tell when the last of them was there.  May be empty."""

    def close(self) -> None:
        """Let others have it."""


class Alsa:
    """A ``Device`` of ALSA's, by the name that it has in ALSA's configuration."""

    def __init__(self, name: str, clock: Clock) -> None:
        """Open it.  ``OSError`` if there is none of that name, another has it, or it cannot do what is asked of it."""
        import av

        self._clock = clock
        self._trouble = av.FFmpegError
        try:
            self._input = av.open(name, format="alsa", options={"sample_rate": str(RATE), "channels": "1"})
        except av.FFmpegError as error:
            raise OSError(f"no sound from {name}: {error}") from error
        self._packets: Iterator[Packet[AudioStream]] = self._input.demux(audio=0)
        self._early: tuple[bytes, int] | None = None
        self._last_ns = clock.monotonic_ns()

    def read(self) -> tuple[bytes, int]:
        """Some ``BLOCK`` samples, fewer where what follows may not follow at once."""
        data, last_ns = self._early or (b"", self._last_ns)
        self._early = None
        parts, size = [data], len(data)
        while size < BLOCK * WIDTH:
            data, now_ns = self._period(), self._clock.monotonic_ns()
            if size and now_ns - last_ns > PAUSE_NS:
                self._early = data, now_ns
                break
            parts.append(data)
            size, last_ns = size + len(data), now_ns
        self._last_ns = last_ns
        return b"".join(parts), last_ns

    def close(self) -> None:
        """Close the device."""
        self._input.close()

    def _period(self) -> bytes:
        try:
            packet = next(self._packets, None)
        except self._trouble as error:
            raise OSError(f"the sound card is gone: {error}") from error
        if packet is None or not packet.size:
            raise OSError("the sound card is gone")
        return bytes(packet)


class PiMicrophone:
    """An ``AudioSource`` on ALSA.  ``start`` and ``stop`` are called by one thread.

    The times are those of the first sample of a unit: the encoder's priming and its delay are taken off.
    """

    def __init__(
        self,
        clock: Clock,
        name: str = "default",
        device: Callable[[str, Clock], Device] = Alsa,
        patience_s: float = PATIENCE_S,
        prompt_s: float = PROMPT_S,
    ) -> None:
        """A stopped microphone on the card ``name``.  ``OSError`` without PyAV.

        ``patience_s``: how long a card may take to be closed; ``prompt_s``: to be opened, if a refusal is to be an error of ``start``.
        """
        self._clock, self._name, self._device, self._patience_s = clock, name, device, patience_s
        self._prompt_s = prompt_s
        self._format = AudioFormat(RATE, 1, UNIT, Encoder().config)
        self._hearing: Hearing | None = None
        self._stuck: Hearing | None = None
        self.gaps = 0
        """Times that sound was lost while it ran, until the last stop."""
        self._ppm, self._last_ns = 0.0, -1

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""
        return self._format

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver units until ``stop``; ``ValueError`` while it runs, ``OSError`` if the card cannot be opened, or hangs still.

        A card that takes its time to open is not waited for: it is silent until then.
        """
        if self._hearing is not None:
            raise ValueError("the microphone runs already")
        if self._stuck is not None and self._stuck.is_alive():
            raise OSError(f"the sound card {self._name} hangs")
        self._stuck = None
        after_ns = max(self._last_ns, self._clock.monotonic_ns() - 1)
        hearing = Hearing(lambda: self._device(self._name, self._clock), sink, Reckoner(self._ppm), Grid(after_ns))
        hearing.start()
        hearing.opened.wait(self._prompt_s)
        if hearing.refused is not None:
            raise OSError(f"the microphone does not start: {hearing.refused}") from hearing.refused
        self._hearing = hearing

    def stop(self) -> None:
        """Deliver what was heard, then nothing more once this returns, and close the card.  ``OSError`` if it hangs: it is closed once it does not."""
        hearing, self._hearing = self._hearing, None
        if hearing is None:
            return
        closed = hearing.end(self._patience_s)
        self._last_ns = max(self._last_ns, hearing.last_ns)
        self._ppm = hearing.reckoner.ppm
        self.gaps += hearing.reckoner.gaps
        if not closed:
            self._stuck = hearing
            raise OSError(f"the sound card {self._name} hangs")


class Hearing(threading.Thread):
    """From a start to a stop: opens the card, reads it, closes it."""

    def __init__(
        self, device: Callable[[], Device], sink: Callable[[Unit], None], reckoner: Reckoner, grid: Grid
    ) -> None:
        super().__init__(name="pi-microphone", daemon=True)
        self._device, self._sink, self._grid = device, sink, grid
        self.reckoner = reckoner
        self.opened = threading.Event()
        """Set as soon as the device is open, or is known not to open."""
        self.refused: OSError | None = None
        self.last_ns = -1
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._silent = False
        self._encoder = Encoder()

    def run(self) -> None:
        """Hear until asked to end, or until the card is gone: what follows is silence, which the firmware sees."""
        try:
            device = self._device()
        except OSError as error:
            self.refused = error
            return
        finally:
            self.opened.set()
        try:
            while not self._asked.is_set():
                self._hear(*device.read())
        except OSError:
            pass
        finally:
            device.close()
            self._deliver(self._encoder.rest())

    def end(self, patience_s: float) -> bool:
        """Deliver nothing more once this returns; whether the card is closed."""
        self._asked.set()
        self.join(patience_s)
        with self._lock:
            self._silent = True
        return not self.is_alive()

    def _hear(self, data: bytes, arrival_ns: int) -> None:
        if not data:
            return
        samples: Samples = np.frombuffer(data, "<i2") / FULL
        for stretch in self.reckoner.take(samples, arrival_ns):
            for time_ns, unit in self._grid.put(stretch):
                self._deliver(self._encoder.put(time_ns, unit))

    def _deliver(self, units: list[Unit]) -> None:
        with self._lock:
            for unit in () if self._silent else units:
                self.last_ns = unit.time_ns
                self._sink(unit)


class Encoder:
    """AAC-LC, raw frames.  What comes out is what went in some units before, and covers what its time says."""

    def __init__(self) -> None:
        """``OSError`` without PyAV."""
        try:
            import av
        except ImportError as error:
            raise OSError(f"no PyAV: {error}") from error
        codec = av.CodecContext.create("aac", "w")
        codec.sample_rate, codec.layout, codec.format = RATE, "mono", "fltp"
        codec.bit_rate = BIT_RATE
        codec.time_base = Fraction(1, RATE)
        codec.open()
        self._codec: AudioCodecContext = codec
        self._frame = av.AudioFrame
        self._times: deque[int] = deque()
        self._units = 0
        self.config: bytes = codec.extradata or b""
        """The AudioSpecificConfig."""

    def put(self, time_ns: int, samples: Samples) -> list[Unit]:
        """Encode ``UNIT`` samples, the first captured at ``time_ns``: the units that come out, if any."""
        frame = self._frame.from_ndarray(samples.astype(np.float32)[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._units * UNIT
        self._units += 1
        self._times.append(time_ns)
        return self._out(self._codec.encode(frame))

    def rest(self) -> list[Unit]:
        """What it still has.  Nothing can be put in afterwards."""
        return self._out(self._codec.encode(None)) if self._units else []

    def _out(self, packets: list[Packet[AudioStream]]) -> list[Unit]:
        """Before time zero there is but priming."""
        heard = [packet for packet in packets if packet.pts is not None and packet.pts >= 0]
        return [Unit(Track.AUDIO, self._times.popleft(), bytes(packet), key=True) for packet in heard if self._times]
