"""Scripts of acts: drawn from a seed, kept as text, made short."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.fault.soak.acts import ACTS, LONG, Act, Script, draw, dump, load
from tests.fault.soak.deeds import DEEDS
from tests.fault.soak.shrink import shrink


def test_a_seed_draws_the_same_acts_each_time() -> None:
    """A printed seed is enough to see it again, and another one is another shift."""
    assert list(islice(draw(7), 200)) == list(islice(draw(7), 200)) != list(islice(draw(8), 200))


def test_all_kinds_are_drawn_within_their_ranges() -> None:
    """Nothing that can happen is left to be forgotten."""
    acts = list(islice(draw(1), 5000))
    assert {act.kind for act in acts} == set(ACTS) == set(DEEDS)
    assert all(ACTS[act.kind].least <= act.number <= ACTS[act.kind].most for act in acts)


def test_long_whiles_can_be_cut_short() -> None:
    """A short shift is not one long wait."""
    assert max(act.number for act in islice(draw(1, 20), 500) if act.kind in LONG) == 20


def test_a_script_survives_being_written() -> None:
    """What is kept is what was drawn."""
    script = tuple(islice(draw(3), 50))
    assert load(dump(script, 'it said "no"')) == script


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"acts": [["press"]]}', '{"acts": [["dance", 1]]}', '{"acts": [["press", "x"]]}']
)
def test_what_is_no_script_is_refused(text: str) -> None:
    """A kept script that no longer means anything fails its test."""
    with pytest.raises(ValueError):  # noqa: PT011 - also json's own
        load(text)


def script(*kinds: str) -> Script:
    """Acts of these kinds with a number that could be smaller."""
    return tuple(Act(kind, 16) for kind in kinds)


def test_only_what_it_takes_is_left() -> None:
    """Three acts out of a hundred, in their order, with the plainest numbers that still show it."""
    acts = [*islice(draw(5, 20), 97)]
    for place, kind in ((11, "stall"), (48, "mute"), (90, "cut")):
        acts.insert(place, Act(kind, 1.9))

    def fails(tried: Script) -> bool:
        kinds = [act.kind for act in tried if act.kind != "stall" or act.number > 1]
        places = [kinds.index(kind) if kind in kinds else -1 for kind in ("stall", "mute", "cut")]
        return -1 not in places and places == sorted(places)

    if not fails(tuple(acts)):
        acts = [act for act in acts if act.kind not in {"stall", "mute", "cut"} or act.number == 1.9]
    found = shrink(acts, fails)
    assert [act.kind for act in found] == ["stall", "mute", "cut"]
    assert found[0].number > 1
    assert (found[1].number, found[2].number) == (0, 0)


def test_what_always_fails_comes_down_to_one_act() -> None:
    """The shortest script that is one."""
    assert shrink(script("press", "wait", "cut", "dock"), lambda _: True) == (Act("dock", 5),)


def test_what_fails_only_as_a_whole_stays_whole() -> None:
    """Nothing is left out that matters."""
    whole = script("press", "wait", "cut", "dock", "stop")
    assert shrink(whole, lambda tried: tried == whole) == whole


def test_a_search_that_is_stopped_gives_what_it_has() -> None:
    """A box of time is a box of time."""
    whole, tries = script("press", "wait", "cut", "dock"), iter([True, False, False])
    assert shrink(whole, lambda _: next(tries, False)) == whole[2:]
