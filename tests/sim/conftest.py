"""What several files here do to a camera before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hal.interface import Button
from hal.sim.panel import SimButtons

if TYPE_CHECKING:
    from hal.interface import Clock


@pytest.fixture
def squeezed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record button is down when a camera starts, and was before: nobody saw it go down."""
    built = SimButtons.__init__

    def held(self: SimButtons, clock: Clock) -> None:
        built(self, clock)
        self._down[Button.RECORD] = True

    monkeypatch.setattr(SimButtons, "__init__", held)
