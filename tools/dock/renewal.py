"""The authority's settings as a running dock has them: the newest that ever stood in its directory, which people replace while it serves."""

from __future__ import annotations

import threading
from pathlib import Path

from firmware.evidence import jws
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.settings_doc import verify_settings


class Renewal:
    """Reads the file again when it has changed; may be asked from any thread.  A serial never goes back."""

    def __init__(self, path: Path, trust: Trust, settings: jws.Signed | None) -> None:
        """Begin with the settings that were read when the dock started."""
        self._path = path
        self._trust = trust
        self._settings = settings
        self._seen = _mark(path)
        self._trouble = ""
        self._lock = threading.Lock()

    def newest(self) -> jws.Signed | None:
        """The newest settings that were ever there; None as long as there were none."""
        with self._lock:
            mark = _mark(self._path)
            if mark != self._seen:
                self._seen = mark
                self._read()
            return self._settings

    def trouble(self) -> str:
        """Why the file as it stands is of no use, once for each time that it changed; empty where it is."""
        with self._lock:
            told, self._trouble = self._trouble, ""
            return told

    def _read(self) -> None:
        old = self._settings
        try:
            line = jws.from_file(self._path.read_bytes(), self._path.name)
            if old is None or line != old.line:
                self._settings = verify_settings(
                    line, self._trust, newer_than=0 if old is None else old.payload["serial"]
                )
            self._trouble = ""
        except OSError as error:
            self._trouble = f"{self._path.name}: {error.strerror}"
        except EvidenceError as error:
            self._trouble = str(error)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced."""
    try:
        held = path.stat()
    except OSError:
        return None
    return held.st_mtime_ns, held.st_size, held.st_ino
