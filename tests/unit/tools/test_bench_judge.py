"""The benchmark of verifying and exporting: it judges what a camera's own writer made, and measures memory where a process ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench import judge
from tools.bench.judge import BrokenError
from tools.bench.suites import Scale


def test_the_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure of a short run has a value and a promise, and nothing stays on the disk."""
    for name in ("SECONDS", "DECODED_S", "LONG_S"):
        monkeypatch.setattr(judge, name, {True: judge.LOOP_S, False: 3600})
    found = list(judge.measure(Scale(quick=True, rounds=1, place=tmp_path)))
    assert {each.suite for each in found} == {"judge"}
    assert len({each.name for each in found}) == len(found) == 9
    assert all(each.value is not None and each.value > 0 for each in found)
    assert all(each.kept is not None for each in found)
    memory = [each for each in found if "memory" in each.what]
    assert all(each.kept for each in memory), memory
    assert list(tmp_path.iterdir()) == []


def test_evidence_that_is_not_whole_is_no_measurement(tmp_path: Path) -> None:
    """Neither is a command that fails."""
    home = judge.record(tmp_path / "home", judge.LOOP_S)
    (judge._recording(home) / "private.age").unlink()
    with pytest.raises(BrokenError, match="private.age"):
        judge._verify(home, keyed=False, decode=False)
    with pytest.raises(BrokenError, match="lapel verify"):
        judge._peak("verify", str(judge._recording(home)), "--root", str(home.certificate))


def test_a_disk_that_is_too_small_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is recorded that would not fit."""
    monkeypatch.setattr(judge, "LONG_S", {True: 1 << 40, False: 3600})
    found = list(judge._memory(Scale(quick=True, rounds=1, place=tmp_path)))
    assert [each.value for each in found] == [None, None]
    assert all("no room" in each.skipped for each in found)
