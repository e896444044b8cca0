"""Time from docks, end to end on a virtual clock: whatever a camera believes that it is, it docks and offloads, and it gets the time as
far as the rule allows."""

from __future__ import annotations

import base64
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from firmware.core.machine import Recording
from firmware.evidence import documents
from firmware.evidence.kinds import TIME_WORD
from firmware.evidence.timetoken import stamped
from firmware.runtime import durable
from firmware.runtime.timekeeping import Timekeeping
from hal.interface import ClockQuality
from hal.sim.clock import NS
from tests.evidence_maker.tsp import TimeAuthority
from tests.oracles import needs
from tests.rig import Rig, pki
from tests.sim.docked import NOW_MS, bench, dock
from tools.demo.tsa import TimeAuthority as StockAuthority
from tools.demo.tsa import TimeServer
from tools.dock.events import Kind
from tools.dock.timing.timeword import Ask, StampVoucher, Voucher, fulfil
from tools.dock.timing.tsa import StampError, TimeStamper
from tools.dock.visit import system_utc_ms
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

Y2100_MS = 4_102_444_800_000
HOUR_MS = 3_600_000
TSA = TimeAuthority("time")
ROOT = base64.b64encode(TSA.root.public_bytes(serialization.Encoding.DER)).decode()


def authority_says(nonce: str, utc_ms: int = NOW_MS, **changes: Any) -> bytes:
    """The authority's word."""
    payload = {"nonce": nonce, "utc_ms": utc_ms} | changes
    return documents.sign(TIME_WORD, payload, pki().settings.sign, pki().settings.chain.ders)


def tsa_says(nonce: str, utc_ms: int = NOW_MS, **forged: Any) -> bytes:
    """A time-stamping authority's."""
    return TSA.stamp(stamped(nonce), utc_ms, **forged)


def at_once(ask: Ask) -> Voucher:
    """Somebody who answers in no time."""

    def voucher(nonce: str) -> Future[bytes]:
        answer: Future[bytes] = Future()
        fulfil(answer, ask, nonce)
        return answer

    return voucher


VOUCHERS: dict[str, Ask | None] = {"nobody": None, "authority": authority_says, "time-stamp": tsa_says}


def recorded(**values: Any) -> Rig:
    """A camera with one recording."""
    return Rig.new(**values).run(4).tap().run(1).stop()


def later(rig: Rig, hours: int) -> Rig:
    """So many hours later, with a service that was started again."""
    rig.clock.advance(hours * 3600 * NS)
    return rig.restart()


def clock_lines(rig: Rig) -> list[dict[str, Any]]:
    """What its log says of its clock being set."""
    return [each["data"] for each in rig.audit() if each["kind"] == "clock" and each["data"]["source"] != "jump"]


def said_of_docks(rig: Rig) -> list[str]:
    """What its log says of its dockings."""
    return [each["data"]["outcome"] for each in rig.audit() if each["kind"] == "dock"]


@pytest.mark.parametrize("who", VOUCHERS)
@pytest.mark.parametrize("quality", [*ClockQuality])
@pytest.mark.parametrize("year", [1970, 2100])
def test_far_off_it_docks_and_offloads_and_gets_the_time(
    year: int, quality: ClockQuality, who: str, tmp_path: Path
) -> None:
    """Any clock that was never set, and any other where somebody vouches; the footage leaves in every case, and is whole."""
    rig = recorded(time_root=ROOT)
    rig.clock.put(0 if year == 1970 else Y2100_MS, quality)
    before_ms = rig.clock.utc().utc_ms
    place, events = bench(tmp_path / "store", voucher=at_once(ask) if (ask := VOUCHERS[who]) else None)
    dock(rig, place, 3)
    taken = quality is ClockQuality.UNSET or who != "nobody"
    wall = rig.clock.utc()
    expected = NOW_MS if taken else before_ms
    assert (wall.quality, abs(wall.utc_ms - expected) < HOUR_MS) == (ClockQuality.DOCK if taken else quality, True)
    assert [event.facts["taken"] for event in events if event.kind is Kind.CLOCK] == [taken]
    assert [event.facts["item"] for event in events if event.kind is Kind.RECEIPTED] == ["00000001"]
    asked = quality is not ClockQuality.UNSET and who != "nobody"
    sources = [each["source"] for each in clock_lines(rig)]
    assert sources == ([f"dock {who}" if asked else "dock"] if taken else [])
    kept = [each for each in said_of_docks(rig) if each.startswith("clock kept: ")]
    assert len(kept) == (0 if taken else 1)
    root = tmp_path / "root.pem"
    root.write_bytes(pki().root_pem)
    assert [each.verdict for each in verify_path(tmp_path / "store", root).every_recording] == [Verdict.WHOLE]


