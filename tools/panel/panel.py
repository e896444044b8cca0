"""The panel: a bench of simulated cameras behind a server, and every page shows the same."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from tools.dock.events import DockEvent, Kind
from tools.panel import views
from tools.panel.answers import Answers, read_page
from tools.panel.evidence import Evidence
from tools.panel.eyes import Eyes
from tools.panel.hands import Hands
from tools.panel.hub import Hub, now_ms
from tools.panel.theatre import Theatre
from tools.panel.viewer import Page
from tools.panel.web import Server
from tools.scenario.read import read_all
from tools.scenario.steps import Scenario
from tools.sim.bench import Audience, Bench
from tools.sim.controls import NONE, Controls
from tools.sim.held import HeldCamera
from tools.sim.home import Home
from tools.sim.mirror import Event

PAGE: Final = Path(__file__).with_name("page")
_JUDGED: Final = frozenset({Kind.RECEIPTED, Kind.ANCHORED, Kind.LOG_RECEIPTED})
"""After which the store is worth another look."""


class _Stage(Audience):
    """Turns what happens on a bench into what pages see."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self.bench: Bench | None = None
        self.evidence: Evidence | None = None
        self.controls: Controls = NONE

    def changed(self, camera: HeldCamera) -> None:
        """A camera stands another way than before."""
        if self.bench is None:
            return
        with self._lock:  # so that what is newer is told later
            if camera.controls is not NONE and self.controls is NONE:
                self.controls = camera.controls
                self._hub.greet()
            self._hub.camera(views.camera(camera, self.bench.officers.get(camera.name)))
        self.racked()

    def heard(self, camera: HeldCamera, event: Event) -> None:
        """A camera shows something, or has written a line of its log."""
        if event["event"] == "cue":
            self._hub.happen(views.cue(camera.name, event, now_ms()))
        elif event["event"] == "log":
            self._hub.log(views.log(camera.name, event))
        else:
            self.changed(camera)

    def docked(self, event: DockEvent) -> None:
        """The dock did something."""
        if event.kind in _JUDGED and self.evidence is not None:
            self.evidence.judge()

    def racked(self) -> None:
        """The rack looks another way than before."""
        if self.bench is None:
            return
        cameras = self.bench.cameras
        standing = {camera.now.slot: camera.name for camera in cameras.values() if camera.now.slot is not None}
        with self._lock:
            bay = self.bench.bay
            self._hub.part("dock", views.rack(bay.name, len(cameras), self.bench.rows, standing, bay.trouble))

    def said(self, who: str, words: str, *, camera: str | None = None, trouble: bool = False) -> None:
        """A line of commentary."""
        self._hub.say(who, words, camera, trouble=trouble)

    def judged(self) -> None:
        """The desk knows more."""
        if self.evidence is not None:
            self._hub.part("recordings", self.evidence.document())


class Panel:
    """Serves from its construction until ``close``; the cameras' batteries are in.  ``url`` is where, ``port`` a part of that."""

    def __init__(
        self,
        root: Path,
        *,
        cameras: int = 1,
        replay: bool = False,
        source: str | None = None,
        settings: Mapping[str, Any] | None = None,
        port: int = 0,
        folder: Path = PAGE,
        scenarios: Sequence[Scenario] = (),
    ) -> None:
        """``root`` is the directory where everything lives, ``folder`` that of the page, ``scenarios`` are further ones.  Errors as of
        ``Bench``, and ``OSError`` where the port is taken."""
        self._hub = Hub(self._start)
        self._stage = stage = _Stage(self._hub)
        known, self._problems = read_all()
        self._scenarios = tuple({each.name: each for each in (*known, *scenarios)}.values())
        with ExitStack() as made:
            self.bench = bench = Bench(
                Home(root), stage, cameras=cameras, source=source, replay=replay, settings=settings
            )
            eyes = {name: Eyes(camera) for name, camera in bench.cameras.items()}
            for each in eyes.values():
                made.callback(each.close)
            made.callback(bench.close)  # before the eyes: that ends what they look at
            desk = Evidence(bench.home, stage.judged, lambda words: stage.said("desk", words, trouble=True))
            made.callback(desk.close)
            stage.bench, stage.evidence = bench, desk
            for camera in bench.cameras.values():
                stage.changed(camera)
            stage.judged()
            desk.judge()
            self._theatre = theatre = Theatre(bench, self._scenarios, self._hub)
            self._hands = Hands(bench, desk, eyes, theatre.play, theatre.stop)
            made.callback(theatre.stop)
            self._server = Server(Answers(read_page(folder), desk.film), self._welcome, port)
            made.callback(self._server.close)
            made.callback(self._hub.close)
            self._made = made.pop_all()
        self.url, self.port = self._server.url, self._server.port
        for camera in bench.cameras.values():
            camera.put_battery()

    def __enter__(self) -> Self:
        """Close it at the end of a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Send the pages away, and switch everything off in good order."""
        self._made.close()

    def play(self, scenario: str, *, fast: bool = False) -> None:
        """Begin a scenario, as a page would; ``OrderError`` where it cannot begin."""
        self._theatre.play(scenario, fast=fast)

    def _start(self) -> dict[str, Any]:
        """What of the first message never changes."""
        scenarios = [each.json() for each in self._scenarios]
        return {**views.words(), **self._stage.controls.json(), "scenarios": scenarios, "problems": self._problems}

    def _welcome(self, page: Page) -> None:
        if self._hub.enter(page):
            try:
                page.run(lambda text: self._hands.hear(page, text))
            finally:
                self._hub.leave(page)
                self._hands.leave(page)
        else:
            page.run(lambda _: None)
