"""The undock gate: may this camera be handed out, and if not, what is missing, worst first.

Rule 1: everything that a slot's light depends on is a row of ``TABLE``.  Rule 2: what is not known does not count as
done.  Rule 3: nothing here holds a camera back: whoever pulls it out all the same has an alarm to go to, and it records as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """What a slot's light says."""

    WRONG = "wrong"
    """A person has to look at it: it will not become ready by itself."""
    WAIT = "wait"
    READY = "ready"
    FREE = "free"
    """No camera answers there."""


class Need(StrEnum):
    """What may be wanted of a camera before it is handed out."""

    EMPTY = "empty"
    UPDATED = "updated"
    ASSIGNED = "assigned"
    CHARGED = "charged"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted at this rack.  ``percent`` of the battery is charged; ``firmware``: this version, where it matters."""

    needs: frozenset[Need] = frozenset(Need)
    percent: int = 90
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a camera in a slot.  ``left``: recordings that are not taken over, None before they were counted;
    ``spurned``: items of it that the dock did not take; ``withheld``: recordings that lack a second copy; ``percent`` None before it said so;
    ``bundle``: what became of the dock's newest offer of firmware (``offered``, ``taken``, ``declined``, ``failed``, or nothing), ``update``: how it
    stands with that by the camera's own word (``none``, ``waiting``, ``installed``, ``failed``)."""

    linked: bool = False
    conflict: bool = False
    refused: bool = False
    recalled: bool = False
    failed: bool = False
    spurned: int = 0
    withheld: int = 0
    recording: bool = False
    left: int | None = None
    countersigned: bool = False
    updated: bool = True
    bundle: str = ""
    update: str = "none"
    firmware: str = ""
    assigned: bool = False
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason not to hand a camera out: it holds where ``lacks`` does, unless its need is not wanted."""

    need: Need | None
    light: Light
    lacks: Callable[[Standing, Wanted], bool]
    words: Callable[[Standing, Wanted], str]


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


TABLE: tuple[Rule, ...] = (
    Rule(None, Light.WRONG, lambda at, _: at.conflict, lambda _, __: "two cameras with one name"),
    Rule(None, Light.WRONG, lambda at, _: at.refused, lambda _, __: "refused"),
    Rule(None, Light.WRONG, lambda at, _: at.recalled, lambda _, __: "recalled: it records nothing"),
    Rule(None, Light.WRONG, lambda at, _: at.failed, lambda _, __: "the store fails"),
    Rule(
        Need.EMPTY,
        Light.WRONG,
        lambda at, _: at.spurned > 0,
        lambda at, _: f"{_several(at.spurned, 'item')} not believed",
    ),
    Rule(
        Need.EMPTY,
        Light.WRONG,
        lambda at, _: at.withheld > 0,
        lambda at, _: f"no copy of {_several(at.withheld, 'recording')}",
    ),
    Rule(None, Light.WAIT, lambda at, _: not at.linked and not at.refused, lambda _, __: "no link"),
    Rule(None, Light.WAIT, lambda at, _: at.recording, lambda _, __: "it is recording"),
    Rule(
        Need.EMPTY,
        Light.WAIT,
        lambda at, _: at.linked if at.left is None else at.left > 0,
        lambda at, _: "not counted yet" if at.left is None else f"{_several(at.left, 'recording')} not taken over",
    ),
    Rule(
        Need.EMPTY,
        Light.WAIT,
        lambda at, _: at.linked and at.left == 0 and not at.countersigned,
        lambda _, __: "its log not taken over",
    ),
    Rule(Need.UPDATED, Light.WRONG, lambda at, _: not at.updated, lambda _, __: "settings not taken"),
    Rule(
        Need.UPDATED,
        Light.WRONG,
        lambda at, _: at.bundle in ("declined", "failed") or at.update == "failed",
        lambda _, __: "firmware not taken",
    ),
    Rule(
        Need.UPDATED,
        Light.WAIT,
        lambda at, _: at.bundle == "offered" or at.update == "waiting",
        lambda _, __: "firmware on its way",
    ),
    Rule(
        Need.UPDATED,
        Light.WAIT,
        lambda at, wanted: at.linked and wanted.firmware not in (None, at.firmware),
        lambda at, wanted: f"firmware {at.firmware or '?'}, not {wanted.firmware}",
    ),
    Rule(Need.ASSIGNED, Light.WAIT, lambda at, _: at.linked and not at.assigned, lambda _, __: "nobody assigned"),
    Rule(
        Need.CHARGED,
        Light.WAIT,
        lambda at, wanted: at.linked if at.percent is None else at.percent < wanted.percent,
        lambda at, _: "battery not known" if at.percent is None else f"battery {at.percent} %",
    ),
)
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the slot's light says, and what is missing, worst first."""

    light: Light
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The same in words."""
        return f"do not take: {'; '.join(self.missing)}" if self.missing else self.light.value


FREE = Verdict(Light.FREE)


def judge(at: Standing, wanted: Wanted) -> Verdict:
    """Whether it may be handed out, by the table."""
    broken = [rule for rule in TABLE if (rule.need is None or rule.need in wanted.needs) and rule.lacks(at, wanted)]
    if not broken:
        return Verdict(Light.READY)
    light = Light.WRONG if any(rule.light is Light.WRONG for rule in broken) else Light.WAIT
    return Verdict(light, tuple(rule.words(at, wanted) for rule in broken))
