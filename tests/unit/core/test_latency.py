"""How long a start took, and when it is called late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.indications import Trouble
from firmware.core.latency import RECORDING_NS, SHOWN_NS, Latency, Waited
from firmware.core.machine import Recording

MS = 1_000_000
S = 1000 * MS
LATE = {Trouble.START_LATE}
R = Recording


def begun(edge_ns: int = 0, *, measured: bool = True) -> Latency:
    """A start that waits."""
    latency = Latency()
    latency.begun(edge_ns, measured=measured)
    return latency


def test_a_start_is_measured_from_its_edge() -> None:
    """Both times, in whole ms, rounded up."""
    latency = begun(5 * S)
    assert latency.shown(R.STARTING, 5 * S + 3 * MS + 1, lit=True) is None
    assert latency.shown(R.RECORDING, 5 * S + 420 * MS, lit=True) == Waited(5 * S, 4, 420)


def test_it_is_told_once() -> None:
    """What follows in the same recording is no start."""
    latency = begun()
    latency.shown(R.STARTING, 0, lit=True)
    assert latency.shown(R.RECORDING, 1, lit=True)
    for state in (R.STOP_ASKED, R.RECORDING, R.STOPPING, R.IDLE):
        assert latency.shown(state, 2 * S, lit=True) is None


def test_a_light_that_does_not_show_is_no_figure() -> None:
    """Broken or hushed: nobody saw ``starting``; ``recording`` was felt."""
    latency = begun()
    latency.shown(R.STARTING, 2 * MS, lit=False)
    assert latency.shown(R.RECORDING, 300 * MS, lit=False) == Waited(0, None, 300)


def test_a_start_that_ends_before_it_records_is_none() -> None:
    """A full card, a dock: no figure, and no trouble that stays."""
    latency = begun()
    latency.shown(R.STARTING, MS, lit=True)
    assert latency.shown(R.STOPPING, 2 * MS, lit=True) is None
    assert latency.shown(R.RECORDING, 3 * MS, lit=True) is None
    assert not latency.troubles(100 * S)


def test_what_nobody_asked_for_has_no_edge() -> None:
    """A recording that is resumed is not measured; that it has not begun yet is shown all the same."""
    latency = begun(measured=False)
    latency.shown(R.STARTING, 0, lit=True)
    assert latency.troubles(RECORDING_NS + 1) == LATE
    assert latency.shown(R.RECORDING, 2 * S, lit=True) is None


def test_storage_that_takes_an_attempt_away_does_not_stop_the_clock() -> None:
    """The officer still waits since the press."""
    latency = begun()
    latency.shown(R.STARTING, 2 * MS, lit=True)
    latency.begun(0, measured=True)
    assert latency.troubles(RECORDING_NS + 1) == LATE
    assert latency.shown(R.RECORDING, 1800 * MS, lit=True) == Waited(0, 2, 1800)


def test_the_next_start_is_measured_by_itself() -> None:
    """A press while the one before is sealed."""
    latency = begun()
    latency.shown(R.STARTING, 40 * MS, lit=True)
    latency.shown(R.RECORDING, 2 * S, lit=True)
    latency.begun(3 * S, measured=True)
    assert not latency.troubles(3 * S + RECORDING_NS)
    assert latency.shown(R.RECORDING, 3 * S + 5 * MS, lit=True) == Waited(3 * S, None, 5)


def test_an_edge_from_the_future_came_at_once() -> None:
    """Times may run back; no figure is negative."""
    latency = begun(S)
    latency.shown(R.STARTING, 0, lit=True)
    assert latency.shown(R.RECORDING, MS, lit=True) == Waited(S, 0, 0)


def test_late_while_it_waits() -> None:
    """From a second and a half on, and not before."""
    latency = begun()
    latency.shown(R.STARTING, 0, lit=True)
    assert not latency.troubles(RECORDING_NS)
    assert latency.troubles(RECORDING_NS + 1) == LATE


@pytest.mark.parametrize(("took_ns", "late"), [(RECORDING_NS, False), (RECORDING_NS + 1, True)])
def test_a_recording_that_began_late_shows_it_for_a_while(took_ns: int, late: bool) -> None:  # noqa: FBT001
    """Long enough to be seen, not so long that it hides what comes later."""
    latency = begun()
    latency.shown(R.STARTING, 0, lit=True)
    latency.shown(R.RECORDING, took_ns, lit=True)
    assert bool(latency.troubles(took_ns)) == late
    assert bool(latency.troubles(took_ns + SHOWN_NS - 1)) == late
    assert not latency.troubles(took_ns + SHOWN_NS)


def test_a_camera_that_stopped_is_not_late() -> None:
    """What was late belongs to the recording that was."""
    latency = begun()
    latency.shown(R.RECORDING, 2 * S, lit=True)
    assert latency.troubles(3 * S)
    latency.shown(R.IDLE, 4 * S, lit=True)
    assert not latency.troubles(4 * S)


@given(st.integers(0, 5 * S), st.integers(0, 5 * S), st.integers(0, 20 * S))
def test_late_if_and_only_if_it_took_too_long(starting_ns: int, more_ns: int, at_ns: int) -> None:
    """At any time after it: within the time shown, and only for a start beyond the limit."""
    latency = begun()
    latency.shown(R.STARTING, starting_ns, lit=True)
    took_ns = starting_ns + more_ns
    waited = latency.shown(R.RECORDING, took_ns, lit=True)
    assert waited is not None
    assert waited.starting_ms is not None
    assert waited.starting_ms <= waited.recording_ms
    assert waited.recording_ms * MS - took_ns in range(MS)
    assert bool(latency.troubles(took_ns + at_ns)) == (took_ns > RECORDING_NS and at_ns < SHOWN_NS)
