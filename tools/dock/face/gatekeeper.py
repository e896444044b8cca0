"""Stands between what tells and what shows: adds what follows from the events for a slot's light, and for a camera that is
taken out.

Whoever takes a camera out is never hindered: it is told, kept in the store, and that is all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from tools.dock.events import DockEvent, Emit, Kind
from tools.dock.face.board import Board, View
from tools.dock.face.gate import FREE, Verdict, judge
from tools.dock.face.lights import Lights
from tools.dock.face.roster import Undocking
from tools.dock.face.slot import Slot


class Gatekeeper:
    """Hears every event, from any thread; ``show`` hears them too, in one order, and what follows from each; ``look`` sees how the rack
    looks whenever time passes.

    ``lights`` are those of a real rack.  ``keep`` makes an undocking durable; its ``OSError`` is told, and stops nothing.
    """

    def __init__(
        self,
        board: Board,
        show: Emit,
        *,
        utc_ms: Callable[[], int],
        look: Callable[[View], None] = lambda _: None,
        lights: Lights | None = None,
        keep: Callable[[Undocking], None] = lambda _: None,
    ) -> None:
        self.board = board
        self.keep = keep
        self._show = show
        self._utc_ms = utc_ms
        self.lights = lights
        self._look = look
        self._lit: dict[str, Verdict] = {}
        self._lock = threading.Lock()

    def __call__(self, event: DockEvent) -> None:
        """Take one event that has its time."""
        with self._lock:
            self._follow({self._hear(event)})

    def tick(self) -> None:
        """Let time pass, and show how it looks; called twice a second or so.  Nobody waits for a screen that takes nothing but who calls
        this."""
        with self._lock:
            self._follow({*self.board.slots, *self._lit})
            view = self.board.view(self._utc_ms())
        self._look(view)

    def lacks_nobody_else(self, device: str) -> bool:
        """Whether this camera could be handed out if somebody were assigned to it; from any thread."""
        with self._lock:
            return self.board.lacks_nobody_else(device)

    def _hear(self, event: DockEvent) -> str:
        name = self.board.hear(event)
        self._show(event)
        return name

    def _follow(self, names: set[str]) -> None:
        """Tell who was taken out, and which lights of these slots changed."""
        now_ms = self._utc_ms()
        for name in self.board.gone(now_ms):
            self._taken_out(self.board.slots[name], now_ms)
            names.add(name)
        for name in sorted(names):
            verdict = self.board.verdict(name)
            if verdict != self._lit.get(name, FREE):
                self._light(name, verdict, now_ms)

    def _taken_out(self, slot: Slot, now_ms: int) -> None:
        device = "" if slot.refused else slot.device
        missing = judge(replace(slot.standing, linked=True), self.board.wanted).missing
        early = bool(device and missing)
        text = f"too early: {'; '.join(missing)}" if early else "ready" if device else "was not taken in"
        facts: dict[str, str | int | bool] = {"early": early, "missing": slot.left or 0, "text": text}
        self._hear(DockEvent(Kind.UNDOCKED, device, facts, slot.name, now_ms))
        if not device:
            return
        try:
            self.keep(Undocking(device, slot.name, now_ms, early, text, slot.left or 0))
        except OSError as error:
            why = f"not written down: {error.strerror or error}"
            self._hear(DockEvent(Kind.UNUSABLE, device, {"port": "store", "text": why}, slot.name, now_ms))

    def _light(self, name: str, verdict: Verdict, now_ms: int) -> None:
        device = self.board.slots[name].device if name in self.board.slots else ""
        if verdict == FREE:
            del self._lit[name]
        else:
            self._lit[name] = verdict
        self._hear(DockEvent(Kind.GATE, device, {"light": verdict.light, "text": verdict.text}, name, now_ms))
        if self.lights:
            self.lights.show(name, verdict)
