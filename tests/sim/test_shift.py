"""A shift on a virtual clock: whatever an officer, a bad card and a flat battery do to it, the judge finds every recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.soak.acts import load
from tests.fault.soak.hours import run
from tests.fault.soak.replay import fresh

MINUTES = 3
KEPT = sorted((Path(__file__).parent / "shifts").glob("*.json"))


@pytest.mark.parametrize("seed", [31, 220, 299])
def test_nothing_is_lost_in_a_shift(seed: int) -> None:
    """Every number that was given out is whole, recovered, void, or erased against a receipt; the light never lies."""
    outcome = run(seed, MINUTES / 60, longest_s=20, shrink_s=0)
    assert not outcome.violations
    assert int(outcome.figures["acts"]) > 5


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_went_wrong_once_stays_mended(path: Path) -> None:
    """Each script that a soak found and that was shrunk; the file says what it showed."""
    assert fresh(load(path.read_text())).broken is None


def test_there_are_kept_scripts() -> None:
    """They are found where they lie."""
    assert KEPT
