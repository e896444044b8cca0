"""When is the last camera of a shift ready, what does it wait for, and what would help?  Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tools.dock.planning.queueing import Camera, Course, Limit, Rack, simulate

MOST_CAMERAS = 1000
MOST_SLOTS = 2000
PADDING_BYTES_S = 65_536 * 2 / 2
"""Two flushes a second, each filled up to a chunk of 64 KiB: half a chunk on average."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One shift's return.  Rates in bytes a second, ``bitrate`` in bits a second, times in hours, minutes and seconds as
    named, charge in percent of the battery.

    ``charge_h``: from 0 to 100 percent.  ``docks`` None: as many as give every camera a slot.
    """

    cameras: int = 123
    slots: int = 40
    docks: int | None = None
    hours: float = 1.0
    bitrate: float = 4e6
    spread_min: float = 15.0
    card: float = 23e6
    link: float = 20e6
    links: int = 1
    hub: float | None = 35e6
    hub_slots: int = 10
    network: float | None = 110e6
    disk: float | None = 200e6
    site: float | None = None
    charge_h: float = 5.0
    battery: float = 30.0
    charged: float = 90.0
    setup_s: float = 4.0
    swap_s: float = 60.0

    @property
    def size(self) -> float:
        """Bytes on one camera."""
        return self.hours * 3600 * (self.bitrate / 8 + PADDING_BYTES_S)

    @property
    def rack(self) -> Rack:
        """What the cameras meet."""
        return Rack(
            docks=self.docks or math.ceil(self.cameras / self.slots),
            slots=self.slots,
            hub_slots=self.hub_slots,
            card=self.card,
            link=self.link,
            links=self.links,
            hub=self.hub,
            network=self.network,
            disk=self.disk,
            site=self.site,
            setup_s=self.setup_s,
            swap_s=self.swap_s,
        )

    @property
    def returns(self) -> list[Camera]:
        """The cameras, one after the other."""
        charge_s = max(0.0, self.charged - self.battery) / 100 * self.charge_h * 3600
        step = self.spread_min * 60 / max(1, self.cameras - 1)
        return [Camera(index * step, self.size, charge_s) for index in range(self.cameras)]


@dataclass(frozen=True, slots=True)
class Change:
    """What one could buy, and how many seconds earlier the last camera is empty and ready with it."""

    words: str
    empty_s: float
    ready_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer, in seconds after the first camera came back.

    ``holds_empty``, ``holds_ready``: the bottleneck, what the camera that is the last to be empty, and to be ready, waited for longest.
    """

    scenario: Scenario
    courses: Sequence[Course] = field(repr=False)
    empty_s: float
    ready_s: float
    holds_empty: Limit
    holds_ready: Limit
    changes: Sequence[Change]


def _grown(name: str) -> Callable[[Scenario], Scenario | None]:
    """Twice as much of something that is limited."""

    def change(scenario: Scenario) -> Scenario | None:
        now = getattr(scenario, name)
        return None if now is None else replace(scenario, **{name: now * 2})

    return change


CHANGES: Mapping[str, Callable[[Scenario], Scenario | None]] = {
    "one more link to each camera": lambda now: replace(now, links=now.links + 1),
    "one more dock computer": lambda now: replace(now, docks=now.rack.docks + 1),
    "half as many slots on a hub": lambda now: (
        None if now.hub is None or now.hub_slots < 2 else replace(now, hub_slots=math.ceil(now.hub_slots / 2))
    ),
    "cards that read twice as fast": _grown("card"),
    "twice the network of each dock computer": _grown("network"),
    "disks twice as fast": _grown("disk"),
    "twice the network of the site": _grown("site"),
    "chargers twice as fast": lambda now: replace(now, charge_h=now.charge_h / 2),
}
"""What money can buy."""


def plan(scenario: Scenario) -> Plan:
    """Work it out, and what each change would bring, the best first."""
    courses = simulate(scenario.rack, scenario.returns)
    last_empty = max(courses, key=lambda course: course.empty_s)
    last_ready = max(courses, key=lambda course: course.ready_s)
    changes = []
    for words, make in CHANGES.items():
        changed = make(scenario)
        if changed is not None:
            then = simulate(changed.rack, changed.returns)
            earlier_empty = last_empty.empty_s - max(course.empty_s for course in then)
            earlier_ready = last_ready.ready_s - max(course.ready_s for course in then)
            changes.append(Change(words, earlier_empty, earlier_ready))
    changes.sort(key=lambda change: (-round(change.ready_s), -round(change.empty_s)))
    emptying = {limit: spent for limit, spent in last_empty.spent.items() if limit is not Limit.CHARGE}
    holds_empty = max(emptying, key=lambda limit: emptying[limit])
    return Plan(
        scenario, courses, last_empty.empty_s, last_ready.ready_s, holds_empty, last_ready.bottleneck, tuple(changes)
    )


def states_at(courses: Sequence[Course], at_s: float) -> tuple[int, int, int, int, int]:
    """How many are ready, empty and charging, being emptied, waiting for a slot, and not back yet."""
    ready = sum(course.ready_s <= at_s for course in courses)
    empty = sum(course.empty_s <= at_s for course in courses) - ready
    docked = sum(course.docked_s <= at_s for course in courses) - ready - empty
    back = sum(course.arrives_s <= at_s for course in courses) - ready - empty - docked
    return ready, empty, docked, back, len(courses) - ready - empty - docked - back


def as_json(found: Plan) -> dict[str, Any]:
    """The same for machines; times in seconds after the first camera came back."""
    scenario = found.scenario
    return {
        "cameras": scenario.cameras,
        "docks": scenario.rack.docks,
        "slots": scenario.slots,
        "bytes_per_camera": round(scenario.size),
        "last_empty_s": round(found.empty_s, 1),
        "last_ready_s": round(found.ready_s, 1),
        "bottleneck_empty": found.holds_empty,
        "bottleneck_ready": found.holds_ready,
        "changes": [
            {"change": each.words, "empty_s": round(each.empty_s, 1), "ready_s": round(each.ready_s, 1)}
            for each in found.changes
        ],
        "courses": [
            {
                "arrives_s": round(course.arrives_s, 1),
                "place": course.place + 1,
                "docked_s": round(course.docked_s, 1),
                "empty_s": round(course.empty_s, 1),
                "ready_s": round(course.ready_s, 1),
            }
            for course in found.courses
        ],
    }
