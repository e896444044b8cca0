"""Sets the wall clock on a dock's word, and remembers when, so that the next docking tells how fast it ran.  Called by the writer alone."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from firmware.core.drift import drift_ppm
from firmware.evidence import canonical
from firmware.evidence.errors import FormatError
from firmware.runtime import durable
from hal.interface import ClockQuality

if TYPE_CHECKING:
    from firmware.runtime.vault import Vault

NAME: Final = "clock.json"
LIMIT: Final = 256


class Timekeeping:
    """One wall clock.  What it was set to lies on the small partition, for it runs on through a power-off as the clock does."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._set_ms = self._read()

    def set(self, utc_ms: int, source: str) -> None:
        """Set the clock, and have the audit log say by how much it moved, on whose word, and how fast it had run."""
        kept = self._vault.hal.clock.utc().quality is not ClockQuality.UNSET
        facts = self._vault.stamps.set_utc(utc_ms, source)
        before_ms, since_ms = facts["before_ms"], self._set_ms
        facts["drift_ppm"] = drift_ppm(since_ms, int(str(before_ms)), utc_ms) if kept else None
        self._remember(utc_ms)
        self._vault.volume.audit.write("clock", facts)

    def jumped(self) -> None:
        """Tell of a clock that moved by itself, if it did: how fast it runs is then not to be known at the next docking."""
        if jump := self._vault.stamps.jumped():
            self._remember(None)
            self._vault.volume.audit.write("clock", {**jump, "drift_ppm": None})

    def _remember(self, set_ms: int | None) -> None:
        """Durably, as far as the partition takes it: without it no drift is told, and that is all."""
        self._set_ms = set_ms
        config = self._vault.hal.config.root()
        with suppress(OSError):
            if set_ms is not None:
                durable.replace(config, NAME, canonical.encode({"set_ms": set_ms}))
            elif NAME in config.names():
                config.remove(NAME)
                config.sync()

    def _read(self) -> int | None:
        config = self._vault.hal.config.root()
        try:
            found = canonical.decode(durable.read(config, NAME, LIMIT), LIMIT, NAME)["set_ms"]
        except (OSError, FormatError, KeyError):
            return None
        return found if type(found) is int else None
