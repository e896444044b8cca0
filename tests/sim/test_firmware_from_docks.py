"""Firmware from docks, end to end: a whole camera, the reference dock, bundles that an authority signed, and what was withdrawn since."""

from __future__ import annotations

import random
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

from firmware.core.machine import Recording
from firmware.dock.errors import PeerRefusedError
from firmware.evidence import documents
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.roles import Role
from firmware.evidence.settings_doc import verify_settings
from firmware.runtime.docklink import DockLink, DockParts
from hal.interface import PortKind
from tests import samples
from tests.docking import DockEnd, Wire
from tests.fault.soak.dockings import Passing, random_of
from tests.rig import Rig, judge, pki, settings_line
from tests.sim.docked import NOW_MS, bench, dock
from tests.sim.test_parts import faults, gaps
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity
from tools.dock.renewal import Renewal
from tools.dock.updating.bundles import BundleStock
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pki import Holder
    from tools.dock.visit import Desk

DATA = random.Random(9).randbytes(700_000)
DOCK_2: Holder = pki().enrol(Role.DOCK, "dock-2")


def put(folder: Path, data: bytes = DATA, **changes: Any) -> None:
    """Sign a bundle and lay it down for a dock."""
    folder.mkdir(exist_ok=True)
    signer = pki().holder(Role.UPDATE)
    line = documents.sign(BUNDLE, samples.bundle(data, **changes), signer.sign, signer.chain.ders)
    name = f"lapel-{changes.get('serial', 4)}.raucb"
    (folder / name).write_bytes(data)
    (folder / f"{name}.jws").write_bytes(line + b"\n")


def rack(folder: Path, holder: Holder | None = None, revoked: tuple[str, ...] = ()) -> tuple[Desk, list[DockEvent]]:
    """A dock with the firmware that lies in ``folder/bundles``, and settings that withdraw these."""
    dock = holder or pki().dock
    troubles: list[str] = []
    stock = BundleStock(folder / "bundles", lambda name, why: troubles.append(f"{name}: {why}"))
    place, events = bench(folder / "store", bundles=stock, stay=False)
    settings: Signed | None = None
    if revoked:
        settings = verify_settings(settings_line({}, serial=2, revoked=revoked), pki().trust)
    identity = DockIdentity(dock.chain, dock.key, pki().trust, settings)
    return replace(place, identity=identity, emit=events.append), events


def firmware(events: list[DockEvent]) -> list[tuple[object, object]]:
    """What the dock told of bundles."""
    return [(each.facts["state"], each.facts["serial"]) for each in events if each.kind is Kind.BUNDLE]


def noted(rig: Rig) -> list[str]:
    """What the camera's log says of bundles."""
    return [line["data"]["state"] for line in rig.audit() if line["kind"] == "update"]


def outcomes(rig: Rig) -> list[str]:
    """What it says of docks."""
    return [line["data"]["outcome"] for line in rig.audit() if line["kind"] == "dock"]


def refused(rig: Rig, place: Desk) -> Exception | None:
    """One docking at a dock that goes by its settings already in the handshake; what it made of the camera."""
    end = DockEnd(place, PortKind.STREAM, trust=place.identity.trust(NOW_MS))
    passing = Passing(rig, 3, {})
    wire = Wire(passing, lambda: end)
    camera = rig.camera
    tell = camera.inbox.put
    shared = (camera.vault.session, camera.shelf, camera.vault.trust, random_of(rig), tell, tell)
    camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # all on this thread
    DockLink(DockParts(wire, rig.clock, *shared, berth=camera.berth)).run(passing)
    rig.settle()
    return end.error


def recorded() -> Rig:
    """A camera with a recording."""
    return Rig.new().run(4).tap().run(1).stop().run(1)


def test_up_to_date_after_one_docking(tmp_path: Path) -> None:
    """The footage leaves first, then firmware comes; it boots at the next start, and what it was is in the dock's copy of the log."""
    put(tmp_path / "bundles")
    rig = recorded()
    place, events = rack(tmp_path)
    dock(rig, place, 3)
    order = [each.kind for each in events]
    assert order.index(Kind.RECEIPTED) < order.index(Kind.BUNDLE)
    assert firmware(events) == [("offered", 4), ("taken", 4)]
    assert rig.camera.shelf.bundles.step(Event())
    assert rig.hal.updater.pending()
    assert noted(rig) == ["offered", "received", "handed-over", "installed"]
    assert rig.camera.shelf.hello().update == replace(rig.camera.shelf.hello().update, serial=4, state="installed")
    rig = rig.power_cut()
    assert rig.camera.shelf.hello().update == replace(rig.camera.shelf.hello().update, serial=4, state="none")
    place, events = rack(tmp_path)
    dock(rig, place, 3)
    assert firmware(events) == []
    root = tmp_path / "root.pem"
    root.write_bytes(pki().root_pem)
    assert verify_path(tmp_path / "store", root).worst is Verdict.WHOLE
    assert judge(rig, tmp_path / "judged").worst is Verdict.WHOLE


