"""Canonical JSON has one spelling for each value."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.evidence import canonical, jws
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


MOST = jws.PAPER_LIMIT
PAPER = MOST * 3 // 4
"""The largest payload that a dock can hand over."""
VALUES_OF_A_PAPER = MOST // canonical.BYTES_A_VALUE
SMILE = "\U0001f600".encode()


def peak(data: bytes, limit: int, refusal: str | None) -> int:
    """The most memory that decoding takes; it is refused for this, or, with None, taken."""
    tracemalloc.start()
    try:
        if refusal is None:
            canonical.decode(data, limit, "a")
        else:
            with pytest.raises(FormatError, match=refusal):
                canonical.decode(data, limit, "a")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def listing(*texts: bytes) -> bytes:
    """An object that holds these, as they are."""
    return b'{"a":[' + b",".join(texts) + b"]}"


@pytest.mark.parametrize("filler", [b"[]", b"{}", b"0", b'""', b'"\xc4\x80"', b"-9007199254740991", b'{"a":[]}'])
def test_memory_is_bounded(filler: bytes) -> None:
    """Nothing as long as a dock may hand over takes a camera's memory while nobody knows yet who signed it."""
    data = listing(*[filler] * ((MOST - 8) // (len(filler) + 1)))
    assert peak(data, MOST, f"a: more than {VALUES_OF_A_PAPER} values") < 1 << 20


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        pytest.param(b'{"a":"' + SMILE + b"a" * (PAPER - 20) + b'"}', None, id="one wide character in one text"),
        pytest.param(b'{"a":"' + SMILE * (PAPER // 4 - 5) + b'"}', None, id="nothing but wide characters"),
        pytest.param(b'{"a":"\xc4\x80' + b"a" * (PAPER - 20) + b'"}', None, id="one of two bytes"),
        pytest.param(listing(*[b'"' + SMILE + b"a" * 20_000 + b'"'] * 78), None, id="one in each of many texts"),
        pytest.param(listing(*[b'"%s%09d"' % (SMILE, i) for i in range(60_000)]), None, id="texts that all differ"),
        pytest.param(b'{"a":"\\ud83d\\ude00' + b"a" * (PAPER - 30) + b'"}', "canonical", id="a wide character by its escape"),
        pytest.param(b'{"a":"' + b"\\n" * (PAPER // 2 - 10) + b'"}', None, id="escapes"),
        pytest.param(listing(*[b'{"a":{"a":{"a":0}}}'] * (VALUES_OF_A_PAPER // 4 - 2)), None, id="objects in objects"),
        pytest.param(
            b"{" + b",".join(b'"%017d":0' % i for i in range(VALUES_OF_A_PAPER - 2)) + b"}", None, id="members of one object"
        ),
        pytest.param(listing(*[b"0.000000000000000"] * (VALUES_OF_A_PAPER - 3)), "not an integer", id="fractions"),
    ],
)  # fmt: skip
@pytest.mark.no_cover
def test_memory_of_what_is_parsed(data: bytes, refusal: str | None) -> None:
    """Nor does what is parsed, whatever it is made of: a sixth and more of what a camera has for a docking is left."""
    assert len(data) <= PAPER
    assert peak(data, MOST, refusal) < 18 << 20


def test_as_many_values_as_are_allowed() -> None:
    """One for each 32 bytes of the limit."""
    fitting = (VALUES_OF_A_PAPER - 2) // 2
    assert len(canonical.decode(listing(*[b"[]"] * fitting), MOST)["a"]) == fitting
    with pytest.raises(FormatError, match="values"):
        canonical.decode(listing(*[b"[]"] * (fitting + 1)), MOST)


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
        ({"t": "\\u2028", "é": ["é", {"ü": "\ufb33"}]}, '{"t":"\\\\u2028","é":["é",{"ü":"\ufb33"}]}'),
        ({"t": "a" * 65528 + "é\U0001f600"}, '{"t":"' + "a" * 65528 + 'é\U0001f600"}'),
        ({"n": canonical.LARGEST}, '{"n":9007199254740991}'),
    ],
)
def test_spelling(value: dict[str, object], text: str) -> None:
    """Order, escapes and numbers are spelled as the format says."""
    assert canonical.encode(value) == text.encode()
    assert canonical.decode(text.encode(), 1 << 20) == value


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
        (b'{"a":"\\ud800"}', "canonical"),
        (b'{"a":"\\ud83d\\ude00"}', "canonical"),
        (b'{"a":"\\u00e9"}', "canonical"),
        (b'{"a":"\\\\\\u2028"}', "canonical"),
        (b'{"a":"\xed\xa0\x80"}', "not JSON"),
        (b'{"a":"' + b"a" * 65530 + b'\xc3"}', "not JSON"),
        (b'{"\xc3\xa9":1,"e":1}', "canonical"),
        (b'{"a":"\xff"}', "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"a"', "not a JSON object"),
        (b"", "not JSON"),
        (b"[" * 30_000, "not JSON"),
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
