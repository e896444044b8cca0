"""``lapel dock plan``: the answer, its picture, what would help, and how far it is from what was measured."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest

from firmware.runtime.docklink import DockLink
from hal.interface import PortKind
from tests.docking import DockEnd, MemoryShelf, Passage, Stop, Wire, camera, desk, parts
from tests.pki import Pki
from tools.__main__ import main
from tools.dock.events import DockEvent, Kind, timed
from tools.dock.planning.measured import Found, MeasuredError, calibrate, forecast, read_run
from tools.dock.planning.plan import CHANGES, Scenario, as_json, plan, states_at
from tools.dock.planning.plan_cli import EXAMPLES
from tools.dock.planning.plan_text import NAMES, in_text, picture
from tools.dock.planning.queueing import Limit
from tools.dock.planning.rates import in_rate, in_short, in_size, in_time, parse_rate
from tools.dock.visit import Desk


@pytest.mark.parametrize(
    ("text", "rate"), [("23MB/s", 23e6), ("1Gbit/s", 125e6), ("4 Mbit/s", 5e5), ("0.5kbit/s", 62.5), ("1.5GB/s", 1.5e9)]
)
def test_rates(text: str, rate: float) -> None:
    """A number and a unit."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "23", "0MB/s", "-1MB/s", "1e3MB/s", "nanMB/s", "1 mb/s", "1MB/s ", "9999999MB/s", "٣MB/s"]
)
def test_what_is_no_rate(text: str) -> None:
    """Bits and bytes differ by eight: a number alone is refused, and so is everything else."""
    with pytest.raises(ValueError, match="is no rate"):
        parse_rate(text)


def test_times_sizes_and_rates_in_words() -> None:
    """Two units at most."""
    assert [in_time(each) for each in (0, 0.4, 59, 60, 3599, 3600, 11_520)] == [
        "0 s",
        "0.4 s",
        "59 s",
        "1 min",
        "1 h",
        "1 h",
        "3 h 12 min",
    ]
    assert [in_short(each) for each in (0.2, 59, 60, 3599, 11_520, 345_600)] == [
        "0 s", "59 s", "1 min", "1 h 00", "3 h 12", "4 days"
    ]  # fmt: skip
    assert [in_size(each) for each in (5, 2e3, 3e6, 4.04e9, 5e12)] == ["5 B", "2 kB", "3 MB", "4.04 GB", "5 TB"]
    assert [in_rate(each) for each in (0.28e6, 2e9)] == ["0.28 MB/s", "2 GB/s"]


def test_by_hand() -> None:
    """One camera of 1000 s at 1 MB/s over 0.5 MB/s, and three more behind it at one slot: what anybody can reckon."""
    size = 1000 * (1e6 + 65_536)
    scenario = Scenario(
        cameras=4,
        slots=1,
        docks=1,
        hours=1000 / 3600,
        bitrate=8e6,
        spread_min=0,
        link=0.5e6,
        setup_s=2,
        swap_s=10,
        charge_h=0,
    )
    found = plan(scenario)
    each = 2 + size / 0.5e6
    assert found.ready_s == pytest.approx(4 * each + 3 * 10)
    assert (found.holds_empty, found.holds_ready) == (Limit.SLOT, Limit.SLOT)
    gains = {change.words: change.ready_s for change in found.changes}
    assert gains["one more dock computer"] == pytest.approx(2 * each + 2 * 10)
    assert gains["one more link to each camera"] == pytest.approx(4 * size / 1e6)
    assert gains["chargers twice as fast"] == 0
    assert found.changes[0].words == "one more dock computer"


def test_what_is_not_limited_cannot_be_bettered() -> None:
    """Nobody is told to buy more of what nobody waits for, or of what is not there."""
    words = {change.words for change in plan(Scenario(cameras=2, hub=None, network=None, disk=None)).changes}
    assert not words & {"half as many slots on a hub", "disks twice as fast", "twice the network of the site"}
    assert words <= set(CHANGES)


