"""The queueing model against a simulation that shares no idea with it: tokens, handed out in small pieces, tick by tick."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from tools.dock.planning.queueing import Camera, Limit, Rack, fair, order, simulate

TICK_S = 0.05
PIECES = 64


@dataclass
class Simple:
    """A rack as a child would play it: every tick each resource gets its bytes, and cameras take turns in taking a piece of what
    they need from all their resources at once, until nobody can."""

    rack: Rack
    cameras: list[Camera]
    ready: dict[int, float] = field(default_factory=dict)
    empty: dict[int, float] = field(default_factory=dict)
    over: dict[str, float] = field(default_factory=dict)

    def play(self) -> None:
        """Until all are ready."""
        rack, slots = self.rack, order(self.rack)
        holder: dict[int, int] = {}
        back_at: dict[int, float] = {}
        docked: dict[int, float] = {}
        left = [camera.size for camera in self.cameras]
        queue = sorted(range(len(self.cameras)), key=lambda each: self.cameras[each].arrives_s)
        tick = 0
        while len(self.ready) < len(self.cameras):
            now = tick * TICK_S
            for slot in slots:
                usable = slot not in holder and back_at.get(slot, 0.0) <= now
                if usable and queue and self.cameras[queue[0]].arrives_s <= now:
                    holder[slot] = queue.pop(0)
                    docked[holder[slot]] = now
            self._tick(holder, docked, left, now)
            for slot, camera in list(holder.items()):
                if camera in self.empty and now >= docked[camera] + self.cameras[camera].charge_s:
                    self.ready[camera] = now
                    back_at[slot] = now + rack.swap_s
                    del holder[slot]
            tick += 1
            assert tick < 100_000

    def _tick(self, holder: dict[int, int], docked: dict[int, float], left: list[float], now: float) -> None:
        rack = self.rack
        hubs = -(-rack.slots // rack.hub_slots)
        tokens: dict[str, float] = {}
        needs: dict[int, list[str]] = {}
        for slot, camera in holder.items():
            if camera in self.empty or now < docked[camera] + rack.setup_s:
                continue
            dock, within = divmod(slot, rack.slots)
            rates = {
                f"card {slot}": rack.card,
                f"link {slot}": rack.link * rack.links,
                f"hub {dock * hubs + within // rack.hub_slots}": rack.hub,
                f"network {dock}": rack.network,
                f"disk {dock}": rack.disk,
                "site": rack.site,
            }
            needs[camera] = [name for name, rate in rates.items() if rate is not None]
            tokens |= {
                name: rate * TICK_S + self.over.get(name, 0.0) for name, rate in rates.items() if rate is not None
            }
        piece = rack.link * TICK_S / PIECES
        first = round(now / TICK_S) % max(1, len(needs))
        hungry = [*list(needs)[first:], *list(needs)[:first]]  # nobody is always the first
        while hungry:
            for camera in tuple(hungry):
                if left[camera] <= 0 or any(tokens[name] < piece for name in needs[camera]):
                    hungry.remove(camera)
                    continue
                left[camera] -= piece
                for name in needs[camera]:
                    tokens[name] -= piece
        self.over = {name: min(rest, piece) for name, rest in tokens.items()}  # what was no whole piece
        for camera in needs:
            if left[camera] <= 0:
                self.empty[camera] = now + TICK_S


def drawn(seed: int) -> tuple[Rack, list[Camera]]:
    """A small site in which anything may be what is short."""
    draw = random.Random(seed)
    slots = draw.randint(1, 4)

    def some(low: float, high: float) -> float | None:
        return draw.choice((None, draw.uniform(low, high)))

    rack = Rack(
        docks=draw.randint(1, 2),
        slots=slots,
        hub_slots=draw.randint(1, slots),
        card=draw.uniform(8, 16),
        link=draw.uniform(5, 20),
        links=draw.randint(1, 2),
        hub=some(6, 30),
        network=some(6, 40),
        disk=some(6, 40),
        site=some(10, 60),
        setup_s=draw.choice((0.0, 1.0)),
        swap_s=draw.choice((0.0, 2.0)),
    )
    cameras = [
        Camera(draw.uniform(0, 6), draw.uniform(20, 150), draw.choice((0.0, draw.uniform(0, 20)))) for _ in range(7)
    ]
    return rack, cameras


@pytest.mark.parametrize("seed", range(24))
def test_the_model_says_what_a_simulation_by_small_steps_finds(seed: int) -> None:
    """Each camera is empty and ready when pieces handed out in turn say so, to 2 percent and a few ticks."""
    rack, cameras = drawn(seed)
    played = Simple(rack, cameras)
    played.play()
    for index, course in enumerate(simulate(rack, cameras)):
        assert course.empty_s == pytest.approx(played.empty[index], rel=0.02, abs=0.4), (seed, index)
        assert course.ready_s == pytest.approx(played.ready[index], rel=0.02, abs=0.4), (seed, index)


def test_the_comparison_can_fail() -> None:
    """A hub that is a third slower than the model thinks is noticed."""
    rack = Rack(1, 4, 4, card=10, link=10, hub=12)
    cameras = [Camera(0, 100, 0)] * 4
    played = Simple(replace(rack, hub=8), cameras)
    played.play()
    assert simulate(rack, cameras)[0].empty_s != pytest.approx(played.empty[0], rel=0.03, abs=0.5)


@pytest.mark.parametrize("seed", range(24))
def test_a_camera_s_time_is_accounted_for(seed: int) -> None:
    """What it waited for adds up to the whole time from coming back to being ready."""
    rack, cameras = drawn(seed)
    for course in simulate(rack, cameras):
        assert sum(course.spent.values()) == pytest.approx(course.ready_s - course.arrives_s)
        assert all(spent >= 0 for spent in course.spent.values())


def test_fair_shares_are_those_of_the_textbook() -> None:
    """Bertsekas and Gallager, Data Networks, 6.5.2: what the one that is held back leaves, the others share."""
    flows = [[(Limit.LINK, 0), (Limit.HUB, 0)], [(Limit.LINK, 1), (Limit.HUB, 0)], [(Limit.LINK, 2), (Limit.HUB, 0)]]
    capacity = {(Limit.LINK, 0): 2.0, (Limit.LINK, 1): 20.0, (Limit.LINK, 2): 20.0, (Limit.HUB, 0): 12.0}
    assert fair(flows, capacity) == [(2.0, Limit.LINK), (5.0, Limit.HUB), (5.0, Limit.HUB)]


@pytest.mark.parametrize("seed", range(50))
def test_fair_shares_cannot_be_bettered(seed: int) -> None:
    """The definition: nothing is over its capacity, and each flow crosses one full resource on which nobody gets more."""
    draw = random.Random(seed)
    resources = [(Limit.HUB, index) for index in range(4)]
    capacity = {each: draw.uniform(1, 10) for each in resources}
    flows = [draw.sample(resources, draw.randint(1, 4)) for _ in range(6)]
    rates = [rate for rate, _ in fair(flows, capacity)]
    loads = {each: sum(rate for rate, flow in zip(rates, flows, strict=True) if each in flow) for each in resources}
    assert all(load <= capacity[each] * (1 + 1e-9) for each, load in loads.items())
    for rate, flow in zip(rates, flows, strict=True):
        assert any(
            loads[each] == pytest.approx(capacity[each])
            and rate >= max(other for other, path in zip(rates, flows, strict=True) if each in path) - 1e-9
            for each in flow
        )


@pytest.mark.parametrize(
    ("rack", "limit"),
    [
        (Rack(1, 8, 4, card=2, link=10), Limit.CARD),
        (Rack(1, 8, 4, card=10, link=2), Limit.LINK),
        (Rack(1, 8, 4, card=10, link=10, hub=5), Limit.HUB),
        (Rack(1, 8, 4, card=10, link=10, hub=50, network=20), Limit.NETWORK),
        (Rack(1, 8, 4, card=10, link=10, network=60, disk=20), Limit.DISK),
        (Rack(2, 4, 4, card=10, link=10, network=60, site=20), Limit.SITE),
        (Rack(1, 2, 2, card=10, link=10), Limit.SLOT),
        (Rack(1, 8, 4, card=10, link=10, setup_s=500), Limit.SETUP),
    ],
)
def test_what_is_short_is_named(rack: Rack, limit: Limit) -> None:
    """Each thing that can be short is found when it is."""
    assert simulate(rack, [Camera(0, 1000, 0)] * 8)[-1].bottleneck is limit


def test_charging_is_named() -> None:
    """A camera that is empty long before it is charged waits for its battery."""
    (course,) = simulate(Rack(1, 1, 1, card=10, link=10), [Camera(0, 1000, 3600)])
    assert (course.empty_s, course.ready_s, course.bottleneck) == (100, 3600, Limit.CHARGE)


def test_docks_and_hubs_are_filled_evenly() -> None:
    """The first cameras get docks, then hubs, of their own."""
    rack = Rack(docks=2, slots=4, hub_slots=2, card=1, link=1)
    assert order(rack) == [0, 4, 2, 6, 1, 5, 3, 7]


def test_nothing_recorded_takes_no_time() -> None:
    """A camera with nothing to tell is ready when it is greeted."""
    assert [course.ready_s for course in simulate(Rack(1, 1, 1, 1, 1, setup_s=3), [Camera(2, 0, 0)])] == [5]
