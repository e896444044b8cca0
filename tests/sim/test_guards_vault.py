"""Small guards of opening, sealing and the audit log: what a step that fails leaves behind, and which limits hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from firmware.core.machine import Recording
from firmware.evidence.log_kinds import MOST_OPEN
from firmware.runtime import auditlog
from firmware.runtime.auditlog import MOST_LINES, AuditLostError
from firmware.runtime.controller import Quit
from firmware.runtime.vault import Vault
from hal.sim.clock import VirtualClock
from hal.sim.faulty import Call, FaultyStorage, Op
from hal.sim.memory import MemoryStorage
from hal.sim.volume import Create
from tests.rig import NONCE, VALUES, PkiSigner, Rig, anchor_for, enrol, read

if TYPE_CHECKING:
    from collections.abc import Callable


def broken(*_: object) -> NoReturn:
    """A step that storage refuses."""
    raise OSError("refused")


def kinds(rig: Rig) -> list[str]:
    """The kinds of the audit log's lines."""
    return [line["kind"] for line in rig.audit()]


# Opening.


def test_a_vault_that_is_not_mounted_says_so() -> None:
    """A dock that asks too early is refused, as by storage that is not there."""
    rig = Rig.new()
    vault = Vault(rig.hal, rig.camera.vault.settings, rig.camera.vault.enrolment, random=rig.camera.vault._random)
    with pytest.raises(OSError, match="not mounted"):
        _ = vault.volume


def test_a_service_that_ended_in_a_recording_goes_on_with_it() -> None:
    """It was sealed in good order, so that only the log's last line says that it was wanted."""
    rig = Rig.new().run(2).tap().run(1)
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(0.1)
    again = rig.power_cut()
    (take,) = again.camera.writer.takes.values()
    assert take.journal.transcript.opening["continues"]["number"] == 1


