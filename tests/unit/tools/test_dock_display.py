"""The dock's face: a table on a terminal, lines elsewhere, JSON for machines."""

from __future__ import annotations

import io
import json
import random
import re
import unicodedata

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.specification.rack import NOW_MS, Scene, drawing, scene, screen, told
from tools.dock.events import TROUBLE, DockEvent, Kind
from tools.dock.face.board import Board
from tools.dock.face.display import MOST_LINES, Lines, Rack, choose, in_words
from tools.dock.face.gate import Light
from tools.dock.face.table import COLUMNS, LOOKS, Screen, clean, columns, in_offset

FACTS: dict[Kind, dict[str, str | int | bool]] = {
    Kind.LISTENING: {"port": "/dev/ttyACM0"},
    Kind.UNUSABLE: {"port": "/dev/ttyACM1", "text": "may not be opened"},
    Kind.PLUGGED: {"port": "/dev/ttyACM0"},
    Kind.UNPLUGGED: {"port": "/dev/ttyACM0"},
    Kind.FULL: {"text": "40 cameras"},
    Kind.ACCEPTED: {"volume": "00", "boot": 3, "text": "TLSv1.3"},
    Kind.JOINED: {"volume": "00", "boot": 3, "text": "TLSv1.3"},
    Kind.LEADS: {"volume": "00", "boot": 3, "text": "TLSv1.3"},
    Kind.LEFT: {"text": "silence"},
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
    Kind.ORDER: {"order": "recall", "taken": True, "recalled": True, "text": "taken"},
    Kind.WAITING: {"text": "a recording is being made"},
    Kind.LOG_RECEIPTED: {"boot": 2, "items": 3, "hash": "ab"},
    Kind.ANCHORED: {"line": 12, "number": 2},
    Kind.COPIED: {"item": "recordings/00000001", "place": "s3://b/p", "files": 3, "size": 1000},
    Kind.UNCOPIED: {"item": "recordings/00000001", "place": "s3://b/p", "text": "it is full"},
    Kind.WITHHELD: {"items": 2, "text": "00000001: it is full"},
    Kind.STAMPED: {"item": "00000001"},
    Kind.UNSTAMPED: {"item": "00000001", "text": "cannot be asked"},
    Kind.BUNDLE: {"item": "lapel.raucb", "serial": 4, "state": "taken", "text": "the camera installs it"},
    Kind.DONE: {"items": 2},
    Kind.LOST: {"text": "silence"},
    Kind.FAILED: {"text": "disk full"},
    Kind.KNOWN: {"seen_ms": 1, "missing": 2},
    Kind.STATUS: {"percent": 5, "charging": True, "number": 1, "busy": False},
    Kind.GATE: {"light": "wait", "text": "do not take: battery 5 %"},
    Kind.UNDOCKED: {"early": True, "missing": 2, "text": "too early: battery 5 %"},
}
EVENTS = [
    DockEvent(kind, "" if kind in (Kind.LISTENING, Kind.UNUSABLE) else "cam-1", FACTS[kind], "A1", 5) for kind in Kind
]
SILENT = {Kind.PROGRESS, Kind.STATUS}
"""What is not worth a line."""


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind.value)
def test_words(event: DockEvent) -> None:
    """Each event has its line; trouble stands out; progress is not worth one."""
    line = in_words(event)
    if event.kind in SILENT:
        assert line is None
    else:
        assert line is not None
        assert line.startswith("[A1] ")
        assert all(str(value) in line for name, value in event.facts.items() if name == "text")
        assert any(word.isupper() and len(word) > 2 for word in line.split()) or event.kind not in TROUBLE


def test_cameras_of_which_nothing_is_missing_are_worth_no_line() -> None:
    """A hundred lines at the start would hide the one that matters."""
    assert in_words(DockEvent(Kind.KNOWN, "cam-1", {"seen_ms": 1, "missing": 0})) is None


def test_lines() -> None:
    """Without a terminal there is a line an event, and nothing else."""
    out = io.StringIO()
    with choose(out, as_json=False) as display:
        assert isinstance(display, Lines)
        for event in EVENTS:
            display(event)
        display.look(Board().view(NOW_MS))
    assert len(out.getvalue().splitlines()) == len(EVENTS) - len(SILENT)
    assert "cam-1: done, 2 recordings taken over" in out.getvalue()


def test_json() -> None:
    """For machines each event is one object, with slot and time, the progress too."""
    out = Terminal()
    with choose(out, as_json=True) as display:
        for event in EVENTS:
            display(event)
    parsed = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [each["event"] for each in parsed] == [event.kind.value for event in EVENTS]
    (progress,) = [each for each in parsed if each["event"] == "progress"]
    assert progress == {"event": "progress", "device": "cam-1", "slot": "A1", "utc_ms": 5, "done": 500, "total": 1000}


