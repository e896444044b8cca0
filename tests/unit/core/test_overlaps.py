"""What two recordings share, held against the frames themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware.core.overlaps import Reach, Shared, shared

TIMES = st.integers(0, 40)


@given(st.lists(st.tuples(TIMES, TIMES).map(sorted), max_size=4), TIMES)
def test_it_is_what_both_have(earlier: list[list[int]], epoch: int) -> None:
    """Every frame from the epoch on that an earlier take has, and no other."""
    takes = [Reach(number, first, last) for number, (first, last) in enumerate(earlier, 1)]
    found = {each.take: set(range(each.first_ns, each.last_ns + 1)) for each in shared(takes, epoch)}
    for take in takes:
        frames = {time for time in range(take.first_ns, take.last_ns + 1) if time >= epoch}
        assert found.get(take.take, set()) == frames


def test_one_of_both_begins_there() -> None:
    """Where the new one begins, or where the earlier one does."""
    assert list(shared([Reach(1, 5, 9)], 7)) == [Shared(1, 5, 7, 9)]
    assert list(shared([Reach(1, 5, 9)], 3)) == [Shared(1, 5, 5, 9)]
    assert list(shared([Reach(1, 5, 9)], 10)) == []
