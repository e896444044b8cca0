"""Who may say what when, written from ``docs/dock-protocol.md`` alone (sections 3, 4.2 and 6), with nothing of ours imported: what a peer says
next is accepted or refused, and why is nobody's question here."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
CAMERA, DOCK = "camera", "dock"
LARGEST = 2**53 - 1
KIB, MIB = 1 << 10, 1 << 20

_REQUESTS = {
    4: "STORING", 5: "STORING", 13: "STORING", 22: "STORING", 14: "STORING", 23: "STORING", 35: "STORING", 6: "LISTING", 8: "NAMING",
    10: "SENDING", 24: "OFFERING", 18: "ANSWERING", 20: "CLOSED",
}  # fmt: skip
_NOT_NOW = {17: "READY", 16: "READY"}
STATES: Mapping[str, tuple[str, Mapping[int, str]]] = {
    "GREETING": (CAMERA, {1: "WELCOMING"}),
    "WELCOMING": (DOCK, {2: "TIMING"}),
    "TIMING": (CAMERA, {3: "READY"}),
    "READY": (DOCK, _REQUESTS),
    "LISTING": (CAMERA, {7: "READY", **_NOT_NOW}),
    "NAMING": (CAMERA, {9: "READY", **_NOT_NOW}),
    "SENDING": (CAMERA, {11: "SENDING", 12: "READY", **_NOT_NOW}),
    "STORING": (CAMERA, {15: "READY", **_NOT_NOW}),
    "OFFERING": (CAMERA, {25: "FILLING", 15: "READY", **_NOT_NOW}),
    "FILLING": (DOCK, {26: "TAKING", **_REQUESTS}),
    "TAKING": (CAMERA, {27: "FILLING", 15: "READY", **_NOT_NOW}),
    "ANSWERING": (CAMERA, {19: "READY"}),
    "INTRODUCING": (CAMERA, {28: "CALLED", 16: "CLOSED"}),
    "CALLED": (DOCK, {29: "MAKING", 20: "CLOSED"}),
    "MAKING": (CAMERA, {30: "CERTIFYING", 16: "CLOSED"}),
    "CERTIFYING": (DOCK, {31: "INSTRUCTING", 20: "CLOSED"}),
    "INSTRUCTING": (DOCK, {4: "PROVING", 20: "CLOSED"}),
    "PROVING": (CAMERA, {32: "COMMITTING", 16: "CLOSED"}),
    "COMMITTING": (DOCK, {33: "LOCKING", 20: "CLOSED"}),
    "LOCKING": (CAMERA, {34: "CLOSED", 16: "CLOSED"}),
    "CLOSED": ("", {}),
    "FAILED": ("", {}),
}
ERROR = 21
ENDED = ("CLOSED", "FAILED")
RAW = {
    4: (0, 2 * MIB),
    5: (0, 64 * KIB),
    11: (1, 64 * KIB),
    13: (0, 2 * MIB),
    14: (0, 64 * KIB),
    22: (0, 2 * MIB),
    24: (0, 64 * KIB),
    26: (1, 64 * KIB),
    30: (1, KIB),
    32: (1, 64 * KIB),
    35: (0, 64 * KIB),
}
JSON_LIMIT = 64 * KIB


def _whole(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def _text(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _flag(value: Any) -> bool:
    return value is True or value is False


def _base64(value: Any) -> bool:
    """Base64 in its one spelling, of 1 to 4096 bytes or a few more."""
    if not isinstance(value, str) or not 0 < len(value) <= 5464:
        return False
    try:
        return base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
    except ValueError:
        return False


def _record(**members: Check) -> Check:
    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and value.keys() == members.keys()
            and all(members[name](value[name]) for name in members)
        )

    return check


def _items(check: Check, most: int) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(check, value))


COUNT = _whole(0, LARGEST)
NAME, HASH, ID = _text("[a-z0-9-]{1,32}"), _text("[0-9a-f]{64}"), _text("[0-9a-f]{32}")
WORDS = _text(r"[^\x00-\x1f\x7f-\x9f]{0,256}")
CODE, TIME, INDEX = _text("[a-z0-9-]{1,32}"), _whole(0, 253_402_300_799_999), _whole(0, 1 << 31)
CLOCK = _record(mono_ms=COUNT, utc_ms=_whole(-LARGEST, LARGEST), quality=_text("unset|rtc|dock"))
ITEM = _text("[0-9]{8}|audit|volume")
FILE = _text(
    r"journal\.jwsl|manifest\.jws|manifest\.pq\.jws|private\.age|volume\.jws|log-receipt\.jws"
    r"|[0-9]{8}\.jwsl|[0-9]{8}\.private\.age|[0-9]{6}\.mp4\.age"
)
FACTS = _record(
    device=NAME, volume=ID, boot=_whole(1, 99_999_999), number=_whole(0, 99_999_999), firmware=WORDS, clock=CLOCK,
    battery=_record(percent=_whole(0, 100), charging=_flag), space=_record(total=COUNT, free=COUNT), audit=_record(line=COUNT, head=HASH),
    update=_record(board=_text("[A-Za-z0-9-]{1,64}"), serial=COUNT, state=_text("none|waiting|installed|failed")),
)  # fmt: skip
ENTRY = _record(kind=_text("recording|audit|volume"), name=ITEM, priority=_flag, files=_whole(0, 100_010), size=COUNT)
TOKEN: Check = lambda value: value is None or _text("[A-Za-z0-9+/=]{1,16384}")(value)  # noqa: E731
BODIES: Mapping[int, Check] = {
    1: _record(versions=_items(_whole(1, 255), 16), facts=FACTS, nonce=ID, proof=_text("[0-9a-f]{16,160}")),
    2: _record(version=_whole(1, 255), dock=NAME, utc_ms=TIME, token=TOKEN),
    3: _record(before=CLOCK, after=CLOCK, taken=_flag, reason=WORDS),
    6: _record(start=INDEX),
    7: _record(items=_items(ENTRY, 256), total=INDEX),
    8: _record(item=ITEM, start=INDEX),
    9: _record(files=_items(_record(name=FILE, length=COUNT), 256), total=INDEX),
    10: _record(item=ITEM, file=FILE, offset=COUNT, length=COUNT),
    12: _record(hash=HASH),
    15: _record(hash=HASH),
    16: _record(code=CODE, text=WORDS),
    17: _record(reason=WORDS),
    18: _record(),
    19: _record(facts=FACTS, busy=_flag),
    20: _record(),
    21: _record(code=CODE, text=WORDS),
    23: _record(reason=WORDS),
    25: _record(offset=COUNT),
    27: _record(offset=COUNT),
    28: _record(
        versions=_items(_whole(1, 255), 16),
        board=_text("[A-Za-z0-9-]{1,64}"),
        serial=_text("[A-Za-z0-9-]{0,64}"),
        firmware=WORDS,
        signer=_text("software|tpm2|firmware"),
        key=lambda value: value is None or HASH(value),
    ),
    29: _record(version=_whole(1, 255), device=NAME),
    31: _record(certificates=_items(_base64, 3), nonce=ID),
    33: _record(certificate=HASH, settings=HASH),
    34: _record(certificate=HASH, settings=HASH),
}


class _BadError(Exception):
    """No canonical JSON."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _BadError
    return dict(pairs)


