"""What a whole camera and a dock encrypt their conversation with: the camera's processor decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.rig import Rig
from tests.sim.docked import bench, dock
from tools.dock.events import Kind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("aes", "cipher"), [(True, "TLS_AES_256_GCM_SHA384"), (False, "TLS_CHACHA20_POLY1305_SHA256")])
def test_a_processor_without_aes_asks_for_chacha20(tmp_path: Path, *, aes: bool, cipher: str) -> None:
    """There AES costs several times as much; a dock takes either, and what was recorded is handed over."""
    rig = Rig.new().run(4).tap().run(1).stop().run(1)
    rig.hal = replace(rig.hal, aes=aes)
    place, events = bench(tmp_path / "store")
    dock(rig, place, 3)
    (accepted,) = [event for event in events if event.kind is Kind.ACCEPTED]
    assert cipher in str(accepted.text)
    assert Kind.RECEIPTED in [event.kind for event in events]
