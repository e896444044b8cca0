"""Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without a zero, so that a zero can end a frame.

Encoding splits at the zeros, which the interpreter does in C; the bytes are touched a second time only when they are
joined.
"""

from __future__ import annotations

DELIMITER = b"\0"
_RUN = 254
_FULL = b"\xff"


class CobsError(ValueError):
    """Not what an encoder makes."""


def encoded_size(size: int) -> int:
    """The most bytes that ``size`` bytes can become, without a delimiter."""
    return size + size // _RUN + 1


def encode(data: bytes) -> bytes:
    """``data`` without a zero byte: one byte longer, and one more for each 254 bytes without a zero."""
    pieces: list[bytes] = []
    for run in data.split(DELIMITER):
        start = 0
        while len(run) - start >= _RUN:
            pieces += (_FULL, run[start : start + _RUN])
            start += _RUN
        pieces += (bytes((len(run) - start + 1,)), run[start:])
    if (
        pieces[-4:-3] == [_FULL] and pieces[-1] == b""
    ):  # the data ends with a full run: nothing follows it, not even a zero
        del pieces[-2:]
    return b"".join(pieces)


def decode(code: bytes) -> bytes:
    """The inverse of ``encode``.  ``CobsError`` for a zero, an empty string, or a run that is cut short."""
    if not code or DELIMITER in code:
        raise CobsError("empty, or a zero inside")
    pieces: list[bytes] = []
    position, end = 0, len(code)
    while position < end:
        following = position + code[position]
        if following > end:
            raise CobsError(f"a run of {code[position] - 1} bytes is cut short")
        pieces.append(code[position + 1 : following])
        if following < end and following - position <= _RUN:
            pieces.append(DELIMITER)
        position = following
    return b"".join(pieces)
