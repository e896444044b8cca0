"""Who was refused: a list in the store, so that a refusal is written down on both sides.

One JSON line for each slot, device and reason, the newest last: ``count`` refusals between ``first_ms`` and
``last_ms``.  Whoever comes again and again for the same reason makes no new line; the oldest of 500 goes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tools.dock import durable

FILE = "refusals.jsonl"
MOST = 500
LONGEST_FILE = 2 << 20
LONGEST_TEXT = 256
LAST_MS = 1 << 53


class RefusalsError(Exception):
    """This is no list of refusals; the message names line and member."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line.  ``device`` is empty where nobody was believed; times are milliseconds since 1970 by the dock's
    clock."""

    slot: str
    device: str
    text: str
    first_ms: int
    last_ms: int
    count: int

    @property
    def whose(self) -> tuple[str, str, str]:
        """What makes two of them the same."""
        return self.slot, self.device, self.text


class Refusals:
    """The list of one store."""

    def __init__(self, store: Path) -> None:
        """Use the list in this store; it is made with the first refusal."""
        self._path = store / FILE

    def add(self, slot: str, device: str, text: str, utc_ms: int) -> None:
        """Write a refusal down, durably; ``OSError`` where that cannot be done.

        A list that cannot be read is put aside as ``refusals.jsonl.damaged``, and a new one begun.
        """
        new = Refusal(_short(slot), _short(device), _short(text), utc_ms, utc_ms, 1)
        with durable.alone(self._path):
            try:
                before = self.entries()
            except RefusalsError:
                self._path.replace(self._path.with_name(f"{FILE}.damaged"))
                before = []
            others = [each for each in before if each.whose != new.whose]
            for same in before:
                if same.whose == new.whose:
                    new = replace(same, last_ms=utc_ms, count=same.count + 1)
            durable.write(self._path, dump([*others, new][-MOST:]))

    def entries(self) -> list[Refusal]:
        """The list, oldest first; ``RefusalsError`` where it was changed by others."""
        try:
            with self._path.open("rb") as file:
                return parse(file.read(LONGEST_FILE + 1))
        except FileNotFoundError:
            return []


def dump(entries: list[Refusal]) -> bytes:
    """The file of a list."""
    return b"".join(_line(each) + b"\n" for each in entries)


def parse(data: bytes) -> list[Refusal]:
    """The list in a file; ``RefusalsError`` for whatever ``dump`` does not write."""
    if len(data) > LONGEST_FILE:
        raise RefusalsError(f"it has more than {LONGEST_FILE} bytes")
    *lines, rest = data.split(b"\n")
    if rest or len(lines) > MOST:
        raise RefusalsError("its last line has no end" if rest else f"it has more than {MOST} lines")
    return [_read(number, line) for number, line in enumerate(lines, 1)]


def _line(entry: Refusal) -> bytes:
    return json.dumps(asdict(entry), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _read(number: int, line: bytes) -> Refusal:
    try:
        given: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RefusalsError(f"line {number}: {error}") from None
    if not isinstance(given, dict) or set(given) != {each.name for each in fields(Refusal)}:
        raise RefusalsError(f"line {number}: not the members of a refusal")
    for name in ("slot", "device", "text"):
        if not isinstance(given[name], str) or given[name] != _short(given[name]):
            raise RefusalsError(f"line {number}: {name}: not up to {LONGEST_TEXT} printable characters")
    for name, least in (("first_ms", 0), ("last_ms", 0), ("count", 1)):
        if type(given[name]) is not int or not least <= given[name] < LAST_MS:
            raise RefusalsError(f"line {number}: {name}: not a whole number from {least} to {LAST_MS - 1}")
    entry = Refusal(**given)
    if _line(entry) != line:
        raise RefusalsError(f"line {number}: not written as it has to be")
    return entry


def _short(text: str) -> str:
    """As much of a text as a line takes; what cannot be printed becomes a question mark."""
    return "".join(each if each.isprintable() else "?" for each in text[:LONGEST_TEXT])
