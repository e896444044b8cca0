"""Vectors of the dock protocol as text: conversations above TLS, and streams of the serial link."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from firmware.dock.frames import Deframer, Frame
from firmware.dock.messages import HEADER, Raw
from firmware.dock.protocol import Side
from firmware.dock.wire import MESSAGES
from firmware.evidence.errors import FormatError
from tests.vector_maker.dock_talk import EXPORTER, Line, Setting
from tests.vector_maker.files import VECTORS

FOLDER = VECTORS / "dock"
NAMES = {kind.__name__: kind for kind in MESSAGES.values()}
FIELDS = (
    "scenario",
    "about",
    "section",
    "kind",
    "judges",
    "exporter",
    "behind-ms",
    "quality",
    "busy-at",
    "bundle",
    "outcome",
    "dropped",
)


def read(path: Path) -> tuple[Mapping[str, str], list[str]]:
    """Header and lines of a file."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    header = dict(line.split(": ", 1) for line in head.split("\n"))
    if not header.keys() <= {*FIELDS}:
        raise ValueError(f"{path.name} is no vector")
    return header, body.splitlines()


def write(path: Path, header: Mapping[str, str], lines: list[str]) -> None:
    """Write a file."""
    head = "".join(f"{name}: {header[name]}\n" for name in FIELDS if header.get(name))
    path.write_text(head + "\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def spell(line: Line) -> str:
    """A message as a vector has it: by name where it is one."""
    side, data = line
    number, length = HEADER.unpack_from(data)
    kind, body = MESSAGES.get(number), data[HEADER.size :]
    if kind is None or len(body) != length or b"\n" in body:
        return f"{side.value} raw {data.hex()}"
    if issubclass(kind, Raw):
        return f"{side.value} {kind.__name__} {base64.b64encode(body).decode()}".rstrip()
    try:
        kind.parse(body)
    except FormatError:
        return f"{side.value} raw {data.hex()}"
    return f"{side.value} {kind.__name__} {body.decode()}"


def parse(text: str) -> Line:
    """The message that a line stands for."""
    side, name, *rest = text.split(" ", 2)
    body = rest[0] if rest else ""
    if name == "raw":
        return Side(side), bytes.fromhex(body)
    kind = NAMES[name]
    data = base64.b64decode(body, validate=True) if issubclass(kind, Raw) else body.encode()
    return Side(side), HEADER.pack(kind.TYPE, len(data)) + data


def setting_of(header: Mapping[str, str]) -> Setting:
    """What a header says of our camera, where the two are ours."""
    busy = header.get("busy-at")
    bundle = bytes.fromhex(header.get("bundle", ""))
    return Setting(int(header["behind-ms"]), header["quality"], None if busy is None else int(busy), bundle=bundle)


def header_of(setting: Setting) -> dict[str, str]:
    """The other way round."""
    busy = {} if setting.busy is None else {"busy-at": str(setting.busy)}
    bundle = {"bundle": setting.bundle.hex()} if setting.bundle else {}
    return {"exporter": EXPORTER.hex(), "behind-ms": str(setting.off_ms), "quality": setting.quality, **busy, **bundle}


def spell_frame(frame: Frame) -> str:
    """A frame as a vector has it."""
    payload = frame.payload.hex() or "-"
    return f"frame {frame.type.name} {frame.session} {frame.sequence} {frame.stamp} {payload}"


def deframed(pieces: list[bytes]) -> tuple[list[str], int]:
    """The frames that come out of a stream, and how much was none."""
    deframer = Deframer()
    return [spell_frame(frame) for piece in pieces for frame in deframer.receive_data(piece)], deframer.bad
