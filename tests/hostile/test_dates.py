"""Dates never decide whether a camera meets a dock: no clock, whoever set it, keeps out docks whose certificates end some day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from firmware.evidence.roles import Role
from hal.interface import ClockQuality, PortKind
from tests.hostile.bench import UTC_MS, Bench, camera
from tests.hostile.scripts import welcomes

if TYPE_CHECKING:
    from pathlib import Path

Y2100_MS = 4_102_444_800_000
ENDS = datetime(2036, 1, 1, tzinfo=UTC)
"""When the certificate of a dock that is provisioned as it comes ends."""


def bench(quality: ClockQuality, utc_ms: int, folder: Path) -> Bench:
    """A camera with such a clock, in front of an honest dock whose certificate ends."""
    made = Bench(camera(quality=quality, utc_ms=utc_ms), folder, PortKind.STREAM)
    made.holder = made.authority.enrol(Role.DOCK, "dock-2", ENDS)
    return made


def noted(met: Bench) -> list[str]:
    """What the camera's log says of that dock."""
    lines = [line["data"] for line in met.rig.audit() if line["kind"] == "dock"]
    return [line["outcome"] for line in lines if line["dock"] == "dock-2"]


@pytest.mark.parametrize("utc_ms", [Y2100_MS, 253_402_300_799_000])
def test_a_dock_that_lied_about_the_time_keeps_no_other_dock_out(utc_ms: int, tmp_path: Path) -> None:
    """The first dock ever says that it is 2100.  The next one takes everything over, and the log says that its dates did not hold by the
    clock; that stays as it is, since more than a day is not for a dock to say."""
    met = bench(ClockQuality.UNSET, 0, tmp_path)
    met.meet(welcomes(utc_ms=utc_ms))
    met.handed_over()
    kept, accepted, dates = noted(met)
    assert accepted == "accepted"
    said, _, clock_ms = dates.rpartition(" ")
    assert said == "met beyond its dates: dock-2 ended 2036-01-01, by a clock that says"
    assert 0 <= int(clock_ms) - utc_ms < 120_000
    assert kept.startswith("clock kept: a step of")
    assert met.rig.clock.utc().quality is ClockQuality.DOCK


@pytest.mark.parametrize("quality", [ClockQuality.RTC, ClockQuality.UNSET])
def test_a_clock_that_no_dock_set_says_nothing_of_dates(quality: ClockQuality, tmp_path: Path) -> None:
    """It was never anybody's word: nothing is noted."""
    met = bench(quality, Y2100_MS, tmp_path)
    met.meet()
    assert not [outcome for outcome in noted(met) if "dates" in outcome]


def test_a_dock_within_its_dates(tmp_path: Path) -> None:
    """Nothing is noted."""
    met = bench(ClockQuality.DOCK, UTC_MS, tmp_path)
    met.meet()
    assert noted(met) == ["accepted"]
    met.handed_over()
