"""The camera behind a docking: what a dock may fetch, and what it takes to erase."""

from __future__ import annotations

import hashlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from firmware.evidence import documents, kinds
from firmware.evidence.errors import EvidenceError
from firmware.runtime import auditlog
from firmware.runtime.shelf import MOST_OPEN
from tests.pki import Pki
from tests.rig import NONCE, Rig, anchor_for, pki, receipt_for, settings_line

if TYPE_CHECKING:
    from firmware.runtime.shelf import CameraShelf
    from hal.interface import Directory


@pytest.fixture
def rig() -> Rig:
    """Two recordings, the first one marked, and a writer on this thread."""
    rig = Rig.new(keep_after_receipt_h=0).run(4).tap().run(1).tap().stop().run(1).tap().run(1).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # in its place for this test
    return rig


@pytest.fixture
def shelf(rig: Rig) -> CameraShelf:
    """Its shelf."""
    return rig.camera.shelf


def test_marked_recordings_come_first_and_the_log_is_always_there(shelf: CameraShelf) -> None:
    """What matters most leaves the camera first."""
    items = shelf.items()
    assert [(item.kind, item.name) for item in items] == [
        ("recording", "00000001"),
        ("recording", "00000002"),
        ("audit", "audit"),
        ("volume", "volume"),
    ]
    assert [name for name, _ in items[1].files] == sorted(name for name, _ in items[1].files)


def test_of_those_that_are_not_marked_the_most_recent_comes_first(rig: Rig, shelf: CameraShelf) -> None:
    """Wherever a marked one stands among them: what happened last is asked for first."""
    rig.tap().run(1).tap().stop().run(1).tap().run(1).stop()
    assert [item.name for item in shelf.items() if item.kind == "recording"] == [
        "00000003",
        "00000001",
        "00000004",
        "00000002",
    ]


def test_a_recording_that_is_being_made_is_not_on_the_shelf(rig: Rig, shelf: CameraShelf) -> None:
    """Sealed recordings only."""
    rig.tap().run(1)
    assert [item.name for item in shelf.items() if item.kind == "recording"] == ["00000001", "00000002"]


def test_offering_what_there_is_leaves_no_file_open(rig: Rig, shelf: CameraShelf) -> None:
    """A camera that stands in a dock for days is asked thousands of times, and has a thousand handles."""
    shelf.items()
    before = rig.evidence.held.total()
    for _ in range(5):
        shelf.items()
    assert rig.evidence.held.total() == before


def test_files_are_read_in_any_order(rig: Rig, shelf: CameraShelf) -> None:
    """From any offset, in turns."""
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    whole = directory.open("journal.jwsl")
    assert shelf.read("00000001", "journal.jwsl", 100, 50) == whole.read(100, 50)
    assert shelf.read("volume", "volume.jws", 0, 10)
    assert shelf.read("00000001", "journal.jwsl", 0, 50) == whole.read(0, 50)
    assert shelf.read("audit", "00000001.jwsl", 0, 3) == b"eyJ"


def test_a_few_files_stay_open(rig: Rig, shelf: CameraShelf) -> None:
    """One for each link that reads on in it; those that may be removed are let go, or they would keep their room."""
    before = rig.evidence.held.total()
    files = [(item.name, name) for item in shelf.items() if item.kind == "recording" for name, _ in item.files]
    assert len(files) > MOST_OPEN
    for _ in range(2):
        for item, name in files:
            assert shelf.read(item, name, 0, 1)
            assert rig.evidence.held.total() <= before + MOST_OPEN
    assert {item for item, _ in files[-MOST_OPEN:]} == {"00000002"}
    shelf.receipt(2, receipt_for(rig, 2), NONCE)
    assert rig.evidence.held.total() == before


def test_hashes_are_those_that_the_manifest_signs(rig: Rig, shelf: CameraShelf) -> None:
    """Of every file of a sealed recording, the manifest included; of the log, which grows, and of what is not there, of none."""
    items = shelf.items()
    sealed = [(item.name, name, size) for item in items if item.kind == "recording" for name, size in item.files]
    assert sealed
    for item, name, size in sealed:
        assert shelf.signed(item, name) == hashlib.sha256(shelf.read(item, name, 0, size)).hexdigest()
    assert shelf.signed("00000001", "000099.mp4.age") is None
    assert {shelf.signed(item.name, name) for item in items[2:] for name, _ in item.files} == {None}
    shelf.receipt(2, receipt_for(rig, 2), NONCE)
    assert shelf.signed("00000001", "journal.jwsl")


