"""The self-test of a whole camera: what it finds, what it leaves alone, and that nothing waits for it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Move, Recording
from firmware.core.selftest import PROBE, Check, Result, able
from firmware.runtime.docklink import Away, DockNews
from firmware.runtime.probe import PIECE, PLACE
from hal.interface import Button, ClockQuality
from tests.rig import NS, Rig, judge, payload, read
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

FINE = {
    "picture": "ok",
    "sound": "not-tried",
    "storage": "ok",
    "signature": "ok",
    "device": "ok",
    "clock": "ok",
    "battery": "ok",
    "buttons": "ok",
}


def told(rig: Rig) -> list[dict[str, Any]]:
    """What the audit log has of self-tests."""
    return [line["data"] for line in rig.audit() if line["kind"] == "self-test"]


def shown(rig: Rig) -> frozenset[Trouble]:
    """What the lights take into account."""
    return rig.camera.controller.face.troubles


def begin(rig: Rig) -> None:
    """Have it try itself now."""
    rig.camera.controller.selftest.wanted = True
    rig.camera.controller.selftest.begin("boot")
    rig.camera.controller.tick(rig.clock.monotonic_ns())


def verdict(line: dict[str, Any]) -> dict[str, Any]:
    """Of each check."""
    return {key: line[key] for key in FINE}


def test_a_button_whose_level_cannot_be_read_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its edges still come: what they ask for is recorded, in the middle of the test and behind it."""
    rig = Rig.new(tested=True).run(3)

    def broken(_button: Button) -> bool:
        raise OSError(errno.EIO, "no such pin")

    monkeypatch.setattr(rig.buttons, "is_down", broken)
    begin(rig)
    rig.run(1).tap().run(2)
    assert rig.state is Recording.RECORDING
    assert told(rig)[-1]["buttons"] == "ok"


def test_a_boot_is_tested(tmp_path: Path) -> None:
    """Within two seconds, once, in the clear, and the verifier reads it; nothing of it stays on the card, nothing is shown."""
    rig = Rig.new(tested=True).run(2.1)
    (line,) = told(rig)
    assert verdict(line) == FINE
    assert (line["when"], line["fps"]) == ("boot", 10)
    assert 1500 <= line["took_ms"] <= 2000
    assert line["write_kib"] is not None
    assert line["device_ms"] is not None
    assert rig.evidence.root().enter("erasing").names() == []
    assert not shown(rig)
    rig.run(120)
    assert len(told(rig)) == 1
    rig.tap().run(1).stop()
    assert judge(rig, tmp_path).worst is Verdict.WHOLE


def test_taking_it_out_of_a_dock_is_tested() -> None:
    """Once more, and only where it had stood in one."""
    rig = Rig.new(tested=True).run(3)
    rig.camera.inbox.put(Away())
    rig.run(3)
    assert [line["when"] for line in told(rig)] == ["boot"]
    for move in (Move.MET, Move.STOOD, Move.GONE):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    rig.camera.inbox.put(Away("dock-1"))
    rig.run(3)
    assert [line["when"] for line in told(rig)] == ["boot", "undock"]


def test_taking_it_out_is_tested_though_another_test_runs() -> None:
    """One that failed is tried again every now and then, and whoever takes the camera out meets it in the middle of that: theirs comes behind it."""
    rig = Rig.new(tested=True).run(1)
    for move in (Move.MET, Move.STOOD, Move.GONE):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    rig.camera.inbox.put(Away("dock-1"))
    rig.run(0.2)
    assert not told(rig)
    rig.run(5)
    assert [line["when"] for line in told(rig)] == ["boot", "undock"]


def test_no_sample_is_read_for_it() -> None:
    """By default the microphone stays closed; where it listens anyway its sound is judged."""
    rig = Rig.new(tested=True).run(3)
    assert rig.camera.microphone.units == 0
    (line,) = told(Rig.new(tested=True, pre_event_sound=True).run(3))
    assert line["sound"] == "ok"


def test_a_press_wins(tmp_path: Path) -> None:
    """In the middle of it: it records at once and whole, storage is left to it, and the verdict says so."""
    ways = []
    for tested in (False, True):
        rig = Rig.new(tested=tested).run(0.5)
        rig.buttons.press(Button.RECORD)
        rig.run(0.3)
        rig.buttons.release(Button.RECORD)
        ways.append([line for line in rig.log.getvalue().splitlines() if '"event":"state"' in line])
    assert ways[0] == ways[1]
    assert rig.state is Recording.RECORDING
    rig.run(3).stop()
    assert told(rig)[0]["when"] == "boot"
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE


