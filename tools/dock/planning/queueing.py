"""How long a rack of docks takes: cameras wait for a slot, charge, and share links, hubs, networks and disks.

Pure, exact and deterministic.  Between two moments at which something begins or ends, every camera in a slot is given the
max-min fair share of what it needs: all are raised alike, until what they share is used up.  So do a USB hub that polls
in turn, a switch, and a disk with one writer a camera, near enough.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

EPSILON_S = 1e-6


class Limit(StrEnum):
    """What a camera may be waiting for."""

    SLOT = "slot"
    """All slots are taken."""
    SETUP = "setup"
    """Handshake, log, receipts: what no faster link shortens."""
    CARD = "card"
    LINK = "link"
    HUB = "hub"
    NETWORK = "network"
    DISK = "disk"
    SITE = "site"
    """What all dock computers of a site share."""
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class Rack:
    """What a site has.  Rates in bytes a second; None is no limit.

    ``slots`` of each of ``docks`` computers, ``hub_slots`` of them on one hub or bus; ``links`` from each camera to its slot;
    ``setup_s`` for each camera beside its bytes; ``swap_s`` until a slot that was freed holds the next camera.
    """

    docks: int
    slots: int
    hub_slots: int
    card: float
    link: float
    links: int = 1
    hub: float | None = None
    network: float | None = None
    disk: float | None = None
    site: float | None = None
    setup_s: float = 0.0
    swap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that comes back: when, with how many bytes, and how long it has to charge."""

    arrives_s: float
    size: float
    charge_s: float


@dataclass(slots=True)
class Course:
    """What became of a camera, in seconds of the same clock as its arrival; ``place`` counts slots through all docks.

    ``spent``: what it waited for, how long; the sum leads from arrival to ``ready_s``.
    """

    arrives_s: float
    place: int = 0
    docked_s: float = 0.0
    empty_s: float = 0.0
    ready_s: float = 0.0
    spent: dict[Limit, float] = field(default_factory=dict)

    @property
    def bottleneck(self) -> Limit:
        """What it waited for longest."""
        return max(self.spent, key=lambda limit: self.spent[limit])


Resource = tuple[Limit, int]


def fair(flows: Sequence[Sequence[Resource]], capacity: Mapping[Resource, float]) -> list[tuple[float, Limit]]:
    """The rate of each flow through its resources, and which of them holds it back.

    Max-min: nobody's rate can be raised without lowering one that is not above it.  A flow needs at least one resource.
    """
    left = dict(capacity)
    users: dict[Resource, set[int]] = {}
    for index, path in enumerate(flows):
        for each in path:
            users.setdefault(each, set()).add(index)
    found: list[tuple[float, Limit]] = [(0.0, Limit.LINK)] * len(flows)
    level = 0.0
    while users:
        tightest = min(users, key=lambda each: left[each] / len(users[each]))
        step = left[tightest] / len(users[tightest])
        level += step
        for each, sharing in users.items():
            left[each] = max(0.0, left[each] - step * len(sharing))
        for index in tuple(users[tightest]):
            found[index] = level, tightest[0]
            for each in flows[index]:
                users[each].discard(index)
        users = {each: sharing for each, sharing in users.items() if sharing}
    return found


