"""How long the officer waits: many presses on a simulated camera, a process of its own, against the limits that it promises.

A press is timed where its edge is made, the lights where they change, both by the camera's own clock and outside of the firmware; the card's
audit log, opened with the authority's key, has to say the same.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from tools.bench.figure import Figure
from tools.bench.suites import Scale
from tools.sim.home import Home, provision
from tools.sim.look import meaning, read_lights
from tools.sim.mirror import Mirror
from tools.sim.process import SimCamera
from tools.verify import holdings
from tools.verify.latency import RECORDING_MS, STARTING_MS, Start
from tools.verify.verifier import verify_path

BUFFER_S: Final = 30
HOLD_S: Final = 1
SETTINGS: Final = {"pre_event_s": BUFFER_S, "hold_s": HOLD_S, "confirm_stop": False}
NS_PER_MS: Final = 1_000_000
SEED: Final = 6
SOON: Final = 5
"""Presses for which nobody waits until the buffer is full."""
_PAUSE_S: Final = (0.8, 1.6)
"""Before each press, and each of another length, so that no press is in step with the camera.  Shorter, and forty presses fit into a minute,
which a camera takes for a loose contact."""
_READY: Final = frozenset({"ready", "warning"})


def measure(scale: Scale) -> Iterator[Figure]:
    """A press a round, each light against what is promised of it.  Of more than a few all are on a camera whose buffer is full from the first on."""
    yield from figures(*presses(scale.rounds, scale.place, full=scale.rounds > SOON))


def presses(number: int, place: Path, *, full: bool) -> tuple[list[tuple[float, float]], list[Start]]:
    """Press so often, on a card in ``place``: for each how many ms until the lights said starting, and recording; and what the log says.

    ``full``: with the buffer full from the first press on.  ``CameraError`` or ``HeardNothingError`` where the camera does not do as it should.
    """
    draw = random.Random(SEED)  # noqa: S311 - when to press, which nobody has to guess
    home = Home(place)
    provision(home, SETTINGS)
    mirror = Mirror()
    camera = SimCamera(home.camera, replay=True, on_event=mirror.hear)
    camera.start()
    try:
        mirror.events.wait("a camera that is ready", _says(_READY))
        time.sleep(BUFFER_S if full else 1)
        seen = [_press(camera, mirror, draw) for _ in range(number)]
    finally:
        camera.stop()
    return seen, holdings.starts(verify_path(home.card, home.certificate, [home.key]).volumes[0].private)


def figures(seen: Sequence[tuple[float, float]], kept: Sequence[Start]) -> Iterator[Figure]:
    """What was seen, and what the log says: medians, and the slowest; ``ValueError`` unless the log has each start."""
    if len(kept) != len(seen):
        raise ValueError(f"{len(seen)} presses, and the log has {len(kept)} starts")
    starting, recording = zip(*seen, strict=True)
    told = tuple(float(each.starting_ms) for each in kept if each.starting_ms is not None)
    for what, limit_ms, waits_ms in (
        ("from the edge to “starting”, as seen", STARTING_MS, starting),
        ("from the edge to “recording”, as seen", RECORDING_MS, recording),
        ("from the edge to “starting”, by the log", STARTING_MS, told),
        ("from the edge to “recording”, by the log", RECORDING_MS, tuple(float(each.recording_ms) for each in kept)),
    ):
        ratios = tuple(each / limit_ms for each in waits_ms)
        facts = {"median_ms": median(waits_ms), "slowest_ms": max(waits_ms)}
        yield Figure("latency", f"{what}: the slowest", f"{limit_ms} ms", (max(ratios),), most=1.0)
        yield Figure("latency", what, f"{limit_ms} ms, which are promised", ratios, facts=facts)


def _press(camera: SimCamera, mirror: Mirror, draw: random.Random) -> tuple[float, float]:
    """One recording: how many ms until the lights said starting, and recording."""
    time.sleep(draw.uniform(*_PAUSE_S))
    after = len(mirror.events)
    edge_ns = camera.hold(0.1)
    shown = [
        mirror.events.wait(f"lights that say {name}", _says({name}), after=after) for name in ("starting", "recording")
    ]
    time.sleep(draw.uniform(*_PAUSE_S))  # sooner, and it would be the same press still
    after = len(mirror.events)
    camera.hold(HOLD_S + 0.3)
    mirror.events.wait("the end of the recording", _says(_READY), after=after)
    starting_ms, recording_ms = ((event["time_ns"] - edge_ns) / NS_PER_MS for event in shown)
    return starting_ms, recording_ms


def _says(names: frozenset[str] | set[str]) -> Any:
    """Whether an event is a change to lights that mean one of these."""

    def wanted(event: Mapping[str, Any]) -> bool:
        return event.get("event") == "lights" and meaning(read_lights(event)).name in names

    return wanted
