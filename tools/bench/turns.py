"""Contestants in turns: each once a round, and another one first each time, so that what disturbs the machine disturbs all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def turns(
    contestants: Mapping[str, Callable[[], T]], rounds: int, before: Callable[[], object] = lambda: None
) -> dict[str, tuple[T, ...]]:
    """What each of them returned, round by round.  ``before``: is done before each.  ``ValueError`` for less than one round."""
    if rounds < 1:
        raise ValueError(f"rounds: {rounds}, and has to be one or more")
    results: dict[str, list[T]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        at = number % max(1, len(names))
        for name in (*names[at:], *names[:at]):
            before()
            results[name].append(contestants[name]())
    return {name: tuple(each) for name, each in results.items()}
