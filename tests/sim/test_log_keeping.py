"""The audit log of a whole camera: its private part, what a dock takes over of it, and that nothing goes without that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from firmware.core.machine import Move
from firmware.evidence import documents, kinds, log_kinds
from firmware.evidence.errors import EvidenceError
from firmware.evidence.log_private import MOST
from firmware.runtime import lognotes
from firmware.runtime.controller import Quit
from firmware.runtime.docklink import Away, DockNews
from hal.interface import Button
from hal.sim.memory import MemoryStorage
from hal.sim.volume import Remove, Rename
from tests.rig import NONCE, Rig, anchor_for, judge, log_receipt_for, payload, pki, read, receipt_for
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tools.verify.report import Report


def direct(rig: Rig) -> Rig:
    """A writer on this thread."""
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # in its place for this test
    return rig


def log(rig: Rig) -> list[str]:
    """The names of the log's files."""
    return rig.evidence.root().enter("audit").names()


def lines(rig: Rig, kind: str) -> list[dict[str, Any]]:
    """What the lines of this kind say."""
    return [line["data"] for line in rig.audit() if line["kind"] == kind]


def wrong(report: Report) -> list[str]:
    """All that is wrong."""
    return [f"{path}/{each.file}: {each.reason}" for path, found in report.every_problem for each in found]


def leave(rig: Rig) -> Rig:
    """End the service in good order, and start it anew after a power-off."""
    rig.camera.inbox.put(Quit("shutdown"))
    rig.settle()
    return direct(rig.power_cut())


def assigned(rig: Rig) -> None:
    """A dock assigned a shift, and the camera was taken out."""
    dock = pki().dock
    said = {"device": "cam-1", "shift": "Shift-4711", "utc_ms": 1}
    rig.camera.shelf.assign(documents.sign(kinds.ASSIGNMENT, said, dock.sign, dock.chain.ders))
    rig.camera.inbox.put(Away(dock.chain.name))
    rig.run(0.1)


@pytest.fixture
def finished() -> Rig:
    """A camera in its third boot: two finished files of the log, each with a private part."""
    rig = direct(Rig.new(keep_after_receipt_h=0)).run(3).tap().run(1).stop()
    for _ in range(2):
        rig = leave(rig).run(3).tap().run(1).stop()
    assert log(rig) == [
        "00000001.jwsl",
        "00000001.private.age",
        "00000002.jwsl",
        "00000002.private.age",
        "00000003.jwsl",
    ]
    return rig


# The private part.


def test_conduct_is_in_the_private_part_and_nowhere_else(tmp_path: Path) -> None:
    """Presses, states, mutes and shifts can be read with the authority's key; on the card nobody finds a word of them."""
    rig = direct(Rig.new(mute_allowed=True)).run(3)
    assigned(rig)
    rig.tap().run(2)
    for _ in range(2):
        rig.buttons.press(Button.FUNCTION)
        rig.run(0.1)
        rig.buttons.release(Button.FUNCTION)
        rig.run(0.1)
    rig.triggers.fire("alarm")
    rig.run(1)
    rig.stop().run(11)
    report = judge(rig, tmp_path)
    assert wrong(report) == []
    (volume,) = report.volumes
    said = " | ".join(each.text for each in volume.private or ())
    for words in (
        "assigned to shift Shift-4711",
        "record button: press",
        "record button: tap",
        "record button: hold",
        "function button: tap",
        "the microphone was silenced",
        "sensor: alarm",
        "idle to starting (press)",
        "starting to recording (durable)",
        "stopping to idle (sealed)",
    ):
        assert words in said, words
    card = b"".join(path.read_bytes() for path in (tmp_path / "card").rglob("*") if path.is_file())
    for secret in (b"Shift-4711", b"alarm", b"silenced", b"gesture"):
        assert secret not in card
    assert judge(rig, tmp_path / "again", key=False).volumes[0].private is None


def test_a_record_waits_ten_seconds_at_most(tmp_path: Path) -> None:
    """That is what a cut may take of it; what is durable says so by a line, and one batch has one size whatever it holds."""
    rig = Rig.new().run(3).tap()
    rig.run(9)
    assert lines(rig, "private") == []
    rig.run(1)
    (first,) = lines(rig, "private")
    assert first["plain"]["length"] == 65536
    for _ in range(5):
        rig.tap()
    rig.run(11)
    grown = lines(rig, "private")[1]
    assert grown["plain"]["length"] == 2 * 65536
    again = rig.power_cut().run(1)
    private = again.evidence.root().enter("audit").open("00000001.private.age")
    assert private.size() >= grown["cipher"]["length"]
    assert wrong(judge(again, tmp_path)) == []


