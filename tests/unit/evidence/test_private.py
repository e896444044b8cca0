"""The private part: each record durable on its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firmware.evidence import canonical
from firmware.evidence.age import CHUNK
from firmware.evidence.errors import FormatError
from firmware.evidence.private import END, private_record
from tests import samples

RECORDS: list[dict[str, Any]] = [
    {"kind": "assignment", "shift": "shift-9"},
    {"kind": "assignment", "shift": None},
    {"kind": "start", "trigger": "button", "press": samples.clock()},
    {"kind": "bookmark", "label": "Zelle 4, Übergabe"},
    {"kind": "sound", "state": "muted"},
    {"kind": "standby", "began": samples.clock(), "ended": samples.clock()},
    {"kind": "fault", "text": "sync: I/O error"},
    {"kind": "stop", "reason": "officer"},
]


@pytest.mark.parametrize("more", RECORDS)
@pytest.mark.parametrize("at", [None, 90_000])
def test_records(more: dict[str, Any], at: int | None) -> None:
    """A record is one line of canonical JSON that fills whole chunks; the file ends with a lone LF."""
    record = {"clock": samples.clock(), "at": at, **more}
    line = private_record(record)
    assert len(line) == CHUNK
    assert json.loads(line) == record
    assert line.rstrip(b" \n") == canonical.encode(record)
    assert line.endswith(b" \n")
    assert END == b"\n"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"kind": "party"}, "kind: 'party'"),
        ({}, "kind: None"),
        ({"kind": "bookmark"}, "label: missing"),
        ({"kind": "bookmark", "label": "x", "officer": "y"}, "officer: unknown"),
        ({"kind": "sound", "state": "loud"}, "state"),
        ({"kind": "bookmark", "label": "x", "at": -1}, "at"),
    ],
)
def test_wrong_records(more: dict[str, Any], reason: str) -> None:
    """A record that its table does not allow is refused by the member's name."""
    with pytest.raises(FormatError, match=reason):
        private_record({"clock": samples.clock(), "at": None, **more})