FORGED: dict[str, Ask] = {
    "another nonce": lambda _nonce: authority_says("0" * 32),
    "another time": lambda nonce: authority_says(nonce, NOW_MS + HOUR_MS),
    "signed by a dock": lambda nonce: documents.sign(
        TIME_WORD, {"nonce": nonce, "utc_ms": NOW_MS}, pki().dock.sign, pki().dock.chain.ders
    ),
    "a time that is past": lambda nonce: authority_says(nonce, 1_700_000_000_000),
    "stamped for another nonce": lambda _nonce: tsa_says("0" * 32),
    "stamped at another time": lambda nonce: tsa_says(nonce, NOW_MS - HOUR_MS),
    "stamped by somebody else": lambda nonce: TimeAuthority("other").stamp(stamped(nonce), NOW_MS),
    "stamped with an altered content": lambda nonce: tsa_says(nonce, digest=b"\0" * 32),
    "of no stated accuracy": lambda nonce: tsa_says(nonce, accuracy=b""),
    "nothing": lambda _nonce: b"x",
}


@pytest.mark.parametrize("what", FORGED)
def test_what_vouches_for_nothing_moves_no_clock_and_the_docking_goes_on(what: str, tmp_path: Path) -> None:
    """Named in the answer and in the camera's log; the footage leaves all the same."""
    rig = recorded(time_root=ROOT)
    rig.clock.put(Y2100_MS, ClockQuality.RTC)
    place, events = bench(tmp_path / "store", voucher=at_once(FORGED[what]))
    dock(rig, place, 3)
    assert rig.clock.utc().quality is ClockQuality.RTC
    (told,) = [event.facts for event in events if event.kind is Kind.CLOCK]
    assert told["taken"] is False
    assert f"clock kept: {told['text']}" in said_of_docks(rig)
    assert clock_lines(rig) == []
    assert any(event.kind is Kind.RECEIPTED for event in events)


def test_without_a_name_in_the_settings_no_time_stamp_is_believed(tmp_path: Path) -> None:
    """Whom to believe is the authority's word; and it counts from the docking on behind the one that brought it."""
    rig = recorded()
    rig.clock.put(Y2100_MS, ClockQuality.RTC)
    place, events = bench(tmp_path / "store", voucher=at_once(tsa_says))
    dock(rig, place, 1)
    assert "the settings name nobody" in str(next(each.facts["text"] for each in events if each.kind is Kind.CLOCK))


def test_who_cannot_be_asked_is_told_and_waited_for_no_longer(tmp_path: Path) -> None:
    """A docking without a word for the time is one like all others."""

    def broken(_nonce: str) -> bytes:
        raise StampError("nobody answers")

    rig = recorded(time_root=ROOT)
    rig.clock.put(Y2100_MS, ClockQuality.RTC)
    place, events = bench(tmp_path / "store", voucher=at_once(broken))
    dock(rig, place, 2)
    assert [event.facts["text"] for event in events if event.kind is Kind.UNSTAMPED] == ["nobody answers"]
    assert any(event.kind is Kind.RECEIPTED for event in events)


def test_nobody_is_asked_for_a_clock_that_is_right(tmp_path: Path) -> None:
    """Neither within a day nor for one that was never set."""
    asked: list[str] = []

    def voucher(nonce: str) -> Future[bytes]:
        asked.append(nonce)
        return at_once(authority_says)(nonce)

    place, _ = bench(tmp_path / "store", voucher=voucher)
    for quality, utc_ms in ((ClockQuality.UNSET, 0), (ClockQuality.RTC, NOW_MS - 23 * HOUR_MS)):
        rig = recorded()
        rig.clock.put(utc_ms, quality)
        dock(rig, place, 1)
        assert rig.clock.utc().quality is ClockQuality.DOCK
    assert asked == []


@needs("openssl")
def test_openssl_s_time_stamp_moves_a_clock(tmp_path: Path) -> None:
    """A stock authority over HTTP, asked by the reference dock, believed by the camera."""
    stock = StockAuthority(tmp_path / "tsa")
    pem = stock.root.read_bytes()
    lines = b"".join(line for line in pem.splitlines() if not line.startswith(b"-")).decode()
    rig = recorded(time_root=lines, time_policy="1.2.3.4.1")
    rig.clock.put(Y2100_MS, ClockQuality.DOCK)
    with TimeServer(stock) as server:
        stamper = TimeStamper.load(server.url, stock.root)
        place, _ = bench(tmp_path / "store", utc_ms=system_utc_ms, voucher=at_once(StampVoucher(stamper)))
        dock(rig, place, 1)
    assert [each["source"] for each in clock_lines(rig)] == ["dock time-stamp"]
    assert abs(rig.clock.utc().utc_ms - system_utc_ms()) < HOUR_MS


