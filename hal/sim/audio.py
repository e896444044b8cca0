"""The simulated microphone: what a sound card hears, kept in step with the clock, through an AAC-LC encoder."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from hal.interface import AudioFormat, Track, Unit
from hal.sim.calls import Call, Number
from hal.sim.clock import NS, SimTime
from hal.sim.soundcard import RATE, InStep, SoundCard

SAMPLES = 1024  # a unit; also what the encoder puts before the first sample (priming)

_BIT_RATE = 64_000


class Tone:
    """An ``AudioFeed``: AAC units on an exact grid, each stamped with the capture time of its first sample.

    A unit comes out two units after its first sample was captured (the encoder looks ahead) and covers what it says:
    the encoder's priming is left out.  With a drift the sound card's crystal is off; what it captures is resampled before
    the encoder, so that neither stamps nor sound move against the clock, however long it runs.
    """

    def __init__(self, clock: SimTime) -> None:
        """A feed whose beeps follow the wall clock of ``clock``."""
        self._clock = clock
        self._format = AudioFormat(RATE, 1, SAMPLES, _encoder().extradata or b"")
        self._ppm = 0.0
        self._codec: AudioCodecContext | None = None
        self._sound = InStep(SoundCard(clock, 0))
        self._start_ns = 0
        self._index = 0
        self._encoded = 0
        self._times: deque[int] = deque()

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""
        return self._format

    def drift(self, ppm: float) -> None:
        """From the next start on let the sound card run fast by ``ppm`` millionths (slow if negative)."""
        self._ppm = ppm

    def faults(self) -> dict[str, Call]:
        """What can go wrong before the encoder."""
        return {"drift": Call(self.drift, {"ppm": Number(-1000, 1000, real=True)})}

    def begin(self, time_ns: int) -> None:
        """Open an encoder; the first sample is captured at ``time_ns``."""
        self._codec = _encoder()
        self._sound = InStep(SoundCard(self._clock, time_ns, self._ppm))
        self._start_ns, self._index, self._encoded = time_ns, 0, 0
        self._times.clear()

    def due_ns(self) -> int:
        """When the last sample of the next unit has been captured."""
        return self._time_ns(self._index + 1)

    def take(self) -> Unit | None:
        """Capture the next unit's samples and encode them: the unit that comes out, if one does, is an earlier one."""
        time_ns, first, until_ns = self._time_ns(self._index), self._index * SAMPLES, self.due_ns()
        self._index += 1
        if self._codec is None:
            return None
        samples = self._sound.block(first, SAMPLES, until_ns).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._encoded * SAMPLES
        self._encoded += 1
        self._times.append(time_ns)
        for packet in self._codec.encode(frame):
            if packet.pts is not None and packet.pts >= 0:  # before zero: priming
                return Unit(Track.AUDIO, self._times.popleft(), bytes(packet), key=True)
        return None

    def skip(self) -> None:
        """Let the next unit's samples pass by unheard."""
        self._index += 1
        self._sound.skip(self._time_ns(self._index))

    def end(self) -> None:
        """Close the microphone."""
        self._codec = None

    def _time_ns(self, index: int) -> int:
        return self._start_ns + index * SAMPLES * NS // RATE


def _encoder() -> AudioCodecContext:
    codec = av.CodecContext.create("aac", "w")
    codec.sample_rate, codec.layout, codec.format = RATE, "mono", "fltp"
    codec.bit_rate = _BIT_RATE
    codec.time_base = Fraction(1, RATE)
    codec.open()
    return codec
