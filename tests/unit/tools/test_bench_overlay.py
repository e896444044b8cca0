"""The overlay's benchmark: what it compares is really done, in turns, and a promise that is not kept is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hal.interface import Overlay, VideoFormat
from hal.overlay.burner import Burner, Plane
from tools.bench import overlay
from tools.bench.suites import Scale

if TYPE_CHECKING:
    from pathlib import Path

SMALL = VideoFormat(320, 180, 30, 500_000, 30)


def test_each_is_measured_once_a_frame(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Burnt, copied and encoded, each frame once beside the one that makes the glyphs; the figures are ratios of medians, the spread is around them."""
    calls: list[str] = []

    class Counting(Burner):
        """Counts."""

        def burn(self, y: Plane, u: Plane, v: Plane, overlay: Overlay, utc_ns: int) -> None:
            """Burn."""
            calls.append("burn")
            super().burn(y, u, v, overlay, utc_ns)

    monkeypatch.setattr(overlay, "FORMATS", (SMALL,))
    monkeypatch.setattr(overlay, "Burner", Counting)
    monkeypatch.setattr(overlay, "QUICK_FRAMES", 20)
    found = list(overlay.measure(Scale(quick=True, rounds=1, place=tmp_path)))
    assert len(calls) == 21
    assert [share.against for share in found] == ["copying its planes", "encoding it, x264 ultrafast"]
    for share in found:
        assert len(share.ratios) == 10
        assert share.kept is not None
    copied, encoded = (share.value for share in found)
    assert copied is not None
    assert encoded is not None
    assert copied > encoded  # a copy takes less than an encoder
    copied_us = 320 * 180 * 3 / 2 / 1295.5  # on the board whose rate of copying was published
    assert found[0].facts["zero_2_w_us_estimated"] == pytest.approx(copied * copied_us)
    assert "zero_2_w_us_estimated" not in found[1].facts


def test_the_median_of_tenths() -> None:
    """What comes between, once in a while, moves neither the value nor more than its own tenth."""
    ours = [1000] * 99 + [900_000]
    share = overlay._share("a", "b", ours, [4000] * 100, 0.3)
    assert (share.value, share.spread) == (0.25, (0.25, 0.25))
    late = [1000] * 90 + [3000] * 10
    assert overlay._share("a", "b", late, [4000] * 100, 0.3).spread == (0.25, 0.75)


def test_what_is_profiled_is_burning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but that, frame by frame, once all is prepared."""
    burnt: list[int] = []
    monkeypatch.setattr(overlay, "FORMATS", (SMALL,))
    monkeypatch.setattr(Burner, "burn", lambda _self, _y, _u, _v, _overlay, utc_ns: burnt.append(utc_ns))
    act = overlay.hot(Scale(quick=True, rounds=1, place=tmp_path))
    assert burnt == []
    act()
    assert len(burnt) == len(set(burnt)) == 500
