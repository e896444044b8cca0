"""The pins of a board, through gpiozero: the only file that knows it, and lgpio below it.

Importing this needs neither.  The pin factory is made here or passed in, never chosen by gpiozero, which would try four and settle for one
without PWM.  Whatever the libraries raise becomes an ``OSError`` that names the pin.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hal.pi.board import Contact, Output

if TYPE_CHECKING:
    from gpiozero import Device, Factory, Pin

_HALF = 0.5
_PATIENCE_S = (0.01, 0.05, 0.2)
"""lgpio gives its own thread 2 ms to let go of a line on which it hears edges, and then asks the kernel for that line anew, ready or not.
Where that thread is later the kernel refuses: so long after that it is asked again."""


def boottime_ns() -> int:
    """The clock of every stamp: it runs on through suspend."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Pins:
    """The pins of one chip.  Each is given to one part; a second one that asks for it is refused."""

    def __init__(self, factory: Factory, *errors: type[Exception]) -> None:
        """``factory`` is gpiozero's; ``errors`` is what lies below it raises beside gpiozero's own.  OSError where there is no gpiozero."""
        with _needed("gpiozero"):
            from gpiozero import GPIOZeroError
        self._factory = factory
        self._made: dict[int, Device] = {}
        self._errors: tuple[type[Exception], ...] = (GPIOZeroError, *errors)

    @classmethod
    def open(cls, run: Path, chip: int | None = None) -> Pins:
        """The kernel's GPIO through lgpio: gpiochip ``chip``, None for the one that the board's own pins hang on.

        lgpio keeps a FIFO in ``run``, which has to be there and be ours alone.  It is to be opened before other threads run: as lgpio is
        loaded it moves the whole process to ``run``, and is moved back here.  OSError where there is no such chip.
        """
        os.environ["LG_WD"] = str(run.resolve(strict=True))
        with _back_again(), _needed("lgpio"):
            from gpiozero import GPIOZeroError
            from gpiozero.pins.lgpio import LGPIOFactory
            from lgpio import error as low
        try:
            factory = LGPIOFactory(chip)
        except (GPIOZeroError, low) as error:
            raise OSError(f"GPIO: {error}") from error
        return cls(factory, low)

    def contact(self, contact: Contact) -> Line:
        """A pin that something closes or opens."""
        return Line(self, contact)

    def lamp(self, output: Output, pulses_hz: int) -> Lamp:
        """A pin that is pulsed, off."""
        return Lamp(self, output, pulses_hz)

    def switch(self, output: Output) -> Switch:
        """A pin that is on or off, off."""
        return Switch(self, output)

    def keep(self, device: Device) -> None:
        """Hold on to a device until ``give_back``.  gpiozero closes one that nobody holds whenever the collector finds it, and waits for
        ever where that is in the middle of reserving another pin."""
        self._made[id(device)] = device

    def give_back(self, device: Device) -> None:
        """Close a device, and let go of it."""
        for pause_s in _PATIENCE_S:
            try:
                device.close()
            except self._errors:
                time.sleep(pause_s)
            else:
                break
        else:
            device.close()
        self._made.pop(id(device), None)

    def close(self) -> None:
        """Give all pins back."""
        with self.asked("GPIO"):
            for device in [*self._made.values()]:
                self.give_back(device)
            self._factory.close()

    @property
    def factory(self) -> Factory:
        """What gpiozero's devices are made with."""
        return self._factory

    @contextmanager
    def asked(self, pin: str) -> Iterator[None]:
        """Whatever goes wrong with a pin is an ``OSError`` that names it."""
        try:
            yield
        except self._errors as error:
            raise OSError(f"{pin}: {str(error) or type(error).__name__}") from error


class Line:
    """A pin that is read."""

    def __init__(self, pins: Pins, contact: Contact) -> None:
        """Set its pull; nobody listens yet."""
        from gpiozero import InputDevice

        self._pins, self._contact = pins, contact
        self._sink: Callable[[bool], None] | None = None
        floating = contact.high if contact.pull is None else None  # gpiozero wants to know this only then
        with pins.asked(contact.pin):
            self._device: InputDevice = InputDevice(
                contact.pin, pull_up=contact.pull, active_state=floating, pin_factory=pins.factory
            )
            self._pin: Pin = self._device.pin
        pins.keep(self._device)

    def listen(self, sink: Callable[[bool], None]) -> None:
        """Call ``sink`` with whether it is active now at every edge, on a thread of the library's."""
        self._sink = sink
        with self._pins.asked(self._contact.pin):
            self._pin.edges = "both"
            self._pin.when_changed = self._changed  # it keeps a weak reference alone: this object has to stay

    def is_active(self) -> bool:
        """The level now: a contact that is high when active does not care which way it is pulled, so this is not gpiozero's to say."""
        with self._pins.asked(self._contact.pin):
            return bool(self._pin.state) is self._contact.high

    def close(self) -> None:
        """Listen no more, and give the pin back."""
        with self._pins.asked(self._contact.pin):
            self._pins.give_back(self._device)

    def _changed(self, _ticks: float, state: float) -> None:
        if self._sink is not None:
            self._sink(bool(state) is self._contact.high)


class Lamp:
    """A pin that is pulsed: a channel of a light, or a buzzer."""

    def __init__(self, pins: Pins, output: Output, pulses_hz: int) -> None:
        """Pulse it, so many times a second, but keep it off."""
        from gpiozero import PWMOutputDevice

        self._pins, self._pin = pins, output.pin
        self._share, self._pulses_hz = 0.0, pulses_hz
        with pins.asked(self._pin):
            self._device: PWMOutputDevice = PWMOutputDevice(
                output.pin, active_high=output.high, frequency=pulses_hz, pin_factory=pins.factory
            )
        pins.keep(self._device)

    def shine(self, share: float) -> None:
        """Be on for this share, from 0 to 1, of the time."""
        if share != self._share:
            with self._pins.asked(self._pin):
                self._device.value = share
            self._share = share

    def sound(self, hertz: int) -> None:
        """Pulse so many times a second, half of the time on; 0 is silence."""
        if hertz and hertz != self._pulses_hz:
            with self._pins.asked(self._pin):
                self._device.frequency = hertz
            self._pulses_hz = hertz
        self.shine(_HALF if hertz else 0.0)

    def close(self) -> None:
        """Off, and give the pin back."""
        with self._pins.asked(self._pin):
            self._pins.give_back(self._device)


class Switch:
    """A pin that is on or off."""

    def __init__(self, pins: Pins, output: Output) -> None:
        """Off."""
        from gpiozero import DigitalOutputDevice

        self._pins, self._pin, self._on = pins, output.pin, False
        with pins.asked(self._pin):
            self._device: DigitalOutputDevice = DigitalOutputDevice(
                output.pin, active_high=output.high, pin_factory=pins.factory
            )
        pins.keep(self._device)

    def turn(self, *, on: bool) -> None:
        """On or off."""
        if on is not self._on:
            with self._pins.asked(self._pin):
                self._device.value = on
            self._on = on

    def close(self) -> None:
        """Off, and give the pin back."""
        with self._pins.asked(self._pin):
            self._device.off()
            self._pins.give_back(self._device)


@contextmanager
def _needed(library: str) -> Iterator[None]:
    """A library that is not there is a part that is missing."""
    try:
        yield
    except ImportError as error:
        raise OSError(f"GPIO: {library} cannot be used: {error}") from error


@contextmanager
def _back_again() -> Iterator[None]:
    """Whoever moves the process elsewhere meanwhile, it comes back."""
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield
    finally:
        os.fchdir(here)
        os.close(here)
