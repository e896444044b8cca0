"""Recovery and inventory run behind the buffer: a card with ten thousand segments delays nothing, counted in what is asked of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.runtime import writer as writing
from firmware.runtime.auditlog import MOST_LINES
from firmware.runtime.work import Durable
from firmware.runtime.writer import Writer
from hal.interface import Button
from hal.sim.clock import VirtualClock
from hal.sim.memory import MemoryStorage
from tests.full_card import Asked, count, load
from tests.rig import PkiSigner, Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hal.sim.volume import Operation

LOADS = {"empty": ((1, 0),), "full": ((830, 0), (0, 150), (20, 0))}
"""Sealed and cut off recordings, the oldest first; of ten segments each."""
CARDS = sorted(LOADS)
LOG_FILES = 8
PIECE_CALLS = 24


@dataclass(frozen=True)
class Card:
    """A camera, its config and its card as they were when it was switched off, and its card when the newest recording was cut off."""

    rig: Rig
    config: Sequence[Operation]
    closed: Sequence[Operation]
    cut: Sequence[Operation]


@functools.cache
def card(name: str) -> Card:
    """A card with little or with much on it."""
    rig = Rig.new().run(1)
    for sealed, cut in LOADS[name]:
        load(rig, sealed=sealed, cut=cut, segments=10)
    closed = tuple(rig.evidence.volume.durable())
    load(rig, sealed=0, cut=1, segments=10)
    return Card(rig, tuple(rig.config.volume.durable()), closed, tuple(rig.evidence.volume.durable()))


@dataclass
class Boot:
    """A camera that has mounted its card and buffered for a while; its chores wait for ``chores``."""

    rig: Rig
    asked: Asked
    at: dict[str, Asked]

    @classmethod
    def of(cls, name: str, monkeypatch: pytest.MonkeyPatch, *, cut: bool = False) -> Boot:
        """Switch it on with a card."""
        mine = card(name)
        storage = MemoryStorage(mine.cut if cut else mine.closed)
        asked = count(monkeypatch, lambda: storage)
        at: dict[str, Asked] = {}
        mount = Writer.mount

        def durable(take: int, number: int) -> Durable:
            at.setdefault("durable", asked.copy())
            return Durable(take, number)

        def mounted(writer: Writer) -> None:
            at["before"] = asked.copy()
            mount(writer)
            at["mounted"] = asked.copy()

        monkeypatch.setattr(Writer, "mount", mounted)
        monkeypatch.setattr(writing, "Durable", durable)
        with monkeypatch.context() as idle:
            idle.setattr(Writer, "step", lambda writer: writer._work())
            rig = Rig.start(storage, MemoryStorage(mine.config), VirtualClock(), PkiSigner(), mine.rig.values).run(3)
        return cls(rig, asked, at)

    def chores(self, pieces: int) -> None:
        """Let so many pieces of the chores be done."""
        for _ in range(pieces):
            assert self.rig.camera.writer.step()

    def press(self, *, in_hand: int) -> int:
        """Press while so many pieces of the chores are in hand; by how many more of the writer's work it is durable."""
        self.rig.buttons.press(Button.RECORD)
        self.chores(in_hand)
        pieces = 0
        while "durable" not in self.at:
            while (item := self.rig.camera.inbox.take()) is not None:
                self.rig.camera.controller.handle(item)
            self.rig.camera.writer.step()
            pieces += 1
        return pieces


