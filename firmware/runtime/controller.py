"""Owns state and gestures, and never touches storage.

Everything that happens comes through one mailbox and is handled here, one item at a time, on one thread.  What follows from it is the
tables' word; what is then done is the flow's, and what is shown and felt the face's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from firmware.core.gauge import Gauge, reading
from firmware.core.gestures import Gestures, Hold, HoldProgress, Press, Stuck, Tap
from firmware.core.indications import Trouble
from firmware.core.machine import Effect, Event, Move, Place, Recording, move, step
from firmware.runtime.docklink import Away, DockNews
from firmware.runtime.face import Face
from firmware.runtime.flow import Cause
from firmware.runtime.work import Durable, Failed, Health, Mounted, Sealed, Stopped
from hal.interface import Button, Edge, Track, Trigger, Unit

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from firmware.core.gestures import Gesture
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.runtime.mailbox import Mailbox
    from firmware.settings import Settings
    from hal.interface import Hal

TICK_S: Final = 0.05
FEED_NS: Final = 250_000_000
CONFIRM_NS: Final = 5_000_000_000
TWICE_NS: Final = 800_000_000
NEVER: Final = -TWICE_NS
RUNNING: Final = frozenset({Recording.STARTING, Recording.RECORDING, Recording.STOP_ASKED})
DOCKED: Final = frozenset({Place.DOCKED, Place.OFFLOADING})
GESTURES: Final[Mapping[type, str]] = {Press: "press", Tap: "tap", Hold: "hold", Stuck: "stuck"}
"""Those that the log's private part has a record of."""
FREE: Final = frozenset({Recording.IDLE, Recording.STOPPING})
"""Where a press begins a recording."""
SIGNED: Final = frozenset(
    {Trouble.FAULT, Trouble.PICTURE_FAILS, Trouble.BUTTON_STUCK, Trouble.NO_SOUND, Trouble.SOUND_ADRIFT}
)
"""Troubles that the audit log has a line for, each time they begin.  What the card suffers from is not written to that card."""
SIGN_NS: Final = 60_000_000_000
"""A trouble that comes and goes is signed no more often than this."""


@dataclass(frozen=True, slots=True)
class PartLost:
    """A part that is not vital ended, and is started again."""

    name: str


@dataclass(frozen=True, slots=True)
class Quit:
    """The service is asked to end."""

    reason: str


