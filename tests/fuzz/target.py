"""A parser under attack: one row of the table, and what counts as an answer."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz.mutators import plain

Mutator = Callable[[bytes, Random], bytes]
"""Makes a new input of an old one.  The same draw makes the same."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How much memory a parser may take at its peak: so many bytes, and so many more for each byte of its input."""

    fixed: int = 256 << 10
    times: int = 64

    def __call__(self, length: int) -> int:
        """The bound for an input of this length, in bytes."""
        return self.fixed + self.times * length


@dataclass(frozen=True, slots=True)
class Target:
    """One parser: what it is called with, the exceptions by which it may refuse, good inputs to begin with, how to change one so that
    it is still nearly good, the longest input that is tried, and its memory."""

    name: str
    parse: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutator = plain
    longest: int = 8192
    bound: Bound = Bound()

    def changed(self, data: bytes, draw: Random) -> bytes:
        """A new input made of an old one; of one that is nested too deeply to be changed by its structure, byte by byte."""
        try:
            made = self.mutate(data, draw)
        except RecursionError:
            made = plain(data, draw)
        return made[: self.longest]


class BrokenPromiseError(Exception):
    """A parser did with an input what it must not; the message says what."""


def attempt(target: Target, data: bytes, *, measure: bool = False) -> Exception | None:
    """Give a parser one input: None if it takes it, or its refusal.  ``BrokenPromiseError`` for anything else, with ``measure`` also for
    memory beyond its bound."""
    if not measure:
        return _attempt(target, data)
    tracemalloc.start()
    try:
        refusal = _attempt(target, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    allowed = target.bound(len(data))
    if peak > allowed:
        raise BrokenPromiseError(f"{peak} bytes of memory for an input of {len(data)}, at most {allowed} are allowed")
    return refusal


def _attempt(target: Target, data: bytes) -> Exception | None:
    try:
        target.parse(data)
    except target.refuses as refusal:
        return refusal
    except Exception as error:
        raise BrokenPromiseError(f"{type(error).__name__}: {error}") from error
    return None