def test_states_add_up() -> None:
    """At each moment every camera is somewhere."""
    found = plan(Scenario(cameras=9, slots=2, docks=1))
    for at_s in range(0, round(found.ready_s) + 600, 300):
        counts = states_at(found.courses, at_s)
        assert sum(counts) == 9
        assert min(counts) >= 0
    assert states_at(found.courses, found.ready_s)[0] == 9


@pytest.mark.parametrize("blocks", [True, False])
def test_the_answer_fits_eighty_columns(*, blocks: bool) -> None:
    """First the answer, then why; where a terminal has letters only, the picture is of letters."""
    text = in_text(plan(Scenario(cameras=50, slots=10, docks=2, site=50e6)), blocks=blocks)
    assert text.isascii() is not blocks
    assert max(map(len, text.splitlines()[1:])) <= 80
    assert re.search(r"last camera READY .* held back by", text)


def test_the_picture() -> None:
    """Bars grow from the left; in the end all are ready."""
    rows = [line[16:66] for line in picture(plan(Scenario(cameras=50, slots=10, docks=1)).courses, blocks=False)][2:]
    ready = [row.count("#") for row in rows]
    assert ready == sorted(ready)
    assert (ready[0], rows[-1]) == (0, "#" * 50)
    assert all(re.fullmatch(r"#*=*-*\.* *", row) for row in rows)


def test_every_limit_has_a_name() -> None:
    """No word of the code reaches a person."""
    assert set(NAMES) == set(Limit)


