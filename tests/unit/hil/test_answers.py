"""What a board says is read strictly: a board that is half broken says anything."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hil.answers import LONGEST, Answer, AnswerError, parse


def test_an_answer_has_a_kind_and_facts() -> None:
    """Each fact by its type."""
    told = parse(b'{"says":"x","a":"t","b":2,"c":1.5,"d":true,"e":[1,2.5],"f":{"g":"h"}}\n')
    assert told.says == "x"
    assert (told.text("a"), told.whole("b"), told.number("b"), told.number("c")) == ("t", 2, 2.0, 1.5)
    assert told.truth("d") is True
    assert told.numbers("e") == [1.0, 2.5]
    assert told.texts("f") == {"g": "h"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}\n",
        b'{"says":1}\n',
        b"[1]\n",
        b'{"says":"x"}',
        b"\xff\n",
        b"[" * 30_000 + b"\n",
        b'{"says":"' + b"x" * LONGEST + b'"}\n',
    ],
)
def test_what_is_no_answer_is_refused(line: bytes) -> None:
    """No object, no kind, no end, too long, no text."""
    with pytest.raises(AnswerError):
        parse(line)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (None, ""),
        ("t", "text"),
        (2, "whole number"),
        (1.5, "number"),
        (True, "truth"),
        ([1, 2.5], "numbers"),
        ([1, "x"], ""),
        ([True], ""),
        ({"g": "h"}, "texts"),
        ({"g": 1}, ""),
    ],
)
def test_a_fact_is_taken_as_what_it_is_alone(value: object, taken: str) -> None:
    """A number is no truth and a truth no number; what is refused is named."""
    told = Answer("x", {"f": value})
    for name in ("text", "whole", "number", "truth", "numbers", "texts"):
        read = getattr(told, name)
        if name in taken.split():
            assert read("f") == value
        else:
            with pytest.raises(AnswerError, match="^x: f: "):
                read("f")
        with pytest.raises(AnswerError, match="x: g is missing"):
            read("g")


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(line: bytes) -> None:
    """Nothing else comes of them."""
    with suppress(AnswerError):
        assert isinstance(parse(line + b"\n").says, str)
