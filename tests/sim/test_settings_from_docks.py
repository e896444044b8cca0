"""Settings from docks, end to end: newer ones count from then on, older ones never again, and what nobody may sign is refused while the
docking goes on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyrage
import pytest

from firmware.evidence import jws
from firmware.evidence.keys import software_sign
from firmware.evidence.kinds import SETTINGS
from firmware.evidence.settings_doc import verify_settings
from firmware.runtime import durable, names
from tests.pki import Holder, Pki
from tests.rig import Rig, judge, payload, pki, read, settings_line
from tests.sim.docked import bench, dock
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity
from tools.dock.renewal import Renewal
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.dock.visit import Desk


def rack(folder: Path, line: bytes | None, name: str = "dock-1") -> tuple[Desk, list[DockEvent]]:
    """A dock with these settings in hand, whoever signed them, and with a directory in which they are replaced."""
    holder = pki().dock if name == "dock-1" else DOCK_2
    place, events = bench(folder / "store")
    path = folder / f"{name}.settings.jws"
    settings = None
    if line is not None:
        path.write_bytes(line + b"\n")
        parsed = jws.parse(line, jws.FILE_LIMIT)
        settings = replace(verify_settings(settings_line({}), pki().trust), line=line, payload=parsed.payload)
    identity = DockIdentity(holder.chain, holder.key, pki().trust, settings, Renewal(path, pki().trust, settings))
    return replace(place, identity=identity), events


DOCK_2: Holder = pki().enrol(pki().dock.chain.leaf.role, "dock-2")


def put(rig: Rig, folder: Path, line: bytes | None, name: str = "dock-1") -> list[DockEvent]:
    """One docking at such a dock; what it told."""
    place, events = rack(folder, line, name)
    dock(rig, place, 2)
    return events


def recorded(rig: Rig) -> Rig:
    """One more recording."""
    return rig.tap().run(1).stop().run(1)


def serial(rig: Rig) -> int:
    """That of the settings in force."""
    found: int = rig.camera.vault.enrolment.settings.payload["serial"]
    return found


def told(events: list[DockEvent]) -> list[tuple[object, object]]:
    """What docks heard about the settings that they offered."""
    return [(each.facts["serial"], each.facts["taken"]) for each in events if each.kind is Kind.SETTINGS]


def test_two_docks_with_different_serials(tmp_path: Path) -> None:
    """The newest count, whichever dock was met last, through a power cut too; a dock that lags behind takes the footage over all the
    same."""
    rig = recorded(Rig.new(keep_after_receipt_h=0).run(4))
    newer, older = settings_line({"pre_event_s": 9}, serial=5), settings_line({"pre_event_s": 3}, serial=4)
    assert told(put(rig, tmp_path, newer)) == [(5, True)]
    assert serial(rig) == 5
    recorded(rig)
    events = put(rig, tmp_path, older, "dock-2")
    assert told(events) == [(4, False)]
    assert Kind.RECEIPTED in [each.kind for each in events]
    assert serial(rig) == 5
    rig = rig.restart()
    assert told(put(rig, tmp_path, newer)) == [(5, True)]  # those in force may be offered again, and change nothing
    log = {line["data"]["serial"] for line in rig.audit() if line["kind"] == "settings"}
    assert log == {5}
    assert serial(rig.power_cut()) == 5


def test_another_text_under_the_serial_in_force_is_refused(tmp_path: Path) -> None:
    """Whoever signs twice under one number has signed once too often."""
    rig = Rig.new().run(4)
    put(rig, tmp_path, settings_line({"pre_event_s": 9}, serial=5))
    (event,) = [
        each for each in put(rig, tmp_path, settings_line({"pre_event_s": 8}, serial=5)) if each.kind is Kind.SETTINGS
    ]
    assert event.facts["taken"] is False
    assert "serial: 5 is not newer than 5" in str(event.facts["text"])
    assert rig.camera.vault.enrolment.settings.payload["values"] == {"pre_event_s": 9}


def forged(signer: Holder | None = None, **changes: Any) -> bytes:
    """Settings with serial 9 that no code of ours signs."""
    said = payload(settings_line({}, serial=9)) | changes
    holder = signer or pki().settings
    return jws.sign(said, SETTINGS.typ, software_sign(holder.key), x5c=holder.chain.ders)


def recipients(*roles: str) -> list[dict[str, str]]:
    """Keys for these roles."""
    return [{"role": role, "age": str(pyrage.x25519.Identity.generate().to_public())} for role in roles]


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "escrow dropped": (lambda: forged(recipients=recipients("authority", "other")), "none with the role escrow"),
    "authority dropped": (lambda: forged(recipients=recipients("escrow", "other")), "none with the role authority"),
    "one recipient": (lambda: forged(recipients=recipients("authority")), "none with the role escrow"),
    "no recipients": (lambda: forged(recipients=[]), "none with the role authority or escrow"),
    "a recipient that is none": (
        lambda: forged(recipients=[{"role": "authority", "age": "age1x"}, *recipients("escrow")]),
        "age1x",
    ),
    "another member": (lambda: forged(more=1), "more: unknown"),
    "an unknown setting": (lambda: forged(values={"colour": "red"}), "colour"),
    "a time root that is none": (lambda: forged(values={"time_root": "AAAA"}), "time_root"),
    "signed by a dock": (lambda: forged(pki().dock), "x5c"),
    "signed by another authority": (lambda: forged(Pki.create().settings), "authorityKeyIdentifier"),
    "altered": (lambda: settings_line({}, serial=9)[:-6] + b"AAAAAA", "signature"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_nobody_may_sign(what: str, tmp_path: Path) -> None:
    """Refused by name, the old ones stand, and the footage leaves."""
    make, why = BAD[what]
    rig = recorded(Rig.new().run(4))
    events = put(rig, tmp_path, make())
    (event,) = [each for each in events if each.kind is Kind.SETTINGS]
    assert event.facts["taken"] is False
    assert why in str(event.facts["text"])
    assert serial(rig) == 1
    assert [each.facts["item"] for each in events if each.kind is Kind.RECEIPTED] == ["00000001"]


def test_old_footage_stays_readable_to_the_old_recipients(tmp_path: Path) -> None:
    """And new footage is for the new ones: each key opens what was made under its settings, and nothing else."""
    old = pki().authority_identity
    new, escrow = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    rig = recorded(Rig.new().run(4))
    put(rig, tmp_path, settings_line({}, serial=2, recipients=(str(new.to_public()), str(escrow.to_public()))))
    recorded(rig)
    put(rig, tmp_path, None)
    root = tmp_path / "root.pem"
    root.write_bytes(pki().root_pem)
    opened = {}
    for name, key in (("old", old), ("new", new), ("escrow", escrow)):
        (tmp_path / name).write_text(f"{key}\n")
        report = verify_path(tmp_path / "store", root, [tmp_path / name])
        opened[name] = [bool(each.private) for each in report.every_recording]
    assert opened == {"old": [True, False], "new": [False, True], "escrow": [False, True]}
    assert all(each.verdict is Verdict.WHOLE for each in verify_path(tmp_path / "store", root).every_recording)


def test_a_dock_that_is_withdrawn_is_met_no_more(tmp_path: Path) -> None:
    """From the docking on in which another one brought the list; the other one goes on."""
    rig = recorded(Rig.new().run(4))
    put(rig, tmp_path, settings_line({}, serial=2, revoked=(DOCK_2.chain.fingerprint,)))
    recorded(rig)
    assert not [each for each in put(rig, tmp_path / "two", None, "dock-2") if each.kind is Kind.ACCEPTED]
    assert any("withdrawn" in line["data"]["outcome"] for line in rig.audit() if line["kind"] == "dock")
    assert Kind.RECEIPTED in [each.kind for each in put(rig, tmp_path, None)]


def test_how_to_behave_counts_from_the_next_start_on(tmp_path: Path) -> None:
    """A policy changes nothing in the middle; each opening and each manifest names the settings that were taken last, by their hash."""
    rig = Rig.new().run(4)
    line = settings_line({**rig.values, "mute_allowed": True}, serial=2)
    put(rig, tmp_path, line)
    assert rig.camera.settings.mute_allowed is False
    assert serial(rig) == 2
    assert judge(recorded(rig), tmp_path / "judged").worst is Verdict.WHOLE
    recording = rig.evidence.root().enter("recordings").enter(names.recording(1))
    for name in (names.JOURNAL, names.MANIFEST):
        first, *_ = read(recording.open(name)).splitlines()
        assert payload(first)["settings"] == hashlib.sha256(line).hexdigest()


def test_settings_that_come_while_it_records_are_taken_behind_that(tmp_path: Path) -> None:
    """A press in the dock keeps them waiting, and does not lose them."""
    rig = Rig.new().run(4).tap().run(1)
    place, events = rack(tmp_path, settings_line({}, serial=2))
    dock(rig, place, 9, {2.0: rig.stop})
    assert told(events) == [(2, True)]
    assert serial(rig) == 2


def test_a_dock_takes_what_is_put_into_its_directory_while_it_serves(tmp_path: Path) -> None:
    """And hands it on to the camera that stands in it; an older file changes nothing, a damaged one is told of."""
    rig = Rig.new().run(4)
    place, events = rack(tmp_path, settings_line({}, serial=2))
    path = tmp_path / "dock-1.settings.jws"

    def place_file(data: bytes) -> Callable[[], object]:
        return lambda: path.write_bytes(data)

    dock(
        rig,
        place,
        45,
        {
            8.0: place_file(settings_line({"hold_s": 5}, serial=3) + b"\n"),
            20.0: place_file(settings_line({"hold_s": 4}, serial=2) + b"\n"),
            32.0: place_file(b"nonsense"),
        },
    )
    assert told(events) == [(2, True), (3, True)]
    assert serial(rig) == 3
    troubles = [str(each.facts["text"]) for each in events if each.kind is Kind.REJECTED]
    assert len(troubles) == 2
    assert "serial: 2 is not newer than 3" in troubles[0]


def turned_back(rig: Rig, line: bytes) -> Rig:
    """The power goes, and somebody writes other genuine settings onto the small partition."""
    survivors = rig.evidence.crash(), rig.config.crash()
    durable.replace(survivors[1].root(), "settings.jws", line + b"\n")
    return Rig.start(*survivors, rig.clock.power_cycle(), rig.signer, rig.values)


def backs(rig: Rig) -> list[str]:
    """What this boot's log says of settings that were turned back."""
    boot = rig.camera.vault.volume.audit.ledger.boot
    codes = [line["data"]["code"] for line in rig.audit(only=boot) if line["kind"] == "fault"]
    return [code for code in codes if code.startswith("settings-back")]


