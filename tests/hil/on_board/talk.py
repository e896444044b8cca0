"""How a program on a board talks to the desk: a JSON object a line, both ways; when its input ends it ends too."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_LOCK = threading.Lock()


def say(says: str, **facts: object) -> None:
    """Say one thing; from any thread."""
    with _LOCK:
        sys.stdout.write(json.dumps({"says": says, **facts}) + "\n")
        sys.stdout.flush()


def orders() -> Iterator[dict[str, Any]]:
    """What the desk orders, until it is gone."""
    for line in sys.stdin:
        yield json.loads(line)


class Desk:
    """Whether the desk is still there, for programs that take no orders."""

    def __init__(self) -> None:
        """Listen from now on."""
        self._gone = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def gone(self, within_s: float = 0.0) -> bool:
        """Whether it is gone, or goes within so many seconds: as good a pause as any."""
        return self._gone.wait(within_s)

    def _listen(self) -> None:
        for _ in sys.stdin:
            continue
        self._gone.set()


def program(main: Callable[[Mapping[str, Any]], None]) -> Callable[[Mapping[str, Any]], int]:
    """What is started on the board: does its work, and tells of trouble that a board can have.  0, or 1 in trouble."""

    def start(given: Mapping[str, Any]) -> int:
        try:
            main(given)
        except (OSError, ImportError, ValueError) as error:
            say("trouble", why=f"{type(error).__name__}: {error}")
            return 1
        return 0

    return start
