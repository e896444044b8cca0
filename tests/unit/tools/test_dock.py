"""The reference dock: what it stores, what it signs, and what it refuses to sign.  One thread, a virtual clock, real
files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware.dock.channel import Secured
from firmware.dock.errors import PeerRefusedError, RemoteProtocolError
from firmware.dock.messages import Data, End, FileEntry, Files, Message
from firmware.dock.shelf import Item
from firmware.evidence import documents, jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.errors import MismatchError
from firmware.evidence.kinds import SETTINGS
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.receipt import verify_receipt
from firmware.evidence.roles import Role
from firmware.evidence.session import Session as Boot
from firmware.evidence.settings_doc import verify_settings
from firmware.runtime.docklink import DockLink
from hal.interface import PortKind
from tests.docking import DOCK_UTC_MS, VOLUME, DockEnd, MemoryShelf, Stop, Wire, camera, desk, parts, stored, visit
from tests.pki import Pki
from tests.rig import payload, pq_key
from tools.dock import durable
from tools.dock.conversation import Memory, Talk, fetch, list_files
from tools.dock.events import DockEvent, Kind
from tools.dock.partial import Partial
from tools.dock.sharing.claims import Claims
from tools.dock.shifts.register import LONGEST_MS, Register, RegisterError
from tools.dock.store import Store, StoreError
from tools.dock.visit import Desk, Visit


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2, (100_000,))
    return shelf


def kinds(events: list[DockEvent]) -> list[Kind]:
    """What happened, without the progress."""
    return [event.kind for event in events if event.kind is not Kind.PROGRESS]


def texts(events: list[DockEvent], kind: Kind) -> list[str]:
    """The words of all events of a kind."""
    return [event.text for event in events if event.kind is kind]


def volume(store: Path) -> Path:
    """Where the camera's card is stored."""
    return store / "cam-1" / VOLUME


