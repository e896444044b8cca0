"""Firmware slots through RAUC's command: which slot boots next, that the running one works, and a bundle into the other one.

RAUC judges a bundle's signature, writes it and switches slots; nothing of that is done here.  Where there is no RAUC, or it is not set up, each
question is an ``OSError`` in its own words: such a camera is updated by another card.
"""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hal.files import GrowingFile
from hal.interface import File, Trial

RAUC: Final = ("rauc",)
PATIENCE_S: Final = 20.0
INSTALL_S: Final = 3600.0
AGAIN: Final = Path("/run/lapel-off/again")
"""What a unit of the image watches, which restarts the board in good order: the service may not."""
WORDS: Final = 200
"""Characters that are told of what RAUC says."""


class RaucUpdater:
    """An ``Updater`` on RAUC.

    Not promised: that ``install`` pauses once RAUC writes.  It asks before that alone, and a recording that begins then shares the card with it.
    """

    def __init__(self, board: str, version: str, command: Sequence[str] = RAUC, again: Path = AGAIN) -> None:
        """Nothing is asked yet.  ``board`` is the kind that bundles are for, ``again`` the file that has the board restarted."""
        self._board, self._version, self._command, self._again = board, version, tuple(command), again

    def board(self) -> str:
        """The kind of board."""
        return self._board

    def version(self) -> str:
        """The running system's version."""
        return self._version

    def pending(self) -> bool:
        """Whether the slot that boots next is another than the one that runs."""
        found = slots(self._run("status", "--output-format=json"))
        return found.primary != found.running

    def confirm(self) -> None:
        """The running slot works."""
        self._run("status", "mark-good")

    def trial(self) -> Trial:
        """By what the slots are called: good or bad.  The one that runs is bad as long as it is on trial."""
        return slots(self._run("status", "--output-format=json")).trial

    def restart(self) -> None:
        """Have systemd restart the board: it ends the service first, as ever."""
        self._again.touch()

    def install(self, bundle: File, pause: Callable[[], None]) -> None:
        """Have a bundle of this camera's own storage written into the other slot."""
        if not isinstance(bundle, GrowingFile):
            raise OSError(errno.EINVAL, "rauc: the bundle is no file of this camera")
        pause()
        self._run("install", str(bundle.path()), patience_s=INSTALL_S)

    def trouble(self) -> str | None:
        """Why there is no way to update this camera; None where there is one."""
        try:
            self.pending()
        except OSError as error:
            return error.strerror or str(error)
        return None

    def _run(self, *arguments: str, patience_s: float = PATIENCE_S) -> str:
        command = [*self._command, *arguments]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=patience_s
            )
        except FileNotFoundError as error:
            raise OSError(errno.ENODEV, f"there is no {self._command[0]} here") from error
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(errno.ETIMEDOUT, f"{command[0]} does not answer within {patience_s:g} s") from error
        except UnicodeDecodeError as error:
            raise OSError(errno.EPROTO, f"{command[0]} answers nonsense") from error
        if done.returncode:
            said = " ".join(done.stderr.split())[-WORDS:]
            raise OSError(errno.EIO, f"{' '.join(command[:2])} fails: {said or done.returncode}")
        return done.stdout


@dataclass(frozen=True, slots=True)
class Slots:
    """The slot that boots next, the one that runs, and what is tried."""

    primary: str
    running: str
    trial: Trial


def slots(told: str) -> Slots:
    """How it stands, out of ``rauc status --output-format=json``; ``OSError`` where that is no such answer.  ``booted`` in it is no slot's name,
    but what the boot loader calls it; a slot that belongs to another one has no name there, and no standing of its own."""
    try:
        answer: Any = json.loads(told)
        primary = answer["boot_primary"]
        every = {name: slot for each in answer["slots"] for name, slot in each.items()}
        running = [name for name, slot in every.items() if slot["state"] == "booted"]
        bad = {name for name, slot in every.items() if slot.get("boot_status") == "bad"}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise OSError(errno.EPROTO, "rauc answers nonsense") from error
    if type(primary) is not str or len(running) != 1:
        raise OSError(errno.EPROTO, "rauc names no slot that boots next, or none that runs")
    tried = Trial.FAILED if bad else Trial.NONE
    return Slots(primary, running[0], Trial.RUNNING if running[0] in bad else tried)
