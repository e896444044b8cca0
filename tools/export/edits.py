"""The edit list of a film's picture, a tick longer than FFmpeg writes it."""

from __future__ import annotations

import struct
from pathlib import Path

from tools.verify.boxes import read_header
from tools.verify.findings import need

_HEAD = 16


def outlast(path: Path) -> None:
    """Let the edit of the film's first track, the picture, end one tick behind its last frame instead of with it.

    GStreamer, and with it ONVIF's reference validator, leaves out what follows the last slice of a film whose edit ends
    there: the last signature.  No sample is touched, and none is shown longer.  ``Refused`` where there is no such edit.
    """
    with path.open("r+b") as file:
        at, (kind, header, size) = 0, read_header(file.read(_HEAD))
        while kind != "moov":
            need(size > 0, "the film has no index")
            at += size
            file.seek(at)
            kind, header, size = read_header(file.read(_HEAD))
        file.seek(at + header)
        index = file.read(size - header)
        place = index.find(b"elst") + 4
        need(place > 4, "the film has no edit list")
        version, count = struct.unpack_from(">B3xI", index, place)
        row, field = (20, ">Q") if version else (12, ">I")
        last = place + 8 + row * (count - 1)
        (duration,) = struct.unpack_from(field, index, last)
        file.seek(at + header + last)
        file.write(struct.pack(field, duration + 1))
