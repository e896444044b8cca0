"""One scenario without a page: on a bench of its own, told line by line."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.scenario.player import Player, Progress
from tools.scenario.steps import Scenario
from tools.sim.bench import Audience, Bench
from tools.sim.held import HeldCamera
from tools.sim.home import Home
from tools.sim.mirror import Event, in_words


class _Lines(Audience):
    """A line for whatever is worth one, with the seconds since the start before it."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._step = 0
        self._said = ""

    def heard(self, camera: HeldCamera, event: Event) -> None:
        """A camera shows something."""
        if text := in_words(event):
            self._line(f"    {camera.name}: {text}")

    def said(self, who: str, words: str, *, camera: str | None = None, trouble: bool = False) -> None:  # noqa: ARG002
        """A line of commentary."""
        self._line(f"    {who}: {words}")

    def progressed(self, progress: Progress) -> None:
        """A step begins, or somebody is told something."""
        if progress.say != self._said:
            self._said = progress.say
            self._line(f"\n{progress.say}\n")
        elif progress.step != self._step:
            self._step = progress.step
            self._line(f"  {progress.step}/{progress.steps} {progress.words}")

    def _line(self, text: str) -> None:
        print(f"{time.monotonic() - self._began_s:6.1f} s {text}", flush=True)


def run(
    scenario: Scenario,
    state: Path,
    settings: Mapping[str, Any],
    *,
    fast: bool = False,
    replay: bool = False,
    source: str | None = None,
) -> int:
    """Play it in ``state``; 0 if everything came as expected.  Errors as of ``Bench`` and ``Player``."""
    lines = _Lines()
    wanted = {**settings, **scenario.settings}
    with Bench(Home(state), lines, cameras=scenario.cameras, source=source, replay=replay, settings=wanted) as bench:
        progress = Player(bench, scenario, fast=fast, changed_to=lines.progressed).play()
    for problem in progress.problems:
        print(f"not as expected: {problem}", file=sys.stderr)
    print(f"{scenario.title}: {progress.state}")
    return 0 if progress.state == "passed" else 1