def test_settings_that_were_turned_back_on_the_card_are_told_in_every_boot(tmp_path: Path) -> None:
    """However often it starts: it records, says so, takes nothing that is older than what it had, and that itself again."""
    first, second = settings_line({}, serial=1), settings_line({"hold_s": 5}, serial=5)
    rig = Rig.new().run(4)
    put(rig, tmp_path, second)
    rig = rig.power_cut().power_cut().run(4)
    assert backs(rig) == []
    for _ in range(3):
        rig = turned_back(rig, first)
        assert backs(rig) == ["settings-back 1 5"]
    recorded(rig.run(4))
    facts = [each for each in judge(rig, tmp_path).volumes[0].facts if "turned back" in each]
    assert len(facts) == 3
    assert all("a dock had brought serial 5, and those of serial 1 were in force" in each for each in facts)
    assert told(put(rig, tmp_path, settings_line({}, serial=4), "dock-2")) == [(4, False)]
    assert told(put(rig, tmp_path, settings_line({"hold_s": 6}, serial=5), "dock-2")) == [(5, False)]
    assert serial(rig) == 1
    assert told(put(rig, tmp_path, second)) == [(5, True)]
    assert (serial(rig), backs(rig.power_cut())) == (5, [])


def test_other_settings_under_the_same_serial_are_told_too_and_newer_ones_are_not(tmp_path: Path) -> None:
    """Who enrols a camera anew may put newer ones there."""
    rig = Rig.new().run(4)
    put(rig, tmp_path, settings_line({"hold_s": 5}, serial=5))
    assert backs(turned_back(rig, settings_line({"hold_s": 6}, serial=5))) == ["settings-back 5 5"]
    newer = turned_back(rig, settings_line({}, serial=6))
    assert backs(newer) == []
    assert backs(turned_back(newer, settings_line({"hold_s": 5}, serial=5))) == ["settings-back 5 6"]


def test_a_log_that_goes_on_in_another_file_still_knows(tmp_path: Path) -> None:
    """A boot reads one file alone."""
    rig = Rig.new().run(4)
    put(rig, tmp_path, settings_line({}, serial=5))
    audit = rig.camera.vault.volume.audit
    while not audit.long:
        audit.write("fault", {"code": "x"})
    rig.camera.vault.renew_log()
    assert backs(turned_back(rig, settings_line({}, serial=1))) == ["settings-back 1 5"]
