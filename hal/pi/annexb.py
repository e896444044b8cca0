"""Puts in order what an H.264 encoder hands out, buffer by buffer, in Annex B form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SLICE: Final = 1
IDR: Final = 5
SPS: Final = 7
PPS: Final = 8
DELIMITER: Final = 9

_CODE: Final = b"\x00\x00\x01"


def head(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The NAL units up to the first slice of the picture, that one with all that is behind it: type, begin and end of each with its start
    code.  Nothing behind the first slice is searched: a frame is long, and this runs for each."""
    at = data.find(_CODE)
    while 0 <= at < len(data) - len(_CODE):
        kind = data[at + len(_CODE)] & 0x1F
        last = kind in {SLICE, IDR}
        following = -1 if last else data.find(_CODE, at + len(_CODE))
        begin, end = _begin(data, at), len(data) if following < 0 else _begin(data, following)
        yield kind, begin, end
        at = following


def _begin(data: bytes, at: int) -> int:
    """Where the start code at ``at`` begins: it may have a zero more in front."""
    return at - 1 if at and not data[at - 1] else at


class AccessUnits:
    """Makes whole access units of an encoder's buffers.

    A keyframe that comes without its parameter sets gets those that were seen last: some encoders send them once, some in a buffer of
    their own.
    """

    def __init__(self) -> None:
        self._sets: dict[int, bytes] = {}

    def whole(self, data: bytes) -> tuple[bytes, bool] | None:
        """The access unit, and whether it is a keyframe; None for a buffer without a picture, for one that does not begin with a start code,
        and for a keyframe that nobody could decode."""
        units = list(head(data))
        if not units or units[0][1]:
            return None
        for kind, begin, end in units:
            if kind in {SPS, PPS}:
                self._sets[kind] = data[begin:end]
        kinds = [kind for kind, _, _ in units]
        if kinds[-1] == SLICE:
            return data, False
        if kinds[-1] != IDR:
            return None
        if SPS in kinds and PPS in kinds:
            return data, True
        if len(self._sets) < 2:
            return None
        place = units[0][2] if kinds[0] == DELIMITER else 0
        rest = [data[begin:end] for kind, begin, end in units if begin >= place and kind not in {SPS, PPS}]
        return b"".join([data[:place], self._sets[SPS], self._sets[PPS], *rest]), True
