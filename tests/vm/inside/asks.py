"""The line to whoever is outside of the machine: asks of the tests, and what came of each test.

A request is a line of JSON, and so is its answer; a word (``tell``) has none.
"""

from __future__ import annotations

import json
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

NAME = "talk"
RUN = Path("/run/lapel-contract")
"""A directory of the tests' own that can be written to."""
_PORTS = Path("/sys/class/virtio-ports")
_lock = threading.Lock()


def port() -> Path:
    """The port that leads out.  LookupError where this is no machine of ours."""
    for path in _PORTS.glob("*"):
        if (path / "name").is_file() and (path / "name").read_text().strip() == NAME:
            return Path("/dev") / path.name
    raise LookupError(f"no virtio port is called {NAME}")


class Line:
    """The open line."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self._handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._rest = b""

    def tell(self, **word: object) -> None:
        """Say something."""
        with _lock:
            self._send(word)

    def ask(self, **request: object) -> Any:
        """Ask for something; AssertionError with the reason where it is refused."""
        with _lock:
            self._send(request)
            while b"\n" not in self._rest:
                self._rest += os.read(self._handle, 65_536)
            line, self._rest = self._rest.split(b"\n", 1)
        answer = json.loads(line)
        assert "value" in answer, f"{request}: {answer}"
        return answer["value"]

    def _send(self, what: object) -> None:
        data = json.dumps(what).encode() + b"\n"
        while data:
            data = data[os.write(self._handle, data) :]


@cache
def line() -> Line:
    """The one line that there is."""
    return Line(port())
