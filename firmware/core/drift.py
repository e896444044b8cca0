"""How fast a clock runs, from two dockings."""

from __future__ import annotations

from typing import Final

LEAST_MS: Final = 3_600_000
"""Below an hour the tenth of a second that a dock's word travels and waits would be most of what is measured."""

MOST_PPM: Final = 1_000_000


def drift_ppm(set_ms: int | None, before_ms: int, after_ms: int) -> int | None:
    """Parts per million by which a clock ran fast (slow, where negative) since a dock set it to ``set_ms``: now it shows ``before_ms``
    where a dock says ``after_ms``.  None where that is not known: it was not set, it was set less than an hour ago, or it
    is so far off that something else than its oscillator moved it.
    """
    if set_ms is None or after_ms - set_ms < LEAST_MS:
        return None
    ppm = round((before_ms - after_ms) * MOST_PPM / (after_ms - set_ms))
    return ppm if abs(ppm) <= MOST_PPM else None
