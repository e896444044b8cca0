"""Things that are worth telling now and then, and not each time."""

from __future__ import annotations

EVERY_NS = 60_000_000_000
MOST = 1024


class Reminders:
    """Remembers when something was told last.  For one thread."""

    def __init__(self) -> None:
        """Nothing was told."""
        self._told: dict[str, int] = {}

    def due(self, about: str, now_ns: int) -> bool:
        """Whether it is time to tell it again, which is then taken as done: once a minute.

        Of more than 1024 things the one that was told longest ago is forgotten.
        """
        told = self._told.get(about)
        if told is not None and now_ns - told < EVERY_NS:
            return False
        self._told.pop(about, None)
        self._told[about] = now_ns
        if len(self._told) > MOST:
            del self._told[next(iter(self._told))]
        return True
