"""Canonical JSON and canonical base64: exactly one spelling of each value, so that a changed byte is never the same
value."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.verify.findings import Refused, need

LARGEST = 2**53 - 1
"""Integers go from -LARGEST to LARGEST: every JSON library keeps these exactly."""

DEEPEST = 8
"""Levels of objects and lists, the outermost counted."""

_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*\Z")


def encode(value: dict[str, Any]) -> bytes:
    """The one spelling of an object: keys sorted by code point, no white space, no escape that JSON does not demand."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def decode(data: bytes) -> dict[str, Any]:
    """The object that ``data`` spells; ``Refused`` where it is no object or spelt in any other way."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError):
        raise Refused("is not JSON") from None
    if not isinstance(value, dict):
        raise Refused("is not a JSON object")
    try:
        need(_depth(value) <= DEEPEST, f"is more than {DEEPEST} levels deep")
        _look("", value)
        again = encode(value)
    except (ValueError, RecursionError):
        raise Refused("holds text that UTF-8 cannot spell") from None
    need(again == data, "is not canonical JSON")
    return value


def base64url(text: bytes) -> bytes:
    """The bytes of unpadded base64url (RFC 7515); ``Refused`` where a character or an unused bit is out of place."""
    need(_BASE64URL.match(text) and len(text) % 4 != 1, "is not base64url")
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).rstrip(b"=") == text, "is not canonical base64url")
    return data


def base64_padded(text: str) -> bytes:
    """The bytes of standard padded base64, as in ``x5c``; ``Refused`` for any other spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Refused("is not base64") from None
    need(base64.b64encode(data) == text.encode(), "is not canonical base64")
    return data


def _depth(value: object) -> int:
    """Levels of a value, which the parser bounds well below what recursion allows."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(_depth, inside), default=0)


@dataclass(frozen=True, slots=True)
class _Strange:
    """Stands where something was read that no object may hold."""

    words: str


def _look(place: str, value: object) -> None:
    """``Refused`` names the place of the first strange value."""
    if isinstance(value, _Strange):
        raise Refused(f"holds {value.words} at {place}")
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        _look(f"{place}.{key}" if place else str(key), each)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, each in pairs:
        value[key] = _Strange("two values") if key in value else each
    return value


def _integer(digits: str) -> int | _Strange:
    # Bounded before it is converted: a long row of digits costs time.
    if len(digits) > len(str(-LARGEST)) or not -LARGEST <= int(digits) <= LARGEST:
        return _Strange("an integer out of range")
    return int(digits)


def _no_number(_text: str) -> _Strange:
    return _Strange("a number that is no integer")
