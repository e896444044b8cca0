"""Parts that are missing: told once with the reason, signed by name, shown for as long as it lasts."""

from __future__ import annotations

import io
import json

from firmware.core.indications import Trouble
from firmware.core.parts import MEANS
from firmware.runtime.log import Log
from firmware.runtime.presence import LOOK_NS, Presence
from hal.interface import PartName
from hal.sim.clock import VirtualClock


def test_each_change_is_told_once() -> None:
    """The reason stands in the log alone, the name in the signed log; a reason that changes is no news."""
    clock, stream, signed = VirtualClock(), io.StringIO(), list[str]()
    missing: list[dict[PartName, str]] = [{}]
    presence = Presence(lambda: missing[0], lambda code, _: signed.append(code), Log(stream, clock))

    def look(now: dict[PartName, str]) -> None:
        missing[0] = now
        clock.advance(LOOK_NS)
        presence.tick(clock.monotonic_ns())

    look({})
    look({PartName.GAUGE: "no answer", PartName.UPDATER: "no rauc"})
    assert presence.troubles == {Trouble.GAUGE_FAILS}
    look({PartName.GAUGE: "nonsense", PartName.UPDATER: "no rauc"})
    look({PartName.UPDATER: "no rauc"})
    assert presence.troubles == frozenset()
    assert signed == ["part-missing fuel-gauge", "part-missing updater", "part-back fuel-gauge"]
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["part"], line.get("trouble")) for line in told] == [
        ("part-missing", "fuel-gauge", "no answer"),
        ("part-missing", "updater", "no rauc"),
        ("part-back", "fuel-gauge", None),
    ]


def test_it_looks_twice_a_second() -> None:
    """It runs on the controller's thread, twenty times a second: it asks no more often than that is worth."""
    clock, asked = VirtualClock(), list[int]()

    def missing() -> dict[PartName, str]:
        asked.append(clock.monotonic_ns())
        return {}

    presence = Presence(missing, lambda *_: None, Log(io.StringIO(), clock))
    for _ in range(100):
        presence.tick(clock.monotonic_ns())
        clock.advance(50_000_000)
    assert len(asked) == 10


def test_every_part_has_a_meaning() -> None:
    """What is shown is decided for each."""
    assert set(MEANS) == set(PartName)
