"""Small guards of the audit log's private part, of its clearing, and of second signatures: what each is there for."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.machine import Recording
from firmware.evidence import documents, log_kinds
from firmware.evidence.age import AgeWriter
from firmware.evidence.errors import EvidenceError
from firmware.evidence.recipients import Recipients
from firmware.runtime import durable, entropy, lognotes
from firmware.runtime.auditlog import AuditLog
from firmware.runtime.controller import Quit
from firmware.runtime.lognotes import LogNotes
from firmware.runtime.stamps import Stamps
from hal.sim.clock import VirtualClock
from hal.sim.memory import MemoryDirectory, MemoryStorage
from hal.sim.volume import Remove, Rename, Sync
from tests.rig import NONCE, NS, Rig, anchor_for, log_receipt_for, payload, pki, read
from tests.sim.test_log_keeping import direct, finished, leave, lines, log

if TYPE_CHECKING:
    from firmware.runtime.logkeeping import LogKeeping

__all__ = ["finished"]

RECORD = {"kind": "trigger", "clock": {"utc_ms": 1, "mono_ms": 1, "quality": "rtc"}, "name": "fall"}
NAME = "00000001.private.age"


def notes(storage: MemoryStorage) -> LogNotes:
    """A private part in the top directory of a storage."""
    return LogNotes(storage.root(), NAME, lambda: AgeWriter(Recipients.parse(pki().recipients), os.urandom))


def kept(rig: Rig) -> LogKeeping:
    """What a dock has taken over."""
    return rig.camera.vault.kept_log


def put(rig: Rig, line: bytes) -> None:
    """Keep a receipt that was not held against the log: as a card may bear it on which somebody put other files."""
    kept(rig).keep(documents.verify(log_kinds.LOG_RECEIPT, line, pki().trust))


# The private part.


def test_how_long_a_record_waits() -> None:
    """Ten seconds, and ten minutes where the card is full, from the oldest one on; nothing that waits is never due."""
    assert (lognotes.BATCH_NS, lognotes.SPARING_NS) == (10 * NS, 600 * NS)
    part = notes(MemoryStorage())
    assert not part.due(1 << 62, lognotes.BATCH_NS)
    part.add(RECORD, 5 * NS)
    part.add(RECORD, 9 * NS)
    assert not part.due(15 * NS - 1, lognotes.BATCH_NS)
    assert part.due(15 * NS, lognotes.BATCH_NS)


def test_a_file_comes_with_the_first_record_and_ends_once() -> None:
    """Without one there is no file, and nothing to say; one that has ended takes nothing more."""
    storage = MemoryStorage()
    part = notes(storage)
    for last in (False, True):
        assert part.batch(last=last) is None
    assert storage.log == []
    part = notes(storage)
    part.add(RECORD, 0)
    first = part.batch(last=False)
    assert first is not None
    assert (first["last"], first["plain"]["length"]) == (False, 65536)
    assert part.batch(last=False) is None
    last_one = part.batch(last=True)
    assert last_one is not None
    assert (last_one["last"], last_one["plain"]["length"]) == (True, 65537)
    part.add(RECORD, 0)
    assert not part.due(1 << 62, 0)
    assert part.batch(last=True) is None


@pytest.mark.parametrize("last", [False, True])
def test_a_key_is_forgotten_where_the_file_fails(last: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a case
    """Also where it was to end: nobody writes there any more, and nobody may find the key in memory."""
    storage = MemoryStorage()
    part = notes(storage)
    part.add(RECORD, 0)
    part.batch(last=False)
    part.add(RECORD, 0)
    forgotten: list[AgeWriter] = []
    forget = AgeWriter.forget

    def noted(age: AgeWriter) -> None:
        forgotten.append(age)
        forget(age)

    monkeypatch.setattr(AgeWriter, "forget", noted)
    storage.trouble.fail_writes(True)
    with pytest.raises(OSError, match="Input/output"):
        part.batch(last=last)
    forgotten.clear()
    part.abandon()
    assert len(forgotten) == 1
    assert set(storage.held.values()) <= {0}


def test_before_its_boot_the_log_has_no_private_part() -> None:
    """Whoever remarks something by then, or asks for it to be kept, is not heard, and nothing breaks."""
    rig = Rig.new()
    vault = rig.camera.vault
    audit = AuditLog(MemoryStorage().root(), vault.session, "0" * 32, Stamps(VirtualClock()), vault._age)
    audit.remark("trigger", {"name": "fall"})
    assert audit.keep_remarks(last=True) == 0


def test_a_private_part_is_closed_where_nothing_waits_any_more() -> None:
    """The end of a boot closes the file, though all that was noticed is kept already."""
    rig = Rig.new().run(3)
    rig.camera.vault.volume.audit.remark("trigger", {"name": "fall"})
    rig.run(12)
    assert [each["last"] for each in lines(rig, "private")] == [False]
    rig.camera.inbox.put(Quit("shutdown"))
    rig.settle()
    assert [each["last"] for each in lines(rig, "private")] == [False, True]


def test_a_private_part_that_failed_is_left_alone() -> None:
    """It is told once, and not tried again."""
    rig = Rig.new().run(3)
    audit = rig.camera.vault.volume.audit
    audit.remark("trigger", {"name": "fall"})
    rig.run(11)
    audit.remark("trigger", {"name": "fall"})
    rig.evidence.trouble.fail_syncs(1)
    assert audit.keep_remarks() == 0
    audit.remark("trigger", {"name": "fall"})
    rig.run(11)
    assert [each["code"].split(":")[0] for each in lines(rig, "fault")] == ["log-private"]
    assert len(lines(rig, "private")) == 1


def test_what_was_remarked_counts_while_something_is_recorded() -> None:
    """It takes room of the same card: the forecast knows; in between it says nothing of the rate of a recording."""
    rig = Rig.new().run(3)
    writer, audit = rig.camera.writer, rig.camera.vault.volume.audit
    added: list[tuple[int, float]] = []
    add = writer._rate.add

    def noted(size: int, seconds: float) -> None:
        added.append((size, seconds))
        add(size, seconds)

    writer._rate.add = noted  # type: ignore[method-assign]  # replaced by the test
    audit.remark("trigger", {"name": "fall"})
    rig.run(11)
    assert (added, len(lines(rig, "private"))) == ([], 1)
    rig.tap().run(11)
    (said,) = [each for each in added if each[1] == 0.0]
    assert said[0] == lines(rig, "private")[1]["cipher"]["length"] - lines(rig, "private")[0]["cipher"]["length"]


# What a dock is offered.


def test_of_a_growing_private_part_only_what_a_line_vouches_for_is_offered() -> None:
    """Nothing before the first line, then as much as the newest one says."""
    rig = Rig.new().run(3)
    audit = rig.camera.vault.volume.audit
    audit.remark("trigger", {"name": "fall"})
    file = rig.evidence.root().enter("audit").create(NAME)
    assert NAME not in audit.offered()
    file.close()
    rig.evidence.root().enter("audit").remove(NAME)
    rig.run(11)
    (said,) = lines(rig, "private")
    assert audit.offered()[NAME] == said["cipher"]["length"]


def test_a_look_before_the_first_line_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dock's thread may ask just while a file begins: later it hears of all of it."""
    rig = Rig.new().run(1)
    vault, audit = rig.camera.vault, rig.camera.vault.volume.audit
    write = AuditLog.write
    monkeypatch.setattr(AuditLog, "write", lambda log, *said: (log.offered(), write(log, *said))[1])
    for _ in range(2):
        audit._lines = 600
        vault.renew_log()
    length = rig.evidence.root().enter("audit").open("00000002.jwsl").size()
    assert audit.offered()["00000002.jwsl"] == length > 0


