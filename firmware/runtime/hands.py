"""What the officer's hands do: edges become gestures, and gestures ask for what they mean.

What a press then does is the table's word; here it is only told what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from firmware.core.gestures import Gestures, Hold, HoldProgress, Press, Stuck, Tap
from firmware.core.indications import Trouble
from firmware.core.machine import FREE, RUNNING, Event, Recording
from firmware.runtime.flow import Cause
from hal.interface import Button

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.core.gestures import Gesture
    from firmware.runtime.face import Face
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.settings import Settings
    from hal.interface import Buttons, Edge

TWICE_NS: Final = 800_000_000
NEVER: Final = -TWICE_NS
GESTURES: Final[Mapping[type, str]] = {Press: "press", Tap: "tap", Hold: "hold", Stuck: "stuck"}
"""Those that the log's private part has a record of."""


class Head(Protocol):
    """Who takes the steps that hands ask for."""

    @property
    def recording(self) -> Recording:
        """What the camera is doing."""

    @property
    def face(self) -> Face:
        """What the officer sees and feels."""

    def ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording, or for what a press means now."""

    def happen(self, event: Event) -> None:
        """Take a step of the table."""

    def stop(self, time_ns: int) -> None:
        """An officer means the stop, and need not confirm it."""


class Hands:
    """Both buttons of one camera."""

    def __init__(self, head: Head, buttons: Buttons, settings: Settings, flow: Flow, log: Log) -> None:
        self._head = head
        self._settings = settings
        self._flow = flow
        self._log = log
        self._gestures = {
            button: Gestures(button, hold_s=settings.hold_s, down=buttons.is_down(button)) for button in Button
        }
        self._tapped_ns = 0
        self._function_ns = NEVER
        self._spent = False
        self._meanings: dict[type, Callable[[Any], None]] = {
            Press: self._pressed,
            Tap: self._tap,
            Hold: self._held,
            HoldProgress: self._holding,
        }

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What is wrong with the buttons."""
        stuck = any(button.stuck for button in self._gestures.values())
        return frozenset({Trouble.BUTTON_STUCK} if stuck else ())

    def edge(self, edge: Edge) -> None:
        """A raw edge came."""
        self._mean(self._gestures[edge.button].edge(edge))

    def tick(self, now_ns: int) -> None:
        """Time passed."""
        for button in self._gestures.values():
            self._mean(button.tick(now_ns))

    def mark(self) -> None:
        """The last press was a bookmark."""
        self._flow.note("bookmark", {"label": self._settings.bookmark_label}, self._tapped_ns)
        self._head.face.cue("bookmark")

    def _mean(self, gestures: list[Gesture]) -> None:
        """Do what gestures ask for; only then the log's private part hears of them, so that nothing waits for that."""
        for gesture in gestures:
            self._follow(gesture)
            if name := GESTURES.get(type(gesture)):
                facts = {"button": gesture.button.value, "gesture": name}
                self._flow.remark("press", facts, gesture.time_ns)

    def _follow(self, gesture: Gesture) -> None:
        if isinstance(gesture, Stuck):
            self._stuck(gesture)
        elif self._gestures[gesture.button].stuck and not (isinstance(gesture, Press) and self._head.recording in FREE):
            return  # what is stuck may begin a recording, in case it was a hand; it never ends, marks or mutes one
        elif gesture.button is not Button.RECORD:
            self._function_tap(gesture)
        elif meaning := self._meanings.get(type(gesture)):
            meaning(gesture)

    def _stuck(self, gesture: Stuck) -> None:
        """Told once; a mute that nobody may have meant ends."""
        self._log.warning("button-stuck", button=gesture.button.value)
        if gesture.button is Button.FUNCTION:
            self._mute(gesture.time_ns, end=True)

    def _function_tap(self, tap: Gesture) -> None:
        """Twice in a row mutes, or ends that, where the authority allows it: the picture goes on."""
        if not isinstance(tap, Tap):
            return
        twice = tap.time_ns - self._function_ns <= TWICE_NS
        self._function_ns = NEVER if twice else tap.time_ns
        if twice and self._head.recording in RUNNING and self._settings.mute_allowed:
            self._mute(tap.time_ns)
            self._head.face.cue("muted")

    def _mute(self, time_ns: int, *, end: bool = False) -> None:
        self._flow.remark("mute", {"on": self._flow.mute(end=end)}, time_ns)

    def _pressed(self, press: Press) -> None:
        """The first edge.  A press that begins or ends a recording is spent: its letting go and its holding mean nothing more."""
        before = self._head.recording
        self._tapped_ns = press.time_ns
        self._head.ask(Cause("button", press.time_ns), Event.PRESS)
        self._spent = self._head.recording is not before

    def _tap(self, _tap: Tap) -> None:
        if not self._spent:
            self._head.happen(Event.TAP)

    def _held(self, hold: Hold) -> None:
        if self._spent:
            return
        if self._settings.confirm_stop:
            self._head.happen(Event.HOLD)
        else:
            self._head.stop(hold.time_ns)

    def _holding(self, progress: HoldProgress) -> None:
        if not self._spent and self._head.recording is Recording.RECORDING:
            self._head.face.cue(f"hold-{min(progress.step, 3)}")
