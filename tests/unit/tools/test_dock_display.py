"""The dock's face: bars on a terminal, lines elsewhere, JSON for machines."""

from __future__ import annotations

import io
import json

import pytest

from tools.dock.display import Bars, Lines, choose, in_words
from tools.dock.events import TROUBLE, DockEvent, Kind

FACTS: dict[Kind, dict[str, str | int | bool]] = {
    Kind.LISTENING: {"port": "/dev/ttyACM0"},
    Kind.UNUSABLE: {"port": "/dev/ttyACM1", "text": "permission denied"},
    Kind.PLUGGED: {"port": "/dev/ttyACM0"},
    Kind.UNPLUGGED: {"port": "/dev/ttyACM0"},
    Kind.FULL: {"text": "40 cameras are in this dock already"},
    Kind.ACCEPTED: {"volume": "00", "boot": 3, "text": "TLSv1.3"},
    Kind.REFUSED: {"text": "foreign"},
    Kind.CLOCK: {
        "before_ms": 1,
        "after_ms": 2,
        "dock_ms": 2,
        "quality": "dock",
        "taken": True,
        "text": "a step of 1 ms",
    },
    Kind.SETTINGS: {"serial": 4, "taken": True, "text": "taken"},
    Kind.ASSIGNED: {"shift": "night"},
    Kind.STOCK: {"items": 2, "size": 1000},
    Kind.FORECAST: {
        "seconds": 12_490,
        "size": 3_600_000_000,
        "rate": 288_235,
        "loss": 0,
        "basis": "line",
        "slow": True,
        "text": "3 h 28 min over this line, at 288 kB a second; the network link would take 2 min",
    },
    Kind.FETCHING: {"item": "00000001"},
    Kind.PROGRESS: {"done": 500, "total": 1000},
    Kind.STORED: {"item": "00000001"},
    Kind.RECEIPTED: {"item": "00000001", "hash": "ab"},
    Kind.REJECTED: {"item": "00000001", "text": "its hash"},
    Kind.CONFLICT: {"text": "two cameras"},
    Kind.DAMAGED: {"item": "00000001", "text": "reads badly"},
    Kind.WAITING: {"text": "a recording is being made"},
    Kind.LOG_RECEIPTED: {"boot": 2, "items": 3, "hash": "ab"},
    Kind.ANCHORED: {"line": 12, "number": 2},
    Kind.COPIED: {"item": "recordings/00000001", "place": "s3://b/p", "files": 3, "size": 1000},
    Kind.UNCOPIED: {"item": "recordings/00000001", "place": "s3://b/p", "text": "it is full"},
    Kind.WITHHELD: {"items": 2, "text": "00000001: it is full"},
    Kind.STAMPED: {"item": "00000001"},
    Kind.UNSTAMPED: {"item": "00000001", "text": "cannot be asked"},
    Kind.DONE: {"items": 2},
    Kind.LOST: {"text": "silence"},
    Kind.FAILED: {"text": "disk full"},
}
NOBODYS = {Kind.LISTENING, Kind.UNUSABLE}
EVENTS = [
    DockEvent(kind, "", FACTS[kind]) if kind in NOBODYS else DockEvent(kind, "cam-1", FACTS[kind], "1-1.2")
    for kind in Kind
]


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind.value)
def test_words(event: DockEvent) -> None:
    """Each event has its line; trouble stands out; progress is not worth one."""
    line = in_words(event)
    if event.kind is Kind.PROGRESS:
        assert line is None
    else:
        assert line is not None
        assert all(str(value) in line for name, value in event.facts.items() if name == "text")
        assert any(word.isupper() and len(word) > 2 for word in line.split()) or event.kind not in TROUBLE


def test_lines() -> None:
    """Without a terminal there is a line an event, and nothing else."""
    out = io.StringIO()
    with choose(out, as_json=False) as display:
        assert isinstance(display, Lines)
        for event in EVENTS:
            display(event)
    assert len(out.getvalue().splitlines()) == len(EVENTS) - 1
    assert "[1-1.2] cam-1: done, 2 recordings taken over" in out.getvalue()


def test_json() -> None:
    """For machines each event is one object, the progress too."""
    out = Terminal()
    with choose(out, as_json=True) as display:
        for event in EVENTS:
            display(event)
    parsed = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [each["event"] for each in parsed] == [event.kind.value for event in EVENTS]
    assert parsed[13] == {"event": "progress", "device": "cam-1", "slot": "1-1.2", "done": 500, "total": 1000}


def test_bars() -> None:
    """On a terminal each camera has its bar, and what happened stands above."""
    out = Terminal()
    with choose(out, as_json=False) as display:
        assert isinstance(display, Bars)
        for event in EVENTS:
            display(event)
        assert not display._tasks
    assert "its hash" in out.getvalue()
    assert "cam-1" in out.getvalue()
