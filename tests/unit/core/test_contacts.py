"""Raw edges of wired inputs: what counts, from when on, and what is told to be broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.contacts import CALM_NS, FLAPS, SETTLED_NS, STUCK_NS, Alert, Contact
from hal.interface import Signal

MS = 1_000_000
NS = 1_000_000_000
TICK = 50 * MS


def edges(contact: Contact, *changes: tuple[int, bool]) -> list[Alert]:
    """Feed edges at these milliseconds, with the ticks between them; what they amount to."""
    alerts: list[Alert] = []
    now = 0
    for at_ms, active in changes:
        while now + TICK < at_ms * MS:
            now += TICK
            alerts += contact.tick(now)
        now = at_ms * MS
        alerts += contact.edge(Signal(contact.name, active, now))
    return alerts


def broken(contact: Contact) -> bool:
    """Whether it says so now."""
    return contact.broken


def fresh(name: str = "alarm", *, active: bool = False) -> Contact:
    """An input at time 0."""
    return Contact(name, active=active, now_ns=0)


def test_an_alarm_counts_from_its_first_edge() -> None:
    """It is told once it has stood, with the time at which it rose."""
    contact = fresh()
    assert edges(contact, (1000, True)) == []
    assert contact.tick(1000 * MS + SETTLED_NS - 1) == []
    assert contact.tick(1000 * MS + SETTLED_NS) == [Alert("alarm", 1000 * MS)]
    assert contact.tick(5 * NS) == []


def test_sparks_are_nothing() -> None:
    """What never stands for 20 ms is no alarm, however often it comes."""
    sparks = [(1000 + 100 * number + off, off == 0) for number in range(50) for off in (0, 15)]
    contact = fresh()
    assert edges(contact, *sparks, (9000, False)) == []
    assert not contact.broken


@pytest.mark.parametrize("bounces", [1, 5, 20])
def test_bounce_is_one_alarm(bounces: int) -> None:
    """A contact that bounces as it closes and as it opens has closed once, from its first edge on."""
    closing = [(1000 + step, step % 2 == 0) for step in range(2 * bounces + 1)]
    opening = [(3000 + step, step % 2 == 1) for step in range(2 * bounces + 1)]
    assert edges(fresh("holster"), *closing, *opening, (6000, False)) == [Alert("holster", 1000 * MS)]


def test_it_rises_again() -> None:
    """Each time that it was at rest between."""
    twice = edges(fresh(), (1000, True), (1200, False), (1500, True), (1700, False), (2000, False))
    assert twice == [Alert("alarm", 1000 * MS), Alert("alarm", 1500 * MS)]


def test_active_at_the_start_asks_for_nothing() -> None:
    """A broken wire, an empty holster: only once it was at rest does it count."""
    assert edges(fresh(active=True), (1000, True), (60_000, False), (61_000, True), (62_000, True)) == [
        Alert("alarm", 61_000 * MS)
    ]


def test_an_alarm_that_never_ends_is_broken() -> None:
    """After ten minutes, also one that was so from the start; it counts again as soon as it rises again, and is believed after a calm minute."""
    for contact in (fresh(), fresh(active=True)):
        edges(contact, (0, True))
        contact.tick((STUCK_NS["alarm"] or 0) - 1)
        assert broken(contact) is False
        contact.tick(STUCK_NS["alarm"] or 0)
        assert broken(contact) is True
        at = 700 * NS
        contact.edge(Signal("alarm", active=False, time_ns=at))
        contact.tick(at + NS)
        contact.edge(Signal("alarm", active=True, time_ns=at + 2 * NS))
        assert contact.tick(at + 3 * NS) == [Alert("alarm", at + 2 * NS)]
        contact.edge(Signal("alarm", active=False, time_ns=at + 4 * NS))
        contact.tick(at + 5 * NS)
        assert broken(contact) is True
        contact.tick(at + 5 * NS + CALM_NS)
        assert broken(contact) is False


@pytest.mark.no_cover
def test_an_empty_holster_is_none() -> None:
    """It is empty for as long as nobody puts anything back."""
    contact = fresh("holster")
    assert edges(contact, (1000, True), (36_000_000, True)) == [Alert("holster", 1000 * MS)]
    assert not contact.broken


def test_a_loose_wire_is_told_and_no_longer_believed() -> None:
    """Ten alarms in a minute: nine were recorded, and from then on it asks for nothing until it was still for a minute."""
    contact = fresh()
    often = [(1000 + 500 * number + off, off == 0) for number in range(FLAPS + 5) for off in (0, 100)]
    assert len(edges(contact, *often)) == FLAPS - 1
    assert broken(contact) is True
    end = often[-1][0] * MS
    contact.tick(end + NS)
    contact.tick(end + NS + CALM_NS)
    assert broken(contact) is False
    contact.edge(Signal("alarm", active=True, time_ns=end + 100 * NS))
    assert contact.tick(end + 101 * NS) == [Alert("alarm", end + 100 * NS)]


def test_rises_that_are_minutes_apart_are_no_flapping() -> None:
    """A bad day is no loose wire."""
    calm = [(10_000 * number + off, off == 0) for number in range(1, 30) for off in (0, 1000)]
    assert len(edges(fresh(), *calm, (400_000, False))) == 29


def test_an_edge_from_tomorrow_came_now() -> None:
    """The clock has the last word on times."""
    contact = fresh()
    contact.edge(Signal("alarm", active=True, time_ns=3600 * NS))
    assert contact.tick(NS) == []
    assert contact.tick(NS + SETTLED_NS) == [Alert("alarm", NS)]


@given(st.lists(st.tuples(st.integers(-5, 200), st.booleans()), max_size=60))
def test_any_edges(steps: list[tuple[int, bool]]) -> None:
    """Whatever comes, in whatever order of times: an alert is of a time that was seen, none is told twice, and rest makes it ready again."""
    contact, now, told = fresh(), 0, list[Alert]()
    for step, active in steps:
        now += step * MS
        told += contact.edge(Signal("alarm", active, now))
        told += contact.tick(max(now, 0))
    assert len({alert.time_ns for alert in told}) == len(told)
    now = max(now, 0) + 400 * NS
    contact.edge(Signal("alarm", active=False, time_ns=now))
    for wait in (NS, NS + CALM_NS, 3 * NS + CALM_NS):
        contact.tick(now + wait)
    assert not contact.broken
    contact.edge(Signal("alarm", active=True, time_ns=now + 5 * NS + CALM_NS))
    assert contact.tick(now + 6 * NS + CALM_NS) == [Alert("alarm", now + 5 * NS + CALM_NS)]
