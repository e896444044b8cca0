"""Conversations that go well, and somebody in each who does not keep to the protocol; streams of the link."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firmware.dock import cobs
from firmware.dock.bundling import BundleLine, Piece, Wanted
from firmware.dock.frames import Frame, FrameType
from firmware.dock.messages import (
    HEADER,
    AnchorLine,
    AssignmentLine,
    Bye,
    ClockSet,
    Data,
    End,
    Error,
    Get,
    Hello,
    Items,
    ListFiles,
    ListItems,
    LogReceiptLine,
    Message,
    Raw,
    ReceiptLine,
    Stored,
    Welcome,
)
from firmware.dock.protocol import Side
from tests.evidence_maker.jose import canonical, sign
from tests.vector_maker import dock, forging
from tests.vector_maker.bases import OURS, THEIRS
from tests.vector_maker.dock_talk import NONCE, Alter, Setting, converse

Edit = Callable[[dict[str, Any]], dict[str, Any]]


def _pack(kind: type[Message], body: bytes) -> bytes:
    return HEADER.pack(kind.TYPE, len(body)) + body


def _bytes(kind: type[Message], data: bytes, at: int = 0) -> Alter:
    """Instead of the ``at``-th message of a kind, these bytes."""
    return _change(kind, lambda _body: data, at, whole=True)


def _change(kind: type[Message], how: Callable[[bytes], bytes], at: int = 0, *, whole: bool = False) -> Alter:
    seen: list[None] = []

    def alter(message: Message, honest: bytes) -> bytes:
        if type(message) is not kind:
            return honest
        seen.append(None)
        if len(seen) - 1 != at:
            return honest
        body = how(honest[HEADER.size :])
        return body if whole else _pack(kind, body)

    return alter


def _json(kind: type[Message], edit: Edit, at: int = 0) -> Alter:
    """Other members."""
    return _change(kind, lambda body: canonical(edit(json.loads(body))), at)


def _line(kind: type[Raw], edit: Edit, signer: Any = OURS.dock) -> Alter:
    """A signed line with other members, signed anew."""

    def how(line: bytes) -> bytes:
        header, payload = (json.loads(forging.unpadded(part)) for part in line.split(b".")[:2])
        return sign(edit(payload), header["typ"], signer, chained=True)

    return _change(kind, how)


def _both(*alters: Alter) -> Alter:
    def alter(message: Message, honest: bytes) -> bytes:
        for each in alters:
            if (data := each(message, honest)) != honest:
                return data
        return honest

    return alter


@dataclass(frozen=True)
class Talk:
    """A conversation: who is judged, who lies and how, and how it has to end."""

    name: str
    about: str
    section: str
    judges: str
    outcome: str
    alter: Alter | None = None
    setting: Setting = field(default_factory=Setting)
    on: bool = False


_SAME: Edit = dict
FIRMWARE = Setting(bundle=bytes(range(32, 232)) + bytes(range(32, 132)))
_having, _deep = forging.having, forging.deep


def _flipped() -> Alter:
    """The manifest's last bytes are others, and End's hash goes with them."""
    sent: list[bytes] = []

    def data(body: bytes) -> bytes:
        sent.append(body[:-9] + (b"x" if body[-9:-8] != b"x" else b"y") + body[-8:])
        return sent[0]

    return _both(
        _change(Data, data, 3), _json(End, lambda old: {**old, "hash": hashlib.sha256(sent[0]).hexdigest()}, 3)
    )


CAMERAS: tuple[Talk, ...] = (
    Talk("welcome-of-another-name", "the dock calls itself by another name than its certificate", "4.1", "camera", "error camera name",
         _json(Welcome, _having(dock="dock-2"))),
    Talk("welcome-unknown-version", "the dock wants a version that the camera does not speak", "4.1", "camera", "error camera version",
         _json(Welcome, _having(version=9))),
    Talk("welcome-unknown-member", "a member that the message does not have", "3", "camera", "error camera protocol",
         _json(Welcome, _having(more=1))),
    Talk("welcome-missing-member", "a member is missing", "3", "camera", "error camera protocol", _json(Welcome, forging.without("token"))),
    Talk("welcome-white-space", "JSON that is not canonical", "3", "camera", "error camera protocol",
         _change(Welcome, lambda body: body.replace(b":", b": ", 1))),
    Talk("welcome-duplicate-member", "a member that stands twice", "3", "camera", "error camera protocol",
         _change(Welcome, lambda body: body.replace(b'{"dock":"dock-1",', b'{"dock":"dock-1","dock":"dock-1",', 1))),
    Talk("out-of-turn", "the dock asks before it has said Welcome", "4", "camera", "error camera protocol",
         _bytes(Welcome, _pack(ListItems, b'{"start":0}'))),
    Talk("unknown-type", "a message of a type that does not exist", "3", "camera", "error camera protocol",
         _bytes(ListItems, b"\x63\0\0\0\x02{}")),
    Talk("too-long", "a length above the message's limit", "3", "camera", "error camera protocol", _bytes(ListItems, b"\x06\x00\x01\x00\x01{}")),
    Talk("error-by-dock", "the dock gives up", "4", "camera", "closed by error",
         _bytes(ListItems, _pack(Error, canonical({"code": "store", "text": "the disk is full"})))),
    Talk("list-of-nothing", "files of an item that is not in stock", "4.2", "camera", "refused evidence",
         _json(ListFiles, _having(item="00000009"))),
    Talk("get-beyond", "more bytes than the file has", "4.2", "camera", "refused range", _json(Get, _having(length=10**6))),
    Talk("get-backwards", "an offset behind the length", "4.2", "camera", "refused range", _json(Get, _having(offset=1942))),
    Talk("get-unknown", "a file that the item does not have", "4.2", "camera", "refused unknown", _json(Get, _having(file="private.age"))),
    Talk("get-path", "a name that is none of a file", "3", "camera", "error camera protocol", _json(Get, _having(file="../volume.jws"))),
    Talk("receipt-nonce", "a receipt of another session", "4.4", "camera", "refused evidence", _line(ReceiptLine, _having(nonce="5" * 32))),
    Talk("receipt-manifest", "a receipt for another manifest", "4.4", "camera", "refused evidence", _line(ReceiptLine, _having(manifest="1" * 64))),
    Talk("receipt-files", "a receipt for other bytes", "4.4", "camera", "refused evidence", _line(ReceiptLine, forging.first_file(length=1))),
    Talk("receipt-number", "a receipt for a recording that is not there", "4.4", "camera", "refused evidence", _line(ReceiptLine, _having(number=7))),
    Talk("receipt-by-stranger", "a receipt of another authority's dock", "4.4", "camera", "refused evidence",
         _line(ReceiptLine, _SAME, THEIRS.dock)),
    Talk("receipt-by-camera", "a receipt that a camera signed", "4.4", "camera", "refused evidence", _line(ReceiptLine, _SAME, forging.CAMERA)),
    Talk("receipt-high-s", "a receipt whose signature has a high s", "4.4", "camera", "refused evidence",
         _change(ReceiptLine, forging.part(2, forging.high_s))),
    Talk("log-receipt-files", "a receipt for other files of the log", "4.4", "camera", "refused evidence",
         _line(LogReceiptLine, forging.first_file(length=1))),
    Talk("log-receipt-nonce", "a receipt for the log of another session", "4.4", "camera", "refused evidence",
         _line(LogReceiptLine, _having(nonce="5" * 32))),
    Talk("anchor-head", "an anchor over another log", "4.4", "camera", "refused evidence",
         _line(AnchorLine, _deep("audit", head="1" * 64))),
    Talk("anchor-nonce", "an anchor of another session", "4.4", "camera", "refused evidence", _line(AnchorLine, _having(nonce="5" * 32))),
    Talk("assignment-of-another", "an assignment of another camera", "4", "camera", "refused evidence",
         _line(AssignmentLine, _having(device="cam-0043"))),
    Talk("bundle-of-another-board", "a bundle for another board", "4.7", "camera", "refused board",
         _line(BundleLine, _having(board="other"), OURS.update), FIRMWARE),
    Talk("bundle-needs-another", "a bundle that needs another one before it", "4.7", "camera", "refused serial",
         _line(BundleLine, _having(needs=3), OURS.update), FIRMWARE),
    Talk("bundle-needs-itself", "a bundle that needs a serial that is not below its own", "4.7", "camera", "refused evidence",
         _line(BundleLine, _having(needs=4), OURS.update), FIRMWARE),
    Talk("bundle-too-large", "a bundle larger than any may be", "4.7", "camera", "refused evidence",
         _line(BundleLine, _having(length=268_435_457), OURS.update), FIRMWARE),
    Talk("bundle-by-dock", "a bundle whose paper a dock signed", "4.7", "camera", "refused evidence", _line(BundleLine, _SAME), FIRMWARE),
    Talk("bundle-by-stranger", "a bundle of another authority's update signer", "4.7", "camera", "refused evidence",
         _line(BundleLine, _SAME, THEIRS.update), FIRMWARE),
    Talk("piece-unasked", "a piece of no bundle", "4.7", "camera", "error camera protocol", _bytes(BundleLine, _pack(Piece, b"x")), FIRMWARE),
    Talk("piece-short", "a piece shorter than what is left", "4.7", "camera", "taken", _change(Piece, lambda body: body[:100]), FIRMWARE),
    Talk("piece-empty", "a piece without bytes", "4.7", "camera", "error camera protocol", _change(Piece, lambda _body: b""), FIRMWARE),
    Talk("piece-beyond", "a piece with more bytes than the bundle has", "4.7", "camera", "refused range",
         _change(Piece, lambda body: body + b"x"), FIRMWARE),
    Talk("piece-altered", "bytes that are not those of the paper", "4.7", "camera", "refused hash",
         _change(Piece, lambda body: body[:-1] + bytes([body[-1] ^ 1])), FIRMWARE),
    Talk("piece-too-long", "a piece above its limit", "4.7", "camera", "error camera protocol", _bytes(Piece, b"\x1a\x00\x01\x00\x01x"), FIRMWARE),
)  # fmt: skip

DOCKS: tuple[Talk, ...] = (
    Talk("hello-of-another-name", "the camera calls itself by another name than its certificate", "4.1", "dock", "error dock refused",
         _json(Hello, _deep("facts", device="cam-0043"))),
    Talk("hello-proof", "a proof that the device key did not sign", "2", "dock", "error dock refused",
         _json(Hello, lambda old: {**old, "proof": old["proof"][:-2] + ("00" if old["proof"][-2:] != "00" else "01")})),
    Talk("hello-no-common-version", "the camera speaks no version of the dock's", "4.1", "dock", "error dock version",
         _json(Hello, _having(versions=[9]))),
    Talk("hello-further-version", "the camera speaks a later version, too", "4.1", "dock", "welcome", _json(Hello, _having(versions=[1, 9]))),
    Talk("hello-short-nonce", "a nonce that is too short", "3", "dock", "error dock protocol", _json(Hello, _having(nonce="6"))),
    Talk("hello-twice", "Hello where ClockSet is due", "4", "dock", "error dock protocol", _bytes(ClockSet, _pack(Hello, b"{}"))),
    Talk("camera-says-bye", "the camera says what only a dock says", "4", "dock", "error dock protocol", _bytes(Items, _pack(Bye, b"{}"))),
    Talk("items-too-many", "more entries than in all", "4.2", "dock", "error dock protocol", _json(Items, _having(total=1))),
    Talk("items-endless", "a page without entries, and more in all", "4.2", "dock", "error dock protocol", _json(Items, _having(items=[]))),
    Talk("data-too-much", "more bytes than were asked for", "4.2", "dock", "error dock protocol", _change(Data, lambda body: body + b"x")),
    Talk("end-too-early", "End before all bytes were said", "4.2", "dock", "error dock protocol",
         _bytes(Data, _pack(End, canonical({"hash": "0" * 64})))),
    Talk("manifest-altered", "a manifest that the device did not sign like this gets no receipt", "4.4", "dock", "no-receipt", _flipped(), on=True),
    Talk("wanted-beyond", "the camera wants bytes behind the bundle's end", "4.7", "dock", "error dock protocol",
         _json(Wanted, _having(offset=301)), FIRMWARE),
    Talk("wanted-all", "the camera wants nothing more of a bundle, and does not say that it has it", "4.7", "dock", "error dock protocol",
         _json(Wanted, _having(offset=300)), FIRMWARE),
    Talk("stored-another-bundle", "the camera has stored something else", "4.7", "dock", "error dock protocol",
         _json(Stored, _having(hash="1" * 64), 4), FIRMWARE),
)  # fmt: skip

WHOLE: tuple[Talk, ...] = (
    Talk("whole", "a docking from Hello to Bye: clock, shift, stock, a recording, its receipt, the log, its receipt, an anchor", "4", "both", "closed"),
    Talk("clock-unset", "a camera whose clock was never set takes any time", "4.1", "both", "closed", setting=Setting(quality="unset", off_ms=10**12)),
    Talk("clock-too-far", "a step of more than 24 hours is refused, and the session goes on", "4.1", "both", "closed", setting=Setting(off_ms=10**9)),
    Talk("clock-vouched", "the authority vouches for a step of more than 24 hours, over this docking's nonce", "4.1", "camera", "closed",
         setting=Setting(off_ms=10**9, word_over=NONCE)),
    Talk("clock-vouched-elsewhere", "it vouched in another docking: the token is refused, and the session goes on", "4.1", "camera", "closed",
         setting=Setting(off_ms=10**9, word_over="7" * 32)),
    Talk("clock-stamped", "a time stamp over this docking's nonce vouches for it", "4.1", "camera", "closed",
         setting=Setting(off_ms=10**9, word_over=NONCE, stamp=True)),
    Talk("clock-stamped-elsewhere", "a time stamp of another docking: the token is refused, and the session goes on", "4.1", "camera", "closed",
         setting=Setting(off_ms=10**9, word_over="7" * 32, stamp=True)),
    Talk("busy", "a recording begins while the dock asks: Busy, Ping, Pong, and on", "4.3", "both", "closed", setting=Setting(busy=6)),
    Talk("bundle", "the dock offers firmware, and the camera takes it", "4.7", "both", "closed", setting=FIRMWARE),
    Talk("bundle-busy", "a recording begins before the piece: Busy, Ping, Pong, the offer once more", "4.7", "both", "closed",
         setting=Setting(bundle=FIRMWARE.bundle, busy=27)),
)  # fmt: skip
TALKS = (*WHOLE, *CAMERAS, *DOCKS)


def liar_of(talk: Talk) -> Side | None:
    """Who does not keep to the protocol."""
    return {"camera": Side.DOCK, "dock": Side.CAMERA}.get(talk.judges)


def make_talk(talk: Talk) -> tuple[Mapping[str, str], list[str]]:
    """Header and lines of a conversation."""
    lines, _ = converse(talk.setting, talk.alter, liar_of(talk), on=talk.on)
    header = {
        "scenario": talk.name, "about": talk.about, "section": talk.section, "kind": "conversation", "judges": talk.judges,
        **dock.header_of(talk.setting), "outcome": talk.outcome,
    }  # fmt: skip
    return header, [dock.spell(line) for line in lines]


# -- the serial link ---------------------------------------------------------------------------------------------------

_A, _B = Frame(FrameType.DATA, 7, 0, 1, b"one\0two"), Frame(FrameType.PROBE, 7, 0, 2)
_OPEN = Frame(FrameType.OPEN, 0xC0FFEE, payload=struct.pack(">BHH", 1, 32, 490))
_LONG = Frame(FrameType.DATA, 7, 5, 9, bytes(range(256)) + bytes(234))


def _wire(kind: int, payload: bytes = b"", crc: int = 0) -> bytes:
    body = struct.pack(">BIII", kind, 7, 0, 0) + payload
    return cobs.encode(body + struct.pack(">I", zlib.crc32(body) ^ crc)) + b"\0"


STREAMS: dict[str, tuple[str, list[bytes], list[Frame], int]] = {
    "plain": ("two frames", [_A.encode() + _B.encode()], [_A, _B], 0),
    "pieces": ("byte by byte", [bytes([each]) for each in _A.encode()], [_A], 0),
    "garbage-before": ("garbage, and a zero that ends it", [b"\x07garbage\xff\0" + _OPEN.encode()], [_OPEN], 1),
    "tail-before": ("the tail of a frame of an earlier plug-in", [_A.encode()[5:] + _B.encode()], [_B], 1),
    "wrong-crc": ("a frame with another CRC", [_wire(3, b"x", 1) + _A.encode()], [_A], 1),
    "unknown-type": ("a frame of a type that does not exist", [_wire(9) + _A.encode()], [_A], 1),
    "type-zero": ("a frame of type 0", [_wire(0) + _A.encode()], [_A], 1),
    "short": ("fewer bytes than a header has", [cobs.encode(b"\x05\0\0") + b"\0" + _A.encode()], [_A], 1),
    "not-cobs": ("a code that points behind the end", [b"\xff\x01\0" + _A.encode()], [_A], 1),
    "zeros": ("zeros between frames are nothing", [b"\0\0\0" + _A.encode() + b"\0\0" + _B.encode()], [_A, _B], 0),
    "longest": ("a payload of 490 bytes", [_LONG.encode()], [_LONG], 0),
    "too-long": ("a payload of 491 bytes", [_wire(3, bytes(491)) + _A.encode()], [_A], 1),
    "endless": ("no zero for a long time", [b"\x05" * 700, b"\x05" * 700 + b"\0" + _A.encode()], [_A], 1),
    "flipped": ("a flipped bit", [_A.encode()[:1] + bytes([_A.encode()[1] ^ 0x10]) + _A.encode()[2:] + _B.encode()], [_B], 1),
}  # fmt: skip


def make_stream(name: str) -> tuple[Mapping[str, str], list[str]]:
    """Header and lines of a stream."""
    about, pieces, frames, dropped = STREAMS[name]
    header = {
        "scenario": f"link-{name}", "about": about, "section": "1.1", "kind": "link", "outcome": "frames", "dropped": str(dropped),
    }  # fmt: skip
    return header, [f"in {piece.hex()}" for piece in pieces] + [dock.spell_frame(frame) for frame in frames]


def write_dock() -> None:
    """All vectors of the dock protocol."""
    shutil.rmtree(dock.FOLDER, ignore_errors=True)
    dock.FOLDER.mkdir(parents=True)
    for header, lines in (*map(make_talk, TALKS), *map(make_stream, STREAMS)):
        dock.write(dock.FOLDER / f"{header['scenario']}.vector", header, lines)
