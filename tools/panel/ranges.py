"""``Range``: which bytes of a film a player asks for (RFC 9110, section 14).  One range is served; of several none, and so all."""

from __future__ import annotations

import re

_BYTES = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class UnsatisfiableError(Exception):
    """The range lies behind the end."""


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the number of bytes that ``header`` asks for, of ``size``; None where all are to be sent: without a header, and
    where it is not one that we know, as the standard has it.  ``UnsatisfiableError`` where none of it is there."""
    found = _BYTES.fullmatch(header.strip()) if header is not None else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # so many from the end
        count = min(int(last), size)
        if not count:
            raise UnsatisfiableError
        return size - count, count
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise UnsatisfiableError
    return begin, end - begin + 1
