"""What docking means for a recording: contact alone nothing, standing ten seconds the end of it, a press always a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.core.indications import LIGHTS, Look
from firmware.core.machine import Move, Place, Recording
from firmware.runtime.docklink import DockNews
from tests.rig import Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def tell(rig: Rig, *moves: Move) -> Rig:
    """What the dock thread reports."""
    for move in moves:
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    return rig.run(0.1)


def test_a_docking_that_is_broken_off_leaves_the_recording_without_a_gap(tmp_path: Path) -> None:
    """Pulled out before ten seconds: it goes on as if nothing had been."""
    rig = Rig.new().run(5).tap().run(2)
    tell(rig, Move.MET).run(9)
    assert (rig.state, rig.camera.controller.place) == (Recording.RECORDING, Place.CONTACT)
    tell(rig, Move.GONE).run(2).stop()
    (recording,) = judge(rig, tmp_path).every_recording
    assert recording.verdict is Verdict.WHOLE
    manifest = rig.camera.vault.custody.manifest(1, rig.evidence.root().enter("recordings").enter("00000001"))
    assert manifest.payload["gaps"] == {"video": 0, "audio": 0, "overflow": 0}


def test_standing_in_a_dock_ends_the_recording(tmp_path: Path) -> None:
    """The officer dropped it into the rack: sealed, with the reason."""
    rig = tell(Rig.new().run(5).tap().run(2), Move.MET, Move.STOOD)
    assert rig.state is Recording.IDLE
    assert rig.indicators.lights == LIGHTS[Look.DOCKED]
    (recording,) = judge(rig, tmp_path).every_recording
    assert any("docked" in entry.text for entry in recording.private or ())


def test_a_press_in_the_dock_records_and_the_offload_yields() -> None:
    """An incident beside the rack is an incident."""
    rig = tell(Rig.new().run(3), Move.MET, Move.STOOD, Move.OFFLOAD)
    assert rig.indicators.lights == LIGHTS[Look.OFFLOADING]
    rig.tap()
    assert rig.state is Recording.RECORDING
    yields = [rig.camera.berth.recording]  # what the dock threads ask before each answer
    rig.run(1).stop()
    yields.append(rig.camera.berth.recording)
    assert yields == [True, False]
    assert rig.indicators.lights == LIGHTS[Look.OFFLOADING]


def test_a_camera_that_starts_in_a_dock_does_not_resume_there() -> None:
    """Docked and recognised before the volume was mounted: the cut recording is recovered, and none begins."""
    rig = Rig.new().run(3).tap().run(1)
    again = rig.power_cut()
    again.camera.controller.recording = Recording.IDLE
    again.camera.controller._rack.place = Place.DOCKED
    mounted = next(answer for answer in again.answers if type(answer).__name__ == "Mounted")
    again.camera.controller.handle(mounted)
    assert again.state is Recording.IDLE
