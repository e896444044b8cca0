"""What the benchmarks of sealing and of the buffer hold their own work against: they say nothing of evidence that is not whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from firmware.core.ring import Ring
from firmware.runtime.recording import OpenRecording
from hal.files import GrowingFile
from hal.interface import Track
from tools.bench import checks, limits, sealing
from tools.bench.camera import Bench
from tools.bench.film import VIDEO, film
from tools.bench.triggers import AmissError, presses

if TYPE_CHECKING:
    from pathlib import Path


def test_presses_at_random_moments_lose_nothing() -> None:
    """A share of what the benchmark does ten thousand times: no gap, no frame twice, none out of its place."""
    assert presses(150, seed=9) > 1500


def test_a_frame_that_is_lost_at_the_seam_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And said, with what leads back to it."""
    whole = Ring.snapshot

    def short(self: Ring) -> object:
        before, current = whole(self)
        return before, current[:-1]

    monkeypatch.setattr(Ring, "snapshot", short)
    with pytest.raises(AmissError, match="seed 9, press 1: other frames"):
        presses(3, seed=9)


def test_a_film_is_what_it_says() -> None:
    """Half as long as what is encoded: 8 Mbit/s, a keyframe a second, sound beside it, in the order of time."""
    shown = film(3)
    frames = [unit for unit in shown.units if unit.track is Track.VIDEO]
    assert [unit.key for unit in frames] == [not index % VIDEO.gop for index in range(90)]
    assert abs(shown.size * 8 / shown.seconds / VIDEO.bitrate - 1) < 0.15
    assert [unit.time_ns for unit in shown.units] == sorted(unit.time_ns for unit in shown.units)
    assert len(shown.plain) == shown.size


def test_bare_writes_count_their_syncs(tmp_path: Path) -> None:
    """As many as a recording of as many flushes: one of each file's name, two a flush."""
    assert limits.writes(bytes(1_000_000), 41, tmp_path / "bare") == 3 + 2 * 41
    assert sum(each.stat().st_size for each in (tmp_path / "bare").iterdir()) == 1_000_000 + 41 * len(limits.LINE)


def test_a_sync_that_is_left_out_ends_the_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier finds nothing wrong with it, and would not: only a cut would show it.  So each is counted."""
    sync = GrowingFile.sync

    def lazy(self: GrowingFile) -> None:
        if self._name != "journal.jwsl" or self.size() % 2:
            sync(self)

    monkeypatch.setattr(GrowingFile, "sync", lazy)
    with pytest.raises(checks.BrokenError, match="syncs: "):
        sealing.checked(tmp_path, film(3, sealing.WARM_UP_NS))


def test_what_is_not_whole_ends_the_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash of a flush that is another one's."""
    bench = Bench(tmp_path / "home", film(3, sealing.WARM_UP_NS))
    vouch = OpenRecording._vouch

    def swapped(self: OpenRecording, name: str, extents: tuple[object, object], **facts: object) -> int:
        return vouch(self, name, (extents[0], type(extents[1])(extents[1].length, "0" * 64)), **facts)  # type: ignore[arg-type, attr-defined, call-arg]

    monkeypatch.setattr(OpenRecording, "_vouch", swapped)
    shown = film(3, sealing.WARM_UP_NS)
    bench.record(shown, Ring(0, 1))
    with pytest.raises(checks.BrokenError, match="the verifier says not whole"):
        checks.check(bench, 3)
    shutil.rmtree(bench.home.root)
