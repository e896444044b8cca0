"""Units in the order of time."""

from __future__ import annotations

from firmware.core.order import Increasing
from tests.streams import EPOCH, frame, sound


def test_later_units_pass() -> None:
    """A source that keeps its promise loses nothing."""
    order = Increasing()
    assert all(order.accept(frame(EPOCH + index)) for index in range(5))
    assert order.repeated == 0


def test_a_unit_that_is_not_later_is_left_out_and_counted() -> None:
    """Equal and reversed times never reach a media file, and are never silent."""
    order = Increasing()
    assert order.accept(frame(EPOCH))
    assert not order.accept(frame(EPOCH))
    assert not order.accept(frame(EPOCH - 1))
    assert order.accept(frame(EPOCH + 1))
    assert order.repeated == 2


def test_tracks_are_ordered_each_for_itself() -> None:
    """Sound may lie before a frame that arrived earlier."""
    order = Increasing()
    assert order.accept(frame(EPOCH))
    assert order.accept(sound(EPOCH - 10))
    assert not order.accept(sound(EPOCH - 10))
    assert order.accept(frame(EPOCH + 1))


def test_a_restart_forgets_times_but_not_the_count() -> None:
    """After a restart of the source earlier times are welcome again."""
    order = Increasing()
    order.accept(frame(EPOCH))
    order.accept(frame(EPOCH))
    order.restart()
    assert order.accept(frame(EPOCH - 5))
    assert order.repeated == 1