def test_of_two_that_were_cut_off_the_newest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one before it waits to be recovered, and is no longer what the officer is recording."""
    rig = Rig.new().run(2).tap().run(1)
    monkeypatch.setattr(Vault, "note_closing", lambda self, manifest: None)  # each next cut comes before it
    again = rig.power_cut().run(2)
    assert set(again.camera.vault.volume.audit.ledger.unclosed) == {1, 2}
    (take,) = again.power_cut().camera.writer.takes.values()
    assert take.journal.transcript.opening["continues"]["number"] == 2


@pytest.mark.parametrize(("microphone", "said"), [(True, {"rate": 48000, "channels": 1}), (False, None)])
def test_an_opening_says_which_sound_there_is(microphone: bool, said: dict[str, int] | None) -> None:  # noqa: FBT001 - a case
    """What the microphone gives, or that there is none."""
    rig = Rig.new(microphone=microphone).run(1).tap()
    (take,) = rig.camera.writer.takes.values()
    assert take.journal.transcript.opening["audio"] == said


def test_what_a_dock_countersigned_is_known_to_the_next_boot() -> None:
    """Its first opening names it."""
    rig = Rig.new().run(1)
    rig.camera.vault.custody.anchor(anchor_for(rig), NONCE)
    again = rig.power_cut()
    assert again.camera.vault.custody.anchored == rig.camera.vault.custody.anchored is not None


def test_a_recording_that_storage_took_away_is_named_by_the_one_that_goes_on() -> None:
    """In the same boot: what an earlier one left has nothing to do with it."""
    rig = Rig.new().run(2).tap().run(1)
    rig.evidence.trouble.fail_syncs(1)
    (take,) = rig.run(1.5).camera.writer.takes.values()
    assert take.journal.transcript.opening["continues"]["number"] == 1


def test_what_was_prepared_serves_its_own_number_alone() -> None:
    """Where the log has given the number out already, another one is prepared."""
    rig = Rig.new().run(1)
    rig.camera.vault.volume.audit.write("opening", {"number": 1, "opening": "a" * 64})
    (take,) = rig.tap().run(0.2).camera.writer.takes.values()
    assert take.number == 2
    assert "journal.jwsl" in rig.evidence.root().enter("recordings").enter("00000002").names()


def test_names_that_could_not_be_synced_are_not_prepared() -> None:
    """A press makes them anew: it was acknowledged on nothing else."""
    rig = Rig.new().run(1)
    vault = rig.camera.vault
    vault._prepared = None
    recordings = vault.volume.recordings
    recordings.sync = broken  # type: ignore[method-assign]  # replaced by the test
    with pytest.raises(OSError, match="refused"):
        vault.prepare()
    del recordings.sync
    before = len(rig.evidence.log)
    vault.prepare()
    assert any(isinstance(each, Create) for each in rig.evidence.log[before:])


@pytest.mark.parametrize("name", ["journal.jwsl", "000002.mp4.age", "other"])
def test_what_lies_in_the_place_of_the_next_recording_is_kept(name: str) -> None:
    """Whatever is in it, it goes into quarantine as it is, and nothing of it stays open."""
    rig = Rig.new().run(1)
    survivor = rig.evidence.crash()
    place = survivor.root().enter("recordings").enter("00000001", create=True)
    if name in place.names():
        place.remove(name)
    file = place.create(name)
    file.append(b"evidence, perhaps")
    file.close()
    again = Rig.start(survivor, rig.config.crash(), rig.clock, rig.signer, rig.values).run(1)
    (aside,) = again.evidence.root().enter("quarantine").names()
    assert read(again.evidence.root().enter("quarantine").enter(aside).open(name)) == b"evidence, perhaps"
    assert again.evidence.held.total() == 3  # the log, the next journal, the next segment


def test_as_many_stay_open_as_a_boot_can_list_and_no_more() -> None:
    """The last one that fits is opened; the next is refused, and leaves nothing in the log."""
    rig = Rig.new().run(1)
    vault = rig.camera.vault
    ledger = vault.volume.audit.ledger
    ledger.unclosed.update(dict.fromkeys(range(1000, 1000 + MOST_OPEN - 1)))  # type: ignore[arg-type]  # what each opening is does not matter here
    assert vault.begin().number == 1
    with pytest.raises(OSError, match="could not be closed"):
        vault.begin()
    assert kinds(rig).count("opening") == 1


def test_a_counter_that_fails_is_told_and_refuses_no_incident() -> None:
    """The hardware's counter is worth a line in the log, not a recording."""
    rig = Rig.new().run(1)
    rig.signer.advance = broken  # type: ignore[method-assign]  # replaced by the test
    rig.tap().run(0.5)
    assert rig.state is Recording.RECORDING
    assert rig.audit()[-1]["data"] == {"code": "counter: refused"}


def test_a_resumption_whose_journal_fails_still_says_what_it_continues() -> None:
    """The next attempt has to know it too: the vault forgets it only once an opening is durable."""
    rig = Rig.new().run(2).tap().run(1)
    config = rig.config.crash()
    failed: list[Call] = []

    def once(_: FaultyStorage, call: Call) -> None:
        if call.op is Op.SYNC and call.path == ("recordings", "00000002", "journal.jwsl") and not failed:
            failed.append(call)
            broken()

    card = FaultyStorage(rig.evidence.crash(), once, at=0, lasting=True)
    again = Rig.start(card, config, rig.clock.power_cycle(), rig.signer, rig.values).run(1)
    assert failed
    (take,) = again.camera.writer.takes.values()
    assert take.number == 3
    assert take.journal.transcript.opening["continues"]["number"] == 1


# Sealing.