def test_nothing_waits_when_a_boot_ends_on_purpose(finished: Rig, tmp_path: Path) -> None:
    """The private part is closed before the last line; anything behind it was added."""
    last = finished.audit(only=1)[-2:]
    assert [line["kind"] for line in last] == ["private", "stop"]
    assert last[0]["data"]["last"] is True
    report = judge(finished, tmp_path)
    assert wrong(report) == []
    for name in ("00000001", "00000002"):
        path = tmp_path / "card" / "audit" / f"{name}.private.age"
        path.write_bytes(path.read_bytes() + b"x")
    assert len(wrong(judge_card(tmp_path))) == 2


def judge_card(folder: Path) -> Report:
    """The verifier on a card that was judged before."""
    from tools.verify.verifier import verify_path  # noqa: PLC0415

    return verify_path(folder / "card", folder / "root.pem", [folder / "authority.agekey"])


def test_more_than_a_batch_holds_is_counted(tmp_path: Path) -> None:
    """Somebody who hammers the button costs one batch in ten seconds, and no more."""
    rig = Rig.new().run(3)
    for _ in range(2 * MOST):
        rig.camera.vault.volume.audit.remark("press", {"button": "function", "gesture": "tap"})
    rig.run(11)
    assert len(lines(rig, "private")) == 1
    said = [each.text for each in judge(rig, tmp_path).volumes[0].private or ()]
    assert len(said) == MOST
    assert f"{MOST + 1} more records found no room" in said[-1]


