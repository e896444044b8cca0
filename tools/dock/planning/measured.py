"""What a dock's own event log says about its rates, and how far a forecast made with them is off.  Pure but for reading
the log.

Only three things are taken from a log, so that forty cameras say whether they were enough: what one camera gets that is
not held back by others, what all together get, and how long a camera takes beside its bytes.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from tools.dock.planning.queueing import Camera, Rack, simulate

LARGEST = 256 << 20
LONGEST_LINE = 1 << 20
FEWEST_BYTES = 1 << 20


class MeasuredError(Exception):
    """The log cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One camera's first round at a dock, in seconds since 1970: greeted, bytes arriving (each mark: when, and how many
    were over by then), done."""

    device: str
    greeted_s: float
    marks: tuple[tuple[float, float], ...]
    done_s: float

    @property
    def size(self) -> float:
        """Bytes that were taken over."""
        return self.marks[-1][1]

    @property
    def beside_s(self) -> float:
        """What it took beside its bytes."""
        return (self.marks[0][0] - self.greeted_s) + (self.done_s - self.marks[-1][0])


@dataclass(frozen=True, slots=True)
class Run:
    """What a log tells of all cameras that got rid of everything."""

    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Rates in bytes a second: of one camera, and of all together (None if that was never reached)."""

    link: float
    shared: float | None
    setup_s: float


@dataclass(frozen=True, slots=True)
class Compared:
    """From the first greeting to the last camera that is empty, and by how much a camera's own time is off on average, as
    a fraction of it."""

    measured_s: float
    forecast_s: float
    mean_error: float


def read_run(path: Path) -> Run:
    """Read what ``lapel dock serve --json`` printed; ``MeasuredError`` where no camera in it was taken over."""
    try:
        if path.stat().st_size > LARGEST:
            raise MeasuredError(f"{path}: longer than {LARGEST} bytes")
        with path.open("rb") as file:
            return Run(tuple(_visits(_events(file, path.name), path.name)))
    except OSError as error:
        raise MeasuredError(f"{path}: {error.strerror}") from None


def _events(lines: Iterable[bytes], name: str) -> Iterable[Mapping[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line) if len(line) <= LONGEST_LINE else None
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise MeasuredError(f"{name}: line {number} is no event")
        yield event


def _visits(events: Iterable[Mapping[str, Any]], name: str) -> Iterable[Visit]:
    """Follow each camera from its greeting to the end of its first round."""
    here: dict[str, _Watched] = {}
    found = 0
    for event in events:
        kind, device = event["event"], event.get("device")
        if kind not in _TOLD or not isinstance(device, str):
            continue
        at_s = _number(event, "utc_ms", name) / 1000
        if kind == "accepted":
            here[device] = _Watched(at_s)
        elif kind in ("stock", "progress") and device in here:
            here[device].mark(at_s, 0.0 if kind == "stock" else _number(event, "done", name))
        elif (watched := here.pop(device, None)) and kind in _OVER and watched.usable:
            found += 1
            yield Visit(device, watched.greeted_s, tuple(watched.marks), at_s)
    if not found:
        raise MeasuredError(f"{name}: no camera in it was taken over from its greeting to `done`")


_OVER = ("done", "bundle")
"""Behind its evidence a camera may get firmware."""
_TOLD = ("accepted", "stock", "progress", "lost", "unplugged", *_OVER)


@dataclass(slots=True)
class _Watched:
    """A camera that is being taken over."""

    greeted_s: float
    marks: list[tuple[float, float]] = field(default_factory=list)

    def mark(self, at_s: float, done: float) -> None:
        """So many bytes are over; counted from when the camera said how much there is."""
        if self.marks or not done:
            self.marks.append((at_s, done))

    @property
    def usable(self) -> bool:
        """Neither time nor bytes run back: a clock that was set, or a file that was fetched twice, says nothing of rates."""
        forward = all(before[0] <= after[0] and before[1] <= after[1] for before, after in pairwise(self.marks))
        return forward and bool(self.marks) and self.marks[-1][1] >= FEWEST_BYTES


def _number(event: Mapping[str, Any], member: str, name: str) -> float:
    value = event.get(member)
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise MeasuredError(f"{name}: an event {event['event']} has no usable {member}")
    return float(value)


def calibrate(run: Run) -> Found:
    """The rates that explain best how many bytes all cameras together had over while one, two, ... were at it.

    With k cameras that is ``min(k * link, shared)``; the two are chosen among what was seen, by least squares over time.
    """
    seen = _aggregate(run.visits)
    if not seen:
        raise MeasuredError("the log has no time in which bytes arrived")
    links = {rate / count for count, rate, _ in seen if rate}
    best: tuple[float, float, float | None] | None = None
    for link in links:
        for shared in (None, *(rate for _, rate, _ in seen if rate)):
            off = sum(
                seconds * (rate - min(count * link, shared or count * link)) ** 2 for count, rate, seconds in seen
            )
            if best is None or off < best[0]:
                best = off, link, shared
    assert best is not None  # noqa: S101 - each visit carried bytes
    _, link, shared = best
    most = max(count for count, _, _ in seen)
    return Found(
        link,
        shared if shared is not None and shared < most * link * 0.99 else None,
        median(each.beside_s for each in run.visits),
    )


def _aggregate(visits: Sequence[Visit]) -> list[tuple[int, float, float]]:
    """For each number of cameras that were at it at once: bytes a second of all together, and for how many seconds."""
    edges = sorted({edge for visit in visits for edge in (visit.marks[0][0], visit.marks[-1][0])})
    total: dict[int, tuple[float, float]] = {}
    for begin, end in pairwise(edges):
        active = [visit for visit in visits if visit.marks[0][0] <= begin and visit.marks[-1][0] >= end]
        if active and end > begin:
            carried = sum(_at(visit, end) - _at(visit, begin) for visit in active)
            size, seconds = total.get(len(active), (0.0, 0.0))
            total[len(active)] = size + carried, seconds + end - begin
    return [(count, size / seconds, seconds) for count, (size, seconds) in sorted(total.items())]


def _at(visit: Visit, at_s: float) -> float:
    """How many bytes were over at this moment, on the straight line between two marks."""
    index = bisect_right(visit.marks, at_s, key=lambda mark: mark[0])
    if index == len(visit.marks):
        return visit.size
    (earlier, before), (later, after) = visit.marks[index - 1], visit.marks[index]
    return before + (after - before) * (at_s - earlier) / (later - earlier)


def forecast(found: Found, run: Run) -> Compared:
    """What the model would have said of this run, had it known these rates."""
    first = min(visit.greeted_s for visit in run.visits)
    cameras = [Camera(visit.greeted_s - first, visit.size, 0.0) for visit in run.visits]
    rack = Rack(1, len(cameras), len(cameras), found.link, found.link, disk=found.shared, setup_s=found.setup_s)
    courses = simulate(rack, cameras)
    errors = [
        abs((course.empty_s - course.arrives_s) / max(visit.done_s - visit.greeted_s, 1e-3) - 1)
        for course, visit in zip(courses, run.visits, strict=True)
    ]
    measured = max(visit.done_s for visit in run.visits) - first
    return Compared(measured, max(course.empty_s for course in courses), sum(errors) / len(errors))
