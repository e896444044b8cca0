"""What asks for a recording beside the officer's hands: wired inputs and the accelerometer.  None of it ends or confirms anything.

Only what the authority switched on is looked at: an accelerometer that nobody asked for is never started.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from firmware.core.contacts import NAMES, Contact
from firmware.core.indications import Trouble
from firmware.core.machine import Event, Place
from firmware.core.motion import FALL, MAN_DOWN, Limits, Motion
from firmware.runtime.flow import Cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.core.contacts import Alert
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.settings import Settings
    from hal.interface import Hal, Samples, Signal

SILENT_NS: Final = 3_000_000_000
"""An accelerometer that delivers nothing for so long is dead."""
RETRY_NS: Final = 30_000_000_000
RACK: Final = frozenset({Place.DOCKED, Place.OFFLOADING})


class Asked(Protocol):
    """Whoever decides what follows from an alert."""

    @property
    def place(self) -> Place:
        """Where the camera is."""

    def ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording, or have the one that runs marked."""


class Sensors:
    """The sensors of one camera, by the authority's switches ``alert_*``."""

    def __init__(self, head: Asked, hal: Hal, settings: Settings, flow: Flow, log: Log) -> None:
        self._head = head
        self._flow = flow
        self._log = log
        self._clock = hal.clock
        self._inputs = hal.triggers
        self._wanted = wanted(settings)
        now_ns = hal.clock.monotonic_ns()
        self._contacts = {
            name: Contact(name, active=hal.triggers.is_active(name), now_ns=now_ns)
            for name in hal.triggers.names()
            if name in self._wanted and name in NAMES
        }
        self._sensor = hal.motion if self._wanted & {FALL, MAN_DOWN} else None
        limits = Limits(settings.fall_drop_mg, settings.fall_impact_mg, settings.man_down_tilt_deg, settings.man_down_s)
        self._motion = Motion(limits)
        self._sink: Callable[[object], None] | None = None
        self._came_ns = self._tried_ns = now_ns
        self._deaf = False

    def listen(self, sink: Callable[[object], None]) -> None:
        """Have everything that they notice put into ``sink``."""
        self._sink = sink
        self._inputs.listen(sink)
        if self._sensor is not None:
            self._start(self._clock.monotonic_ns())

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What is wrong with those that are wanted."""
        broken = self._deaf or any(contact.broken for contact in self._contacts.values())
        return frozenset({Trouble.SENSOR_FAILS} if broken else ())

    def wired(self, signal: Signal) -> None:
        """An edge of a wired input came."""
        if (contact := self._contacts.get(signal.name)) is not None:
            self._alert(contact.edge(signal))

    def felt(self, samples: Samples) -> None:
        """Readings of the accelerometer came.  In the rack nobody falls."""
        self._came_ns, self._deaf = self._clock.monotonic_ns(), False
        for sample in samples.samples:
            alerts = [alert for alert in self._motion.sample(sample) if alert.name in self._wanted]
            if self._head.place not in RACK:
                self._alert(alerts, sample.time_ns)

    def tick(self, now_ns: int) -> None:
        """Time passed."""
        for contact in self._contacts.values():
            self._alert(contact.tick(now_ns))
        if self._sensor is None or self._sink is None or now_ns - self._came_ns < SILENT_NS:
            return
        if not self._deaf:
            self._deaf = True
            self._log.warning("accelerometer-silent")
        if now_ns - self._tried_ns >= RETRY_NS:
            with suppress(OSError):
                self._sensor.stop()
            self._start(now_ns)

    def _start(self, now_ns: int) -> None:
        self._tried_ns = now_ns
        try:
            if self._sensor is not None and self._sink is not None:
                self._sensor.start(self._sink)
        except OSError as error:
            self._log.warning("accelerometer-failed", trouble=str(error))

    def _alert(self, alerts: list[Alert], noticed_ns: int | None = None) -> None:
        """Ask, from when it was noticed: a fall is one only once somebody lies.  The log's private part has when it began."""
        for alert in alerts:
            self._head.ask(Cause(alert.name, alert.time_ns if noticed_ns is None else noticed_ns), Event.ALERT)
            self._flow.remark("trigger", {"name": alert.name}, alert.time_ns)


def wanted(settings: Settings) -> frozenset[str]:
    """The names of the triggers that are switched on."""
    switches = {
        "alarm": settings.alert_alarm,
        "holster": settings.alert_holster,
        FALL: settings.alert_fall,
        MAN_DOWN: settings.alert_man_down,
    }
    return frozenset(name for name, on in switches.items() if on)
