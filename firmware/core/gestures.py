"""From raw edges of a button to what a gloved hand meant.

A press counts from its first edge: nothing waits for a contact to settle, since one press must record.  What comes
later is told as time passes: how long the button has been held, that it was let go, that it is stuck.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

from hal.interface import Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hal.interface import Button

_NS: Final = 1_000_000_000
SETTLED_NS: Final = 20_000_000
"""A button that has been up for this long was let go."""
BOUNCE_NS: Final = 50_000_000
"""A second press this soon after the first edge is the same one."""
STUCK_NS: Final = 60 * _NS
"""Nobody holds a button for this long."""
FLAPS: Final = 40
FLAPPING_NS: Final = 60 * _NS
"""Nobody presses so often in so short a time: the contact is loose, or water stands on it."""
CALM_NS: Final = 5 * _NS
"""A button that flapped and has been still for this long may be believed again."""
LOST_NS: Final = 100_000_000
"""An edge that the level has told of for so long did not come, and will not."""
_NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Press:
    """The button went down.  ``time_ns`` is that of the first edge."""

    button: Button
    time_ns: int


@dataclass(frozen=True, slots=True)
class HoldProgress:
    """It has been down for ``step`` full seconds, up to the hold."""

    button: Button
    time_ns: int
    step: int


@dataclass(frozen=True, slots=True)
class Hold:
    """It has been down long enough to mean it."""

    button: Button
    time_ns: int


@dataclass(frozen=True, slots=True)
class Tap:
    """It was let go before it was held."""

    button: Button
    time_ns: int


@dataclass(frozen=True, slots=True)
class Release:
    """It was let go after it was held."""

    button: Button
    time_ns: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """It has been down for a minute, or went down more often than any hand would press it.  Told once."""

    button: Button
    time_ns: int


Gesture = Press | HoldProgress | Hold | Tap | Release | Stuck


class _Phase(Enum):
    UP = "up"
    DOWN = "down"
    HELD = "held"
    IGNORED = "ignored"  # down since before anybody looked


_LET_GO: Final[Mapping[_Phase, type[Tap | Release] | None]] = {
    _Phase.DOWN: Tap,
    _Phase.HELD: Release,
    _Phase.IGNORED: None,
}


class Gestures:
    """One button.  Feed it every edge at once, and the time and the level at least ten times a second.

    A button that is down when the camera starts means nothing until it was let go: it may be stuck, or squeezed in a
    bag.  Edges may repeat, and their times may stand still or run back.

    ``stuck``: since it was told to be stuck the button was not let go, or did not come to rest.  A press of such a button may be a hand's
    all the same, so it is told; whoever hears of it does nothing that only a hand may mean.
    """

    def __init__(self, button: Button, *, hold_s: float = 3.0, down: bool = False) -> None:
        """``down`` is the level now; a hold takes ``hold_s`` seconds."""
        self._button = button
        self._stages = _stages(hold_s)
        self._phase = _Phase.IGNORED if down else _Phase.UP
        self._ahead = deque(stage for stage in self._stages if stage.make is Stuck) if down else deque[_Stage]()
        self._down = down
        self._now_ns = _NEVER
        self._pressed_ns = 0
        self._changed_ns = 0
        self._astray_ns: int | None = None
        self._presses: deque[int] = deque(maxlen=FLAPS)
        self.stuck = False

    def edge(self, edge: Edge) -> list[Gesture]:
        """What this edge means, and what had come due before it."""
        now_ns = self._see(max(edge.time_ns, self._now_ns))
        gestures = self._due(now_ns)
        if edge.down == self._down:
            return gestures
        self._down, self._changed_ns = edge.down, now_ns
        if edge.down and self._phase is _Phase.UP:
            self._phase, self._pressed_ns, self._ahead = _Phase.DOWN, now_ns, deque(self._stages)
            gestures += self._flapping(now_ns)
            gestures.append(Press(self._button, edge.time_ns))
        return gestures

    def tick(self, now_ns: int) -> list[Gesture]:
        """What has come due by ``now_ns``.  This is the clock's word: an edge that claimed to be later came now."""
        self._see(now_ns)
        self._pressed_ns = min(self._pressed_ns, now_ns)
        self._changed_ns = min(self._changed_ns, now_ns)
        return self._due(now_ns)

    def level(self, now_ns: int, *, down: bool) -> list[Gesture]:
        """What it means that the button is ``down`` or up by now, whatever the edges said: where one was lost, a press must not be."""
        if down == self._down:
            self._astray_ns = None
            return []
        if self._astray_ns is None:
            self._astray_ns = now_ns
        if now_ns - self._astray_ns < LOST_NS:
            return []
        self._astray_ns = None
        return self.edge(Edge(self._button, down, now_ns))

    def _see(self, now_ns: int) -> int:
        if self._now_ns == _NEVER:
            self._pressed_ns = self._changed_ns = now_ns
        self._now_ns = now_ns
        return now_ns

    def _due(self, now_ns: int) -> list[Gesture]:
        """What the time alone brings about."""
        held_ns = now_ns - self._pressed_ns
        gestures: list[Gesture] = []
        if self._down:
            while self._ahead and held_ns >= self._ahead[0].after_ns:
                stage = self._ahead.popleft()
                gestures.append(stage.make(self._button, self._pressed_ns + stage.after_ns))
                self._phase = _Phase.HELD if stage.make is Hold else self._phase
                self.stuck |= stage.make is Stuck
        elif self._phase is not _Phase.UP and held_ns >= BOUNCE_NS and now_ns - self._changed_ns >= SETTLED_NS:
            let_go, self._phase = _LET_GO[self._phase], _Phase.UP
            gestures += [let_go(self._button, self._changed_ns)] if let_go else []
        elif self.stuck and now_ns - self._changed_ns >= CALM_NS:
            self.stuck = False
            self._presses.clear()
        return gestures

    def _flapping(self, now_ns: int) -> list[Gesture]:
        """Count a press; whether that makes it one too many."""
        self._presses.append(now_ns)
        often = len(self._presses) == FLAPS and now_ns - self._presses[0] <= FLAPPING_NS
        told, self.stuck = self.stuck, self.stuck or often
        return [Stuck(self._button, now_ns)] if self.stuck and not told else []


@dataclass(frozen=True, slots=True)
class _Stage:
    """A gesture that comes due when a button has been down for ``after_ns``."""

    after_ns: int
    make: Callable[[Button, int], Gesture]


def _stages(hold_s: float) -> tuple[_Stage, ...]:
    progress = (_Stage(step * _NS, partial(HoldProgress, step=step)) for step in range(1, int(hold_s) + 1))
    return (*progress, _Stage(round(hold_s * _NS), Hold), _Stage(STUCK_NS, Stuck))
