"""The registry: every name that the formats give a meaning, from the tables of the code that decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import partial

from firmware.core import memory
from firmware.core.indications import Trouble
from firmware.dock import link, protocol, wire
from firmware.dock.frames import FrameType
from firmware.dock.messages import Message, Raw
from firmware.dock.protocol import TABLE, Side
from firmware.evidence import kinds, log_kinds, second
from firmware.evidence.documents import Kind
from firmware.evidence.recipients import CLASSES
from firmware.evidence.roles import ARC, CLIENT_AUTH, EMAIL_PROTECTION, SERVER_AUTH, SHAPES, path
from firmware.runtime import names
from firmware.runtime.faultlines import SIGNED
from firmware.settings import KEYS, PROFILES, Settings
from tests.specification.tables import code, grouped, members, table
from tools.verify import documents as desk

WHERE: Mapping[str, tuple[str, str]] = {
    "lapel.opening.1": ("first line of `journal.jwsl`", "6.1"),
    "lapel.flush.1": ("the other lines of `journal.jwsl`", "6.2"),
    "lapel.manifest.1": ("`manifest.jws`", "8"),
    second.TYP: ("`manifest.pq.jws`", "8.1"),
    "lapel.receipt.1": ("`receipt.jws`", "9"),
    "lapel.anchor.1": ("`anchor.jws`", "10"),
    "lapel.audit.1": ("`audit/NNNNNNNN.jwsl`", "11"),
    "lapel.log-receipt.1": ("`log-receipt.jws`", "11.3"),
    "lapel.volume.1": ("`volume.jws`", "12"),
    "lapel.settings.1": ("`settings.jws` of a camera, a dock, a desk", "13"),
    "lapel.bundle.1": ("beside a firmware bundle, not evidence: `NAME.jws`", "13.1"),
    "lapel.assignment.1": ("said by a dock, not evidence", "14"),
    "lapel.recall.1": ("handed on by a dock, not evidence: `recall.jws`", "14.3"),
    "lapel.release.1": ("the same: `release.jws`", "14.3"),
    "lapel.consent.1": ("the same: `consent.jws`", "14.3"),
    "lapel.time.1": ("handed on by a dock, not evidence", "14.1"),
    desk.ATTRIBUTION: ("`attributions/NNNNNNNN-HASH16.jwsl`", "14.2"),
    desk.DERIVED: ("beside a film that a desk cut: `NAME.derived.jws`", "17"),
}
"""Where an object of each type stands, and its section."""

ELSEWHERE: Mapping[str, tuple[str, str]] = {
    second.TYP: ("device, on the pq-root", "`x5c`"),
    desk.ATTRIBUTION: ("dock, and export", "`x5c`"),
    desk.DERIVED: ("export", "`x5c`"),
}
"""Signer of the types that are no ``Kind`` of the firmware."""

FAULTS: Mapping[str, str] = {
    "audit-damaged": "a file of the log does not verify",
    "anchor": "the anchor on the card cannot be believed",
    "anchor-ahead": "the anchor on the card is over a later line than the log has: it was turned back",
    "counter": "the hardware's counter could not be advanced",
    "counter-back": "the hardware's counter says less than the log",
    "counter-ahead": "the hardware's counter says more than the log allows",
    "log-private": "the private part of the log failed in this boot",
    "log-receipt": "the receipt for the log on the card cannot be believed",
    "part-missing": "a part of the camera is not there, or does not work; followed by its name",
    "part-back": "it is there again; followed by its name",
    "part-lost": "a part of the service ended, and was started again",
    "settings-back": "the settings on the small partition are older than those that a dock brought; followed by both serials",
    "receipt": "the receipt of a recording cannot be believed; followed by its number",
}
"""First words of a fault's ``code`` that are no trouble."""

NAMES: Mapping[str, str] = {
    names.VOLUME: "12",
    names.ANCHOR: "10",
    names.LOG_RECEIPT: "11.3",
    names.RESERVE: "1",
    names.AUDIT: "11",
    names.RECORDINGS: "1",
    names.ERASING: "18.7",
    names.QUARANTINE: "18.6",
    names.JOURNAL: "6",
    names.PRIVATE: "7",
    names.MANIFEST: "8",
    names.SECOND: "8.1",
    names.RECEIPT: "9",
    names.segment(0).replace("000000", "NNNNNN"): "5",
    names.audit(0).replace("00000000", "NNNNNNNN"): "11",
    names.audit_private(0).replace("00000000", "NNNNNNNN"): "11.2",
    f"NAME{names.UNFINISHED}": "18.1",
    "manifest.tsr": "15",
    "NNNNNNNN-HASH16.jwsl": "14.2",
    "attributions": "14.2",
    "NAME.conflict-HASH8": "1",
    "NNNNNNNN.damaged-...": "1",
}
"""Names of files and folders, and the section that says what they are."""


