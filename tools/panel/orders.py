"""What a page may ask for: one table, checked before anything is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from hal.interface import Button
from tools.sim.rules import GIVEN, Rule, flag, number, text, whole, word

_TEXT: Final = 200


class OrderError(Exception):
    """The order is wrong, or cannot be carried out; the message says how, and what would be right."""


TEXT: Final = text(_TEXT)
FLAG: Final = flag()
BUTTON: Final = word(*(button.value for button in Button))
BOUNCES: Final = whole(0, 50, 0)
SLOT: Final = Rule(
    "a slot's number, or null to take it out",
    lambda value: value is None or whole(1, 1000).good(value),
    -1,
)

ORDERS: Final[Mapping[str, Mapping[str, Rule]]] = {
    "press": {"camera": TEXT, "button": BUTTON, "bounces": BOUNCES},
    "release": {"camera": TEXT, "button": BUTTON, "bounces": BOUNCES},
    "tap": {"camera": TEXT, "button": BUTTON, "bounces": BOUNCES, "ms": whole(0, 60_000, 80)},
    "slide": {"camera": TEXT, "name": TEXT, "value": number(-1e12, 1e12)},
    "switch": {"camera": TEXT, "name": TEXT, "on": FLAG},
    "strike": {"camera": TEXT, "name": TEXT},
    "fault": {"camera": TEXT, "part": TEXT, "kind": TEXT, "with": GIVEN},
    "battery": {"camera": TEXT, "in": FLAG},
    "dock": {"camera": TEXT, "slot": SLOT},
    "assign": {"camera": TEXT, "officer": TEXT},
    "look": {"camera": TEXT, "on": FLAG},
    "export": {"recording": TEXT},
    "judge": {},
    "play": {"scenario": TEXT, "fast": flag(default=False)},
    "stop": {},
}
"""By the word in ``do``, each with its members."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order, checked: its number, its word, and its members, those that were left out too."""

    id: int
    do: str
    given: Mapping[str, Any]


def read_order(text: str) -> Order:
    """One message of a page; ``OrderError`` names what is wrong.  The number of an order that has one is in ``number``."""
    order = _object(text)
    number, do = order.pop("id", None), order.pop("do", None)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 53:
        raise OrderError("id has to be a whole number")
    if not isinstance(do, str) or do not in ORDERS:
        raise NumberedError(number, f"unknown order {str(do)[:40]!r}; known: {', '.join(ORDERS)}")
    rules = ORDERS[do]
    for name in order:
        if name not in rules:
            raise NumberedError(number, f"unknown member {name[:40]!r}; known: {', '.join(rules) or 'none'}")
    given = {name: order.get(name, rule.default) for name, rule in rules.items()}
    for name, rule in rules.items():
        if given[name] is ...:
            raise NumberedError(number, f"{name} is missing: {rule.what}")
        if name in order and not rule.good(given[name]):
            raise NumberedError(number, f"{name} has to be {rule.what}")
    return Order(number, do, given)


class NumberedError(OrderError):
    """The same, of an order whose number is known."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number = number


def _object(text: str) -> dict[str, Any]:
    try:
        order = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except OrderError:
        raise
    except (ValueError, RecursionError) as error:
        raise OrderError(f"not JSON: {str(error)[:100]}") from None
    if not isinstance(order, dict):
        raise OrderError("not a JSON object")
    return order


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise OrderError("a member stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise OrderError(f"{name} is no JSON number")
