"""What is left of the storage: never promised too much, and warned of once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.forecast import (
    CLOSING,
    FLUSH,
    HOUR_S,
    WINDOW_S,
    Budget,
    Outlook,
    Rate,
    on_card,
    outlook,
    warnings,
)
from firmware.core.indications import Trouble
from firmware.evidence.certs import write_pem
from firmware.media.sei import MOST_HASHES, GopFacts, Signatory, signed_sei
from tests.pki import Pki

BYTES = st.integers(0, 1 << 42)
ASIDE = 17 << 20
RATES = st.integers(1, 10_000_000)
SEGMENT = st.integers(2, 60)
BUDGETS = st.builds(
    Budget, st.integers(250_000, 40_000_000), st.integers(0, 120), st.integers(10, 60), st.integers(2, 60)
)
LOW, CRITICAL = Trouble.STORAGE_LOW, Trouble.STORAGE_CRITICAL
NONE: frozenset[Trouble] = frozenset()


@given(BYTES, BYTES, BYTES, RATES, SEGMENT)
def test_what_is_promised_is_there(free: int, returnable: int, kept: int, rate: int, segment_s: int) -> None:
    """So many seconds at that rate never touch what has to stay free, and a full storage promises nothing."""
    look = outlook(free=free, returnable=returnable, kept=kept, aside=ASIDE, rate=rate, segment_s=segment_s)
    assert look.full == (free < kept)
    assert look.left_s >= 0
    if look.left_s:
        assert free + returnable - (look.left_s + segment_s) * rate >= kept + ASIDE
    assert not (look.full and look.left_s)


@given(BYTES, BYTES, BYTES, RATES, SEGMENT, st.integers(0, 1 << 30))
def test_it_moves_one_way_with_each_of_its_causes(
    free: int, returnable: int, kept: int, rate: int, segment_s: int, more: int
) -> None:
    """More room never shortens it; a higher rate, more to keep and longer segments never lengthen it."""

    def left(free: int = free, returnable: int = returnable, kept: int = kept, rate: int = rate) -> int:
        return outlook(free=free, returnable=returnable, kept=kept, aside=ASIDE, rate=rate, segment_s=segment_s).left_s

    assert left(free=free + more) >= left() <= left(returnable=returnable + more)
    assert left(kept=kept + more) <= left() >= left(rate=rate + more)


@given(BYTES, RATES, SEGMENT, st.integers(0, 3600))
def test_it_runs_down_no_faster_than_time(free: int, rate: int, segment_s: int, seconds: int) -> None:
    """While the rate stays the same, what was promised and the time since never add up to less."""
    kept = 30 << 20
    first = outlook(free=free, returnable=0, kept=kept, aside=ASIDE, rate=rate, segment_s=segment_s).left_s
    later = outlook(
        free=max(0, free - seconds * rate), returnable=0, kept=kept, aside=ASIDE, rate=rate, segment_s=segment_s
    ).left_s
    assert later >= first - seconds


def test_the_last_byte() -> None:
    """What has to stay free is not touched; what is set aside for a while is not promised."""
    at = {"returnable": 0, "kept": CLOSING, "aside": ASIDE, "rate": 1000, "segment_s": 10}
    assert outlook(free=CLOSING - 1, **at) == Outlook(full=True, left_s=0)
    assert outlook(free=CLOSING, **at) == Outlook(full=False, left_s=0)
    assert outlook(free=CLOSING + ASIDE + 10_999, **at).left_s == 0
    assert outlook(free=CLOSING + ASIDE + 11_000, **at).left_s == 1


@given(BUDGETS)
def test_a_budget_keeps_room_for_the_end(budget: Budget) -> None:
    """A recording begins only where it could be sealed at once, and receipted footage goes before that is in danger."""
    assert CLOSING < budget.running < budget.idle < budget.emptying
    assert budget.running - CLOSING > 2 * budget.queue_s * budget.bitrate // 8
    assert budget.idle - budget.running > 2 * budget.pre_event_s * budget.bitrate // 8
    assert budget.rate > budget.bitrate // 8


@given(st.lists(st.integers(0, 100_000), max_size=20))
def test_what_flushes_take_is_counted_at_its_worst(sizes: list[int]) -> None:
    """Each is filled up to whole chunks of the age file."""
    chunks = [-(-(size + 1200 + 8) // 65_536) for size in sizes]  # boxes and the least padding
    padded = sum(each * (65_536 + 16) + 1500 for each in chunks)  # each chunk has its tag, each flush its line
    assert on_card(sum(sizes), len(sizes)) >= padded
    assert on_card(sum(sizes), len(sizes)) >= sum(sizes) + FLUSH * len(sizes)


def test_the_longest_signatures_fit_beside_the_padding() -> None:
    """A pair over GOPs of 300 slices, which 240 frames a second or a GOP of ten seconds bring, is counted like the rest of a flush."""
    session = Pki.create("a name of thirty-two characters").session()
    signatory = Signatory(session.sign_picture, write_pem(session.chain.ders), "1" * 64, "c" * 32, 0)
    hashes = tuple(bytes([number % 251]) * 32 for number in range(MOST_HASHES))
    gop = GopFacts(1, 0, 1, len(hashes), hashes[0], hashes, hashes[1])
    pair = sum(4 + len(signed_sei(gop, signatory, certificates=each)) for each in (True, False))
    padding, tail, tags = 65_543, 8, 3 * 16
    boxes = 2 * 250 + 240 // 2 * 16 + 48_000 // 1024 // 2 * 8
    line = 2_000
    assert pair > 2 * 32 * MOST_HASHES
    assert pair + padding + tail + tags + boxes + line <= FLUSH


def test_before_anything_was_measured_the_target_counts() -> None:
    """And what is measured takes its place bit by bit, until a whole minute is known."""
    rate = Rate(1000)
    found = [rate.per_second]
    for _ in range(2 * int(WINDOW_S)):
        rate.add(250, 0.5)
        found.append(rate.per_second)
    assert found[0] == 1001
    assert all(before >= after for before, after in pairwise(found))
    assert found[-1] == 501


@given(st.lists(st.tuples(st.integers(0, 200_000), st.floats(0, 3)), max_size=300), st.integers(1, 1_000_000))
def test_the_rate_stays_within_what_was_seen(flushes: list[tuple[int, float]], target: int) -> None:
    """Never below the lowest nor above everything that the newest minute brought; never nothing."""
    rate = Rate(target)
    for size, seconds in flushes:
        rate.add(size, seconds)
    assert 1 <= rate.per_second <= target + sum(size for size, _ in flushes) / WINDOW_S + 2


def test_a_picture_that_grows_is_noticed_within_a_minute() -> None:
    """Out of the dark into the light: the old rate counts for nothing after that."""
    rate = Rate(1)
    for size in [1000] * 500 + [8000] * 121:
        rate.add(size, 0.5)
    assert rate.per_second == 16_001


@pytest.mark.parametrize(
    ("left_s", "before", "expected"),
    [
        (HOUR_S, NONE, NONE),
        (HOUR_S - 1, NONE, {LOW}),
        (HOUR_S // 2, NONE, {LOW}),
        (HOUR_S // 2 - 1, NONE, {LOW, CRITICAL}),
        (0, NONE, {LOW, CRITICAL}),
        (HOUR_S * 5 // 4 - 1, {LOW}, {LOW}),
        (HOUR_S * 5 // 4, {LOW}, NONE),
        (HOUR_S * 5 // 8 - 1, {LOW, CRITICAL}, {LOW, CRITICAL}),
        (HOUR_S * 5 // 8, {LOW, CRITICAL}, {LOW}),
    ],
)
def test_the_warnings(left_s: int, before: frozenset[Trouble], expected: set[Trouble]) -> None:
    """Below an hour and below half of one; each goes only with a quarter more than where it came."""
    assert warnings(left_s, frozenset(before)) == expected


@given(st.lists(st.integers(0, 8), max_size=200))
def test_a_warning_does_not_flicker(eighths: list[int]) -> None:
    """However the forecast wavers by less than a quarter, each warning comes once and stays."""
    for trouble, below_s in ((LOW, HOUR_S), (CRITICAL, HOUR_S // 2)):
        stood, changes = NONE, 0
        for eighth in eighths:
            before, stood = stood, warnings(below_s - 1 + eighth * below_s // 33, stood)
            changes += (trouble in before) != (trouble in stood)
        assert changes <= 1