REFUSED: Mapping[str, str] = {
    "evidence": "the line, or the request, does not hold: not verified, another device's, an item that is not in stock",
    "storage": "the card failed; in an enrolment, the small partition or the signer",
    "unknown": "the item has no such file",
    "range": "`offset` or `length` is beyond what was listed; a Piece that goes beyond the bundle's end",
    "changed": "the file is shorter than it was",
    "board": "the bundle is for another board",
    "serial": "the bundle's serial is not above what was installed, or it needs another bundle before",
    "waiting": "another bundle is here already, and goes to the updater",
    "failed": "since the camera was started the updater refused this bundle, or other bytes than its paper says came again and again",
    "battery": "too little charge for new firmware, and no charger",
    "space": "no room for the bundle",
    "locked": "an enrolment, 4.9: the camera belongs to somebody, or another link was quicker",
    "hash": "all bytes of the bundle arrived, and they are not those of its paper: they were thrown away",
}
"""Codes of Refused."""

ERRORS: Mapping[str, str] = {
    "protocol": "the other side said what it may not, or what no message is",
    "tls": "the other side does not speak TLS 1.3 as section 2 asks for",
    "version": "no version that both speak",
    "name": "a name is not that of the certificate",
    "refused": "the other side is not who it says: proof, names, revocation; or too much of what it signs does not hold",
    "store": "the dock cannot store",
    "full": "as many cameras as the dock takes are in it already, or as many links of this one",
    "shutdown": "the speaker is being stopped",
    "internal": "a mistake in the speaker's own program",
}
"""Codes of Error."""


def roles() -> str:
    """Shapes of certificates."""
    shown = {"digital_signature": "digitalSignature", "key_cert_sign": "keyCertSign", "crl_sign": "cRLSign"}
    usual = {CLIENT_AUTH: "clientAuth", SERVER_AUTH: "serverAuth", EMAIL_PROTECTION: "emailProtection"}
    rows = []
    for role, shape in SHAPES.items():
        above = [str(each) for each in reversed(path(role))]
        chain = ", ".join(["root", *above]) if len(above) < 3 else f"..., {', '.join(above[-2:])}"
        length = "no path length" if shape.path_length is None else f"path length {shape.path_length}"
        usages = ", ".join(shown[each] for each in shown if each in shape.usages)
        purposes = ", ".join(usual.get(each, str(role)) for each in shape.purposes) or "none"
        rows.append((role, chain, f"CA, {length}" if shape.ca else "not CA", usages, purposes))
    return table(("role", "chain from the root", "basicConstraints", "keyUsage", "extendedKeyUsage"), rows)


def codes() -> str:
    """Codes of Refused and Error."""
    rows = [("Refused", f"`{code}`", meaning) for code, meaning in REFUSED.items()]
    return table(
        ("message", "code", "meaning"), [*rows, *(("Error", f"`{code}`", meaning) for code, meaning in ERRORS.items())]
    )


def signed_objects() -> dict[str, Kind]:
    """Every ``Kind`` of the firmware by its type."""
    found = [each for module in (kinds, log_kinds) for each in vars(module).values() if isinstance(each, Kind)]
    return {each.typ: each for each in found}


def types() -> str:
    """Types of signed objects."""
    known = signed_objects()
    rows = []
    for typ in sorted({*known, *ELSEWHERE}):
        kind = known.get(typ)
        keyed = kind is kinds.FLUSH or kind is log_kinds.AUDIT
        by = "`kid`" if kind is kinds.FLUSH else "`x5c`; `kid` behind the first line of a file" if keyed else "`x5c`"
        signer = (str(kind.role), by) if kind else ELSEWHERE[typ]
        place, section = WHERE[typ]
        rows.append((f"`{typ}`", *signer, place, section))
    return table(("`typ`", "signed by", "certificate", "stands in", "section"), rows)


def purposes() -> str:
    """Object identifiers."""
    rows = []
    for role, shape in SHAPES.items():
        own = [each for each in shape.purposes if each.startswith(ARC)]
        rows += [(each.rsplit(".", 1)[1], f"`{each}`", role) for each in own]
    last = second.PURPOSE.rsplit(".", 1)[1]
    return table(
        ("N", "object identifier", "role"),
        [*rows, (last, f"`{second.PURPOSE}`", "device, of a second signature (8.1)")],
    )


def ages() -> str:
    """Classes of recipients."""
    rows = [(f"`{each.name}`", f"`{each.prefix}1`", each.size) for each in CLASSES]
    return table(("class", "recipients begin with", "bytes of a public key"), rows)