def test_nothing_of_a_look_stays_open(finished: Rig) -> None:
    """Neither of what a dock is offered, nor of its receipt, nor of the last look before the removal."""
    before = finished.evidence.held.total()
    finished.camera.vault.volume.audit._whole.clear()
    finished.camera.vault.volume.audit.offered()
    assert finished.evidence.held.total() == before
    finished.camera.shelf.log_receipt(log_receipt_for(finished), NONCE)
    assert finished.evidence.held.total() == before
    finished.camera.writer.sweep()
    finished.run(0.5)
    assert finished.evidence.held.total() == before
    assert "00000001.jwsl" not in log(finished)


# Receipts for the log.


def test_a_receipt_that_could_not_be_kept_counts_for_nothing(finished: Rig) -> None:
    """Durable first: what is only in memory allows no removal."""
    line = log_receipt_for(finished)
    finished.evidence.trouble.fail_syncs(1)
    with pytest.raises(OSError, match="Input/output"):
        put(finished, line)
    finished.evidence.trouble.clear()
    finished.camera.writer.sweep()
    finished.run(0.5)
    assert kept(finished).receipt is None
    assert "00000001.jwsl" in log(finished)


def test_a_receipt_for_the_file_that_grows_clears_nothing(finished: Rig) -> None:
    """Where the log was turned back, a receipt of before may name files that are being written again."""
    honest = payload(log_receipt_for(finished))
    audit = finished.camera.vault.volume.audit
    finished.run(1)
    growing = "00000003.jwsl"
    length = audit.offered()[growing]
    digest = _digest(finished, growing, length)
    files = [*honest["files"], {"name": growing, "length": length, "hash": digest}]
    told = log_receipt_for(finished, boot=3, files=files, audit=honest["audit"])
    with pytest.raises(EvidenceError, match="files"):
        finished.camera.shelf.log_receipt(told, NONCE)
    before = log(finished)
    put(finished, told)
    finished.camera.writer.sweep()
    finished.run(0.5)
    assert log(finished) == before
    assert lines(finished, "cleared") == []


def _digest(rig: Rig, name: str, length: int) -> str:
    return hashlib.sha256(read(rig.evidence.root().enter("audit").open(name))[:length]).hexdigest()


