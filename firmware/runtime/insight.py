"""What a running camera says of itself to whoever holds a simulated one: a handful of facts, read and never changed.

Asked for on any thread, so each is one value that is read at once; between two of them the camera may have gone on.  A camera of
hardware is asked by nobody.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from firmware.core.indications import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.core.ring import Ring
    from firmware.runtime.controller import Controller
    from firmware.runtime.roster import Roster
    from firmware.runtime.take import Take
    from firmware.runtime.vault import Vault
    from firmware.settings import Settings
    from hal.interface import Hal

_NS: Final = 1_000_000_000
_ATTEMPTS: Final = 3


class Told(Protocol):
    """A camera that can be asked."""

    hal: Hal
    settings: Settings
    vault: Vault
    ring: Ring
    roster: Roster
    controller: Controller
    take: Take | None


def of_officer(controller: Controller) -> dict[str, object]:
    """What the officer may know: ``recording``, ``place``, ``flags``, and ``troubles``, the worst first."""
    return {
        "recording": controller.recording.value,
        "place": controller.place.value,
        "flags": sorted(flag.value for flag in controller.flags),
        "troubles": [trouble.value for trouble in Trouble if trouble in controller.face.troubles],
    }


def of_camera(camera: Told) -> Mapping[str, object]:
    """The same, and what only the camera knows.

    ``ring``: ``seconds`` and ``bytes`` that it holds (None where nobody knows at the moment) and ``full_s``, what it is to hold;
    ``take_s``: seconds since the first frame of what is being recorded, None while nothing is; ``number``: of the newest recording, None
    before the first; ``shift``: whose it is.
    """
    ring, take = camera.ring, camera.take
    epoch_ns = take.epoch_ns if take is not None else None
    now_ns = camera.hal.clock.monotonic_ns()
    return {
        **of_officer(camera.controller),
        "ring": {"seconds": _seconds(ring), "full_s": camera.settings.pre_event_s, "bytes": ring.bytes},
        "take_s": None if epoch_ns is None else (now_ns - epoch_ns) / _NS,
        "number": _number(camera.vault),
        "shift": camera.roster.shift,
    }


def _seconds(ring: Ring) -> float | None:
    """What it holds, asked again where it let go of its oldest meanwhile."""
    for _ in range(_ATTEMPTS):
        with suppress(IndexError):
            return ring.seconds
    return None


def _number(vault: Vault) -> int | None:
    with suppress(OSError):  # not mounted yet
        return vault.volume.audit.newest.number or None
    return None
