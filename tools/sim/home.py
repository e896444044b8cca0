"""A throw-away authority with cameras, one dock and one desk, in a directory: what ``lapel sim`` and ``lapel demo`` live in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.dock.shifts.register import Register
from tools.dock.store import Store
from tools.provision import Authority, create_authority, enrol_desk, enrol_device, enrol_dock, enrol_second
from tools.provision.authority import Changes

AUTHORITY: Final = "Lapel demo"
_CAMERAS: Final = "cam-"
CAMERA: Final = f"{_CAMERAS}1"
DOCK: Final = "dock-1"
DESK: Final = "desk-1"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything lies, below ``root``."""

    root: Path

    @property
    def authority(self) -> Path:
        """Certificates and keys.  Whoever holds it holds everything."""
        return self.root / "authority"

    @property
    def certificate(self) -> Path:
        """The root certificate: all that a verifier believes."""
        return self.authority / "root.crt.pem"

    @property
    def revoked(self) -> Path:
        """The authority's settings in force, which also say whom it believes no more."""
        return self.authority / "settings.jws"

    @property
    def key(self) -> Path:
        """The authority's decryption key."""
        return self.authority / "authority.agekey"

    @property
    def escrow(self) -> Path:
        """The second decryption key, for the day when the first is lost."""
        return self.authority / "escrow.agekey"

    @property
    def camera(self) -> Path:
        """The first simulated camera: its partitions ``config`` and ``evidence``, its board, its log."""
        return self.root / "camera"

    def camera_of(self, device: str) -> Path:
        """The same of any camera."""
        return self.camera if device == CAMERA else self.root / device

    @property
    def card(self) -> Path:
        """What the camera records on."""
        return self.camera / "evidence"

    @property
    def dock(self) -> Path:
        """The dock's store; ``identity`` in it is who the dock is."""
        return self.root / "dock"

    @property
    def identity(self) -> Path:
        """Who the dock is."""
        return self.dock / "identity"

    @property
    def export(self) -> Path:
        """Exported films; ``identity`` in it is who the desk is."""
        return self.root / "export"

    @property
    def films(self) -> Path:
        """Films that a panel's desk made to be looked at."""
        return self.export / "films"


def provision(
    home: Home,
    values: Mapping[str, Any],
    progress: Progress = lambda _done, _all: None,
    *,
    post_quantum: bool = False,
) -> None:
    """Make the authority with these settings for its cameras, and enrol the first camera, one dock and one desk.

    ``progress`` hears of what is done and what there is to do; ``post_quantum``: with keys that a quantum computer does not
    open either.  ``ProvisionError`` or ``OSError`` where something is in the way.
    """
    authority = create_authority(home.authority, AUTHORITY, Changes(values=values), post_quantum=post_quantum)
    parts: tuple[Callable[[], object], ...] = (
        lambda: enrol_device(authority, CAMERA, home.camera / "config"),
        *([lambda: enrol_second(authority, CAMERA, home.camera / "config")] if post_quantum else []),
        lambda: enrol_dock(authority, DOCK, home.identity),
        lambda: enrol_desk(authority, DESK, home.export / "identity"),
    )
    progress(1, len(parts) + 1)
    for done, part in enumerate(parts, 2):
        part()
        progress(done, len(parts) + 1)


def more_cameras(home: Home, count: int) -> tuple[str, ...]:
    """The names of ``count`` cameras; those that are missing are enrolled.  ``ProvisionError`` or ``OSError`` where that cannot be done."""
    names = tuple(f"{_CAMERAS}{number}" for number in range(1, count + 1))
    missing = [name for name in names if not (home.camera_of(name) / "config").exists()]
    if missing:
        authority = Authority.open(home.authority)
        for name in missing:
            enrol_device(authority, name, home.camera_of(name) / "config")
    return names


def assign(home: Home, officer: str, camera: str = CAMERA) -> str:
    """Enter in the dock's register that an officer takes the camera, and return the id of the shift, which says nothing of whose it is.
    ``RegisterError`` where it cannot be, also for what is no name."""
    shift = f"S-{secrets.token_hex(4)}"
    Register(Store(home.dock).root).assign(camera, shift, officer, time.time_ns() // 1_000_000)
    return shift
