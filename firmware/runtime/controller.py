"""Owns state, gestures and indications, and never touches storage.

Everything that happens comes through one mailbox and is handled here, one item at a time, on one thread.  What follows from it is the
tables' word; what is then done is the flow's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from firmware.core.gestures import Gestures, Hold, HoldProgress, Press, Stuck, Tap
from firmware.core.indications import CUES, Trouble, indicate, worst
from firmware.core.machine import Effect, Event, Move, Place, Recording, move, step
from firmware.runtime.docklink import DockNews
from firmware.runtime.troubles import Senses, of_storage
from firmware.runtime.work import Durable, Failed, Health, Mounted, Sealed, Stopped
from hal.interface import Button, Edge, Trigger, Unit

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from firmware.core.gestures import Gesture
    from firmware.runtime.log import Log
    from firmware.runtime.mailbox import Mailbox
    from firmware.settings import Settings
    from hal.interface import Hal, Lights

TICK_S: Final = 0.05
CONFIRM_NS: Final = 5_000_000_000
RUNNING: Final = frozenset({Recording.STARTING, Recording.RECORDING, Recording.STOP_ASKED})


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a recording begins: a trigger's name, and the monotonic time of its first edge."""

    trigger: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class PartLost:
    """A part that is not vital ended, and is started again."""

    name: str


@dataclass(frozen=True, slots=True)
class Quit:
    """The service is asked to end."""

    reason: str


class Flow(Protocol):
    """The steps of a recording's life that the tables set off."""

    def capture(self, unit: Unit) -> None:
        """A unit came from a source."""

    def begin(self, cause: Cause) -> None:
        """Begin a take."""

    def mark(self, time_ns: int) -> None:
        """Bookmark the running take."""

    def seal(self, reason: str) -> None:
        """End the running take."""

    def newest(self, take: int) -> bool:
        """Whether this take is the newest one."""

    def tick(self, now_ns: int) -> frozenset[Trouble]:
        """Time passed; what the sources suffer from."""

    def well(self, now_ns: int) -> bool:
        """Whether all that is vital lives."""

    def leave(self, reason: str, *, resume: bool) -> None:
        """Have the audit log closed."""

    def stopped(self) -> None:
        """The audit log is closed: end the service."""


