"""Several files at once: in their order, each with what became of it, and nothing goes on behind the end."""

from __future__ import annotations

import threading

import pytest

from tools.verify import beside
from tools.verify.findings import Refused


def test_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long each takes; what is refused is refused where it is asked for, and keeps none of the others."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    second = threading.Event()

    def work(item: int) -> int:
        if item == 2:
            second.set()
        if item == 1:
            assert second.wait(60), "the other one works beside it"
        if item == 3:
            raise Refused("three")
        return item * 10

    with beside.each(work, [1, 2, 3, 4]) as found:
        assert [found[0].result(), found[1].result(), found[3].result()] == [10, 20, 40]
        with pytest.raises(Refused, match="three"):
            found[2].result()


def test_nothing_goes_on_behind_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is done early waits for what is under way, and begins nothing more."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    begun, go_on, done = threading.Event(), threading.Event(), []

    def work(item: int) -> None:
        begun.set()
        assert go_on.wait(60)
        done.append(item)

    with beside.each(work, list(range(9))):
        assert begun.wait(60)
        threading.Timer(0.05, go_on.set).start()
    assert done == [0]


def test_a_listener_hears_one_at_a_time() -> None:
    """Of whatever threads."""
    inside, heard = threading.Lock(), []

    def hear(length: int) -> None:
        assert inside.acquire(blocking=False)
        heard.append(length)
        inside.release()

    told = beside.one_at_a_time(hear)
    assert told is not None
    with beside.each(told, [1] * 500) as found:
        for each in found:
            each.result()
    assert sum(heard) == 500
    assert beside.one_at_a_time(None) is None
