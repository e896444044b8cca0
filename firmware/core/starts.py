"""Why a boot's log begins: told from the newest line of the log before and the clocks now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SAME_MS: Final = 2000
"""Readings of one wall clock in one power-on agree to this with the monotonic clock; a further jump has a line of its own."""


def start_reason(last: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """``first`` (there is no log), ``power`` (the camera had been off), ``service`` (only the service had ended) or ``unknown``.

    ``last`` is the clock of the newest line, ``now`` the clock at the start.  The monotonic clock begins anew with the power.  Where it
    has run past the newest line already, only a wall clock that was set tells one power-on from another.
    """
    if last is None:
        return "first"
    if now["mono_ms"] < last["mono_ms"]:
        return "power"
    if "unset" in (last["quality"], now["quality"]):
        return "unknown"
    apart_ms = (now["utc_ms"] - now["mono_ms"]) - (last["utc_ms"] - last["mono_ms"])
    return "service" if abs(apart_ms) <= SAME_MS else "power"


def counter_trouble(counter: int | None, before: int | None, opened: int) -> str | None:
    """What is wrong with the hardware's counter, which advances by one behind each opening; None where nothing is.

    ``before`` is what the newest ``boot`` line says, ``opened`` the number of openings since that line.  A counter that ran further saw
    openings of which this log knows nothing: it was turned back, or another card was in the camera.
    """
    if counter is None or before is None:
        return None
    if counter < before:
        return f"counter-back {before} {counter}"
    if counter > before + opened:
        return f"counter-ahead {before + opened} {counter}"
    return None
