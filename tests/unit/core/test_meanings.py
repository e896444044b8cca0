"""What hands mean, from raw edges with times."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.gestures import SETTLED_NS, Press, Tap
from firmware.core.machine import FREE, RUNNING, Event, Recording
from firmware.core.meanings import FUNCTION, RECORD, Deed, Meanings, Means, Moment, Policy, Said, Scene
from hal.interface import Button
from tests.unit.core.hands import MS, Bench, F, R, Raw, at, press

ALL = Policy(mute=True, hush=True, standby=True)
DOUBLE = Policy(double=True)
SECOND = 1000
STOP = [*press(R, 0, 3300), *press(R, 3800, 200)]
"""From a recording: hold, let go, press."""


def recording(policy: Policy = ALL) -> Bench:
    """A bench that records already."""
    return Bench(policy, state=Recording.RECORDING)


def shifted(edges: list[Raw], by: int) -> list[Raw]:
    """The same edges later."""
    return [(time + by, button, down) for time, button, down in edges]


def test_the_tables_are_total() -> None:
    """Every state and scene answers every deed of its button."""
    once = set(Deed) - {Deed.TWICE}
    assert {(state, deed) for state, row in RECORD.items() for deed in row} == {
        (state, deed) for state in Recording for deed in once
    }
    assert {(scene, deed) for scene, row in FUNCTION.items() for deed in row} == {
        (scene, deed) for scene in Scene for deed in Deed
    }


def test_the_function_button_has_no_word_on_recordings() -> None:
    """It neither begins nor marks nor ends one."""
    said = {means for row in FUNCTION.values() for means in row.values()}
    assert said.isdisjoint({Means.PRESS, Means.MARK, Means.ASK, Means.CONFIRM})


# Starting.


@pytest.mark.parametrize("length", [1, 5, 30, 100, 1500, 2999, 10_000, 61_000])
def test_one_press_starts_however_long(length: int) -> None:
    """At its first edge, and nothing that follows of it means anything: no mark, no stop."""
    bench = Bench(ALL).run(70 * SECOND, press(R, 1000, length))
    assert bench.said == [(1000, Said(Means.PRESS, at(1000)))]
    assert bench.state is Recording.RECORDING


@pytest.mark.parametrize("state", [Recording.IDLE, Recording.STOPPING])
def test_two_presses_start_where_one_is_not_enough(state: Recording) -> None:
    """As of the first edge of the first press; that one was answered and did nothing."""
    bench = Bench(DOUBLE, state=state).run(500, press(R, 100, 150))
    assert (bench.meant, bench.state) == ([Means.HEARD], state)
    bench.run(2000, press(R, 900, 150))
    assert bench.said[1:] == [(900, Said(Means.PRESS, at(100), edge_ns=at(900)))]
    assert bench.state is Recording.RECORDING


@pytest.mark.parametrize(("second", "starts"), [(799, True), (800, True), (801, False), (1500, False)])
def test_the_second_press_has_to_come_in_time(second: int, *, starts: bool) -> None:
    """Within 0.8 s, first edge to first edge."""
    bench = Bench(DOUBLE).run(5000, [*press(R, 1000, 100), *press(R, 1000 + second, 100)])
    assert (Means.PRESS in bench.meant) is starts
    assert bench.meant[0] is Means.HEARD


def test_of_three_presses_any_two_neighbours_start() -> None:
    """A first one that came to nothing does not spoil the next two."""
    bench = Bench(DOUBLE).run(5000, [*press(R, 0, 100), *press(R, 1200, 100), *press(R, 1900, 100)])
    assert bench.said[-1][1] == Said(Means.PRESS, at(1200), edge_ns=at(1900))


def test_bounce_is_no_second_press() -> None:
    """A worn contact that chatters for 45 ms starts nothing where two presses are wanted."""
    chatter: list[Raw] = [(100 + step, R, step % 10 == 0) for step in range(0, 50, 5)]
    bench = Bench(DOUBLE).run(3000, [*chatter, (400, R, False)])
    assert bench.meant == [Means.HEARD]


def test_held_for_long_a_single_press_of_two_does_nothing() -> None:
    """However long: it is the first of two that never came."""
    bench = Bench(DOUBLE).run(12_000, press(R, 100, 10_000))
    assert (bench.meant, bench.state) == ([Means.HEARD], Recording.IDLE)


def test_once_it_records_one_press_is_enough() -> None:
    """Two to start; marking and stopping go as ever."""
    bench = recording(DOUBLE).run(1000, press(R, 100, 200))
    assert bench.meant == [Means.MARK]
    bench.run(9000, shifted(STOP, 1000))
    assert bench.state is Recording.IDLE


def test_of_three_quick_presses_the_third_begins_nothing_by_itself() -> None:
    """Where the first two were refused, the third is the first of two again."""
    meanings = Meanings(DOUBLE)
    said = [meanings.hear(Press(R, at(time)), Moment(Recording.IDLE)) for time in (0, 300, 600)]
    assert [each.means for [each] in said] == [Means.HEARD, Means.PRESS, Means.HEARD]


def test_what_follows_a_stop_goes_on_by_one_press() -> None:
    """It records still: nothing has to be started."""
    assert Bench(DOUBLE, state=Recording.POST_EVENT).run(500, press(R, 100, 100)).meant == [Means.PRESS]


def test_a_confirming_press_is_not_half_of_a_start() -> None:
    """Pressed twice in a hurry to stop, a camera that wants two presses to start stays stopped; one that wants one records."""
    edges = [*STOP, *press(R, 4200, 100)]
    assert recording(DOUBLE).run(9000, edges).state is Recording.IDLE
    assert recording(ALL).run(9000, edges).state is Recording.RECORDING


# Marking and stopping.


def test_a_press_while_recording_is_a_bookmark() -> None:
    """As of its first edge, once it was let go."""
    bench = recording().run(2000, press(R, 500, 300))
    assert [said for _, said in bench.said] == [Said(Means.MARK, at(500))]


def test_the_whole_stopping_gesture() -> None:
    """Three ticks, the question, the answer."""
    bench = recording().run(6000, STOP)
    assert bench.meant == [Means.COUNT, Means.COUNT, Means.COUNT, Means.ASK, Means.CONFIRM]
    assert [said.step for _, said in bench.said[:3]] == [1, 2, 3]
    assert [(was, state) for _, was, state, _ in bench.states] == [
        (Recording.RECORDING, Recording.STOP_ASKED),
        (Recording.STOP_ASKED, Recording.STOPPING),
        (Recording.STOPPING, Recording.IDLE),
    ]


@pytest.mark.parametrize(
    ("pressed", "length", "stops"),
    [
        (3800, 200, True),
        (3800, 990, True),
        (3800, 1100, False),  # no short press: somebody lies on it, or holds it again
        (7950, 300, True),  # it began in time
        (8050, 300, False),
        (3370, 200, False),  # a hand that lets go
        (3390, 200, True),
    ],
)
def test_what_confirms(pressed: int, length: int, *, stops: bool) -> None:
    """A short press that begins within five seconds of the question, and not while the hand lets go of the hold."""
    bench = recording().run(20_000, [*press(R, 0, 3300), *press(R, pressed, length)])
    assert (bench.state is Recording.IDLE) is stops
    if not stops:
        assert Means.CONFIRM not in bench.meant
        assert bench.state is Recording.RECORDING


def test_a_hold_that_began_as_the_start_press_never_stops() -> None:
    """Nor does one that began while the last recording was being sealed."""
    for state in FREE:
        bench = Bench(ALL, state=state).run(12_000, press(R, 0, 8000))
        assert bench.meant == [Means.PRESS]
        assert bench.state is Recording.RECORDING


def test_a_hold_that_began_before_the_start_never_stops() -> None:
    """Down since before anybody looked: it means nothing until it was let go."""
    bench = Bench(ALL, state=Recording.RECORDING, down=frozenset({R}))
    assert bench.run(10_000, [(8000, R, False)]).meant == []
    assert bench.run(12_000, press(R, 11_000, 100)).meant == [Means.MARK]


def test_a_press_while_it_starts_is_a_bookmark_and_may_be_a_hold() -> None:
    """It is the second press, whatever the first one still does."""
    bench = Bench(ALL).run(6000, [*press(R, 0, 40), *press(R, 100, 4000)])
    assert bench.meant == [Means.PRESS, Means.COUNT, Means.COUNT, Means.COUNT, Means.ASK]


def test_a_hold_asks_only_of_what_is_recorded_by_then() -> None:
    """The recording ended by itself under the thumb: nothing is asked, and nothing begins."""
    bench = recording().run(5000, press(R, 0, 4000), {1500: lambda: None})
    other = recording()
    other.run(5000, press(R, 0, 4000), {1500: lambda: other.happen(Event.END)})
    assert Means.ASK in bench.meant
    assert other.meant == [Means.COUNT]
    assert other.state is Recording.IDLE


def test_a_press_after_the_stop_goes_on_with_what_follows_it() -> None:
    """The time after a stop: a press means that it is not over, and is no bookmark besides."""
    bench = Bench(ALL, state=Recording.POST_EVENT).run(5000, press(R, 100, 4000))
    assert bench.meant == [Means.PRESS]
    assert bench.state is Recording.RECORDING


@pytest.mark.parametrize("gap", [5, 10, 19])
def test_a_glove_that_slackens_does_not_break_a_hold(gap: int) -> None:
    """A contact that opens for less than 20 ms in the middle of a hold is still held."""
    bench = recording().run(6000, [(0, R, True), (1700, R, False), (1700 + gap, R, True), (3300, R, False)])
    assert Means.ASK in bench.meant


def test_slow_edges_that_chatter_for_long_do_no_harm() -> None:
    """A thick glove: contacts that open for longer than bounce does.  It starts, or marks once more; it never stops or asks."""
    chatter = [
        (time, R, down) for time, down in ((0, True), (60, False), (95, True), (150, False), (190, True), (600, False))
    ]
    bench = Bench(ALL).run(3000, chatter)
    assert bench.meant == [Means.PRESS, Means.MARK, Means.MARK]
    assert bench.state is Recording.RECORDING
    assert set(recording().run(3000, chatter).meant) == {Means.MARK}


def test_a_body_that_rolls_over_the_button_does_not_stop() -> None:
    """Long presses, none of them short: each asks, none confirms."""
    edges = [edge for turn in range(6) for edge in press(R, turn * 7000, 5500)]
    bench = recording().run(60_000, edges)
    assert Means.CONFIRM not in bench.meant
    assert bench.state is Recording.RECORDING


# The function button.


@pytest.mark.parametrize("state", [Recording.IDLE, Recording.RECORDING, Recording.STOPPING])
@pytest.mark.parametrize("docked", [False, True])
def test_a_short_press_is_heard_at_once_and_tells_soon(state: Recording, *, docked: bool) -> None:
    """A tick at the first edge; the answer when no second press can come any more, well within a second."""
    bench = Bench(Policy(), state=state, docked=docked).run(3000, press(F, 100, 200))
    (heard, first), (told, second) = bench.said
    assert (heard, first.means, second.means) == (100, Means.HEARD, Means.TELL)
    assert 100 + 800 < told <= 100 + 850


@pytest.mark.parametrize(
    ("state", "docked", "meant"),
    [
        (Recording.IDLE, False, Means.STANDBY),
        (Recording.IDLE, True, Means.TELL),
        (Recording.STARTING, False, Means.MUTE),
        (Recording.RECORDING, False, Means.MUTE),
        (Recording.RECORDING, True, Means.MUTE),
        (Recording.STOP_ASKED, False, Means.MUTE),
        (Recording.POST_EVENT, False, Means.MUTE),
        (Recording.STOPPING, False, Means.TELL),
    ],
)
def test_two_presses(state: Recording, meant: Means, *, docked: bool) -> None:
    """Mute while it records, standby while it does not; nothing while a stop is sealed, where either could be meant, and none in a dock."""
    bench = Bench(ALL, state=state, docked=docked).run(600, [*press(F, 100, 150), *press(F, 400, 150)])
    assert bench.meant == [Means.HEARD, Means.HEARD, meant]
    other = Bench(Policy(), state=state, docked=docked).run(600, [*press(F, 100, 150), *press(F, 400, 150)])
    assert other.meant == [Means.HEARD, Means.HEARD, Means.TELL]


def test_mute_never_turns_into_standby() -> None:
    """The recording ended between the two presses, or one began: neither is what was meant."""
    edges = [*press(F, 100, 150), *press(F, 500, 150)]
    ended, begun = recording(), Bench(ALL)
    ended.run(3000, edges, {300: lambda: ended.happen(Event.END), 310: lambda: ended.happen(Event.SEALED)})
    begun.run(3000, edges, {300: lambda: begun.happen(Event.ALERT)})
    assert ended.meant == begun.meant == [Means.HEARD, Means.HEARD, Means.TELL]


@pytest.mark.parametrize(
    ("state", "docked", "hushes"),
    [
        (Recording.IDLE, False, True),
        (Recording.RECORDING, False, True),
        (Recording.IDLE, True, False),
        (Recording.STOPPING, False, False),
    ],
)
def test_hold_is_hush_with_rising_ticks(state: Recording, *, docked: bool, hushes: bool) -> None:
    """Where the authority allows it, and the camera is worn; elsewhere a hold means nothing and is not counted either."""
    counted = [Means.COUNT] * 3 + [Means.HUSH] if hushes else []
    assert Bench(ALL, state=state, docked=docked).run(5000, press(F, 0, 4000)).meant == [Means.HEARD, *counted]
    assert Bench(Policy(), state=state, docked=docked).run(5000, press(F, 0, 4000)).meant == [Means.HEARD]


def test_a_hold_that_somebody_thought_better_of_tells_nothing() -> None:
    """Longer than a second is no short press."""
    assert Bench(ALL).run(5000, press(F, 0, 2000)).meant == [Means.HEARD, Means.COUNT, Means.COUNT]
    assert recording(Policy()).run(5000, press(F, 0, 2000)).meant == [Means.HEARD]


def test_a_short_press_before_a_hold_is_forgotten() -> None:
    """Whoever hushes does not want to be told the battery."""
    bench = Bench(ALL).run(6000, [*press(F, 0, 150), *press(F, 500, 3500)])
    assert bench.meant == [Means.HEARD, Means.HEARD, *[Means.COUNT] * 3, Means.HUSH]


def test_presses_that_are_no_pair_are_told_one_by_one() -> None:
    """A second too late is another one."""
    bench = Bench(ALL).run(6000, [*press(F, 0, 150), *press(F, 1000, 150)])
    assert bench.meant == [Means.HEARD, Means.TELL, Means.HEARD, Means.TELL]


def test_presses_that_nobody_ticked_between_are_no_pair_either() -> None:
    """A controller that was busy for seconds takes two presses for what they were; the later one is told."""
    bench = Bench(ALL, tick_ms=3000).run(6000, [*press(F, 0, 150), *press(F, 1200, 150)])
    assert bench.meant == [Means.HEARD, Means.HEARD, Means.TELL]


def test_a_press_of_tomorrow_is_told_today() -> None:
    """An edge that claims to be later came now: the answer is not kept until then."""
    meanings, moment = Meanings(ALL), Moment(Recording.IDLE)
    meanings.hear(Press(F, at(3_600_000)), moment)
    meanings.hear(Tap(F, at(150)), moment)
    assert meanings.tick(at(200), moment) == []
    assert [each.means for each in meanings.tick(at(1100), moment)] == [Means.TELL]


def test_three_presses_are_a_pair_and_one_more() -> None:
    """The pair is spent."""
    bench = Bench(ALL).run(4000, [*press(F, 0, 150), *press(F, 300, 150), *press(F, 600, 150)])
    assert bench.meant == [Means.HEARD, Means.HEARD, Means.STANDBY, Means.HEARD, Means.TELL]


# Both at once.


def test_record_wins() -> None:
    """A function gesture that begins while record is down means nothing, not even a tick, also where it goes on after it."""
    bench = Bench(ALL).run(12_000, [(0, R, True), (50, F, True), (2000, R, False), (9000, F, False)])
    assert bench.meant == [Means.PRESS]
    bench.run(14_000, press(F, 12_500, 100))
    assert bench.meant[1:] == [Means.HEARD, Means.TELL]


def test_record_ends_what_the_function_button_had_begun() -> None:
    """A hold is no hush, a press no state, half a pair no mute."""
    for begun in (press(F, 0, 4000), press(F, 0, 700), press(F, 0, 250), [*press(F, 0, 100), *press(F, 300, 500)]):
        bench = recording().run(8000, [*begun, *press(R, 400, 100)])
        assert set(bench.meant) == {Means.HEARD, Means.MARK}


def test_both_held_stop_and_do_no_more() -> None:
    """The grip of a whole hand: record's hold asks, function's means nothing."""
    edges = [*press(R, 100, 4000), *press(F, 0, 4000)]
    assert recording().run(4900, edges).meant == [Means.HEARD, *[Means.COUNT] * 3, Means.ASK]


def test_a_stuck_record_button_leaves_the_function_button_alone() -> None:
    """Once it is known to be stuck."""
    bench = recording().run(75_000, [(0, R, True), *press(F, 70_000, 100)])
    assert bench.meant[-2:] == [Means.HEARD, Means.TELL]


def test_a_stuck_function_button_means_nothing() -> None:
    """A loose contact neither mutes nor tells, once it is known to be loose."""
    edges = [edge for number in range(200) for edge in press(F, number * 300, 150)]
    bench = recording().run(70_000, edges)
    assert not [said for time, said in bench.said if time > 12_500]


# Storms.


gaps = st.integers(0, 60) | st.integers(0, 900) | st.integers(2900, 3300)
storms = st.lists(st.tuples(gaps, st.sampled_from(Button), st.booleans()), max_size=40)
steps = st.sampled_from([5, 10, 50, 100])
policies = st.builds(Policy, double=st.just(False), mute=st.booleans(), hush=st.booleans(), standby=st.booleans())


def raw(storm: list[tuple[int, Button, bool]]) -> list[Raw]:
    """Edges with gaps between them, some repeated."""
    times = itertools.accumulate(gap for gap, _, _ in storm)
    return [(time, button, down) for time, (_, button, down) in zip(times, storm, strict=True)]


@given(storms, steps, policies, st.integers(30, 4000), st.sampled_from(Recording))
@pytest.mark.no_cover
def test_no_storm_loses_the_press_after_it(
    storm: list[tuple[int, Button, bool]], tick_ms: int, policy: Policy, length: int, state: Recording
) -> None:
    """Whatever came before: after a second of rest a press of 30 ms and more is told with the time of its first edge, and it records."""
    edges = raw(storm)
    calm = (edges[-1][0] if edges else 0) + 10
    bench = Bench(policy, state=state, tick_ms=tick_ms)
    bench.run(calm + 1000, [*edges, *((calm, button, False) for button in Button)])
    heard = len(bench.gestures)
    bench.run(calm + 6000 + length, press(R, calm + 1000, length))
    told = [gesture.time_ns for gesture in bench.gestures[heard:] if type(gesture).__name__ == "Press"]
    assert told == [at(calm + 1000)]
    stopped = bench.states and bench.states[-1][1] is Recording.STOPPING and bench.states[-1][2] is Recording.IDLE
    assert bench.state in RUNNING or (stopped and Means.CONFIRM in bench.meant)


lost = st.tuples(st.integers(0, 900), st.sampled_from(Button), st.booleans(), st.booleans())


@given(st.lists(lost, max_size=30), st.sampled_from([10, 50, 100]), st.booleans(), st.booleans())
def test_no_lost_edge_loses_the_press_after_it(
    storm: list[tuple[int, Button, bool, bool]],
    tick_ms: int,
    down: bool,  # noqa: FBT001 - Hypothesis calls it
    up: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Edges that never come, of the storm or of the press itself: the level finds it, and the button is never wedged."""
    bench = Bench(ALL, tick_ms=tick_ms, levels=dict.fromkeys(Button, False))
    levels, now = bench.levels, 0
    assert levels is not None
    for gap, button, level, comes in storm:
        now += gap
        bench.run(now, [(now, button, level)] if comes else [])
        levels[button] = level
    levels.update(dict.fromkeys(Button, False))
    bench.run(now + 1000)
    bench.state, heard = Recording.IDLE, len(bench.gestures)
    levels[R] = True
    bench.run(now + 1400, [(now + 1000, R, True)] if down else [])
    levels[R] = False
    bench.run(now + 3000, [(now + 1400, R, False)] if up else [])
    assert [type(gesture) for gesture in bench.gestures[heard:]] == [Press, Tap]
    assert bench.state is Recording.RECORDING


