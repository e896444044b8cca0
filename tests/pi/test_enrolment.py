"""A real board's service, from nobody's to its first recording: over its own serial line, by the real command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from firmware import service
from tests.contract import pi_panel
from tests.pi_bench import SETTINGS, Bench, bench
from tools.provision import create_authority
from tools.provision.authority import Changes
from tools.provision.factory.ledger import Ledger
from tools.sim.cable import Cable
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

pytestmark = pytest.mark.timeout(120)


def test_a_board_that_is_nobody_s(tmp_path: Path) -> None:
    """Put on its contacts it answers the desk, makes its key in a file of its own, is locked, and asks to be another service; that one
    buffers, records at a press on a pin, and what it made verifies under the authority that it was enrolled by."""
    authority = create_authority(tmp_path / "authority", "Test", Changes(values=SETTINGS))
    statuses: list[int] = []
    with bench(tmp_path) as camera, Cable() as cable:
        for name in ("config", "evidence", "run"):
            (tmp_path / name).mkdir()
        camera.line.link.unlink()
        camera.line.link.symlink_to(cable.camera)

        def at_the_desk(camera: Bench) -> None:
            pi_panel.drive(camera.factory, camera.board.power["contact"], active=True)
            given = ["device", "cam-7", "--authority", str(authority.directory), "--port", cable.dock]
            done = subprocess.run([sys.executable, "-m", "tools", "provision", *given], check=False, timeout=60)
            statuses.append(done.returncode)
            pi_panel.drive(camera.factory, camera.board.power["contact"], active=False)

        def worn(camera: Bench) -> None:
            camera.wait_ready()
            camera.record()
            camera.stop()

        assert camera.serve(at_the_desk, end=False) == service.CLAIMED
        assert statuses == [0]
        key = tmp_path / "config" / "device.key.pem"
        assert key.stat().st_mode & 0o777 == 0o600
        assert camera.serve(worn) == 0
    report = verify_path(tmp_path / "evidence", authority.directory / "root.crt.pem")
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE]
    (entry,) = Ledger(authority.directory / "cameras.csv").entries()
    assert (entry.device, entry.signer, entry.state) == ("cam-7", "software", "enrolled")
