"""What gestures mean: one table for each button, and the little that has to be remembered from one gesture to the next.

A press means what it meant when it began: what the camera does in between never turns a bookmark into a stop, or a mute into standby.
The record button wins: a gesture of the function button that is under way when record goes down, or begins while it is down, means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.gestures import Hold, HoldProgress, Press, Release, Stuck, Tap
from firmware.core.machine import FREE, Recording
from hal.interface import Button

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.core.gestures import Gesture

_MS: Final = 1_000_000
TWICE_NS: Final = 800 * _MS
"""Two presses are a double press if their first edges are no further apart."""
SHORT_NS: Final = 1_000 * _MS
"""A press of more than a second is no short one: somebody held the button and thought better of it, or lies on it."""
LETTING_GO_NS: Final = 80 * _MS
"""A press so soon behind a hold is the hand that lets go: no finger is as quick."""


class Means(Enum):
    """What a gesture asks for."""

    NOTHING = "nothing"
    PRESS = "record"  # a recording; or that the one goes on which would have ended
    HEARD = "heard"  # no more than a tick: it was heard
    MARK = "bookmark"
    COUNT = "tick"  # for each second of a hold
    ASK = "ask to stop"
    CONFIRM = "stop"
    TELL = "tell the state"
    HUSH = "hush"
    MUTE = "mute"
    STANDBY = "standby"


class Deed(Enum):
    """What a hand did with one button."""

    PRESS = "pressed"  # its first edge
    SHORT = "let go"
    COUNT = "held so far"
    HOLD = "held"
    TWICE = "pressed twice"


class Scene(Enum):
    """What matters to the function button."""

    READY = "ready"
    RECORDING = "recording"
    SEALING = "sealing"  # neither: whoever means the recording that just ended must not pause the buffer
    DOCKED = "in a dock"


N, R, S, D = Means.NOTHING, Recording, Scene, Deed

_STARTS: Final[Mapping[Deed, Means]] = {D.PRESS: Means.PRESS, D.SHORT: N, D.COUNT: N, D.HOLD: N}
_RUNS: Final[Mapping[Deed, Means]] = {D.PRESS: N, D.SHORT: Means.MARK, D.COUNT: Means.COUNT, D.HOLD: Means.ASK}
RECORD: Final[Mapping[Recording, Mapping[Deed, Means]]] = MappingProxyType(
    {
        R.IDLE: _STARTS,
        R.STARTING: _RUNS,
        R.RECORDING: _RUNS,
        R.STOP_ASKED: {D.PRESS: N, D.SHORT: Means.CONFIRM, D.COUNT: N, D.HOLD: N},
        R.POST_EVENT: _STARTS,
        R.STOPPING: _STARTS,
    }
)
"""The record button, by what the camera did when the press began."""

FUNCTION: Final[Mapping[Scene, Mapping[Deed, Means]]] = MappingProxyType(
    {
        S.READY: {
            D.PRESS: Means.HEARD,
            D.SHORT: Means.TELL,
            D.COUNT: Means.COUNT,
            D.HOLD: Means.HUSH,
            D.TWICE: Means.STANDBY,
        },
        S.RECORDING: {
            D.PRESS: Means.HEARD,
            D.SHORT: Means.TELL,
            D.COUNT: Means.COUNT,
            D.HOLD: Means.HUSH,
            D.TWICE: Means.MUTE,
        },
        S.SEALING: {D.PRESS: Means.HEARD, D.SHORT: Means.TELL, D.COUNT: N, D.HOLD: N, D.TWICE: Means.TELL},
        S.DOCKED: {D.PRESS: Means.HEARD, D.SHORT: Means.TELL, D.COUNT: N, D.HOLD: N, D.TWICE: Means.TELL},
    }
)
"""The function button.  What the authority does not allow means nothing, and twice is then as good as once."""

_ONLY_WHILE: Final[Mapping[Means, Recording]] = {
    Means.COUNT: Recording.RECORDING,
    Means.ASK: Recording.RECORDING,
    Means.CONFIRM: Recording.STOP_ASKED,
}
"""Of the record button: what means something only while the camera still, or by now, does this."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the authority wants of hands: two presses to start, and what it allows beside recordings."""

    double: bool = False
    mute: bool = False
    hush: bool = False
    standby: bool = False

    def allows(self, means: Means) -> bool:
        """Whether this may be done."""
        return {Means.MUTE: self.mute, Means.HUSH: self.hush, Means.STANDBY: self.standby}.get(means, True)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the camera does, and whether it stands in a dock."""

    recording: Recording
    docked: bool = False

    @property
    def scene(self) -> Scene:
        """As far as it matters to the function button."""
        if self.recording is Recording.IDLE:
            return Scene.DOCKED if self.docked else Scene.READY
        return Scene.SEALING if self.recording is Recording.STOPPING else Scene.RECORDING


@dataclass(frozen=True, slots=True)
class Said:
    """What was meant, as of ``time_ns``; ``step`` counts the seconds of a hold, ``edge_ns`` is the first edge of the second of two presses."""

    means: Means
    time_ns: int
    step: int = 0
    edge_ns: int | None = None


@dataclass(slots=True)
class _Down:
    """A press that is under way: when and in what it began, and whether it still means anything."""

    time_ns: int
    moment: Moment
    void: bool = False


class Meanings:
    """Both buttons of one camera.  Feed it every gesture with the moment in which it comes, and the time at least ten times a second."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._down: dict[Button, _Down] = {}
        self._started_ns: int | None = None
        """First edge of a press that would begin a recording if it were the second."""
        self._let_go_ns: int | None = None
        self._once: _Down | None = None
        """A short press of the function button that may become a double one."""

    def hear(self, gesture: Gesture, moment: Moment, *, stuck: bool = False) -> list[Said]:
        """What a gesture asks for, in order.  A button that is ``stuck`` may begin a recording, in case it was a hand; it does nothing else,
        and keeps the other one from nothing."""
        button = gesture.button
        if isinstance(gesture, Press):
            down = _Down(gesture.time_ns, moment)
            if not stuck:
                self._down[button] = down
            elif button is not Button.RECORD or moment.recording not in FREE:
                return []
            return self._record_pressed(down) if button is Button.RECORD else self._function_pressed(down)
        begun = self._down.get(button)
        if isinstance(gesture, Tap | Release | Stuck):
            self._down.pop(button, None)
        if isinstance(gesture, Release) and button is Button.RECORD:
            self._let_go_ns = gesture.time_ns
        deed = _DEEDS.get(type(gesture))
        if begun is None or begun.void or deed is None:
            return []
        step = gesture.step if isinstance(gesture, HoldProgress) else 0
        return (self._record if button is Button.RECORD else self._function)(deed, begun, moment, gesture.time_ns, step)

    def tick(self, now_ns: int, moment: Moment) -> list[Said]:
        """What is meant because nothing more came: a short press that no second one followed."""
        once = self._once
        if once is not None:
            once.time_ns = min(once.time_ns, now_ns)
        if once is None or Button.FUNCTION in self._down or now_ns - once.time_ns <= TWICE_NS:
            return []
        self._once = None
        return self._as(D.SHORT, once, moment, now_ns)

    def confirming(self, now_ns: int) -> bool:
        """Whether a press is under way that may still confirm a stop, so that the time to do so must not end in the middle of it."""
        down = self._down.get(Button.RECORD)
        if down is None or down.void or down.moment.recording is not Recording.STOP_ASKED:
            return False
        return now_ns - down.time_ns <= SHORT_NS

    # The record button.

    def _record_pressed(self, down: _Down) -> list[Said]:
        self._once = None
        if (function := self._down.get(Button.FUNCTION)) is not None:
            function.void = True
        let_go_ns, self._let_go_ns = self._let_go_ns, None
        if down.moment.recording is Recording.STOP_ASKED and let_go_ns is not None:
            down.void = down.time_ns - let_go_ns < LETTING_GO_NS
        means = RECORD[down.moment.recording][D.PRESS]
        if means is N:
            return []
        if not self._policy.double or down.moment.recording not in FREE:
            return [Said(means, down.time_ns)]
        first_ns, self._started_ns = self._started_ns, None
        if first_ns is not None and down.time_ns - first_ns <= TWICE_NS:
            return [Said(means, first_ns, edge_ns=down.time_ns)]
        self._started_ns = down.time_ns
        return [Said(Means.HEARD, down.time_ns)]

    def _record(self, deed: Deed, down: _Down, moment: Moment, time_ns: int, step: int) -> list[Said]:
        means = RECORD[down.moment.recording][deed]
        if means is N or moment.recording is not _ONLY_WHILE.get(means, moment.recording):
            return []
        if means is Means.CONFIRM and time_ns - down.time_ns > SHORT_NS:
            return []
        return [Said(means, down.time_ns if deed is D.SHORT else time_ns, step)]

    # The function button.

    def _function_pressed(self, down: _Down) -> list[Said]:
        down.void = Button.RECORD in self._down
        if down.void:
            return []
        if self._once is not None and down.time_ns - self._once.time_ns > TWICE_NS:
            self._once = None
        return [Said(FUNCTION[down.moment.scene][D.PRESS], down.time_ns)]

    def _function(self, deed: Deed, down: _Down, moment: Moment, time_ns: int, step: int) -> list[Said]:
        once, self._once = self._once, None
        if deed is not D.SHORT:
            return self._as(deed, down, moment, time_ns, step)
        if time_ns - down.time_ns > SHORT_NS:
            return []
        if once is not None:
            return self._as(D.TWICE, once, moment, time_ns)
        self._once = down
        return []

    def _as(self, deed: Deed, begun: _Down, moment: Moment, time_ns: int, step: int = 0) -> list[Said]:
        """What a deed of the function button means, where it means the same now as when it began."""
        means = FUNCTION[begun.moment.scene][deed]
        permitted = self._policy.allows(FUNCTION[begun.moment.scene][D.HOLD] if deed is D.COUNT else means)
        if permitted and FUNCTION[moment.scene][deed] is means is not N:
            return [Said(means, time_ns, step)]
        return [Said(Means.TELL, time_ns)] if deed is D.TWICE else []


_DEEDS: Final[Mapping[type, Deed]] = {Tap: D.SHORT, HoldProgress: D.COUNT, Hold: D.HOLD}
