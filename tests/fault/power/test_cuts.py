"""Power cuts, the smaller tier: every moment of every story, a few states of each, and again in the start that follows."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from firmware.runtime import durable, names
from firmware.runtime.custody import Custody
from firmware.runtime.sealedfile import SealedFile
from firmware.runtime.work import Begin, Durable, End
from firmware.runtime.writer import Writer
from tests.fault.power import cuts
from tests.fault.power.cutter import SMALL, Bounds, Tally
from tests.fault.power.stories import STORIES, battery_end, first_press, handover, signed_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from hal.interface import Directory, File
    from tests.fault.power.stories import Story
    from tests.fault.power.world import World

SEED = 7


@cache
def small(tell: Callable[[World], Story]) -> Tally:
    """What the small tier of a story comes to."""
    return cuts.enumerate_here(SMALL, SEED, tell)


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_no_cut_breaks_a_promise(tell: Callable[[World], Story]) -> None:
    """Live footage up to a second, nothing sealed touched, everything verifies, what was cut off goes on: whatever survived."""
    assert small(tell).violations == []


def test_every_kind_of_outcome_is_among_them() -> None:
    """Recovered, void, quarantined, half-erased, closed and whole: an enumeration that never gets there shows nothing."""
    tally = Tally()
    for tell in STORIES:
        tally.add(small(tell))
    outcomes = " ".join(tally.outcomes)
    for word in ("recovered", "whole", "void", "quarantine", "half-erased", "closing", "erasure", "empty"):
        assert word in outcomes
    assert tally.seconds > 100
    assert tally.exhaustive > tally.moments / 2


FEW = Bounds(first=3, starts=3, start_one_in=1, longer=100, each=0, cut_one_in=10_000, stride=20, second=1)


def test_a_missing_sync_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal vouches for bytes that are not on the card yet: the states show it."""
    append = SealedFile.append

    def unsynced(self: SealedFile, plain: bytes, end: bytes = b"") -> object:
        file: File = self._file
        file.sync, sync = lambda: None, file.sync  # type: ignore[method-assign]  # replaced by the test
        try:
            return append(self, plain, end)
        finally:
            file.sync = sync  # type: ignore[method-assign]  # replaced by the test

    monkeypatch.setattr(SealedFile, "append", unsynced)
    assert any("vouches" in text or "signs" in text for text in cuts.enumerate_here(FEW, SEED, first_press).violations)


def test_a_second_signature_behind_its_manifest_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut between the two would leave a manifest that names a second signature without it: the states show it."""
    replace = durable.replace
    held: list[tuple[Directory, bytes]] = []

    def late(directory: Directory, name: str, data: bytes) -> None:
        if name == names.SECOND:
            held.append((directory, data))
            return
        replace(directory, name, data)
        if name == names.MANIFEST:
            for where, again in held:
                replace(where, names.SECOND, again)
            held.clear()

    monkeypatch.setattr(durable, "replace", late)
    assert any(names.SECOND in text for text in cuts.enumerate_here(FEW, SEED, signed_again).violations)


def test_a_light_that_speaks_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acknowledged before the first live flush was durable: a cut right then shows a recording without it."""
    begin = Writer._begin

    def early(self: Writer, job: Begin) -> None:
        begin(self, job)
        self._confirmed.add(job.take)
        self._answer(Durable(job.take, self.takes[job.take].number))

    monkeypatch.setattr(Writer, "_begin", early)
    assert any("of what was live" in text for text in cuts.enumerate_here(FEW, SEED, first_press).violations)


def test_an_end_that_forgets_to_go_on_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed at the last reserve of the battery, and the power goes before the log is closed: nothing would resume it."""
    monkeypatch.setattr(End, "resumes", False)
    assert any("does not have to go on" in text for text in cuts.enumerate_here(FEW, SEED, battery_end).violations)


def test_an_erasure_without_a_durable_receipt_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is not told of the receipt first."""
    monkeypatch.setattr(Custody, "note_receipt", lambda _self, _number, _receipt: None)
    assert any("without a receipt" in text for text in cuts.enumerate_here(FEW, SEED, handover).violations)
