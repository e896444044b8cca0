"""A vector: a textual header, an empty line, and what is to be judged (deflated, RFC 1950).

One scenario a file, ``tests/vectors/KIND/SCENARIO.vector``.  The header has one ``name: value`` a line, in the order in
which they were written, each name once.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VECTORS = Path(__file__).parents[1] / "vectors"
_MAX_BODY = 1 << 24


@dataclass(frozen=True, slots=True)
class Vector:
    """Header and body."""

    header: Mapping[str, str]
    body: bytes


def read_vector(path: Path) -> Vector:
    """Read a file; ValueError where it is none."""
    head, separator, packed = path.read_bytes().partition(b"\n\n")
    rows = [line.partition(": ") for line in head.decode().split("\n")]
    if not separator or not all(colon for _, colon, _ in rows) or len({name for name, _, _ in rows}) != len(rows):
        raise ValueError(f"{path.name} is no vector")
    unpacked = zlib.decompressobj()
    body = unpacked.decompress(packed, _MAX_BODY)
    if not unpacked.eof or unpacked.unused_data:
        raise ValueError(f"{path.name}: its body is cut off, or too long")
    return Vector({name: value for name, _, value in rows}, body)


def write_vector(path: Path, vector: Vector) -> None:
    """Write a file."""
    head = "\n".join(f"{name}: {value}" for name, value in vector.header.items())
    path.write_bytes(head.encode() + b"\n\n" + zlib.compress(vector.body, 9))