def test_the_first_frame_is_buffered_before_storage_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one call: the lens starts beside the writer, whatever that finds on the card."""
    mine = card("full")
    storage = MemoryStorage(mine.cut)
    asked = count(monkeypatch, lambda: storage)
    monkeypatch.setattr(Writer, "mount", lambda _: None)
    monkeypatch.setattr(Writer, "step", lambda _: False)
    again = Rig.start(storage, MemoryStorage(mine.config), VirtualClock(), PkiSigner(), mine.rig.values).run(5)
    assert sum(len(gop.units) for gop in again.camera.ring.snapshot()[0]) >= 30
    assert asked == Asked()


def test_a_press_before_the_card_is_mounted_is_recorded_from_the_minute_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Mounting takes three seconds; the press in the middle shows no recording before it is one, and loses nothing."""
    mount, step = Writer.mount, Writer.step
    with monkeypatch.context() as slow:
        slow.setattr(Writer, "mount", lambda _: None)
        slow.setattr(Writer, "step", lambda _: False)
        rig = Rig.new().run(3).tap().run(1)
        assert rig.state is Recording.STARTING
    mount(rig.camera.writer)
    assert Writer.step is step
    assert rig.run(1).state is Recording.RECORDING
    (recording,) = judge(rig.stop(), tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    assert recording.seconds == pytest.approx(3 + 0.3 + 1 + 1 + 3.8, abs=1)


@pytest.mark.parametrize("cut", [False, True])
def test_mounting_asks_as_much_of_a_full_card_as_of_an_empty_one(cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a case
    """Papers, one file of the audit log, the end of one journal: the same calls, and no more bytes than a file of the log may have.
    Where a recording was cut off, until another one goes on with it too."""
    found = {}
    for name in CARDS:
        with monkeypatch.context() as counting:
            at = Boot.of(name, counting, cut=cut).at
            found[name] = at["durable" if cut else "mounted"] - at["before"]
    same(found["full"], found["empty"])


def same(full: Asked, empty: Asked) -> None:
    """As much, but for the length of one file of the log, and the names of its files."""
    assert full.calls == empty.calls
    assert full.read <= empty.read + MOST_LINES * 1024
    assert full.listed <= empty.listed + 2 * LOG_FILES


@pytest.mark.parametrize("in_hand", [0, 1])
@pytest.mark.parametrize("pieces", [0, 1, 700, 1030])
def test_a_press_waits_for_one_piece_of_the_chores(pieces: int, in_hand: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten thousand segments to look through and a hundred and fifty recordings to recover, at any moment of that: beside the piece
    in hand it is the opening and the first flush, by as many calls as on an empty card."""
    found = {}
    for name in CARDS:
        with monkeypatch.context() as counting:
            boot = Boot.of(name, counting)
            boot.chores(pieces if name == "full" else 0)
            before = boot.asked.copy()
            assert boot.press(in_hand=in_hand if name == "full" else 0) == 2
            found[name] = boot.at["durable"] - before
    if in_hand:
        assert found["full"].calls <= found["empty"].calls + PIECE_CALLS
    else:
        assert found["full"] == found["empty"]


def test_a_piece_of_the_chores_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush waits for at most one: a few calls and little to read, in the inventory as in the recovery."""
    boot = Boot.of("full", monkeypatch)
    for _ in range(1200):
        before = boot.asked.copy()
        assert boot.rig.camera.writer.step()
        piece = boot.asked - before
        assert piece.calls <= PIECE_CALLS
        assert piece.read <= 1 << 20
    recovered = [
        line for line in boot.rig.audit() if line["kind"] == "closing" and line["data"]["state"] == "recovered"
    ]
    assert len(recovered) >= 10


def test_where_the_power_goes_again_and_again_short_recordings_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start has time for a little of the chores only, and an old recording needs more: what the starts themselves leave is
    recovered all the same, or the log could not list it one day, and the camera would record no more."""
    rig = Rig.new().run(3).tap().run(40)
    step, left = Writer.step, [0]

    def tired(writer: Writer) -> bool:
        left[0] -= 1
        return writer._work() or (left[0] > 0 and step(writer))

    monkeypatch.setattr(Writer, "step", tired)
    for _ in range(12):
        left[0] = 25
        rig = rig.power_cut().run(1.5)
        assert rig.state is Recording.RECORDING
        assert len(rig.camera.vault.volume.audit.ledger.unclosed) <= 3
    left[0] = 1000
    rig.stop().run(0.2)
    assert not rig.camera.vault.volume.audit.ledger.unclosed
