"""How much memory a stretch of work took."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

GREEDY = frozenset({"floods", "lengths of 4 GiB", "impossible offsets"})
"""Words of those who go for memory: they are weighed exactly."""
_RESET = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class Scales:
    """Weighs what lies between ``start`` and ``stop``: the most bytes that were in use at once, beyond those at the beginning.

    ``exact``: each allocation of Python's is followed, which doubles the time that the work takes.  Otherwise the kernel says how large this process has
    been: whatever it allocated, but nothing of what fits into memory that it had before.  Where the kernel cannot say it, all is followed.
    """

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact or not _reset()
        self._base = 0
        self.running = False

    def start(self) -> None:
        """Begin."""
        gc.collect()
        if self._exact:
            tracemalloc.start()
        else:
            _reset()
        self._base = self._most()
        self.running = True

    def stop(self) -> int:
        """Bytes; the second time in a row it has weighed nothing."""
        if not self.running:
            return 0
        found = self._most() - self._base
        tracemalloc.stop()
        self.running = False
        return found

    def _most(self) -> int:
        return tracemalloc.get_traced_memory()[1] if self._exact else _high()


def _reset() -> bool:
    """Let the kernel forget how large this process has been; whether it can."""
    try:
        _RESET.write_text("5", encoding="ascii")
        _high()
    except (OSError, LookupError):
        return False
    return True


def _high() -> int:
    """How large it has been since then, in bytes."""
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    found = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return int(found["VmHWM"].split()[0]) * 1024
