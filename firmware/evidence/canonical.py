"""Canonical JSON: one object, one spelling (``docs/evidence-format.md``, section 2).

Keys are sorted by code point and unique, there is no white space and no floating point, only what JSON demands is
escaped, and integers stay within what every JSON library keeps exactly.  A reader encodes again what it parsed and
refuses a difference, so that a changed byte is always a changed meaning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from firmware.evidence.errors import FormatError

LARGEST = 2**53 - 1
"""The largest integer, and, negated, the smallest."""

DEEPEST = 8
"""Levels of objects and lists, the outermost counted."""

MOST_VALUES = 1 << 17
"""Values in one object, more than any signed object has.  What is refused for it never fills a parser's memory: each takes dozens of bytes."""

_DIGITS = len(str(-LARGEST))


def encode(value: Mapping[str, Any], where: str = "object") -> bytes:
    """The one spelling of ``value`` (``dict``, ``list``, ``tuple``, ``str``, ``int``, ``bool``, None); ``FormatError``
    where there is none."""
    _check(value, where, DEEPEST)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FormatError(f"{where}: text with half of a surrogate pair") from None


def decode(data: bytes, limit: int, where: str = "object") -> dict[str, Any]:
    """Parse ``data``, at most ``limit`` bytes; ``FormatError`` unless it is the one spelling of one object."""
    if len(data) > limit:
        raise FormatError(f"{where}: {len(data)} bytes, at most {limit} are allowed")
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise FormatError(f"{where}: more than {MOST_VALUES} values")
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: not JSON ({error})") from None
    if not isinstance(value, dict):
        raise FormatError(f"{where}: not a JSON object")
    if encode(value, where) != data:
        raise FormatError(f"{where}: not canonical JSON")
    return value


class _Unfit:
    """Stands for what was read and has no canonical form, until it is known where."""

    def __init__(self, words: str) -> None:
        self.words = words


def _check(value: object, where: str, depth: int) -> None:
    """Refuse what canonical JSON cannot say; ``depth`` more levels of objects and lists are allowed."""
    if depth == 0 and isinstance(value, dict | list | tuple):
        raise FormatError(f"{where}: nested too deeply")
    if isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise FormatError(f"{where}: the key {key!r} is not text")
            _check(member, f"{where}.{key}", depth - 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]", depth - 1)
    else:
        _check_scalar(value, where)


def _check_scalar(value: object, where: str) -> None:
    """The same for what holds nothing."""
    if isinstance(value, _Unfit):
        raise FormatError(f"{where}: {value.words}")
    if type(value) is int:
        if not -LARGEST <= value <= LARGEST:
            raise FormatError(f"{where}: the integer is beyond 2^53-1")
    elif value is not None and type(value) not in (str, bool):
        raise FormatError(f"{where}: {type(value).__name__} has no canonical form")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object; one that stands twice is noted as such."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = _Unfit("stands twice") if name in found else value
    return found


def _integer(digits: str) -> int | _Unfit:
    """Parse an integer without the cost of one with a million digits."""
    return int(digits) if len(digits) <= _DIGITS else _Unfit("the integer is beyond 2^53-1")


def _no_float(text: str) -> _Unfit:
    """Refuse a floating-point number."""
    return _Unfit(f"{text[:20]} is not an integer")
