"""The accelerometer LIS3DH on I2C: 50 readings a second up to 8 g, which wait in its queue until they are fetched.

Registers are those of ST's data sheet DocID17530 (section 8; the queue: 5.1, the size of a step: 2.1).  What it does not say: the queue keeps the
upper 10 of 12 bits (https://community.st.com/t5/mems-sensors/lis3dhtr-data-length/td-p/440261).  Its own oscillator runs up to a few percent
beside ours: readings are taken to be evenly spread over the time since those before.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from hal.interface import Clock, Sample, Samples
from hal.pi.i2c import I2c

ADDRESS: Final = 0x18
WHO_AM_I: Final = 0x0F
WHO: Final = 0x33
CTRL_REG1: Final = 0x20
OUT_X_L: Final = 0x28
FIFO_SRC: Final = 0x2F
NEXT: Final = 0x80
"""With a register: go on to the next with each byte (6.1.1).  Behind 0x2D it goes back to 0x28, where the queue's next reading is (ST's AN3308:
192 bytes are all of it)."""
STREAM: Final = 0x80
RUN: Final = (
    (0x24, 0x40),  # CTRL_REG5: FIFO_EN
    (0x23, 0xA8),  # CTRL_REG4: BDU, no half-written readings; 8 g; HR, of 12 bits
    (0x2E, 0x00),  # FIFO_CTRL_REG: bypass, which empties it
    (0x2E, STREAM),  # the oldest go when it is full
    (CTRL_REG1, 0x47),  # 50 Hz, all axes
)
REST: Final = 0x00  # CTRL_REG1: power-down
WAITING: Final = 0x1F  # of FIFO_SRC_REG: FSS, unread readings, which stops at 31
FULL: Final = 0x40  # OVRN: there are 32
MG: Final = 4.0  # a step at 8 g and 12 bits, of which the queue keeps every fourth
SHIFT: Final = 4  # they stand to the left in 16
ONE: Final = 6  # bytes
AT_ONCE: Final = 5  # readings in one transfer, of 32 bytes at most
STEP_NS: Final = 20_000_000
LONGEST_NS: Final = STEP_NS * 5 // 4
POLL_S: Final = 0.2
FRESH: Final = 20
"""Readings that are less than half a second old.  The queue holds more, which somebody was too busy to fetch."""
AXES: Final = ("+x", "+y", "+z")


class PiAccelerometer:
    """A LIS3DH.  ``poll`` fetches what waits; with ``paced`` a thread does that five times a second."""

    def __init__(
        self,
        bus: I2c,
        clock: Clock,
        *,
        address: int = ADDRESS,
        axes: tuple[str, str, str] = AXES,
        paced: bool = True,
    ) -> None:
        """Nothing is asked of it yet.  ``axes``: which of the chip's axes, with its sign, is to the wearer's left, up, and away from the wearer;
        ``ValueError`` if they are not three different ones."""
        if sorted(axis[1:] for axis in axes) != ["x", "y", "z"] or any(axis[:1] not in {"+", "-"} for axis in axes):
            raise ValueError(f"axes must be x, y and z, each with its sign: {axes}")
        self._turn = tuple(("xyz".index(axis[1]), MG if axis[0] == "+" else -MG) for axis in axes)
        self._bus, self._clock, self._address, self._paced = bus, clock, address, paced
        self._sink: Callable[[Samples], None] | None = None
        self._last_ns = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lost = False
        self.failures = 0
        """Times that it did not answer while it ran."""

    def start(self, sink: Callable[[Samples], None]) -> None:
        """Deliver readings until ``stop``; ``ValueError`` while it runs, ``OSError`` where it does not answer or is another chip."""
        if self._sink is not None:
            raise ValueError("the accelerometer runs already")
        self._set_up()
        self._sink = sink
        if self._paced:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="pi-motion", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Deliver nothing more, and let it sleep."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        sink, self._sink = self._sink, None
        if sink is not None:
            with suppress(OSError):  # one that is gone needs no rest
                self._bus.write(self._address, CTRL_REG1, REST)

    def poll(self) -> None:
        """Deliver what waits.  A chip that does not answer is set up anew as soon as it does: it may have been without power."""
        sink = self._sink
        if sink is None:
            return
        try:
            if self._lost:
                self._set_up()
            steps = self._fetch()
        except OSError:
            self._lost = True
            self.failures += 1
            return
        if steps:
            sink(Samples(self._stamped(steps)))

    def _set_up(self) -> None:
        who = self._bus.read(self._address, WHO_AM_I, 1)[0]
        if who != WHO:
            raise OSError(f"no LIS3DH: it says that it is 0x{who:02x}")
        for register, value in RUN:
            self._bus.write(self._address, register, value)
        self._last_ns = self._clock.monotonic_ns()
        self._lost = False

    def _fetch(self) -> list[tuple[int, int, int]]:
        waiting = self._bus.read(self._address, FIFO_SRC, 1)[0]
        count = (waiting & WAITING) + bool(waiting & FULL)
        steps = []
        while count:
            now = min(count, AT_ONCE)
            data = self._bus.read(self._address, OUT_X_L | NEXT, now * ONE)
            steps += [(x, y, z) for x, y, z in struct.iter_unpack("<hhh", data)]
            count -= now
        return steps

    def _stamped(self, steps: list[tuple[int, int, int]]) -> tuple[Sample, ...]:
        steps = steps[-FRESH:]
        now_ns = self._clock.monotonic_ns()
        step_ns = min(LONGEST_NS, (now_ns - self._last_ns) // len(steps))
        first_ns = now_ns - step_ns * (len(steps) - 1)
        self._last_ns = now_ns
        return tuple(self._sample(first_ns + step_ns * number, step) for number, step in enumerate(steps))

    def _sample(self, time_ns: int, step: tuple[int, int, int]) -> Sample:
        x, y, z = ((step[axis] >> SHIFT) * scale for axis, scale in self._turn)
        return Sample(time_ns, x, y, z)

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            self.poll()
