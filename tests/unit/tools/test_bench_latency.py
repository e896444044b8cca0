"""The benchmark of the time from the press to the lights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tools.bench import __main__ as bench
from tools.bench import latency
from tools.bench.latency import Wait, figures, measure
from tools.verify.latency import Start

if TYPE_CHECKING:
    from pathlib import Path


def start(starting_ms: int | None, recording_ms: int) -> Start:
    """What a log says."""
    return Start(1, 0, starting_ms, recording_ms)


def test_a_real_camera_says_of_itself_what_is_seen(tmp_path: Path) -> None:
    """A process, its socket, its lights: the audit log's figures are those seen from outside, rounded up, and never better."""
    starting, recording, starting_told, recording_told = measure(2, tmp_path, full=False)
    for seen, told in ((starting, starting_told), (recording, recording_told)):
        assert len(seen.waits_ms) == len(told.waits_ms) == 2
        assert all(own >= each > 0 for each, own in zip(seen.waits_ms, told.waits_ms, strict=True))
    assert all(first < then for first, then in zip(starting.waits_ms, recording.waits_ms, strict=True))


def test_figures_are_ratios_to_what_is_promised() -> None:
    """Median and worst of each, apart from each other; a hushed start is no figure of a light."""
    seen = [(10.0, 150.0), (20.0, 300.0), (75.0, 1500.0)]
    waits = figures(seen, [start(11, 151), start(None, 301), start(76, 1501)])
    assert [(wait.median, wait.worst) for wait in waits] == [
        pytest.approx((0.4, 1.5)),
        pytest.approx((0.2, 1.0)),
        pytest.approx((0.87, 1.52)),
        pytest.approx((301 / 1500, 1501 / 1500)),
    ]
    assert [wait.kept for wait in waits] == [False, True, False, False]


def test_a_log_that_misses_a_start_is_no_figure() -> None:
    """What a device says of itself has to be all."""
    with pytest.raises(ValueError, match="2 presses, and the log has 1 starts"):
        figures([(1.0, 2.0), (1.0, 2.0)], [start(1, 2)])


@pytest.mark.parametrize(("worst", "status"), [(50.0, 0), (51.0, 1)])
def test_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], worst: float, status: int
) -> None:
    """It prints a table, or an object a line, and ends with 1 where a promise is not kept."""
    asked: list[tuple[int, Path | None]] = []

    def made_up(presses: int, directory: Path | None) -> list[Wait]:
        asked.append((presses, directory))
        return [Wait.of("from the edge to “starting”", 50, (5.0, worst))]

    monkeypatch.setattr(latency, "measure", made_up)
    assert bench.main(["latency", "--json", "--presses", "2"]) == status
    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (line["worst"], line["kept"], line["waits_ms"]) == (worst / 50, not status, [5.0, worst])
    assert bench.main(["latency"]) == status
    shown = capsys.readouterr().out
    assert ("NOT KEPT" in shown) == bool(status)
    assert "50 ms" in shown
    assert asked == [(2, None), (20, None)]