def test_a_recording_takes_storage_away_from_it() -> None:
    """Begun between two pieces: no more is written, what was is removed, and storage counts as not tried."""
    rig = Rig.new()
    rig.run(1)
    begin(rig)
    written: list[int] = []
    step = rig.camera.writer.step

    def once() -> bool:
        if not written:
            written.append(1)
            assert step()  # the order is taken
            assert step()  # the first piece
            rig.buttons.press(Button.RECORD)
        return step()

    rig.camera.writer.step = once  # type: ignore[method-assign]  # replaced by the test
    rig.run(0.3)
    rig.buttons.release(Button.RECORD)
    rig.run(3)
    assert rig.state is Recording.RECORDING
    (line,) = told(rig)
    assert (line["storage"], line["write_kib"]) == ("not-tried", None)
    assert rig.evidence.root().enter("erasing").names() == []


def test_flushes_wait_for_one_small_piece() -> None:
    """Each step of the writer's writes or syncs once."""
    assert PIECE <= 64 << 10
    rig = Rig.new().run(1)
    begin(rig)
    calls: list[list[str]] = []
    trouble = rig.evidence.trouble
    before = trouble.before_sync

    def sync(name: str) -> None:
        calls[-1].append(name)
        before(name)

    trouble.before_sync = sync  # type: ignore[method-assign]  # replaced by the test
    working = True
    while working:
        calls.append([])
        working = rig.camera.writer.step()
    assert max(map(len, calls)) == 1
    assert [PLACE] in calls
    assert len(calls) > PROBE // PIECE


@pytest.mark.parametrize(
    ("spoil", "check", "result", "trouble"),
    [
        (lambda rig: rig.evidence.trouble.fail_syncs(1), "storage", "failed", Trouble.STORAGE_FAILS),
        (lambda rig: rig.hal.power.die(on=True), "battery", "failed", Trouble.GAUGE_FAILS),
        (lambda rig: rig.clock.put(0, ClockQuality.UNSET), "clock", "failed", Trouble.CLOCK_UNSET),
        (lambda rig: rig.buttons.press(Button.FUNCTION), "buttons", "failed", Trouble.BUTTON_STUCK),
        (lambda rig: rig.video.disturbance.drop(8), "picture", "failed", Trouble.PICTURE_FAILS),
    ],
)
def test_what_fails_is_told_and_shown(spoil: Any, check: str, result: str, trouble: Trouble) -> None:
    """That check alone; the camera warns, and still records at a press."""
    rig = Rig.new().run(1)
    spoil(rig)
    begin(rig)
    rig.run(3)
    (line,) = told(rig)
    assert verdict(line) == {**FINE, check: result}
    assert trouble in shown(rig)
    assert rig.indicators.lights == LIGHTS[Look.WARNING]
    assert rig.tap().run(1).state is Recording.RECORDING


def test_a_covered_lens_is_told_until_it_is_uncovered() -> None:
    """It is tried again every quarter of a minute, and only what changed is told once more."""
    rig = Rig.new(seeing=True)
    feed: Any = rig.hal.video
    feed._feed.dark(on=True)
    rig.run(2)
    begin(rig)
    rig.run(3)
    assert Trouble.PICTURE_FLAT in shown(rig)
    rig.run(130)
    assert [(line["when"], line["picture"]) for line in told(rig)] == [("boot", "flat")]
    feed._feed.dark(on=False)
    rig.run(20)
    assert Trouble.PICTURE_FLAT not in shown(rig)
    assert [(line["when"], line["picture"]) for line in told(rig)] == [("boot", "flat"), ("again", "ok")]


def test_storage_that_failed_is_not_tried_again() -> None:
    """After a failed sync nobody knows: it stays told for this boot."""
    rig = Rig.new().run(1)
    rig.evidence.trouble.fail_syncs(1)
    begin(rig)
    rig.run(3)
    asked: list[bool] = []
    probe = rig.camera.probe

    def ask(*, storage: bool) -> None:
        asked.append(storage)
        probe(storage=storage)

    rig.camera.probe = ask
    rig.run(125)
    assert set(asked) == {False}
    assert len(asked) > 1
    assert Trouble.STORAGE_FAILS in shown(rig)
    assert len(told(rig)) == 1


def test_only_what_failed_is_tried_again() -> None:
    """A clock that stays unset for a shift costs neither card nor key anything."""
    rig = Rig.new().run(1)
    rig.clock.put(0, ClockQuality.UNSET)
    asked: list[bool] = []
    probe = rig.camera.probe

    def ask(*, storage: bool) -> None:
        asked.append(storage)
        probe(storage=storage)

    rig.camera.probe = ask
    begin(rig)
    rig.run(60)
    assert asked == [True]
    rig.clock.put(1_790_000_000_000, ClockQuality.RTC)
    rig.run(20)
    assert [(line["when"], verdict(line)) for line in told(rig)] == [
        ("boot", {**FINE, "clock": "failed"}),
        ("again", FINE),
    ]
    assert Trouble.CLOCK_UNSET not in shown(rig)


