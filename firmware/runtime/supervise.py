"""Keeps the parts running: the end of a vital one ends the service, which is then restarted and resumes; the others restart alone."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from firmware.runtime.log import Log

PAUSE_S = 1.0
GRACE_S = 10.0
"""How long the parts may take to end.  One that hangs in a dead card's sync never does."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thread of the service.  ``body`` runs until the event is set; to return earlier is to fail."""

    name: str
    body: Callable[[threading.Event], None]
    vital: bool


class Supervisor:
    """Runs parts on threads of their own.

    This is the one place that catches everything: whatever ends a part is logged with its name, and either that part is started again
    or all are stopped.
    """

    def __init__(
        self, log: Log, *, on_loss: Callable[[str], None], pause_s: float = PAUSE_S, grace_s: float = GRACE_S
    ) -> None:
        self._log = log
        self._on_loss = on_loss
        self._pause_s = pause_s
        self._grace_s = grace_s
        self._stop = threading.Event()
        self.lost: str | None = None

    def run(self, parts: Sequence[Part]) -> bool:
        """Run all parts until ``stop`` or the loss of a vital one; True if it ended on purpose."""
        threads = [threading.Thread(target=self._keep, args=(part,), name=part.name, daemon=True) for part in parts]
        for thread in threads:
            thread.start()
        self._stop.wait()
        until = time.monotonic() + self._grace_s
        for thread, part in zip(threads, parts, strict=True):
            if part.vital:
                thread.join(max(0.0, until - time.monotonic()))
        return self.lost is None

    def stop(self) -> None:
        """Ask all parts to end."""
        self._stop.set()

    def _keep(self, part: Part) -> None:
        _name(part.name)
        while not self._stop.is_set():
            try:
                part.body(self._stop)
                if self._stop.is_set():
                    return
                self._lose(part, "returned")
            except BaseException as error:  # noqa: BLE001 - the supervisor is where every failure of a part ends up
                self._lose(part, error)
            if not part.vital:
                self._stop.wait(self._pause_s)

    def _lose(self, part: Part, trouble: BaseException | str) -> None:
        """What has to follow comes first: where memory is out, there may be none for words."""
        if part.vital:
            self.lost = part.name
            self._stop.set()
        with suppress(MemoryError):
            words = trouble if isinstance(trouble, str) else f"{type(trouble).__name__}: {trouble}"
            self._log.error("part-lost", part=part.name, vital=part.vital, trouble=words)
            if not part.vital:
                self._on_loss(part.name)


def _name(part: str) -> None:
    """Have the kernel call this thread so too, so that ``top -H`` says which part of the service is busy."""
    with suppress(OSError):
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(part, encoding="ascii")