def lapel(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status and output."""
    status = main(["dock", "plan", *words])
    return status, capsys.readouterr().out


def test_what_the_help_says_is_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The worked examples, worked: each command of the help, and each figure that the help reads out of its answer."""
    commands = [line.split()[3:] for line in EXAMPLES.splitlines() if line.startswith("  lapel dock plan")]
    usual, uart, network = (lapel(capsys, *words)[1] for words in commands)
    assert re.search(r"last camera empty +17 min", usual)
    assert re.search(r"last camera READY +3 h 15 min .*charging", usual)
    assert re.search(r"chargers twice as fast +1 h 30 min", usual)
    assert re.search(r"the camera's link +2 min", usual)
    assert "at 4 dock computers" in usual
    assert re.search(r"last camera READY +48 h .*free slot", uart)
    assert re.search(r"the camera's link +12 h", uart)
    assert re.search(r"last camera READY +12 h 03 min .*free slot", network)
    assert re.search(r"one more dock computer +5 h 57 min", network)
    assert re.search(r"chargers twice as fast +6 h sooner", network)
    assert re.search(r"one more link to each camera +nothing", network)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same answer for machines."""
    status, out = lapel(capsys, "--json", "--cameras", "5", "--hub", "none", "--link", "uart")
    answer = json.loads(out)
    assert status == 0
    assert answer == json.loads(json.dumps(as_json(plan(Scenario(cameras=5, hub=None, link=0.28e6)))))
    assert len(answer["courses"]) == 5
    assert answer["bottleneck_empty"] == "link"


@pytest.mark.parametrize(
    "words",
    [
        ("--cameras", "0"),
        ("--cameras", "1001"),
        ("--cameras", "x"),
        ("--hours", "nan"),
        ("--hours", "-1"),
        ("--battery", "101"),
        ("--link", "fast"),
        ("--hub", "35"),
        ("--card", "none"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """By name, before anything is reckoned."""
    with pytest.raises(SystemExit):
        main(["dock", "plan", *words])
    assert words[0] in capsys.readouterr().err


MEASURED = Path(__file__).with_name("measured")


# -- measured ----------------------------------------------------------------------------------------------------------


def shared(link: float, together: float, sizes: list[float], gap_s: float, *, setup_s: float = 3.0) -> str:
    """The log of a dock at which each camera has ``link`` to itself and all share ``together``: stepped, with no model."""
    log: list[tuple[float, dict[str, Any]]] = []
    left = dict(enumerate(sizes))
    arrives = {each: each * gap_s for each in left}
    step_s, now = 0.1, 0.0
    for each, at_s in arrives.items():
        log.append((at_s, {"event": "accepted", "device": f"cam-{each}"}))
        log.append((at_s + setup_s, {"event": "stock", "device": f"cam-{each}", "items": 1, "size": int(sizes[each])}))
    while left:
        now += step_s
        busy = [each for each in left if arrives[each] + setup_s < now]
        for each in busy:
            left[each] -= min(link, together / len(busy)) * step_s
            done = min(sizes[each], sizes[each] - left[each])
            log.append(
                (now, {"event": "progress", "device": f"cam-{each}", "done": int(done), "total": int(sizes[each])})
            )
            if left[each] <= 0:
                log.append((now + 0.01, {"event": "done", "device": f"cam-{each}", "items": 1}))
                del left[each]
    log.sort(key=lambda each: each[0])
    return "".join(f"{json.dumps(event | {'utc_ms': 1_790_000_000_000 + round(at_s * 1000)})}\n" for at_s, event in log)


@pytest.mark.parametrize("seed", range(5))
def test_rates_are_found_again(seed: int, tmp_path: Path) -> None:
    """Of a log whose rates are known, to 5 percent; and the forecast of it is not further off."""
    draw = random.Random(seed)
    link = draw.uniform(5e6, 30e6)
    together = draw.uniform(1.5, 4) * link
    path = tmp_path / "log"
    path.write_text(shared(link, together, [draw.uniform(1e8, 6e8) for _ in range(8)], 2.0))
    run = read_run(path)
    found = calibrate(run)
    assert found.link == pytest.approx(link, rel=0.05)
    assert found.shared == pytest.approx(together, rel=0.05)
    assert found.setup_s == pytest.approx(3, abs=0.2)
    compared = forecast(found, run)
    assert compared.mean_error < 0.05
    assert compared.forecast_s == pytest.approx(compared.measured_s, rel=0.05)


def test_a_limit_that_was_not_reached_is_not_made_up(tmp_path: Path) -> None:
    """Eight cameras that do not hinder each other say nothing of what forty would share."""
    path = tmp_path / "log"
    path.write_text(shared(1e7, 1e9, [2e8] * 8, 2.0))
    assert calibrate(read_run(path)).shared is None


def test_a_forecast_with_wrong_rates_is_seen_to_be_wrong(tmp_path: Path) -> None:
    """The comparison can fail."""
    path = tmp_path / "log"
    path.write_text(shared(1e7, 2e7, [2e8] * 8, 2.0))
    assert forecast(Found(2e7, 4e7, 3.0), read_run(path)).mean_error > 0.3


class Slow(Wire):
    """A cable that carries so many bytes a second, either way."""

    def __init__(self, clock: Passage, at: Desk, rate: float) -> None:
        super().__init__(clock, lambda: DockEnd(at, PortKind.STREAM))
        self._rate = rate

    def _count(self, data: bytes) -> bytes:
        self._clock.advance(len(data) / self._rate)
        return super()._count(data)


def dock_slowly(pki: Pki, shelf: MemoryShelf, store: Path, log: TextIO) -> None:
    """One docking over a cable of 1 MB/s, and its log."""

    def write(event: DockEvent) -> None:
        print(event.json(), file=log)

    at, _ = desk(pki, store)
    at = replace(at, emit=timed(write, lambda: 1_790_000_000_000 + shelf.clock.now_ns // 1_000_000))
    DockLink(parts(shelf, Slow(shelf.clock, at, 1e6), [])).run(Stop(shelf.clock, 1))


def test_a_real_docking_is_forecast(pki: Pki, tmp_path: Path) -> None:
    """The protocol itself, whole, on a virtual clock and a cable of 1 MB/s: what is measured at one camera forecasts
    another with five times the bytes."""
    logs = []
    for name, count in (("one", 1), ("five", 5)):
        shelf = camera(pki)
        for number in range(1, count + 1):
            shelf.record(number, (2_000_000, 2_000_000))
        path = tmp_path / f"{name}.jsonl"
        with path.open("w") as log:
            dock_slowly(pki, shelf, tmp_path / name, log)
        logs.append(read_run(path))
    found = calibrate(logs[0])
    assert found.link == pytest.approx(1e6, rel=0.05)
    compared = forecast(found, logs[1])
    assert compared.forecast_s == pytest.approx(compared.measured_s, rel=0.03)


def test_what_was_measured_is_forecast() -> None:
    """Two logs of a dock at which four, then eight cameras with 240 MB each came over TCP, all on one busy computer: the rates of the
    first say to a tenth when the last of the second was empty, to a fifth how long a camera took."""
    four, eight = (read_run(MEASURED / f"{name}.jsonl") for name in ("four", "eight"))
    found = calibrate(four)
    assert (len(four.visits), len(eight.visits)) == (4, 8)
    own, other = forecast(found, four), forecast(found, eight)
    assert own.forecast_s == pytest.approx(own.measured_s, rel=0.1)
    assert other.forecast_s == pytest.approx(other.measured_s, rel=0.1)
    assert max(own.mean_error, other.mean_error) < 0.2


def test_measured_from_the_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first log gives the rates, and each is compared."""
    first, second = tmp_path / "monday", tmp_path / "tuesday"
    first.write_text(shared(1e7, 3e7, [3e8] * 6, 2.0))
    second.write_text(shared(1e7, 3e7, [6e8] * 9, 1.0))
    words = ("--measured", str(first), "--measured", str(second))
    status, out = lapel(capsys, *words)
    assert status == 0
    assert re.search(r"monday: 6 cameras, .*forecast", out)
    assert re.search(r"tuesday: 9 cameras, .*forecast", out)
    _, out = lapel(capsys, "--json", *words)
    monday, tuesday = json.loads(out)["measured"]
    assert tuesday["forecast_s"] == pytest.approx(tuesday["measured_s"], rel=0.05)
    assert monday["mean_error"] < 0.05


GOOD = [
    {"event": "accepted", "device": "a", "utc_ms": 1000},
    {"event": "stock", "device": "a", "utc_ms": 2000, "size": 5_000_000},
    {"event": "progress", "device": "a", "utc_ms": 4000, "done": 5_000_000},
    {"event": "done", "device": "a", "utc_ms": 5000},
]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "no camera in it"),
        (GOOD[:3], "no camera in it"),
        ([*GOOD[:3], {"event": "lost", "device": "a", "utc_ms": 4500}, GOOD[3]], "no camera in it"),
        ([*GOOD[:2], {**GOOD[2], "utc_ms": 1500}, GOOD[3]], "no camera in it"),
        ([*GOOD[:2], {**GOOD[2], "done": 5}, GOOD[3]], "no camera in it"),
        ([{"event": "accepted", "device": "a"}, *GOOD[1:]], "no usable utc_ms"),
        ([*GOOD[:2], {**GOOD[2], "done": "many"}, GOOD[3]], "no usable done"),
        ([*GOOD[:2], {**GOOD[2], "done": True}, GOOD[3]], "no usable done"),
        ([7], "line 1 is no event"),
        ([{"event": 7}], "line 1 is no event"),
        ([*GOOD, "x" * (1 << 20)], "line 5 is no event"),
    ],
)
def test_logs_that_say_nothing(lines: list[Any], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that cannot be used is refused in words, and nothing is forecast with it."""
    path = tmp_path / "log"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert main(["dock", "plan", "--measured", str(path)]) == 1
    assert why in capsys.readouterr().err


def test_a_log_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    """Neither is taken for a log without cameras."""
    with pytest.raises(MeasuredError, match="No such file"):
        read_run(tmp_path / "none")
    (tmp_path / "noise").write_bytes(random.Random(1).randbytes(4000))
    with pytest.raises(MeasuredError, match="is no event"):
        read_run(tmp_path / "noise")
    (tmp_path / "deep").write_bytes(b"[" * 100_000)
    with pytest.raises(MeasuredError, match="is no event"):
        read_run(tmp_path / "deep")


def test_events_are_told_with_their_time() -> None:
    """``utc_ms`` is by the dock's clock; without one there is none."""
    told: list[DockEvent] = []
    timed(told.append, lambda: 17)(DockEvent(Kind.DONE, "cam-1", {"items": 1}))
    assert json.loads(told[0].json()) == {"event": "done", "device": "cam-1", "slot": "", "utc_ms": 17, "items": 1}
    assert "utc_ms" not in DockEvent(Kind.DONE).json()
