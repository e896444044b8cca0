"""Small guards of custody: what is refused, or could not be kept, changes nothing; and what a receipt gives back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from firmware.evidence import documents, kinds
from firmware.evidence.errors import EvidenceError
from firmware.runtime import durable
from firmware.runtime.inventory import Entry, Inventory
from tests.rig import NONCE, Rig, anchor_for, pki, receipt_for, settings_line

if TYPE_CHECKING:
    from collections.abc import Callable


def assignment_for(rig: Rig, **changes: object) -> bytes:
    """An assignment that a dock signed."""
    dock = pki().dock
    facts = {"device": rig.camera.vault.session.device, "shift": "S-1", "utc_ms": 1}
    return documents.sign(kinds.ASSIGNMENT, facts | changes, dock.sign, dock.chain.ders)


REFUSED: dict[str, Callable[[Rig], None]] = {
    "anchor": lambda rig: rig.camera.vault.custody.anchor(anchor_for(rig, device="cam-2"), NONCE),
    "receipt": lambda rig: rig.camera.vault.custody.receipt(1, receipt_for(rig, 1, device="cam-2"), NONCE),
    "settings": lambda rig: rig.camera.vault.custody.settings(settings_line({"pre_event_s": 500}, serial=5)),
    "assignment": lambda rig: rig.camera.vault.custody.assign(assignment_for(rig, device="cam-2")),
}
GOOD: dict[str, Callable[[Rig], None]] = {
    "anchor": lambda rig: rig.camera.vault.custody.anchor(anchor_for(rig), NONCE),
    "receipt": lambda rig: rig.camera.vault.custody.receipt(1, receipt_for(rig, 1), NONCE),
    "settings": lambda rig: rig.camera.vault.custody.settings(settings_line({"pre_event_s": 9}, serial=5)),
    "assignment": lambda rig: rig.camera.vault.custody.assign(assignment_for(rig)),
}


def broken(*_: object) -> NoReturn:
    """Storage refuses."""
    raise OSError("refused")


def state(rig: Rig) -> tuple[object, ...]:
    """All that custody keeps: on the card, in the configuration, in the log, in memory."""
    custody = rig.camera.vault.custody
    return (
        rig.camera.vault.enrolment.settings.hash,
        custody.given,
        custody.on_duty,
        custody.anchored,
        custody.inventory.all(),
        len(rig.audit()),
        len(rig.evidence.log),
        len(rig.config.log),
    )


@pytest.fixture
def rig() -> Rig:
    """One recording."""
    return Rig.new().run(2).tap().run(1).stop().run(1)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_no_trace(rig: Rig, what: str) -> None:
    """Not even a file that the next boot would have to judge again."""
    before = state(rig)
    with pytest.raises(EvidenceError):
        REFUSED[what](rig)
    assert state(rig) == before


@pytest.mark.parametrize("what", GOOD)
def test_what_could_not_be_kept_counts_for_nothing(rig: Rig, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut would leave the camera without it: neither log nor memory knows of it."""
    before = state(rig)
    with monkeypatch.context() as failing:
        failing.setattr(durable, "replace", broken)
        with pytest.raises(OSError, match="refused"):
            GOOD[what](rig)
    assert state(rig) == before


@pytest.mark.parametrize("what", GOOD)
def test_what_is_kept_is_there_after_a_cut(rig: Rig, what: str) -> None:
    """Durable when the dock is told."""
    GOOD[what](rig)
    kept = state(rig)[:4]
    again = rig.power_cut().run(1)
    assert state(again)[:4] == kept
    assert "fault" not in [line["kind"] for line in again.audit()]


def test_a_receipt_that_nobody_believes_any_more_is_told_and_counts_for_nothing(rig: Rig) -> None:
    """Its recording is to be fetched again."""
    GOOD["receipt"](rig)
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    durable.replace(directory, "receipt.jws", b"nonsense\n")
    again = rig.power_cut().run(1)
    (entry,) = again.camera.vault.custody.inventory.all()
    assert (entry.receipt, entry.receipted_ms) == (None, None)
    (told,) = [line["data"]["code"] for line in again.audit() if line["kind"] == "fault"]
    assert told.startswith("receipt 1: ")


def test_a_receipt_is_told_once(rig: Rig) -> None:
    """However often the same is given."""
    line = receipt_for(rig, 1)
    for _ in range(3):
        rig.camera.vault.custody.receipt(1, line, NONCE)
    assert [each["kind"] for each in rig.audit()].count("receipt") == 1


def test_receipted_bytes_come_back_and_no_others() -> None:
    """Not those of what is bad, of what was erased, or of what lost its receipt."""
    inventory = Inventory()
    entry = Entry(1, "a" * 64, {"x": 10, "y": 5}, priority=False, receipted_ms=1, receipt="b" * 64)
    waiting = replace(entry, number=2, receipt=None, receipted_ms=None)
    for each in (replace(entry, number=3), waiting, entry):
        inventory.put(each)
    assert [each.number for each in inventory.all()] == [1, 2, 3]
    assert inventory.returnable(()) == 30
    assert inventory.returnable({"00000003"}) == 15
    inventory.put(replace(entry, receipt=None, receipted_ms=None))
    assert inventory.returnable(()) == 15
    inventory.drop(3)
    inventory.drop(3)
    assert inventory.returnable(()) == 0
    assert inventory.get(3) is None
    assert [each.number for each in inventory.all()] == [1, 2]
