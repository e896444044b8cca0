"""Frames are bounded and never crowd out what matters more."""

from __future__ import annotations

import threading

from firmware.runtime.mailbox import Mailbox


def test_it_keeps_the_order_and_the_weight() -> None:
    """First in, first out, and the bytes that wait are known."""
    box: Mailbox[str] = Mailbox(100)
    box.put("frame", 60)
    box.put("press")
    assert box.held == 60
    assert [box.take(), box.take(), box.take()] == ["frame", "press", None]
    assert box.held == 0


def test_a_full_box_says_so_and_still_takes_orders() -> None:
    """There is no room for frames, but an edge gets in."""
    box: Mailbox[str] = Mailbox(100)
    box.put("frame", 99)
    assert box.room
    box.put("frame", 1)
    rooms = [box.room]
    assert rooms == [False]
    box.put("press")
    assert [box.take(), box.take(), box.take()] == ["frame", "frame", "press"]


def test_a_waiting_consumer_wakes_at_once() -> None:
    """No polling interval lies between a press and its handling."""
    box: Mailbox[str] = Mailbox(1)
    woken = threading.Event()

    def consume() -> None:
        box.wait(60)
        woken.set()

    thread = threading.Thread(target=consume)
    thread.start()
    box.put("press")
    thread.join(5)
    assert woken.is_set()