def test_the_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rack stands below, what happened above; the table says what no line has to."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "40")
    out = Terminal()
    board = Board()
    with choose(out, as_json=False) as display:
        assert isinstance(display, Rack)
        for event in told():
            board.hear(event)
            display(event)
        display.look(board.view(NOW_MS))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())
    assert "cam-09: 00000004: NOT TAKEN OVER: 000001.mp4.age: its hash" in shown
    assert re.search(r"STOP +6 +cam-09 ", shown)
    assert "light wait" not in shown


def test_events_wait_for_the_next_look() -> None:
    """A terminal that was stopped is written to by nobody but who draws; what is too much is the oldest."""
    out = Terminal()
    with choose(out, as_json=False) as display:
        before = out.getvalue()
        for number in range(MOST_LINES + 5):
            display(DockEvent(Kind.REJECTED, "cam-1", {"item": f"{number:08d}", "text": "x"}))
        assert out.getvalue() == before
        display.look(Board().view(NOW_MS))
        assert "00000005" in out.getvalue()
        assert "00000004" not in out.getvalue()


class Broken(io.StringIO):
    """A pipe whose reader is gone."""

    def write(self, text: str) -> int:
        """Fail."""
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_that_goes_away_ends_no_offload(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said once, and nothing is raised into the middle of a visit."""
    with choose(Broken(), as_json=True) as display:
        for event in EVENTS:
            display(event)
    assert capsys.readouterr().err == "lapel dock: nobody reads what is told any more: Broken pipe\n"


# -- the drawing -------------------------------------------------------------------------------------------------------


def drawn(what: Screen, width: int, height: int = 40, encoding: str = "utf-8") -> list[str]:
    """What stands on a screen of this size, by rich's own recording."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(width=width, height=height, file=stream, record=True, force_terminal=True, _environ={})
    console.print(what)
    return console.export_text().splitlines()


def of(*events: DockEvent) -> Screen:
    """The rack after these events."""
    board = Board()
    for event in events:
        board.hear(event)
    return Screen(board.view(NOW_MS))


HEADS = {
    64: ["STATE", "SLOT", "CAMERA", "NOT YET", "BATT"],
    80: ["STATE", "SLOT", "CAMERA", "NOT YET", "BATT", "LEFT"],
    100: ["STATE", "SLOT", "CAMERA", "OFFICER", "NOT YET", "BATT", "TAKEN OVER", "LEFT"],
    120: ["STATE", "SLOT", "CAMERA", "OFFICER", "NOT YET", "BATT", "TAKEN OVER", "LEFT", "RATE", "CLOCK"],
    200: ["STATE", "SLOT", "CAMERA", "OFFICER", "NOT YET", "BATT", "TAKEN OVER", "LEFT", "RATE", "CLOCK"],
}


@pytest.mark.parametrize("width", HEADS)
def test_columns(width: int) -> None:
    """A narrow terminal drops what matters least; nothing is ever wider than it."""
    lines = drawn(screen(), width)
    assert [
        each.strip() for each in re.split(r" {2,}|(?<=SLOT) |(?<=OFFICER) |(?<=BATT) ", lines[1]) if each.strip()
    ] == HEADS[width]
    assert max(map(cell_len, lines)) <= width


def test_columns_go_one_by_one() -> None:
    """Each narrower screen has the same columns or fewer, never others; state, slot, camera and reason always stay."""
    before = [each for each, _ in columns(300)]
    assert before == list(COLUMNS)
    for width in range(299, 20, -1):
        now = [each for each, _ in columns(width)]
        assert set(map(id, now)) <= set(map(id, before))
        assert len(before) - len(now) <= 2
        before = now
    assert [each.title for each in before] == ["STATE", "SLOT", "CAMERA", "NOT YET"]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_what_must_not_be_handed_out_is_seen_first(width: int) -> None:
    """How many are how stands on top; then the slots, worst first; then who is not back."""
    lines = drawn(screen(), width)
    assert re.search(r"✗ 2 STOP.*… 4 WAIT.*✓ 2 READY.*\? 2 NOT BACK", lines[0])
    slots = [line.split()[2] for line in lines[2:] if re.match(r" [✗…✓] ", line)]
    assert slots == ["6", "8", "2", "3", "4", "7", "1", "5"]
    text = "\n".join(lines)
    assert "1 item not believed" in text
    assert "4 recordings not taken over" in text
    assert "cam-31  away for 40 h, 2 recordings are on it and not here" in text
    assert "cam-08  away for 3 days" in text
    assert "cam-17" not in text


def test_everything_is_there_where_there_is_room() -> None:
    """Slot, camera, officer, battery, clock, progress, rate, time left, state."""
    (line,) = [line for line in drawn(screen(), 200) if "cam-05" in line]
    assert re.search(r"… WAIT +3 +cam-05 +- +4 recordings.* 63%\+ █+░+ +58% +35 s +19 MB/s +\+2.2 s", line)
    (line,) = [line for line in drawn(screen(), 200) if "cam-23" in line]
    assert re.search(r" 35%\+ █+░+ +14% +3 min +12 MB/s +-56 years", line)
    assert any(re.search(r"✓ READY +1 +cam-02 +K\. Osei", line) for line in drawn(screen(), 120))


def test_colour_is_not_needed() -> None:
    """Each state has a symbol and a word of its own."""
    assert len({look.symbol for look in LOOKS.values()}) == len({look.plain for look in LOOKS.values()}) == len(Light)
    assert len({look.word for look in LOOKS.values()}) == len({look.style for look in LOOKS.values()}) == len(Light)


def test_a_terminal_of_letters() -> None:
    """The same where there are no symbols."""
    lines = drawn(screen(), 120, encoding="ascii")
    assert all(line.isascii() for line in lines)
    assert re.search(r"X 2 STOP.*\. 4 WAIT.*\+ 2 READY", lines[0])


@pytest.mark.parametrize("height", range(7, 30))
def test_a_low_screen_keeps_the_worst(height: int) -> None:
    """It never scrolls; what does not fit is counted, and is never what matters most."""
    at = Scene()
    for slot in range(1, 41):
        at.docked(str(slot), f"cam-{slot}", 95, officer="K. Osei")
        at.emptied(str(slot), f"cam-{slot}", 1)
    at.tell(Kind.CONFLICT, "cam-33", "33", text="a copy")
    for each in range(20):
        at.tell(Kind.KNOWN, f"gone-{each}", "", seen_ms=1, missing=0)
    lines = drawn(of(*at.events), 80, height)
    assert len(lines) < height + 1
    assert "STOP   33" in lines[2]
    assert any(re.match("and [0-9]+ more: (WAIT, )?READY", line) for line in lines)


def test_a_high_screen_is_airy() -> None:
    """Where there is room, there is a line between two slots."""
    assert not drawn(screen(), 120, 40)[3].strip()
    assert drawn(screen(), 120, 18)[3].strip()


def test_an_empty_rack() -> None:
    """Nothing is no error."""
    assert drawn(of(), 80) == ["no camera in the rack"]


HOSTILE = [
    "[bold red]x[/] [link=file:///]",
    "[/]",
    "\x1b[2J\x1b]0;owned\x07\r\nREADY",
    "\u202egnp.exe\u2066",
    "Z" * 500,
    "漢字" * 40,
    "e" + "\u0301" * 60,
    "\ud800 \u0000 \ufeff \u200b",
    "👩‍🚒🏳️‍🌈",
    "\\[",
    "a\tb\nc\vd",
    "\x9b31m",
]


@pytest.mark.parametrize("width", [20, 80, 120, 200])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str, width: int) -> None:
    """Whoever names a camera, an officer, a slot, or writes a reason: one line, in its place, and no commands to the terminal."""
    at = Scene()
    at.docked(name, name, 50, officer=name)
    at.tell(Kind.REJECTED, name, name, item=name, text=name)
    at.docked("2", "cam-2", 50)
    at.tell(Kind.KNOWN, name + "2", "", seen_ms=1, missing=3)
    stream = io.StringIO()
    console = Console(
        width=width, height=30, file=stream, record=True, force_terminal=True, color_system="truecolor", _environ={}
    )
    console.print(of(*at.events))
    codes = re.findall(r"\x1b\[([0-9;]*)m", stream.getvalue())
    assert stream.getvalue().count("\x1b") == len(codes)
    lines = console.export_text().splitlines()
    rows = [line for line in lines if line.strip()]
    assert len(rows) == 5
    assert all(cell_len(line) <= width for line in lines)
    assert all(unicodedata.category(each)[0] != "C" for line in lines for each in line)
    assert "READY" not in "".join(line for line in lines if "STOP" not in line and "?" not in line)


