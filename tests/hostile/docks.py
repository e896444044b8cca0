"""Docks that do everything wrong: one row a behaviour, in the order of the issue's list, with what the camera has to say of it.

What single members of a message can be got wrong is in ``tests/vectors/dock``, what a frame can be in
its streams, certificates one by one in ``tests/unit/dock/test_tls.py``.  Here a whole camera meets whole docks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firmware.dock.frames import Frame, FrameType
from firmware.dock.messages import (
    AnchorLine,
    AssignmentLine,
    Bye,
    Conflict,
    Data,
    End,
    Error,
    Get,
    ListFiles,
    ListItems,
    LogReceiptLine,
    Ping,
    ReceiptLine,
    SettingsLine,
    Welcome,
)
from firmware.dock.tls import Identity
from firmware.dock.wire import encode
from firmware.evidence import kinds
from firmware.evidence.keys import Sign
from firmware.evidence.roles import Role
from hal.interface import ClockQuality, PortKind
from tests.hostile import records
from tests.hostile.acts import (
    Attempt,
    altered,
    breaks_off,
    camera_key,
    hands,
    late,
    minted,
    minted_identity,
    part,
    receipt,
    resigned,
    says,
    shows,
    signed,
    spoils,
    stranger,
    stranger_identity,
)
from tests.hostile.bench import MOST_SECONDS, UTC_MS, Bench, withdrawn
from tests.hostile.peers import Below, Beside, Flood, said
from tests.hostile.scripts import (
    alternates,
    asks,
    babbles,
    clear_record,
    conflicts,
    early,
    filled,
    nested,
    old,
    raw,
    record,
    silent,
    starves,
    welcomes,
    writes,
)
from tests.rig import NONCE, anchor_for, log_receipt_for, pki, settings_line

WIDE = "\U0001f600".encode()
SERIAL, STREAM = (PortKind.SERIAL,), (PortKind.STREAM,)
BOTH = (*SERIAL, *STREAM)
DAY_MS = 86_400_000
LARGEST = 2**53 - 1
STALLED = "the peer has stalled"
NOBODY = "accepted"
UNSET = {"quality": ClockQuality.UNSET, "utc_ms": 0}
HEAD = b"\x01\xff\xff\xff\xff"


@dataclass(frozen=True)
class Row:
    """One behaviour: how it is done, what the camera's log has to say of it (a pattern; ``NOBODY`` where it is nobody's fault, as being
    pulled out is), and what the dock heard back: codes of Refused and Error, in order.

    ``seconds``: the longest that it may last; ``erased``: whether all may be erased once an honest dock has it; ``camera``: what the
    camera is like; ``done``: the hostile docking itself hands everything over.
    """

    word: str
    name: str
    attempt: Attempt
    says: str
    codes: tuple[str, ...] = ()
    over: tuple[PortKind, ...] = STREAM
    seconds: float = MOST_SECONDS
    erased: bool = True
    done: bool = False
    camera: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.word}: {self.name}"


def _settings(serial: int, role: Role = Role.SETTINGS) -> Attempt:
    def signer(_bench: Bench) -> tuple[Sign, tuple[bytes, ...]]:
        holder = pki().holder(role)
        return holder.sign, holder.chain.ders

    return hands(resigned(lambda _bench, _hello: SettingsLine(settings_line({}, serial=serial)), signer))


def _shift(**changes: object) -> Attempt:
    payload: dict[str, object] = {"device": "cam-1", "shift": "S-1", "utc_ms": UTC_MS} | changes
    return hands(lambda _bench, _hello: AssignmentLine(signed(kinds.ASSIGNMENT, payload)))


_LIE = Get("00000001", "journal.jwsl", LARGEST - 1, LARGEST)
LINES: tuple[Row, ...] = (
    Row("truncates", "hangs up at once", babbles(hangs_up=True), NOBODY, over=STREAM),
    Row("truncates", "hangs up in the middle of a file", breaks_off(12), NOBODY, over=STREAM),
    Row("truncates", "a TLS record that breaks off", spoils(late(lambda data: data[:-5])), "TLS|stalled", over=STREAM),
    Row("repeats", "TLS records", spoils(late(lambda data: data + data)), "TLS: .*mac", over=STREAM),
    Row("repeats", "frames of the link", spoils(lambda data, _: data + data), NOBODY, over=SERIAL, done=True),
    Row("reorders", "TLS records", writes(lambda pen: [Below(b"".join(reversed([pen.record(23, b"x") for _ in range(2)])))]), "TLS: .*mac", over=BOTH),
    Row("reorders", "frames of the link", spoils(lambda data, _: b"\0".join(reversed(data.split(b"\0"))) + b"\0"), NOBODY, over=SERIAL, done=True),
    Row("floods", "garbage where a link should open", babbles(*((second / 10, bytes(range(1, 256)) * 200) for second in range(300)), hangs_up=True), NOBODY, over=SERIAL),
    Row("floods", "zeros where a link should open", babbles(*((second / 10, bytes(50_000)) for second in range(300)), hangs_up=True), NOBODY, over=SERIAL),
    Row("floods", "garbage where TLS should be", raw(*(Below(bytes([22]) * 60_000) for _ in range(40))), "TLS: ", over=BOTH),
    Row("floods", "a handshake that does not end", raw(Flood(lambda: clear_record(22, b"\x02\x00\x40\x00" + bytes(1000)), 100_000, 40.0, below=True)), "TLS: ", over=BOTH),
    Row("floods", "frames of other sessions", raw(*(Beside(Frame(FrameType.DATA, 9, 0, index, b"x" * 400).encode() * 50) for index in range(100))), "no handshake in time", over=SERIAL),
    Row("floods", "acknowledgements of what was never sent", writes(lambda _pen: [Beside(Frame(FrameType.ACK, 257, index, 2**32 - 1, b"\xff" * 66).encode() * 50) for index in range(100)]), STALLED, over=SERIAL),
    Row("floods", "empty records", writes(lambda pen: [Flood(lambda: pen.record(23, b""), 20_000, 20.0, below=True)]), "TLS|stalled", over=BOTH),
    Row("floods", "warnings", writes(lambda pen: [Flood(lambda: pen.record(21, b"\x01\x5a"), 5_000, 20.0, below=True)]), "TLS|alert", over=BOTH),
    Row("floods", "key updates", writes(lambda pen: [Flood(pen.key_update, 1_000, 40.0, below=True)]), STALLED, over=BOTH),
    Row("lengths of 4 GiB", "a handshake message of 16 MiB, TLS's longest", raw(Below(clear_record(22, b"\x02\xff\xff\xff" + bytes(500)))), "TLS: .*(excessive|length)", over=BOTH),
    Row("lengths of 4 GiB", "certificates of 16 MiB after the handshake", record(22, records.HUGE), "TLS: ", over=BOTH),
    Row("lengths of 4 GiB", "a record longer than TLS has", raw(Below(b"\x16\x03\x03\xff\xff" + bytes(70_000))), "TLS: ", over=BOTH),
    Row("stalls", "contact, and nothing else", babbles(), "no handshake in time", over=STREAM),
    Row("stalls", "a link that opens, and no TLS", raw(), "no handshake in time", over=SERIAL),
    Row("stalls", "in the middle of the handshake", spoils(late(lambda data: data[:100], 0)), "no handshake in time", over=STREAM),
    Row("stalls", "before Welcome", lambda bench: bench.liar(silent), STALLED, over=BOTH),
    Row("stalls", "takes nothing of what it asked for", starves, NOBODY, over=SERIAL),
    Row("changes its certificate", "asks to negotiate anew, as TLS 1.2 could", record(22, records.HELLO_REQUEST), "TLS: .*unexpected", over=BOTH),
    Row("changes its certificate", "shakes hands again", record(22, records.SERVER_HELLO), "TLS: .*unexpected", over=BOTH),
    Row("changes its certificate", "shows another certificate", record(22, records.CERTIFICATE), "TLS: .*unexpected", over=BOTH),
    Row("changes its certificate", "asks for the camera's once more", record(22, records.CERTIFICATE_REQUEST), "TLS: ", over=BOTH),
    Row("downgrades", "to TLS 1.2", old, "TLS: .*(version|protocol)", over=BOTH),
    Row("downgrades", "to TLS 1.2, by a made-up answer", raw(Below(clear_record(22, b"\x02\x00\x00\x26\x03\x03" + bytes(33) + b"\xc0\x2b\x00"))), "TLS: ", over=BOTH),
    Row("downgrades", "to the web", raw(Below(b"HTTP/1.1 400 Bad Request\r\n\r\n")), "TLS: ", over=BOTH),
    Row("is another", "of another authority, with the same names", shows(stranger_identity), "dock-ca", over=BOTH),
    Row("is another", "by a camera's certificate for docks", shows(minted_identity), "dock-ca", over=BOTH),
    Row("is another", "who signs settings", shows(lambda b: Identity(pki().settings.chain, pki().settings.key)), "1 certificates", over=BOTH),
    Row("is another", "withdrawn", shows(lambda _: Identity(withdrawn().chain, withdrawn().key)), "withdrawn", over=BOTH),
)  # fmt: skip
TALKS: tuple[Row, ...] = (
    Row("truncates", "a message that breaks off", says(encode(ListItems(0))[:-3]), STALLED),
    Row("truncates", "a message without its body", says(encode(ReceiptLine(b"x" * 4000))[:5]), STALLED),
    Row("truncates", "a receipt without its end", hands(altered(receipt(), lambda line: line[:-9])), "ReceiptLine refused: signature", ("evidence",)),
    Row("repeats", "Welcome", says(encode(Welcome(1, "dock-1", UTC_MS, None))), "cannot say Welcome", ("protocol",)),
    Row("repeats", "a question before its answer", says(encode(Ping()) * 2), "cannot say Ping", ("protocol",)),
    Row("repeats", "a receipt of another session", hands(receipt(nonce=NONCE)), "ReceiptLine refused: .*nonce", ("evidence",)),
    Row("repeats", "an anchor of another session", hands(lambda b, _: AnchorLine(anchor_for(b.rig))), "AnchorLine refused: .*nonce", ("evidence",)),
    Row("repeats", "a receipt for the log, of another session", hands(lambda b, _: LogReceiptLine(log_receipt_for(b.rig))), "LogReceiptLine refused", ("evidence",)),
    Row("reorders", "a question before Welcome", early(encode(ListItems(0))), "cannot say ListItems", ("protocol",)),
    Row("reorders", "bytes where the camera speaks", says(encode(ListItems(0)), encode(Data(b"x"))), "cannot say Data", ("protocol",)),
    Row("reorders", "what only a camera says", says(encode(End("0" * 64))), "cannot say End", ("protocol",)),
    Row("floods", "half a message, drop by drop", says(HEAD[:1], *(b"\0" if index % 2 else 9.0 for index in range(20))), STALLED),
    Row("floods", "questions without end, all at once", says(encode(Ping()) * 5000), "cannot say Ping", ("protocol",)),
    Row("floods", "fetches and rests, again and again", lambda bench: bench.liar(alternates), "accepted"),
    Row("floods", "contests the log a thousand times", lambda bench: bench.liar(conflicts), "more than 16", ("refused",), erased=False),
    Row("floods", "a receipt of brackets that fill a memory", hands(nested), "ReceiptLine refused: .*values", ("evidence",)),
    Row("floods", "a receipt of one text with one wide character", hands(filled(b'"' + WIDE + b"a" * 1_560_000 + b'"')), "ReceiptLine refused: ", ("evidence",)),
    Row("floods", "a receipt of wide characters", hands(filled(b'"' + WIDE * 390_000 + b'"')), "ReceiptLine refused: ", ("evidence",)),
    Row("floods", "a receipt of texts with a wide character each", hands(filled(b'"' + WIDE + b'aaaaaaaaaaaaaaa"')), "ReceiptLine refused: ", ("evidence",)),
    Row("floods", "a receipt of objects in objects", hands(filled(b'{"a":{"a":{"a":0}}}')), "ReceiptLine refused: ", ("evidence",)),
    Row("lengths of 4 GiB", "a receipt", says(b"\x0d" + HEAD[1:]), "4294967295 bytes", ("protocol",)),
    Row("lengths of 4 GiB", "settings", says(b"\x04" + HEAD[1:]), "4294967295 bytes", ("protocol",)),
    Row("lengths of 4 GiB", "last words", says(b"\x15" + HEAD[1:]), "4294967295 bytes", ("protocol",)),
    Row("lengths of 4 GiB", "a receipt of one byte more than is allowed", says(b"\x0d\x00\x20\x00\x01"), "2097153 bytes", ("protocol",)),
    Row("stalls", "once READY", says(), STALLED),
    Row("answers for another device", "another dock's name", welcomes(dock="dock-2"), "calls itself dock-2", ("name",)),
    Row("answers for another device", "a shift for another camera", _shift(device="cam-2"), "AssignmentLine refused: .*device", ("evidence",)),
    Row("answers for another device", "a receipt for another camera", hands(receipt(device="cam-2")), "ReceiptLine refused: .*device", ("evidence",)),
    Row("answers for another device", "a receipt for another card", hands(receipt(volume="0" * 32)), "ReceiptLine refused: .*volume", ("evidence",)),
    Row("answers for another device", "an anchor for another card", hands(lambda b, h: AnchorLine(anchor_for(b.rig, nonce=h.nonce, volume="0" * 32))), "AnchorLine refused: .*volume", ("evidence",)),
    Row("a receipt for what it never got", "for other bytes", hands(receipt(manifest="0" * 64)), "ReceiptLine refused: .*manifest", ("evidence",)),
    Row("a receipt for what it never got", "for no file", hands(receipt(files=[])), "ReceiptLine refused: .*files", ("evidence",)),
    Row("a receipt for what it never got", "for a part", hands(part), "ReceiptLine refused: .*files", ("evidence",)),
    Row("a receipt for what it never got", "for a recording that is not there", hands(receipt(number=77)), "ReceiptLine refused: number", ("evidence",)),
    Row("a receipt for what it never got", "for the one that is ready for the next press", hands(receipt(number=3)), "ReceiptLine refused: number", ("evidence",)),
    Row("a receipt for what it never got", "for another recording", hands(receipt(number=2)), "ReceiptLine refused: .*(manifest|number|files)", ("evidence",)),
    Row("a receipt for what it never got", "for another log", hands(lambda b, h: LogReceiptLine(log_receipt_for(b.rig, nonce=h.nonce, audit={"line": 1, "head": "0" * 64}, boot=1))), "LogReceiptLine refused", ("evidence",)),
    Row("forges", "a receipt of another authority's dock", hands(resigned(receipt(), stranger)), "ReceiptLine refused: .*dock-ca", ("evidence",)),
    Row("forges", "a receipt by the camera's own key", hands(resigned(receipt(), camera_key)), "ReceiptLine refused: ", ("evidence",)),
    Row("forges", "a receipt by a dock that a camera issued", hands(resigned(receipt(), minted)), "ReceiptLine refused: ", ("evidence",)),
    Row("forges", "a receipt with another byte", hands(altered(receipt(), lambda line: line[:-3] + b"AAA")), "ReceiptLine refused: signature", ("evidence",)),
    Row("forges", "a shift in place of a receipt", hands(lambda b, h: ReceiptLine(signed(kinds.ASSIGNMENT, {"device": "cam-1", "shift": "1", "utc_ms": 0}))), "ReceiptLine refused: number", ("evidence",)),
    Row("forges", "settings that a dock signed", _settings(9, Role.DOCK), "SettingsLine refused: ", ("evidence",)),
    Row("forges", "settings of an older serial", _settings(1), "SettingsLine refused: ", ("evidence",)),
    Row("impossible offsets", "far beyond the end", asks(_LIE), "accepted", ("range",)),
    Row("impossible offsets", "behind the length", asks(Get("00000001", "journal.jwsl", 2, 1)), "accepted", ("range",)),
    Row("impossible offsets", "a file that is not there", asks(Get("00000001", "000999.mp4.age", 0, 1)), "accepted", ("unknown",)),
    Row("impossible offsets", "a page far beyond the last", asks(ListItems(1 << 31), ListFiles("00000001", 1 << 31)), "accepted"),
    Row("impossible offsets", "below zero", says(said(Get, b'{"file":"volume.jws","item":"volume","length":1,"offset":-1}')), "offset", ("protocol",)),
    Row("lies about the clock", "by twenty years, to one that is set", welcomes(utc_ms=UTC_MS + 20 * 365 * DAY_MS), "clock kept: a step of"),
    Row("lies about the clock", "back to 1970", welcomes(utc_ms=0), "clock kept: a step of"),
    Row("lies about the clock", "to the year 9999, to one that was never set", welcomes(utc_ms=253_402_300_799_000), "accepted", camera=UNSET),
    Row("lies about the clock", "back to 1970, to one that was never set", welcomes(utc_ms=0), "accepted", camera=UNSET),
    Row("lies about the clock", "beyond what a date can be", early(said(Welcome, b'{"dock":"dock-1","token":null,"utc_ms":253402300800000,"version":1}')), "utc_ms", ("protocol",)),
    Row("downgrades", "version 0", early(said(Welcome, b'{"dock":"dock-1","token":null,"utc_ms":0,"version":0}')), "version", ("protocol",)),
    Row("downgrades", "version 255", welcomes(version=255), "version 255", ("version",)),
    Row("gives up", "each time", says(encode(Error("store", "no room"))), "gave up: no room"),
    Row("gives up", "and goes on talking", says(encode(Error("x", "y")) + encode(Ping()) * 100), "gave up: y"),
    Row("gives up", "says goodbye at once", says(encode(Bye())), "accepted"),
    Row("contests", "the log, once", asks(Conflict("it is another one")), "accepted", erased=False),
)  # fmt: skip
