"""A press soon after a stop: recordings that share frames, and say so, say it wrongly, or do not say it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.vector_maker.bases import overlap
from tests.vector_maker.evidence import UNPROVEN, WHOLE, Scenario
from tests.vector_maker.forging import OPENING, Edit, editing, having
from tests.vector_maker.scenarios.making import as_it_is, changed, forged, remove, told

RECORDINGS = "card/recordings"
SECOND = f"{RECORDINGS}/00000002"
JOURNAL = "recordings/00000002/journal.jwsl"


def _said(**members: object) -> Edit:
    """The second recording says something else of what it shares with the first."""

    def edit(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "overlaps": [{**each, **members} for each in old["overlaps"]]}

    return edit


def _twice(old: dict[str, Any]) -> dict[str, Any]:
    return {**old, "overlaps": old["overlaps"] * 2}


def _without(old: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in old.items() if name != "overlaps"}


LIES: dict[str, tuple[str, Edit, str]] = {
    "unnamed": ("has the end of the first one again, and does not name it", having(overlaps=[]), "recording 1 has too"),
    "shifted": ("says that it shares frames a second before those that it does", _said(at=90_000), "do not end where"),
    "shorter": ("names half of what it shares", _said(last=81_000), "do not end where"),
    "longer": ("names frames that the first one does not have", _said(last=200_000), "no group of pictures begins"),
    "not-there": (
        "says that it shares frames from where the first one has no group of pictures",
        _said(at=189_000, last=162_000),
        "no group of pictures begins",
    ),
    "another": ("shares frames with a recording that is not here", _said(opening="1" * 64), "another recording 1"),
    "itself": ("shares frames with itself", _said(number=2), "overlaps names no earlier"),
    "twice": ("names one twice", _twice, "overlaps is not sorted"),
    "backwards": ("shares frames that end before they begin", _said(first=180_000, last=0, at=0), "ends before"),
    "nowhere": ("shares frames that begin where neither recording does", _said(first=9_000), "where neither"),
    "missing": ("does not say whether it shares any", _without, "overlaps: missing"),
}  # fmt: skip


def _scenarios() -> Iterator[Scenario]:
    yield Scenario(
        "overlap-named",
        "a press soon after a stop: the second recording names the two seconds that both have",
        "6.1",
        "overlap",
        as_it_is("overlap"),
        path="card",
        verdict=UNPROVEN,
    )
    yield Scenario(
        "overlap-seen",
        "the same, with a key: each picture is the same in both",
        "6.1",
        "overlap",
        as_it_is("overlap"),
        path="card",
        verdict=UNPROVEN,
        keys=("authority.agekey",),
    )
    yield Scenario(
        "overlap-other-pictures",
        "a recording whose buffer shows other pictures than the one that it says it shares them with, which only a key shows",
        "6.1",
        "overlap",
        told(partial(overlap, seen=0)),
        path="card",
        problems=(f"{JOURNAL}: the picture at",),
        keys=("authority.agekey",),
    )
    for number in (1, 2):
        yield Scenario(
            f"overlap-alone-{number}",
            f"recording {number} of two that share frames, judged by itself",
            "6.1",
            "overlap",
            as_it_is("overlap"),
            path=f"{RECORDINGS}/{number:08d}",
            verdict=WHOLE,
        )
    yield Scenario(
        "overlap-erased",
        "the recording that another one shares frames with is gone, and that one says nothing wrong",
        "6.1",
        "overlap",
        changed("overlap", remove(f"{RECORDINGS}/00000001")),
        path="card",
        problems=("recordings/00000001: recording 1 is missing",),
    )
    for name, (about, how, reason) in LIES.items():
        make = forged("overlap", partial(editing, OPENING, how, 1))
        yield Scenario(
            f"overlap-{name}",
            f"a recording that {about}",
            "6.1",
            "overlap",
            make,
            path="card",
            problems=(f"{JOURNAL}: {reason}",),
        )


SCENARIOS = tuple(_scenarios())