def audit_kinds() -> str:
    """Kinds of lines in the log."""
    rows = [(f"`{kind}`", code(members(check))) for kind, check in log_kinds.AUDIT_DATA.items()]
    return table(("`kind` of an audit line", "members of `data`"), rows)


def private_kinds() -> str:
    """Kinds of records in both private parts."""
    common = {"kind", "clock", "at"}
    rows = []
    for where, table_of in (("`private.age` (7)", kinds.PRIVATE), ("the log's (11.2)", log_kinds.LOG_PRIVATE)):
        for kind in table_of:
            check = partial(_of_kind, table_of[kind], kind)
            rows.append((where, f"`{kind}`", code(each for each in members(check) if each not in common)))
    return table(("private part", "`kind`", "further members"), rows)


def _of_kind(check: object, kind: str, value: dict[str, object], where: str) -> None:
    """A record with its own ``kind`` filled in, so that the check goes on to the others."""
    check({**value, **({"kind": kind} if "kind" in value else {})}, where)  # type: ignore[operator]  # a check of a table, called as it is called there


def gaps() -> str:
    """Counters of what is not there."""
    meaning = {
        "video": "frames that the camera did not deliver, that came with a time not later than the one before, or that are no picture",
        "audio": "sound units that the microphone did not deliver",
        "overflow": "units, of picture or sound, that were dropped because storage lagged; up to the next keyframe",
    }
    return table(("`gaps`", "counts"), [(f"`{name}`", meaning[name]) for name in members(kinds.GAPS)])


def faults() -> str:
    """Codes of faults, and troubles."""
    rows = [(f"`{word}`", "yes", meaning) for word, meaning in FAULTS.items()]
    rows += [(f"`{each.value}`", "yes" if each in SIGNED else "no", "a trouble that is shown") for each in Trouble]
    return table(("code", "in the audit log", "meaning"), sorted(rows))


def settings() -> str:
    """Keys of ``values`` in settings."""
    default = Settings()
    rows = [
        (f"`{key}`", rule, f"`{str(getattr(default, key)).lower()}`", meaning) for key, (rule, meaning) in KEYS.items()
    ]
    pictures = [(f"`{name}`", *map(str, values.values())) for name, values in PROFILES.items()]
    asked = f"(`pre_event_s` + {memory.SLACK_S} + {memory.QUEUES} `queue_s`) `bitrate` / 8 · {memory.OVERSHOOT}"
    return "\n\n".join(
        [
            table(("key", "value", "default", "meaning"), rows),
            "What a named `profile` makes of four of them:",
            table(("`profile`", "`width`", "`height`", "`fps`", "`bitrate`"), pictures),
            f"Together they may ask for {memory.SPARE_BYTES} bytes of memory at most: {asked}.",
        ]
    )


def files() -> str:
    """Names on a card and in a store."""
    return table(("name", "section"), [(f"`{name}`", section) for name, section in sorted(NAMES.items())])


def message_types() -> str:
    """Messages of the dock protocol."""
    rows = []
    for number, kind in sorted(wire.MESSAGES.items()):
        speakers = {turn for turn, moves in TABLE.values() if turn and kind in moves} or set(Side)
        raw = issubclass(kind, Raw)
        body = "raw" if raw else code(each.name for each in fields(kind)) or "none: `{}`"  # type: ignore[arg-type]  # every message is a dataclass
        who = next(iter(speakers)).value if len(speakers) == 1 else "either"
        rows.append((number, kind.__name__, who, body, grouped(kind.LIMIT)))
    return table(("type", "message", "from", "members", "bytes at most"), rows)


def frame_types() -> str:
    """Frames of the link."""
    return table(("type", "frame"), [(each.value, each.name) for each in FrameType])


def versions() -> str:
    """Numbers of versions in force."""
    rows = [
        ("the dock protocol: `versions` in Hello, `version` in Welcome", code(protocol.VERSIONS)),
        ("the link: first byte of OPEN and OPENED", code([link.VERSION])),
    ]
    return table(("what", "versions"), rows)


def states() -> str:
    """Who may say what when."""

    def said(moves: Mapping[type[Message], protocol.State]) -> str:
        grouped_by: dict[str, list[str]] = {}
        for kind, after in moves.items():
            grouped_by.setdefault(after.name, []).append(kind.__name__)
        return "; ".join(f"{', '.join(each)}: {after}" for after, each in grouped_by.items())

    rows = [(state.name, turn.value if turn else "nobody", said(moves)) for state, (turn, moves) in TABLE.items()]
    return table(("state", "who speaks", "message and next state"), rows)
