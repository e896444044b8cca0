"""UTC for each frame: never further from the truth than it says, and silent where nobody knows."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware.media.signing import Origin
from firmware.runtime.recording import Flushed, OpenRecording
from hal.interface import ClockQuality
from tests.rig import Rig
from tests.unit.tools.conftest import Desk
from tools.export.cli import main
from tools.export.times import FrameTime, FrameTimes
from tools.verify.certs import Trust
from tools.verify.clocks import SETTING_MS, uncertainty_ms
from tools.verify.findings import Problems, Refused
from tools.verify.journal import read_journal
from tools.verify.model import Clock, Journal

MS = 1_000_000
SET_MS = 1_790_000_000_000
FRAME_MS = 100


def table(path: Path) -> list[dict[str, str]]:
    """A table of capture times."""
    with path.open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def journal_of(directory: Path) -> Journal:
    """A recording's journal, which verifies."""
    problems = Problems()
    journal = read_journal(directory, Trust(None), problems)
    assert journal is not None
    assert not problems
    return journal


@pytest.mark.parametrize("set_after", [None, 0.0, 3.0])
def test_as_close_to_the_truth_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_after: float | None
) -> None:
    """Each frame of a whole camera, from the buffer or live, lies within its uncertainty of its true capture time; a
    clock that is set during the recording dates what came before it too."""
    epochs: list[int] = []
    flush = OpenRecording.flush

    def watched(self: OpenRecording, origin: Origin, *rest: Any) -> Flushed:
        epochs.append(origin.epoch_ns)
        return flush(self, origin, *rest)

    monkeypatch.setattr(OpenRecording, "flush", watched)
    rig = Rig.new()
    rig.clock.put(0, ClockQuality.UNSET)
    rig.run(6).tap()
    if set_after is not None:
        rig.run(set_after)
        rig.camera.vault.stamps.set_utc(SET_MS)
    rig.run(4).stop()
    rig.copy_to(tmp_path / "card")
    journal = journal_of(tmp_path / "card" / "recordings" / "00000001")
    times = FrameTimes(journal)
    ahead_ms = rig.clock.utc().utc_ms - rig.clock.monotonic_ns() // MS
    starts = sorted(each.video.start for each in journal.flushes if each.video is not None)
    assert len(starts) > 8
    for media in starts:
        found = times.at(media)
        if set_after is None:
            assert (found.utc_ms, found.uncertainty_ms, found.quality, found.utc) == (None, None, "unset", "")
            continue
        assert found.utc_ms is not None
        assert found.uncertainty_ms is not None
        true_ms = epochs[0] / MS + media / 90 + ahead_ms
        assert abs(found.utc_ms - true_ms) <= FRAME_MS, (
            "the virtual clock does not drift: what is left is less than a frame"
        )
        assert SETTING_MS + FRAME_MS < found.uncertainty_ms < 2 * SETTING_MS
        assert found.quality == "dock"
    assert [times.at(media).pre_event for media in (starts[0], starts[-1])] == [True, False]


def test_the_table(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--times csv` writes a row a frame beside the film, and what came before the press is marked."""
    out = tmp_path / "film.mp4"
    arguments = [str(desk.recording(1)), "--key", str(desk.key), "-o", str(out), "--times", "csv"]
    assert main(arguments) == 0
    rows = table(tmp_path / "film.csv")
    assert "when each frame was captured" in capsys.readouterr().out
    assert [int(row["frame"]) for row in rows] == list(range(60))
    assert [int(row["media_ticks"]) for row in rows] == [9000 * index for index in range(60)]
    assert [row["film_s"] for row in rows[:3]] == ["0.000000", "0.100000", "0.200000"]
    assert [row["pre_event"] for row in rows] == ["1"] * 20 + ["0"] * 40
    assert {row["clock"] for row in rows} == {"rtc"}
    assert {row["uncertainty_ms"] for row in rows} == {""}, "no docking is on record: nobody knows"
    assert main(arguments) == 1
    assert "is there already" in capsys.readouterr().err


def test_no_table_where_no_film_came(desk: Desk, tmp_path: Path) -> None:
    """Film and table appear together or not at all."""
    (tmp_path / "film.csv").write_text("mine")
    arguments = [str(desk.recording(1)), "--key", str(desk.key), "-o", str(tmp_path / "film.mp4"), "--times", "csv"]
    assert main(arguments) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["film.csv"]
    assert (tmp_path / "film.csv").read_text() == "mine"


def reading(utc_ms: int, quality: str, mono_ms: int = 1_000_000) -> Clock:
    """A clock's reading."""
    return Clock(mono_ms, utc_ms, quality)


def test_the_rule(made: Desk) -> None:
    """Unset: nobody knows.  Dock: a second, and drift since the boot at most.  Rtc: a second, and drift since the
    docking that the opening names; without one, or before it, nobody knows."""
    never = journal_of(made.recording(1)).opening
    docked = replace(never, anchor=("0" * 64, 5_000))
    assert uncertainty_ms(reading(9_000, "unset"), docked) is None
    assert uncertainty_ms(reading(9_000, "dock", 12 * 3_600_000), never) == 1000 + 8640
    assert uncertainty_ms(reading(9_000, "dock", 1), never) == 1001
    assert uncertainty_ms(reading(5_000 + 86_400_000, "rtc"), docked) == 1000 + 17_280
    assert uncertainty_ms(reading(5_000, "rtc"), docked) == 1000
    assert uncertainty_ms(reading(4_999, "rtc"), docked) is None
    assert uncertainty_ms(reading(9_000, "rtc"), never) is None


def test_a_clock_that_moved(made: Desk) -> None:
    """What the wall clock moved by against the monotonic one during the recording is added to the uncertainty."""
    plain = journal_of(made.recording(1))
    opening = replace(plain.opening, anchor=("0" * 64, plain.opening.clock.utc_ms))
    last = plain.flushes[-1]
    jumped = replace(last, clock=replace(last.clock, utc_ms=last.clock.utc_ms + 7_000))
    calm = FrameTimes(replace(plain, opening=opening)).at(0).uncertainty_ms
    moved = FrameTimes(replace(plain, opening=opening, flushes=(*plain.flushes[:-1], jumped))).at(0).uncertainty_ms
    assert calm is not None
    assert moved == calm + 7_000


def test_spelling() -> None:
    """ISO 8601 with milliseconds, rounded down, and nothing where no calendar goes that far."""
    assert FrameTime(1_772_600_767_089, 5, "dock", pre_event=False).utc == "2026-03-04T05:06:07.089Z"
    assert FrameTime(2**53 - 1, 5, "dock", pre_event=False).utc == ""


def test_no_frames(made: Desk) -> None:
    """Without a signed frame there is nothing to tell the time of."""
    with pytest.raises(Refused, match="no frame"):
        FrameTimes(replace(journal_of(made.recording(1)), flushes=()))