def test_slow_storage_is_told() -> None:
    """A card that takes 100 ms for 64 KiB is slower than what is to be recorded."""
    rig = Rig.new(bitrate=8_000_000).run(1)
    before = rig.evidence.trouble.before_sync

    def sync(name: str) -> None:
        rig.clock.advance(NS // 2 if name == PLACE else 0)
        before(name)

    rig.evidence.trouble.before_sync = sync  # type: ignore[method-assign]  # replaced by the test
    begin(rig)
    rig.run(3)
    assert told(rig)[0]["storage"] == "slow"
    assert Trouble.LAGGING in shown(rig)


@pytest.mark.parametrize("how", ["silent", "refuses", "lies"])
def test_a_device_key_that_does_not_sign(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs, answers with an error, or signs something else: told after two seconds, and nothing waited for it."""
    rig = Rig.new()
    session = rig.camera.vault.session

    def sign(digest: bytes) -> bytes:
        if how == "refuses":
            raise OSError(errno.EIO, "the chip does not answer")
        return rig.signer.sign_digest(bytes(reversed(digest)))

    if how == "silent":
        monkeypatch.setattr(rig.camera.device, "step", lambda: None)
    else:
        object.__setattr__(session, "_device_sign", sign)
    begin(rig)
    assert rig.run(0.5).tap().run(0.3).state is Recording.RECORDING
    rig.run(2)
    (line,) = told(rig)
    assert line["device"] == "failed"
    assert (line["device_ms"] is None) == (how == "silent")
    assert line["took_ms"] <= 2100
    assert Trouble.SIGNATURE_FAILS in shown(rig)


def test_a_full_card_is_left_alone() -> None:
    """Where there is no room for evidence there is none for a test."""
    rig = Rig.new(tested=True, capacity=40 << 20).run(3)
    (line,) = told(rig)
    assert line["storage"] == "not-tried"


@pytest.mark.parametrize("reached", [False, True])
def test_a_cut_at_any_moment_of_it_leaves_nothing(reached: bool, tmp_path: Path) -> None:  # noqa: FBT001 - both
    """Whatever of the file a cut leaves, also where its names had reached the card, goes with the next start, and the verifier misses nothing."""
    left = steps = 0
    working = True
    while working:
        rig = Rig.new().run(1).tap().run(1).stop().run(1)
        begin(rig)
        for _ in range(steps):
            working = rig.camera.writer.step()
        erasing = rig.evidence.root().enter("erasing")
        if reached and PLACE in erasing.names():
            erasing.enter(PLACE).sync()
            erasing.sync()
        again = rig.power_cut()
        left += PLACE in again.evidence.root().enter("erasing").names()
        again.run(1)
        assert again.evidence.root().enter("erasing").names() == []
        assert again.tap().run(1).state is Recording.RECORDING
        steps += 1
    report = judge(again.stop(), tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE, Verdict.WHOLE]
    assert steps > PROBE // PIECE


def test_it_waits_for_the_first_frame() -> None:
    """A lens takes its time to open, and that is no fault of its picture."""
    rig = Rig.new(tested=True)
    rig.hal.video.stop()
    rig.run(1.5)
    assert told(rig) == []
    rig.hal.video.start(rig.camera.arrive)
    rig.run(3)
    assert verdict(told(rig)[0]) == FINE


def test_its_line_names_nobody() -> None:
    """In the clear, it has words of the table and numbers."""
    rig = Rig.new(tested=True).run(3)
    directory = rig.evidence.root().enter("audit")
    lines = [
        payload(line)
        for name in directory.names()
        if name.endswith(".jwsl")
        for line in read(directory.open(name)).splitlines()
    ]
    (line,) = [each for each in lines if each["kind"] == "self-test"]
    assert all(isinstance(value, int | None) or value in {"boot", "ok", "not-tried"} for value in line["data"].values())


def test_who_shows_that_it_can_record_is_able() -> None:
    """Only then is a new system kept."""
    rig = Rig.new(tested=True)
    assert not rig.camera.controller.selftest.able
    assert rig.run(4).camera.controller.selftest.able


@pytest.mark.parametrize(
    ("check", "results"),
    [
        (Check.PICTURE, {Result.OK, Result.FLAT}),
        (Check.STORAGE, {Result.OK, Result.SLOW, Result.NOT_TRIED}),
        (Check.SIGNATURE, {Result.OK}),
        (Check.DEVICE, {Result.OK, Result.SLOW}),
        (Check.BATTERY, set(Result)),
    ],
)
def test_what_keeps_a_new_system_from_being_kept(check: Check, results: set[Result]) -> None:
    """A lens that shows nothing, storage that is not written, a signature that does not verify; not a gauge that does not answer."""
    fine = dict.fromkeys(Check, Result.OK)
    assert {result for result in Result if able({**fine, check: result})} == results
    assert able({each: Result.OK for each in Check if each is not check}) is (check is Check.BATTERY)
