"""Frames are bounded and never crowd out what matters more."""

from __future__ import annotations

import threading
import time
from unittest import mock

import pytest

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
    thread.join(60)
    assert woken.is_set()


def test_a_consumer_waits_while_nothing_comes() -> None:
    """It does not run in circles: that would take the processor from the encoder."""
    box: Mailbox[str] = Mailbox(1)
    began = time.monotonic()
    box.wait(0.02)
    assert time.monotonic() - began >= 0.02


def test_frames_wake_nobody() -> None:
    """They lie in the order in which they came, until the consumer looks or something more urgent comes."""
    box: Mailbox[str] = Mailbox(100)
    box.lay("frame", 60)
    began = time.monotonic()
    box.wait(0.02)
    assert time.monotonic() - began >= 0.02
    box.put("press")
    box.wait(60)
    assert box.held == 60
    assert [box.take(), box.take(), box.take()] == ["frame", "press", None]


def test_nothing_that_comes_before_the_wait_is_missed() -> None:
    """What was put between the last look and the wait ends the wait at once; what was taken before does not."""
    box: Mailbox[str] = Mailbox(1)
    box.put("press")
    box.wait(60)
    assert box.take() == "press"
    began = time.monotonic()
    box.wait(0.02)
    assert time.monotonic() - began >= 0.02


def test_without_memory_an_edge_is_lost_and_nothing_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception would end the thread of the hardware that brought it."""
    box: Mailbox[str] = Mailbox(1)
    box.bring("press")
    with monkeypatch.context() as patched:
        patched.setattr(box, "put", mock.Mock(side_effect=MemoryError))
        box.bring("lost")
    assert [box.take(), box.take()] == ["press", None]