def test_each_removal_is_durable_before_the_next(finished: Rig) -> None:
    """So that what a cut leaves of the log has no hole."""
    before = len(finished.evidence.log)
    finished.camera.shelf.log_receipt(log_receipt_for(finished), NONCE)
    finished.camera.writer.sweep()
    finished.run(0.5)
    done = finished.evidence.log[before:]
    at = [index for index, each in enumerate(done) if isinstance(each, Remove) and each.name[:1] == "0"]
    assert len(at) == 4
    for index in at:
        removal, following = done[index], done[index + 1]
        assert isinstance(removal, Remove)
        assert isinstance(following, Sync)
        assert following.node == removal.directory


def test_a_clearing_is_told_once(finished: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it stops in the middle and is taken up again, and over the next boot, which finds nothing left to clear."""
    remove, refused = MemoryDirectory.remove, ["00000002.jwsl"]

    def stubborn(directory: MemoryDirectory, name: str) -> None:
        if name in refused:
            refused.remove(name)
            raise OSError(5, "Input/output error", name)
        remove(directory, name)

    monkeypatch.setattr(MemoryDirectory, "remove", stubborn)
    finished.camera.shelf.log_receipt(log_receipt_for(finished), NONCE)
    for _ in range(2):
        finished.camera.writer.sweep()
        finished.run(0.5)
    assert (refused, [name for name in log(finished) if name < "00000003"]) == ([], [])
    assert len(lines(finished, "cleared")) == 1
    again = finished.power_cut().run(1)
    assert len(lines(again, "cleared")) == 1


def test_a_boot_without_a_line_is_passed_over() -> None:
    """A cut between a file and its first line leaves an empty one: what follows the receipted files is in the next."""
    rig = leave(direct(Rig.new()).run(1))
    survivor = rig.evidence.crash()
    audit = survivor.root().enter("audit")
    audit.create("00000003.jwsl").sync()
    audit.sync()
    again = direct(Rig.start(survivor, rig.config, rig.clock.power_cycle(), rig.signer, rig.values)).run(1)
    assert again.camera.vault.volume.audit.ledger.boot == 4
    files = [each for each in payload(log_receipt_for(again))["files"] if each["name"] < "00000003"]
    first = payload(read(audit.open("00000002.jwsl")).splitlines()[0])
    assert first["line"] > 1
    head = payload(read(again.evidence.root().enter("audit").open("00000004.jwsl")).splitlines()[0])
    said = {"line": head["line"] - 1, "head": head["prev"]}
    again.camera.shelf.log_receipt(log_receipt_for(again, boot=2, files=files, audit=said), NONCE)
    again.camera.writer.sweep()
    again.run(0.5)
    assert log(again)[:2] == ["00000003.jwsl", "00000004.jwsl"]


def test_an_anchor_of_the_very_line_that_a_boot_begins_with_is_not_ahead() -> None:
    """Only one of a line that is not there yet says that the log was turned back."""
    rig = Rig.new().run(1)
    line = rig.camera.vault.volume.audit.ledger.line
    for ahead, told in ((1, []), (2, [f"anchor-ahead {line + 3}"])):
        where = {"line": line + ahead + (ahead > 1), "head": "1" * 64}
        durable.replace(rig.evidence.root(), "anchor.jws", anchor_for(rig, audit=where) + b"\n")
        rig = rig.power_cut()
        assert [each["code"] for each in lines(rig, "fault")] == told


# Starts, second signatures, randomness.


def test_a_gauge_that_cannot_be_read_keeps_nobody_from_recording() -> None:
    """The boot line says so by having nothing to say."""

    def broken() -> Any:
        raise OSError("no gauge")

    rig = Rig.new().run(1)
    rig.hal.power.battery = broken  # type: ignore[method-assign]  # replaced by the test
    audit = rig.camera.vault.volume.audit
    audit._lines = 600
    rig.camera.vault.renew_log()
    assert lines(rig, "boot")[-1]["power"] is None
    assert rig.tap().run(1).state is Recording.RECORDING


def test_what_signs_a_manifest_again_is_there_before_it() -> None:
    """Wherever a manifest is, that is, too."""
    rig = Rig.new(again=True).run(2).tap().run(1)
    before = len(rig.evidence.log)
    rig.stop()
    placed = [each.new for each in rig.evidence.log[before:] if isinstance(each, Rename)]
    assert [name for name in placed if name.startswith("manifest")] == ["manifest.pq.jws", "manifest.jws"]


def test_keys_wait_for_the_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Early in a boot the device gives bytes before there is enough chance in them; the call that waits comes first."""
    said: list[str] = []
    monkeypatch.setattr(os, "getrandom", lambda size: said.append(f"waited {size}"))
    opened = Path.open

    def noted(path: Path, *how: Any, **more: Any) -> Any:
        said.append("read")
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", noted)
    entropy.draw(4)
    assert said == ["waited 1", "read"]
