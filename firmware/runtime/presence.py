"""Which parts are missing, as whoever opens them knows: told in the log with the reason, signed by name, and shown."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.parts import MEANS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.core.indications import Trouble
    from firmware.runtime.log import Log
    from hal.interface import PartName

LOOK_NS: Final = 500_000_000
NOTHING: Final[Mapping[PartName, str]] = MappingProxyType({})


class Presence:
    """What is there, looked at twice a second."""

    def __init__(
        self, missing: Callable[[], Mapping[PartName, str]], sign: Callable[[str, int], None], log: Log
    ) -> None:
        """``missing`` says what is not there, and why; ``sign`` has a fault of that name signed."""
        self._ask, self._sign, self._log = missing, sign, log
        self._missing = NOTHING
        self._looked_ns: int | None = None
        self.troubles: frozenset[Trouble] = frozenset()

    def tick(self, now_ns: int) -> None:
        """Look, where it is time to."""
        if self._looked_ns is not None and now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        before, now = self._missing, self._ask()
        if now is before:
            return
        self._missing = now
        for name in [name for name in now if name not in before]:
            self._log.error("part-missing", part=name.value, trouble=now[name])
            self._sign(f"part-missing {name.value}", now_ns)
        for name in [name for name in before if name not in now]:
            self._log.event("part-back", part=name.value)
            self._sign(f"part-back {name.value}", now_ns)
        self.troubles = frozenset(trouble for name in now if (trouble := MEANS[name]) is not None)
