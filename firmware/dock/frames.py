"""The frames of the serial link: ``COBS(header || payload || CRC-32) || 0``, at most 512 bytes on the wire."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from firmware.dock import cobs

_HEADER = struct.Struct(">BIII")
_CRC = struct.Struct(">I")
_OVERHEAD = _HEADER.size + _CRC.size

PAYLOAD_LIMIT = 490
"""The largest payload: 507 bytes with header and CRC, 509 after COBS, 510 with the zero."""

WIRE_LIMIT = cobs.encoded_size(_OVERHEAD + PAYLOAD_LIMIT) + len(cobs.DELIMITER)
"""More bytes than this without a zero are no frame."""


class FrameType(IntEnum):
    """What a frame is for."""

    OPEN = 1
    OPENED = 2
    DATA = 3
    ACK = 4
    PROBE = 5
    RESET = 6


_TYPES = {int(kind): kind for kind in FrameType}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.  ``session``, ``sequence`` and ``stamp`` are unsigned 32-bit numbers; ``link`` says what they mean."""

    type: FrameType
    session: int
    sequence: int = 0
    stamp: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """The bytes for the wire, with the closing zero."""
        body = _HEADER.pack(self.type, self.session, self.sequence, self.stamp) + self.payload
        return cobs.encode(body + _CRC.pack(zlib.crc32(body))) + cobs.DELIMITER


def parse(code: bytes) -> Frame | None:
    """The frame between two zeros, or None if it is damaged."""
    if len(code) >= WIRE_LIMIT:
        return None
    try:
        raw = cobs.decode(code)
    except cobs.CobsError:
        return None
    if (
        not _OVERHEAD <= len(raw) <= _OVERHEAD + PAYLOAD_LIMIT
        or zlib.crc32(raw[: -_CRC.size]) != _CRC.unpack(raw[-_CRC.size :])[0]
    ):
        return None
    number, session, sequence, stamp = _HEADER.unpack_from(raw)
    kind = _TYPES.get(number)
    if kind is None:  # a type of a later version
        return None
    return Frame(kind, session, sequence, stamp, raw[_HEADER.size : -_CRC.size])


class Deframer:
    """Finds frames in a stream that may begin anywhere and hold anything.  Keeps at most one frame's worth of bytes."""

    def __init__(self) -> None:
        """Start in the middle of nowhere."""
        self._rest = b""
        self.good = 0
        self.bad = 0

    def receive_data(self, data: bytes) -> list[Frame]:
        """The intact frames that end in ``data``.  Damaged ones are counted in ``bad``."""
        *codes, rest = (self._rest + data).split(cobs.DELIMITER)
        self._rest = rest[:WIRE_LIMIT]  # too long already: what follows cannot mend it, the next zero ends it
        frames = []
        for code in filter(None, codes):
            frame = parse(code)
            if frame is None:
                self.bad += 1
            else:
                self.good += 1
                frames.append(frame)
        return frames
