"""A Raspberry Pi's microphone without a sound card: the real ALSA and FFmpeg, on a pipe into which the tests put what a card would capture."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hal.interface import Clock
from hal.pi.instep import RATE
from hal.pi.microphone import BLOCK, Alsa, Device, PiMicrophone
from hal.sim.clock import NS, VirtualClock
from tests.contract import rigs

WAIT_S = 60.0
NAME = "bodymic"
Samples = NDArray[np.float64]
OPEN: list[Card] = []


def hum(times: Samples) -> Samples:
    """Two tones, for whoever does not listen."""
    mixed: Samples = 0.3 * np.sin(2 * np.pi * 440 * times) + 0.1 * np.sin(2 * np.pi * 1100 * times)
    return mixed


class Pipe:
    """A named pipe that ALSA takes for a card; it gives what is written, and waits for more."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lapel-alsa-")
        folder = Path(self._folder.name)
        os.mkfifo(folder / "pipe")
        self._descriptor = os.open(folder / "pipe", os.O_RDWR)
        configuration = f'pcm.{NAME} {{ type file; slave.pcm {{ type null }}; file /dev/null; infile "{folder}/pipe"; format raw }}\n'
        (folder / "asound.conf").write_text(configuration)
        os.environ["ALSA_CONFIG_PATH"] = str(folder / "asound.conf")

    def write(self, samples: Samples) -> None:
        """Samples between -1 and 1."""
        data = np.round(samples * 32767).astype("<i2").tobytes()
        assert os.write(self._descriptor, data) == len(data)

    def close(self) -> None:
        """Take the card away.  Nobody may be reading."""
        os.environ.pop("ALSA_CONFIG_PATH", None)
        os.close(self._descriptor)
        self._folder.cleanup()


@dataclass
class Card:
    """Captures blocks as its clock goes on, ``ppm`` fast, of a ``sound`` that is heard from the clock's ``born_ns`` on."""

    clock: VirtualClock
    sound: Callable[[Samples], Samples] = hum
    ppm: float = 0.0
    pipe: Pipe = field(default_factory=Pipe)
    device: Held | None = None
    opened: int = 0
    lost: bool = False
    """What it captures now finds its buffer full."""

    def __post_init__(self) -> None:
        self.born_ns = self.clock.monotonic_ns()
        self._captured = 0

    def run(self, seconds: float) -> None:
        """So many seconds of sound, each block read once it is complete.  What there was before passed by unheard."""
        passed = (self.clock.monotonic_ns() - self.born_ns) * self._rate() / NS
        self._captured = max(self._captured, int(passed / BLOCK + 1e-6) * BLOCK)
        until_ns = self.clock.monotonic_ns() + round(seconds * NS)
        while (due_ns := self._when(self._captured + BLOCK)) <= until_ns:
            self.clock.advance(max(0, due_ns - self.clock.monotonic_ns()))
            self._block()
        self.clock.advance(until_ns - self.clock.monotonic_ns())

    def open(self, name: str, clock: Clock) -> Device:
        """For ``PiMicrophone``."""
        self.opened += 1
        self.device = Held(self, name, clock)
        return self.device

    def _block(self) -> None:
        times = np.arange(self._captured, self._captured + BLOCK) / self._rate()
        self._captured += BLOCK
        if self.device is not None and not self.lost:
            self.pipe.write(self.sound(times))
            self.device.there.release()
            assert self.device.handled.acquire(timeout=WAIT_S), "the block is not heard"

    def _when(self, captured: int) -> int:
        return self.born_ns + round(captured / self._rate() * NS)

    def _rate(self) -> float:
        return RATE * (1 + self.ppm / 1e6)


class Held:
    """ALSA's device, read only when a block is there: then time stands still until it has been heard."""

    def __init__(self, card: Card, name: str, clock: Clock) -> None:
        self._card, self._name, self._clock = card, name, clock
        self._alsa: Alsa | None = None
        self._hearing = False
        self.there, self.handled = threading.Semaphore(0), threading.Semaphore(0)

    def read(self) -> tuple[bytes, int]:
        """The next block, or nothing for now."""
        if self._hearing:
            self.handled.release()
        self._hearing = self.there.acquire(timeout=0.005)
        if not self._hearing:
            return b"", 0
        self._alsa = self._alsa or Alsa(self._name, self._clock)
        return self._alsa.read()

    def close(self) -> None:
        """Close ALSA's."""
        self._card.device = None
        if self._alsa is not None:
            self._alsa.close()


def give_back() -> None:
    """Take away the card that is in use."""
    while OPEN:
        OPEN.pop().pipe.close()


def plugged(sound: Callable[[Samples], Samples] = hum, ppm: float = 0.0) -> Card:
    """A card that nobody has opened.  A process has one: who takes it gets it from who had it."""
    give_back()
    OPEN.append(Card(VirtualClock(), sound, ppm))
    return OPEN[-1]


def microphone(ppm: float = 0.0) -> rigs.AudioRig:
    """The microphone as the contract's tests want it."""
    card = plugged(ppm=ppm)
    return rigs.AudioRig(PiMicrophone(card.clock, NAME, card.open, WAIT_S, WAIT_S), card.clock, card.run)
