"""One camera over a network and a serial line at once: real processes, a real dock, real lines between them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tools.dock.dock import Dock
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity
from tools.dock.store import Store
from tools.dock.visit import Desk
from tools.sim.cable import Cable
from tools.sim.heard import Heard
from tools.sim.home import Home, provision
from tools.sim.mirror import Mirror
from tools.sim.process import SimCamera
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"width": 320, "height": 180, "pre_event_s": 1, "hold_s": 1, "confirm_stop": False}


def wait(told: Heard[DockEvent], kind: Kind, count: int = 1) -> None:
    """Wait for so many events of a kind."""
    seen = 0
    for _ in range(count):
        event = told.wait(kind.value, lambda each: each.kind is kind, after=seen, timeout_s=60)
        seen = told.items.index(event, seen) + 1


def test_a_link_is_pulled_out_and_the_other_goes_on(tmp_path: Path) -> None:
    """The second link joins the first; with the first one gone it leads, and takes over what is recorded after that."""
    home = Home(tmp_path)
    provision(home, SMALL)
    mirror = Mirror()
    camera = SimCamera(home.camera, on_event=mirror.hear)
    told: Heard[DockEvent] = Heard()
    dock = Dock(Desk(DockIdentity.load(home.identity), Store(home.dock), told.note, stay=True))

    def record() -> None:
        before = len(mirror.events)
        camera.tap()
        mirror.wait_for_cue("started", before)
        time.sleep(0.5)  # sooner, and it would be the same press still
        camera.hold(1.2)
        mirror.wait_for_cue("stopped", before)

    with Cable() as cable:
        serving = threading.Thread(target=dock.serve, args=(["tcp:[127.0.0.1]:0", cable.dock],))
        serving.start()
        try:
            camera.start()
            mirror.wait_for_lights("ready", 0)  # from now on it hears its buttons, and is heard
            record()
            wait(told, Kind.LISTENING, 2)
            ports = [str(each.facts["port"]) for each in told.items if each.kind is Kind.LISTENING]
            (door,) = [port.rpartition(":")[2] for port in ports if port.startswith("tcp:")]
            camera.tell("plug", port=f"tcp:127.0.0.1:{door}")
            wait(told, Kind.ACCEPTED)
            camera.tell("plug", port=cable.camera, link=2)
            wait(told, Kind.JOINED)
            wait(told, Kind.DONE)
            camera.tell("unplug", link=1)
            assert camera.tell("state")["contact"]
            wait(told, Kind.LEFT)
            wait(told, Kind.LEADS)
            record()
            wait(told, Kind.RECEIPTED, 2)
            wait(told, Kind.ANCHORED, 2)
        finally:
            camera.kill()
            dock.stop()
            serving.join(60)
    assert not {Kind.CONFLICT, Kind.REJECTED, Kind.REFUSED, Kind.DAMAGED} & {event.kind for event in told.items}
    report = verify_path(home.dock, home.certificate)
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE, Verdict.WHOLE]
    assert report.exit_code == 0
