"""What to do with what a power cut left behind: a plan, made from the audit log and the names on the card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RECORDING_NAME = re.compile(r"[0-9]{8}\Z")


class Action(Enum):
    """What happens to one directory or number."""

    KEEP = "keep"  # whole, or prepared and unused
    CLOSE = "close"  # its manifest is there, only the closing line is missing
    RECOVER = "recover"  # opened and cut off: sign what is there
    VOID = "void"  # its opening never became durable: nothing was shown
    QUARANTINE = "quarantine"  # the audit log does not know it
    MISSING = "missing"  # the audit log knows it, and it is gone


@dataclass(frozen=True, slots=True)
class Found:
    """One directory under ``recordings/``: its name, whether anything in it holds a byte (of a recording that was opened: anything but
    the journal), whether a manifest is there, and the hash of its opening line, None where there is none that verifies."""

    name: str
    used: bool
    manifest: bool
    opening: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan."""

    action: Action
    name: str
    number: int | None


def plan(openings: Mapping[int, str], upcoming: int, found: Iterable[Found]) -> list[Step]:
    """The steps that make a volume consistent.

    ``openings``: number and hash of the openings without a closing; ``upcoming``: the number that the next recording will get.
    """
    steps = [_judge(openings, upcoming, each) for each in found]
    there = {step.number for step in steps if step.action is not Action.QUARANTINE}
    steps += [Step(Action.MISSING, f"{number:08d}", number) for number in sorted(set(openings) - there)]
    return steps


def _judge(openings: Mapping[int, str], upcoming: int, found: Found) -> Step:
    if RECORDING_NAME.match(found.name) is None:
        return Step(Action.QUARANTINE, found.name, None)
    number = int(found.name)
    if number in openings:
        return Step(_judge_open(openings[number], found), found.name, number)
    known = found.manifest if number < upcoming else not found.used
    return Step(Action.KEEP if known else Action.QUARANTINE, found.name, number)


def _judge_open(opening: str, found: Found) -> Action:
    if (
        found.opening is None
    ):  # a void directory is removed: one that holds footage is none, whatever became of its journal
        return Action.QUARANTINE if found.manifest or found.used else Action.VOID
    if found.opening != opening:
        return Action.QUARANTINE
    return Action.CLOSE if found.manifest else Action.RECOVER
