"""The wiring drawing: it shows each pin of a board's file at its place on the header, and nothing lies on anything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from hal.pi.board import Board, Key
from tests.specification import hardware, wires
from tests.specification.symbols import Point, Sheet, Words

BOARDS = {board.name: board for board in hardware.boards()}
EDGE = 1.0
Span = tuple[float, float]


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Board:
    """Each board that there is."""
    return BOARDS[request.param]


def drawn(board: Board) -> Sheet:
    """The sheet of a board."""
    return wires.sheet(board, [board])[0]


def stretches(points: list[Point]) -> Iterator[tuple[bool, float, Span]]:
    """A wire's parts: whether it stands, where, and from where to where."""
    for (x, y), (then_x, then_y) in pairwise(points):
        assert x == then_x or y == then_y, "a wire runs aslant"
        if x == then_x:
            yield True, x, (min(y, then_y), max(y, then_y))
        else:
            yield False, y, (min(x, then_x), max(x, then_x))


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share more than an end."""
    return one[0] < other[1] - EDGE and other[0] < one[1] - EDGE


def touch(words: Words, standing: bool, at: float, span: Span) -> bool:  # noqa: FBT001 - a stretch
    """Whether a wire runs through words."""
    across, along = ((words.left, words.right), (words.top, words.bottom))
    if not standing:
        across, along = along, across
    return across[0] < at < across[1] and overlap(along, span)


def test_each_pin_is_wired_from_its_place(board: Board) -> None:
    """Every pin of the file has one wire, which begins at that pin's row of the header, on its side or passing through."""
    sheet = drawn(board)
    supplies = {"2", "4", "6"}
    assert set(sheet.wires) - supplies == {pin for _, pin in board.pins()}
    for name in set(sheet.wires) - supplies:
        row = (hardware.position(board, name) - 1) // 2
        assert 0 <= sheet.wires[name][0][1] - (wires.TOP + wires.ROW * row) < wires.ROW / 2


def test_no_wire_lies_on_another(board: Board) -> None:
    """They cross, but never share a stretch."""
    sheet = drawn(board)
    for (name, points), (other, others) in combinations(sheet.wires.items(), 2):
        for (standing, at, span), (lies, there, along) in [
            (one, two) for one in stretches(points) for two in stretches(others)
        ]:
            assert standing is not lies or abs(at - there) >= EDGE or not overlap(span, along), (name, other)


def test_no_words_lie_on_words(board: Board) -> None:
    """Nor leave the drawing, taken as wide as the widest of the common fonts makes them."""
    sheet, width, height = wires.sheet(board, [board])
    for one, other in combinations(sheet.words, 2):
        apart = not overlap((one.left, one.right), (other.left, other.right))
        assert apart or not overlap((one.top, one.bottom), (other.top, other.bottom)), (one.text, other.text)
    assert [each.text for each in sheet.words if each.left < 0 or each.right > width or each.bottom > height] == []


def test_no_wire_runs_through_words(board: Board) -> None:
    """What stands beside a wire can be read."""
    sheet = drawn(board)
    through = [
        (words.text, name)
        for words in sheet.words
        for name, points in sheet.wires.items()
        for stretch in stretches(points)
        if touch(words, *stretch)
    ]
    assert through == []


def test_words_stay_in_their_part(board: Board) -> None:
    """A note is not longer than its field."""
    sheet, width, _ = wires.sheet(board, [board])
    for words in sheet.words:
        if words.left < wires.MARGIN + wires.PANEL < words.right - EDGE:
            pytest.fail(words.text)
        if words.left + EDGE < width - wires.MARGIN - wires.PANEL < words.right:
            pytest.fail(words.text)


def test_the_drawing_is_a_picture_for_all_boards_that_are_wired_alike() -> None:
    """Well-formed, and it names the boards it holds for; a board whose own clock runs on lacks a chip, and the drawing says so."""
    root = ET.fromstring(wires.drawing())  # noqa: S314 - our own
    words = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Pi Zero 2 W, Pi 4 B, Pi 5" in words
    assert "not on Pi 5" in words


def test_what_a_board_lacks_is_not_drawn() -> None:
    """Neither a module without pins nor a contact that is not there."""
    bare = replace(
        BOARDS["zero2w"],
        signer=Key("software"),
        microphone=None,
        buzzer=None,
        vibration=None,
        inputs={},
        power={},
        uart=None,
    )
    sheet = drawn(bare)
    titles = {each.text for each in sheet.words}
    assert not titles & {
        "TPM 2.0 on SPI",
        "microphone on I2S",
        "buzzer",
        "vibration motor",
        "alarm",
        "holster",
        "dock's pogo pins",
    }
    assert {"record button", "function button", "light on top", "chips on I2C"} <= titles
