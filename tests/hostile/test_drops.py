"""Docks that are believed, and let the link drop again and again: the camera slows down for them, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.dock.patience import DROPS_S, PAUSES_S
from hal.interface import PortKind
from tests.hostile.acts import breaks_off, shows, stranger_identity
from tests.hostile.bench import Bench, camera

if TYPE_CHECKING:
    from pathlib import Path

SLACK_S = 0.5
"""Two naps, in which the camera looks whether contact still stands."""
PIECES = 4
"""What the dock says before it hangs up: the camera has noted by then that it was accepted."""


@pytest.mark.parametrize("times", [1, 3, 12])
def test_accepted_and_dropped(times: int, tmp_path: Path) -> None:
    """Each further docking comes later, up to four seconds and a half; the honest dock behind them waits no longer than that, and
    gets everything."""
    bench = Bench(camera(), tmp_path, PortKind.STREAM)
    told = bench.meet(*[breaks_off(PIECES)] * times)
    assert told.outcomes == ["accepted"] * times
    for turn, pause in enumerate(told.pauses, 1):
        due = DROPS_S[min(turn, len(DROPS_S) - 1)] + PAUSES_S[0]
        assert due <= pause <= due + SLACK_S
    assert len(told.pauses) == times
    assert told.lines <= 3 * times
    bench.handed_over()


def test_a_stranger_that_hangs_up_in_between(tmp_path: Path) -> None:
    """Whoever is refused gets no faster attempts by letting the link drop after each."""
    bench = Bench(camera(), tmp_path, PortKind.STREAM)
    told = bench.meet(*[shows(stranger_identity), breaks_off(0)] * 4)
    refused = told.pauses[::2]
    assert refused == sorted(refused)
    assert refused[-1] >= PAUSES_S[4]
    bench.handed_over()