class Controller:
    """Walks the tables and shows what they say."""

    def __init__(self, hal: Hal, settings: Settings, flow: Flow, log: Log, *, enrolled: bool = True) -> None:
        self.recording = Recording.IDLE
        self.place = Place.WORN
        self._hal = hal
        self._settings = settings
        self._flow = flow
        self._log = log
        self._standing: frozenset[Trouble] = frozenset() if enrolled else frozenset({Trouble.NOT_ENROLLED})
        self._storage: frozenset[Trouble] = frozenset()
        self._dark = enrolled  # until the volume is mounted nobody knows whether it can record: no light then says so
        self._gestures = {
            button: Gestures(button, hold_s=settings.hold_s, down=hal.buttons.is_down(button)) for button in Button
        }
        self._cause = Cause("button", 0)
        self._reason = "officer"
        self._tapped_ns = 0
        self._spent = False
        self._confirm_by: int | None = None
        self._lights: Lights | None = None
        self._mute = False
        self._senses = Senses(hal.power, hal.clock, log)
        self._shown: frozenset[Trouble] = frozenset()
        self._handlers: dict[type, Callable[[Any], None]] = {
            Unit: flow.capture,
            Edge: self._edge,
            Trigger: lambda trigger: self._ask(Cause(trigger.name, trigger.time_ns), Event.ALERT),
            Mounted: self._mounted,
            Durable: lambda answer: self._answered(answer.take, Event.DURABLE),
            Sealed: lambda answer: self._answered(answer.take, Event.SEALED),
            Failed: lambda answer: self._answered(answer.take, Event.FAILED),
            Stopped: lambda _: flow.stopped(),
            Health: self._health,
            DockNews: self._dock,
            PartLost: lambda _: self._cue("fault"),
            Quit: self._quit,
        }
        self._effects: dict[Effect, Callable[[], None]] = {
            Effect.BEGIN: lambda: flow.begin(self._cause),
            Effect.CONFIRM: lambda: self._cue("started"),
            Effect.MARK: self._mark,
            Effect.ASK_STOP: self._ask_stop,
            Effect.SEAL: lambda: flow.seal(self._reason),
            Effect.STOPPED: lambda: self._cue("stopped"),
            Effect.REFUSE: lambda: self._cue("refused"),
            Effect.ALARM: lambda: self._cue("fault"),
        }
        self._meanings: dict[type, Callable[[Any], None]] = {
            Press: self._pressed,
            Tap: self._tap,
            Hold: self._held,
            HoldProgress: self._holding,
            Stuck: lambda gesture: log.warning("button-stuck", button=gesture.button.value),
        }

    def run(self, inbox: Mailbox[object], stop: threading.Event) -> None:
        """Handle what comes, and the passing of time, until ``stop``."""
        self._hal.buttons.listen(inbox.put)
        self._hal.triggers.listen(inbox.put)
        while not stop.is_set():
            inbox.wait(TICK_S)
            while (happening := inbox.take()) is not None:
                self.handle(happening)
            now_ns = self._hal.clock.monotonic_ns()
            self.tick(now_ns)
            if self._flow.well(now_ns):
                self._hal.watchdog.feed()

    def handle(self, happening: object) -> None:
        """Handle one item of the mailbox."""
        self._handlers[type(happening)](happening)

    def tick(self, now_ns: int) -> None:
        """Handle the passing of time; called at least ten times a second."""
        for button in self._gestures.values():
            self._mean(button.tick(now_ns))
        if self._confirm_by is not None and now_ns >= self._confirm_by:
            self._confirm_by = None
            self._happen(Event.TIMEOUT)
        self._show(self._standing | self._storage | self._flow.tick(now_ns) | self._senses.troubles(now_ns))

    # What the officer does.

    def _edge(self, edge: Edge) -> None:
        self._mean(self._gestures[edge.button].edge(edge))

    def _mean(self, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            meaning = self._meanings.get(type(gesture))
            if meaning is not None and gesture.button is Button.RECORD:
                meaning(gesture)

    def _pressed(self, press: Press) -> None:
        """The first edge.  A press that begins or ends a recording is spent: its letting go and its holding mean nothing more."""
        before = self.recording
        self._tapped_ns = press.time_ns
        self._reason = "officer"
        self._ask(Cause("button", press.time_ns), Event.PRESS)
        self._spent = self.recording is not before

    def _tap(self, _tap: Tap) -> None:
        if not self._spent:
            self._happen(Event.TAP)

    def _held(self, _hold: Hold) -> None:
        if not self._spent:
            self._reason = "officer"
            self._happen(Event.HOLD if self._settings.confirm_stop else Event.END)

    def _holding(self, progress: HoldProgress) -> None:
        if not self._spent and self.recording is Recording.RECORDING:
            self._cue(f"hold-{min(progress.step, 3)}")

    def _ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording.  Only a camera that is nobody's, or full of evidence, may deny it, and then loudly."""
        denied = (self._standing | self._storage) & {Trouble.NOT_ENROLLED, Trouble.STORAGE_FULL}
        if denied and self.recording in {Recording.IDLE, Recording.STOPPING}:
            self._log.error("cannot-record", troubles=sorted(trouble.value for trouble in denied))
            self._happen(Event.DENIED)
            return
        if self.recording in {Recording.IDLE, Recording.STOPPING}:
            self._cause = cause
        self._happen(event)

    # What the writer and the dock say.

    def _mounted(self, mounted: Mounted) -> None:
        if mounted.resume and self.place not in {Place.DOCKED, Place.OFFLOADING}:
            self._cause = Cause("resume", self._hal.clock.monotonic_ns())
            self._happen(Event.RESUME)

    def _answered(self, take: int, event: Event) -> None:
        if self._flow.newest(take):
            if (
                event is Event.FAILED and self.recording is not Recording.STARTING
            ):  # else it is still the press that counts
                self._cause = Cause("resume", self._hal.clock.monotonic_ns())
            self._happen(event)

    def _health(self, health: Health) -> None:
        self._dark = False
        self._storage = of_storage(health)
        if Trouble.STORAGE_FULL in self._storage:
            self._end("storage-full")

    def _dock(self, news: DockNews) -> None:
        before, self.place = self.place, move(self.place, news.move)
        if self.place is not before:
            self._log.event("place", place=self.place.value, dock=news.dock, text=news.text)
        if news.move is Move.STOOD:
            self._cue("docked")
            self._end("docked")

    def _quit(self, quit_: Quit) -> None:
        """End in good order; what was being recorded goes on with the next start."""
        running = self.recording in RUNNING
        self._end("shutdown")
        self._flow.leave(quit_.reason, resume=running)

    def _end(self, reason: str) -> None:
        self._reason = reason
        self._happen(Event.END)

    # What follows.

    def _happen(self, event: Event) -> None:
        before = self.recording
        self.recording, effects = step(before, event)
        if self.recording is not Recording.STOP_ASKED:
            self._confirm_by = None
        for effect in effects:
            self._effects[effect]()
        if self.recording is not before:
            self._log.event("state", state=self.recording.value, was=before.value)
            self._show(self._shown)

    def _mark(self) -> None:
        self._flow.mark(self._tapped_ns)
        self._cue("bookmark")

    def _ask_stop(self) -> None:
        self._confirm_by = self._hal.clock.monotonic_ns() + CONFIRM_NS
        self._cue("stop-asked")

    # What is shown and felt.

    def _show(self, troubles: frozenset[Trouble]) -> None:
        if troubles != self._shown:
            first = worst(troubles)
            self._log.event("troubles", worst=first and first.value, all=sorted(trouble.value for trouble in troubles))
            self._shown = troubles
        if self._dark and self.recording is Recording.IDLE:
            return
        lights = indicate(self.recording, self.place, troubles)
        if lights != self._lights and self._tell(lambda: self._hal.indicators.show(lights)):
            self._lights = lights

    def _cue(self, name: str) -> None:
        self._tell(lambda: self._hal.indicators.play(CUES[name]))

    def _tell(self, act: Callable[[], None]) -> bool:
        """Show or play something; a broken lamp never keeps the camera from recording, and is tried again."""
        try:
            act()
        except OSError as error:
            if not self._mute:
                self._log.error("indicators-failed", trouble=str(error))
            self._mute = True
            return False
        self._mute = False
        return True