def test_the_second_docking_tells_how_fast_the_clock_ran(tmp_path: Path) -> None:
    """Through a power-off too; not before, not behind a jump, and not where the clock was lost."""
    rig, behind_ms = recorded(), -500
    place, _ = bench(tmp_path / "store", utc_ms=lambda: rig.clock.utc().utc_ms - behind_ms)
    told: list[tuple[int, int | None]] = []

    def put_in() -> None:
        dock(rig, place, 1)
        line = clock_lines(rig)[-1]
        told.append((line["after_ms"] - line["before_ms"], line["drift_ppm"]))

    put_in()
    rig, behind_ms = later(rig, 10), 1800  # it gained that in ten hours
    put_in()
    rig, behind_ms = later(rig.power_cut(), 20), -1440  # and lost that in twenty
    put_in()
    assert told == [(500, None), (-1800, 50), (1440, -20)]
    rig.clock.jump(-60_000)
    rig, behind_ms = later(rig.run(0.1), 10), -60_000
    put_in()
    assert told[-1] == (60_000, None)


def test_it_never_runs_back_in_a_recording(tmp_path: Path) -> None:
    """Pressed in the dock before it says the time: the clock stays until that recording is over, and the journal's times only grow."""
    rig = recorded()
    place, events = bench(tmp_path / "store", utc_ms=lambda: rig.clock.utc().utc_ms - 10_000)
    rig.tap().run(1)
    dock(rig, place, 4)
    assert [event.facts["taken"] for event in events if event.kind is Kind.CLOCK] == [False]
    assert rig.state is Recording.RECORDING
    assert clock_lines(rig) == []


def test_a_press_between_question_and_answer_keeps_the_clock(tmp_path: Path) -> None:
    """The writer alone knows whether something is being recorded when it comes to setting the clock."""
    rig = recorded()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # in its place for this test
    before = rig.clock.utc()
    rig.tap().run(1)
    with pytest.raises(Exception, match="does not run back"):
        rig.camera.shelf.set_clock(before.utc_ms - 1000, "dock")
    rig.camera.shelf.set_clock(rig.clock.utc().utc_ms + 1000, "dock")
    assert clock_lines(rig)[-1]["source"] == "dock"


def failing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Timekeeping:
    """A camera whose log takes nothing more, docked ten hours ago."""

    def broken(_kind: str, _data: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(rig.camera.vault.volume.audit, "write", broken)
    return rig.camera.vault.timekeeping


def test_what_the_log_could_not_be_told_is_remembered_for_the_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock moved, and the card failed before the line was on it: the next docking tells how fast it ran since then, not since the
    time before; and nothing, where it had moved by itself."""
    rig, ahead_ms = recorded(), 0
    place, _ = bench(tmp_path / "store", utc_ms=lambda: rig.clock.utc().utc_ms + ahead_ms)
    dock(rig, place, 1)
    rig = later(rig, 10)
    with pytest.raises(OSError, match="Input/output"):
        failing(rig, monkeypatch).set(rig.clock.utc().utc_ms + HOUR_MS, "dock")
    rig, ahead_ms = later(rig.power_cut(), 10), 3600
    dock(rig, place, 1)
    assert clock_lines(rig)[-1]["drift_ppm"] == -100
    rig = later(rig, 10)
    rig.clock.jump(-60_000)
    with pytest.raises(OSError, match="Input/output"):
        failing(rig, monkeypatch).jumped()
    rig = later(rig.power_cut(), 10)
    dock(rig, place, 1)
    assert clock_lines(rig)[-1]["drift_ppm"] is None


def test_a_partition_that_fails_costs_the_drift_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is set and the log says so; how fast it ran is then not to be known, or told of the time before."""
    rig = recorded()
    place, events = bench(tmp_path / "store", utc_ms=lambda: rig.clock.utc().utc_ms)

    def broken(_directory: object, name: str, _data: bytes) -> None:
        raise OSError(28, "No space left on device", name)

    monkeypatch.setattr(durable, "replace", broken)
    dock(rig, place, 1)
    assert [event.facts["taken"] for event in events if event.kind is Kind.CLOCK] == [True]
    assert len(clock_lines(rig)) == 1
