"""Each setting changes exactly what it says: all facts of a camera with it, held against all facts without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import pytest

from firmware.settings import KEYS
from tests.policy_facts import Facts, changed, facts
from tests.sim.test_time_from_docks import ROOT

PICTURE = (
    "bits a second",
    "memory of the buffer",
    "memory of the queues",
    *(ROOM := ("room kept while it records", "room needed to begin")),
)
"""What follows from the rate of the encoder."""


@dataclass(frozen=True)
class Row:
    """A setting: the value that it gets, the facts that are then others, and what is set already, ``given``."""

    value: object
    changes: tuple[str, ...]
    given: Mapping[str, object] = field(default_factory=dict)


FALLS = {"alert_fall": True}
DOWN = {"alert_man_down": True}
ROWS: Mapping[str, Row] = {
    "pre_event_s": Row(4, ("seconds from before the press", "memory of the buffer", "room needed to begin")),
    "pre_event_sound": Row(True, ("with sound",)),
    "post_event_s": Row(3, ("recorded after it",)),
    "segment_s": Row(3, ("seconds in a file",)),
    "start_press": Row("double", ("one press records",)),
    "confirm_stop": Row(False, ("a hold alone stops",)),
    "max_length_min": Row(1, ("recordings in seven seconds",)),
    "record_on_undock": Row(True, ("taken out it records",)),
    "record_in_dock": Row(False, ("a press in the dock records",)),
    "hold_s": Row(2, ("a hold of a second and a half asks",)),
    "remind_s": Row(0, ("felt while it records",)),
    "keep_after_receipt_h": Row(1, ("erased two hours after its receipt",)),
    "profile": Row("480p", ("width", "height", "frames a second", *PICTURE)),
    "width": Row(320, ("width",)),
    "height": Row(240, ("height",)),
    "fps": Row(20, ("frames a second",)),
    "bitrate": Row(500_000, PICTURE),
    "overlay_fields": Row("time", ("burnt in",)),
    "mute_allowed": Row(True, ("a double press mutes",)),
    "hush_allowed": Row(True, ("a hold darkens the wearer's light",)),
    "hush_front": Row(True, ("and the front light",), {"hush_allowed": True}),
    "standby_allowed": Row(True, ("a double press pauses the buffer",)),
    "bookmark_label": Row("use of force", ("marked as",)),
    "reserve_mib": Row(64, ("MiB set aside",)),
    "queue_s": Row(20, ("memory of the queues", *ROOM)),
    "time_root": Row(ROOT, ("whose time stamps",)),
    "time_policy": Row("1.2.3.4.1", ("under which policy",), {"time_root": ROOT}),
    "alert_alarm": Row(False, ("alarm records",)),
    "alert_holster": Row(False, ("holster records",)),
    "alert_fall": Row(True, ("fall records",)),
    "alert_man_down": Row(True, ("man-down records",)),
    "fall_drop_mg": Row(300, ("fall records",), FALLS),
    "fall_impact_mg": Row(4000, ("fall records",), FALLS),
    "man_down_tilt_deg": Row(80, ("man-down records",), DOWN),
    "man_down_s": Row(60, ("man-down records",), DOWN),
}


@cache
def _before(given: tuple[tuple[str, object], ...]) -> Facts:
    return facts(dict(given))


def test_every_setting_has_a_row() -> None:
    """Nobody adds a setting without saying what it does."""
    assert list(ROWS) == [key for key in KEYS if key in ROWS]
    assert set(KEYS) - set(ROWS) == set()


@pytest.mark.parametrize("key", ROWS)
def test_it_changes_exactly_what_it_says(key: str) -> None:
    """These facts, and no other."""
    row = ROWS[key]
    before = _before(tuple(row.given.items()))
    after = facts({**row.given, key: row.value})
    assert {name: (before[name], after[name]) for name in changed(before, after)}.keys() == set(row.changes)


def test_every_fact_is_somebodys() -> None:
    """A fact that no setting changes would show nothing."""
    assert set(_before(())) == {name for row in ROWS.values() for name in row.changes}
