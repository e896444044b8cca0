"""The power budget and the parts list: arithmetic on inputs that are listed with their sources, and prose that says what the figures say."""

from __future__ import annotations

from math import ceil, isclose
from pathlib import Path

import pytest

from hal.interface import Colour, Light, Pattern
from tests.specification import hardware, power, power_page, shopping
from tests.specification.power import STATES, Three

BOARDS = [board.name for board in hardware.boards()]
PAGE = (Path(__file__).parents[2] / "docs" / "power-budget.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("board", BOARDS)
def test_each_figure_says_whose_word_it_is(board: str) -> None:
    """A page that others published, or that it is an estimate or computed; and none hopes for more than it fears."""
    for each in power.draws(board):
        assert "](http" in each.source or each.source.startswith(("estimate: ", "computed: ")), each.part
        for figure in each.states.values():
            assert 0 < figure.hoped <= figure.likely <= figure.feared, each.part


@pytest.mark.parametrize("board", BOARDS)
def test_sums(board: str) -> None:
    """Recording takes most, standby least, and each is what its parts take together."""
    standby, ready, recording = (power.total(board, state) for state in STATES)
    assert standby.likely < ready.likely < recording.likely
    parts = [each.states["recording"] for each in power.draws(board)]
    assert isclose(recording.feared, sum(each.feared for each in parts))
    assert isclose(recording.hoped, sum(each.hoped for each in parts))


def test_hours_by_hand() -> None:
    """18 Wh of 5000 mAh, of which 90 % are had and 88 % become 5 V, over what a shift takes on average."""
    ready, recording = power.total("zero2w", "ready").likely, power.total("zero2w", "recording").likely
    mean_mw = (10 * ready + 2 * recording) / 12
    assert isclose(power.hours("zero2w", 5000).likely, 5 * 3.6 * 0.9 * 0.88 / (mean_mw / 1000))


@pytest.mark.parametrize("board", BOARDS)
def test_the_cell_that_a_shift_needs_lasts_a_shift(board: str) -> None:
    """Both ways round, in hope and in fear; and half the cell lasts half as long."""
    needed = power.needed_mah(board)
    assert isclose(power.hours(board, needed.likely).likely, power.SHIFT_H)
    assert isclose(power.hours(board, needed.feared).feared, power.SHIFT_H)
    assert needed.hoped < needed.likely < needed.feared
    assert isclose(power.hours(board, 2500).likely * 2, power.hours(board, 5000).likely)


@pytest.mark.parametrize(
    ("pattern", "share"), [(Pattern.STEADY, 1.0), (Pattern.PULSE, 0.6), (Pattern.BLINK, 1 / 30), (Pattern.SLOW, 0.5)]
)
def test_how_bright_patterns_are_on_average(pattern: Pattern, share: float) -> None:
    """From the courses that are played."""
    assert isclose(power.share(Light(Colour.RED, pattern)), share)


def test_reminders_take_next_to_nothing() -> None:
    """Half a second of 0.25 W every two minutes."""
    assert isclose(power.motor().likely, 75 * 3.3 * 0.5 / 120)


def test_charging_has_to_give_more_than_the_camera_takes() -> None:
    """36 Wh, of each watt that is left over 85 % in the cell; and never where nothing is left."""
    left = 10 - power.total("zero2w", "ready").likely / 1000
    assert isclose(power.charging_h("zero2w", 10_000, 10) or 0, 36 / 0.85 / left)
    assert power.charging_h("pi5", 10_000, 4.5) is None


def test_warmth_by_hand() -> None:
    """A case of 90 x 60 x 28 mm without the side at the body has 138 square centimetres."""
    assert isclose(power.warmer_k("zero2w").likely, power.total("zero2w", "recording").likely / 1000 / (10 * 0.0138))


def test_the_prose_says_what_the_figures_say() -> None:
    """Whoever changes an input has to read the page again."""
    one = power.hours("zero2w", 5000)
    assert "two cells of 5000 mAh" in PAGE
    assert ceil(power.needed_mah("zero2w").likely / 5000) == 2
    assert "with one it lasts about eight, and an old one in the cold four" in PAGE
    assert (round(one.likely), round(one.feared)) == (8, 4)
    assert "At 30 °C of air a Zero 2 W's case would have some 44 °C" in PAGE
    assert round(power.warmer_k("zero2w").likely) == 14
    assert "takes longer than the rest between two shifts" in PAGE
    assert (power.charging_h("zero2w", 10_000, 4.5) or 0) > 12


def test_figures_are_no_finer_than_they_are_known() -> None:
    """What is likely, then what one may hope for and has to fear; one figure where there is one."""
    assert power_page.printed(Three(1.23, 4.56, 7.89), 0.5) == "4.5 (1.0 to 8.0)"
    assert power_page.printed(Three(3, 3, 3), 0.1) == "3.0"
    assert power_page.printed(None, 1) == "0"


def test_the_parts_list_has_what_the_boards_have() -> None:
    """A clock where the board has none, a TPM where its file names one, cells for a shift; and prices are bands, of half a decade."""
    for board in hardware.boards():
        had = {part.what for part in shopping.PARTS if part.many(board)}
        assert ("clock" in had) is bool(board.rtc and board.rtc.chip)
        assert {"board", "camera module", "microphone", "device key", "card", "cells", "case"} <= had
        assert sum(part.what == "board" and part.many(board) for part in shopping.PARTS) == 1
        low, high = shopping.spent(board)
        assert 3 < high / low < 3.4
