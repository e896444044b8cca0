"""What the officer's hands do: edges become gestures, gestures are given their meaning, and what was meant is asked for.

What follows from a press is the table's word (``firmware.core.machine``); what a gesture means is that of ``firmware.core.meanings``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from firmware.core.flags import Turn
from firmware.core.gestures import Gestures, Hold, Press, Stuck, Tap
from firmware.core.indications import Trouble
from firmware.core.machine import Event
from firmware.core.meanings import Meanings, Means, Moment, Policy
from firmware.runtime.flow import Cause
from firmware.runtime.wishes import BUTTON
from hal.interface import Button

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from firmware.core.gestures import Gesture
    from firmware.core.machine import Recording
    from firmware.core.meanings import Said
    from firmware.runtime.face import Face
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.settings import Settings
    from hal.interface import Buttons, Edge

GESTURES: Final[Mapping[type, str]] = {Press: "press", Tap: "tap", Hold: "hold", Stuck: "stuck"}
"""Those that the log's private part has a record of."""


class Head(Protocol):
    """Who takes the steps that hands ask for."""

    @property
    def recording(self) -> Recording:
        """What the camera is doing."""

    @property
    def docked(self) -> bool:
        """Whether it stands in a dock."""

    @property
    def face(self) -> Face:
        """What the officer sees and feels."""

    def ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording, or for what a press means now."""

    def happen(self, event: Event) -> None:
        """Take a step of the table."""

    def stop(self, time_ns: int) -> None:
        """An officer means the stop, and need not confirm it."""

    def turn(self, turn: Turn, time_ns: int) -> None:
        """Something happened that may set or end a flag."""


class Hands:
    """Both buttons of one camera."""

    def __init__(self, head: Head, buttons: Buttons, settings: Settings, flow: Flow, log: Log) -> None:
        self._head = head
        self._buttons = buttons
        self._settings = settings
        self._flow = flow
        self._log = log
        self._gestures = {
            button: Gestures(button, hold_s=settings.hold_s, down=bool(level(buttons, button))) for button in Button
        }
        self._meanings = Meanings(
            Policy(
                double=settings.start_press == "double",
                mute=settings.mute_allowed,
                hush=settings.hush_allowed,
                standby=settings.standby_allowed,
            )
        )
        self._marked_ns = 0
        self._acts: Mapping[Means, Callable[[Said], None]] = {
            Means.PRESS: self._press,
            Means.CONFIRM: self._press,
            Means.HEARD: lambda _: head.face.cue("heard"),
            Means.MARK: self._bookmark,
            Means.COUNT: lambda said: head.face.cue(f"hold-{min(said.step, 3)}"),
            Means.ASK: self._stop,
            Means.TELL: lambda _: head.face.count(),
            Means.HUSH: lambda said: head.turn(Turn.HUSH, said.time_ns),
            Means.MUTE: lambda said: head.turn(Turn.MUTE, said.time_ns),
            Means.STANDBY: lambda said: head.turn(Turn.STANDBY, said.time_ns),
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
        """Time passed.  An edge that was lost shows in the level; a button whose level cannot be read still has its edges."""
        for button, gestures in self._gestures.items():
            self._mean(gestures.tick(now_ns))
            if (down := level(self._buttons, button)) is not None:
                self._mean(gestures.level(now_ns, down=down))
        self._do(self._meanings.tick(now_ns, self._moment))

    def confirming(self, now_ns: int) -> bool:
        """Whether a press that may confirm a stop is under way."""
        return self._meanings.confirming(now_ns)

    def mark(self) -> None:
        """The last press was a bookmark."""
        self._flow.note("bookmark", {"label": self._settings.bookmark_label}, self._marked_ns)
        self._head.face.cue("bookmark")

    @property
    def _moment(self) -> Moment:
        return Moment(self._head.recording, docked=self._head.docked)

    def _mean(self, gestures: Iterable[Gesture]) -> None:
        """Do what gestures ask for; only then the log's private part hears of them, so that nothing waits for that."""
        for gesture in gestures:
            if isinstance(gesture, Stuck):
                self._stuck(gesture)
            self._do(self._meanings.hear(gesture, self._moment, stuck=self._gestures[gesture.button].stuck))
            if name := GESTURES.get(type(gesture)):
                facts = {"button": gesture.button.value, "gesture": name}
                self._flow.remark("press", facts, gesture.time_ns)

    def _do(self, said: Iterable[Said]) -> None:
        for each in said:
            self._acts[each.means](each)

    def _stuck(self, gesture: Stuck) -> None:
        """Told once; what nobody may have meant ends."""
        self._log.warning("button-stuck", button=gesture.button.value)
        if gesture.button is Button.FUNCTION:
            self._head.turn(Turn.DOUBTED, gesture.time_ns)

    def _press(self, said: Said) -> None:
        self._head.ask(Cause(BUTTON, said.time_ns, said.edge_ns), Event.PRESS)

    def _bookmark(self, said: Said) -> None:
        self._marked_ns = said.time_ns
        self._head.happen(Event.TAP)

    def _stop(self, said: Said) -> None:
        if self._settings.confirm_stop:
            self._head.happen(Event.HOLD)
        else:
            self._head.stop(said.time_ns)


def level(buttons: Buttons, button: Button) -> bool | None:
    """Whether it is down now; None where its level cannot be read: then there are still its edges."""
    with suppress(OSError):
        return buttons.is_down(button)
    return None
