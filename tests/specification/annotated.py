"""The worked examples of the pages: bytes of one tiny volume, and what each of them is."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from firmware.dock import cobs, messages, wire
from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room, Update
from firmware.dock.frames import Frame, FrameType
from firmware.dock.messages import Data, End, Get, Hello, Message, ReceiptLine, Stored, Welcome
from firmware.dock.protocol import VERSIONS
from firmware.evidence.jws import line_hash
from firmware.evidence.keys import hash_of
from tests.specification import example as made
from tests.specification.example import example
from tests.specification.tables import table

_WIDTH = 16


def _fenced(lines: Iterable[str], kind: str = "") -> str:
    return "\n".join([f"```{kind}", *lines, "```"])


def decoded(part: bytes) -> Any:
    """What a part of a JWS says."""
    return json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))


def jws(name: str) -> str:
    """One signed object: its hash, header and payload as they are, and how the line looks."""
    line = example().lines[name]
    header, payload, signature = line.split(b".")
    shown = decoded(header)
    if "x5c" in shown:
        shown["x5c"] = [f"{each[:24]}... ({len(base64.b64decode(each))} bytes)" for each in shown["x5c"]]
    return "\n\n".join(
        [
            f"Line of {len(line)} bytes; its hash is `{line_hash(line)}`. Header and payload, with white space put in and certificates cut:",
            _fenced([json.dumps(shown, indent=2), *json.dumps(decoded(payload), indent=2).splitlines()], "json"),
            f"The line: `{header[:40].decode()}...` `.` `{payload[:40].decode()}...` `.` `{signature.decode()}`",
        ]
    )


def _hex(data: bytes) -> Iterator[str]:
    for start in range(0, len(data), _WIDTH):
        yield data[start : start + _WIDTH].hex(" ")


def dump(parts: Iterable[tuple[bytes, str]], most: int = 4) -> str:
    """Bytes in rows of sixteen, each part with its place and what it is; long ones are cut in the middle."""
    lines: list[str] = []
    at = 0
    for data, what in parts:
        rows = list(_hex(data))
        if len(rows) > most:
            rows = [*rows[: most - 1], f"... {len(data) - _WIDTH * (most - 1)} bytes more"]
        for index, row in enumerate(rows or [""]):
            place = f"{at:6d}" if index == 0 else " " * 6
            lines.append(f"{place}  {row:<47}  {what if index == 0 else ''}".rstrip())
        at += len(data)
    return _fenced(lines)


def age_header() -> str:
    """The beginning of the segment's file."""
    data = example().files["card/recordings/00000001/000000.mp4.age"]
    header = data[: data.index(b"\n", data.index(b"\n---") + 1) + 1]
    lines = header.split(b"\n")[:-1]
    shares = [
        (f"-> X25519: ephemeral share for the {who}", f"file key, wrapped for the {who}: 16 bytes and a tag of 16")
        for who in ("authority", "escrow")
    ]
    words = ["version", *(each for pair in shares for each in pair), "end: HMAC-SHA256 over all up to and with `---`"]
    rows = [(index, f"`{line.decode()}`", word) for index, (line, word) in enumerate(zip(lines, words, strict=True), 1)]
    rest = data[len(header) :]
    chunk = 65536 + 16
    sealed = dump(
        [
            (rest[:16], "nonce of the payload: the salt of its key"),
            (rest[16 : 16 + chunk - 16], "chunk 0: 65536 bytes, encrypted under the nonce 00 (11 times) 00"),
            (rest[chunk : 16 + chunk], "its tag"),
            (rest[16 + chunk : -16], "chunk 1, the last: 8 bytes under the nonce 00 (10 times) 01 01"),
            (rest[-16:], "its tag"),
        ],
        most=2,
    )
    told = f"Each line ends with an LF; the header has {len(header)} bytes, and what follows it is binary (places count from its end):"
    return "\n\n".join([table(("line", "text", "what it is"), rows), told, sealed])


def sei() -> str:
    """The SEI of the picture, taken apart by its own lengths; this one needs no emulation prevention in front of its signature."""
    data = example().sei
    plain = data.replace(b"\0\0\3", b"\0\0")
    at = 2
    while plain[at] == 0xFF:
        at += 1
    at += 1
    parts = [
        (plain[:2], "NAL type SEI, payload type 5"),
        (plain[2:at], f"payload size {sum(plain[2:at])}"),
        (plain[at : at + 16], "UUID"),
        (plain[at + 16 : at + 17], "the signature is over the bytes with their emulation prevention"),
    ]
    at += 17
    while at < len(plain) - 1:
        tag, size = struct.unpack_from(">BH", plain, at)
        value = plain[at + 3 : at + 3 + size]
        parts.append((plain[at : at + 3], f"tag {tag}, {size} bytes"))
        parts += list(_TAGS[tag](value))
        at += 3 + size
    parts.append((plain[at:], "stop bit"))
    count = len(data) - len(plain)
    told = f"{len(data)} bytes as they stand in the sample; shown without the {count} bytes of emulation prevention (`03` behind each `00 00` before a byte up to `03`)."
    return "\n\n".join([told, dump(parts)])


def _algorithms(value: bytes) -> Iterator[tuple[bytes, str]]:
    yield value[:2], "version 1, 11 bytes follow"
    yield value[2:13], "object identifier of SHA-256 in DER"
    yield value[13:], "no further identifier"


