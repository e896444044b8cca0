"""Whose shift is which: the register that maps shift ids to officers.  It lies at the dock and nowhere else; cameras
get the id alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.dock import durable

FILE = "register.jsonl"
WAITING_MS = 15 * 60 * 1000
"""An officer who got no camera in this time has gone elsewhere."""

LONGEST_MS = 14 * 3600 * 1000
"""A shift that nobody began after 14 hours is over."""

SHIFT = re.compile(r"[A-Za-z0-9-]{1,64}")
_DEVICE = re.compile(r"[a-z0-9-]{1,32}")


class RegisterError(Exception):
    """The register cannot be read, or something cannot be entered; the message says what."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A shift that a camera is to be told of."""

    device: str
    shift: str
    utc_ms: int


class Register:
    """JSON lines, readable by their owner alone; the file is replaced as a whole, so that a cut leaves no half line.

    ``{"device", "shift", "officer", "utc_ms"}`` assigns; ``{"device", "shift", "given_ms"}`` notes that the camera has
    it; ``{"shift", "officer", "waiting_ms"}`` notes an officer who takes the next camera that is ready, and
    ``{"shift", "officer", "late_ms"}`` whose a shift was that is named in a late attribution alone.
    """

    def __init__(self, store: Path) -> None:
        """Use the register in this store."""
        self._path = store / FILE

    def assign(self, device: str, shift: str, officer: str, utc_ms: int) -> None:
        """Enter that an officer takes a camera for a shift."""
        if not _DEVICE.fullmatch(device):
            raise RegisterError(f"{device!r} is no camera's name (1 to 32 of a-z 0-9 -)")
        _check(shift, officer)
        self._add({"device": device, "shift": shift, "officer": officer, "utc_ms": utc_ms})

    def queue(self, shift: str, officer: str, utc_ms: int) -> None:
        """Enter that an officer takes the next camera that is ready."""
        _check(shift, officer)
        self._add({"shift": shift, "officer": officer, "waiting_ms": utc_ms})

    def late(self, shift: str, officer: str, utc_ms: int) -> None:
        """Enter whose a shift was that no camera was ever told of: for a late attribution."""
        _check(shift, officer)
        self._add({"shift": shift, "officer": officer, "late_ms": utc_ms})

    def claim(self, device: str, utc_ms: int) -> bool:
        """Give a camera that is ready to the officer who has waited longest; False where nobody does."""
        try:
            with durable.alone(self._path):
                entries = self._entries()
                begun = {entry["shift"] for entry in entries if "device" in entry}
                for entry in entries:
                    since = entry.get("waiting_ms")
                    if since is not None and utc_ms - int(since) <= WAITING_MS and entry["shift"] not in begun:
                        taken = {
                            "device": device,
                            "shift": entry["shift"],
                            "officer": entry["officer"],
                            "utc_ms": utc_ms,
                        }
                        self._write([*entries, taken])
                        return True
        except OSError as error:
            raise RegisterError(f"{self._path}: {error.strerror}") from None
        return False

    def given(self, device: str, shift: str, utc_ms: int) -> None:
        """Enter that the camera has been told."""
        self._add({"device": device, "shift": shift, "given_ms": utc_ms})

    def pending(self, device: str, utc_ms: int) -> Assignment | None:
        """The newest assignment of a camera, unless it was told of it, or it is over."""
        mine = [entry for entry in self._entries() if entry.get("device") == device]
        if not mine or "utc_ms" not in mine[-1] or utc_ms - int(mine[-1]["utc_ms"]) > LONGEST_MS:
            return None
        return Assignment(device, str(mine[-1]["shift"]), int(mine[-1]["utc_ms"]))

    def officer(self, shift: str) -> str | None:
        """Whose shift it is; None if nobody knows."""
        officers = [entry["officer"] for entry in self._entries() if entry.get("shift") == shift and "officer" in entry]
        return str(officers[-1]) if officers else None

    def _add(self, entry: Mapping[str, str | int]) -> None:
        try:
            with durable.alone(self._path):
                self._write([*self._entries(), entry])
        except OSError as error:
            raise RegisterError(f"{self._path}: {error.strerror}") from None

    def _write(self, entries: Sequence[Mapping[str, str | int]]) -> None:
        lines = [json.dumps(each, sort_keys=True) for each in entries]
        durable.write(self._path, "".join(f"{line}\n" for line in lines).encode(), mode=0o600)

    def _entries(self) -> list[dict[str, Any]]:
        try:
            entries = [json.loads(line) for line in self._path.read_text("utf-8").splitlines()]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, RecursionError) as error:
            raise RegisterError(f"{self._path}: {error}") from None
        if not all(isinstance(entry, dict) for entry in entries):
            raise RegisterError(f"{self._path}: a line is no entry")
        return entries


def _check(shift: str, officer: str) -> None:
    if not SHIFT.fullmatch(shift):
        raise RegisterError(f"{shift!r} is no shift id (1 to 64 of A-Z a-z 0-9 -)")
    if not officer.strip() or not officer.isprintable():
        raise RegisterError("an officer's name or number is needed")
