"""Memory runs out, at each place where the camera takes some: the part ends and with it the service, and the next start resumes.

What a camera must never do is go on as if nothing had been: look like recording, and not record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from firmware.core.indications import Trouble
from firmware.core.machine import Recording
from hal.interface import Button
from tests.rig import Rig, judge
from tests.sim.test_parts import gaps, shows_trouble
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def starve(*_anything: object, **_more: object) -> NoReturn:
    """No memory is left."""
    raise MemoryError


CONTROLLER = (
    "firmware.core.ring.Ring.push",
    "firmware.core.ring.Ring._let_go",
    "firmware.core.cutter.Cutter.push",
    "firmware.core.cutter._Filling.add",
    "firmware.runtime.take.Take._send",
    "firmware.core.gaps.GapMeter.see",
    "firmware.runtime.face.Face.look",
)
WRITER = (
    "firmware.media.mux.SegmentMuxer.plain",
    "firmware.media.sampler.Sampler.samples",
    "firmware.evidence.age.AgeWriter.chunks",
    "firmware.runtime.sealedfile.SealedFile.append",
    "firmware.evidence.journal.Journal.flush",
    "firmware.runtime.stamps.Stamps.now",
    "hal.sim.memory.MemoryFile.append",
    "hal.sim.memory.MemoryFile.sync",
)


@pytest.mark.parametrize("place", [*CONTROLLER, *WRITER])
def test_a_vital_part_without_memory_ends_and_the_next_start_resumes(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody swallows it, and nothing goes on half: the recording is cut there, recovered, and gone on with."""
    rig = Rig.new().run(3).tap().run(2)
    with monkeypatch.context() as short:
        short.setattr(place, starve)
        with pytest.raises(MemoryError):
            rig.run(2)
    again = rig.restart().run(2)
    assert again.state is Recording.RECORDING
    report = judge(again.stop().run(1), tmp_path)
    assert [each.verdict for each in report.every_recording] == [Verdict.RECOVERED, Verdict.WHOLE]
    assert any("resumes recording 1" in fact for fact in report.every_recording[1].facts)


@pytest.mark.parametrize("place", ["firmware.runtime.vault.Vault.begin", "firmware.evidence.journal.Journal.__init__"])
def test_a_press_that_finds_no_memory_never_looks_like_recording(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The opening cannot be made: the service ends before the light says anything, and a press after the next start records."""
    rig = Rig.new().run(3)
    with monkeypatch.context() as short:
        short.setattr(place, starve)
        with pytest.raises(MemoryError):
            rig.tap()
    assert "started" not in rig.cues
    assert rig.restart().run(1).tap().run(1).state is Recording.RECORDING


def test_a_source_never_hears_that_memory_is_short(tmp_path: Path) -> None:
    """What cannot be queued is missing: counted, signed, shown; nothing is raised into the encoder's thread."""
    rig = Rig.new().run(3).tap().run(2)
    put, lay = rig.camera.inbox.put, rig.camera.inbox.lay
    rig.camera.inbox.put = rig.camera.inbox.lay = starve  # type: ignore[method-assign]  # replaced by the test
    rig.run(0.8)
    rig.buttons.press(Button.FUNCTION)  # nor into that of a button
    rig.camera.inbox.put, rig.camera.inbox.lay = put, lay  # type: ignore[method-assign]  # replaced by the test
    assert shows_trouble(rig.run(1), Trouble.PICTURE_FAILS)
    rig.stop()
    assert gaps(rig)["video"] == 8
    assert gaps(rig)["audio"] > 30
    assert judge(rig, tmp_path).worst is Verdict.WHOLE