def _vendor(value: bytes) -> Iterator[tuple[bytes, str]]:
    yield value[:1], "version 1"
    at = 1
    for what in ("firmware", "device", "maker"):
        end = at + 1 + value[at]
        yield value[at:end], f"{what}: {value[at + 1 : end].decode()}"
        at = end


def _certificates(value: bytes) -> Iterator[tuple[bytes, str]]:
    yield value[:2], "version 1, then 0"
    yield value[2:], "session, device, device-ca in PEM"


def _general(value: bytes) -> Iterator[tuple[bytes, str]]:
    start, end, counter, count = struct.unpack_from(">qqIH", value, 5)
    yield value[:5], "version 2; edition 25.12.0; 0"
    yield value[5:13], f"start: {start} units of 100 ns since 1601"
    yield value[13:21], f"end: {(end - start) // 10_000} ms later"
    yield value[21:25], f"GOP counter {counter}"
    yield value[25:27], f"{count} slices"
    yield value[27:59], "GOP hash"
    yield value[59:], "link: none before"


def _hashes(value: bytes) -> Iterator[tuple[bytes, str]]:
    yield value[:1], "version 1"
    for at in range(1, len(value), 32):
        yield value[at : at + 32], f"slice {at // 32 + 1}" + (", the anchor" if at == 1 else "")


def _signature(value: bytes) -> Iterator[tuple[bytes, str]]:
    size = int.from_bytes(value[1:3], "big")
    yield value[:3], f"version 1; the signature has {size} bytes"
    yield value[3 : 3 + size], "ES256 in DER over all in front of this tag"
    if value[3 + size :]:
        yield value[3 + size :], "filled up to 72"


_TAGS = {1: _general, 2: _hashes, 3: _signature, 4: _algorithms, 5: _vendor, 6: _certificates}


def frame() -> str:
    """One frame of the link, before and after COBS."""
    frame = Frame(FrameType.DATA, 0x0A0B0C0D, 7, 19, bytes.fromhex("1700000002 7b7d".replace(" ", "")))
    coded = frame.encode()
    raw = cobs.decode(coded[:-1])
    plain = dump(
        [
            (raw[:1], "type DATA"),
            (raw[1:5], "session"),
            (raw[5:9], "sequence 7"),
            (raw[9:13], "stamp 19"),
            (raw[13:-4], "payload: 7 bytes of the stream"),
            (raw[-4:], "CRC-32 over all before it"),
        ]
    )
    return "\n\n".join(
        [
            f"A DATA frame before COBS, {len(raw)} bytes:",
            plain,
            f"On the wire, {len(coded)} bytes, each run of bytes without a zero behind its length plus one:",
            dump([(coded, "")]),
        ]
    )


def proof() -> str:
    """The proof that the device key stands behind the connection."""
    it = example()
    digest = hashlib.sha256(b"lapel link 1" + it.exporter).digest()
    rows = [
        ("exporter value", f"`{it.exporter.hex()}`"),
        ("SHA-256 of `lapel link 1` and the exporter value", f"`{digest.hex()}`"),
        ("`proof` in Hello", f"`{it.proof.hex()}`"),
    ]
    return table(("", ""), rows)


def _facts() -> Facts:
    last = json.loads(
        base64.urlsafe_b64decode(_payload_of(example().files["card/audit/00000001.jwsl"].split(b"\n")[2]))
    )
    head = hash_of(example().files["card/audit/00000001.jwsl"].split(b"\n")[2])
    clock = ClockReading(3_590_000, made.BOOTED_MS + 3_590_000, "rtc")
    return Facts(
        made.DEVICE,
        made.VOLUME,
        1,
        1,
        made.VERSION,
        clock,
        Charge(82, True),
        Room(32_000_000_000, 31_000_000_000),
        AuditHead(last["line"], head),
        Update("sim", 0, "none"),
    )


def _payload_of(line: bytes) -> bytes:
    part = line.split(b".")[1]
    return part + b"=" * (-len(part) % 4)


def exchange() -> str:
    """A few messages as they stand inside TLS: a greeting, and `volume.jws` fetched in two pieces."""
    it = example()
    file = it.files["card/volume.jws"]
    receipt = it.lines["receipt"]
    said: list[tuple[str, Message]] = [
        ("camera", Hello(VERSIONS, _facts(), made.NONCE, it.proof.hex())),
        ("dock", Welcome(1, "dock-1", made.BOOTED_MS + 3_590_300, None)),
        ("dock", Get("volume", "volume.jws", 900, len(file))),
        ("camera", Data(file[900:])),
        ("camera", End(hash_of(file))),
        ("dock", ReceiptLine(receipt)),
        ("camera", Stored(line_hash(receipt))),
    ]
    shown = []
    for speaker, message in said:
        data = wire.encode(message)
        head, body = data[: messages.HEADER.size], data[messages.HEADER.size :]
        text = body.decode() if body.startswith(b"{") else f"{body[:48].decode()}... ({len(body)} bytes)"
        shown += [f"{speaker}: {type(message).__name__}", f"  {head.hex(' ')}", f"  {text}"]
    told = f"`volume.jws` has {len(file)} bytes, of which the dock holds 900 already; End has the hash of all of them."
    return "\n\n".join([told, _fenced(shown)])
