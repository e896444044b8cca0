"""Which flags are in force, since when, and who hears of it: the parts that follow, the log, the officer."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.flags import LONGEST_NS, OVERDUE, Flag, Turn, step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log

CUES: Final[Mapping[Flag, tuple[str, str]]] = MappingProxyType(
    {
        Flag.HUSH: ("hushed", "hush-over"),
        Flag.MUTE: ("muted", "mute-over"),
        Flag.STANDBY: ("standby", "standby-over"),
    }
)
"""What is felt when one begins, and when it ends."""
TOLD_OTHERWISE: Final = frozenset({Turn.BEGUN, Turn.ENDED, Turn.OVER, Turn.DOCKED})
"""These have cues of their own, that no other may cut short."""


class Standing:
    """The flags of one camera."""

    def __init__(self, flow: Flow, log: Log, show: Callable[[str | None], None]) -> None:
        """``show`` shows the flags as they are by then, with a cue or without one."""
        self.flags: frozenset[Flag] = frozenset()
        self._flow = flow
        self._log = log
        self._show = show
        self._since_ns: dict[Flag, int] = {}

    def turn(self, turn: Turn, now_ns: int) -> None:
        """Something happened that may set or end them.  The parts follow first, then the lights; the log hears of each."""
        before, self.flags = self.flags, step(self.flags, turn)
        changed = [flag for flag in Flag if flag in before ^ self.flags]
        if not changed:
            return
        self._flow.heed(self.flags)
        for flag in changed:
            on = flag in self.flags
            self._since_ns[flag] = now_ns
            self._log.event("flag", flag=flag.value, on=on, why=turn.value)
            self._flow.remark(flag.value, {"on": on}, now_ns)
            begun, over = CUES[flag]
            self._show(None if turn in TOLD_OTHERWISE else begun if on else over)

    def tick(self, now_ns: int) -> None:
        """Time passed: what has lasted as long as it may ends."""
        for flag in self.flags:
            if now_ns - self._since_ns[flag] >= LONGEST_NS[flag]:
                self.turn(OVERDUE[flag], now_ns)
