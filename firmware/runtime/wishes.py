"""Who asks for a recording or its end, for which cause, and until when something is waited for.

What is asked for becomes an event of the table of recordings; what bars a recording is told loudly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from firmware.core.machine import FREE, RUNNING, Event, Recording
from firmware.runtime.flow import Cause

if TYPE_CHECKING:
    from firmware.core.machine import Place
    from firmware.runtime.face import Face
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.runtime.rack import Rack
    from firmware.settings import Settings

NS: Final = 1_000_000_000
CONFIRM_NS: Final = 5 * NS
BUTTON: Final = "button"
RESUME: Final = "resume"
"""What begins a recording where nobody asked for one again."""
WAITING: Final = frozenset({Recording.STOP_ASKED, Recording.POST_EVENT})
"""States that end when their time is over."""


class Walker(Protocol):
    """Who takes the steps of the table."""

    @property
    def recording(self) -> Recording:
        """What the camera is doing."""

    @property
    def place(self) -> Place:
        """Where it is."""

    @property
    def face(self) -> Face:
        """What the officer sees and feels."""

    def happen(self, event: Event) -> None:
        """Take a step."""


class Wishes:
    """What was asked for last.  ``cause`` is that of the recording, ``reason`` that of its end."""

    def __init__(self, head: Walker, rack: Rack, settings: Settings, flow: Flow, log: Log) -> None:
        self.cause = self.asked = Cause(BUTTON, 0)
        self.reason = "officer"
        self._due_ns: int | None = None
        self._leaving: str | None = None
        self._head = head
        self._rack = rack
        self._settings = settings
        self._flow = flow
        self._log = log

    def ask(self, cause: Cause, event: Event) -> None:
        """Ask for a recording, or by a press for what a press means now.  One that runs is never denied."""
        self.reason, self.asked = "officer", cause
        if self._head.recording in FREE:
            if why := self._barred():
                self._log.error("cannot-record", troubles=why)
                self._flow.remark("refused", {"reason": ", ".join(why)}, cause.time_ns)
                self._head.happen(Event.DENIED)
                return
            self.cause = cause
        self._head.happen(self._meant(event))

    def stop(self, time_ns: int) -> None:
        """An officer means the stop, and need not confirm it."""
        self.reason, self.asked = "officer", Cause(BUTTON, time_ns)
        self._head.happen(self._meant(Event.END))

    def end(self, reason: str) -> None:
        """End what is being recorded, without asking twice."""
        self.reason = reason
        self._head.happen(Event.END)

    def leave(self, reason: str, *, because: str) -> None:
        """End in good order; what was being recorded goes on with the next start."""
        running = self._head.recording in RUNNING - {Recording.POST_EVENT}
        self.end(because if running else "officer")
        self._leaving = reason
        self._flow.leave(reason, resume=running)

    def begun(self) -> None:
        """A recording has begun.  Behind the order to end it is sealed at once, with the buffer before it, and the next start goes on."""
        if self._leaving is not None:
            self.end("shutdown")
            self._flow.leave(self._leaving, resume=True)

    def lost(self, now_ns: int) -> None:
        """Storage took the recording away.  One that had not begun yet still begins for what asked for it."""
        if self._head.recording is not Recording.STARTING:
            self.cause = Cause(RESUME, now_ns)

    def tick(self, now_ns: int, *, confirming: bool) -> None:
        """Time passed.  A press that may confirm a stop is waited for until it is clear what it is (``confirming``)."""
        if self._due_ns is not None and now_ns >= self._due_ns and not confirming:
            self._due_ns = None
            self._head.happen(Event.TIMEOUT)

    def settle(self) -> None:
        """A step was taken: where nothing has to be waited for, nothing is."""
        if self._head.recording not in WAITING:
            self._due_ns = None

    # What the table says is to be done about them.

    def ask_stop(self, now_ns: int) -> None:
        """Have the stop confirmed."""
        self._due_ns = now_ns + CONFIRM_NS
        self._head.face.cue("stop-asked")

    def run_on(self) -> None:
        """The stop is meant; what follows it is recorded too."""
        self._due_ns = self.asked.time_ns + self._settings.post_event_s * NS
        self._flow.note("stop", {"reason": "officer"}, self.asked.time_ns)
        self._head.face.cue("run-on")

    def go_on(self) -> None:
        """It is not over.  Marked, by a sensor with its name: that is the reason."""
        label = self.asked.trigger if self.asked.trigger != BUTTON else self._settings.bookmark_label
        self._flow.note("bookmark", {"label": label}, self.asked.time_ns)
        self._head.face.cue("started")

    def note(self) -> None:
        """A bookmark that says which sensor asked."""
        self._flow.note("bookmark", {"label": self.asked.trigger}, self.asked.time_ns)
        self._head.face.cue("bookmark")

    def _barred(self) -> list[str]:
        """What forbids a recording right now."""
        dock = ["in-dock"] if self._rack.refuses(self._head.place) else []
        return sorted(trouble.value for trouble in self._head.face.bars) + dock

    def _meant(self, event: Event) -> Event:
        """What an officer's stop is where the authority wants what follows it."""
        stops = event is Event.END or (self._head.recording, event) == (Recording.STOP_ASKED, Event.PRESS)
        return Event.RUN_ON if stops and self._settings.post_event_s else event
