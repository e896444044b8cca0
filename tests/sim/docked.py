"""A rig in a dock: a real conversation between the service and the reference dock, on one virtual clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from firmware.runtime.docklink import links
from hal.interface import PortKind
from tests.docking import DockEnd, Wire, desk
from tests.fault.soak.dockings import Passing, random_of
from tests.rig import Rig, pki

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.dock.events import DockEvent
    from tools.dock.visit import Desk

NOW_MS = 1_800_000_000_000
"""By the docks' clocks, where nothing else is said."""


def bench(store: Path, **more: Any) -> tuple[Desk, list[DockEvent]]:
    """A dock of the rigs' authority that keeps a camera in conversation, and what it tells."""
    more.setdefault("utc_ms", lambda: NOW_MS)
    return desk(pki(), store, **{"stay": True, **more})


def dock(
    rig: Rig,
    place: Desk,
    seconds: float,
    hooks: dict[float, Callable[[], object]] | None = None,
    *,
    pulled: bool = True,
    cut_after: int | None = None,
) -> None:
    """Put the camera into this dock, keep it there for so long, or for so many bytes both ways, and pull it out; unless ``pulled``, the
    dock ends and the camera stays where it is."""
    passing = Passing(rig, seconds, hooks or {})
    wire = Wire(passing, lambda: DockEnd(place, PortKind.STREAM), cut_after=cut_after)
    camera = rig.camera
    session, trust, tell = camera.vault.session, camera.vault.trust, camera.inbox.put
    (link,) = links(replace(rig.hal, docks=(wire,)), camera.berth, session, camera.shelf, trust, random_of(rig), tell)
    camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # all on this thread
    link.run(passing)
    if pulled:
        wire.plugged = False
        link.run(Passing(rig, 2.5, {}))
    rig.settle()
