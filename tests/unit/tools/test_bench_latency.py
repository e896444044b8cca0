"""The benchmark of the time from the press to the lights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.bench.latency import figures, presses
from tools.verify.latency import Start

if TYPE_CHECKING:
    from pathlib import Path


def start(starting_ms: int | None, recording_ms: int) -> Start:
    """What a log says."""
    return Start(1, 0, starting_ms, recording_ms)


def test_a_real_camera_says_of_itself_what_is_seen(tmp_path: Path) -> None:
    """A process, its socket, its lights: the audit log's figures are those seen from outside, rounded up, and never better."""
    seen, told = presses(2, tmp_path, full=False)
    assert len(seen) == len(told) == 2
    for (starting, recording), own in zip(seen, told, strict=True):
        assert own.starting_ms is not None
        assert own.starting_ms >= starting > 0
        assert own.recording_ms >= recording > starting


def test_figures_are_ratios_to_what_is_promised() -> None:
    """Median and worst of each, apart from each other; a hushed start is no figure of a light."""
    seen = [(10.0, 150.0), (20.0, 300.0), (75.0, 1500.0)]
    found = list(figures(seen, [start(11, 151), start(None, 301), start(76, 1501)]))
    assert [(each.value, slowest.value) for each, slowest in zip(found[1::2], found[::2], strict=True)] == [
        pytest.approx((0.4, 1.5)),
        pytest.approx((0.2, 1.0)),
        pytest.approx((0.87, 1.52)),
        pytest.approx((301 / 1500, 1501 / 1500)),
    ]
    assert [each.kept for each in found[::2]] == [False, True, False, False]


def test_a_log_that_misses_a_start_is_no_figure() -> None:
    """What a device says of itself has to be all."""
    with pytest.raises(ValueError, match="2 presses, and the log has 1 starts"):
        list(figures([(1.0, 2.0), (1.0, 2.0)], [start(1, 2)]))
