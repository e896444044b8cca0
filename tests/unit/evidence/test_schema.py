"""The language of the tables."""

from __future__ import annotations

from typing import Any

import pytest

from firmware.evidence import schema
from firmware.evidence.errors import FormatError

NUMBER = schema.integer(1, 9)
RECORD = schema.record({"a": NUMBER, "b": schema.null_or(schema.items(schema.one_of("x", "y"), most=2))})
FREE = schema.mapping(schema.text("[a-z]", "a letter"), schema.scalar, most=2)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (NUMBER, 1),
        (NUMBER, 9),
        (schema.flag, False),
        (schema.scalar, None),
        (schema.scalar, "x"),
        (RECORD, {"a": 1, "b": None}),
        (RECORD, {"a": 1, "b": ["x", "y"]}),
        (FREE, {"a": 1, "b": True}),
    ],
)
def test_fits(check: schema.Check, value: Any) -> None:
    """A fitting value passes in silence."""
    check(value, "place")


@pytest.mark.parametrize(
    ("check", "value", "reason"),
    [
        (NUMBER, 0, "place: 0 is not 1 to 9"),
        (NUMBER, 10, "place: 10 is not 1 to 9"),
        (NUMBER, True, "place: True is not an integer"),
        (NUMBER, 1.0, "place: 1.0 is not an integer"),
        (NUMBER, None, "place: None is not an integer"),
        (schema.flag, 1, "place: 1 is not true or false"),
        (schema.scalar, [], "place: \\[\\] is not text"),
        (schema.text("[a-z]", "a letter"), "ab", "place: 'ab' is not a letter"),
        (schema.text("[a-z]", "a letter"), "a\n", "is not a letter"),
        (schema.text("[a-z]", "a letter"), 7, "place: 7 is not a letter"),
        (schema.text("[a-z]", "a letter"), "Z" * 500, "\\.\\.\\. is not a letter"),
        (schema.one_of("x", "y"), "z", "place: 'z' is not one of x, y"),
        (schema.one_of("x", "y"), ["x"], "is not one of"),
        (RECORD, [], "place: \\[\\] is not an object"),
        (RECORD, {"b": None}, "place.a: missing"),
        (RECORD, {"a": 1, "b": None, "c": 2}, "place.c: unknown"),
        (RECORD, {"a": 1, "b": "x"}, "place.b: 'x' is not a list"),
        (RECORD, {"a": 1, "b": ["x", "z"]}, "place.b\\[1\\]: 'z' is not one of"),
        (RECORD, {"a": 1, "b": ["x"] * 3}, "place.b: 3 items, at most 2"),
        (FREE, 7, "place: 7 is not an object"),
        (FREE, {"A": 1}, "place: the name: 'A' is not a letter"),
        (FREE, {"a": []}, "place.a: \\[\\] is not text"),
        (FREE, {"a": 1, "b": 2, "c": 3}, "place: 3 members, at most 2"),
    ],
)
def test_refused(check: schema.Check, value: Any, reason: str) -> None:
    """What does not fit is refused by the name of its place, shown as far as it is short."""
    with pytest.raises(FormatError, match=reason) as refusal:
        check(value, "place")
    assert len(str(refusal.value)) < 200


def test_top_level_names() -> None:
    """At the top a member is named by its own name."""
    with pytest.raises(FormatError, match="^b: missing"):
        RECORD({"a": 1}, "")
