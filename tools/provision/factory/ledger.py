"""The desk's ledger of cameras: a CSV file to which lines are only ever added, each durable before what it says goes out."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from tools.dock import durable
from tools.provision.files import ProvisionError

ISSUED, ENROLLED = "issued", "enrolled"
"""A certificate went out, and whether it arrived is not known; the camera said that all of it is durable, and that it is locked."""
LONGEST: Final = 16 << 20

_HASH: Final = r"[0-9a-f]{64}"
_PATTERNS: Final[Mapping[str, str]] = {
    "utc": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "state": f"{ISSUED}|{ENROLLED}",
    "device": r"[a-z0-9-]{1,32}",
    "serial": r"[A-Za-z0-9-]{0,64}",
    "board": r"[A-Za-z0-9-]{1,64}",
    "firmware": r"[^\x00-\x1f]{0,256}",
    "signer": r"[a-z0-9]{1,16}",
    "port": r"[^\x00-\x1f]{0,256}",
    "key": _HASH,
    "certificate": _HASH,
}


_RESTS: Final[Mapping[str, Callable[[str], Sequence[str]]]] = {
    "utc": lambda begun: ["2026-01-01T00:00:00Z"[len(begun) :]],
    "state": lambda begun: [each[len(begun) :] for each in (ISSUED, ENROLLED)],
    "device": lambda _: ["", "x"],
    "serial": lambda _: [""],
    "board": lambda _: ["", "x"],
    "firmware": lambda _: [""],
    "signer": lambda _: ["", "x"],
    "port": lambda _: [""],
    "key": lambda begun: ["0" * (64 - len(begun))],
    "certificate": lambda begun: ["0" * (64 - len(begun))],
}
"""What may be missing behind the beginning of each column."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.  ``serial`` is the board's own number; ``key`` and ``certificate`` are fingerprints (SHA-256 of SubjectPublicKeyInfo and of
    the certificate, both in DER)."""

    utc: str
    state: str
    device: str
    serial: str
    board: str
    firmware: str
    signer: str
    port: str
    key: str
    certificate: str


COLUMNS: Final = tuple(each.name for each in fields(Entry))


class Ledger:
    """What was enrolled here.  May be used from any thread of one process; ``alone`` keeps others out."""

    def __init__(self, path: Path) -> None:
        """Read it; ``ProvisionError`` names the line that is not one.  A file that is not there is an empty ledger."""
        self.path = path
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        for entry in _read(path) if path.exists() else ():
            self._entries[entry.device] = entry

    def entries(self) -> list[Entry]:
        """The newest line of each camera, in the order in which they first came."""
        with self._lock:
            return list(self._entries.values())

    def by_key(self, key: str | None) -> Entry | None:
        """The camera with this key; None for one that has none."""
        return next((each for each in self.entries() if each.key == key), None)

    def by_serial(self, serial: str) -> Entry | None:
        """The newest camera on this board; None for a board without a number."""
        return next((each for each in reversed(self.entries()) if serial and each.serial == serial), None)

    def add(self, entry: Entry) -> None:
        """Write a line; durable when this returns."""
        with self._lock:
            durable.make_directory(self.path.parent)
            if not self.path.exists():
                durable.append(self.path, _line(dict(zip(COLUMNS, COLUMNS, strict=True))))
            durable.append(self.path, _line(asdict(entry)))
            self._entries[entry.device] = entry


def _line(row: Mapping[str, str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row[name] for name in COLUMNS)
    return text.getvalue().encode()


def _read(path: Path) -> Iterator[Entry]:
    """Its lines.  Half of one, which a cut left, does not count: what it was about had not gone out, or is told by the camera."""
    data = path.read_bytes()
    if len(data) > LONGEST:
        raise ProvisionError(f"{path} has more than {LONGEST} bytes: it is no ledger of cameras")
    head = _line(dict(zip(COLUMNS, COLUMNS, strict=True))).removesuffix(b"\n")
    for number, line in enumerate(data.split(b"\n"), 1):
        if number == 1 and line != head[: len(line)]:
            raise ProvisionError(f"{path} does not begin as a ledger of cameras: name another file")
        if line != head[: len(line)]:
            row = _columns(line)
            wrong = _wrong(row)
            if not wrong:
                yield Entry(*row)
            elif not _cut(row):
                raise ProvisionError(
                    f"{path}: line {number}: its {wrong} is wrong: mend it by hand, or begin another ledger"
                )


def _columns(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode(errors="replace")]))
    except csv.Error:
        return []


def _wrong(row: list[str]) -> str:
    """The first column that is not what it should be; empty where all are."""
    wrong = (name for name, value in zip(COLUMNS, row, strict=False) if not re.fullmatch(_PATTERNS[name], value))
    return next(wrong, "" if len(row) == len(COLUMNS) else "number of columns")


def _cut(row: list[str]) -> bool:
    """Whether a line is the beginning of a good one.  The last column is a fingerprint, so that it is known where a whole one ends."""
    if not 0 < len(row) <= len(COLUMNS):
        return False
    good = all(re.fullmatch(_PATTERNS[name], value) for name, value in zip(COLUMNS, row[:-1], strict=False))
    name, value = COLUMNS[len(row) - 1], row[-1]
    return good and any(re.fullmatch(_PATTERNS[name], value + rest) for rest in _RESTS[name](value))
