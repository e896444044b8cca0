"""A simulated camera in somebody's hands: its battery, its buttons, what it shows, and what it says of itself.

Everything goes through the control socket.  Orders that take no time are done at once, in the caller's thread; the battery's way in and
out, which may take seconds, is done in order on a thread of the camera's own, that the process also lives by.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from hal.interface import Button
from tools.sim.controls import NONE, Controls, Order, State, controls
from tools.sim.mirror import Event, Mirror
from tools.sim.process import CameraError, Control, SimCamera

LOOK_S: Final = 0.25
"""How often it is asked how it is."""
CARD_BYTES: Final = 32_000_000_000
LOST: Final = 70
"""The exit status of a service that lost a vital part: whoever supervises it starts it again, and here that is us."""


class Power(StrEnum):
    """Whether it runs."""

    OFF = "off"
    STARTING = "starting"
    ON = "on"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A camera at one moment, as whoever holds it knows it.  ``trouble``: why it failed, or ended by itself; ``state``: what it said
    last, None while it is off; ``slot``: where it stands, None: worn; ``down``: the buttons that are pressed."""

    power: Power = Power.OFF
    trouble: str | None = None
    state: State | None = None
    slot: int | None = None
    down: frozenset[Button] = frozenset()
    switches: Mapping[str, bool] = field(default_factory=dict)


