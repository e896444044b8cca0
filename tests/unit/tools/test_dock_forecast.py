"""How long an offload takes is told before it begins, and corrected as it goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from firmware.dock.frames import PAYLOAD_LIMIT, WIRE_LIMIT
from firmware.dock.link import Link
from tools.bench.line import LineSpec
from tools.bench.noise import MS, allowed, carry
from tools.dock.events import DockEvent, Kind
from tools.dock.face.forecast import GADGET_RATE, NETWORK_RATE, Forecast, Forecaster, Quality, amount, duration
from tools.dock.face.watch import Watch
from tools.dock.rack.ports import BAUD, BITS

NANO = 1_000_000_000
HOUR = 3_600_000_000
"""Bytes of an hour at 8 Mbit/s."""
CLEAN = Quality()


def first(forecaster: Forecaster, size: int = HOUR, quality: Quality = CLEAN) -> Forecast:
    """What is told before anything is fetched."""
    forecaster.stock(size)
    told = forecaster.forecast(quality, 0)
    assert told is not None
    return told


def test_a_uart_says_how_slow_it_will_be() -> None:
    """An hour of footage over a UART is more than three hours, said before it begins, and what the network link would take instead."""
    told = first(Forecaster(BAUD / BITS, serial=True))
    assert told.basis == "line"
    assert told.slow
    assert told.seconds == round(HOUR / (300_000 * PAYLOAD_LIMIT / WIRE_LIMIT))
    assert told.text == "3 h 28 min over this line, at 288 kB a second; the network link would take 2 min"


@pytest.mark.parametrize(("error_rate", "delay_ms"), [(0.0, 1), (1e-6, 16), (1e-5, 4), (1e-5, 16)])
def test_it_comes_true(error_rate: float, delay_ms: int) -> None:
    """What is said before it begins is within a tenth of what the link then carries, on any line that it can know."""
    line = LineSpec(BAUD, error_rate=error_rate, delay_ns=delay_ms * MS)
    carried = carry(line, size=1_000_000)
    chance = (1 - error_rate) ** (WIRE_LIMIT * line.bits)
    quality = Quality(1000, round(1000 * (1 - chance) / chance), 2 * delay_ms * MS)
    told = first(Forecaster(line.byte_rate, serial=True), 1_000_000, quality)
    assert 0.9 < told.rate / carried.rate < 1.1
    assert told.rate == pytest.approx(allowed(line), rel=0.01)


def test_noise_and_distance_count() -> None:
    """Damaged frames and a long round trip make it longer, and noise is named."""
    noisy = first(Forecaster(300_000, serial=True), quality=Quality(900, 100))
    assert noisy.loss == 100_000
    assert noisy.seconds == pytest.approx(first(Forecaster(300_000, serial=True)).seconds / 0.9, rel=0.001)
    assert "10.0% of its frames damaged" in noisy.text
    far = first(Forecaster(300_000, serial=True), quality=Quality(100, 0, NANO))
    assert far.rate == 128 * PAYLOAD_LIMIT


def test_lines_that_do_not_know() -> None:
    """A gadget and a network are taken for usual ones; neither is worth a warning for a small thing."""
    gadget, network = Forecaster(None, serial=True), Forecaster(None, serial=False)
    assert (first(network).rate, first(network).basis, first(network).slow) == (NETWORK_RATE, "usual", False)
    assert first(gadget).rate == round(GADGET_RATE * PAYLOAD_LIMIT / WIRE_LIMIT)
    assert first(gadget).slow
    assert not first(gadget, 1_000_000).slow
    assert first(network).text == "2 min over this line, at 25.0 MB a second"


def test_nothing_to_fetch() -> None:
    """Where there is nothing to fetch, nothing is told."""
    forecaster = Forecaster(300_000, serial=True)
    assert forecaster.forecast(CLEAN, 0) is None
    forecaster.stock(0)
    assert forecaster.forecast(CLEAN, 0) is None


def fetch(forecaster: Forecaster, rate: int, seconds: int, begin_s: int = 0) -> Iterator[Forecast]:
    """Let bytes come in at a rate, ten times a second; every correction."""
    for tenth in range(begin_s * 10, (begin_s + seconds) * 10):
        now = tenth * NANO // 10
        forecaster.fetching(now)
        forecaster.received(rate // 10, now)
        if told := forecaster.forecast(CLEAN, now):
            yield told


def test_corrected_as_it_goes() -> None:
    """A line that does half of what was said is told of once, soon; one that does what was said is not told of again."""
    forecaster = Forecaster(300_000, serial=True)
    first(forecaster)
    assert list(fetch(forecaster, 300_000, 100)) == []
    slower = list(fetch(forecaster, 150_000, 100, 100))
    assert 1 <= len(slower) <= 3
    assert slower[-1].basis == "measured"
    assert slower[-1].rate == pytest.approx(150_000 * PAYLOAD_LIMIT / WIRE_LIMIT, rel=0.1)
    left = HOUR - (300_000 + 150_000) * 100 * PAYLOAD_LIMIT / WIRE_LIMIT
    assert slower[-1].size == pytest.approx(left, rel=0.02)


def test_progress_settles_what_is_left() -> None:
    """What was there already counts as soon as it is told."""
    forecaster = Forecaster(300_000, serial=True)
    first(forecaster)
    forecaster.left(HOUR // 2)
    told = forecaster.forecast(CLEAN, 20 * NANO)
    assert told is not None
    assert told.size == HOUR // 2


def test_another_link_helps() -> None:
    """What other links of the camera bring counts: it is ready sooner than this line alone would have it."""
    forecaster, left, told = Forecaster(300_000, serial=True), float(HOUR), []
    first(forecaster)
    for second in range(60):
        now = second * NANO
        forecaster.fetching(now)
        forecaster.received(300_000, now)
        left -= 20_000_000
        forecaster.left(round(left))
        told.append(forecaster.forecast(CLEAN, now))
    last = [each for each in told if each][-1]
    assert last.rate == pytest.approx(20_000_000, rel=0.05)
    assert not last.slow


def test_a_stall_is_not_forgotten() -> None:
    """A line that stands still for a while is slower by that; nothing is told of for ever."""
    forecaster = Forecaster(300_000, serial=True)
    first(forecaster)
    assert list(fetch(forecaster, 300_000, 20)) == []
    for second in range(20, 80):
        forecaster.received(0, second * NANO)
        assert forecaster.forecast(CLEAN, second * NANO) is None or second >= 30
    forecaster.received(300_000, 80 * NANO)
    told = forecaster.forecast(CLEAN, 100 * NANO)
    assert told is not None
    assert told.rate < 200_000 * PAYLOAD_LIMIT / WIRE_LIMIT


def test_a_camera_that_records_stops_the_measuring() -> None:
    """While a camera yields to a recording nothing is forecast, and the pause is not taken for a slow line."""
    forecaster = Forecaster(300_000, serial=True)
    first(forecaster)
    assert list(fetch(forecaster, 300_000, 20)) == []
    forecaster.resting()
    assert forecaster.forecast(CLEAN, 600 * NANO) is None
    forecaster.received(500, 600 * NANO)
    told = first(forecaster)
    assert told.rate == pytest.approx(300_000 * PAYLOAD_LIMIT / WIRE_LIMIT, rel=0.02)


def test_watch_listens_to_the_visit() -> None:
    """The forecast stands right behind the stock, before anything is fetched; events that say nothing about it bring none."""
    told: list[DockEvent] = []
    now = [0]
    watch = Watch(Forecaster(300_000, serial=True), Link(None), lambda: now[0], told.append)
    watch(DockEvent(Kind.ACCEPTED, "cam-1"))
    watch(DockEvent(Kind.STOCK, "cam-1", {"items": 1, "size": HOUR}))
    watch(DockEvent(Kind.FETCHING, "cam-1", {"item": "00000001"}))
    assert [event.kind for event in told] == ["accepted", "stock", "forecast", "fetching"]
    facts = dict(told[2].facts)
    assert told[2].device == "cam-1"
    assert facts["seconds"] == 12_490
    assert facts["slow"] is True
    for second in range(1, 61):
        now[0] = second * NANO
        watch.received(60_000, now[0])
        watch.received(0, now[0])
    assert told[-1].kind is Kind.FORECAST
    assert told[-1].facts["basis"] == "measured"
    watch(DockEvent(Kind.PROGRESS, "cam-1", {"done": HOUR, "total": HOUR}))
    watch(DockEvent(Kind.DONE, "cam-1", {"items": 1}))
    assert [event.kind for event in told[-2:]] == ["progress", "done"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (3569, "59 min"), (3570, "1 h 0 min"), (12_000, "3 h 20 min")],
)
def test_durations(seconds: int, words: str) -> None:
    """Times as people say them."""
    assert duration(seconds) == words


def test_amounts() -> None:
    """Rates as people say them."""
    assert [amount(size) for size in (1, 288_000, 25e6)] == ["1 kB", "288 kB", "25.0 MB"]