@given(storms, steps, st.integers(30, 700), st.integers(60, 700))
@pytest.mark.no_cover
def test_no_storm_loses_two_presses_where_two_are_wanted(
    storm: list[tuple[int, Button, bool]], tick_ms: int, length: int, pause: int
) -> None:
    """After a second of rest, within their time."""
    edges = raw(storm)
    calm = (edges[-1][0] if edges else 0) + 10
    bench = Bench(DOUBLE, tick_ms=tick_ms).run(calm + 1000, [*edges, *((calm, button, False) for button in Button)])
    bench.state, heard = Recording.IDLE, len(bench.said)
    begin = calm + 1000
    second = begin + min(length + pause, 800)
    bench.run(second + 3000, [*press(R, begin, min(length, second - begin - 40)), *press(R, second, length)])
    assert Means.PRESS in [said.means for _, said in bench.said[heard:]]


def held_ms(edges: list[Raw], until: int) -> int:
    """For how long record was down without a pause that settles, up to the last such time before ``until``: by the edges alone."""
    best, since, up = 0, None, None
    down = False
    for time, button, level in [*edges, (until, R, False)]:
        if button is not R or time > until or level is down:
            continue
        down = level
        if level:
            if since is None or (up is not None and (time - up) * MS >= SETTLED_NS):
                since = time
        elif since is not None:
            up, best = time, max(best, time - since)
    return best


