"""Canonical JSON has one spelling for each value."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.evidence import canonical
from firmware.evidence.errors import FormatError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-canonical.LARGEST, canonical.LARGEST)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


def nested(levels: int) -> bytes:
    """An object that is this many levels deep."""
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize("filler", [b"[]", b"{}", b"0", b'""', b'"\xc4\x80"', b"-9007199254740991", b'{"a":[]}'])
def test_memory_is_bounded(filler: bytes) -> None:
    """Nothing of four megabytes, which a dock may hand over, takes a camera's memory while nobody knows yet who signed it."""
    limit = 4 << 20
    data = b'{"a":[' + b",".join([filler] * ((limit - 8) // (len(filler) + 1))) + b"]}"
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=f"a: more than {canonical.MOST_VALUES} values"):
            canonical.decode(data, limit, "a")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_as_many_values_as_are_allowed() -> None:
    """Far more than any signed object has, and they take no more than sixteen megabytes."""
    fitting = (canonical.MOST_VALUES - 2) // 2
    data = b'{"a":[' + b",".join([b"[]"] * fitting) + b"]}"
    tracemalloc.start()
    try:
        assert len(canonical.decode(data, 4 << 20)["a"]) == fitting
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@given(OBJECTS)
def test_round_trip(value: dict[str, object]) -> None:
    """What is encoded is decoded to the same value, or refused both ways for its depth."""
    try:
        data = canonical.encode(value)
    except FormatError as error:
        assert "deeply" in str(error)  # noqa: PT017 - the point is that it is the only reason
        return
    assert canonical.decode(data, 1 << 20) == value
    assert json.loads(data) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"b": 1, "a": [True, None, -3]}, '{"a":[true,null,-3],"b":1}'),
        ({"\U0001f600": 1, "\ufb33": 2, "Z": 3}, '{"Z":3,"\ufb33":2,"\U0001f600":1}'),
        ({"t": '"\\/\b\t\n\f\r\x00\x1f\x7f\u2028é'}, '{"t":"\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\u2028é"}'),
        ({"n": canonical.LARGEST}, '{"n":9007199254740991}'),
    ],
)
def test_spelling(value: dict[str, object], text: str) -> None:
    """Order, escapes and numbers are spelled as the format says."""
    assert canonical.encode(value) == text.encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1}', "canonical"),
        (b' {"a":1}', "canonical"),
        (b'{"a":1}\n', "canonical"),
        (b'{"b":1,"a":1}', "canonical"),
        (b'{"a":1,"a":1}', r"\.a: stands twice"),
        (b'{"a":"\\u0041"}', "canonical"),
        (b'{"a":"\\/"}', "canonical"),
        (b'{"a":"\\u001F"}', "canonical"),
        (b'{"a":-0}', "canonical"),
        (b'{"a":1.0}', r"\.a: 1\.0 is not an integer"),
        (b'{"a":[{"b":1e3}]}', r"\.a\[0\]\.b: 1e3 is not an integer"),
        (b'{"a":NaN}', r"\.a: NaN is not an integer"),
        (b'{"a":01}', "not JSON"),
        (b'{"a":9007199254740992}', "2\\^53"),
        (b'{"a":-9007199254740992}', "2\\^53"),
        (b'{"a":' + b"9" * 5000 + b"}", "2\\^53"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\xff"}', "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"a"', "not a JSON object"),
        (b"", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (nested(9), "deeply"),
        (b"{" + b" " * (1 << 20) + b"}", "at most"),
    ],
)
def test_refused(data: bytes, reason: str) -> None:
    """Every other spelling, and everything that canonical JSON does not know, is refused."""
    with pytest.raises(FormatError, match=f"^payload.*{reason}"):
        canonical.decode(data, 1 << 20, "payload")


def test_depth_allowed() -> None:
    """Eight levels are allowed."""
    assert canonical.decode(nested(8), 1000) == json.loads(nested(8))


@pytest.mark.parametrize("value", [{"a": 1.5}, {"a": b"x"}, {"a": {1: 2}}, {"a": [{3}]}])
def test_unspeakable(value: dict[str, object]) -> None:
    """A value without a canonical form is refused by the name of its place."""
    with pytest.raises(FormatError, match="^object"):
        canonical.encode(value)