def test_store_is_a_copy_of_the_card(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The store holds the card's tree, each recording with the receipt that the camera has, and nothing is left
    over."""
    recordings = dict(shelf.recordings)
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    root = volume(tmp_path)
    assert {number: stored(tmp_path, number) for number in recordings} == recordings
    assert (root / "volume.jws").read_bytes() == shelf.volume_file
    for number, line in shelf.receipts.items():
        assert (root / "recordings" / f"{number:08d}" / "receipt.jws").read_bytes() == line + b"\n"
    log = (root / "audit" / "00000001.jwsl").read_bytes()
    assert shelf._file("audit", "00000001.jwsl").startswith(log)
    assert b"".join(shelf.anchors) + b"\n" == (root / "anchor.jws").read_bytes()
    anchor = verify_anchor(shelf.anchors[0], pki.trust, nonce=None)
    assert (root / "anchors" / f"{anchor.hash}.jws").read_bytes() == shelf.anchors[0] + b"\n"
    assert anchor.payload["number"] == 2
    assert anchor.payload["audit"]["line"] == log.count(b"\n")
    assert not [path for path in (tmp_path / "incoming").rglob("*") if path.is_file()]
    assert kinds(events) == [
        Kind.ACCEPTED, Kind.CLOCK, Kind.STOCK,
        Kind.FETCHING, Kind.STORED, Kind.RECEIPTED,
        Kind.FETCHING, Kind.STORED, Kind.RECEIPTED,
        Kind.ANCHORED, Kind.DONE,
    ]  # fmt: skip
    (last,) = [event.facts for event in events if event.kind is Kind.PROGRESS][-1:]
    assert last["done"] == last["total"] == sum(len(data) for files in recordings.values() for data in files.values())


def test_receipt_says_what_is_stored(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A receipt names dock, store, time and every file of the directory."""
    manifest = verify_manifest(jws.from_file(shelf.recordings[1]["manifest.jws"]), pki.trust)
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    receipt = verify_receipt(shelf.receipts[1], pki.trust, manifest, nonce=None).payload
    assert (receipt["dock"], receipt["store"], receipt["utc_ms"]) == ("dock-1", at.store.id, DOCK_UTC_MS)
    assert {file["name"]: file["length"] for file in receipt["files"]} == {
        name: len(data) for name, data in shelf.recordings[1].items()
    }
    assert Store(tmp_path).id == at.store.id


def test_second_signature_is_kept(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """What signs a manifest again is fetched, receipted and read again like any other file."""
    shelf.record(3, again=pq_key())
    recording = dict(shelf.recordings[3])
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert stored(tmp_path, 3) == recording
    manifest = verify_manifest(jws.from_file(recording["manifest.jws"]), pki.trust)
    files = verify_receipt(
        shelf.receipts[3], pki.trust, manifest, nonce=None, second=recording["manifest.pq.jws"]
    ).payload
    assert "manifest.pq.jws" in [each["name"] for each in files["files"]]
    for other in (None, recording["manifest.pq.jws"] + b"\n"):
        with pytest.raises(MismatchError, match="files"):
            verify_receipt(shelf.receipts[3], pki.trust, manifest, nonce=None, second=other)
    path = volume(tmp_path) / "recordings/00000003/manifest.pq.jws"
    path.write_bytes(b"x" * path.stat().st_size)
    del shelf.receipts[3]
    visit(shelf, at)
    assert texts(events, Kind.DAMAGED) != []
    assert path.read_bytes() == recording["manifest.pq.jws"]


def test_second_signature_that_was_added(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """One that the manifest does not name is not taken, and neither is that recording; one that is lost keeps no recording
    on the card."""
    shelf.record(3, again=pq_key())
    shelf.record(4, again=pq_key())
    shelf.recordings[1]["manifest.pq.jws"] = shelf.recordings[3]["manifest.pq.jws"]
    del shelf.recordings[4]["manifest.pq.jws"]
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert texts(events, Kind.REJECTED) == ["manifest.pq.jws: the manifest names no second signature"]
    assert sorted(shelf.receipts) == [2, 3, 4]


def test_resumes_where_its_bytes_end(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """After a break only what is missing is asked for."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at, cut_after=70_000)
    (partial,) = (tmp_path / "incoming").rglob("000000.mp4.age")
    have = partial.stat().st_size
    assert have > 30_000
    total = sum(len(data) for files in shelf.recordings.values() for data in files.values())
    at, events = desk(pki, tmp_path)
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
    DockLink(parts(shelf, wire, [])).run(Stop(shelf.clock, 1))
    assert set(shelf.receipts) == {1, 2}
    assert total - have < wire.carried < total - have + 40_000
    assert [event.facts["done"] for event in events if event.kind is Kind.PROGRESS][-1] == total


@pytest.mark.parametrize("spoil", [b"wrong", b"x" * 200_000])
def test_spoiled_partial(pki: Pki, shelf: MemoryShelf, tmp_path: Path, spoil: bytes) -> None:
    """A partial file that went bad, or is too long, is fetched again from the start."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at, cut_after=70_000)
    (partial,) = (tmp_path / "incoming").rglob("000000.mp4.age")
    partial.write_bytes(spoil)
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    assert stored(tmp_path, 2) == shelf.recordings[2]
    assert Kind.REJECTED not in kinds(events)


def test_asked_again(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that is asked again reads its store again, fetches nothing, and signs anew for the new nonce."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    first = dict(shelf.receipts)
    shelf.receipts.clear()
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    assert shelf.receipts[1] != first[1]
    assert Kind.FETCHING not in kinds(events)


@pytest.mark.parametrize("harm", ["flip", "remove"])
def test_store_that_reads_badly(pki: Pki, shelf: MemoryShelf, tmp_path: Path, harm: str) -> None:
    """A stored recording that reads badly is told of, set aside and fetched again before anything is signed."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    shelf.receipts.clear()
    path = volume(tmp_path) / "recordings" / "00000001" / "000001.mp4.age"
    harmed = bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]
    if harm == "flip":
        path.write_bytes(harmed)
    else:
        path.unlink()
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert "000001.mp4.age" in texts(events, Kind.DAMAGED)[0]
    assert set(shelf.receipts) == {1, 2}
    assert stored(tmp_path, 1) == shelf.recordings[1]
    aside = stored(tmp_path, 1, "00000001.damaged-1")
    assert aside.get("000001.mp4.age") == (harmed if harm == "flip" else None)


def spoil(shelf: MemoryShelf, name: str, data: bytes | None) -> None:
    """Change what the camera says that a file of recording 1 holds."""
    files = shelf.recordings[1]
    if data is None:
        del files[name]
    else:
        files[name] = data


BAD_CAMERAS: dict[str, tuple[Callable[[MemoryShelf], None], str]] = {
    "other bytes": (lambda shelf: spoil(shelf, "000000.mp4.age", bytes(70_000)), "not the one that the manifest signs"),
    "longer": (lambda shelf: spoil(shelf, "000000.mp4.age", bytes(70_001)), "70001 bytes"),
    "missing": (lambda shelf: spoil(shelf, "000001.mp4.age", None), "differ in 000001.mp4.age"),
    "extra": (lambda shelf: spoil(shelf, "000009.mp4.age", b"x"), "differ in 000009.mp4.age"),
    "no manifest": (lambda shelf: spoil(shelf, "manifest.jws", None), "missing"),
    "manifest of another": (lambda shelf: spoil(shelf, "manifest.jws", shelf.recordings[2]["manifest.jws"]), "number"),
    "unsigned manifest": (lambda shelf: spoil(shelf, "manifest.jws", b"a.b.c\n"), "base64url"),
    "two lines": (lambda shelf: spoil(shelf, "manifest.jws", shelf.recordings[1]["manifest.jws"] * 2), "5 parts"),
    "long manifest": (lambda shelf: spoil(shelf, "manifest.jws", bytes(5 << 20)), "bytes"),
    "other journal": (lambda shelf: spoil(shelf, "journal.jwsl", shelf.recordings[2]["journal.jwsl"]), "journal.jwsl"),
}


@pytest.mark.parametrize("case", BAD_CAMERAS)
def test_bad_evidence(pki: Pki, shelf: MemoryShelf, tmp_path: Path, case: str) -> None:
    """What does not fit its manifest gets no receipt and no place in the store; the other recording does."""
    change, why = BAD_CAMERAS[case]
    change(shelf)
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    rejected = [event for event in events if event.kind is Kind.REJECTED]
    assert [event.facts["item"] for event in rejected] == ["00000001"]
    assert why in rejected[0].text
    assert set(shelf.receipts) == {2}
    assert not (volume(tmp_path) / "recordings" / "00000001").exists()
    assert Kind.ANCHORED in kinds(events)


def test_more_than_there_is_room_for(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording that would fill the store is not begun, and does not end the dock for the others."""
    monkeypatch.setattr(durable, "free", lambda _directory: 101_000 + len(shelf.recordings[2]["journal.jwsl"]) + 4000)
    shelf.record(3, (200_000,))
    at, events = desk(pki, tmp_path)
    assert visit(shelf, at).error is None
    assert "the store has room for" in texts(events, Kind.REJECTED)[0]
    assert 3 not in shelf.receipts
    assert 2 in shelf.receipts
    assert not list((tmp_path / "incoming").rglob("*.mp4.age"))


def test_manifest_of_a_foreign_camera(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A manifest that a stranger signed gets no receipt."""
    stranger = camera(Pki.create())
    stranger.record(1)
    shelf.recordings[1] = stranger.recordings[1]
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert "device-ca" in texts(events, Kind.REJECTED)[0]
    assert set(shelf.receipts) == {2}


def test_empty_file_that_is_absent(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A file of length 0, which a cut took away, may be absent: the receipt still names it."""
    shelf.record(3, lost="000000.mp4.age")
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert Kind.REJECTED not in kinds(events)
    assert set(shelf.receipts) == {1, 2, 3}
    shelf.receipts.clear()
    visit(shelf, at)
    assert set(shelf.receipts) == {1, 2, 3}
    assert Kind.DAMAGED not in kinds(events)


def test_log_grows_over_dockings(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The log is fetched by what it has grown, over boots, and each docking countersigns a newer head."""
    at, events = desk(pki, tmp_path)
    heads = []
    written: dict[str, bytes] = {}
    for round_ in range(3):
        visit(shelf, at)
        written |= {name: shelf._file("audit", name) for name in shelf.audit}
        heads.append(verify_anchor(shelf.anchors[-1], pki.trust, nonce=None).payload)
        shelf.reboot(pki.session())
        shelf.record(10 + round_)
    assert [head["boot"] for head in heads] == [1, 2, 3]
    assert [head["number"] for head in heads] == [2, 10, 11]
    assert heads[0]["audit"]["line"] < heads[1]["audit"]["line"] < heads[2]["audit"]["line"]
    assert Kind.CONFLICT not in kinds(events)
    for name in ("00000001.jwsl", "00000002.jwsl", "00000003.jwsl"):
        assert written[name] == (volume(tmp_path) / "audit" / name).read_bytes()
    assert sorted(shelf.audit) == ["00000003.jwsl", "00000004.jwsl"]


def clone_of(pki: Pki) -> MemoryShelf:
    """A second camera with the same name and volume id, and evidence of its own."""
    other = camera(pki)
    other.record(1)
    return other


def test_a_greeting_from_before_the_last_anchor(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Said over one link while the dock countersigned over another: the camera is asked again before anybody calls it a copy."""
    at, events = desk(pki, tmp_path)
    said, hello = [shelf.hello()], shelf.hello
    visit(shelf, at)
    shelf.hello = lambda: said.pop() if said else hello()  # type: ignore[method-assign]  # in its place for this test
    visit(shelf, at)
    assert not said
    assert not texts(events, Kind.CONFLICT)
    assert kinds(events).count(Kind.ANCHORED) == 2


def test_two_cameras_with_one_identity(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The second one is flagged and hears of it, is kept apart beside the first, and gets neither receipt nor anchor, so that nothing of
    it is erased; the first one goes on unharmed."""
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    before = {path: path.read_bytes() for path in volume(tmp_path).rglob("*") if path.is_file()}
    clone = clone_of(pki)
    files = dict(clone.recordings[1])
    visit(clone, at)
    assert texts(events, Kind.CONFLICT)
    assert {path: path.read_bytes() for path in before} == before
    manifest = jws.line_hash(jws.from_file(files["manifest.jws"]))
    assert stored(tmp_path, 1, f"00000001.conflict-{manifest[:8]}") == files
    assert list(volume(tmp_path).glob("audit/00000001.jwsl.conflict-*"))
    assert list(volume(tmp_path).glob("volume.jws.conflict-*"))
    assert not clone.receipts
    assert not clone.anchors
    assert clone.conflicts == [text.split(":")[0] for text in texts(events, Kind.CONFLICT)]
    assert "conflict" in {payload(line)["kind"] for line in clone.audit["00000001.jwsl"]}
    assert len((tmp_path / "conflicts.jsonl").read_text().splitlines()) == len(clone.conflicts)
    events.clear()
    shelf.record(3)
    visit(shelf, at)
    assert Kind.CONFLICT not in kinds(events)
    assert Kind.ANCHORED in kinds(events)


def test_clone_with_a_free_number(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A recording of the second camera does not take a number that the first may still use."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    clone = clone_of(pki)
    clone.volume_file = shelf.volume_file
    clone.record(7)
    visit(clone, at)
    names = sorted(path.name.split("-")[0] for path in (volume(tmp_path) / "recordings").iterdir())
    assert names == ["00000001", "00000001.conflict", "00000002", "00000007.conflict"]


def test_conflict_by_manifest_alone(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Without anything countersigned, another manifest for a stored number is what shows the second camera."""
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    (volume(tmp_path) / "anchor.jws").unlink()
    (volume(tmp_path) / "audit" / "00000001.jwsl").unlink()
    clone = clone_of(pki)
    clone.volume_file = shelf.volume_file
    visit(clone, at)
    assert "00000001 is stored with another manifest" in texts(events, Kind.CONFLICT)[0]
    assert stored(tmp_path, 1) == shelf.recordings[1]


def test_log_that_changed(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A log that is shorter than, or differs from, what was stored is kept beside, flagged, and not countersigned."""
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    (volume(tmp_path) / "anchor.jws").unlink()
    before = (volume(tmp_path) / "audit" / "00000001.jwsl").read_bytes()
    other = camera(pki)
    other.volume_file = shelf.volume_file
    visit(other, at)
    assert "00000001.jwsl" in texts(events, Kind.CONFLICT)[0]
    assert (volume(tmp_path) / "audit" / "00000001.jwsl").read_bytes() == before
    assert not other.anchors


def test_log_that_is_forged(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A log whose lines do not verify is stored, told of, and not countersigned."""
    shelf.audit["00000001.jwsl"][1] = shelf.audit["00000001.jwsl"][1][:-3] + b"AAA"
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert [event.facts["item"] for event in events if event.kind is Kind.REJECTED] == ["audit"]
    assert not shelf.anchors
    assert set(shelf.receipts) == {1, 2}


def test_anchor_of_the_store_was_changed(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock whose own memory was tampered with says so and takes nothing."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    path = volume(tmp_path) / "anchor.jws"
    path.write_bytes(path.read_bytes()[:-5] + b"AAAA\n")
    shelf.receipts.clear()
    end = visit(shelf, at)
    assert isinstance(end.error, StoreError)
    assert "anchor.jws" in str(end.error)
    assert not shelf.receipts


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_store_that_cannot_be_written(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A store that fails in the middle: the camera hears why and keeps everything; when it is well again, all goes
    on."""
    at, events = desk(pki, tmp_path)
    with monkeypatch.context() as patch:
        calls = 0
        sync = os.fsync

        def failing(descriptor: int) -> None:
            nonlocal calls
            calls += 1
            if calls > 12:
                raise OSError(code, os.strerror(code))
            sync(descriptor)

        patch.setattr(os, "fsync", failing)
        end = visit(shelf, at)
    assert isinstance(end.error, StoreError)
    assert os.strerror(code) in str(end.error)
    assert Kind.STORED not in kinds(events)
    assert not shelf.receipts
    assert shelf.events[-1][1].endswith("(store)")
    shelf.erase()
    assert set(shelf.recordings) == {1, 2}
    visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}


def test_store_in_the_way(tmp_path: Path) -> None:
    """A store that cannot be made says what is in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file")


def test_settings_are_handed_on(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The authority's settings are handed on; a camera that has them declines, and the offload goes on."""
    recipients = [{"role": role, "age": age} for role, age in zip(("authority", "escrow"), pki.recipients, strict=True)]
    payload = {"authority": "T", "serial": 3, "utc_ms": 0, "recipients": recipients, "revoked": [], "values": {}}
    line = documents.sign(SETTINGS, payload, pki.settings.sign, pki.settings.chain.ders)
    at, events = desk(pki, tmp_path)
    at = replace(at, identity=replace(at.identity, settings=verify_settings(line, pki.trust)))
    visit(shelf, at)
    visit(shelf, at)
    assert shelf.serial == 3
    assert [event.facts["taken"] for event in events if event.kind is Kind.SETTINGS] == [True, False]
    assert kinds(events)[-1] is Kind.DONE


def test_revoked_by_settings(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera that the dock's settings withdraw is refused."""
    recipients = [{"role": role, "age": age} for role, age in zip(("authority", "escrow"), pki.recipients, strict=True)]
    payload = {
        "authority": "T", "serial": 3, "utc_ms": 0, "recipients": recipients, "values": {},
        "revoked": [{"hash": pki.device.chain.fingerprint, "since_ms": DOCK_UTC_MS}],
    }  # fmt: skip
    line = documents.sign(SETTINGS, payload, pki.settings.sign, pki.settings.chain.ders)
    at, _ = desk(pki, tmp_path)
    identity = replace(at.identity, settings=verify_settings(line, pki.trust))
    end = DockEnd(at, PortKind.STREAM, trust=identity.trust(DOCK_UTC_MS))
    DockLink(parts(shelf, Wire(shelf.clock, lambda: end), [])).run(Stop(shelf.clock, 1))
    assert isinstance(end.error, PeerRefusedError)
    assert "withdrawn" in str(end.error)


def test_shift(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera is told its shift once; whose it is stays in the register, which others cannot read."""
    at, events = desk(pki, tmp_path)
    register = Register(tmp_path)
    register.assign("cam-1", "B-2026-17", "Officer Krupke", DOCK_UTC_MS - 1000)
    visit(shelf, at)
    visit(shelf, at)
    assert shelf.assignments == ["B-2026-17"]
    assert kinds(events).count(Kind.ASSIGNED) == 1
    assert register.officer("B-2026-17") == "Officer Krupke"
    assert (tmp_path / "register.jsonl").stat().st_mode & 0o777 == 0o600
    for path in volume(tmp_path).rglob("*"):
        assert path.is_dir() or b"Krupke" not in path.read_bytes()


def test_shift_for_all(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock can give one shift to every camera that the register does not know."""
    at, _ = desk(pki, tmp_path, shift="night")
    visit(shelf, at)
    assert shelf.assignments == ["night"]


def test_declined_shift(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera that declines its shift is told of and offloaded all the same."""
    shelf.assign = shelf.settings  # type: ignore[method-assign]  # in its place for this test
    at, events = desk(pki, tmp_path, shift="night")
    visit(shelf, at)
    assert [event.facts["item"] for event in events if event.kind is Kind.REJECTED] == ["assignment"]
    assert set(shelf.receipts) == {1, 2}


def test_register(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The register takes sound entries only, forgets stale ones, and says when it cannot be read; offload goes on."""
    register = Register(tmp_path)
    assert register.pending("cam-1", 0) is None
    assert register.officer("x") is None
    for device, shift, officer in (
        ("CAM", "s", "o"),
        ("cam-1", "a b", "o"),
        ("cam-1", "s", " "),
        ("cam-1", "s", "a\nb"),
    ):
        with pytest.raises(RegisterError):
            register.assign(device, shift, officer, 0)
    register.assign("cam-1", "s", "o", 0)
    assert register.pending("cam-1", LONGEST_MS) is not None
    assert register.pending("cam-1", LONGEST_MS + 1) is None
    assert register.pending("cam-2", 0) is None
    (tmp_path / "register.jsonl").write_text("{")
    with pytest.raises(RegisterError, match=r"register\.jsonl"):
        register.officer("s")
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert "register" in [event.facts.get("item") for event in events]
    assert set(shelf.receipts) == {1, 2}
    (tmp_path / "register.jsonl").unlink()
    (tmp_path / "register.jsonl.new").mkdir()
    with pytest.raises(RegisterError):
        register.assign("cam-1", "s", "o", 0)


def test_stays_with_the_camera(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that stays keeps in touch, and takes over what is recorded later, and shifts that are entered later."""
    at, events = desk(pki, tmp_path, stay=True)
    end = DockEnd(at, PortKind.STREAM)
    clock = shelf.clock
    stop = Stop(clock, 1)
    seen = 0
    hello = shelf.hello

    def later() -> Any:
        nonlocal seen
        seen += 1
        if seen == 8:
            shelf.record(3)
        if seen == 16:
            Register(tmp_path).assign("cam-1", "late", "o", DOCK_UTC_MS)
        if seen == 24:
            stop.set()
        return hello()

    shelf.hello = later  # type: ignore[method-assign]  # in its place for this test
    DockLink(parts(shelf, Wire(clock, lambda: end), [])).run(stop)
    assert set(shelf.receipts) == {1, 2, 3}
    assert shelf.assignments == ["late"]
    assert kinds(events).count(Kind.DONE) >= 3
    assert "shutdown" in str(end.error)


def test_countersigns_what_was_erased(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """What a camera logs right after the countersignature, before the dock asks again, is news too."""
    at, _ = desk(pki, tmp_path, stay=True)
    end = DockEnd(at, PortKind.STREAM)
    stop = Stop(shelf.clock, 1)
    anchor, hello = shelf.anchor, shelf.hello
    seen = 0

    def then_log(line: bytes, nonce: str) -> None:
        anchor(line, nonce)
        if len(shelf.anchors) == 1:
            shelf.dock_event("dock-1", "something that takes a line")

    def enough() -> Any:
        nonlocal seen
        seen += 1
        if seen == 12:
            stop.set()
        return hello()

    shelf.anchor = then_log  # type: ignore[method-assign]  # in its place for this test
    shelf.hello = enough  # type: ignore[method-assign]  # in its place for this test
    DockLink(parts(shelf, Wire(shelf.clock, lambda: end), [])).run(stop)
    heads = [verify_anchor(line, pki.trust, nonce=None).payload["audit"]["line"] for line in shelf.anchors]
    assert heads == [heads[0], heads[0] + 1]


def impostor(pki: Pki, at: Desk, **changes: Any) -> Exception | None:
    """What a dock says to a camera whose greeting is not what it should be."""
    shelf = camera(pki)
    end = DockEnd(at, PortKind.STREAM)
    made = parts(shelf, Wire(shelf.clock, lambda: end), [])
    if "facts" in changes:
        hello = shelf.hello
        shelf.hello = lambda: replace(hello(), **changes["facts"])  # type: ignore[method-assign]  # in its place for this test
    if "prove" in changes:
        object.__setattr__(made.session, "_device_sign", changes["prove"])
    DockLink(made).run(Stop(shelf.clock, 1))
    return end.error


def test_impostors(pki: Pki, tmp_path: Path) -> None:
    """A camera that has the link key but not the device key, or another name, is refused and gets nothing stored."""
    at, _ = desk(pki, tmp_path)
    assert "device key" in str(impostor(pki, at, prove=pki.dock.sign))
    assert "device key" in str(impostor(pki, at, prove=lambda digest: b"\x30" * 70))
    assert "its certificate says cam-1" in str(impostor(pki, at, facts={"device": "cam-2"}))
    assert not (tmp_path / "cam-1").exists()


def test_name_of_a_directory(pki: Pki, tmp_path: Path) -> None:
    """A camera cannot be named like the store's own directory."""
    device = pki.enrol(Role.DEVICE, "incoming")
    shelf = camera(pki)
    shelf.session = Boot.begin(device.chain, device.sign)
    at, _ = desk(pki, tmp_path)
    end = visit(shelf, at)
    assert "incoming" in str(end.error)


def test_no_common_version(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that speaks none of our versions is told so."""
    monkeypatch.setattr("firmware.dock.service.VERSIONS", (7, 8))
    at, _ = desk(pki, tmp_path)
    end = visit(camera(pki), at)
    assert isinstance(end.error, RemoteProtocolError)
    assert end.error.code == "version"


def test_claims() -> None:
    """A volume is visited by one camera at a time, over several links at most."""
    claims = Claims()
    with claims.hold("cam-1", VOLUME, "aa") as first:
        with claims.hold("cam-1", "f" * 32, "bb") as other, claims.hold("cam-2", VOLUME, "cc") as third:
            assert (first.lead(), other.lead(), third.lead()) == (True, True, True)
        with pytest.raises(PeerRefusedError, match="another slot"), claims.hold("cam-1", VOLUME, "bb"):
            pass
        with claims.hold("cam-1", VOLUME, "aa") as second:
            assert not second.lead()
            assert claims.holds("cam-1")
    assert not claims.holds("cam-1")
    with claims.hold("cam-1", VOLUME, "bb") as anew:
        assert anew.lead()


def test_who_leads() -> None:
    """Whoever is here longest follows the leader; if it has no time for that in five seconds, any; none once the visit is over, until
    somebody comes for another one."""
    now = 0.0
    claims = Claims(lambda: now)
    with ExitStack() as stack:
        hold = claims.hold("cam-1", VOLUME, "aa")
        leader = hold.__enter__()
        assert leader.lead()
        second, third = (stack.enter_context(claims.hold("cam-1", VOLUME, "aa")) for _ in range(2))
        assert not second.lead()
        now = 100.0
        hold.__exit__(None, None, None)
        assert not third.lead()
        now += 4.9
        assert not third.lead()
        now += 0.1
        assert third.lead()
        assert not second.lead()
        third.finish()
        assert second.over
    with ExitStack() as stack:
        hold = claims.hold("cam-1", VOLUME, "aa")
        leader = hold.__enter__()
        helper = stack.enter_context(claims.hold("cam-1", VOLUME, "aa"))
        assert leader.lead()
        leader.finish()
        hold.__exit__(None, None, None)
        told = [helper.over, helper.lead()]
        stack.enter_context(claims.hold("cam-1", VOLUME, "aa"))
        told += [helper.over, helper.lead()]
        assert told == [True, False, False, True]


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([Item("recording", "audit", False, (("journal.jwsl", 1),))], "audit is no recording"),
        ([Item("audit", "audit", False, (("volume.jws", 1),))], "no file of the audit log"),
        ([], "not in stock"),
    ],
)
def test_camera_that_lists_nonsense(pki: Pki, shelf: MemoryShelf, tmp_path: Path, items: list[Item], why: str) -> None:
    """A list that makes no sense is told of, and harms nothing."""
    shelf.items = lambda: items  # type: ignore[method-assign]  # in its place for this test
    at, events = desk(pki, tmp_path)
    visit(shelf, at)
    assert any(why in text for text in texts(events, Kind.REJECTED))
    assert kinds(events)[-1] is Kind.DONE
    assert not shelf.anchors


def test_long_reading_keeps_in_touch(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a dock reads its store again it lets the camera hear of it."""
    monkeypatch.setattr("tools.dock.offload.PING_AFTER", 1)
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    shelf.receipts.clear()
    pings = 0
    hello = shelf.hello

    def counting() -> Any:
        nonlocal pings
        pings += 1
        return hello()

    shelf.hello = counting  # type: ignore[method-assign]  # in its place for this test
    visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    assert pings > 8


def test_register_that_fills_up(pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shift that was given but cannot be noted is told of, and the offload goes on."""
    at, events = desk(pki, tmp_path)
    Register(tmp_path).assign("cam-1", "s", "o", DOCK_UTC_MS)

    def full(register: Register, device: str, shift: str, utc_ms: int) -> None:
        raise RegisterError(f"no room for {device} {shift} {utc_ms}")

    monkeypatch.setattr(Register, "given", full)
    visit(shelf, at)
    assert shelf.assignments == ["s"]
    assert "no room" in texts(events, Kind.REJECTED)[0]
    assert set(shelf.receipts) == {1, 2}


def test_break_and_a_full_store_at_once(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that breaks while the store fails is a broken link; what is half there is fetched again."""
    at, _ = desk(pki, tmp_path)
    close = Partial.close

    def failing(partial: Partial) -> None:
        close(partial)
        if partial.path.suffix != ".jwsl":
            raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(Partial, "close", failing)
        assert visit(shelf, at, cut_after=70_000).error is None
    visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}


def answers(talk: Talk[Any], *messages: Message) -> Any:
    """Run a talk against these answers; its result."""
    next(talk)
    try:
        for message in messages:
            talk.send(message)
    except StopIteration as end:
        return end.value
    pytest.fail("it wants more")


@pytest.mark.parametrize(
    "pages",
    [
        [Files((), 5)],
        [Files((FileEntry("journal.jwsl", 1),), 0)],
        [Files((FileEntry("journal.jwsl", 1),), 2), Files((), 2)],
        [Files((FileEntry("journal.jwsl", 1),), 1 << 30)],
        [Data(b"")],
    ],
)
def test_lists_that_lead_nowhere(pages: list[Message]) -> None:
    """Pages that do not lead to an end, or to one too far away, are the camera's fault."""
    with pytest.raises(RemoteProtocolError):
        answers(list_files("audit"), *pages)


def test_camera_that_sends_too_much() -> None:
    """More bytes than were asked for, or fewer, are the camera's fault."""
    with pytest.raises(RemoteProtocolError, match="more than"):
        answers(fetch("audit", "00000001.jwsl", 3, Memory(), lambda size: None), Data(b"abcd"))
    with pytest.raises(RemoteProtocolError, match="2 of 3"):
        answers(fetch("audit", "00000001.jwsl", 3, Memory(), lambda size: None), Data(b"ab"), End("00" * 32))


def test_visit_is_a_talk(pki: Pki, tmp_path: Path) -> None:
    """A visit waits for the camera's greeting before it does anything."""
    at, events = desk(pki, tmp_path)
    talk = Visit(at, Secured(pki.session().link_chain, bytes(32), "")).talk()
    assert next(talk) is None
    talk.close()
    assert not events