def _refuse(_text: str) -> Any:
    raise _BadError


def canonical(body: bytes) -> Any:
    """The one object that these bytes spell; None where they are no canonical JSON."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_pairs, parse_float=_refuse, parse_constant=_refuse)
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, _BadError):
        return None
    return value if again == body else None


class Reference:
    """One conversation, as both ends have to see it."""

    def __init__(self) -> None:
        self.state = "GREETING"

    @property
    def speaker(self) -> str:
        """Whose turn it is."""
        return STATES[self.state][0]

    def after(self, speaker: str, kind: int) -> str | None:
        """The state behind a message of this type, None where it may not be said."""
        if kind == ERROR and self.state not in ENDED:
            return "FAILED"
        return STATES[self.state][1].get(kind) if speaker == self.speaker else None

    def hear(self, speaker: str, kind: int, body: bytes) -> bool:
        """Whether a whole message is accepted; then the state has moved."""
        after = self.after(speaker, kind)
        if after is None or not well_formed(kind, body):
            return False
        self.state = after
        return True


def too_long(kind: int, length: int) -> bool:
    """Whether a length is refused before the body is there."""
    return length > (RAW[kind][1] if kind in RAW else JSON_LIMIT)


def well_formed(kind: int, body: bytes) -> bool:
    """Whether these bytes are a body of this message."""
    if kind in RAW:
        return RAW[kind][0] <= len(body) <= RAW[kind][1]
    return len(body) <= JSON_LIMIT and BODIES[kind](canonical(body))
