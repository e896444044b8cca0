"""The private part (section 7) in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tools.verify import canonical
from tools.verify.documents import check_private
from tools.verify.findings import Refused, need
from tools.verify.journal import CHUNK
from tools.verify.model import MEDIA_RATE
from tools.verify.report import PrivateEntry
from tools.verify.times import utc

_SOUND = {
    "off": "no sound was taken",
    "on": "sound was recorded",
    "muted": "sound was muted by the officer",
    "failed": "the microphone had failed",
    "none": "the camera has no microphone",
}
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "assignment": lambda entry: (
        "no shift was assigned" if entry["shift"] is None else f"assigned to shift {entry['shift']}"
    ),
    "start": lambda entry: f"started by {entry['trigger']}, first noticed at {utc(entry['press']['utc_ms'])}",
    "bookmark": lambda entry: f"bookmark: {entry['label']}",
    "sound": lambda entry: f"from here on {_SOUND[entry['state']]}",
    "standby": lambda entry: (
        f"on standby from {utc(entry['began']['utc_ms'])} to {utc(entry['ended']['utc_ms'])}:"
        " nothing captured until then was kept, so no pre-event part was lost"
    ),
    "fault": lambda entry: f"fault: {entry['text']}",
    "stop": lambda entry: f"stopped: {entry['reason']}",
}


def read_private(data: bytes, *, last: bool) -> list[PrivateEntry]:
    """The entries of one flush of ``private.age``; ``Refused`` unless each is one padded line of canonical JSON."""
    if last:
        need(data.endswith(b"\n"), "the private part does not end with its LF")
        data = data[:-1]
    need(len(data) % CHUNK == 0, "an entry does not end on a chunk")
    rows = data.split(b"\n")
    need(rows.pop() == b"", "an entry has no LF")
    entries = []
    length = 0
    for row in rows:
        length += len(row) + 1
        need(length % CHUNK == 0, "an entry is not padded to whole chunks")
        entries.append(_entry(row.rstrip(b" ")))
    return entries


def _entry(row: bytes) -> PrivateEntry:
    try:
        entry = canonical.decode(row)
        check_private(entry)
    except Refused as refused:
        raise Refused(f"an entry of the private part: {refused}") from None
    at = None if entry["at"] is None else entry["at"] / MEDIA_RATE
    return PrivateEntry(entry["kind"], at, _WORDS[entry["kind"]](entry))
