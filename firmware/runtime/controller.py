"""Owns state and gestures, and never touches storage.

Everything that happens comes through one mailbox and is handled here, one item at a time, on one thread.  What follows from it is the
tables' word; what is then done is the flow's, and what is shown and felt the face's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from firmware.core.flags import Flag, Turn
from firmware.core.indications import Trouble
from firmware.core.machine import FREE, RUNNING, Effect, Event, Place, Recording, step
from firmware.core.reminder import Reminder
from firmware.runtime.docklink import Away, DockNews
from firmware.runtime.face import Face
from firmware.runtime.faultlines import FaultLines
from firmware.runtime.flow import Cause
from firmware.runtime.hands import Hands
from firmware.runtime.presence import Presence
from firmware.runtime.probe import Proven
from firmware.runtime.rack import Rack
from firmware.runtime.selftest import BOOT, UNDOCK, SelfTest
from firmware.runtime.sensors import Sensors
from firmware.runtime.standing import Standing
from firmware.runtime.waits import Waits
from firmware.runtime.wishes import RESUME, Wishes
from firmware.runtime.work import Durable, Failed, Health, Mounted, Probed, Sealed, Stopped
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
"""How long frames may lie before they are handled.  Each by itself would wake this thread 77 times a second, to do the same work on colder caches."""
FEED_NS: Final = 250_000_000


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

    def __init__(self, hal: Hal, settings: Settings, flow: Flow, log: Log, *, bar: Trouble | None = None) -> None:
        """``bar``: why this camera cannot record at all, if it cannot."""
        self.recording = Recording.IDLE
        self.face = Face(hal, log, bar=bar, hush_front=settings.hush_front)
        self.off = False
        """Whether the camera switches itself off once the service has ended."""
        self.mounted = False
        """Whether the storage could be used when the service began."""
        self._hal = hal
        self._settings = settings
        self._flow = flow
        self._log = log
        self._rack = Rack(hal.power, settings, flow, log)
        self._wishes = Wishes(self, self._rack, settings, flow, log)
        self.ask, self.stop, self.end = self._wishes.ask, self._wishes.stop, self._wishes.end
        self._standing = Standing(flow, log, self._show)
        self.turn = self._standing.turn
        self._hands = Hands(self, hal.buttons, settings, flow, log)
        self.sensors = Sensors(self, hal, settings, flow, log)
        self.selftest = SelfTest(flow, hal, settings, self.face.senses, log)
        self._faults = FaultLines(flow.sign)
        self._presence = Presence(hal.missing, self._faults.sign, log)
        self._waits = Waits(flow)
        self._reminder = Reminder(settings.remind_s)
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
            Probed: self.selftest.probed,
            Proven: self.selftest.proven,
            PartLost: self._part_lost,
            Quit: self._quit,
        }
        self._effects: dict[Effect, Callable[[], None]] = {
            Effect.BEGIN: self._begin,
            Effect.CONFIRM: lambda: self.face.cue("started"),
            Effect.MARK: self._hands.mark,
            Effect.NOTE: self._wishes.note,
            Effect.ASK_STOP: lambda: self._wishes.ask_stop(hal.clock.monotonic_ns()),
            Effect.RUN_ON: self._wishes.run_on,
            Effect.GO_ON: self._wishes.go_on,
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
        return self._rack.docked

    @property
    def place(self) -> Place:
        """Where the camera is."""
        return self._rack.place

    @property
    def able(self) -> bool:
        """Whether it has shown in this boot that it can record."""
        return self.selftest.able

    @property
    def resting(self) -> bool:
        """Whether it stands in a dock that wants nothing of it, and nothing is recorded."""
        return self._rack.place is Place.DOCKED and self.recording is Recording.IDLE

    def run(self, inbox: Mailbox[object], stop: threading.Event) -> None:
        """Handle what comes, and the passing of time, until ``stop``."""
        self._hal.buttons.listen(inbox.bring)
        self.sensors.listen(inbox.bring)
        self.tick(self._hal.clock.monotonic_ns())  # before anything is handled: what bars a recording is known
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
        self._wishes.tick(now_ns, confirming=self._hands.confirming(now_ns))
        found = self._flow.tick(now_ns) | self._hands.troubles | self.sensors.troubles | self._waits.troubles(now_ns)
        self._flow.roster.tick(now_ns)
        self.selftest.tick(now_ns)
        self._presence.tick(now_ns)
        found |= self.selftest.troubles | self._presence.troubles
        before = self.face.troubles
        self.face.look(self.recording, self.place, found, self.flags, now_ns)
        if Trouble.RECALLED in self.face.troubles and self.recording in RUNNING:
            self.end("recalled")
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

    # What the writer and the dock say.

    def _mounted(self, mounted: Mounted) -> None:
        self.mounted = True
        if mounted.resume and not self.docked:
            self.ask(Cause(RESUME, self._hal.clock.monotonic_ns()), Event.RESUME)
        self.selftest.begin(BOOT)

    def _durable(self, durable: Durable) -> None:
        self._waits.number = durable.number
        self._answered(durable.take, Event.DURABLE)

    def _answered(self, take: int, event: Event) -> None:
        if self._flow.newest(take):
            if event is Event.FAILED:
                self._wishes.lost(self._hal.clock.monotonic_ns())
            self.happen(event)
        elif event is Event.FAILED:
            self.face.cue("fault")  # it gave way, or was stopped: nothing begins in its place, and nobody may miss that

    def _health(self, health: Health) -> None:
        self.face.hear(health)
        if Trouble.STORAGE_FULL in self.face.bars:
            self.end("storage-full")

    def _dock(self, news: DockNews) -> None:
        if self._rack.hear(news):
            self.face.cue("docked")
            self.end("docked")
            self.turn(Turn.DOCKED, self._hal.clock.monotonic_ns())
            self._flow.roster.put_in(self._hal.clock.monotonic_ns())

    def _taken_out(self, _away: Away) -> None:
        now_ns = self._hal.clock.monotonic_ns()
        self._flow.roster.taken_out(now_ns)
        if self._rack.stood:
            self.selftest.begin(UNDOCK)
        if self._rack.taken_out() and self.recording in FREE:
            self.ask(Cause("undock", now_ns), Event.ALERT)

    def _quit(self, quit_: Quit) -> None:
        self.off |= quit_.off
        self._wishes.leave(quit_.reason, because=quit_.reason if quit_.off else "shutdown")

    def _part_lost(self, lost: PartLost) -> None:
        self.face.cue("fault")
        self._faults.sign(f"part-lost {lost.name}", self._hal.clock.monotonic_ns())

    # What follows.

    def happen(self, event: Event) -> None:
        """Take a step of the table of recordings, and carry out what it says."""
        before = self.recording
        self.recording, effects = step(before, event)
        if Effect.BEGIN in effects:
            self._waits.begun(self._wishes.cause)
        if self.recording is not before:
            self._show()  # before what follows from it, of which some takes its time
        self._wishes.settle()
        for effect in effects:
            self._effects[effect]()
        if self.recording is not before:
            self._log.event("state", state=self.recording.value, was=before.value)
            change = {"state": self.recording.value, "was": before.value, "event": event.value}
            self._flow.remark("state", change, self._hal.clock.monotonic_ns())
            if before is Recording.STOPPING:
                self.turn(Turn.OVER, self._hal.clock.monotonic_ns())
            if Effect.BEGIN in effects:
                self._wishes.begun()

    def _show(self, cue: str | None = None) -> None:
        """Show a new state at once, and note how long the officer waited for it."""
        told = self.face.show(self.recording, self.place, self.flags)
        self._waits.shown(self.recording, self._hal.clock.monotonic_ns(), lit=told and Flag.HUSH not in self.flags)
        if cue is not None:
            self.face.cue(cue)

    def _begin(self) -> None:
        self.turn(Turn.BEGUN, self._hal.clock.monotonic_ns())
        self._flow.begin(self._wishes.cause)

    def _seal(self) -> None:
        self._flow.seal(self._wishes.reason)
        self.turn(Turn.ENDED, self._hal.clock.monotonic_ns())