@settings(max_examples=200)
@given(storms, steps, policies)
@pytest.mark.no_cover
def test_nothing_stops_without_a_hold_and_an_answer(
    storm: list[tuple[int, Button, bool]], tick_ms: int, policy: Policy
) -> None:
    """Whatever edges come: where a recording ends, record was held for three seconds before, then let go, pressed, and let go again."""
    edges = raw(storm)
    bench = Bench(policy, state=Recording.RECORDING, tick_ms=tick_ms).run((edges[-1][0] if edges else 0) + 9000, edges)
    for time, _, after, _ in bench.states:
        if after is Recording.STOPPING:
            asked = max(at_ms for at_ms, _, state, _ in bench.states if state is Recording.STOP_ASKED and at_ms <= time)
            assert held_ms(edges, asked) >= 3000 - tick_ms
            since = [down for at_ms, button, down in edges if button is R and asked <= at_ms <= time]
            assert True in since
            assert False in since
            assert time - asked <= 5000 + 1000 + 2 * tick_ms


holds = st.tuples(st.integers(2500, 4500), st.integers(1, 6000), st.integers(1, 1500), st.integers(1, 300))


@settings(max_examples=200)
@given(st.lists(holds, min_size=1, max_size=5), steps)
@pytest.mark.no_cover
def test_holds_and_presses_stop_exactly_where_they_should(
    gestures: list[tuple[int, int, int, int]], tick_ms: int
) -> None:
    """Clean holds of any length, each followed by a press of any length after any pause: the camera stops where the rule says so.

    The rule is told by the edges alone here; what lies within a tick of its borders is left out.
    """
    edges: list[Raw] = []
    now, stops = 0, False
    for held, pause, length, rest in gestures:
        begin = now + held + pause
        borders = ((held, 3000), (pause, 80), (pause, 20), (held + pause - 3000, 5000), (length, 1000))
        if any(abs(value - border) <= 2 * tick_ms for value, border in borders):
            continue
        edges += [*press(R, now, held), *press(R, begin, length)]
        asked = held >= 3000 and pause > 20
        stops |= asked and pause > 80 and begin - now - 3000 <= 5000 and length <= 1000
        if stops:
            break
        now = begin + length + rest + 6000
    bench = recording().run((edges[-1][0] if edges else 0) + 9000, edges)
    assert (bench.state is Recording.IDLE) is stops


@given(storms, steps, policies)
@pytest.mark.no_cover
def test_the_function_button_never_moves_a_recording(
    storm: list[tuple[int, Button, bool]], tick_ms: int, policy: Policy
) -> None:
    """However it is pressed."""
    edges = [(time, F, down) for time, _, down in raw(storm)]
    for state in (Recording.IDLE, Recording.RECORDING):
        bench = Bench(policy, state=state, tick_ms=tick_ms).run((edges[-1][0] if edges else 0) + 3000, edges)
        assert bench.states == []
