"""The parsers that run on a camera, on its dock, and in the simulator."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firmware import settings
from firmware.dock import cobs, protocol, wire
from firmware.dock.arq import WINDOW_LIMIT
from firmware.dock.errors import LocalProtocolError, RemoteProtocolError
from firmware.dock.frames import Deframer, Frame, FrameType
from firmware.dock.link import Link
from firmware.dock.messages import Busy, ClockSet, Hello, Message, Refused, Welcome
from firmware.dock.protocol import TABLE, Connection, Side
from firmware.evidence import canonical, certs, der, documents, jws, keys, kinds
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.assignment import verify_assignment
from firmware.evidence.audit import read_audit
from firmware.evidence.bundle import verify_bundle
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.journal import last_clock, read_journal
from firmware.evidence.jws import Signed
from firmware.evidence.log_receipt import verify_log_receipt
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.recall import verify_order
from firmware.evidence.receipt import verify_receipt
from firmware.evidence.recipients import parse_recipient
from firmware.evidence.request import make_request, read_request
from firmware.evidence.roles import Role
from firmware.evidence.settings_doc import recipients, trust_under, verify_settings
from firmware.evidence.timestamp import Stamper, verify_timestamp
from firmware.evidence.timetoken import verify_token
from firmware.evidence.volume import verify_volume
from firmware.media import h264
from firmware.media.errors import MediaError
from firmware.media.sps import sps_facts
from hal.pi import boardfile
from hal.pi.strict import BoardError
from hal.sim import control
from hal.sim.calls import Call, CallError, Flag, Number, Text, Word, pick
from tests.evidence_maker import RECIPIENTS, TimeAuthority
from tests.fuzz import mutators, resigning, seeds, signing, trees
from tests.fuzz.signing import NAME
from tests.fuzz.target import Bound, Target
from tests.unit.dock.samples import SAMPLES
from tools.dock.copying.catching_up import read_record
from tools.dock.places.address import check_endpoint
from tools.dock.places.address import parse as parse_address
from tools.dock.places.place import AddressError
from tools.dock.rack import refusals
from tools.dock.rack.slots import SlotsError, read_slots
from tools.dock.shifts.badges import BadgeError, Officer, read_badges
from tools.dock.shifts.keyboard import EVENT, KeyLines, TextLines
from tools.dock.shifts.reader import Counter as Handout

NONCE = "0123456789abcdef" * 2
_ROLES = (Role.DEVICE_CA, Role.DEVICE, Role.SESSION, Role.LINK, Role.DOCK_CA, Role.DOCK, Role.SETTINGS)


@cache
def _trust() -> certs.Trust:
    return certs.Trust.load(signing.authority().root_pem)


@cache
def _manifest() -> Signed:
    return verify_manifest(jws.from_file(seeds.recording("manifest.jws")), _trust())


def _chain(data: bytes) -> None:
    role = _ROLES[data[0] % len(_ROLES)] if data else Role.DEVICE
    certs.verify_chain(signing.split_chain(data[1:]), _trust(), role)


def _settings(data: bytes) -> None:
    signed = verify_settings(jws.from_file(data), _trust())
    recipients(signed)
    trust_under(signed, _trust())


def _about_a_recall(data: bytes) -> None:
    verify_order(jws.from_file(data), _trust(), device=NAME)


def _assignment(data: bytes) -> None:
    verify_assignment(jws.from_file(data), _trust(), device=NAME)


def _log_receipt(data: bytes) -> None:
    verify_log_receipt(jws.from_file(data), _trust(), nonce=None, device=NAME)


def _receipt(data: bytes) -> None:
    verify_receipt(jws.from_file(data), _trust(), _manifest(), nonce=None)


def _keyed(kind: Kind, data: bytes) -> None:
    documents.verify(kind, jws.from_file(data), _trust())


def _values(data: bytes) -> None:
    values = json.loads(data)
    if isinstance(values, dict):
        settings.load(("authority", values))


def _access_unit(data: bytes) -> None:
    h264.is_idr(data)
    h264.to_avcc(data, known=h264.parameter_sets(data))


def _deframe(data: bytes) -> None:
    """In two pieces: what is kept between them is bounded."""
    deframer = Deframer()
    for piece in (data[: len(data) // 2], data[len(data) // 2 :]):
        for frame in deframer.receive_data(piece):
            frame.encode()


def _link(data: bytes) -> None:
    """Both ends of a link hear the same, answer, and let time pass."""
    for session in (None, 7):
        link = Link(session)
        link.send(b"x" * 1000)
        for at in range(0, len(data), 600):
            link.receive_data(data[at : at + 600], at * 10_000_000)
            while link.next_event():
                pass
            link.data_to_send()


def _typed(data: bytes) -> None:
    """As text and as keys, at a place where one badge and one camera are known."""
    for lines in (TextLines(), KeyLines()):
        counter = Handout(lambda: {"04A1B2C3": Officer("4711")}, lambda device: device == "cam-1")
        for at, line in enumerate(lines.feed(data)):
            counter.hear(line, at * 10_000)


_SAMPLES = {type(each): each for each in SAMPLES}


def _converse(side: Side, data: bytes, begin: protocol.State = protocol.State.GREETING) -> None:
    """A conversation in which this side says in turn whatever brings it on."""
    connection, turns = Connection(side, begin), Counter[protocol.State]()
    rest = data
    while True:
        while connection.my_turn:
            state, moves = connection.state, TABLE[connection.state][1]
            said = [_SAMPLES[kind] for kind, after in moves.items() if after is not state]
            connection.send(said[turns[state] % len(said)])
            turns[state] += 1
        if connection.state in protocol.ENDED:
            return
        if connection.next_event() is None:
            if not rest:
                return
            connection.receive_data(rest[:4096])
            rest = rest[4096:]


_KEY = ec.derive_private_key(20_261_130, ec.SECP256R1())
_AGAIN = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def _asked() -> bytes:
    return make_request(NAME, keys.public_der(_KEY.public_key()), keys.software_sign(_KEY))


def _request(told: bytes) -> bytes:
    """A request for whatever is told, signed; of s that is low or not."""
    signature = der.spell(0x03, b"\0", _KEY.sign(told, _AGAIN))
    return der.spell(0x30, told, bytes.fromhex("300a06082a8648ce3d040302"), signature)


def _request_mutated(data: bytes, draw: Random) -> bytes:
    """Changed, or told something else and signed for that."""
    inside = signing.split_chain(data[3:]) if data[:2] == b"\x30\x81" else []
    if len(inside) != 3 or draw.random() < 0.3:
        return trees.DER.mutate(data, draw)
    return _request(trees.DER.mutate(inside[0], draw))


def _body(data: bytes) -> None:
    """Any body as a message of any type."""
    kind = wire.MESSAGES.get(data[0] if data else 0)
    if kind is not None:
        wire.encode(kind.parse(data[1:]))


def _body_mutated(data: bytes, draw: Random) -> bytes:
    return data[:1] + mutators.json_object(data[1:], draw)


def _said_by(side: Side) -> bytes:
    """A whole conversation, as far as the other side hears it."""
    return b"".join(wire.encode(each) for each in _story() if side in _speakers(type(each)))


def _story() -> Iterator[Message]:
    """Each message in an order in which it may come."""
    yield from (_SAMPLES[kind] for kind in (Hello, Welcome, ClockSet))
    ready = TABLE[protocol.State.READY][1]
    for question, state in ready.items():
        yield _SAMPLES[question]
        yield from (_SAMPLES[answer] for answer in TABLE[state][1] if answer not in (Busy, Refused))


def _enrolment(side: Side) -> bytes:
    """A whole enrolment, as far as the other side hears it."""
    said: list[Message] = []
    state = protocol.State.INTRODUCING
    while state is not protocol.State.CLOSED:
        turn, moves = TABLE[state]
        kind, state = next(iter(moves.items()))
        said += [_SAMPLES[kind]] if turn is side else []
    return b"".join(map(wire.encode, said))


def _speakers(kind: type[Message]) -> set[Side]:
    return {side for side, moves in TABLE.values() if side is not None and kind in moves}


def _frames() -> list[bytes]:
    offer = b"\1\0\x20\1\xea"
    rows = [
        Frame(FrameType.OPEN, 7, payload=offer),
        Frame(FrameType.OPENED, 7, payload=offer),
        Frame(FrameType.DATA, 7, 0, 1, b"hello"),
        Frame(FrameType.ACK, 7, 1, 1, b"\0\x20\5"),
        Frame(FrameType.PROBE, 7, 0, 2),
        Frame(FrameType.RESET, 7),
    ]
    return [
        b"".join(row.encode() for row in rows),
        rows[0].encode() + rows[2].encode(),
        rows[1].encode() + rows[3].encode(),
    ]


def _frames_mutated(data: bytes, draw: Random) -> bytes:
    """One frame with a changed body and a CRC that fits."""
    codes = data.split(cobs.DELIMITER)
    at = draw.randrange(len(codes))
    try:
        raw = cobs.decode(codes[at])
    except cobs.CobsError:
        return mutators.plain(data, draw)
    if len(raw) < 17 or draw.random() < 0.2:
        return mutators.plain(data, draw)
    body = mutators.plain(raw[:-4], draw)[:503].ljust(13, b"\0")
    kind = FrameType(body[0] % len(FrameType) + 1)
    numbers = (int.from_bytes(body[start : start + 4], "big") for start in (1, 5, 9))
    session, sequence, stamp = numbers
    known = 7 if draw.random() < 0.7 else session
    codes[at] = Frame(kind, known, sequence % (2 * WINDOW_LIMIT), stamp, body[13:503]).encode()[:-1]
    return cobs.DELIMITER.join(codes)


_VERBS = {
    "press": Call(lambda **_: None, {"button": Word(("record",)), "bounces": Number(0, 50, 0)}),
    "plug": Call(lambda **_: None, {"port": Text()}),
    "fault": Call(lambda **_: None, {"seconds": Number(0, 60, real=True), "on": Flag(default=True)}),
}


def _address(data: bytes) -> None:
    named = parse_address(data.decode("utf-8", "surrogateescape"))
    check_endpoint(named.settings.get("endpoint", "http://127.0.0.1"), "endpoint")


def _order(data: bytes) -> None:
    request = control._parse(data)
    pick(_VERBS, "verb", request.pop("do", None))(request)


def _file(name: str) -> Callable[[], list[bytes]]:
    return lambda: [seeds.recording(name)]


_KEYED = Bound(2 << 20, 64)


def _line_mutated(data: bytes, draw: Random) -> bytes:
    """One of several lines of JSON changed."""
    lines = data.split(b"\n")
    at = draw.randrange(len(lines))
    lines[at] = mutators.json_object(lines[at], draw)
    return b"\n".join(lines)


ROWS: tuple[Target, ...] = (
    Target(
        "camera/recipient",
        lambda data: parse_recipient(data.decode("latin-1")),
        (EvidenceError,),
        lambda: [each.address.encode() for each in RECIPIENTS],
        longest=5000,
    ),
    Target(
        "camera/canonical-json",
        lambda data: canonical.decode(data, 8192),
        (EvidenceError,),
        lambda: [mutators.canonical(seeds.settings())],
        mutators.json_object,
    ),
    Target("camera/jws", jws.parse, (EvidenceError,), lambda: [seeds.settings_line()], signing.signed),
    Target("camera/certificates", _chain, (EvidenceError,), seeds.chains, signing.chain, bound=_KEYED),
    Target(
        "camera/certificate-file", certs.Trust.load, (EvidenceError,), seeds.certificates_pem, trees.pem, bound=_KEYED
    ),
    Target("camera/private-key", keys.load_key, (EvidenceError,), seeds.key_files, trees.pem),
    Target(
        "camera/public-key",
        keys.load_public_key,
        (EvidenceError,),
        lambda: seeds.public_keys(serialization.Encoding.DER),
        trees.DER.mutate,
    ),
    Target(
        "camera/public-key-file",
        keys.load_public_key_pem,
        (EvidenceError,),
        lambda: seeds.public_keys(serialization.Encoding.PEM),
        trees.pem,
    ),
    Target(
        "camera/journal",
        lambda data: read_journal(data, _trust()),
        (),
        seeds.journal,
        signing.lines,
        16384,
        _KEYED,
    ),
    Target(
        "camera/journal-end",
        lambda data: last_clock(data, data[-8192:], _trust()),
        (EvidenceError,),
        seeds.journal,
        signing.lines,
        16384,
        _KEYED,
    ),
    Target(
        "camera/audit", lambda data: read_audit(data, _trust()), (), seeds.audit_files, signing.lines, 24576, _KEYED
    ),
    Target(
        "camera/manifest",
        partial(_keyed, kinds.MANIFEST),
        (EvidenceError,),
        _file("manifest.jws"),
        signing.signed,
        bound=_KEYED,
    ),
    Target("camera/receipt", _receipt, (EvidenceError,), _file("receipt.jws"), signing.signed, bound=_KEYED),
    Target(
        "camera/anchor",
        lambda data: verify_anchor(jws.from_file(data), _trust(), nonce=None, device=NAME),
        (EvidenceError,),
        lambda: [seeds.volume()["anchor.jws"]],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/log-receipt",
        _log_receipt,
        (EvidenceError,),
        lambda: [seeds.log_receipt_line() + b"\n"],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/volume",
        lambda data: verify_volume(jws.from_file(data), _trust(), device=NAME),
        (EvidenceError,),
        lambda: [seeds.volume()["volume.jws"]],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/settings",
        _settings,
        (EvidenceError,),
        lambda: [seeds.settings_line() + b"\n"],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/recall",
        _about_a_recall,
        (EvidenceError,),
        lambda: [line + b"\n" for line in seeds.order_lines()],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/assignment",
        _assignment,
        (EvidenceError,),
        lambda: [seeds.assignment_line() + b"\n"],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/time-word",
        lambda data: verify_token(data, NONCE, _trust(), None, least_ms=0),
        (EvidenceError,),
        lambda: [seeds.time_line(NONCE)],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/time-stamp",
        lambda data: verify_timestamp(data, resigning.STAMPED, Stamper(TimeAuthority().root)),
        (EvidenceError,),
        seeds.stamps,
        resigning.stamp,
        bound=_KEYED,
    ),
    Target(
        "camera/bundle",
        lambda data: verify_bundle(jws.from_file(data), _trust()),
        (EvidenceError,),
        lambda: [seeds.bundle_line() + b"\n"],
        signing.signed,
        bound=_KEYED,
    ),
    Target(
        "camera/settings-values",
        _values,
        (settings.SettingsError, ValueError, RecursionError),
        lambda: [mutators.canonical(dict.fromkeys(settings.KEYS, 30)), b'{"pre_event_s":30,"bookmark_label":"x"}'],
        mutators.json_object,
    ),
    Target("camera/access-unit", _access_unit, (MediaError,), seeds.access_units),
    Target("camera/sps", sps_facts, (MediaError,), lambda: [seeds.access_units()[0][4:40]], longest=512),
    Target("link/cobs", cobs.decode, (cobs.CobsError,), lambda: [cobs.encode(bytes(range(200)) * 3)]),
    Target("link/frames", _deframe, (), _frames, _frames_mutated),
    Target("link/session", _link, (), _frames, _frames_mutated),
    Target(
        "dock/camera-hears",
        partial(_converse, Side.CAMERA),
        (RemoteProtocolError,),
        lambda: [_said_by(Side.DOCK)],
        trees.MESSAGES.mutate,
    ),
    Target(
        "dock/dock-hears",
        partial(_converse, Side.DOCK),
        (RemoteProtocolError,),
        lambda: [_said_by(Side.CAMERA)],
        trees.MESSAGES.mutate,
    ),
    Target(
        "enrolment/camera-hears",
        partial(_converse, Side.CAMERA, begin=protocol.State.INTRODUCING),
        (RemoteProtocolError,),
        lambda: [_enrolment(Side.DOCK)],
        trees.MESSAGES.mutate,
    ),
    Target(
        "enrolment/desk-hears",
        partial(_converse, Side.DOCK, begin=protocol.State.INTRODUCING),
        (RemoteProtocolError,),
        lambda: [_enrolment(Side.CAMERA)],
        trees.MESSAGES.mutate,
    ),
    Target(
        "enrolment/request",
        read_request,
        (EvidenceError,),
        lambda: [_request(x509.load_der_x509_csr(_asked()).tbs_certrequest_bytes)],
        _request_mutated,
        longest=2048,
    ),
    Target(
        "dock/message",
        _body,
        (EvidenceError, LocalProtocolError),
        lambda: [bytes((each.TYPE,)) + each.body() for each in SAMPLES],
        _body_mutated,
    ),
    Target(
        "dock/badges",
        lambda data: read_badges(data, "badges.jsonl"),
        (BadgeError,),
        lambda: [b'{"officer": "4711", "tag": "04A1B2C3"}\n{"camera": "cam-1", "tag": "0000"}\n{"tag": "0000"}\n'],
        bound=Bound(4 << 20, 64),
    ),
    Target(
        "dock/reader",
        _typed,
        (),
        lambda: [b"04A1B2C3\ncam-1\r\n", b"".join(EVENT.pack(0, 0, 1, code, 1) for code in (46, 30, 50, 12, 2, 28))],
    ),
    Target(
        "camera/board",
        lambda data: boardfile.parse(data, "board.toml"),
        (BoardError,),
        lambda: [path.read_bytes() for path in boardfile.shipped().values()],
        bound=Bound(2 << 20, 256),
    ),
    Target(
        "dock/slots",
        read_slots,
        (SlotsError,),
        lambda: [b'[slots]\nA1 = "1-1.2"\nA2 = ["1-1.3", "/dev/ttyAMA0"]\n', b"slots = {a = '1-1'}"],
        longest=4096,
        bound=Bound(2 << 20, 256),
    ),
    Target(
        "dock/place",
        _address,
        (AddressError,),
        lambda: [
            b"s3://evidence/docks/main?endpoint=https://[::1]:9000&region=eu",
            b"swift://c/p?region=x",
            b"dir:/mnt/a?disk=same",
        ],
        longest=2048,
    ),
    Target(
        "dock/copied",
        read_record,
        (),
        lambda: [
            b'{"files": 6, "item": "cam-1/00/recordings/00000002", "place": "swift://c", "size": 1, "utc_ms": 2}\n' * 2
        ],
        _line_mutated,
    ),
    Target(
        "dock/refusals",
        refusals.parse,
        (refusals.RefusalsError,),
        lambda: [refusals.dump([refusals.Refusal("1-1.2", "cam-1", "withdrawn", 5, 9, 3)] * 2)],
        _line_mutated,
    ),
    Target(
        "sim/control",
        _order,
        (CallError,),
        lambda: [b'{"do":"press","button":"record","bounces":3}\n', b'{"do":"fault","seconds":2.5,"on":true}\n'],
        mutators.json_object,
    ),
)
