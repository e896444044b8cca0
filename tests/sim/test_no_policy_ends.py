"""No setting makes battery, heat or the end of a shift end a recording earlier than the last reserve does (promise 7)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from firmware import settings
from firmware.core.machine import RUNNING, Recording
from firmware.core.rules import Choice, Coded, Several, Switch, Text, Whole
from firmware.settings import KEYS, SettingsError
from hal.interface import Button
from tests.policy_facts import taps
from tests.rig import NS, VALUES, Rig, judge
from tests.sim.test_battery import ended, primed, warmed
from tests.sim.test_log_keeping import assigned
from tests.sim.test_time_from_docks import ROOT
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(12)
HOURS_15_NS = 15 * 3600 * NS
CODED = {"time_root": ("", ROOT), "time_policy": ("", "1.2.3.4.1")}


def extremes(key: str) -> tuple[object, ...]:
    """The values of a setting that are furthest apart."""
    match KEYS[key][0]:
        case Whole() as rule:
            return (rule.least, rule.most, *([0] if rule.accepts(0) else []))
        case Switch():
            return (False, True)
        case Choice(words=words):
            return words
        case Several() as rule:
            return (",".join(rule.always), ",".join(rule.words))
        case Text() as rule:
            return ("x" * rule.least, "x" * rule.most)
        case Coded():
            return CODED[key]


def drawn(seed: int) -> dict[str, Any]:
    """Every setting at one of its extremes; the first two seeds have all of them at one end, the next two at what else there is.  What takes too much memory gets less buffer, then a
    smaller rate."""
    random = Random(seed)
    chosen = {key: random.choice(extremes(key)) for key in KEYS}
    if seed < 4:
        chosen = {key: extremes(key)[seed % len(extremes(key))] for key in KEYS}
    if not chosen["time_root"]:
        chosen["time_policy"] = ""
    for less in ({}, {"pre_event_s": 0, "queue_s": 10}, {"bitrate": 30_000_000}):
        chosen |= less
        try:
            settings.load(("authority", chosen))
        except SettingsError:
            continue
        return chosen
    raise AssertionError(chosen)


def test_the_seeds_reach_every_extreme() -> None:
    """Of all settings but those that memory forbids."""
    reached = {key: {drawn(seed)[key] for seed in SEEDS} for key in KEYS}
    missed = {key for key in KEYS if set(extremes(key)) - reached[key]}
    assert missed <= {"bitrate"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_recording_runs_on_until_the_reserve(seed: int, tmp_path: Path) -> None:
    """Through a battery that gets low, a camera that gets hot, and a shift that ends; the reserve ends it, and in good order."""
    print(f"seed {seed}: {drawn(seed)}")  # noqa: T201 - shown where it fails
    rig = Rig.new(**{**VALUES, **drawn(seed)}).run(2)
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    assigned(rig)
    taps(rig, Button.RECORD, 2)
    assert rig.run(1).state is Recording.RECORDING
    primed(rig, 12).run(5)
    assert rig.state in RUNNING
    warmed(rig, 57, 72).run(5)
    assert rig.state in RUNNING
    rig.camera.roster.tick(rig.clock.monotonic_ns() + HOURS_15_NS)
    assert rig.camera.roster.shift is None
    rig.run(2)
    primed(rig, 6).run(5)  # 216 seconds are left, and 180 are the reserve
    assert rig.state in RUNNING
    assert not ended(rig)
    primed(rig, 4, rest=0.6).run(15)
    assert ended(rig)
    assert rig.audit()[-1]["data"] == {"reason": "battery", "resume": True}
    report = judge(rig, tmp_path)
    assert {each.verdict for each in report.every_recording} == {Verdict.WHOLE}
    began, *others = report.every_recording
    assert {entry.text for each in report.every_recording for entry in each.private or () if entry.kind == "stop"} <= {
        "stopped: length",
        "stopped: battery",
    }
    assert began.number == 1
    assert len(others) <= 1
