"""The overlay's benchmark: what it compares is really done, in turns, and a promise that is not kept is told."""

from __future__ import annotations

import json

import pytest

from hal.interface import Overlay, VideoFormat
from hal.overlay.burner import Burner, Plane
from tools.bench import __main__ as bench
from tools.bench import overlay
from tools.bench.overlay import Share

SMALL = VideoFormat(320, 180, 30, 500_000, 30)


def shares(*values: float) -> list[Share]:
    """Made-up figures."""
    return [Share("burning", "copying", value, value / 2, value * 2, 0.33, 10 * value, 10.0) for value in values]


def test_each_is_measured_once_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
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
    found = list(overlay.measure(20))
    assert len(calls) == 21
    assert [share.against for share in found] == ["copying its planes", "encoding it, x264 ultrafast"]
    for share in found:
        assert share.value == pytest.approx(share.what_us / share.against_us)
        assert 0 < share.least <= share.most
    assert found[0].value > found[1].value  # a copy takes less than an encoder
    copied_us = 320 * 180 * 3 / 2 / 1295.5  # on the board whose rate of copying was published
    assert found[0].zero_2_w_us == pytest.approx(found[0].value * copied_us)
    assert found[1].zero_2_w_us is None


def test_the_median_of_tenths() -> None:
    """What comes between, once in a while, moves neither the value nor more than its own tenth."""
    ours = [1000] * 99 + [900_000]
    share = overlay._share("a", "b", ours, [4000] * 100, 0.3)
    assert (share.value, share.least, share.most) == (0.25, 0.25, 0.25)
    late = [1000] * 90 + [3000] * 10
    assert overlay._share("a", "b", late, [4000] * 100, 0.3).most == 0.75


@pytest.mark.parametrize(("values", "status"), [((0.1, 0.33), 0), ((0.1, 0.34), 1)])
def test_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], values: tuple[float, ...], status: int
) -> None:
    """A table, or an object a line, and 1 where a promise is not kept."""
    asked: list[int] = []

    def measure(frames: int) -> list[Share]:
        asked.append(frames)
        return shares(*values)

    monkeypatch.setattr(overlay, "measure", measure)
    assert bench.main(["overlay", "--json", "--frames", "5"]) == status
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["value"], line["kept"]) for line in lines] == [(value, value <= 0.33) for value in values]
    assert bench.main(["overlay"]) == status
    assert ("NOT KEPT" in capsys.readouterr().out) == bool(status)
    assert asked == [10, 300]
