"""From edges to gestures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.gestures import Gesture, Gestures, Hold, HoldProgress, Press, Release, Stuck, Tap
from hal.interface import Button, Edge

MS = 1_000_000
SECOND = 1_000 * MS
START = 700 * SECOND
RECORD = Button.RECORD


def run(machine: Gestures, *edges: tuple[int, bool], until: int, step: int = 10) -> list[Gesture]:
    """Edges (milliseconds, down) and the passing of time up to ``until``, in milliseconds from the start."""
    gestures: list[Gesture] = []
    waiting = list(edges)
    for now in range(0, until + 1, step):
        while waiting and waiting[0][0] <= now:
            at, down = waiting.pop(0)
            gestures += machine.edge(Edge(RECORD, down, START + at * MS))
        gestures += machine.tick(START + now * MS)
    return gestures


def at(milliseconds: int) -> int:
    """A time on the clock of ``run``."""
    return START + milliseconds * MS


def test_a_press_is_told_at_its_first_edge() -> None:
    """Nothing waits for the contact to settle: the edge itself brings the press."""
    assert Gestures(RECORD).edge(Edge(RECORD, True, START)) == [Press(RECORD, START)]


def test_a_short_press() -> None:
    """Press and tap, the tap once the button has been up for twenty milliseconds, with the time at which it went up."""
    assert run(Gestures(RECORD), (0, True), (200, False), until=1000) == [Press(RECORD, at(0)), Tap(RECORD, at(200))]


def test_a_hold_rises_second_by_second() -> None:
    """A tick a second, then the hold, then the release; no tap."""
    assert run(Gestures(RECORD), (0, True), (3500, False), until=4000) == [
        Press(RECORD, at(0)),
        HoldProgress(RECORD, at(1000), 1),
        HoldProgress(RECORD, at(2000), 2),
        HoldProgress(RECORD, at(3000), 3),
        Hold(RECORD, at(3000)),
        Release(RECORD, at(3500)),
    ]


def test_let_go_just_before_the_hold() -> None:
    """At 2.99 s it is no hold."""
    gestures = run(Gestures(RECORD), (0, True), (2990, False), until=4000)
    assert [type(gesture) for gesture in gestures] == [Press, HoldProgress, HoldProgress, Tap]


@pytest.mark.parametrize(("hold_s", "steps"), [(0.5, []), (1.5, [1]), (2, [1, 2])])
def test_the_hold_is_a_setting(hold_s: float, steps: list[int]) -> None:
    """Progress is told for each full second up to the hold."""
    gestures = run(Gestures(RECORD, hold_s=hold_s), (0, True), until=5000)
    assert [gesture.step for gesture in gestures if isinstance(gesture, HoldProgress)] == steps
    assert [gesture.time_ns for gesture in gestures if isinstance(gesture, Hold)] == [at(round(hold_s * 1000))]


def test_late_ticks_lose_nothing() -> None:
    """A controller that was busy learns of all that came due, in order, even from the next edge alone."""
    machine = Gestures(RECORD)
    machine.edge(Edge(RECORD, True, START))
    gestures = machine.edge(Edge(RECORD, False, START + 5 * SECOND))
    assert [type(gesture) for gesture in gestures] == [HoldProgress, HoldProgress, HoldProgress, Hold]


def test_a_second_press_within_fifty_milliseconds_is_bounce() -> None:
    """However the contact chatters, fifty milliseconds hold one press."""
    assert run(Gestures(RECORD), (0, True), (25, False), (48, True), (200, False), until=500) == [
        Press(RECORD, at(0)),
        Tap(RECORD, at(200)),
    ]


def test_a_second_press_after_that_is_one() -> None:
    """Two quick presses are two, and the first is let go before the second, though nobody ticked between."""
    machine = Gestures(RECORD)
    gestures = [
        gesture
        for milliseconds, down in ((0, True), (30, False), (60, True))
        for gesture in machine.edge(Edge(RECORD, down, at(milliseconds)))
    ]
    assert gestures == [Press(RECORD, at(0)), Tap(RECORD, at(30)), Press(RECORD, at(60))]


def test_bounce_at_the_release() -> None:
    """Chatter while letting go is no press."""
    edges = [(0, True), (500, False), (505, True), (509, False), (520, True), (527, False)]
    assert run(Gestures(RECORD), *edges, until=1000) == [Press(RECORD, at(0)), Tap(RECORD, at(527))]


def test_a_glitch_does_not_break_a_hold() -> None:
    """A contact that opens for five milliseconds right at the hold delays it by no more than that."""
    gestures = run(Gestures(RECORD), (0, True), (2998, False), (3003, True), until=3100, step=1)
    assert gestures[-1] == Hold(RECORD, at(3000))
    assert [type(gesture) for gesture in gestures].count(Press) == 1


def test_no_hold_while_the_contact_is_open() -> None:
    """While it cannot be told whether the button was let go, nothing is held."""
    gestures = run(Gestures(RECORD), (0, True), (2995, False), until=3010, step=1)
    assert not any(isinstance(gesture, Hold) for gesture in gestures)


def test_a_stuck_button_is_told_once() -> None:
    """After a minute, once, and it can still be let go."""
    gestures = run(Gestures(RECORD), (0, True), (150_000, False), until=160_000, step=100)
    assert [gesture for gesture in gestures if isinstance(gesture, Stuck)] == [Stuck(RECORD, at(60_000))]
    assert gestures[-1] == Release(RECORD, at(150_000))


def test_down_at_start_up_means_nothing() -> None:
    """No press, no hold and no release from a button that was down before anybody looked; then it works."""
    machine = Gestures(RECORD, down=True)
    assert run(machine, (5000, False), (6000, True), until=6500) == [Press(RECORD, at(6000))]


def test_bounce_of_a_button_that_was_down_at_start_up() -> None:
    """Only a settled release ends the wait: chatter does not."""
    machine = Gestures(RECORD, down=True)
    assert run(machine, (5000, False), (5005, True), (5300, True), (9000, False), until=9500) == []


def test_stuck_since_start_up() -> None:
    """A button that was never let go is told as stuck all the same."""
    assert run(Gestures(RECORD, down=True), until=70_000, step=100) == [Stuck(RECORD, at(60_000))]


def test_an_edge_before_the_first_tick_at_start_up() -> None:
    """The first thing that tells the time may be an edge."""
    machine = Gestures(RECORD, down=True)
    assert machine.edge(Edge(RECORD, False, START)) == []
    assert run(machine, (200, True), until=300) == [Press(RECORD, at(200))]


def test_repeated_levels_mean_nothing() -> None:
    """The same level again, from a lost edge or from somebody who reads the level to make sure."""
    edges = [(0, False), (100, True), (150, True), (400, False), (450, False)]
    assert run(Gestures(RECORD), *edges, until=1000) == [Press(RECORD, at(100)), Tap(RECORD, at(400))]


def levels(machine: Gestures, down: bool, begin: int, until: int) -> list[Gesture]:  # noqa: FBT001 - the level is what it is about
    """Time passes in steps of 50 ms, and the level is read each time."""
    gestures: list[Gesture] = []
    for now in range(begin, until + 1, 50):
        gestures += machine.tick(at(now))
        gestures += machine.level(at(now), down=down)
    return gestures


def test_a_press_whose_edge_was_lost_is_found_by_its_level() -> None:
    """A tenth of a second later, and with that time; it is held and let go as any other."""
    machine = Gestures(RECORD)
    assert levels(machine, False, 0, 500) == []
    gestures = levels(machine, True, 550, 4000) + levels(machine, False, 4050, 4500)
    assert gestures[0] == Press(RECORD, at(650))
    assert [type(gesture) for gesture in gestures[1:]] == [HoldProgress, HoldProgress, HoldProgress, Hold, Release]


def test_a_release_whose_edge_was_lost_does_not_cost_the_next_press() -> None:
    """Without the level the next edge down would be a repeated one."""
    machine = Gestures(RECORD)
    machine.tick(at(0))
    machine.edge(Edge(RECORD, True, at(0)))
    gestures = levels(machine, True, 50, 150) + levels(machine, False, 200, 500)
    assert [type(gesture) for gesture in gestures] == [Tap]
    assert machine.edge(Edge(RECORD, True, at(600))) == [Press(RECORD, at(600))]


def test_an_edge_that_is_only_late_keeps_its_time() -> None:
    """The level ran ahead of it for less than a tenth of a second: the edge's own time counts, and there is one press."""
    machine = Gestures(RECORD)
    levels(machine, False, 0, 100)
    assert levels(machine, True, 150, 200) == []
    assert machine.edge(Edge(RECORD, True, at(120))) == [Press(RECORD, at(120))]
    assert levels(machine, True, 250, 900) == []


