"""A storage that fills up: what is promised is kept, the end is clean, nothing that no dock has is touched, one docking empties it."""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import tests.rig
from firmware.core.forecast import CLOSING, Budget
from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Recording
from firmware.runtime.volume import BRIM
from firmware.runtime.work import Failed, Health
from hal.sim.clip import VideoClip
from hal.sim.memory import MemoryStorage
from hal.sim.scene import SyntheticScene
from tests.rig import NONCE, NS, VIDEO, PkiSigner, Rig, anchor_for, judge, read, receipt_for
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hal.interface import Unit
    from hal.sim.volume import Operation

MIB = 1 << 20
RESERVE = 32 * MIB
READY = 9 * MIB  # the next recording, prepared
FILLER = b"\0\0\0\1\x0c"


class Heavy(VideoClip):
    """A clip whose frames are filled up with filler data, as encoders at a constant rate do."""

    def __init__(self, bitrate: int) -> None:
        """Of so many bit/s."""
        super().__init__(SyntheticScene(VIDEO), replace(VIDEO, bitrate=bitrate))
        self.bitrate = bitrate

    def take(self) -> Unit:
        """The next unit, filled up."""
        unit = super().take()
        missing = self.bitrate // 8 // VIDEO.fps - len(unit.data) - len(FILLER) - 1
        return replace(unit, data=unit.data + FILLER + b"\xff" * max(0, missing) + b"\x80")


def rate(monkeypatch: pytest.MonkeyPatch, bitrate: int) -> None:
    """Have every camera from now on deliver so many bit/s."""
    sound = tests.rig.clips()[1]
    clip = Heavy(bitrate)
    monkeypatch.setattr(tests.rig, "clips", lambda: (clip, sound))


def small(room: int, **values: int) -> Rig:
    """A camera whose card has ``room`` bytes for recordings before a press is refused."""
    chosen = tests.rig.VALUES | values
    budget = Budget(*(int(str(chosen.get(key, 10))) for key in ("bitrate", "pre_event_s", "queue_s", "segment_s")))
    return Rig.new(capacity=RESERVE + budget.idle + READY + room, **values).run(chosen["pre_event_s"])  # type: ignore[arg-type]  # a mix of settings' types


def health(rig: Rig) -> Health:
    """The writer's last word on the storage."""
    return next(each for each in reversed(rig.answers) if isinstance(each, Health))


def shown(rig: Rig) -> Look:
    """What the lights say."""
    return next(look for look, lights in LIGHTS.items() if lights == rig.indicators.lights)


def until_full(rig: Rig) -> list[tuple[float, int]]:
    """Record until the camera stops by itself; what was promised at which second before that."""
    promised = []
    rig.tap()
    while rig.state is not Recording.IDLE:
        promised.append((rig.clock.monotonic_ns() / NS, health(rig).left_s))
        rig.run(0.5)
    ended_s = rig.clock.monotonic_ns() / NS
    return [(ended_s - at_s, left_s) for at_s, left_s in promised]


