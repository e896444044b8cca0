"""Making a failing script short: delta debugging over its acts, then smaller numbers.  Pure: it is told what fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.fault.soak.acts import ACTS, Act, Script

Fails = Callable[[Script], bool]
"""Whether a script still shows what the first one showed."""


def shrink(script: Sequence[Act], fails: Fails) -> Script:
    """A script that still fails, and no longer does when any one act is left out.

    ``fails`` may stop the search early by answering False from some time on: what comes back has failed when it was tried, or is the
    script that was given.
    """
    return smaller(shorter(tuple(script), fails), fails)


def shorter(script: Script, fails: Fails) -> Script:
    """Leave out acts, halves first, then ever smaller pieces (``ddmin``)."""
    pieces = 2
    while len(script) > 1:
        size = -(-len(script) // pieces)
        for start in range(0, len(script), size):
            rest = script[:start] + script[start + size :]
            if fails(rest):
                script, pieces = rest, max(2, pieces - 1)
                break
        else:
            if size == 1:
                return script
            pieces = min(len(script), pieces * 2)
    return script


def smaller(script: Script, fails: Fails) -> Script:
    """Bring each number nearer to the least that its kind draws: to that itself, else by halves as far as it goes."""
    for index, act in enumerate(script):
        for number in _towards(act):
            candidate = (*script[:index], replace(act, number=number), *script[index + 1 :])
            if fails(candidate):
                script = candidate
                break
    return script


def _towards(act: Act) -> list[float]:
    """Numbers between the plainest and this one, plainest first."""
    kind = ACTS[act.kind]
    plain = min(max(0, kind.least), kind.most)
    found: list[float] = []
    for part in (0, 0.25, 0.5, 0.75):
        number = plain + (act.number - plain) * part
        found.append(round(number) if kind.whole else round(number, 1))
    return [number for number in dict.fromkeys(found) if number != act.number]
