"""Falls and men who are down, on movements made from seeds: how many are found, and how many are none."""

from __future__ import annotations

from random import Random

import pytest

from firmware.core.contacts import Alert
from firmware.core.motion import FALL, GAP_NS, MAN_DOWN, Limits, Motion
from hal.interface import Sample
from hal.sim.traces import RATE, TRACES, Vector, along, posture
from tests.motion_rates import STEP_NS, WALK_S, feel, rates, told

MS = 1_000_000
SEEDS = 20
"""Stories of each movement; `python -m tests.motion_rates` plays as many as one likes."""
UP, BACK = posture(5, 90), posture(90, 270)


RATES = {
    "still": (0, 0, 0, 0),
    "walk": (0, 0, 0, 0),
    "run": (0, 0, 0, 0),
    "stairs": (0, 0, 0, 0),
    "sit": (0, 0, 0, 0),
    "jump": (0, 0, 0, 0),
    "bend": (0, 0, 0, 0),
    "struggle": (0, 20, 0, 0),
    "fall": (88, 100, 95, 100),
    "throw": (98, 100, 95, 100),
    "lie": (0, 0, 95, 100),
    "lying": (0, 0, 95, 100),
    "table": (0, 0, 95, 100),
}
"""Of a hundred: the least and the most that are a fall, then that are a man down.  A fight now and then throws the wearer about as a fall does; a
fall that hands and knees break is missed.  Who takes the camera off and lays it down looks like somebody who lies."""


@pytest.mark.parametrize("name", RATES)
@pytest.mark.no_cover
def test_rates(name: str) -> None:
    """False alarms and misses, by the movement.  ``python -m tests.motion_rates`` prints them."""
    falls, downs = rates(name, SEEDS)
    least_falls, most_falls, least_downs, most_downs = RATES[name]
    assert least_falls <= falls <= most_falls
    assert least_downs <= downs <= most_downs


@pytest.mark.parametrize("name", ["fall", "throw", "lie", "run"])
@pytest.mark.no_cover
def test_nothing_is_told_early_or_twice(name: str) -> None:
    """Not before it began, and each thing once."""
    for seed in range(10):
        alerts = told(name, seed)
        assert all(alert.time_ns >= (WALK_S - 1) * 1_000_000_000 for alert in alerts), f"seed {seed}"
        assert len({alert.name for alert in alerts}) == len(alerts), f"seed {seed}"


def test_every_movement_is_tried() -> None:
    """None that can be played is left out."""
    assert RATES.keys() == TRACES.keys()


def drop(seconds: float, amount: float, up: Vector = UP) -> list[Vector]:
    """The body drops."""
    return [along(up, amount)] * round(seconds * RATE)


def rest(seconds: float, up: Vector) -> list[Vector]:
    """No movement."""
    return [along(up, 1000)] * round(seconds * RATE)


def strike(amount: float, up: Vector) -> list[Vector]:
    """An impact of 60 ms."""
    return [along(up, amount)] * 3


def heard(*parts: list[Vector]) -> list[str]:
    """The alerts for it, without a sensor's noise."""
    motion, at, names = Motion(Limits()), 0, list[str]()
    for vector in [each for part in parts for each in part]:
        at += STEP_NS
        names += [alert.name for alert in motion.sample(Sample(at, *vector))]
    return names


@pytest.mark.parametrize(
    ("story", "falls"),
    [
        ((drop(0.3, 300), strike(2600, BACK), rest(5, BACK)), 1),
        ((drop(0.3, 300), strike(2400, BACK), rest(5, BACK)), 0),  # too soft
        ((drop(0.04, 300), strike(2600, BACK), rest(5, BACK)), 0),  # too short a drop
        ((drop(0.3, 650), strike(2600, BACK), rest(5, BACK)), 0),  # hardly a drop
        ((drop(0.3, 300), rest(1.2, UP), strike(2600, BACK), rest(5, BACK)), 0),  # the impact has nothing to do with it
        ((strike(3600, BACK), rest(5, BACK)), 1),  # thrown down: so hard that it needs no drop
        ((strike(3400, BACK), rest(5, BACK)), 0),
        ((drop(0.3, 300), strike(2600, UP), rest(9, UP)), 0),  # still upright: a hard seat
        ((drop(0.3, 300), strike(3600, UP), rest(9, UP)), 1),  # upright, but struck hard, and no movement at all
        ((drop(0.3, 300), strike(3600, UP), rest(3, UP), drop(0.5, 800), rest(3, UP), drop(0.5, 800), rest(3, UP)), 0),
        ((drop(0.3, 300), strike(2600, BACK), rest(1, BACK), rest(9, UP)), 0),  # on the feet again at once
        ((drop(0.3, 300), strike(2600, posture(40, 90)), rest(5, posture(40, 90))), 0),  # leaning is not lying
    ],
)
def test_what_makes_a_fall(story: tuple[list[Vector], ...], falls: int) -> None:
    """A drop and an impact, or an impact that is hard, and then lying; or both hard and then nothing moves."""
    assert heard(rest(3, UP), *story).count(FALL) == falls