class Controller:
    """Walks the tables, and has done what they say."""

    def __init__(self, hal: Hal, settings: Settings, flow: Flow, log: Log, *, enrolled: bool = True) -> None:
        self.recording = Recording.IDLE
        self.place = Place.WORN
        self.face = Face(hal, log, enrolled=enrolled)
        self._hal = hal
        self._settings = settings
        self._flow = flow
        self._log = log
        self._gestures = {
            button: Gestures(button, hold_s=settings.hold_s, down=hal.buttons.is_down(button)) for button in Button
        }
        self._cause = Cause("button", 0)
        self._reason = "officer"
        self._tapped_ns = 0
        self._function_ns = NEVER
        self._spent = False
        self._confirm_by: int | None = None
        self._fed_ns = -FEED_NS
        self._signed: dict[str, int] = {}
        self._gauge = Gauge()
        self._handlers: dict[type, Callable[[Any], None]] = {
            Unit: self._first,
            Edge: self._edge,
            Trigger: self._triggered,
            Mounted: self._mounted,
            Durable: lambda answer: self._answered(answer.take, Event.DURABLE),
            Sealed: lambda answer: self._answered(answer.take, Event.SEALED),
            Failed: lambda answer: self._answered(answer.take, Event.FAILED),
            Stopped: lambda _: flow.stopped(),
            Health: self._health,
            DockNews: self._dock,
            Away: lambda _: flow.roster.taken_out(hal.clock.monotonic_ns()),
            PartLost: self._part_lost,
            Quit: self._quit,
        }
        self._effects: dict[Effect, Callable[[], None]] = {
            Effect.BEGIN: lambda: flow.begin(self._cause),
            Effect.CONFIRM: lambda: self.face.cue("started"),
            Effect.MARK: self._mark,
            Effect.ASK_STOP: self._ask_stop,
            Effect.SEAL: lambda: flow.seal(self._reason),
            Effect.STOPPED: lambda: self.face.cue("stopped"),
            Effect.REFUSE: lambda: self.face.cue("refused"),
            Effect.ALARM: lambda: self.face.cue("fault"),
        }
        self._meanings: dict[type, Callable[[Any], None]] = {
            Press: self._pressed,
            Tap: self._tap,
            Hold: self._held,
            HoldProgress: self._holding,
        }

    def run(self, inbox: Mailbox[object], stop: threading.Event) -> None:
        """Handle what comes, and the passing of time, until ``stop``."""
        self._hal.buttons.listen(inbox.bring)
        self._hal.triggers.listen(inbox.bring)
        while not stop.is_set():
            inbox.wait(TICK_S)
            while (happening := inbox.take()) is not None:
                self.handle(happening)
            now_ns = self._hal.clock.monotonic_ns()
            self.tick(now_ns)
            if now_ns - self._fed_ns >= FEED_NS and self._flow.well(now_ns):
                self._fed_ns = now_ns
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
        found = self._flow.tick(now_ns)
        self._flow.roster.tick(now_ns)
        if any(button.stuck for button in self._gestures.values()):
            found |= {Trouble.BUTTON_STUCK}
        before = self.face.troubles
        self.face.look(self.recording, self.place, found, now_ns)
        for trouble in sorted(SIGNED & self.face.troubles - before, key=list(Trouble).index):
            self._sign(trouble.value, now_ns)
        battery = self.face.battery
        if battery is not None and self._gauge.worth(power := reading(battery), now_ns):
            self._flow.sign("power", power)

    def _first(self, unit: Unit) -> None:
        """The first frame: from now on it buffers, and whoever started the service may know."""
        if unit.track is Track.VIDEO:
            self._handlers[Unit] = self._flow.capture
            self._hal.watchdog.ready()
        self._flow.capture(unit)

    # What the officer does.

    def _edge(self, edge: Edge) -> None:
        self._mean(self._gestures[edge.button].edge(edge))

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
        elif self._gestures[gesture.button].stuck and not (isinstance(gesture, Press) and self.recording in FREE):
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
        if twice and self.recording in RUNNING and self._settings.mute_allowed:
            self._mute(tap.time_ns)
            self.face.cue("muted")

    def _mute(self, time_ns: int, *, end: bool = False) -> None:
        self._flow.remark("mute", {"on": self._flow.mute(end=end)}, time_ns)

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
            self.face.cue(f"hold-{min(progress.step, 3)}")

    def _triggered(self, trigger: Trigger) -> None:
        self._ask(Cause(trigger.name, trigger.time_ns), Event.ALERT)
        self._flow.remark("trigger", {"name": trigger.name}, trigger.time_ns)

    def _ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording.  What bars one is told loudly; one that runs already is never denied."""
        if self.recording in FREE:
            if bars := self.face.bars:
                why = sorted(trouble.value for trouble in bars)
                self._log.error("cannot-record", troubles=why)
                self._flow.remark("refused", {"reason": ", ".join(why)}, cause.time_ns)
                self._happen(Event.DENIED)
                return
            self._cause = cause
        self._happen(event)

    # What the writer and the dock say.

    def _mounted(self, mounted: Mounted) -> None:
        if mounted.resume and self.place not in DOCKED:
            self._ask(Cause("resume", self._hal.clock.monotonic_ns()), Event.RESUME)

    def _answered(self, take: int, event: Event) -> None:
        if self._flow.newest(take):
            # A take that fails while it starts still begins for the press.
            if event is Event.FAILED and self.recording is not Recording.STARTING:
                self._cause = Cause("resume", self._hal.clock.monotonic_ns())
            self._happen(event)

    def _health(self, health: Health) -> None:
        self.face.hear(health)
        if Trouble.STORAGE_FULL in self.face.bars:
            self._end("storage-full")

    def _dock(self, news: DockNews) -> None:
        before, self.place = self.place, move(self.place, news.move)
        if self.place is not before:
            self._log.event("place", place=self.place.value, dock=news.dock, text=news.text)
        if (docked := self.place in DOCKED) is not (before in DOCKED):
            self._flow.sign("place", {"place": "docked" if docked else "worn", "dock": news.dock})
        if news.move is Move.STOOD:
            self.face.cue("docked")
            self._end("docked")
            self._flow.roster.put_in(self._hal.clock.monotonic_ns())

    def _quit(self, quit_: Quit) -> None:
        """End in good order; what was being recorded goes on with the next start."""
        running = self.recording in RUNNING
        self._end("shutdown")
        self._flow.leave(quit_.reason, resume=running)

    def _end(self, reason: str) -> None:
        self._reason = reason
        self._happen(Event.END)

    def _part_lost(self, lost: PartLost) -> None:
        self.face.cue("fault")
        self._sign(f"part-lost {lost.name}", self._hal.clock.monotonic_ns())

    def _sign(self, fault: str, now_ns: int) -> None:
        if now_ns - self._signed.get(fault, now_ns - SIGN_NS) >= SIGN_NS:
            self._signed[fault] = now_ns
            self._flow.sign("fault", {"code": fault})

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
            change = {"state": self.recording.value, "was": before.value, "event": event.value}
            self._flow.remark("state", change, self._hal.clock.monotonic_ns())
            self.face.show(self.recording, self.place)

    def _mark(self) -> None:
        self._flow.mark(self._tapped_ns)
        self.face.cue("bookmark")

    def _ask_stop(self) -> None:
        self._confirm_by = self._hal.clock.monotonic_ns() + CONFIRM_NS
        self.face.cue("stop-asked")