@pytest.mark.parametrize(
    ("bitrate", "room"), [(250_000, 10 * MIB), (2_000_000, 30 * MIB), (8_000_000, 30 * MIB), (25_000_000, 40 * MIB)]
)
def test_a_card_filled_by_recording_ends_in_a_clean_stop(
    bitrate: int, room: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At any bitrate, up to the highest that leaves memory for this buffer: sealed, whole, with its reason, in the audit log, and with room left for a docking."""
    rate(monkeypatch, bitrate)
    rig = small(room, bitrate=bitrate)
    promised = until_full(rig)
    assert all(left_s <= real_s for real_s, left_s in promised)
    report = judge(rig, tmp_path)
    assert report.worst is Verdict.WHOLE
    (recording,) = report.every_recording
    assert any("storage-full" in entry.text for entry in recording.private or ())
    assert [line["kind"] for line in rig.audit() if line["kind"] != "private"][-2:] == ["opening", "closing"]
    assert shown(rig) is Look.UNABLE
    assert rig.evidence.space().free >= CLOSING - READY
    assert "refused" in rig.tap().cues


def test_what_waits_in_a_stall_still_finds_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The card hangs for nine seconds just before it is full, at the highest rate: all of it is written, and sealed."""
    rate(monkeypatch, 25_000_000)
    rig = small(80 * MIB, bitrate=25_000_000).tap().run(2)
    rig.evidence.trouble.fill(rig.camera.vault.budget.running + MIB)
    with monkeypatch.context() as hung:
        hung.setattr(rig.camera.writer, "step", lambda: False)
        rig.run(9)
    rig.run(1)
    assert rig.state is Recording.IDLE
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert recording.seconds == pytest.approx(4 + 0.3 + 2 + 9, abs=1)


def test_the_minute_before_still_finds_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A card so slow that the live part alone fills it up: the buffer that waits behind it is written all the same."""
    rate(monkeypatch, 22_000_000)
    rig = small(4 * MIB, bitrate=22_000_000, pre_event_s=8)
    with monkeypatch.context() as slow:
        slow.setattr(rig.camera.writer, "step", rig.camera.writer._work)
        rig.tap().run(30)
        assert rig.state is Recording.STOPPING
    rig.run(1)
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert not any(isinstance(each, Failed) for each in rig.answers)


def test_a_warning_an_hour_before_and_another_one_at_half_of_it() -> None:
    """Each is felt once and stays lit; the last hour is told in the log again and again."""
    rig = Rig.new(pre_event_s=1).run(2).tap()
    budget, writer = rig.camera.vault.budget, rig.camera.writer
    felt, seen = [], []
    for minutes in (90, 61, 59, 60, 61, 59, 40, 31, 29, 30, 31, 29, 20, 5):
        wanted = budget.running + 17 * MIB + (minutes * 60 + budget.segment_s) * writer._rate.per_second
        rig.evidence.trouble.fill(wanted)
        before = len(rig.cues)
        rig.run(0.6)
        felt.append(rig.cues[before:])
        seen.append({Trouble.STORAGE_LOW, Trouble.STORAGE_CRITICAL} & rig.camera.controller.face.troubles)
    low, critical = {Trouble.STORAGE_LOW}, {Trouble.STORAGE_LOW, Trouble.STORAGE_CRITICAL}
    assert [cue for cues in felt for cue in cues if cue.startswith("storage")] == ["storage-low", "storage-critical"]
    assert seen == [set()] * 2 + [low] * 6 + [critical] * 6
    assert shown(rig) is Look.RECORDING_TROUBLE
    assert rig.log.getvalue().count("left_s") >= 5


def test_a_full_card_is_felt_as_full_and_nothing_less() -> None:
    """No warning that it will be full soon is played over the refusal."""
    rig = Rig.new(capacity=RESERVE + CLOSING).run(1).tap()
    assert rig.cues == ["refused"]


def test_a_cut_recording_is_not_resumed_on_a_full_card(tmp_path: Path) -> None:
    """It would end at once, or fail again and again: it is refused as a press is, and what was cut off is recovered."""
    rig = small(10 * MIB).tap().run(2)
    storage = refilled(durable(rig), 9 * MIB)
    again = start(rig, storage).run(1)
    assert again.state is Recording.IDLE
    assert shown(again) is Look.UNABLE
    assert again.cues == ["refused"]
    assert [each.verdict for each in judge(again, tmp_path).every_recording] == [Verdict.RECOVERED]


# From every full state one docking empties the camera, and it records again.


def durable(rig: Rig) -> list[Operation]:
    """The card as a power cut leaves it, as operations."""
    return list(rig.evidence.volume.durable())


def refilled(operations: Sequence[Operation], free: int) -> MemoryStorage:
    """Such a card with so many bytes free, the reserve not counted."""
    storage = MemoryStorage(operations)
    storage.root().open("reserve").reserve(RESERVE)
    storage.trouble.fill(free)
    return storage


def start(rig: Rig, storage: MemoryStorage) -> Rig:
    """Switch the camera on with that card."""
    config = MemoryStorage(rig.config.volume.durable())
    return Rig.start(storage, config, rig.clock.power_cycle(), PkiSigner(), rig.values)


def dock(rig: Rig) -> Rig:
    """One honest docking: a receipt for each recording on the shelf, then the anchor."""
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.dock_event("dock-1", "accepted")
    for item in rig.camera.shelf.items():
        if item.kind == "recording":
            number = int(item.name)
            rig.camera.shelf.receipt(number, receipt_for(rig, number), NONCE)
            rig.camera.writer.sweep()
            rig.run(0.1)
    rig.camera.shelf.anchor(anchor_for(rig), NONCE)
    return rig.run(1)


@functools.cache
def full_cards() -> tuple[Rig, list[Operation], list[Operation]]:
    """A camera, its card full of two sealed recordings, and its card with the second one cut off a moment before."""
    rig = small(60 * MIB, keep_after_receipt_h=0).tap().run(2).stop()
    rig.tap().run(420)
    cut = durable(rig)
    until_full(rig)
    return rig, durable(rig), cut


def levels() -> list[int]:
    """Free bytes around all that decides."""
    budget = Budget(250_000, 4, 10, 3)
    return [0, 4096, MIB, *(edge + by for edge in (BRIM, CLOSING, budget.running, budget.idle) for by in (-1, 0))]


@pytest.mark.parametrize(
    ("free", "was_cut"), [*((each, False) for each in levels()), *((each, True) for each in levels()[::2])]
)
def test_from_every_full_state_one_docking_empties_the_camera(free: int, was_cut: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """However little is left, and whether the last recording was sealed or cut off: recovered, receipted, erased, and it records."""
    rig, sealed, cut = full_cards()
    again = start(rig, refilled(cut if was_cut else sealed, free)).run(1)
    if again.state is not Recording.IDLE:
        again.stop()
    dock(again)
    assert [name for name in recordings(again) if "manifest.jws" in content(again, name)] == []
    assert again.evidence.root().enter("erasing").names() == []
    assert shown(again) is not Look.UNABLE
    again.run(4).tap().run(1)
    assert again.state is Recording.RECORDING
    report = judge(again.stop(), tmp_path)
    assert report.worst is Verdict.WHOLE


def recordings(rig: Rig) -> list[str]:
    """The directories of recordings."""
    return rig.evidence.root().enter("recordings").names()


def content(rig: Rig, name: str) -> dict[str, bytes]:
    """Every file of a recording."""
    directory = rig.evidence.root().enter("recordings").enter(name)
    return {each: read(directory.open(each)) for each in directory.names()}


@pytest.mark.parametrize("seed", range(12))
def test_what_no_dock_has_is_never_touched(seed: int, tmp_path: Path) -> None:
    """Whatever the pressure, and whatever else is receipted: every byte of it is where it was."""
    chance = random.Random(seed)
    rig = small(40 * MIB, keep_after_receipt_h=chance.choice([0, 24]))
    for _ in range(4):
        rig.tap().run(chance.uniform(0.5, 3)).stop()
    receipted = {number for number in range(1, 5) if chance.random() < 0.5}
    mine = {name: content(rig, name) for name in recordings(rig)[:4] if int(name) not in receipted}
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    for number in receipted:
        rig.camera.shelf.receipt(number, receipt_for(rig, number), NONCE)
    budget = rig.camera.vault.budget
    for _ in range(4):
        rig.evidence.trouble.fill(chance.randrange(0, budget.emptying + MIB, 4096) + 64 * 1024)
        rig.camera.writer.sweep()
        rig.tap().run(chance.uniform(0.1, 2))
        rig = rig.power_cut().run(1) if chance.random() < 0.3 else rig
        if rig.state is not Recording.IDLE:
            rig.stop()
    assert {name: content(rig, name) for name in mine} == mine, f"seed {seed}"
    assert judge(rig, tmp_path).worst is not Verdict.NOT_WHOLE
