"""Owns state and gestures, and never touches storage.

Everything that happens comes through one mailbox and is handled here, one item at a time, on one thread.  What follows from it is the
tables' word; what is then done is the flow's, and what is shown and felt the face's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from firmware.core.flags import Flag, Turn
from firmware.core.indications import Trouble
from firmware.core.latency import Latency
from firmware.core.machine import FREE, RUNNING, Effect, Event, Move, Place, Recording, move, step
from firmware.core.reminder import Reminder
from firmware.runtime.docklink import Away, DockNews
from firmware.runtime.face import Face
from firmware.runtime.faultlines import FaultLines
from firmware.runtime.flow import Cause
from firmware.runtime.hands import Hands
from firmware.runtime.rack import DOCKED, Rack
from firmware.runtime.sensors import Sensors
from firmware.runtime.standing import Standing
from firmware.runtime.work import Durable, Failed, Health, Mounted, Sealed, Stopped
from hal.interface import Edge, Samples, Signal, Track, Unit

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.runtime.mailbox import Mailbox
    from firmware.settings import Settings
    from hal.interface import Hal

TICK_S: Final = 0.05
FEED_NS: Final = 250_000_000
NS: Final = 1_000_000_000
RESUME: Final = "resume"
"""What begins a recording where nobody asked for one again."""
CONFIRM_NS: Final = 5 * NS
BUTTON: Final = "button"
WAITING: Final = frozenset({Recording.STOP_ASKED, Recording.POST_EVENT})
"""States that end when their time is over."""


@dataclass(frozen=True, slots=True)
class PartLost:
    """A part that is not vital ended, and is started again."""

    name: str


@dataclass(frozen=True, slots=True)
class Quit:
    """The service is asked to end, and with ``off`` the camera to switch itself off."""

    reason: str
    off: bool = False


class Controller:
    """Walks the tables, and has done what they say."""

    def __init__(self, hal: Hal, settings: Settings, flow: Flow, log: Log, *, enrolled: bool = True) -> None:
        self.recording = Recording.IDLE
        self.place = Place.WORN
        self.face = Face(hal, log, enrolled=enrolled, hush_front=settings.hush_front)
        self.off = False
        """Whether the camera switches itself off once the service has ended."""
        self._hal = hal
        self._settings = settings
        self._flow = flow
        self._log = log
        self._standing = Standing(flow, log, self._show)
        self._hands = Hands(self, hal.buttons, settings, flow, log)
        self.sensors = Sensors(self, hal, settings, flow, log)
        self._faults = FaultLines(flow.sign)
        self._rack = Rack(hal.power, settings)
        self._latency = Latency()
        self._reminder = Reminder(settings.remind_s)
        self._number = 0
        self._cause = Cause(BUTTON, 0)
        self._asked = self._cause
        self._reason = "officer"
        self._due_ns: int | None = None
        self._leaving: str | None = None
        self._fed_ns = -FEED_NS
        self._handlers: dict[type, Callable[[Any], None]] = {
            Unit: self._first,
            Edge: self._hands.edge,
            Signal: self.sensors.wired,
            Samples: self.sensors.felt,
            Mounted: self._mounted,
            Durable: self._durable,
            Sealed: lambda answer: self._answered(answer.take, Event.SEALED),
            Failed: lambda answer: self._answered(answer.take, Event.FAILED),
            Stopped: lambda _: flow.stopped(),
            Health: self._health,
            DockNews: self._dock,
            Away: self._taken_out,
            PartLost: self._part_lost,
            Quit: self._quit,
        }
        self._effects: dict[Effect, Callable[[], None]] = {
            Effect.BEGIN: self._begin,
            Effect.CONFIRM: lambda: self.face.cue("started"),
            Effect.MARK: self._hands.mark,
            Effect.NOTE: self._note,
            Effect.ASK_STOP: self._ask_stop,
            Effect.RUN_ON: self._run_on,
            Effect.GO_ON: self._go_on,
            Effect.SEAL: self._seal,
            Effect.STOPPED: lambda: self.face.cue("stopped"),
            Effect.REFUSE: lambda: self.face.cue("refused"),
            Effect.ALARM: lambda: self.face.cue("fault"),
        }

    @property
    def flags(self) -> frozenset[Flag]:
        """What the officer has asked for, and is in force."""
        return self._standing.flags

    @property
    def docked(self) -> bool:
        """Whether a dock of the authority has stood."""
        return self.place in DOCKED

    def run(self, inbox: Mailbox[object], stop: threading.Event) -> None:
        """Handle what comes, and the passing of time, until ``stop``."""
        self._hal.buttons.listen(inbox.bring)
        self.sensors.listen(inbox.bring)
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
        self._hands.tick(now_ns)
        self.sensors.tick(now_ns)
        self._standing.tick(now_ns)
        if self._due_ns is not None and now_ns >= self._due_ns and not self._hands.confirming(now_ns):
            self._due_ns = None
            self.happen(Event.TIMEOUT)
        found = self._flow.tick(now_ns) | self._hands.troubles | self.sensors.troubles | self._latency.troubles(now_ns)
        self._flow.roster.tick(now_ns)
        before = self.face.troubles
        self.face.look(self.recording, self.place, found, self.flags, now_ns)
        if self._reminder.due(self.recording, now_ns):
            self.face.cue("reminder")
        self._faults.begun(self.face.troubles - before, now_ns)
        self._faults.power(self.face.battery, now_ns)
        if (why := self.face.senses.ends) is not None and not self.off:
            self._quit(Quit(why, off=True))

    def _first(self, unit: Unit) -> None:
        """The first frame: from now on it buffers, and whoever started the service may know."""
        if unit.track is Track.VIDEO:
            self._handlers[Unit] = self._flow.capture
            self._hal.watchdog.ready()
        self._flow.capture(unit)

    # Who asks for what.

    def ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording, or by a press for what a press means now.  What bars one is told loudly; one that runs is never denied."""
        self._reason, self._asked = "officer", cause
        if self.recording in FREE:
            if why := self._barred():
                self._log.error("cannot-record", troubles=why)
                self._flow.remark("refused", {"reason": ", ".join(why)}, cause.time_ns)
                self.happen(Event.DENIED)
                return
            self._cause = cause
        self.happen(self._meant(event))

    def _barred(self) -> list[str]:
        """What forbids a recording right now."""
        dock = ["in-dock"] if self._rack.refuses(self.place) else []
        return sorted(trouble.value for trouble in self.face.bars) + dock

    def stop(self, time_ns: int) -> None:
        """An officer means the stop, and need not confirm it."""
        self._reason, self._asked = "officer", Cause(BUTTON, time_ns)
        self.happen(self._meant(Event.END))

    def _meant(self, event: Event) -> Event:
        """What an officer's stop is where the authority wants what follows it."""
        stops = event is Event.END or (self.recording, event) == (Recording.STOP_ASKED, Event.PRESS)
        return Event.RUN_ON if stops and self._settings.post_event_s else event

    def turn(self, turn: Turn, time_ns: int) -> None:
        """Something happened that may set or end a flag."""
        self._standing.turn(turn, time_ns)

    # What the writer and the dock say.

    def _mounted(self, mounted: Mounted) -> None:
        if mounted.resume and self.place not in DOCKED:
            self.ask(Cause(RESUME, self._hal.clock.monotonic_ns()), Event.RESUME)

    def _durable(self, durable: Durable) -> None:
        self._number = durable.number
        self._answered(durable.take, Event.DURABLE)

    def _answered(self, take: int, event: Event) -> None:
        if self._flow.newest(take):
            # A take that fails while it starts still begins for the press.
            if event is Event.FAILED and self.recording is not Recording.STARTING:
                self._cause = Cause(RESUME, self._hal.clock.monotonic_ns())
            self.happen(event)

    def _health(self, health: Health) -> None:
        self.face.hear(health)
        if Trouble.STORAGE_FULL in self.face.bars:
            self.end("storage-full")

    def _dock(self, news: DockNews) -> None:
        before, self.place = self.place, move(self.place, news.move)
        if self.place is not before:
            self._log.event("place", place=self.place.value, dock=news.dock, text=news.text)
        if (docked := self.place in DOCKED) is not (before in DOCKED):
            self._flow.sign("place", {"place": "docked" if docked else "worn", "dock": news.dock})
        if news.move is Move.STOOD:
            self.face.cue("docked")
            self.end("docked")
            self._rack.put_in()
            self.turn(Turn.DOCKED, self._hal.clock.monotonic_ns())
            self._flow.roster.put_in(self._hal.clock.monotonic_ns())

    def _taken_out(self, _away: Away) -> None:
        now_ns = self._hal.clock.monotonic_ns()
        self._flow.roster.taken_out(now_ns)
        if self._rack.taken_out() and self.recording in FREE:
            self.ask(Cause("undock", now_ns), Event.ALERT)

    def _quit(self, quit_: Quit) -> None:
        """End in good order; what was being recorded goes on with the next start, and so does what a press asks for from now on."""
        running = self.recording in RUNNING - {Recording.POST_EVENT}
        self.off |= quit_.off
        self.end(quit_.reason if quit_.off else "shutdown")
        self._leaving = quit_.reason
        self._flow.leave(quit_.reason, resume=running)

    def end(self, reason: str) -> None:
        """End what is being recorded, without asking twice."""
        self._reason = reason
        self.happen(Event.END)

    def _part_lost(self, lost: PartLost) -> None:
        self.face.cue("fault")
        self._faults.sign(f"part-lost {lost.name}", self._hal.clock.monotonic_ns())

    # What follows.

    def happen(self, event: Event) -> None:
        """Take a step of the table of recordings, and carry out what it says."""
        before = self.recording
        self.recording, effects = step(before, event)
        if Effect.BEGIN in effects:
            self._latency.begun(self._cause.time_ns, measured=self._cause.trigger != RESUME)
        if self.recording is not before:
            self._show()  # before what follows from it, of which some takes its time
        if self.recording not in WAITING:
            self._due_ns = None
        for effect in effects:
            self._effects[effect]()
        if self.recording is not before:
            self._log.event("state", state=self.recording.value, was=before.value)
            change = {"state": self.recording.value, "was": before.value, "event": event.value}
            self._flow.remark("state", change, self._hal.clock.monotonic_ns())
            if before is Recording.STOPPING:
                self.turn(Turn.OVER, self._hal.clock.monotonic_ns())
            if self._leaving is not None and Effect.BEGIN in effects:
                self.end("shutdown")
                self._flow.leave(self._leaving, resume=True)

    def _show(self, cue: str | None = None) -> None:
        """Show a new state at once, and note how long the officer waited for it."""
        told = self.face.show(self.recording, self.place, self.flags)
        now_ns = self._hal.clock.monotonic_ns()
        waited = self._latency.shown(self.recording, now_ns, lit=told and Flag.HUSH not in self.flags)
        if waited is not None:
            took = {"starting_ms": waited.starting_ms, "recording_ms": waited.recording_ms}
            self._flow.remark("latency", {"number": self._number, **took}, waited.edge_ns)
        if cue is not None:
            self.face.cue(cue)

    def _begin(self) -> None:
        self.turn(Turn.BEGUN, self._hal.clock.monotonic_ns())
        self._flow.begin(self._cause)

    def _seal(self) -> None:
        self._flow.seal(self._reason)
        self.turn(Turn.ENDED, self._hal.clock.monotonic_ns())

    def _note(self) -> None:
        """A bookmark that says which sensor asked."""
        self._flow.note("bookmark", {"label": self._asked.trigger}, self._asked.time_ns)
        self.face.cue("bookmark")

    def _ask_stop(self) -> None:
        self._due_ns = self._hal.clock.monotonic_ns() + CONFIRM_NS
        self.face.cue("stop-asked")

    def _run_on(self) -> None:
        self._due_ns = self._asked.time_ns + self._settings.post_event_s * NS
        self._flow.note("stop", {"reason": "officer"}, self._asked.time_ns)
        self.face.cue("run-on")

    def _go_on(self) -> None:
        """Marked, by a sensor with its name: that is the reason."""
        label = self._asked.trigger if self._asked.trigger != BUTTON else self._settings.bookmark_label
        self._flow.note("bookmark", {"label": label}, self._asked.time_ns)
        self.face.cue("started")
