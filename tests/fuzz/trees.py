"""Changing what is built of nested pieces with lengths: DER, MP4 boxes, the dock's messages.  The lengths stay right, mostly."""

from __future__ import annotations

import base64
import copy
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz.mutators import json_object, plain

_INSIDE = {
    kind.encode(): skip
    for kind, skip in (
        *(
            (name, 0)
            for name in ("moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf", "edts", "dinf", "udta")
        ),
        ("stsd", 8),
        ("dref", 8),
        ("avc1", 78),
        ("mp4a", 28),
    )
}
_DEEPEST = 12


@dataclass(slots=True)
class Node:
    """A piece: its tag or type, what stands before the pieces inside, and those, or else its bytes."""

    kind: bytes
    body: bytes
    inside: list[Node] | None = None


@dataclass(frozen=True, slots=True)
class Grammar:
    """How pieces are read and written; ``read`` gives None for what is not made of them."""

    read: Callable[[bytes], list[Node] | None]
    write: Callable[[bytes, bytes], bytes]
    leaf: Callable[[bytes, Random], bytes] = plain

    def text(self, nodes: Sequence[Node]) -> bytes:
        """The bytes of pieces in a row."""
        return b"".join(self.write(each.kind, each.body + self.text(each.inside or ())) for each in nodes)

    def mutate(self, data: bytes, draw: Random) -> bytes:
        """One piece changed."""
        nodes = self.read(data)
        if not nodes or draw.random() < 0.1:
            return plain(data, draw)
        rows = list(_rows(nodes))
        row = draw.choice(rows)
        at = draw.randrange(len(row))
        node = row[at]
        match draw.randrange(8):
            case 0:
                del row[at]
            case 1:
                row.insert(at, node)
            case 2:
                other = draw.choice(rows)
                row[at] = copy.deepcopy(draw.choice(other)) if other is not row else Node(node.kind, b"")
            case 3:
                row[at] = Node(
                    plain(node.kind, draw)[: len(node.kind)].ljust(len(node.kind), b"\0"), node.body, node.inside
                )
            case 4 if len(row) > 1:
                row[at], row[at - 1] = row[at - 1], row[at]
            case _ if node.inside is None or node.body:
                node.body = self.leaf(node.body, draw)
            case _:
                node.inside = None
        return self.text(nodes)


def _rows(nodes: list[Node]) -> Iterator[list[Node]]:
    """Every row of pieces that is not empty."""
    if nodes:
        yield nodes
    for node in nodes:
        yield from _rows(node.inside or [])


def read_der(data: bytes, depth: int = 0) -> list[Node] | None:
    """DER elements that fill ``data``; what an octet string holds counts as inside it, where that is DER."""
    nodes: list[Node] = []
    while data:
        split = split_der(data)
        if split is None or depth > _DEEPEST:
            return None
        body, data, tag = *split, data[:1]
        inside = read_der(body, depth + 1) if tag[0] & 0x20 or tag == b"\4" else None
        nodes.append(Node(tag, b"" if inside else body, inside))
    return nodes


def split_der(data: bytes) -> tuple[bytes, bytes] | None:
    """The body of the first element, and what follows it."""
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    return (data[at : at + size], data[at + size :]) if at + size <= len(data) else None


def write_der(tag: bytes, body: bytes) -> bytes:
    """One element."""
    size = len(body)
    if size < 0x80:
        return tag + bytes((size,)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + bytes((0x80 | len(length),)) + length + body


def _read_boxes(data: bytes, depth: int = 0) -> list[Node] | None:
    nodes: list[Node] = []
    while data:
        if len(data) < 8 or depth > _DEEPEST:
            return None
        size, kind = struct.unpack_from(">I4s", data)
        if not 8 <= size <= len(data):
            return None
        body, data = data[8:size], data[size:]
        skip = _INSIDE.get(kind)
        inside = None if skip is None else _read_boxes(body[skip:], depth + 1)
        nodes.append(Node(kind, body, None) if inside is None else Node(kind, body[:skip], inside))
    return nodes


def _fields(data: bytes, draw: Random) -> bytes:
    """Big-endian numbers changed where they stand."""
    if len(data) < 4 or draw.random() < 0.3:
        return plain(data, draw)
    at = draw.randrange(len(data) // 4) * 4
    value = draw.choice(
        (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, int.from_bytes(data[at : at + 4], "big") + draw.choice((-1, 1)))
    )
    return data[:at] + (value & 0xFFFFFFFF).to_bytes(4, "big") + data[at + 4 :]


def _read_messages(data: bytes) -> list[Node] | None:
    nodes: list[Node] = []
    while data:
        if len(data) < 5:
            return None
        kind, size = struct.unpack_from(">BI", data)
        if size > len(data) - 5:
            return None
        nodes.append(Node(bytes((kind,)), data[5 : 5 + size]))
        data = data[5 + size :]
    return nodes


DER = Grammar(read_der, write_der)
BOXES = Grammar(_read_boxes, lambda kind, body: struct.pack(">I", 8 + len(body)) + kind + body, _fields)
MESSAGES = Grammar(_read_messages, lambda kind, body: kind + struct.pack(">I", len(body)) + body, json_object)


def pem(data: bytes, draw: Random) -> bytes:
    """A PEM file with one DER element of one of its blocks changed."""
    lines = data.split(b"\n")
    begins = [at for at, line in enumerate(lines) if line.startswith(b"-----BEGIN")]
    ends = [at for at, line in enumerate(lines) if line.startswith(b"-----END")]
    if not begins or len(begins) != len(ends) or draw.random() < 0.2:
        return plain(data, draw)
    which = draw.randrange(len(begins))
    begin, end = begins[which], ends[which]
    try:
        der = base64.b64decode(b"".join(lines[begin + 1 : end]))
    except ValueError:
        return plain(data, draw)
    lines[begin + 1 : end] = [base64.b64encode(DER.mutate(der, draw))]
    return b"\n".join(lines)