def test_a_press_in_the_middle(tmp_path: Path) -> None:
    """The recording does not notice that firmware is coming: no frame is missing. The rest comes behind it, and no byte twice."""
    put(tmp_path / "bundles", DATA * 20)
    rig = recorded()
    place, events = rack(tmp_path)
    pressed: list[int] = []
    tell = place.emit

    def emit(event: DockEvent) -> None:
        """Somebody presses once the firmware is half there."""
        tell(event)
        if event.kind is Kind.PROGRESS and event.facts["total"] == len(DATA) * 20 and not pressed:
            pressed.append(int(event.facts["done"]))
            rig.tap()

    dock(rig, replace(place, emit=emit), 30, {9.0: rig.stop})
    assert pressed
    assert rig.state is Recording.IDLE
    states = [(each.facts["state"], each.text) for each in events if each.kind is Kind.BUNDLE]
    assert [state for state, _ in states] == ["offered", "offered", "taken"]
    resumed = int(states[1][1].split("from byte ")[1].split(" ")[0])
    assert 0 < pressed[0] - (1 << 17) <= resumed <= pressed[0] + (1 << 17)
    assert Kind.WAITING in [each.kind for each in events]
    assert faults(rig) == []
    assert gaps(rig) == {"video": 0, "audio": 0, "overflow": 0}
    assert judge(rig, tmp_path / "judged").worst is Verdict.WHOLE


def test_a_recording_keeps_it_waiting(tmp_path: Path) -> None:
    """Nothing is handed to the updater while a recording is written, and at once when it is not."""
    put(tmp_path / "bundles")
    rig = recorded()
    dock(rig, rack(tmp_path)[0], 3)
    rig.tap().run(2)
    assert not rig.camera.shelf.bundles.step(Event())
    rig.stop().run(1)
    assert rig.camera.shelf.bundles.step(Event())


def test_an_update_signer_that_was_withdrawn(tmp_path: Path) -> None:
    """One dock has the list: it offers nothing of that signer, and says so by name. Another one has not, and offers it: the camera, which
    was told, refuses, and both sides have that in writing."""
    put(tmp_path / "bundles")
    signer = pki().holder(Role.UPDATE).chain.fingerprint
    rig = recorded()
    place, events = rack(tmp_path, revoked=(signer,))
    dock(rig, place, 3)
    assert firmware(events) == []
    place, events = rack(tmp_path, DOCK_2)
    dock(rig, replace(place, stay=True), 30)
    assert firmware(events) == [("declined", 4)]
    assert len([each for each in outcomes(rig) if "BundleLine" in each]) == 1
    (text,) = [each.text for each in events if each.kind is Kind.BUNDLE]
    assert "withdrawn" in text
    assert any("BundleLine refused" in each and "withdrawn" in each for each in outcomes(rig))
    assert noted(rig) == []
    assert not rig.camera.shelf.bundles.step(Event())
    assert not rig.hal.updater.pending()


def test_a_withdrawal_catches_what_waits(tmp_path: Path) -> None:
    """Firmware that was received but not installed yet is thrown away when its signer is withdrawn."""
    put(tmp_path / "bundles")
    rig = recorded()
    dock(rig, rack(tmp_path)[0], 3)
    assert rig.camera.shelf.hello().update.state == "waiting"
    (tmp_path / "two" / "bundles").mkdir(parents=True)
    dock(rig, rack(tmp_path / "two", revoked=(pki().holder(Role.UPDATE).chain.fingerprint,))[0], 3)
    assert rig.camera.shelf.bundles.step(Event())
    assert not rig.hal.updater.pending()
    assert noted(rig)[-1] == "failed"
    assert "withdrawn" in [line["data"]["reason"] for line in rig.audit() if line["kind"] == "update"][-1]


def test_a_camera_that_was_withdrawn(tmp_path: Path) -> None:
    """A dock that knows takes nothing of it and gives it nothing; both write that down; the camera keeps its footage and records on."""
    put(tmp_path / "bundles")
    rig = recorded()
    place, events = rack(tmp_path, revoked=(pki().device.chain.fingerprint,))
    why = refused(rig, place)
    assert isinstance(why, PeerRefusedError)  # told, and kept: ``test_dock_refusals``
    assert "(device): withdrawn by the authority" in str(why)
    assert events == []
    assert [each for each in outcomes(rig) if each != "accepted"]
    assert not list((tmp_path / "store").rglob("manifest.jws"))
    assert [entry.number for entry in rig.camera.vault.custody.inventory.all()] == [1]
    assert noted(rig) == []
    rig.tap().run(1)
    assert rig.state is Recording.RECORDING
    assert judge(rig.stop().run(1), tmp_path / "judged").worst is Verdict.WHOLE


def test_a_signer_that_is_withdrawn_while_the_dock_serves(tmp_path: Path) -> None:
    """The list comes into the dock's directory while a camera stands in it: from then on nothing of that signer is even offered."""
    put(tmp_path / "bundles")
    rig, path = recorded(), tmp_path / "settings.jws"
    place, events = rack(tmp_path)
    identity = replace(place.identity, renewal=Renewal(path, pki().trust, None))
    withdrawn = settings_line({}, serial=2, revoked=(pki().holder(Role.UPDATE).chain.fingerprint,))

    def later() -> None:
        assert rig.camera.shelf.bundles.step(Event())
        path.write_bytes(withdrawn + b"\n")
        put(tmp_path / "bundles", DATA[:999], serial=5)

    dock(rig, replace(place, identity=identity, stay=True), 40, {8.0: later})
    assert [each.facts["taken"] for each in events if each.kind is Kind.SETTINGS] == [True]
    assert firmware(events) == [("offered", 4), ("taken", 4)]
    assert rig.camera.shelf.hello().update.serial == 4
