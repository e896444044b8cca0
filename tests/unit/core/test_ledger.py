"""The sum of the audit log's lines: which number comes next, and what is still open."""

from __future__ import annotations

from typing import Any

from firmware.core.ledger import NOTHING, Ledger, Newest, Opening

CLOCK = {"mono_ms": 1, "utc_ms": 2, "quality": "rtc"}


def followed(*lines: tuple[str, dict[str, Any]]) -> Ledger:
    """What lines of one boot add up to; line n has the hash n."""
    ledger = Ledger()
    for line, (kind, data) in enumerate(lines, 1):
        ledger.follow({"boot": 3, "line": line, "clock": CLOCK, "kind": kind, "data": data}, f"hash {line}")
    return ledger


def opening(number: int) -> tuple[str, dict[str, Any]]:
    """The line of an opening."""
    return "opening", {"number": number, "opening": f"opening {number}"}


def test_numbers_are_given_out_once() -> None:
    """The next one is behind the newest, and a dock hears of the newest."""
    assert Ledger().newest() == Newest(0, 0, NOTHING, 0)
    ledger = followed(opening(7), ("fault", {"code": "x"}))
    assert (ledger.upcoming, ledger.opening) == (8, "opening 7")
    assert ledger.newest() == Newest(3, 2, "hash 2", 7)


def test_what_was_opened_is_open_until_a_line_says_what_became_of_it() -> None:
    """A closing, or that it is void, or missing; a second one changes nothing."""
    ends = [("closing", {"number": 1}), ("void", {"number": 2}), ("missing", {"number": 3}), ("closing", {"number": 3})]
    ledger = followed(*(opening(number) for number in (1, 2, 3, 4)), *ends)
    assert ledger.unclosed == {4: Opening("opening 4", 3)}


def test_a_boot_line_carries_the_sum_over() -> None:
    """Whoever reads that line and what follows knows as much as who reads all; that it has to go on is said once."""
    ledger = followed(opening(1), opening(2), ("closing", {"number": 1}), ("stop", {"resume": True}))
    assert ledger.resume
    again = followed(("boot", {**ledger.carry(), "counter": None}))
    assert (again.upcoming, again.opening, again.unclosed) == (3, "opening 2", {2: Opening("opening 2", 3)})
    assert not again.resume
