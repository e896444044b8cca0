"""An order of a page is checked in full before anything is done, and what is wrong with it is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.panel.orders import ORDERS, NumberedError, OrderError, read_order


def test_what_is_left_out_has_its_value() -> None:
    """So that whoever carries it out finds every member."""
    order = read_order('{"id": 3, "do": "tap", "camera": "cam-1", "button": "record"}')
    assert (order.id, order.do) == (3, "tap")
    assert order.given == {"camera": "cam-1", "button": "record", "bounces": 0, "ms": 80}
    assert read_order('{"id": 0, "do": "dock", "camera": "cam-1"}').given["slot"] == -1
    assert read_order('{"id": 0, "do": "dock", "camera": "cam-1", "slot": null}').given["slot"] is None
    assert read_order('{"id": 0, "do": "play", "scenario": "x"}').given == {"scenario": "x", "fast": False}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 10_000, "not JSON"),
        ("[]", "not a JSON object"),
        ('{"id": 1, "id": 1, "do": "stop"}', "a member stands twice"),
        ('{"id": 1, "do": "slide", "camera": "a", "name": "b", "value": NaN}', "NaN is no JSON number"),
        ('{"do": "stop"}', "id has to be a whole number"),
        ('{"id": true, "do": "stop"}', "id has to be a whole number"),
        ('{"id": -1, "do": "stop"}', "id has to be a whole number"),
        ('{"id": "1", "do": "stop"}', "id has to be a whole number"),
        ('{"id": 1}', "unknown order 'None'; known: press, release"),
        ('{"id": 1, "do": ["press"]}', "unknown order"),
        ('{"id": 1, "do": "stop", "now": 1}', "unknown member 'now'; known: none"),
        ('{"id": 1, "do": "press", "camera": "cam-1"}', "button is missing: one of record, function"),
        ('{"id": 1, "do": "press", "camera": "cam-1", "button": "stop"}', "button has to be one of record, function"),
        (
            '{"id": 1, "do": "press", "camera": "cam-1", "button": "record", "bounces": 51}',
            "bounces has to be a whole number",
        ),
        (
            '{"id": 1, "do": "press", "camera": "cam-1", "button": "record", "bounces": 1.0}',
            "bounces has to be a whole number",
        ),
        ('{"id": 1, "do": "press", "camera": "", "button": "record"}', "camera has to be a text of 1 to 200"),
        ('{"id": 1, "do": "assign", "camera": "cam-1", "officer": "a\\nb"}', "officer has to be a text"),
        ('{"id": 1, "do": "slide", "camera": "a", "name": "b", "value": true}', "value has to be a number"),
        ('{"id": 1, "do": "slide", "camera": "a", "name": "b", "value": 1e400}', "value has to be a number"),
        (
            '{"id": 1, "do": "slide", "camera": "a", "name": "b", "value": 1' + "0" * 400 + "}",
            "value has to be a number",
        ),
        ('{"id": 1, "do": "fault", "camera": "a", "part": "b", "kind": "c", "with": {"do": 1}}', "with has to be"),
        ('{"id": 1, "do": "switch", "camera": "a", "name": "b", "on": 1}', "on has to be true or false"),
        ('{"id": 1, "do": "dock", "camera": "a", "slot": 0}', "slot has to be a slot's number"),
        ('{"id": 1, "do": "dock", "camera": "a", "slot": -1}', "slot has to be a slot's number"),
        ('{"id": 1, "do": "fault", "camera": "a", "part": "b", "kind": "c", "with": []}', "with has to be a table"),
        (
            '{"id": 1, "do": "fault", "camera": "a", "part": "b", "kind": "c", "with": {"x": {}}}',
            "with has to be a table",
        ),
    ],
)
def test_wrong_orders(text: str, said: str) -> None:
    """Each is refused with what would be right; where its number is known, with that."""
    with pytest.raises(OrderError, match=said) as caught:
        read_order(text)
    assert len(str(caught.value)) < 400
    try:
        number = json.loads(text)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if type(number) is int and number >= 0 and "twice" not in said and "NaN" not in said:
        assert isinstance(caught.value, NumberedError)
        assert caught.value.number == number


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["id", "do", "camera", "button", "with"]), inner)
        ),
    ).map(json.dumps)
)
def test_no_text_does_more_than_be_refused(text: str) -> None:
    """Whatever comes, it is an order or an error of ours."""
    try:
        order = read_order(text)
    except OrderError:
        return
    assert order.do in ORDERS
