"""The private part of the audit log (section 11.2): its growth, which lines vouch for, and, with a key, what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from tools.verify import age, canonical, files
from tools.verify.audit import DIRECTORY
from tools.verify.audit_state import Audit, Vouched
from tools.verify.documents import LOG_PRIVATE_KINDS, check_private
from tools.verify.findings import Problems, Refused, need
from tools.verify.holdings import LogEntry
from tools.verify.journal import CHUNK
from tools.verify.latency import start_of
from tools.verify.model import NOTHING
from tools.verify.plain import read_flushes
from tools.verify.times import utc

SUFFIX = ".private.age"
_LF = 1
MAX_RECORD = 2048
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "shift": lambda entry: "no shift was assigned" if entry["shift"] is None else f"assigned to shift {entry['shift']}",
    "press": lambda entry: f"{entry['button']} button: {entry['gesture']}",
    "trigger": lambda entry: f"sensor: {entry['name']}",
    "state": lambda entry: f"{entry['was']} to {entry['state']} ({entry['event']})",
    "mute": lambda entry: f"the microphone was {'silenced' if entry['on'] else 'opened again'}",
    "hush": lambda entry: f"the wearer's light and sounds went {'off' if entry['on'] else 'on again'}",
    "standby": lambda entry: f"the pre-event buffer was {'emptied and paused' if entry['on'] else 'filled again'}",
    "refused": lambda entry: f"a press could not record: {entry['reason']}",
    "latency": lambda entry: f"recording {entry['number']}: {start_of(entry).words}",
    "dropped": lambda entry: f"{entry['count']} more records found no room",
}


def judge_private(
    volume: Path, audit: Audit, receipted: AbstractSet[str], keys: Sequence[age.Key], problems: Problems
) -> tuple[list[LogEntry] | None, int]:
    """Hold each private part against the lines that vouch for it.  What they say, None without a key; and how many bytes in them no line
    vouches for.

    ``receipted``: the files that docks' receipts cover: they may be gone, and their lines too.
    """
    entries: list[LogEntry] = []
    unsigned = 0
    directory = volume / DIRECTORY
    there: set[str] = set()
    with problems.at(DIRECTORY):
        there = {name for name in files.folder(directory) if name.endswith(SUFFIX)}
    expected = {f"{boot:08d}{SUFFIX}" for boot in audit.private}
    for name in sorted(there | expected):
        boot = int(name[:8])
        if boot not in audit.boots and name in receipted:
            continue  # its lines are in the dock's store; the receipt itself was held against it
        if name not in there and name in receipted:
            continue
        with problems.at(f"{DIRECTORY}/{name}"):
            need(boot in audit.boots, "no line of the log here is of that boot")
            vouched = audit.private.get(boot, [])
            unsigned += _check_file(directory / name, vouched, stopped=boot in audit.stopped)
            if keys and vouched:
                read_flushes(
                    directory / name,
                    keys,
                    vouched,
                    lambda each, data, boot=boot: entries.extend(_read(boot, data, last=each.last)),  # type: ignore[misc]  # mypy knows no type for a lambda's default
                )
    return (entries if keys else None), unsigned


def _check_file(path: Path, vouched: Sequence[Vouched], *, stopped: bool) -> int:
    """Hold a file against its lines; how many bytes stand behind what they vouch for."""
    before: Vouched | None = None
    for each in vouched:
        _check_growth(each, before)
        before = each
    found = files.digest(path, [each.cipher.length for each in vouched])
    for each in vouched:
        where = f"line {each.line} of the log"
        need(found.length >= each.cipher.length, f"is cut off: {where} vouches for {each.cipher.length} bytes")
        need(found.prefixes[each.cipher.length] == each.cipher.hash, f"its bytes are not those that {where} signs")
    reached = vouched[-1].cipher.length if vouched else 0
    need(found.length == reached or not stopped, "something stands behind what the log vouches for")
    if vouched:
        header = age.read_header(path)
        first = vouched[0]
        length = header.length + first.plain.length + 16 * (-(-first.plain.length // CHUNK) + 1)
        need(first.cipher.length == length, f"line {first.line} of the log gives lengths that do not fit each other")
    return found.length - reached


def _check_growth(each: Vouched, before: Vouched | None) -> None:
    where = f"line {each.line} of the log"
    need(before is None or not before.last, f"{where}: it goes on after it was closed")
    cipher, plain = (before.cipher, before.plain) if before else (NOTHING, NOTHING)
    grown = each.plain.length - plain.length
    batch = (grown in (_LF, CHUNK + _LF)) if each.last else grown == CHUNK
    need(batch, f"{where}: it did not grow by one batch")
    if before is not None:
        sealed = grown + 16 * -(-grown // CHUNK)
        need(each.cipher.length - cipher.length == sealed, f"{where}: ciphertext and plaintext did not grow alike")


def _read(boot: int, data: bytes, *, last: bool) -> list[LogEntry]:
    """The records of one batch; ``Refused`` unless they fill one chunk."""
    if last:
        need(data.endswith(b"\n"), "the private part does not end with its LF")
        data = data[:-1]
    if not data:
        return []
    need(len(data) == CHUNK and data.endswith(b"\n"), "a batch is not one chunk")
    rows = data[:-1].split(b"\n")
    rows[-1] = rows[-1].rstrip(b" ")
    return [_entry(boot, row) for row in rows]


def _entry(boot: int, row: bytes) -> LogEntry:
    try:
        need(len(row) <= MAX_RECORD, "is too long")
        entry = canonical.decode(row)
        check_private(entry, LOG_PRIVATE_KINDS)
    except Refused as refused:
        raise Refused(f"a record of the private part: {refused}") from None
    return LogEntry(
        boot,
        entry["kind"],
        entry["clock"]["utc_ms"],
        f"{utc(entry['clock']['utc_ms'])}: {_WORDS[entry['kind']](entry)}",
        start_of(entry) if entry["kind"] == "latency" else None,
    )
