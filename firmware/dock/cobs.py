"""Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without a zero, so that a zero can end a frame.

Encoding splits at the zeros, which the interpreter does in C; the bytes are touched a second time only when they are
joined.
"""

from __future__ import annotations

DELIMITER = b"\0"
_RUN = 254
_FULL = b"\xff"
_CODES = tuple(bytes((size + 1,)) for size in range(_RUN))


class CobsError(ValueError):
    """Not what an encoder makes."""


def encoded_size(size: int) -> int:
    """The most bytes that ``size`` bytes can become, without a delimiter."""
    return size + size // _RUN + 1


def encode(data: bytes) -> bytes:
    """``data`` without a zero byte: one byte longer, and one more for each 254 bytes without a zero."""
    pieces: list[bytes] = []
    for run in data.split(DELIMITER):
        rest, size = run, len(run)
        while size >= _RUN:
            pieces += (_FULL, rest[:_RUN])
            rest, size = rest[_RUN:], size - _RUN
        pieces += (_CODES[size], rest)
    if pieces[-4:-3] == [_FULL] and pieces[-1] == b"":
        del pieces[-2:]  # the data ends with a full run: nothing follows it, not even a zero
    return b"".join(pieces)


def decode(code: bytes) -> bytes:
    """The inverse of ``encode``.  ``CobsError`` for a zero, an empty string, or a run that is cut short."""
    if not code or DELIMITER in code:
        raise CobsError("empty, or a zero inside")
    out, position, end = bytearray(code), 0, len(code)
    full: list[int] = []
    while position < end:
        size = out[position]
        out[position] = 0  # where a run begins there was a zero, but for the first one, and behind a full run
        position += size
        if size > _RUN:
            full.append(position)
    if position > end:
        raise CobsError(f"a run of {size - 1} bytes is cut short")
    for place in reversed(full):
        del out[place : place + 1]
    del out[0]
    return bytes(out)
