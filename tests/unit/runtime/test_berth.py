"""Where a camera stands, over all its links."""

from __future__ import annotations

import pytest

from firmware.core.machine import Move
from firmware.runtime.berth import AWAY_NS, HEAD_START_NS, STOOD_NS, Away, Berth, DockNews

SECOND = 1_000_000_000


class Told:
    """A berth, and what the controller hears of it."""

    def __init__(self) -> None:
        self.berth = Berth()
        self.news: list[DockNews] = []

    def met(self, rank: int, now_ns: int = 0) -> None:
        """A session stands."""
        self.berth.met(rank, "dock-1", now_ns, self.news.append)

    def note(self, rank: int, move: Move) -> None:
        """What goes over it."""
        self.berth.note(rank, move, "", self.news.append)

    def leave(self, rank: int) -> None:
        """It is over."""
        self.berth.leave(rank, "dock-1", f"link {rank} is out", self.news.append)

    def tick(self, now_ns: int) -> None:
        """Time passes."""
        self.berth.tick(now_ns, self.news.append)

    @property
    def moves(self) -> list[Move]:
        """Where that moves the camera, since the last question."""
        moves = [each.move for each in self.news]
        self.news.clear()
        return moves


@pytest.fixture
def told() -> Told:
    """A camera that is worn."""
    return Told()


def test_one_of_two_gone_is_still_docked(told: Told) -> None:
    """Only pulled out of all is gone."""
    told.met(0)
    told.met(1, SECOND)
    assert told.moves == [Move.MET]
    assert told.berth.dock == "dock-1"
    told.leave(0)
    assert told.moves == []
    told.leave(1)
    assert told.news == [DockNews(Move.GONE, "dock-1", "link 1 is out")]
    assert told.berth.dock is None


def test_ten_seconds_over_whichever_link(told: Told) -> None:
    """A docking counts once a session stood for ten seconds without a break, be it over one link after the other."""
    told.met(0)
    told.met(1, 4 * SECOND)
    told.leave(0)
    told.tick(STOOD_NS - 1)
    assert told.moves == [Move.MET]
    told.tick(STOOD_NS)
    told.tick(STOOD_NS + 1)
    assert told.moves == [Move.STOOD]
    told.leave(1)
    told.met(0, STOOD_NS + SECOND)
    told.tick(2 * STOOD_NS)
    assert told.moves == [Move.GONE, Move.MET]
    told.tick(2 * STOOD_NS + SECOND)
    assert told.moves == [Move.STOOD]


def test_offloads_as_long_as_one_link_does(told: Told) -> None:
    """At rest is at rest on all links; what holds is told again once the camera counts as docked."""
    told.met(0)
    told.met(1)
    told.note(0, Move.OFFLOAD)
    told.note(1, Move.OFFLOAD)
    told.note(0, Move.RESTED)
    assert told.moves == [Move.MET, Move.OFFLOAD]
    told.tick(STOOD_NS)
    assert told.moves == [Move.STOOD, Move.OFFLOAD]
    told.leave(1)
    assert told.moves == [Move.RESTED]
    told.note(0, Move.RESTED)
    assert told.moves == []


def test_a_countersigned_log_ends_it_on_all_links(told: Told) -> None:
    """The dock has everything, also where another link has nothing to say yet."""
    told.met(0)
    told.met(1)
    told.note(1, Move.OFFLOAD)
    told.berth.closed(0, told.news.append)
    assert told.moves == [Move.MET, Move.OFFLOAD, Move.RESTED]
    told.berth.closed(2, told.news.append)
    assert told.moves == []


def test_what_never_stood_moves_nothing(told: Told) -> None:
    """A refusal on a second link is no matter of the first; without any it is told, as ever."""
    told.note(0, Move.OFFLOAD)
    told.tick(STOOD_NS)
    assert told.moves == []
    told.leave(0)
    assert told.moves == [Move.GONE]
    told.met(0)
    told.leave(1)
    assert told.moves == [Move.MET]


def test_the_fastest_goes_first(told: Told) -> None:
    """A slower link waits for two seconds, or until a session stands."""
    berth = told.berth
    assert berth.may_begin(0, 5, 5)
    assert not berth.may_begin(1, 5, 5 + HEAD_START_NS - 1)
    assert berth.may_begin(1, 5, 5 + HEAD_START_NS)
    told.met(0)
    assert berth.may_begin(2, 5, 5)


def test_makes_way_for_a_faster_link(told: Told) -> None:
    """For one that came later and has stood for ten seconds; never for a slower one, or one that was there before."""
    berth = told.berth
    told.met(1)
    assert not berth.makes_way(1, STOOD_NS)
    told.met(2, SECOND)
    told.met(0, 2 * SECOND)
    assert not berth.makes_way(1, 2 * SECOND + STOOD_NS - 1)
    assert [berth.makes_way(rank, 2 * SECOND + STOOD_NS) for rank in range(4)] == [False, True, True, False]
    told.leave(1)
    told.met(1, 3 * SECOND)
    assert not berth.makes_way(1, 60 * SECOND)


def test_taken_out_is_out_of_contact_over_all_links(told: Told) -> None:
    """For two seconds; told once, with the dock that it was in, and anew only once it was in contact again."""
    berth, out = told.berth, list[Away]()
    assert (HEAD_START_NS, STOOD_NS, AWAY_NS) == (2 * SECOND, 10 * SECOND, 2 * SECOND)

    def look(rank: int, at_ns: int, *, up: bool) -> int:
        berth.contact(rank, at_ns, out.append, up=up)
        return len(out)

    told.met(0)
    look(0, 0, up=True)
    look(1, 0, up=True)
    assert look(0, SECOND, up=False) == 0
    assert look(0, 20 * SECOND, up=False) == 0, "the other link is still in contact"
    assert look(1, 21 * SECOND, up=False) == 0
    assert look(0, 23 * SECOND - 1, up=False) == 0
    assert look(0, 23 * SECOND, up=False) == 1
    assert look(1, 90 * SECOND, up=False) == 1
    assert out == [Away("dock-1")]
    look(1, 91 * SECOND, up=True)
    assert look(1, 92 * SECOND, up=False) == 1
    assert look(1, 93 * SECOND, up=True) == 1, "it shook in its slot"
    assert look(1, 94 * SECOND, up=False) == 1
    assert look(1, 95 * SECOND, up=False) == 1
    assert look(1, 96 * SECOND, up=False) == 2
    assert out[1] == Away("")


def test_two_that_came_at_the_same_moment_both_stay(told: Told) -> None:
    """Neither came later."""
    told.met(1, SECOND)
    told.met(0, SECOND)
    assert not told.berth.makes_way(1, 60 * SECOND)