def test_cleaning() -> None:
    """What people are called stays as they write it."""
    assert clean("José Łukasz Nguyễn Ó'Brien 王") == "José Łukasz Nguyễn Ó'Brien 王"
    assert clean("Jose\u0301") == "José"
    assert clean("a" + "\u0316" * 9) == "a\u0316\u0316"
    draw = random.Random(1)
    for _ in range(300):
        text = "".join(chr(draw.randrange(0x110000)) for _ in range(30))
        assert clean(text).isprintable()


@pytest.mark.parametrize(
    ("offset_ms", "words"),
    [
        (0, "+0.0 s"),
        (-340, "-0.3 s"),
        (9_990, "+10.0 s"),
        (61_000, "+1 min"),
        (-7_200_000, "-2 h 00"),
        (259_200_000, "+3 days"),
        (-1_767_225_600_000, "-56 years"),
    ],
)
def test_offsets(offset_ms: int, words: str) -> None:
    """A tenth of a second near, years far."""
    assert in_offset(offset_ms) == words


def test_the_drawing_fetches_nothing() -> None:
    """The picture in the documents is one file, the same each time, with no address of anybody."""
    assert drawing() == drawing()
    assert "http" not in drawing().replace("http://www.w3.org/2000/svg", "")
    assert scene() == scene()
