"""What a camera tries of itself, at each start and whenever it is taken out of a dock: check, limit, verdict, and what a failure shows as.

A verdict is a word of the audit log, and names no more than the check: it is in the clear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from firmware.core.indications import Trouble

WINDOW_NS: Final = 1_500_000_000
"""Frames are counted for so long: at least one keyframe is among them."""
DEADLINE_NS: Final = 2_000_000_000
"""What has not answered by then has failed."""
AGAIN_NS: Final = 15_000_000_000
"""What failed is tried again, so that a lens that was covered by a hand is not told for long."""
PROBE: Final = 256 << 10
"""Bytes that are written and removed again."""

ENOUGH: Final = 0.8
"""Of the frames that should have come."""
FLAT: Final = 1 / 6
"""Of the rate that the encoder is to keep: a lens in the dark, or a picture that never changes, takes 0.05 to 0.15 of it, and the dullest wall
with a sensor's noise on it several times that."""
QUIET: Final = 16
"""Bytes a unit of sound: digital silence takes fewer, and the quietest room that a microphone hears takes more."""
SKEW_MS: Final = 100
"""By so much wall clock and monotonic clock may part within the test."""


class Check(Enum):
    """What is tried."""

    PICTURE = "picture"  # frames come, and show something
    SOUND = "sound"  # only where the microphone listens between recordings: none is opened for this
    STORAGE = "storage"  # a file is written, synced and removed
    SIGNATURE = "signature"  # this boot's key
    DEVICE = "device"  # the device's key, which may take its time
    CLOCK = "clock"
    BATTERY = "battery"  # its gauge answers
    BUTTONS = "buttons"  # none is held down


class Result(Enum):
    """What comes of a check."""

    OK = "ok"
    FAILED = "failed"
    FLAT = "flat"  # it comes, and nothing is on it
    SLOW = "slow"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class Due:
    """What a camera should do: frames a second, bits a second of picture, units of sound a second, bytes a second that storage has to take."""

    fps: int
    bitrate: int
    sounds: float
    write: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What it did within ``seconds``.

    ``sound``: whether the microphone listened all the time.  ``wrote``: bytes a second, 0 where it failed, None where it was not tried, e.g. since a
    recording began.  ``signs``, ``device_signs``: whether the signature was right, None where none came: of the device key that is a failure.  ``skew_ms``: by how much the clocks
    parted.  ``gauge``: whether the battery's answered.  ``held``: whether a button was down from the beginning to the end.
    """

    seconds: float
    frames: int
    frame_bytes: int
    sound: bool
    sounds: int
    sound_bytes: int
    wrote: int | None
    signs: bool | None
    device_signs: bool | None
    clock_set: bool
    skew_ms: int
    gauge: bool
    held: bool


def _picture(seen: Seen, due: Due) -> Result:
    if seen.frames < ENOUGH * due.fps * seen.seconds:
        return Result.FAILED
    return Result.FLAT if 8 * seen.frame_bytes < FLAT * due.bitrate * seen.seconds else Result.OK


def _sound(seen: Seen, due: Due) -> Result:
    if not seen.sound:
        return Result.NOT_TRIED
    if seen.sounds < ENOUGH * due.sounds * seen.seconds:
        return Result.FAILED
    return Result.FLAT if seen.sound_bytes < QUIET * seen.sounds else Result.OK


def _storage(seen: Seen, due: Due) -> Result:
    if seen.wrote is None:
        return Result.NOT_TRIED
    if seen.wrote == 0:
        return Result.FAILED
    return Result.SLOW if seen.wrote < due.write else Result.OK


def _well(well: bool | None) -> Result:  # noqa: FBT001 - the last step of several rows
    return Result.OK if well else Result.FAILED


JUDGES: Final[Mapping[Check, Callable[[Seen, Due], Result]]] = MappingProxyType(
    {
        Check.PICTURE: _picture,
        Check.SOUND: _sound,
        Check.STORAGE: _storage,
        Check.SIGNATURE: lambda seen, _: Result.NOT_TRIED if seen.signs is None else _well(seen.signs),
        Check.DEVICE: lambda seen, _: _well(seen.device_signs),
        Check.CLOCK: lambda seen, _: _well(seen.clock_set and abs(seen.skew_ms) <= SKEW_MS),
        Check.BATTERY: lambda seen, _: _well(seen.gauge),
        Check.BUTTONS: lambda seen, _: _well(not seen.held),
    }
)

_SHOWS: Final[Mapping[Check, Mapping[Result, Trouble]]] = MappingProxyType(
    {
        Check.PICTURE: {Result.FAILED: Trouble.PICTURE_FAILS, Result.FLAT: Trouble.PICTURE_FLAT},
        Check.SOUND: {Result.FAILED: Trouble.NO_SOUND, Result.FLAT: Trouble.NO_SOUND},
        Check.STORAGE: {Result.FAILED: Trouble.STORAGE_FAILS, Result.SLOW: Trouble.LAGGING},
        Check.SIGNATURE: {Result.FAILED: Trouble.SIGNATURE_FAILS},
        Check.DEVICE: {Result.FAILED: Trouble.SIGNATURE_FAILS},
        Check.CLOCK: {Result.FAILED: Trouble.CLOCK_UNSET},
        Check.BATTERY: {Result.FAILED: Trouble.GAUGE_FAILS},
        Check.BUTTONS: {Result.FAILED: Trouble.BUTTON_STUCK},
    }
)

Verdict = Mapping[Check, Result]


def judge(seen: Seen, due: Due) -> dict[Check, Result]:
    """The verdict on each check."""
    return {check: rule(seen, due) for check, rule in JUDGES.items()}


def failed(verdict: Verdict) -> frozenset[Check]:
    """The checks that something is wrong with."""
    return frozenset(check for check, result in verdict.items() if result not in {Result.OK, Result.NOT_TRIED})


_ABLE: Final[Mapping[Check, frozenset[Result]]] = MappingProxyType(
    {
        Check.PICTURE: frozenset({Result.OK, Result.FLAT}),  # a lens may be covered, in a dock or by a hand
        Check.STORAGE: frozenset(
            {Result.OK, Result.SLOW, Result.NOT_TRIED}
        ),  # not tried where a recording is being written
        Check.SIGNATURE: frozenset({Result.OK}),
        Check.DEVICE: frozenset({Result.OK, Result.SLOW}),
    }
)


def able(verdict: Verdict) -> bool:
    """Whether it has shown that it can record: frames flow, storage is written, signatures verify.  Only then is a new system kept."""
    return all(verdict.get(check) in results for check, results in _ABLE.items())


def troubles(verdict: Verdict) -> frozenset[Trouble]:
    """What that shows as."""
    return frozenset(_SHOWS[check][verdict[check]] for check in failed(verdict))


def facts(when: str, verdict: Verdict, seen: Seen, device_ms: int | None) -> dict[str, Any]:
    """The line of the audit log."""
    return {
        "when": when,
        **{check.value: result.value for check, result in verdict.items()},
        "took_ms": round(seen.seconds * 1000),
        "fps": round(seen.frames / seen.seconds),
        "write_kib": None if seen.wrote is None else seen.wrote >> 10,
        "device_ms": device_ms,
    }