def test_a_manifest_that_failed_is_left_to_the_next_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say in this one what of the recording is on the card."""
    rig = Rig.new().run(2).tap().run(1)
    with monkeypatch.context() as failing:
        failing.setattr(Vault, "close", broken)
        rig.stop()
    rig.camera.writer.sweep()
    rig.run(1)
    assert "closing" not in kinds(rig)
    assert rig.camera.vault.writing == {1}


# The audit log.


def start(card: FaultyStorage) -> Rig:
    """A fresh camera with that card."""
    config = MemoryStorage()
    enrol(config, VALUES)
    return Rig.start(card, config, VirtualClock(), PkiSigner(), VALUES)


def test_a_line_that_no_cut_can_have_left_is_told() -> None:
    """It is complete and does not verify: the next boot names the file, and goes on behind the last good line."""
    rig = Rig.new().run(1)
    log = rig.evidence.root().enter("audit").open("00000001.jwsl")
    log.append(b"eyJhbGciOiJFUzI1NiIs.e30.AAAA\n")
    log.sync()
    again = rig.power_cut()
    assert [line["data"] for line in again.audit(only=2) if line["kind"] == "fault"] == [
        {"code": "audit-damaged 00000001.jwsl"}
    ]


def test_a_log_that_failed_takes_no_more() -> None:
    """A line behind one that may not be on the card would be a gap in the chain."""
    rig = Rig.new().run(1)
    audit = rig.camera.vault.volume.audit
    rig.evidence.trouble.fail_syncs(1)
    for _ in range(2):
        with pytest.raises(AuditLostError):
            audit.write("fault", {"code": "x"})
    rig.evidence.trouble.clear()
    before = len(rig.evidence.log)
    with pytest.raises(AuditLostError):
        audit.write("fault", {"code": "y"})
    assert len(rig.evidence.log) == before


@pytest.mark.parametrize("op", [Op.CREATE, Op.SYNC_NAMES])
def test_a_file_of_the_log_without_a_durable_name_gets_no_line(op: Op) -> None:
    """Whether it could not be made, or its name not be synced: the boot ends there."""

    def fault(_: FaultyStorage, call: Call) -> None:
        if call.op is op and call.path[0] == "audit":
            broken()

    card = FaultyStorage(MemoryStorage())
    audit = start(card).camera.vault.volume.audit
    card.fault, card.at, card.lasting = fault, len(card.calls), True
    with pytest.raises(AuditLostError, match="cannot begin"):
        audit.begin({"firmware": "1", "signer": "software", "counter": None, "start": "power", "power": None})
    assert not any(call.op is Op.APPEND for call in card.calls[card.at :])


def test_a_log_whose_directory_vanished_takes_no_line() -> None:
    """What nobody could ever find is not in the log."""
    card = FaultyStorage(MemoryStorage())
    audit = start(card).camera.vault.volume.audit
    card.vanish(("audit",))
    with pytest.raises(AuditLostError):
        audit.write("fault", {"code": "x"})


def renewed(rig: Rig) -> Rig:
    """The log goes on in another file."""
    audit = rig.camera.vault.volume.audit
    audit._lines = MOST_LINES
    rig.camera.vault.renew_log()
    return rig


@pytest.mark.parametrize("go_on", [lambda rig: rig, renewed, Rig.power_cut])
def test_one_file_of_the_log_is_open(go_on: Callable[[Rig], Rig]) -> None:
    """However often it goes on in another one, and however many a boot has read."""
    rig = go_on(Rig.new().run(1))
    names = {each.node: each.name for each in rig.evidence.log if isinstance(each, Create)}
    newest = rig.evidence.root().enter("audit").names()[-1]
    open_ones = [names[node] for node in rig.evidence.held.elements()]
    assert [name for name in open_ones if name.startswith("00000") and name.endswith(".jwsl")] == [newest]


def test_a_log_is_long_after_512_lines() -> None:
    """A boot reads that many before it can record, and hardly more."""
    audit = Rig.new().camera.vault.volume.audit
    while audit._lines < 511:
        audit.write("fault", {"code": "filler"})
    assert not audit.long
    audit.write("fault", {"code": "filler"})
    assert audit.long


def test_so_many_lines_are_remembered_and_not_one_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dock may countersign any line that it was offered lately."""
    monkeypatch.setattr(auditlog, "MOST_HEADS", 3)
    audit = Rig.new().camera.vault.volume.audit
    for _ in range(6):
        audit.write("fault", {"code": "filler"})
    newest = audit.newest.line
    assert [audit.head_of(newest - back) is not None for back in range(5)] == [True, True, True, False, False]
