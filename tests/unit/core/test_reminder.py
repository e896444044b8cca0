"""A running recording is felt every so often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.machine import Recording
from firmware.core.reminder import Reminder

NS = 1_000_000_000
R = Recording


def felt(
    reminder: Reminder, course: list[tuple[float, Recording]], until_s: float, step_s: float = 0.05
) -> list[float]:
    """When it was felt, in seconds; ``course`` says from when on which state holds."""
    times = []
    for tick in range(round(until_s / step_s)):
        now_s = tick * step_s
        state = next(each for since, each in reversed(course) if since <= now_s)
        if reminder.due(state, round(now_s * NS)):
            times.append(now_s)
    return times


def test_every_two_minutes_from_when_it_records() -> None:
    """Not from the press: until it records there is nothing to be reminded of."""
    course = [(0.0, R.IDLE), (10.0, R.STARTING), (11.0, R.RECORDING)]
    assert felt(Reminder(120), course, 400) == pytest.approx([131, 251, 371])


def test_off() -> None:
    """0 reminds of nothing, ever."""
    assert felt(Reminder(0), [(0.0, R.RECORDING)], 2000) == []


@pytest.mark.parametrize("state", [each for each in R if each not in {R.RECORDING, R.POST_EVENT}])
def test_nothing_is_felt_where_nothing_runs_or_a_stop_is_asked_for(state: Recording) -> None:
    """A buzz then would say something else."""
    assert felt(Reminder(30), [(0.0, state)], 200) == []


def test_a_stop_that_is_not_confirmed_only_delays_it() -> None:
    """The time runs on meanwhile: the reminder comes as soon as the question is over, and the next one a whole interval later."""
    course = [(0.0, R.RECORDING), (118.0, R.STOP_ASKED), (123.0, R.RECORDING)]
    assert felt(Reminder(120), course, 300) == pytest.approx([123, 243])


def test_what_follows_a_stop_is_a_recording_too() -> None:
    """It goes on counting."""
    course = [(0.0, R.RECORDING), (20.0, R.STOP_ASKED), (22.0, R.POST_EVENT), (70.0, R.STOPPING), (71.0, R.IDLE)]
    assert felt(Reminder(30), course, 200) == pytest.approx([30, 60])


def test_the_next_recording_counts_anew() -> None:
    """Also where storage took the first away, and the start is felt again."""
    course = [(0.0, R.RECORDING), (29.0, R.STARTING), (30.0, R.RECORDING)]
    assert felt(Reminder(30), course, 95) == pytest.approx([60, 90])


def test_missed_ones_are_not_made_up_for() -> None:
    """After a pause of the whole service one is felt, not all that were due."""
    reminder = Reminder(30)
    reminder.due(R.RECORDING, 0)
    assert reminder.due(R.RECORDING, 500 * NS)
    assert not reminder.due(R.RECORDING, 501 * NS)
    assert reminder.due(R.RECORDING, 530 * NS)


@given(st.integers(30, 600), st.lists(st.integers(1, 2000), max_size=60))
def test_never_more_often_than_asked_for(every_s: int, steps_ms: list[int]) -> None:
    """However the ticks come, two reminders are at least so far apart, and no tick that is due goes without."""
    reminder, now_ms, times = Reminder(every_s), 0, [0]
    for step_ms in [0, *(step * 20 for step in steps_ms)]:
        now_ms += step_ms
        due = reminder.due(R.RECORDING, now_ms * 1_000_000)
        assert due == (now_ms - times[-1] >= every_s * 1000)
        times += [now_ms] if due else []
