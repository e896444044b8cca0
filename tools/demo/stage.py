"""Where the demo is played: one simulated camera, one dock, and everything that they show and say, taken down."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

from tools.demo.checks import Checks
from tools.demo.chronicle import Chronicle, Who
from tools.demo.evidence import Footage
from tools.dock.events import DockEvent, Kind
from tools.sim import bay
from tools.sim.bay import Bay
from tools.sim.face import Face
from tools.sim.home import Home
from tools.sim.mirror import Event, Mirror, in_words
from tools.sim.process import CameraError, SimCamera
from tools.sim.screen import Advance, Screen
from tools.verify.report import Report

OFFICER: Final = "Jordan Ellis, PO 4711"
BUFFER_S: Final = 10
HOLD_S: Final = 3.3
SETTINGS: Final = {"pre_event_s": BUFFER_S, "segment_s": 5, "keep_after_receipt_h": 0}


class Stage:
    """The things that the story plays with, and what it found out: ``footage`` are the recordings in the dock's store, ``reports`` the
    verifier's, ``erased`` is the receipt's hash for each recording that the camera says it has erased."""

    def __init__(self, home: Home, screen: Screen, source: str | None, *, post_quantum: bool = False) -> None:
        """Nothing is set up yet."""
        self.post_quantum = post_quantum
        self.home = home
        self.screen = screen
        self.checks = Checks()
        self.chronicle = Chronicle()
        self.mirror = Mirror(self._seen)
        self.camera = SimCamera(home.camera, source=source, on_event=self.mirror.hear)
        self.bay: Bay | None = None
        self.offload: Advance | None = None
        self.footage: list[Footage] = []
        self.reports: dict[str, Report] = {}
        self.erased: dict[int, str] = {}

    # What the story says, and waits for.

    def begin(self, number: int, count: int, title: str) -> None:
        """Tell that a step begins."""
        self.screen.begin(number, count, title)
        self.chronicle.note(utc_ms(), Who.DEMO, title, "step")

    def say(self, text: str) -> None:
        """Tell what is being done."""
        self.screen.say(text)

    def let(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    @property
    def mark(self) -> int:
        """How much the camera showed until now: to wait for what comes after."""
        return len(self.mirror.events)

    # The officer's hands.

    def press(self, what: str) -> int:
        """Press the record button shortly; when, by the camera's monotonic clock in ns."""
        return self._noted(self.camera.tap(), what)

    def ask_to_stop(self) -> None:
        """Hold the button until the camera asks for one more press."""
        mark = self.mark
        self._noted(self.camera.hold(HOLD_S), "hold")
        self.mirror.wait_for_cue("stop-asked", mark)

    def switch_on(self) -> int:
        """Start the service; how much the camera had shown before."""
        mark = self.mark
        self.chronicle.note(utc_ms(), Who.FATE, "the power is back: the service starts", "on")
        self.camera.start()
        return mark

    def cut_power(self) -> None:
        """SIGKILL."""
        self.camera.kill()
        self.chronicle.note(utc_ms(), Who.FATE, "SIGKILL: the power is gone", "cut")
        self.mirror.off()

    def dock(self) -> Bay:
        """The dock, which begins to serve when it is first needed."""
        if self.bay is None:
            self.bay = Bay(self.home.identity, self.home.dock, self._heard)
        return self.bay

    def close(self) -> None:
        """Leave nothing behind: neither the camera nor the dock nor anything on the screen."""
        self.screen.close()
        try:
            if self.bay is not None:
                self.bay.close()
                self.bay = None
            with suppress(CameraError):
                self.camera.stop()
        finally:
            self.camera.kill()

    # What camera and dock tell.

    def _noted(self, pressed_ns: int, name: str) -> int:
        state = self.camera.tell("state")
        ago_ms = (state["time_ns"] - pressed_ns) // 1_000_000
        self.chronicle.note(state["clock"]["utc_ms"] - ago_ms, Who.OFFICER, f"record button: {name}", name)
        return pressed_ns

    def _seen(self, event: Event, face: Face) -> None:
        self.screen.seen(event, face)
        text = in_words(event)
        if text and "utc_ms" in event:
            self.chronicle.note(event["utc_ms"], Who.CAMERA, text, _name(event))

    def _heard(self, event: DockEvent) -> None:
        if event.kind is Kind.PROGRESS and self.offload is not None:
            self.offload(int(event.facts["done"]), int(event.facts["total"]))
        expected = event.kind is Kind.LOST and self.offload is None  # pulled out after it was done
        text = "" if expected else bay.in_words(event)
        if text:
            self.screen.say(f"  {text}", style=bay.style(event))
            self.chronicle.note(utc_ms(), Who.DOCK, text, event.kind.value)


def utc_ms() -> int:
    """The host's clock, from which the simulated camera's and the dock's come."""
    return time.time_ns() // 1_000_000


def _name(event: Event) -> str:
    """By what name an event is found again."""
    if event["event"] != "dock":
        return ""
    return "plugged" if event["port"] else "pulled"
