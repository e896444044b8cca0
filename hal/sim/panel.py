"""Buttons, sensors and lights of the simulated camera: pressed, set off and watched from outside."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hal.interface import Button, Clock, Colour, Cue, Edge, Light, Lights, Signal
from hal.sim.calls import Call, Flag, Number, Word
from hal.sim.clock import MS
from hal.sim.watchers import Watchers

_REMEMBERED_CUES = 1000
FIRED_NS = 100 * MS
_DARK = Lights(Light(Colour.OFF), Light(Colour.OFF))


class SimButtons:
    """Buttons without fingers."""

    def __init__(self, clock: Clock) -> None:
        """All buttons up."""
        self._clock = clock
        self._down = dict.fromkeys(Button, False)
        self._sinks: tuple[Callable[[Edge], None], ...] = ()

    def listen(self, sink: Callable[[Edge], None]) -> None:
        """Send every edge from now on to ``sink``."""
        self._sinks += (sink,)

    def is_down(self, button: Button) -> bool:
        """The level now."""
        return self._down[button]

    def press(self, button: Button, bounces: int = 0) -> int:
        """Push it down, and say when.

        The contact bounces ``bounces`` times, once a millisecond; the edges are stamped with the times at which they
        would have come, and all are delivered at once.
        """
        return self._move(button, down=True, bounces=bounces)

    def release(self, button: Button, bounces: int = 0) -> int:
        """Let it go, and say when."""
        return self._move(button, down=False, bounces=bounces)

    def _move(self, button: Button, *, down: bool, bounces: int) -> int:
        now_ns = self._clock.monotonic_ns()
        self._down[button] = down
        for number in range(2 * bounces + 1):
            edge = Edge(button, down if number % 2 == 0 else not down, now_ns + number * MS // 2)
            for sink in self._sinks:
                sink(edge)
        return now_ns


class SimTriggers:
    """Wired inputs that go off when they are told to."""

    def __init__(self, clock: Clock, names: Sequence[str] = ("alarm", "holster")) -> None:
        """Inputs of these names, at rest."""
        self._clock = clock
        self._active = dict.fromkeys(names, False)
        self._sinks: tuple[Callable[[Signal], None], ...] = ()

    def listen(self, sink: Callable[[Signal], None]) -> None:
        """Send every edge from now on to ``sink``."""
        self._sinks += (sink,)

    def names(self) -> Sequence[str]:
        """The inputs that this camera has."""
        return tuple(self._active)

    def is_active(self, name: str) -> bool:
        """The level now."""
        self._know(name)
        return self._active[name]

    def set(self, name: str, *, active: bool) -> int:
        """Raise it, or let it come to rest, and say when."""
        self._know(name)
        self._active[name] = active
        return self._tell(name, active=active)

    def fire(self, name: str) -> int:
        """Set one off for a tenth of a second, and say when; both edges are delivered at once, stamped with their times."""
        self._know(name)
        time_ns = self._tell(name, active=True)
        self._tell(name, active=False, after_ns=FIRED_NS)
        return time_ns

    def chatter(self, name: str, count: int) -> None:
        """Let a loose wire touch so many times, a spark of two milliseconds each."""
        self._know(name)
        for spark in range(2 * count):
            self._tell(name, active=spark % 2 == 0, after_ns=spark * 2 * MS)

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        which = Word(self.names())
        return {
            "set": Call(self.set_to, {"name": which, "active": Flag()}),
            "chatter": Call(self.chatter, {"name": which, "count": Number(1, 100, 5)}),
        }

    def set_to(self, name: str, active: bool) -> None:  # noqa: FBT001 - it is called by name
        """The same as ``set``, for the control socket."""
        self.set(name, active=active)

    def _know(self, name: str) -> None:
        if name not in self._active:
            raise ValueError(f"unknown trigger {name!r}; known: {', '.join(self._active)}")

    def _tell(self, name: str, *, active: bool, after_ns: int = 0) -> int:
        signal = Signal(name, active, self._clock.monotonic_ns() + after_ns)
        for sink in self._sinks:
            sink(signal)
        return signal.time_ns


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that the camera showed or let feel, and when."""

    what: Lights | Cue
    time_ns: int


class SimIndicators:
    """Lights, buzzer and speaker that remember, and tell whoever watches."""

    def __init__(self, clock: Clock) -> None:
        """Everything dark and quiet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._lights = _DARK
        self._since_ns = clock.monotonic_ns()
        self._cues: deque[tuple[int, Cue]] = deque(maxlen=_REMEMBERED_CUES)
        self._watchers: Watchers[Shown] = Watchers()

    def show(self, lights: Lights) -> None:
        """Show this until told otherwise."""
        with self._lock:
            if lights != self._lights:
                self._lights, self._since_ns = lights, self._clock.monotonic_ns()
                self._watchers.tell(Shown(lights, self._since_ns))

    def play(self, cue: Cue) -> None:
        """Begin a cue and return."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._cues.append((now_ns, cue))
            self._watchers.tell(Shown(cue, now_ns))

    @property
    def lights(self) -> Lights:
        """What is shown now."""
        return self._lights

    @property
    def cues(self) -> tuple[tuple[int, Cue], ...]:
        """The last thousand cues, each with its time."""
        with self._lock:
            return tuple(self._cues)

    def watch(self, watcher: Callable[[Shown], None]) -> Callable[[], None]:
        """Tell ``watcher`` the lights as they are, then every change and every cue in order; the answer ends that.

        A watcher returns at once, as it is called by whoever shows.
        """
        with self._lock:
            watcher(Shown(self._lights, self._since_ns))
            return self._watchers.add(watcher)