class HeldCamera:
    """Switched off until its battery is put in.  ``hear`` is called with each of its events, ``changed`` whenever ``now`` is another;
    both from any thread, and they return at once."""

    def __init__(
        self,
        name: str,
        home: Path,
        *,
        source: str | None = None,
        replay: bool = False,
        hear: Callable[[Event], None] = lambda _event: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``home`` is its directory."""
        self.name = name
        self.mirror = Mirror()
        self.controls: Controls = NONE
        self._hear = hear
        self._changed = changed
        self._process = SimCamera(
            home, source=source, replay=replay, on_event=self._heard, log=True, capacity=CARD_BYTES
        )
        self._lock = threading.RLock()
        self._fingers = threading.Lock()
        self._now = Standing()
        self._hand_in = False  # whether whoever holds it wants it to run
        self._put: dict[str, float] = {}  # what sliders were set to
        self._kept: dict[str, float] = {}  # what those of the hardware stood at
        self._port: str | None = None  # what it is plugged into, with power or without
        self._orders: SimpleQueue[tuple[Callable[[], None], Future[None]] | None] = SimpleQueue()
        self._ended = threading.Event()
        self._ask = threading.Event()
        self._threads = (
            threading.Thread(target=self._work, name=f"{name}-hands", daemon=True),
            threading.Thread(target=self._watch, name=f"{name}-eyes", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def now(self) -> Standing:
        """How it stands."""
        return self._now

    def close(self) -> None:
        """Have it end in good order, and wait for that."""
        self._hand_in = False
        self._orders.put(None)
        self._ended.set()
        self._ask.set()
        for thread in self._threads:
            thread.join()

    # The battery.

    def put_battery(self) -> Future[None]:
        """Put the battery in: the service starts; done once it answers, with ``CameraError`` if it does not."""
        self._hand_in = True
        return self._do(self._start)

    def pull_battery(self) -> None:
        """SIGKILL, at once."""
        self._hand_in = False
        self._process.kill()
        self._gone(Power.OFF, None)

    def switch_off(self) -> Future[None]:
        """Have the service end in good order, as on a shutdown."""
        self._hand_in = False
        return self._do(self._process.stop)

    # Hands.  ``CameraError`` where it is off, or refuses.

    def press(self, button: Button, bounces: int = 0) -> int:
        """Push a button down; the camera's monotonic time of that, in ns."""
        return self._push("press", button, bounces)

    def release(self, button: Button, bounces: int = 0) -> int:
        """Let it go; the camera's monotonic time of that, in ns."""
        return self._push("release", button, bounces)

    def slide(self, name: str, value: float) -> None:
        """Set a slider."""
        slider = _pick(self.controls.sliders, "slider", name)
        if not slider.low <= value <= slider.high:
            raise CameraError(f"{name}: from {slider.low} to {slider.high} {slider.unit}, not {value}")
        self._order(slider.make(value, self.reading(name)))
        self._put[name] = value
        self._see()  # at once, since what the battery leaves behind is what was seen last

    def switch(self, name: str, *, on: bool) -> None:
        """Set a switch."""
        switch = _pick(self.controls.switches, "switch", name)
        for each in switch.on if on else switch.off:
            self._order(each)
        self._become(switches={**self._now.switches, name: on})
        self._ask.set()

    def strike(self, name: str) -> None:
        """Have something happen once."""
        strike = _pick(self.controls.strikes, "strike", name)
        if strike.trigger is not None:
            self.tell("trigger", name=strike.trigger)
        for each in strike.orders:
            self._order(each)
        self._ask.set()

    def plug(self, port: str, slot: int) -> None:
        """Put it into a slot, with power or without."""
        self._port = port
        if self._now.power is Power.ON:
            self.tell("plug", port=port)
        self._become(slot=slot)
        self._ask.set()

    def unplug(self) -> None:
        """Take it out."""
        self._port = None
        self._become(slot=None)
        if self._now.power is Power.ON:
            self.tell("unplug")
        self._ask.set()

    def tell(self, do: str, **given: object) -> dict[str, Any]:
        """Any order of the control socket."""
        return self._process.tell(do, **given)

    def connect(self) -> Control:
        """A connection of one's own."""
        return self._process.connect()

    def reading(self, name: str) -> float | None:
        """Where a slider stands, None where nobody knows."""
        state, slider = self._now.state, self.controls.sliders.get(name)
        if state is None or slider is None:
            return None
        told = slider.read(state, time.time_ns() // 1_000_000)
        return self._put.get(name, slider.start) if told is None else told

    @property
    def process_id(self) -> int:
        """Of its service; ``CameraError`` if it is off."""
        return self._process.process_id

    # What happens to it.

    def _push(self, verb: str, button: Button, bounces: int) -> int:
        with self._fingers:  # several hands may be at one button
            time_ns: int = self.tell(verb, button=button.value, bounces=bounces)["time_ns"]
            down = self._now.down | {button} if verb == "press" else self._now.down - {button}
            self._become(down=down)
        return time_ns

    def _order(self, one: Order) -> None:
        self.tell("fault", part=one.part, kind=one.kind, **one.given)

    def _do(self, action: Callable[[], None]) -> Future[None]:
        done: Future[None] = Future()
        self._orders.put((action, done))
        return done

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            action, done = order
            try:
                action()
            except (CameraError, OSError) as error:
                done.set_exception(error if isinstance(error, CameraError) else CameraError(str(error)))
            else:
                done.set_result(None)
        with suppress(CameraError):
            self._process.stop()

    def _start(self) -> None:
        if self._process.running or not self._wanted():
            return
        self._become(power=Power.STARTING, trouble=None)
        try:
            self._process.start()
            self.controls = controls(self._process.tell("describe"))
        except CameraError as error:
            if self._wanted():
                self._gone(Power.FAILED, str(error))
            raise
        with self._lock:
            if not self._wanted():
                return  # pulled out meanwhile
            self._become(power=Power.ON)
        self._as_before()
        self._ask.set()

    def _wanted(self) -> bool:
        """Whether its battery is in, by now."""
        return self._hand_in

    def _as_before(self) -> None:
        """What is wrong with the hardware is so after a start too; and a battery that comes back has what it had."""
        for name, value in self._kept.items():
            if (slider := self.controls.sliders.get(name)) is not None:
                self._order(slider.make(value, None))
        for name, on in self._now.switches.items():
            if on and (switch := self.controls.switches.get(name)) is not None:
                for each in switch.on:
                    self._order(each)
        if self._port is not None:
            self.tell("plug", port=self._port)

    def _heard(self, event: Event) -> None:
        if event["event"] == "off":
            self._fallen()
        elif event["event"] != "log":
            self.mirror.hear(event)
        if event["event"] == "dock" and event["port"] is None and self._port is not None:
            self._port = None  # not by us: somebody tore at the cable
            self._become(slot=None)
        self._hear(event)
        if event["event"] in {"lights", "dock"}:
            self._ask.set()

    def _fallen(self) -> None:
        """The process is gone."""
        if not self._hand_in:
            self._gone(Power.OFF, None)
        elif self._process.status == 0:
            self._gone(Power.OFF, "it switched itself off")
        elif self._process.status == LOST:
            self._gone(Power.FAILED, "the service lost a vital part, and is started again")
            self._do(self._start)
        else:
            self._gone(Power.FAILED, f"the service ended by itself (status {self._process.status})")

    def _gone(self, power: Power, trouble: str | None) -> None:
        for name, slider in self.controls.sliders.items():
            if slider.stays and (value := self.reading(name)) is not None:
                self._kept[name] = value
        if self._now.state is not None:
            self._process.capacity = self._now.state["space"][
                "total"
            ]  # before it looks at its card it has to be as full as it was
        self.mirror.off()
        self._become(power=power, trouble=trouble, state=None, down=frozenset())

    def _watch(self) -> None:
        """Ask how it is, four times a second."""
        while not self._ended.is_set():
            self._ask.wait(LOOK_S)
            self._ask.clear()
            if self._now.power is Power.ON:
                self._see()

    def _see(self) -> None:
        """Ask how it is."""
        with suppress(CameraError):
            state = self._process.tell("state")
            with self._lock:
                before = self._now.state
                fresh = before is None or before["time_ns"] <= state["time_ns"]
                if fresh and self._now.power is Power.ON:
                    self._become(state=state)

    def _become(self, **changes: Any) -> None:
        with self._lock:
            before, self._now = self._now, replace(self._now, **changes)
        if self._now != before:
            self._changed()


def _pick(table: Mapping[str, Any], what: str, name: str) -> Any:
    if name not in table:
        raise CameraError(f"unknown {what} {name!r}; known: {', '.join(table) or 'none'}")
    return table[name]
