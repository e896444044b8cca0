"""The words that are burnt into a frame, in as many characters as there is room for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from hal.interface import Overlay, OverlayField

NS: Final = 1_000_000_000
TENTH_NS: Final = 100_000_000
LONGEST_TIME: Final = len("2026-11-22 12:34:56.7 UTC")
"""Characters that a time takes which is not shortened."""

_CUT: Final = "~"
_MOST_S: Final = 253_402_300_799  # the last second of the year 9999

_SET: Final = ("{day} {time} UTC", "{day} {time}Z", "{time}Z")
_UNSET: Final = ("{day} {time} CLOCK NOT SET", "{time} CLOCK NOT SET", "CLOCK NOT SET")


def heading(overlay: Overlay, room: int) -> str:
    """``REC device shift``, or ``PRE`` in front while nothing is recorded, in at most ``room`` characters, of which there are three.

    The first word is never shortened.  The others share what is left: where both are longer than half of it each gets half, else the
    longer one gets all that the other leaves.
    """
    state = "REC" if overlay.recording else "PRE"
    chosen = ((OverlayField.DEVICE, overlay.device), (OverlayField.SHIFT, overlay.shift))
    names = [text for which, text in chosen if text and which in overlay.fields]
    left = max(0, room - len(state) - len(names))  # a space before each
    half = left // 2
    match [len(text) for text in names]:
        case [first, second] if first + second > left:
            device = first if first <= left - half else max(left - half, left - second)
            names = [shortened(names[0], device), shortened(names[1], left - device)]
        case _:
            names = [shortened(text, left) for text in names]
    return " ".join([state, *filter(None, names)])


def shortened(text: str, room: int) -> str:
    """``text`` in at most ``room`` characters: its middle gives way to a ``~``, since names differ most at their ends."""
    if len(text) <= room:
        return text
    if room < len(_CUT):
        return ""
    tail = room // 2
    return text[: room - tail - 1] + _CUT + text[len(text) - tail :]


class Stamp:
    """The time as it is burnt in; what stays the same for a second is made once a second."""

    def __init__(self, room: int) -> None:
        """``room``: the most characters."""
        self._room = room
        self._made: tuple[int, bool] | None = None
        self._before = self._behind = ""

    def text(self, utc_ns: int, *, clock_set: bool) -> str:
        """``2026-11-22 12:34:56.7 UTC``: to the tenth of a second that has begun, never rounded up; of a clock that is not set it says that.

        A time before 1970 shows as 1970, and one behind 9999 as its last.  Where there is no room the longest form is chosen that fits; the
        words that the clock is not set are the last to go.
        """
        second, rest = divmod(max(0, utc_ns), NS)
        if self._made != (second, clock_set):
            self._made = second, clock_set
            self._before, self._behind = self._parts(min(second, _MOST_S), clock_set=clock_set)
        return f"{self._before}{rest // TENTH_NS}{self._behind}" if self._before else self._behind

    def _parts(self, second: int, *, clock_set: bool) -> tuple[str, str]:
        """What stands before and behind the tenths; all of it behind, where no time is shown."""
        day, _, time = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S").partition(" ")
        for form in _SET if clock_set else _UNSET:
            before, time_shown, behind = form.format(day=day, time=f"{time}.\0").partition("\0")
            if len(before + time_shown + behind) <= self._room:
                return (before, behind) if time_shown else ("", before)
        return "", ""
