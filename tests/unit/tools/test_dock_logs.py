"""The log at the reference dock: fetched, receipted, countersigned; and a camera whose log contradicts the one that is stored."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from firmware.dock.shelf import Item
from firmware.evidence.log_receipt import verify_log_receipt
from tests.docking import VOLUME, MemoryShelf, camera, desk, visit
from tests.pki import Pki
from tools.dock.events import DockEvent, Kind


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera in its second boot, with a recording of the first."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.reboot(pki.session())
    return shelf


def told(events: list[DockEvent], kind: Kind) -> list[str]:
    """What events of one kind say."""
    return [event.text for event in events if event.kind is kind]


def stored(store: Path) -> dict[str, bytes]:
    """The log in a store."""
    return {path.name: path.read_bytes() for path in sorted((store / "cam-1" / VOLUME / "audit").iterdir())}


def twin(shelf: MemoryShelf) -> MemoryShelf:
    """A camera with the same card, key and all, from now on another one."""
    other = copy.copy(shelf)
    for name, value in vars(shelf).items():
        if isinstance(value, (dict, list)):
            setattr(other, name, copy.deepcopy(value))
    return other


def test_finished_files_are_receipted_and_the_store_keeps_them(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The camera removes them; whole in the store, with the receipt durable there too, and the chain goes on at the next docking."""
    first = shelf._file("audit", "00000001.jwsl")
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert sorted(shelf.audit) == ["00000002.jwsl"]
    assert stored(tmp_path)["00000001.jwsl"] == first
    paper = (tmp_path / "cam-1" / VOLUME / "log-receipt.jws").read_bytes()[:-1]
    assert paper == shelf.log_receipts[-1]
    assert verify_log_receipt(paper, pki.trust, nonce=None).payload["boot"] == 1
    shelf.reboot(pki.session())
    shelf.record(2)
    visit(shelf, at)
    assert sorted(stored(tmp_path)) == ["00000001.jwsl", "00000002.jwsl", "00000003.jwsl"]
    assert not told(events, Kind.CONFLICT) + told(events, Kind.REJECTED)
    assert [event.kind for event in events].count(Kind.ANCHORED) == 2
    assert len(shelf.anchors) == 2


def test_a_camera_without_a_log_gets_no_signature(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """One that lists no file of a log that it showed before is told of, and the dock goes on."""
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    shelf.record(2)
    items = shelf.items
    hidden = lambda: [each for each in items() if each.kind != "audit"] + [Item("audit", "audit", False, ())]  # noqa: E731
    shelf.items = hidden  # type: ignore[method-assign]  # in its place for this test
    end = visit(shelf, at)
    assert end.error is None
    assert "lists no file" in told(events, Kind.REJECTED)[0]
    assert len(shelf.anchors) == 1
    assert set(shelf.receipts) == {1, 2}


def test_nothing_new_to_receipt_is_not_receipted_again(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A log that only grows has no finished file: no line is written for it, or camera and dock would never come to rest."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    visit(shelf, at)
    assert len(shelf.log_receipts) == 1


@pytest.mark.parametrize("cut_after", range(6000, 40_000, 3000))
def test_a_docking_that_breaks_anywhere_is_resumed(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, cut_after: int
) -> None:
    """No line is lost, none stored twice, and nothing looks like another camera."""
    at, events = desk(pki, tmp_path)
    written = dict(shelf.audit)
    visit(shelf, at, cut_after=cut_after)
    shelf.clock.advance(60)
    visit(shelf, at)
    assert not told(events, Kind.CONFLICT)
    assert stored(tmp_path)["00000001.jwsl"] == b"".join(line + b"\n" for line in written["00000001.jwsl"])
    assert shelf.anchors


def test_two_docks_take_turns(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """What one has taken over and the camera removed, the other knows from the receipt, and keeps that."""
    one, _ = desk(pki, tmp_path / "one")
    two, events = desk(pki, tmp_path / "two")
    visit(shelf, two)
    for number in (2, 3):
        shelf.reboot(pki.session())
        shelf.record(number)
        visit(shelf, one)
    shelf.reboot(pki.session())
    visit(shelf, two)
    assert not told(events, Kind.CONFLICT) + told(events, Kind.REJECTED)
    assert "00000003.jwsl" not in stored(tmp_path / "two")
    assert list((tmp_path / "two" / "cam-1" / VOLUME / "log-receipts").iterdir())
    assert len(shelf.anchors) == 4


def contested(shelf: MemoryShelf, events: list[DockEvent]) -> bool:
    """Whether both sides logged it, and nothing allows an erasure."""
    receipts = len(shelf.receipts) + len(shelf.log_receipts)
    return bool(told(events, Kind.CONFLICT)) and bool(shelf.conflicts) and receipts == 0


def fresh(shelf: MemoryShelf) -> MemoryShelf:
    """Without the receipts of earlier dockings, so that those given now are counted."""
    shelf.receipts.clear()
    shelf.log_receipts.clear()
    return shelf


def test_a_log_that_was_turned_back_is_contested(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Fewer lines than were countersigned: taken over beside, receipted never, told to the camera."""
    before = twin(shelf)
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    kept = stored(tmp_path)
    visit(fresh(before), at)
    assert contested(before, events)
    assert not before.anchors
    assert {name: data for name, data in stored(tmp_path).items() if name in kept} == kept


def test_a_log_that_was_turned_back_and_went_on_is_contested(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """More lines than were countersigned, and others: it is found before any of its recordings is receipted."""
    before = twin(shelf)
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    for number in range(2, 9):
        before.record(number)
    visit(fresh(before), at)
    assert contested(before, events)
    names = stored(tmp_path)
    assert any(".conflict-" in name for name in names)
    assert (tmp_path / "cam-1" / VOLUME / "recordings").joinpath("00000001").exists()


def test_a_copied_camera_is_contested_and_the_first_one_goes_on(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Both went on from the same line; whichever comes second does not fit."""
    copied = twin(shelf)
    shelf.record(2)
    copied.record(2, (40_000,))
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    visit(fresh(copied), at)
    assert contested(copied, events)
    events.clear()
    shelf.record(3)
    visit(shelf, at)
    assert not told(events, Kind.CONFLICT)
    assert len(shelf.anchors) == 2


def test_a_camera_that_cannot_note_it_is_told_of(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its storage fails: the conflict stands all the same."""
    before = twin(shelf)
    at, events = desk(pki, tmp_path)
    visit(shelf, at)

    def full(_dock: str, _reason: str) -> None:
        raise OSError("no room")

    monkeypatch.setattr(before, "conflict", full)
    visit(fresh(before), at)
    assert told(events, Kind.CONFLICT)
    assert any("no room" in text for text in told(events, Kind.REJECTED))
    assert not before.receipts


def test_a_receipt_by_nobody_of_ours_explains_no_gap(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera whose beginning is gone needs a dock of our authority for that."""
    del shelf.audit["00000001.jwsl"]
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert told(events, Kind.CONFLICT)
    assert not shelf.receipts
    assert not shelf.anchors
