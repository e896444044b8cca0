"""Times in plain words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(milliseconds: int) -> datetime | None:
    """Milliseconds since 1970 as a date and time in UTC; None where no calendar goes that far."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def utc(milliseconds: int) -> str:
    """The same as text; as a number where no calendar goes that far."""
    found = moment(milliseconds)
    return f"{milliseconds} ms since 1970" if found is None else f"{found:%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: float) -> str:
    """A media time as h:mm:ss.s, without hours where there are none."""
    minutes, rest = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{minutes:02d}:{rest / 10:04.1f}"
    return f"{hours}:{clock}" if hours else clock


def size(length: int) -> str:
    """A length in bytes for people."""
    if length < 1000:
        return f"{length} bytes"
    for unit, step in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9)):
        if length < step * 1000 or unit == "GB":
            break
    return f"{length / step:.1f} {unit}"
