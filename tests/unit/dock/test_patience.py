"""How long a camera waits before it meets a dock again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock.patience import DROPS_S, EARLY_NS, PAUSES_S, Outcome, Patience

DOCKINGS = st.tuples(st.sampled_from(Outcome), st.integers(0, 2 * EARLY_NS), st.booleans(), st.booleans())


def after(patience: Patience, outcome: Outcome, lasted_ns: int = 0, *, accepted: bool = True, contact: bool = True) -> Patience:  # fmt: skip
    """One more docking, which is short, accepted and in contact unless said otherwise."""
    return patience.after(outcome, lasted_ns, accepted=accepted, contact=contact)


def behind(*outcomes: Outcome) -> Patience:
    """Behind such dockings in a row."""
    patience = Patience()
    for outcome in outcomes:
        patience = after(patience, outcome)
    return patience


def test_at_first() -> None:
    """Half a second, and nothing beyond it."""
    assert (Patience().pause_s, Patience().hold_s) == (0.5, 0)
    assert EARLY_NS == 10 * 10**9


def test_refusals() -> None:
    """Twice as long each time, up to a minute; a docking that is done starts over."""
    waits = [behind(*[Outcome.REFUSED] * count).pause_s for count in range(12)]
    assert waits == [*PAUSES_S, 60.0, 60.0, 60.0, 60.0]
    assert behind(*[Outcome.REFUSED] * 5, Outcome.DONE) == Patience()


def test_drops() -> None:
    """Three dockings that broke off cost nothing, further ones up to four seconds, for a contact may shake; one that is done starts over."""
    waits = [behind(*[Outcome.LOST] * count).hold_s for count in range(9)]
    assert waits == [0, 0, 0, 1, 2, 4, 4, 4, 4]
    assert behind(*[Outcome.LOST] * 5, Outcome.DONE) == Patience()


@pytest.mark.parametrize(("lasted_ns", "hold_s"), [(EARLY_NS - 1, DROPS_S[5]), (EARLY_NS, 0)])
def test_what_stood_for_a_while(lasted_ns: int, hold_s: float) -> None:
    """A docking that stood as long as makes a docked camera starts over: such a dock takes its time."""
    assert after(behind(*[Outcome.LOST] * 4), Outcome.LOST, lasted_ns).hold_s == hold_s


def test_a_hand_never_waits() -> None:
    """Whoever pulls a camera out and puts it in, however often, waits for nothing that broke off."""
    dropped = behind(*[Outcome.LOST] * 6)
    assert dropped.apart() == Patience()
    assert after(dropped, Outcome.LOST, contact=False) == Patience()


def test_being_out_of_contact_undoes_no_refusal() -> None:
    """A dock that is refused cannot have the camera try faster by letting contact shake."""
    assert behind(Outcome.REFUSED, Outcome.REFUSED).apart() == Patience(2)


@pytest.mark.parametrize(("accepted", "refusals"), [(True, 0), (False, 3)])
def test_hanging_up_undoes_no_refusal(refusals: int, *, accepted: bool) -> None:
    """Only an accepted docking starts over: whoever is refused may hang up in between as often as they like."""
    assert after(Patience(3), Outcome.LOST, accepted=accepted) == Patience(refusals, 1)


def test_a_refusal_undoes_no_drop() -> None:
    """A dock that is refused and lets the link drop in turn is met no faster than one that does the one thing only."""
    assert after(Patience(0, 4), Outcome.REFUSED) == Patience(1, 4)


@given(st.lists(DOCKINGS, max_size=30))
def test_bounds(dockings: list[tuple[Outcome, int, bool, bool]]) -> None:
    """Whatever came before, an honest dock waits for no more than a few seconds behind drops, and refusals never wait less than the first
    pause."""
    patience = Patience()
    for outcome, lasted_ns, accepted, contact in dockings:
        patience = patience.after(outcome, lasted_ns, accepted=accepted, contact=contact)
        assert 0 <= patience.hold_s <= 4
        assert PAUSES_S[0] <= patience.pause_s <= PAUSES_S[-1]
        assert outcome is not Outcome.REFUSED or patience.pause_s >= PAUSES_S[1]


def test_longer_each_time() -> None:
    """Both tables grow to their ends."""
    for table in (PAUSES_S, DROPS_S):
        assert all(shorter <= longer for shorter, longer in pairwise(table))