def path(rack: Rack, place: int) -> tuple[Resource, ...]:
    """What the bytes of the camera in this place go through."""
    dock, slot = divmod(place, rack.slots)
    hubs = math.ceil(rack.slots / rack.hub_slots)
    shared = (
        (Limit.HUB, dock * hubs + slot // rack.hub_slots, rack.hub),
        (Limit.NETWORK, dock, rack.network),
        (Limit.DISK, dock, rack.disk),
        (Limit.SITE, 0, rack.site),
    )
    own = ((Limit.CARD, place), (Limit.LINK, place))
    return (*own, *((limit, number) for limit, number, rate in shared if rate is not None))


def _rate(rack: Rack, limit: Limit) -> float:
    rates = {
        Limit.CARD: rack.card,
        Limit.LINK: rack.link * rack.links,
        Limit.HUB: rack.hub,
        Limit.NETWORK: rack.network,
        Limit.DISK: rack.disk,
        Limit.SITE: rack.site,
    }
    return rates[limit] or math.inf


def order(rack: Rack) -> list[int]:
    """The slots as they are filled: every dock, and in it every hub, gets its share."""
    hubs = math.ceil(rack.slots / rack.hub_slots)

    def turn(place: int) -> tuple[int, int]:
        dock, slot = divmod(place, rack.slots)
        hub, within = divmod(slot, rack.hub_slots)
        return within * hubs + hub, dock

    return sorted(range(rack.docks * rack.slots), key=turn)


class _Run:
    """One course of events."""

    def __init__(self, rack: Rack, cameras: Sequence[Camera]) -> None:
        self.rack = rack
        self.cameras = cameras
        self.courses = [Course(each.arrives_s) for each in cameras]
        self.now = 0.0
        self.coming = sorted(range(len(cameras)), key=lambda index: cameras[index].arrives_s)
        self.rank = {place: rank for rank, place in enumerate(order(rack))}
        self.free = [(rank, place) for place, rank in self.rank.items()]
        heapq.heapify(self.free)
        self.freed: list[tuple[float, int]] = []
        self.starting: list[tuple[float, int]] = []
        self.left: dict[int, float] = {}
        self.rates: dict[int, tuple[float, Limit]] = {}

    def go(self) -> list[Course]:
        """Until the last one is empty and charged."""
        while self.coming or self.starting or self.left:
            self._let_in()
            self._share()
            self._pass(self._next())
        return self.courses

    def _let_in(self) -> None:
        """Whatever is due at this moment."""
        while self.freed and self.freed[0][0] <= self.now + EPSILON_S:
            _, place = heapq.heappop(self.freed)
            heapq.heappush(self.free, (self.rank[place], place))
        while self.coming and self.free and self.cameras[self.coming[0]].arrives_s <= self.now + EPSILON_S:
            index = self.coming.pop(0)
            course = self.courses[index]
            course.place = heapq.heappop(self.free)[1]
            course.docked_s = self.now
            course.spent[Limit.SLOT] = self.now - course.arrives_s
            heapq.heappush(self.starting, (self.now + self.rack.setup_s, index))
        while self.starting and self.starting[0][0] <= self.now + EPSILON_S:
            _, index = heapq.heappop(self.starting)
            self.courses[index].spent[Limit.SETUP] = self.now - self.courses[index].docked_s
            self.left[index] = self.cameras[index].size
        for index in [each for each, left in self.left.items() if left <= self._grain(each)]:
            self._finish(index)

    def _grain(self, index: int) -> float:
        """So few bytes are none."""
        return self.cameras[index].size * 1e-9

    def _finish(self, index: int) -> None:
        """Every byte is over; the slot is free once it is charged, too."""
        del self.left[index]
        course = self.courses[index]
        course.empty_s = self.now
        course.ready_s = max(self.now, course.docked_s + self.cameras[index].charge_s)
        course.spent[Limit.CHARGE] = course.ready_s - self.now
        heapq.heappush(self.freed, (course.ready_s + self.rack.swap_s, course.place))

    def _share(self) -> None:
        flows = [path(self.rack, self.courses[index].place) for index in self.left]
        capacity = {each: _rate(self.rack, each[0]) for flow in flows for each in flow}
        self.rates = dict(zip(self.left, fair(flows, capacity), strict=True))

    def _next(self) -> float:
        """How long it stays like this."""
        moments = [self.left[index] / rate for index, (rate, _) in self.rates.items()]
        if self.starting:
            moments.append(self.starting[0][0] - self.now)
        if self.coming:
            arrival = self.cameras[self.coming[0]].arrives_s - self.now
            slot = 0.0 if self.free else self.freed[0][0] - self.now if self.freed else math.inf
            moments.append(max(arrival, slot))
        return max(0.0, min(moments, default=0.0))

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        for index, (rate, limit) in self.rates.items():
            self.left[index] -= rate * seconds
            spent = self.courses[index].spent
            spent[limit] = spent.get(limit, 0.0) + seconds


def simulate(rack: Rack, cameras: Sequence[Camera]) -> list[Course]:
    """What becomes of these cameras, in their order."""
    return _Run(rack, cameras).go()
