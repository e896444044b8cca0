"""Inputs that are kept: from each run below build/, and a small choice of them in the repository, which ``make test`` replays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tests.fuzz.signing import fingerprint
from tests.fuzz.target import BrokenPromiseError, Target, attempt

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = Path(__file__).parent / "corpus"
FOUND: Final = "found-"
"""Begins the names of inputs that once broke a promise: these stay whatever they cover."""
MOST_BYTES: Final = 20_000
"""Of one target's inputs in the repository, those that were found not counted."""
_WATCHED: Final = tuple(str(ROOT / folder) for folder in ("firmware", "tools", "hal"))

Arc = tuple[str, int, int]


def folder(target: str) -> str:
    """The name of a target's folder."""
    return target.replace("/", "-")


def kept(target: str) -> dict[str, bytes]:
    """A target's inputs in the repository, by name."""
    return read(KEPT / folder(target))


def read(directory: Path) -> dict[str, bytes]:
    """All inputs in a directory, by name."""
    return {path.name: path.read_bytes() for path in sorted(directory.glob("*"))} if directory.is_dir() else {}


def keep(target: Target, candidates: Iterable[bytes]) -> Mapping[str, bytes]:
    """Choose the smallest inputs that together take each way through the parser, and write them into the repository."""
    before = kept(target.name)
    chosen = {name: data for name, data in before.items() if name.startswith(FOUND)}
    reached: set[Arc] = set()
    for data in (*target.seeds(), *chosen.values()):
        reached |= arcs(target, data)
    room = MOST_BYTES
    for data in sorted({*before.values(), *candidates}, key=lambda each: (len(each), each)):
        fresh = arcs(target, data) - reached if len(data) <= room else set()
        if fresh:
            reached |= fresh
            room -= len(data)
            chosen[fingerprint(data)] = data
    directory = KEPT / folder(target.name)
    directory.mkdir(parents=True, exist_ok=True)
    for name in before.keys() - chosen.keys():
        (directory / name).unlink()
    for name, data in chosen.items():
        (directory / name).write_bytes(data)
    return chosen


def arcs(target: Target, data: bytes) -> set[Arc]:
    """The steps from line to line that an input takes in our code."""
    taken: set[Arc] = set()
    with _traced(taken.add), suppress(BrokenPromiseError):
        attempt(target, data)
    return taken


class _traced:  # noqa: N801 - used like a function
    """Reports each step from line to line in the watched folders."""

    def __init__(self, report: Callable[[Arc], object]) -> None:
        self._report = report
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._enter)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        name = frame.f_code.co_filename
        if not name.startswith(_WATCHED):
            return None
        last = frame.f_lineno

        def line(inner: FrameType, event: str, _argument: object) -> Callable[..., Any]:
            nonlocal last
            if event in ("line", "exception"):
                self._report((name, -last if event == "exception" else last, inner.f_lineno))
                last = inner.f_lineno
            return line

        return line


def beginnings(target: Target, grown: Path) -> Iterator[bytes]:
    """What a run begins with: good inputs, what is kept, and what earlier runs found."""
    yield from target.seeds()
    yield from kept(target.name).values()
    yield from read(grown).values()
