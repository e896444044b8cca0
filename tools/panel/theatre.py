"""Scenarios as pages have them played: one at a time, on the bench that everybody looks at."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from tools.panel.hub import Hub
from tools.panel.orders import OrderError
from tools.scenario.player import Player, Progress, UnplayableError
from tools.scenario.steps import Scenario
from tools.sim.bench import Bench


class Theatre:
    """Plays what is asked for, on a thread of its own."""

    def __init__(self, bench: Bench, scenarios: Sequence[Scenario], hub: Hub) -> None:
        """Nothing is played."""
        self._bench = bench
        self._scenarios = {each.name: each for each in scenarios}
        self._hub = hub
        self._lock = threading.Lock()
        self._player: Player | None = None
        self._thread: threading.Thread | None = None
        self._show(Progress())

    def play(self, name: str, *, fast: bool) -> None:
        """Begin one; ``OrderError`` where it cannot begin."""
        if name not in self._scenarios:
            raise OrderError(f"unknown scenario {name[:64]!r}; known: {', '.join(self._scenarios) or 'none'}")
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise OrderError("another scenario is being played: stop it first")
            try:
                player = Player(self._bench, self._scenarios[name], fast=fast, changed_to=self._show)
            except UnplayableError as error:
                raise OrderError(str(error)) from None
            self._player = player
            self._thread = threading.Thread(target=self._play, args=(player,), name="panel-scenario", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End what is played, and wait for that."""
        with self._lock:
            player, thread = self._player, self._thread
        if player is not None and thread is not None:
            player.stop()
            thread.join()

    def _play(self, player: Player) -> None:
        self._show(player.progress)
        progress = player.play()
        for problem in progress.problems:
            self._hub.say("scenario", problem, trouble=True)

    def _show(self, progress: Progress) -> None:
        self._hub.part("scenario", progress.json())
