"""A writer that lags puts the next flush together beside what it makes durable; here however little that is."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from firmware.media.mux import SegmentMuxer
from firmware.runtime import beside, recording
from tests.rig import Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.core.cutter import Flush


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The segments of flushes that were put together early."""
    found: list[int] = []
    begin = beside.Beside.begin
    monkeypatch.setattr(beside, "WORTH", 0)
    monkeypatch.setattr(recording, "WORTH", 0)

    def watched(self: beside.Beside, size: int, work: object) -> object:
        flushes: tuple[Flush, ...] = getattr(work, "args", ())
        if getattr(getattr(work, "func", None), "__func__", None) is SegmentMuxer.plain:
            found.append(flushes[0].segment)
        return begin(self, size, work)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(beside.Beside, "begin", watched)
    return found


def lagging(rig: Rig, pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the writer does so many pieces, and then none while the clock stands."""
    step, turns = rig.camera.writer.step, count(1)
    monkeypatch.setattr(rig.camera.writer, "step", lambda: bool(next(turns) % (pieces + 1)) and step())


def test_what_waited_is_whole(ahead: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage stalls for some seconds in the middle of a recording, and has all of it in the end."""
    rig = Rig.new().run(2).tap().run(1)
    with monkeypatch.context() as stall:
        stall.setattr(rig.camera.writer, "step", lambda: False)
        rig.run(4)
    report = judge(rig.run(1).stop(), tmp_path)
    (made,) = report.every_recording
    assert (report.worst, made.problems) == (Verdict.WHOLE, ())
    assert len([segment for segment in ahead if segment >= 3]) > 4


@pytest.mark.parametrize("pieces", [1, 2])
def test_live_flushes_come_between_those_of_the_buffer(
    pieces: int, ahead: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one of the buffer's is being put together a live one is written first, and both are what they would have been."""
    rig = Rig.new(pre_event_s=12).run(14)
    lagging(rig, pieces, monkeypatch)
    report = judge(rig.tap().run(4).stop().run(3), tmp_path)
    (made,) = report.every_recording
    assert (report.worst, made.problems) == (Verdict.WHOLE, ())
    assert made.seconds is not None
    assert made.seconds >= 12 + 4
    assert any(segment < 4 for segment in ahead)


def test_a_take_that_is_lost_takes_what_was_put_together_with_it(
    ahead: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync fails while the next flush is ready: nobody writes that, and the camera goes on in another recording, which is whole."""
    rig = Rig.new().run(2).tap().run(1)
    with monkeypatch.context() as stall:
        stall.setattr(rig.camera.writer, "step", lambda: False)
        rig.run(4)
    rig.evidence.trouble.fail_syncs(1)
    before = len(ahead)
    report = judge(rig.run(1).stop().restart().run(3), tmp_path)
    lost, going_on = report.every_recording
    assert len(ahead) > before
    assert (lost.verdict, going_on.verdict) == (Verdict.RECOVERED, Verdict.WHOLE)