def test_several_links_read_at_once(shelf: CameraShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets the bytes that it asked for, whatever the others do meanwhile: nobody closes what another one reads."""
    files = [(item.name, name) for item in shelf.items() if item.kind == "recording" for name, _ in item.files]
    monkeypatch.setattr("firmware.runtime.shelf.MOST_OPEN", 1)
    inside, most = 0, 0
    find = shelf._directory

    def slowly(item: str) -> Directory:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0)  # let another one in, if it may
        inside -= 1
        return find(item)

    def begin(file: tuple[str, str]) -> bytes:
        item, name = file
        return shelf.read(item, name, 0, 8)

    monkeypatch.setattr(shelf, "_directory", slowly)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(3) as links:
            got = list(links.map(begin, files * 100))
    finally:
        sys.setswitchinterval(interval)
    assert most == 1
    assert got == [begin(each) for each in files * 100]


def test_an_honest_receipt_is_durable_and_leads_to_an_erasure(rig: Rig, shelf: CameraShelf) -> None:
    """Receipt, audit line, then the erasure, and nothing of it is lost in a power cut."""
    shelf.receipt(1, receipt_for(rig, 1), NONCE)
    survivor = rig.evidence.crash().root().enter("recordings").enter("00000001")
    assert "receipt.jws" in survivor.names()


def test_a_receipted_recording_goes_and_the_log_has_it(rig: Rig, shelf: CameraShelf) -> None:
    """After the receipt the chores erase, oldest first."""
    shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.camera.writer.sweep()
    rig.run(0.2)
    assert rig.evidence.root().enter("recordings").names() == ["00000002", "00000003"]
    assert next(item.name for item in shelf.items()) == "00000002"
    kinds_ = [line["kind"] for line in rig.audit()]
    assert kinds_[-2:] == ["receipt", "erasure"]


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "1" * 32},
        {"device": "cam-2"},
        {"number": 2},
        {"manifest": "0" * 64},
        {"files": []},
        {"volume": "0" * 32},
    ],
)
def test_a_receipt_for_anything_else_changes_nothing(rig: Rig, shelf: CameraShelf, changes: dict[str, object]) -> None:
    """Other bytes, another session, another camera: refused, and the recording stays."""
    with pytest.raises(EvidenceError):
        shelf.receipt(1, receipt_for(rig, 1, **changes), NONCE)
    assert "receipt.jws" not in rig.evidence.root().enter("recordings").enter("00000001").names()


@pytest.mark.parametrize("number", [0, 3, 4, 99_999_999])
def test_a_receipt_for_a_recording_that_is_not_there_is_no_trouble_of_the_card(
    rig: Rig, shelf: CameraShelf, number: int
) -> None:
    """Nor is one for the recording that is ready for the next press."""
    with pytest.raises(EvidenceError, match=f"number: there is no sealed recording {number}"):
        shelf.receipt(number, receipt_for(rig, 1, number=number or 1), NONCE)


def test_a_receipt_of_another_authority_is_refused(rig: Rig, shelf: CameraShelf) -> None:
    """A foreign dock erases nothing."""
    genuine = documents.verify(kinds.RECEIPT, receipt_for(rig, 1), pki().trust)
    foreign = Pki.create().dock
    line = documents.sign(kinds.RECEIPT, genuine.payload, foreign.sign, foreign.chain.ders)
    with pytest.raises(EvidenceError):
        shelf.receipt(1, line, NONCE)


def test_an_anchor_is_named_by_the_next_opening(rig: Rig, shelf: CameraShelf) -> None:
    """Made after what the dock countersigned, and that survives a restart."""
    line = anchor_for(rig)
    shelf.anchor(line, NONCE)
    again = rig.power_cut().run(3).tap().run(1).stop()
    number = again.camera.vault.volume.audit.ledger.upcoming - 1
    journal = again.evidence.root().enter("recordings").enter(f"{number:08d}").open("journal.jwsl")
    opening = journal.read(0, 1 << 16).split(b"\n")[0]
    payload = documents.verify(kinds.OPENING, opening, pki().trust).payload
    assert payload["anchor"]["hash"] == documents.verify(kinds.ANCHOR, line, pki().trust).hash


def test_an_anchor_over_another_log_is_refused(rig: Rig, shelf: CameraShelf) -> None:
    """The line that is countersigned has to be ours."""
    with pytest.raises(EvidenceError, match="audit"):
        shelf.anchor(anchor_for(rig, audit={"line": 2, "head": "0" * 64}), NONCE)


def test_a_damaged_anchor_is_told_and_not_believed(rig: Rig) -> None:
    """The next boot says so and opens without one."""
    file = rig.evidence.root().create("anchor.jws")
    file.append(b"nonsense\n")
    file.sync()
    rig.evidence.root().sync()
    again = rig.power_cut().run(1)
    assert any(line["kind"] == "fault" and "anchor" in line["data"]["code"] for line in again.audit())


def test_newer_settings_are_kept_and_older_ones_refused(rig: Rig, shelf: CameraShelf) -> None:
    """The serial never goes back."""
    shelf.settings(settings_line({"pre_event_s": 9}, serial=5))
    with pytest.raises(EvidenceError, match="serial"):
        shelf.settings(settings_line({}, serial=4))
    assert rig.audit()[-1]["data"]["serial"] == 5
    again = rig.power_cut()
    assert again.camera.vault.enrolment.settings.payload["serial"] == 5


def test_the_settings_in_force_may_be_offered_again(rig: Rig, shelf: CameraShelf) -> None:
    """A dock hands them to every camera that comes; nothing changes, and nothing is refused."""
    lines = len(rig.audit())
    shelf.settings(rig.camera.vault.enrolment.settings.line)
    assert len(rig.audit()) == lines


def test_settings_that_no_camera_could_use_are_refused_with_all_problems(shelf: CameraShelf) -> None:
    """Unknown keys and wrong values are named, all at once, and the old settings stand."""
    with pytest.raises(EvidenceError) as refusal:
        shelf.settings(settings_line({"pre_event_s": 500, "colour": "red"}, serial=5))
    assert "pre_event_s" in str(refusal.value)
    assert "colour" in str(refusal.value)


def test_a_revoked_dock_is_revoked_at_once(rig: Rig, shelf: CameraShelf) -> None:
    """New settings count for the next receipt."""
    shelf.settings(settings_line({}, serial=2, revoked=(pki().dock.chain.fingerprint,)))
    with pytest.raises(EvidenceError, match="withdrawn"):
        shelf.receipt(1, receipt_for(rig, 1), NONCE)


def test_an_assignment_is_kept(rig: Rig, shelf: CameraShelf) -> None:
    """Until the camera is taken out, through a power cut too."""
    dock = pki().dock
    payload = {"device": "cam-1", "shift": "S-77", "utc_ms": 1}
    shelf.assign(documents.sign(kinds.ASSIGNMENT, payload, dock.sign, dock.chain.ders))
    for each in (rig, rig.power_cut()):
        assert each.camera.vault.custody.given is not None
        assert each.camera.vault.custody.given.shift == "S-77"
        assert each.camera.roster.shift is None


def test_the_clock_is_set_and_the_log_says_by_how_much(rig: Rig, shelf: CameraShelf) -> None:
    """Old and new time stand in the audit log."""
    shelf.set_clock(1_900_000_000_000, "dock")
    assert rig.clock.utc().utc_ms == 1_900_000_000_000
    line = rig.audit()[-1]
    told = {"before_ms": rig.clock.utc().utc_ms, "after_ms": 1_900_000_000_000, "source": "dock", "drift_ppm": None}
    assert (line["kind"], line["data"] | {"before_ms": told["before_ms"]}) == ("clock", told)


def test_docks_that_were_met_stand_in_the_log(rig: Rig, shelf: CameraShelf) -> None:
    """Refused ones too."""
    shelf.dock_event("dock-1", "accepted")
    shelf.dock_event("", "x" * 500)
    assert [line["data"]["dock"] for line in rig.audit() if line["kind"] == "dock"] == ["dock-1", ""]


def test_facts_about_the_camera(rig: Rig, shelf: CameraShelf) -> None:
    """What a dock is told first."""
    facts = shelf.hello()
    assert (facts.device, facts.boot, facts.number) == ("cam-1", 1, 2)
    assert facts.audit.line == rig.camera.vault.volume.audit.ledger.line


def test_older_log_files_are_offered_in_whole_lines(rig: Rig) -> None:
    """A torn tail of an earlier boot is not handed over as if it were a line."""
    log = rig.evidence.root().enter("audit").open("00000001.jwsl")
    whole = log.size()
    log.append(b"torn")
    log.sync()
    again = rig.power_cut()
    audit = next(item for item in again.camera.shelf.items() if item.kind == "audit")
    assert dict(audit.files)["00000001.jwsl"] == whole
    assert again.camera.shelf.items()


def test_a_long_log_is_read_in_pieces_and_remembered_in_part(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that was not switched off for months starts like any other."""
    monkeypatch.setattr(auditlog, "PIECE", 1000)
    monkeypatch.setattr(auditlog, "MOST_HEADS", 3)
    before = rig.camera.vault.volume.audit.newest
    again = rig.power_cut()
    audit = again.camera.vault.volume.audit
    assert (audit.newest.line, audit.newest.number) == (before.line + 1, before.number)
    assert audit.head_of(before.line) == before.head
    assert audit.head_of(1) is None
