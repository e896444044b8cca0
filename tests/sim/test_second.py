"""A camera that signs its manifests a second time, with ML-DSA-65."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.evidence.jws import line_hash
from firmware.evidence.second import Issuer, key_pem
from firmware.runtime import durable
from hal.sim.clock import VirtualClock
from hal.sim.memory import MemoryStorage
from tests.pki import NOT_BEFORE
from tests.rig import NONCE, VALUES, PkiSigner, Rig, enrol, payload, pki, pq_key, pq_root, read, receipt_for
from tools.verify.report import Report, Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

NAME = "manifest.pq.jws"


def judge(rig: Rig, folder: Path) -> Report:
    """What the verifier says of the card, asked for second signatures."""
    (folder / "root.pem").write_bytes(pki().root_pem)
    (folder / "pq-root.pem").write_bytes(pq_root().pem)
    return verify_path(rig.copy_to(folder / "card"), folder / "root.pem", pq_root=folder / "pq-root.pem")


def names(rig: Rig, number: int) -> list[str]:
    """The files of a recording."""
    return rig.evidence.root().enter("recordings").enter(f"{number:08d}").names()


def test_sealed_and_recovered(tmp_path: Path) -> None:
    """Each manifest has it, the one that a later boot makes as well; it names the manifest, and the manifest its certificate."""
    rig = Rig.new(again=True).run(2).tap().run(2).stop().run(1).tap().run(1).power_cut().run(2).stop().run(1)
    report = judge(rig, tmp_path)
    assert [(each.verdict, each.second) for each in report.every_recording] == [
        (Verdict.WHOLE, True),
        (Verdict.RECOVERED, True),
        (Verdict.WHOLE, True),
    ]
    assert report.exit_code == 0
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    manifest, again = (read(directory.open(name))[:-1] for name in ("manifest.jws", NAME))
    assert payload(manifest)["second"] == pq_key().fingerprint
    assert payload(again) == {
        "device": "cam-1",
        "volume": rig.camera.vault.volume.id,
        "number": 1,
        "manifest": line_hash(manifest),
    }


def test_off_by_default(tmp_path: Path) -> None:
    """Without such a key there is no second signature, no file for one, and the verdict is what it was."""
    rig = Rig.new().run(2).tap().run(1).stop()
    assert NAME not in names(rig, 1)
    report = judge(rig, tmp_path)
    assert (report.worst, report.exit_code, report.every_recording[0].second) == (Verdict.WHOLE, 1, False)


def test_offered_receipted_erased() -> None:
    """A dock is offered it with the other files, a receipt has to cover it, and it goes with the recording."""
    rig = Rig.new(again=True, keep_after_receipt_h=0).run(2).tap().run(1).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # replaced by the test
    item = rig.camera.shelf.items()[0]
    assert NAME in dict(item.files)
    assert sum(dict(item.files).values()) == sum(
        durable.size(rig.evidence.root().enter("recordings").enter("00000001"), name) for name in names(rig, 1)
    )
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.camera.writer.sweep()
    rig.run(0.5)
    assert "00000001" not in rig.evidence.root().enter("recordings").names()
    assert rig.evidence.root().enter("erasing").names() == []


def test_what_a_cut_left_is_made_anew(tmp_path: Path) -> None:
    """A second signature without its manifest, as a cut between the two leaves it, means nothing: the next start removes it and
    makes both; so also where the key is gone by then."""
    for again in (True, False):
        rig = Rig.new(again=True).run(2).tap().run(1)
        directory = rig.evidence.root().enter("recordings").enter("00000001")
        durable.replace(directory, NAME, b"of a manifest that never came to be\n")
        if not again:
            for name in ("device-pq.crt.pem", "device-pq.key.pem"):
                rig.config.root().remove(name)
            rig.config.root().sync()
        rig = rig.power_cut().run(1).stop().run(1)
        (tmp_path / str(again)).mkdir()
        report = judge(rig, tmp_path / str(again))
        assert [each.second for each in report.every_recording] == [again, again]
        assert [each.problems for each in report.every_recording] == [(), ()]


@pytest.mark.parametrize("case", ["no key", "no certificate", "junk", "another key", "another camera's"])
def test_a_key_of_no_use_refuses_no_incident(case: str, tmp_path: Path) -> None:
    """Where the key for second signatures is damaged, the camera records and signs as without one, and the audit log says so."""
    config = MemoryStorage()
    enrol(config, VALUES, again=True)
    root = config.root()
    other = Issuer.create("Other", NOT_BEFORE).enrol("cam-1")
    change = {
        "no key": lambda: root.remove("device-pq.key.pem"),
        "no certificate": lambda: root.remove("device-pq.crt.pem"),
        "junk": lambda: durable.replace(root, "device-pq.key.pem", b"junk"),
        "another key": lambda: durable.replace(root, "device-pq.key.pem", key_pem(other.key)),
        "another camera's": lambda: durable.replace(root, "device-pq.crt.pem", pq_root().enrol("cam-2").pem),
    }
    change[case]()
    root.sync()
    rig = Rig.start(MemoryStorage(), config, VirtualClock(), PkiSigner(), VALUES).run(2).tap().run(1).stop()
    faults = [line["data"]["code"] for line in rig.audit() if line["kind"] == "fault"]
    assert len(faults) == 1
    assert faults[0].startswith("no second signature: ")
    assert NAME not in names(rig, 1)
    assert judge(rig, tmp_path).worst is Verdict.WHOLE
