"""What pages have done: their orders, carried out on the bench.

Whatever takes no time is done in the thread of the page that asked, so that its orders stay in order and no press waits for a verdict or
for a start; what takes long is answered when it is done.  A button that a page holds is let go when the page is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, Protocol

from hal.interface import Button
from tools.panel.evidence import Evidence, EvidenceError
from tools.panel.eyes import Eyes
from tools.panel.orders import NumberedError, Order, OrderError, read_order
from tools.panel.viewer import Page
from tools.sim.bench import Bench, BenchError
from tools.sim.held import HeldCamera
from tools.sim.process import CameraError

MOST_PENDING: Final = 64
Answer = Mapping[str, Any]


class Stage(Protocol):
    """Where scenarios are played."""

    def __call__(self, name: str, *, fast: bool) -> None:
        """Begin one; ``fast``: without its pauses."""


class Hands:
    """The hands of all pages.  ``play`` begins a scenario, ``stop`` ends it."""

    def __init__(
        self, bench: Bench, evidence: Evidence, eyes: Mapping[str, Eyes], play: Stage, stop: Callable[[], None]
    ) -> None:
        """Nobody holds anything."""
        self._bench = bench
        self._evidence = evidence
        self._eyes = eyes
        self._lock = threading.Lock()
        self._held: dict[Page, set[tuple[str, Button]]] = {}
        self._pending: dict[Page, int] = {}
        self._orders: Mapping[str, Callable[[Page, Mapping[str, Any]], Answer | Future[Answer] | None]] = {
            "press": self._press,
            "release": self._release,
            "tap": self._tap,
            "slide": lambda _, given: self._camera(given).slide(given["name"], given["value"]),
            "switch": lambda _, given: self._camera(given).switch(given["name"], on=given["on"]),
            "strike": lambda _, given: self._camera(given).strike(given["name"]),
            "fault": self._fault,
            "battery": self._battery,
            "dock": self._dock,
            "assign": lambda _, given: {"shift": bench.assign(given["camera"], given["officer"])},
            "look": self._look,
            "export": lambda _, given: evidence.make_film(given["recording"]),
            "judge": lambda _, __: evidence.judge(),
            "play": lambda _, given: play(given["scenario"], fast=given["fast"]),
            "stop": lambda _, __: stop(),
        }

    def hear(self, page: Page, text: str) -> None:
        """Carry out one message of a page, and answer it."""
        number: int | None = None
        try:
            order = read_order(text)
            number = order.id
            self._carry_out(page, order)
        except NumberedError as error:
            _refuse(page, error.number, error)
        except (OrderError, BenchError, CameraError, EvidenceError) as error:
            _refuse(page, number, error)

    def leave(self, page: Page) -> None:
        """A page is gone: it lets go of everything, and looks at nothing."""
        for eyes in self._eyes.values():
            eyes.look(page, on=False)
        with self._lock:
            held = self._held.pop(page, set())
            self._pending.pop(page, None)
        for name, button in held:
            with suppress(CameraError):
                self._bench.camera(name).release(button)

    def _carry_out(self, page: Page, order: Order) -> None:
        answer = self._orders[order.do](page, order.given)
        if not isinstance(answer, Future):
            _answer(page, order.id, answer or {})
            return
        with self._lock:
            self._pending[page] = self._pending.get(page, 0) + 1

        def done(future: Future[Answer]) -> None:
            with self._lock:
                if page in self._pending:
                    self._pending[page] -= 1
            error = future.exception()
            if error is None:
                _answer(page, order.id, future.result() or {})
            else:
                _refuse(page, order.id, error)

        answer.add_done_callback(done)

    def _camera(self, given: Mapping[str, Any]) -> HeldCamera:
        return self._bench.camera(given["camera"])

    def _press(self, page: Page, given: Mapping[str, Any]) -> Answer:
        camera, button = self._camera(given), Button(given["button"])
        time_ns = camera.press(button, given["bounces"])
        with self._lock:
            self._held.setdefault(page, set()).add((camera.name, button))
        return {"time_ns": time_ns}

    def _release(self, page: Page, given: Mapping[str, Any]) -> Answer:
        camera, button = self._camera(given), Button(given["button"])
        with self._lock:
            self._held.get(page, set()).discard((camera.name, button))
        return {"time_ns": camera.release(button, given["bounces"])}

    def _tap(self, page: Page, given: Mapping[str, Any]) -> Future[Answer]:
        """Pressed now, let go when its time has come: nobody else's order waits for that."""
        self._room(page)
        camera, button, bounces = self._camera(given), Button(given["button"]), given["bounces"]
        time_ns = camera.press(button, bounces)
        done: Future[Answer] = Future()

        def let_go() -> None:
            try:
                camera.release(button, bounces)
            except CameraError as error:
                done.set_exception(error)
            else:
                done.set_result({"time_ns": time_ns})

        timer = threading.Timer(given["ms"] / 1000, let_go)
        timer.daemon = True
        timer.start()
        return done

    def _fault(self, _: Page, given: Mapping[str, Any]) -> None:
        self._camera(given).tell("fault", part=given["part"], kind=given["kind"], **given["with"])

    def _battery(self, page: Page, given: Mapping[str, Any]) -> Future[Any] | None:
        camera = self._camera(given)
        if given["in"]:
            self._room(page)
            return camera.put_battery()
        camera.pull_battery()
        return None

    def _dock(self, _: Page, given: Mapping[str, Any]) -> None:
        slot = given["slot"]
        if slot is None:
            self._bench.take_out(given["camera"])
        else:
            self._bench.put_in(given["camera"], slot if slot > 0 else None)

    def _look(self, page: Page, given: Mapping[str, Any]) -> None:
        self._eyes[self._camera(given).name].look(page, on=given["on"])

    def _room(self, page: Page) -> None:
        with self._lock:
            if self._pending.get(page, 0) >= MOST_PENDING:
                raise OrderError(f"{MOST_PENDING} orders wait for their end already")


def _answer(page: Page, number: int | None, answer: Answer) -> None:
    page.tell({"type": "answer", "id": number, "ok": True, **answer})


def _refuse(page: Page, number: int | None, error: BaseException) -> None:
    page.tell({"type": "answer", "id": number, "ok": False, "error": str(error)})
