"""A player gets the bytes of a film that it asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.panel.ranges import UnsatisfiableError, wanted


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 10)),
        (" bytes=10-19 ", (10, 10)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-1000", (0, 100)),
        ("bytes=99-99", (99, 1)),
        ("bytes=20-10", None),
        ("bytes=-", None),
        ("bytes=0-9,20-29", None),
        ("lines=0-9", None),
        ("bytes=a-b", None),
        ("bytes=0-" + "9" * 30, None),
        ("", None),
    ],
)
def test_ranges(header: str | None, found: tuple[int, int] | None) -> None:
    """One range is served; what is none, or several, means all."""
    assert wanted(header, 100) == found


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=100-", 100), ("bytes=100-200", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)],
)
def test_behind_the_end(header: str, size: int) -> None:
    """Nothing of it is there."""
    with pytest.raises(UnsatisfiableError):
        wanted(header, size)


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(0, 2000))
def test_never_outside_the_file(header: str, size: int) -> None:
    """Whatever is asked for, what is sent lies in the file and is not empty."""
    try:
        found = wanted(header, size)
    except UnsatisfiableError:
        return
    if found is not None:
        begin, length = found
        assert 0 <= begin < begin + length <= size