def test_a_level_that_comes_and_goes_is_no_press() -> None:
    """Only one that stays, at every look."""
    machine = Gestures(RECORD)
    for now in range(0, 3000, 50):
        assert machine.level(at(now), down=now % 100 == 0) == []


def test_each_lost_edge_takes_its_own_tenth_of_a_second() -> None:
    """What the level told last does not hurry what it tells next."""
    machine = Gestures(RECORD)
    levels(machine, False, 0, 100)
    assert [type(gesture) for gesture in levels(machine, True, 150, 250)] == [Press]
    assert machine.level(at(300), down=False) == []
    assert machine.level(at(350), down=True) == []
    assert levels(machine, True, 400, 900) == []


def test_a_button_let_go_while_nobody_looked_yet_is_free() -> None:
    """Down when the camera started, up before it listened: the next press is one."""
    machine = Gestures(RECORD, down=True)
    levels(machine, False, 0, 300)
    assert machine.edge(Edge(RECORD, True, at(400))) == [Press(RECORD, at(400))]


def test_equal_times() -> None:
    """A whole press in one instant is one."""
    machine = Gestures(RECORD)
    gestures = [gesture for down in (True, False, True, False) for gesture in machine.edge(Edge(RECORD, down, START))]
    assert gestures == [Press(RECORD, START)]
    assert machine.tick(START + SECOND) == [Tap(RECORD, START)]


