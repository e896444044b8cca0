"""A plan as people read it: the answer first, then why, a picture over time, and what would help."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from tools.dock.planning.plan import Plan, Scenario, states_at
from tools.dock.planning.queueing import Course, Limit
from tools.dock.planning.rates import in_rate, in_size, in_time

WIDTH = 50
ROWS = 8
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400)
BLOCKS, LETTERS = "█▒░·", "#=-."
"""Ready; empty, charging; being emptied; waiting for a slot."""

NAMES: Mapping[Limit, str] = {
    Limit.SLOT: "waiting for a free slot",
    Limit.SETUP: "greeting, log and receipts",
    Limit.CARD: "the camera's own card",
    Limit.LINK: "the camera's link",
    Limit.HUB: "the hub that slots share",
    Limit.NETWORK: "the dock computer's network",
    Limit.DISK: "the dock computer's disk",
    Limit.SITE: "the site's network",
    Limit.CHARGE: "charging",
}


def in_text(found: Plan, *, blocks: bool = True) -> str:
    """The whole answer; ``blocks``: whether the terminal has block characters."""
    parts = (
        _answer(found),
        _why(found, blocks=blocks),
        picture(found.courses, blocks=blocks),
        _help(found),
        ("it goes by", *assumed(found.scenario)),
    )
    return "\n\n".join("\n".join(part) for part in parts)


def _answer(found: Plan) -> Iterator[str]:
    scenario, rack = found.scenario, found.scenario.rack
    computers = "1 dock computer" if rack.docks == 1 else f"{rack.docks} dock computers"
    yield (
        f"{scenario.cameras} cameras at {computers} of {scenario.slots} slots, {scenario.hours:g} h at"
        f" {scenario.bitrate / 1e6:g} Mbit/s on each: {in_size(scenario.size)} a camera,"
        f" {in_size(scenario.size * scenario.cameras)} in all"
    )
    yield ""
    yield f"  last camera empty  {in_time(found.empty_s):>12}   held back by {NAMES[found.holds_empty]}"
    yield f"  last camera READY  {in_time(found.ready_s):>12}   held back by {NAMES[found.holds_ready]}"
    yield ""
    yield f"after the first came back; they all come within {scenario.spread_min:g} min"


def _why(found: Plan, *, blocks: bool) -> Iterator[str]:
    last = max(found.courses, key=lambda course: course.ready_s)
    block = BLOCKS[0] if blocks else LETTERS[0]
    whole = sum(last.spent.values()) or 1.0
    yield "where the time of the last one goes"
    for limit, spent in sorted(last.spent.items(), key=lambda each: -each[1]):
        if spent >= 0.5:
            yield f"  {NAMES[limit]:<28}{in_time(spent):>12}  {block * max(1, round(spent / whole * 30))}"


def picture(courses: Sequence[Course], *, blocks: bool) -> Iterator[str]:
    """How many cameras are how far, a line a step of time; the whole width is all cameras."""
    symbols = BLOCKS if blocks else LETTERS
    ready, charging, emptied, waiting = tuple(symbols)
    yield "cameras over time"
    yield f"  {ready} ready  {charging} empty, charging  {emptied} being emptied  {waiting} waiting for a slot"
    for at_s in _moments(max(course.empty_s for course in courses), max(course.ready_s for course in courses)):
        counts = states_at(courses, at_s)
        edges = [round(sum(counts[: index + 1]) / len(courses) * WIDTH) for index in range(4)]
        starts = [0, *edges]
        bar = "".join(symbol * (edges[index] - starts[index]) for index, symbol in enumerate(symbols))
        yield f"  {in_time(at_s):>12}  {bar:<{WIDTH}}  {counts[0]} ready"


def _moments(*ends: float) -> Iterator[float]:
    """Round moments up to the first end, then, in longer steps, up to the next."""
    at_s = 0.0
    for end in ends:
        step = next((each for each in STEPS_S if each * ROWS >= end), math.ceil(end / ROWS))
        while at_s < end:
            at_s = (at_s // step + 1) * step
            yield at_s


def _help(found: Plan) -> Iterator[str]:
    yield f"what would help{'':<27}{'last ready':>19}{'last empty':>19}"
    useless = [change.words for change in found.changes if max(abs(change.ready_s), abs(change.empty_s)) < 1]
    for change in found.changes:
        if change.words not in useless:
            yield f"  {change.words:<40}{_sooner(change.ready_s):>19}{_sooner(change.empty_s):>19}"
    if useless:
        yield "what would not"
        yield from (f"  {words}" for words in useless)


def _sooner(seconds: float) -> str:
    if abs(seconds) < 1:
        return "nothing"
    return f"{in_time(abs(seconds))} {'sooner' if seconds > 0 else 'later'}"


def assumed(scenario: Scenario) -> Iterator[str]:
    """What the answer goes by, one fact a line."""
    rack = scenario.rack
    rates = {
        "card": rack.card,
        f"link x {rack.links}": rack.link * rack.links,
        f"hub of {rack.hub_slots} slots": rack.hub,
        "network of a dock computer": rack.network,
        "disk of a dock computer": rack.disk,
        "network of the site": rack.site,
    }
    yield from (f"  {name:<28}{'no limit' if rate is None else in_rate(rate):>12}" for name, rate in rates.items())
    yield f"  {'charge':<28}{f'{scenario.battery:g} % to {scenario.charged:g} %':>12}, {scenario.charge_h:g} h from empty to full"
    yield f"  {'beside the bytes':<28}{in_time(scenario.setup_s):>12} a camera; {in_time(scenario.swap_s)} to swap two"