def test_a_fall_began_with_the_drop() -> None:
    """Its time is that of the drop, although it is told once the wearer lies."""
    motion = Motion(Limits())
    story = [*rest(3, UP), *drop(0.3, 300), *strike(2600, BACK), *rest(5, BACK)]
    found = [
        (STEP_NS * (at + 1), alert)
        for at, each in enumerate(story)
        for alert in motion.sample(Sample(STEP_NS * (at + 1), *each))
    ]
    ((now_ns, alert),) = found
    assert alert.time_ns == 3_000 * MS + STEP_NS
    assert now_ns - alert.time_ns < 4_000 * MS


def busy(seconds: float, up: Vector) -> list[Vector]:
    """Somebody works."""
    return [along(up, 1000 + (150 if at % 20 < 10 else -150)) for at in range(round(seconds * RATE))]


@pytest.mark.parametrize(
    ("story", "downs"),
    [
        ((busy(12, UP), rest(31, BACK)), 1),
        ((busy(12, UP), rest(29, BACK)), 0),  # not yet
        ((busy(5, UP), rest(60, BACK)), 0),  # nobody wore it
        ((rest(60, UP), rest(60, BACK)), 0),  # nor here
        ((busy(12, UP), busy(60, BACK)), 0),  # down, and moving
        ((busy(12, UP), rest(60, UP)), 0),  # still, and upright
        ((busy(12, UP), rest(60, posture(55, 90))), 0),  # leaning
        ((busy(12, UP), rest(60, posture(65, 90))), 1),
        ((busy(12, UP), rest(20, BACK), busy(2, BACK), rest(20, BACK)), 0),  # it counts from the last movement
        ((busy(12, UP), rest(300, BACK)), 1),  # once
        ((busy(12, UP), rest(35, BACK), busy(5, UP), rest(60, BACK)), 1),
        ((busy(12, UP), rest(35, BACK), busy(12, UP), rest(60, BACK)), 2),
    ],
)
def test_what_makes_a_man_down(story: tuple[list[Vector], ...], downs: int) -> None:
    """It was worn, and now it lies still for half a minute; again only after it was worn again."""
    assert heard(*story).count(MAN_DOWN) == downs


def test_limits_are_obeyed() -> None:
    """Each of the four changes what it says."""
    fallen = [*rest(3, UP), *drop(0.3, 650), *strike(1800, BACK), *rest(5, BACK)]
    assert not feel(fallen, Random(1), Motion(Limits(drop_mg=700)))
    assert not feel(fallen, Random(1), Motion(Limits(impact_mg=1500)))
    assert feel(fallen, Random(1), Motion(Limits(drop_mg=700, impact_mg=1500)))
    low = [*busy(12, UP), *rest(11, posture(40, 90))]
    assert not feel(low, Random(1), Motion(Limits(tilt_deg=30)))
    assert not feel(low, Random(1), Motion(Limits(down_s=10)))
    assert feel(low, Random(1), Motion(Limits(tilt_deg=30, down_s=10)))


def test_a_gap_in_the_readings_begins_anew() -> None:
    """Between a drop and an impact that a sensor's silence parts lies nothing that anybody knows of."""
    motion = Motion(Limits())
    at = 0
    for part, pause in ((rest(3, UP) + drop(0.3, 300), GAP_NS + 1), (strike(2600, BACK) + rest(9, BACK), 0)):
        for vector in part:
            at += STEP_NS
            assert motion.sample(Sample(at, *vector)) == []
        at += pause


def test_readings_that_run_back_are_passed_over() -> None:
    """The same readings, each told twice and with an old one between, are the same fall."""
    motion, alerts = Motion(Limits()), list[Alert]()
    for at, vector in enumerate([*rest(3, UP), *drop(0.3, 300), *strike(2600, BACK), *rest(5, BACK)]):
        for late in (0, 0, 3):
            alerts += motion.sample(Sample(STEP_NS * max(1, at + 1 - late), *vector))
    assert [alert.name for alert in alerts] == [FALL]


@pytest.mark.parametrize("value", [0.0, 1e-9, 16_000.0, -16_000.0])
@pytest.mark.no_cover
def test_a_broken_sensor_raises_nothing(value: float) -> None:
    """Nothing at all, or everything at its end: no alert, and no error."""
    assert feel([(value, value, value)] * 20_000, Random(0), Motion(Limits())) == [] or value == 16_000.0
    assert heard([(value, value, value)] * 5000) == []