def test_an_edge_from_the_past_is_no_long_hold() -> None:
    """A press keeps the time of its edge, but counts from now: a clock that ran back must not stop a recording."""
    machine = Gestures(RECORD)
    machine.tick(START)
    assert machine.edge(Edge(RECORD, True, START - 100 * SECOND)) == [Press(RECORD, START - 100 * SECOND)]
    assert machine.tick(START + 100 * MS) == []


def test_an_edge_from_the_future_does_not_lock_the_button() -> None:
    """The clock's word counts: the press that claims to come in an hour is let go as soon as it is."""
    machine = Gestures(RECORD)
    machine.tick(START)
    machine.edge(Edge(RECORD, True, START + 3600 * SECOND))
    machine.edge(Edge(RECORD, False, START + 10 * MS))
    gestures = machine.tick(START + 100 * MS) + machine.tick(START + 200 * MS)
    assert [type(gesture) for gesture in gestures] == [Tap]
    assert machine.edge(Edge(RECORD, True, START + 300 * MS)) == [Press(RECORD, START + 300 * MS)]


def test_buttons_are_independent() -> None:
    """Each has its own machine and names itself."""
    machines = {button: Gestures(button) for button in Button}
    assert machines[Button.FUNCTION].edge(Edge(Button.FUNCTION, True, START)) == [Press(Button.FUNCTION, START)]
    assert machines[RECORD].tick(START + 10 * SECOND) == []
    assert Hold(Button.FUNCTION, START + 3 * SECOND) in machines[Button.FUNCTION].tick(START + 3 * SECOND)


bounces = st.lists(st.integers(0, 15), max_size=20)


