"""Requests from outside are checked in full before anything runs."""

from __future__ import annotations

import pytest

from hal.sim.calls import Argument, Call, CallError, Flag, Number, Text, Word, pick


def test_arguments_arrive_by_name() -> None:
    """A call gets what was given, and the default for what was not."""
    seen: list[object] = []
    call = Call(lambda **given: seen.append(given), {"count": Number(1, 9), "word": Word(("a", "b"), "a")})
    assert call({"count": 3}) == {}
    assert seen == [{"count": 3, "word": "a"}]


def test_answers_are_facts_or_nothing() -> None:
    """A mapping goes into the answer, anything else does not."""
    assert Call(lambda: {"time_ns": 1})({}) == {"time_ns": 1}
    assert Call(lambda: 7)({}) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "count is missing"),
        ({"count": 0}, "count must be a whole number from 1 to 9"),
        ({"count": 10}, "count must be a whole number from 1 to 9"),
        ({"count": 1.5}, "count must be a whole number from 1 to 9"),
        ({"count": True}, "count must be a whole number from 1 to 9"),
        ({"count": "1"}, "count must be a whole number from 1 to 9"),
        ({"count": None}, "count must be a whole number from 1 to 9"),
        ({"count": 1, "real": "x"}, "real must be a number from 0 to 1"),
        ({"count": 1, "real": float("nan")}, "real must be a number from 0 to 1"),
        ({"count": 1, "word": "c"}, "word must be one of a, b"),
        ({"count": 1, "word": 1}, "word must be one of a, b"),
        ({"count": 1, "text": ""}, "text must be a text of 1 to 4 characters"),
        ({"count": 1, "text": "abcde"}, "text must be a text of 1 to 4 characters"),
        ({"count": 1, "flag": 1}, "flag must be true or false"),
        ({"count": 1, "more": 1}, "unknown member 'more'; known: count, real, word, text, flag"),
    ],
)
def test_refusals_say_what_is_wrong(given: dict[str, object], said: str) -> None:
    """A wrong, missing or unknown member is named with what would be right, and nothing runs."""
    ran: list[object] = []
    takes: dict[str, Argument] = {
        "count": Number(1, 9),
        "real": Number(0, 1, 0.5, real=True),
        "word": Word(("a", "b"), "a"),
        "text": Text(4, "x"),
        "flag": Flag(default=True),
    }
    with pytest.raises(CallError) as caught:
        Call(lambda **members: ran.append(members), takes)(given)
    assert str(caught.value) == said
    assert not ran


@pytest.mark.parametrize("name", ["c", None, 3, ["a"]])
def test_unknown_words_are_answered_with_the_known_ones(name: object) -> None:
    """A wrong name in a table is answered with the names in it."""
    assert pick({"a": 1, "b": 2}, "letter", "b") == 2
    with pytest.raises(CallError, match=r"unknown letter .*; known: a, b"):
        pick({"a": 1, "b": 2}, "letter", name)
