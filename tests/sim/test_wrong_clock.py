"""A camera whose clock is far off, from the press to the receipt: real processes, a real dock, a real line between them."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING

import pytest

from firmware.evidence.certs import Trust
from tools.dock.events import Kind
from tools.dock.timing.timeword import CommandVoucher, beside
from tools.sim.bay import Bay
from tools.sim.home import Home, provision
from tools.sim.mirror import Mirror
from tools.sim.process import SimCamera
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"width": 320, "height": 180, "pre_event_s": 1, "hold_s": 1, "confirm_stop": False}
TO_2100_MS = 130 * 365 * 86_400_000
DAY_MS = 86_400_000


@pytest.mark.parametrize("jump_ms", [0, TO_2100_MS], ids=["1970", "2100"])
def test_it_records_docks_gets_the_time_and_offloads(jump_ms: int, tmp_path: Path) -> None:
    """A clock that nobody set costs no recording, and the first dock sets it."""
    home = Home(tmp_path)
    provision(home, SMALL)
    mirror = Mirror()
    camera = SimCamera(home.camera, on_event=mirror.hear)
    try:
        camera.start()
        mirror.wait_for_lights("ready", 0)  # from now on it hears its buttons, and is heard
        camera.tell("fault", part="clock", kind="unset")
        camera.tell("fault", part="clock", kind="jump", ms=jump_ms)
        assert abs(camera.tell("state")["clock"]["utc_ms"] - jump_ms) < DAY_MS
        camera.tap()
        mirror.wait_for_cue("started", 0)
        time.sleep(0.5)  # sooner, and it would be the same press still
        camera.hold(1.2)
        mirror.wait_for_cue("stopped", 0)
        with Bay(home.identity, home.dock, lambda _event: None) as bay:
            camera.tell("plug", port=bay.port)
            bay.wait(Kind.DONE, 0)
            bay.wait(Kind.RECEIPTED, 0)
            clock = camera.tell("state")["clock"]
    finally:
        camera.kill()
    assert clock["quality"] == "dock"
    assert abs(clock["utc_ms"] - time.time_ns() // 1_000_000) < DAY_MS
    report = verify_path(home.dock, home.certificate)
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE]
    assert report.exit_code == 0


@pytest.mark.parametrize("kind", ["1970", "2100"])
def test_a_clock_that_was_set_takes_the_authority_s_word(kind: str, tmp_path: Path) -> None:
    """Which the dock asks for with the command that signs it; the log says on whose word the clock moved."""
    home = Home(tmp_path)
    provision(home, SMALL)
    sign = [sys.executable, "-m", "tools", "provision", "time", "--authority", str(home.authority)]
    voucher = beside(CommandVoucher.load(shlex.join(sign), Trust.load(home.certificate.read_bytes())))
    mirror = Mirror()
    camera = SimCamera(home.camera, on_event=mirror.hear)
    try:
        camera.start()
        camera.tell("fault", part="clock", kind=kind)
        with Bay(home.identity, home.dock, lambda _event: None, voucher) as bay:
            camera.tell("plug", port=bay.port)
            told = bay.wait(Kind.CLOCK, 0)
            bay.wait(Kind.DONE, 0)
            clock = camera.tell("state")["clock"]
    finally:
        camera.kill()
    assert (told.facts["taken"], clock["quality"]) == (True, "dock")
    assert "vouched for by authority" in str(told.facts["text"])
    assert abs(clock["utc_ms"] - time.time_ns() // 1_000_000) < DAY_MS