def test_a_full_card_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presses that are refused there are noted, and do not eat what has to stay free."""
    rig = Rig.new().run(3)
    monkeypatch.setattr(rig.camera.writer, "_full", True)
    monkeypatch.setattr(rig.camera.writer, "_health", lambda: 1 << 40)
    rig.camera.vault.volume.audit.remark("refused", {"reason": "storage-full"})
    rig.run(60)
    assert lines(rig, "private") == []
    rig.clock.advance(lognotes.SPARING_NS)
    rig.settle()
    assert len(lines(rig, "private")) == 1


def test_a_private_part_that_fails_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    """The log and the recordings go on; the next boot begins another one."""
    rig = Rig.new().run(3)
    audit = rig.camera.vault.volume.audit
    audit.remark("trigger", {"name": "x"})
    rig.evidence.trouble.fail_syncs(1)
    assert audit.keep_remarks() == 0
    rig.evidence.trouble.clear()
    assert [each["code"].split(":")[0] for each in lines(rig, "fault")] == ["log-private"]
    rig.tap().run(12).stop()
    assert lines(rig, "private") == []
    assert wrong(judge(rig, tmp_path)) == []


# States, battery, starts.


def test_places_stand_in_the_clear() -> None:
    """When it stood in a dock, and when no longer; a dock that did not stand for ten seconds is no place."""
    rig = Rig.new().run(1)
    for move in (Move.MET, Move.GONE, Move.MET, Move.STOOD, Move.OFFLOAD, Move.RESTED, Move.GONE):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
        rig.settle()
    assert lines(rig, "place") == [{"place": "docked", "dock": "dock-1"}, {"place": "worn", "dock": "dock-1"}]


def test_the_battery_stands_in_the_log_and_seldom() -> None:
    """At the start, and after a step; a gauge that flaps costs a line a minute."""
    rig = Rig.new().run(1)
    assert rig.audit()[0]["data"]["power"] == {"percent": 80, "charging": False, "celsius": 24}
    for at in range(90):
        rig.power.touch(at % 2 == 0)
        rig.run(1)
    assert 1 <= len(lines(rig, "power")) <= 2


def test_starts_have_reasons() -> None:
    """The first one, one after a cut, one of the service alone, and another file of a long log."""
    rig = Rig.new().run(3)
    rig = rig.power_cut().run(3)
    rig = rig.restart().run(1)
    rig.camera.vault.volume.audit._lines = 600
    rig.camera.vault.renew_log()
    assert [each["start"] for each in lines(rig, "boot")] == ["first", "power", "service", "length"]


def test_a_counter_that_saw_more_than_the_log_is_told() -> None:
    """The log was turned back, or another card was in the camera; a counter that goes back is told too."""
    rig = Rig.new().run(3).tap().run(1).stop()
    rig.signer.count = 5
    again = rig.power_cut().run(1)
    assert [each["code"] for each in lines(again, "fault")] == ["counter-ahead 1 5"]
    again.signer.count = 2
    assert [each["code"] for each in lines(again.power_cut(), "fault")][-1] == "counter-back 5 2"


def test_a_log_behind_the_cards_own_anchor_is_told() -> None:
    """Somebody put an older log back, and forgot the anchor."""
    rig = direct(Rig.new().run(2))
    for _ in range(3):
        rig.camera.vault.volume.audit.write("fault", {"code": "x"})
    line = anchor_for(rig)
    other = Rig.start(MemoryStorage(), rig.config, rig.clock, rig.signer, rig.values)
    volume = other.camera.vault.volume
    payload_ = {**payload(line), "volume": volume.id, "audit": {"line": 40, "head": "1" * 64}}
    dock = pki().dock
    file = other.evidence.root().create("anchor.jws")
    file.append(documents.sign(kinds.ANCHOR, payload_, dock.sign, dock.chain.ders) + b"\n")
    file.sync()
    other.evidence.root().sync()
    assert "anchor-ahead 40" in [each["code"] for each in lines(other.power_cut(), "fault")]


# The receipt for the log, and its clearing.


def test_a_receipted_log_is_cleared_and_goes_on(finished: Rig, tmp_path: Path) -> None:
    """The finished files go, the one that grows stays; the log says so, and a card that begins later is in order."""
    line = log_receipt_for(finished)
    finished.camera.shelf.log_receipt(line, NONCE)
    finished.camera.writer.sweep()
    finished.run(0.5)
    assert [name for name in log(finished) if name < "00000003"] == []
    (said,) = lines(finished, "cleared")
    assert (said["boot"], said["line"]) == (2, payload(line)["audit"]["line"])
    finished.tap().run(1).stop()
    report = judge(finished, tmp_path)
    assert wrong(report) == []
    assert report.verdict is Verdict.UNPROVEN
    assert [each.number for each in report.every_recording] == [1, 2, 3, 4]
    again = finished.power_cut().run(1)
    assert again.camera.vault.volume.audit.ledger.upcoming == 5
    assert wrong(judge(again, tmp_path / "again")) == []


def test_a_dock_that_read_the_receipt_before_reads_the_one_that_took_its_place(finished: Rig) -> None:
    """Each docking reads it twice: before it signs another one, and behind that."""
    shelf = finished.camera.shelf
    for store in ("store-1", "a-store-of-a-longer-name"):
        line = log_receipt_for(finished, store=store) + b"\n"
        shelf.log_receipt(line[:-1], NONCE)
        (length,) = (size for item in shelf.items() for name, size in item.files if name == "log-receipt.jws")
        assert shelf.read("volume", "log-receipt.jws", 0, length) == line


def test_the_order_is_receipt_then_line_then_removal(finished: Rig) -> None:
    """Each durable before the next begins."""
    before = len(finished.evidence.log)
    finished.camera.shelf.log_receipt(log_receipt_for(finished), NONCE)
    finished.camera.writer.sweep()
    finished.run(0.5)
    done = finished.evidence.log[before:]
    placed = next(at for at, each in enumerate(done) if isinstance(each, Rename) and each.new == "log-receipt.jws")
    removed = [at for at, each in enumerate(done) if isinstance(each, Remove) and each.name[:1] == "0"]
    assert [done[at].name for at in removed] == [  # type: ignore[union-attr]  # found above
        "00000001.jwsl",
        "00000001.private.age",
        "00000002.jwsl",
        "00000002.private.age",
    ]
    cleared = MemoryStorage(finished.evidence.log[: before + removed[0]]).crash()
    audit = cleared.root().enter("audit")
    kinds_ = [payload(each)["kind"] for each in read(audit.open("00000003.jwsl")).splitlines()]
    assert "cleared" in kinds_
    assert "log-receipt.jws" in cleared.root().names()
    assert placed < removed[0]


def test_a_cut_anywhere_in_the_clearing_costs_nothing(finished: Rig, tmp_path: Path) -> None:
    """At each operation: the next boot goes on with the same numbers, nothing is wrong on the card, and the rest goes."""
    before = len(finished.evidence.log)
    finished.camera.shelf.log_receipt(log_receipt_for(finished), NONCE)
    finished.camera.writer.sweep()
    finished.run(0.5)
    upcoming = finished.camera.vault.volume.audit.ledger.upcoming
    for cut in range(before, len(finished.evidence.log) + 1):
        survivor = MemoryStorage(finished.evidence.log[:cut]).crash()
        again = Rig.start(survivor, finished.config, finished.clock.power_cycle(), finished.signer, finished.values)
        again.run(0.2)
        assert again.camera.vault.volume.audit.ledger.upcoming == upcoming
        report = judge(again, tmp_path / str(cut), key=False)
        assert wrong(report) == [], cut
        if "log-receipt.jws" in again.evidence.root().names():
            assert [name for name in log(again) if name < "00000003"] == []


def _without_last(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return files[:-1]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nonce": "1" * 32}, "nonce"),
        ({"device": "cam-2"}, "device"),
        ({"volume": "0" * 32}, "volume"),
        ({"files": []}, "files"),
        ({"files": _without_last}, "files"),
        ({"boot": 1}, "files"),
        ({"boot": 3}, "files"),
        ({"audit": {"line": 1, "head": "0" * 64}}, "audit"),
    ],
)
def test_a_receipt_for_another_log_clears_nothing(finished: Rig, changes: dict[str, Any], why: str) -> None:
    """Another session, another camera, other files, files that still grow, a line that nothing goes on from: refused."""
    honest = payload(log_receipt_for(finished))
    changes = {name: value(honest[name]) if callable(value) else value for name, value in changes.items()}
    before = log(finished)
    with pytest.raises(EvidenceError, match=why):
        finished.camera.shelf.log_receipt(log_receipt_for(finished, **changes), NONCE)
    finished.camera.writer.sweep()
    finished.run(0.5)
    assert log(finished) == before
    assert "log-receipt.jws" not in finished.evidence.root().names()


def test_a_receipt_by_nobody_of_ours_clears_nothing(finished: Rig) -> None:
    """Its signature and its dock have to be good, also when it is read back."""
    line = log_receipt_for(finished)
    with pytest.raises(EvidenceError):
        finished.camera.shelf.log_receipt(line[:-4] + b"AAAA", NONCE)
    file = finished.evidence.root().create("log-receipt.jws")
    file.append(line[:-4] + b"AAAA\n")
    file.sync()
    finished.evidence.root().sync()
    again = finished.power_cut().run(0.5)
    assert any("log-receipt" in each["code"] for each in lines(again, "fault"))
    assert "00000001.jwsl" in log(again)


def test_a_file_that_is_not_what_was_receipted_stays(finished: Rig) -> None:
    """The last look before the removal is at the bytes."""
    line = log_receipt_for(finished)
    finished.camera.vault.kept_log.keep(documents.verify(log_kinds.LOG_RECEIPT, line, pki().trust))
    audit = finished.evidence.root().enter("audit")
    whole = read(audit.open("00000001.jwsl"))
    audit.remove("00000001.jwsl")
    other = audit.create("00000001.jwsl")
    other.append(whole[:-9] + b"AAAAAAAA\n")
    other.sync()
    finished.camera.writer.sweep()
    finished.run(0.5)
    assert "00000001.jwsl" in log(finished)
    assert lines(finished, "cleared") == []


def test_where_the_rest_of_a_cleared_log_is_gone_a_new_volume_begins(finished: Rig) -> None:
    """Numbers were given out, and nobody here knows which: none may be given out twice."""
    finished.camera.shelf.log_receipt(log_receipt_for(finished), NONCE)
    finished.camera.writer.sweep()
    finished.run(0.5)
    volume, audit = finished.camera.vault.volume.id, finished.evidence.root().enter("audit")
    audit.remove("00000003.jwsl")
    other = audit.create("00000003.jwsl")
    other.append(b"nonsense\n")
    other.sync()
    audit.sync()
    again = finished.power_cut().run(0.5)
    assert again.camera.vault.volume.id != volume
    assert "log-receipt.jws" not in again.evidence.root().names()


# A log that a dock contests.


def test_a_contested_camera_erases_nothing_more(finished: Rig, tmp_path: Path) -> None:
    """Neither recordings nor log, whatever receipts it has; that holds over boots and files of the log."""
    shelf = finished.camera.shelf
    shelf.receipt(1, receipt_for(finished, 1), NONCE)
    shelf.log_receipt(log_receipt_for(finished), NONCE)
    shelf.conflict("dock-1", "audit line 4 is another one")
    assert finished.camera.writer.due.returnable == 0
    before = log(finished)
    rig = finished
    for start in (lambda each: each, Rig.power_cut, Rig.restart):
        rig = start(rig)
        rig.camera.vault.renew_log()
        rig.camera.writer.sweep()
        rig.run(0.5)
        assert "00000001" in rig.evidence.root().enter("recordings").names()
        assert set(before) <= set(log(rig))
    assert lines(rig, "conflict") == [{"dock": "dock-1", "reason": "audit line 4 is another one"}]
    assert [each["contested"] for each in lines(rig, "boot")][-2:] == [True, True]
    report = judge(rig, tmp_path)
    assert wrong(report) == []
    assert any("holds another log of this volume" in each for each in report.volumes[0].facts)
