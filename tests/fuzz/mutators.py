"""Changing inputs: bytes, and JSON by its structure."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

_WORDS = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\1",
    b"\n",
    b"\r\n",
    b"=",
    b".",
)
_TEXTS = (
    "",
    "0",
    "-1",
    "\0",
    "\n",
    "\x7f",
    "\x85",
    "\u2028",
    "\ud800",
    "\U0001f600",
    "a" * 40,
    "a" * 300,
    "../a",
    "ES256",
    "none",
    "HS256",
)
_NUMBERS = (
    0,
    1,
    -1,
    2,
    255,
    256,
    65535,
    65536,
    2**31,
    2**32,
    2**53 - 1,
    2**53,
    -(2**53),
    2**63,
    10**30,
    99_999_999,
    100_000_000,
)
_MOST_NODES = 4000


def plain(data: bytes, draw: Random) -> bytes:
    """A few bytes changed, put in, doubled, moved or taken out."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        at = draw.randrange(len(changed) + 1)
        end = at + draw.choice((1, 1, 2, 4, 16, 64))
        match draw.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << draw.randrange(8)
            case 1:
                changed[at:at] = draw.choice(_WORDS)
            case 2:
                changed[at : at + 4] = draw.choice(_WORDS)
            case 3:
                del changed[at:end]
            case 4:
                changed[at:at] = changed[at:end]
            case _:
                other = draw.randrange(len(changed) + 1)
                changed[at:end] = changed[other : other + end - at]
    return bytes(changed)


def json_object(data: bytes, draw: Random) -> bytes:
    """A JSON object with one value changed, spelt canonically or, at times, in another way."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return plain(data, draw)
    return spelt(tree(value, draw), draw)


def spelt(value: Any, draw: Random) -> bytes:
    """JSON, mostly in its one spelling."""
    text = canonical(value)
    match draw.randrange(20):
        case 0:
            return json.dumps(value).encode()
        case 1:
            return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
        case 2:
            return text[:-1] + b"," + text[1:]  # each member twice
        case 3:
            return text + draw.choice((b" ", b"\n", b"\0", b"{}"))
        case _:
            return text


def canonical(value: Any) -> bytes:
    """Canonical JSON of whatever has one, and something like it of the rest."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def tree(value: Any, draw: Random) -> Any:
    """A JSON value with one value, member or item in it changed."""
    changed = copy.deepcopy(value)
    places = list(_places(changed))
    if not places:
        return odd(draw)
    holder, key = draw.choice(places)
    action = draw.randrange(8)
    if action == 0:
        del holder[key]
    elif action == 1:
        name = draw.choice(("x", "", "number", "\0", "alg", "kid"))
        if isinstance(holder, dict):
            holder[name] = odd(draw)
        else:
            holder.insert(key, odd(draw))
    elif action == 2 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif action == 3:
        other, place = draw.choice(places)
        holder[key] = copy.deepcopy(other[place])
    elif action == 4 and type(holder[key]) is int:
        holder[key] += draw.choice((-1, 1, 2**16, -(2**31)))
    elif action == 5 and isinstance(holder[key], str):
        holder[key] = plain(holder[key].encode("utf-8", "replace"), draw).decode("utf-8", "replace")
    else:
        holder[key] = odd(draw)
    return changed


def odd(draw: Random) -> Any:
    """A value that fits in few places."""
    return draw.choice(
        (
            None,
            True,
            False,
            0.5,
            [],
            {},
            draw.choice(_TEXTS),
            draw.choice(_NUMBERS),
            [draw.choice(_NUMBERS)] * draw.choice((1, 3, 300)),
            {draw.choice(_TEXTS): draw.choice(_NUMBERS)},
            _nested(draw.choice((3, 9, 200))),
        )
    )


def _nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a value: its holder, and the key or index there."""
    waiting, seen = [value], 0
    while waiting and seen < _MOST_NODES:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            seen += 1
            yield holder, key
            waiting.append(holder[key])