@given(bounces, st.integers(60, 10_000), bounces, st.integers(1, 100))
def test_any_bounce_is_one_press(closing: list[int], held: int, opening: list[int], step: int) -> None:
    """A contact that chatters as it closes and opens, in any rhythm, with any rhythm of ticks: one press, one end."""
    edges, now = [(0, True)], 0
    for gap in closing:
        now += gap
        edges.append((now, not edges[-1][1]))
    edges = edges if edges[-1][1] else edges[:-1]
    now = edges[-1][0] + held
    edges.append((now, False))
    for gap in opening:
        now += gap
        edges.append((now, not edges[-1][1]))
    edges = edges if not edges[-1][1] else edges[:-1]
    gestures = run(Gestures(RECORD), *edges, until=now + 200, step=step)
    kinds = [type(gesture) for gesture in gestures]
    assert gestures[0] == Press(RECORD, at(0))
    assert kinds.count(Press) == 1
    assert kinds.count(Tap) + kinds.count(Release) == 1
    assert kinds[-1] in (Tap, Release)
    assert (kinds[-1] is Release) == (Hold in kinds)


@given(st.lists(st.tuples(st.booleans(), st.integers(-(10**10), 10**10)), max_size=60), st.booleans())
def test_any_edges_make_sense(events: list[tuple[bool, int]], down: bool) -> None:  # noqa: FBT001 - Hypothesis calls it
    """Whatever edges and times come: press and end take turns, and a hold comes only between them."""
    machine = Gestures(RECORD, down=down)
    gestures: list[Gesture] = []
    for index, (level, shift) in enumerate(events):
        gestures += machine.edge(Edge(RECORD, level, START + index * 100 * MS + shift))
        gestures += machine.tick(START + index * 100 * MS)
    pressed = False
    for gesture in gestures:
        if isinstance(gesture, Press):
            assert not pressed
            pressed = True
        elif isinstance(gesture, Tap | Release):
            assert pressed
            pressed = False
        elif isinstance(gesture, Hold | HoldProgress):
            assert pressed


def is_stuck(machine: Gestures) -> bool:
    """Whether it is, asked anew each time."""
    return machine.stuck


def flapping(times: int, every_ms: int) -> list[tuple[int, bool]]:
    """Presses like this, one after the other."""
    return [edge for number in range(times) for edge in ((number * every_ms, True), (number * every_ms + 70, False))]


def test_a_flapping_button_is_stuck_and_told_once() -> None:
    """Forty presses in a minute are no hand's: told with the fortieth, and not again while it goes on."""
    machine = Gestures(RECORD)
    gestures = run(machine, *flapping(60, 1000), until=60_000)
    assert [gesture for gesture in gestures if isinstance(gesture, Stuck)] == [Stuck(RECORD, at(39_000))]
    assert is_stuck(machine)
    assert sum(isinstance(gesture, Press) for gesture in gestures) == 60


def test_a_hand_that_presses_often_is_believed() -> None:
    """Panic is no fault: thirty presses in ten seconds, or one every two seconds for minutes."""
    for edges in (flapping(30, 330), flapping(90, 2000)):
        machine = Gestures(RECORD)
        gestures = run(machine, *edges, until=edges[-1][0] + 100)
        assert not any(isinstance(gesture, Stuck) for gesture in gestures)
        assert not is_stuck(machine)


def test_a_button_that_came_to_rest_is_believed_again() -> None:
    """Still for five seconds, it counts anew."""
    machine = Gestures(RECORD)
    run(machine, *flapping(40, 200), until=8_000)
    assert is_stuck(machine)
    machine.tick(at(12_800))
    assert is_stuck(machine)
    machine.tick(at(12_900))
    assert not is_stuck(machine)
    for edge in flapping(39, 200):
        assert not any(isinstance(each, Stuck) for each in machine.edge(Edge(RECORD, edge[1], at(20_000 + edge[0]))))
        machine.tick(at(20_000 + edge[0] + 30))


def test_a_button_held_for_a_minute_is_stuck_until_it_was_let_go() -> None:
    """And five seconds more."""
    machine = Gestures(RECORD)
    run(machine, (0, True), until=59_900)
    assert not is_stuck(machine)
    machine.tick(at(60_000))
    assert is_stuck(machine)
    machine.edge(Edge(RECORD, False, at(61_000)))
    machine.tick(at(61_100))
    assert is_stuck(machine)
    machine.tick(at(66_000))
    assert not is_stuck(machine)
