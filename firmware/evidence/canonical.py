"""Canonical JSON: one object, one spelling (``docs/evidence-format.md``, section 2).

Keys are sorted by code point and unique, there is no white space and no floating point, only what JSON demands is
escaped, and integers stay within what every JSON library keeps exactly.  A reader encodes again what it parsed and
refuses a difference, so that a changed byte is always a changed meaning.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any

from firmware.evidence.errors import FormatError

LARGEST = 2**53 - 1
"""The largest integer, and, negated, the smallest."""

DEEPEST = 8
"""Levels of objects and lists, the outermost counted."""

BYTES_A_VALUE = 32
"""An object may have one value for so many bytes of its limit; none needs more.  They are counted before anything is parsed, since each fills
dozens of bytes of a parser's memory."""

_DIGITS = len(str(-LARGEST))
_BLOCK = 64 * 1024
_WIDE = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00)")
"""An escape beyond U+00FF, which the one spelling never has."""


def encode(value: Mapping[str, Any], where: str = "object") -> bytes:
    """The one spelling of ``value`` (``dict``, ``list``, ``tuple``, ``str``, ``int``, ``bool``, None); ``FormatError``
    where there is none."""
    _check(value, where, DEEPEST)
    try:
        return _spell(value).encode()
    except UnicodeEncodeError:
        raise FormatError(f"{where}: text with half of a surrogate pair") from None


def decode(data: bytes, limit: int, where: str = "object") -> dict[str, Any]:
    """Parse ``data``, at most ``limit`` bytes; ``FormatError`` unless it is the one spelling of one object."""
    if len(data) > limit:
        raise FormatError(f"{where}: {len(data)} bytes, at most {limit} are allowed")
    if sum(map(data.count, (b",", b"[", b"{"))) > limit // BYTES_A_VALUE:
        raise FormatError(f"{where}: more than {limit // BYTES_A_VALUE} values")
    if b"\\u" in data and _WIDE.search(data):
        raise FormatError(f"{where}: not canonical JSON")
    value = _parse(data, where)
    if not isinstance(value, dict):
        raise FormatError(f"{where}: not a JSON object")
    _check(value, where, DEEPEST)
    if _spell(value).encode("latin-1") != data:
        raise FormatError(f"{where}: not canonical JSON")
    if not data.isascii():
        _texts(value)
    return value


def _parse(data: bytes, where: str) -> Any:
    """Parse UTF-8 as if each byte were a character.  Structure and order are the same, and one wide character does not make all that
    stands around it four times as large."""
    try:
        utf8 = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, len(data), _BLOCK):
            utf8.decode(data[start : start + _BLOCK], final=start + _BLOCK >= len(data))
        return json.loads(
            data.decode("latin-1"),
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: not JSON ({error})") from None


def _spell(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _text(parsed: str) -> str:
    """The text whose bytes were taken for characters."""
    return parsed if parsed.isascii() else parsed.encode("latin-1").decode()


def _texts(parsed: Any) -> Any:
    """The same for a value and all that is in it, one after the other in its place, so that both never stand beside each other."""
    if isinstance(parsed, dict):
        for key in tuple(parsed):
            parsed[_text(key)] = _texts(parsed.pop(key))
    elif isinstance(parsed, list):
        for index, item in enumerate(parsed):
            parsed[index] = _texts(item)
    return _text(parsed) if isinstance(parsed, str) else parsed


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
            if type(member) is not str:  # most are, and a place has a name for who is refused alone
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
