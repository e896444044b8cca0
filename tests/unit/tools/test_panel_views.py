"""What pages are told is what cameras and dock told, in the words of the officer's card."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from firmware.evidence.log_kinds import AUDIT_DATA
from hal import patterns
from hal.interface import Pattern
from tools.dock.face.board import Row
from tools.dock.face.gate import Light, Verdict
from tools.panel import views
from tools.panel.hub import LOG_LINES, MOST_PAGES, SAID_LINES, Hub


def line(**payload: Any) -> str:
    """A line of the log with this payload; nobody looks at its signature here."""
    return f"eyJ.{base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip('=')}.sig"


def logged(text: str) -> dict[str, Any]:
    """What a page is told of a line."""
    return views.log("cam-1", {"file": "00000001.jwsl", "line": text})


def test_patterns_are_those_of_the_lights() -> None:
    """Each pattern's course, as whoever drives a light has it."""
    told = views.words()["patterns"]
    assert set(told) == {pattern.value for pattern in Pattern}
    for pattern in Pattern:
        points = told[pattern.value]["course"]
        assert points[-1][0] == told[pattern.value]["period_ms"] == patterns.period_ms(pattern)
        assert points[0][1] == patterns.brightness(pattern, 0)
    assert json.loads(json.dumps(told)) == told


def test_log_lines() -> None:
    """Number, kind, time and words of a line, and the line itself."""
    clock = {"utc_ms": 1_790_000_000_000, "quality": "rtc"}
    text = line(kind="opening", line=7, clock=clock, data={"number": 3}, device="cam-1")
    told = logged(text)
    assert (told["line"], told["kind"], told["utc_ms"], told["clock"]) == (7, "opening", 1_790_000_000_000, "rtc")
    assert told["words"] == "opening of recording 3"
    assert told["facts"] == {"line": 7, "data": {"number": 3}, "device": "cam-1"}
    assert (told["jws"], "cut" in told) == (text, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.!!.c",
        "a.bnVsbA.c",
        "a.W10.c",
        line(),
        line(kind=3, clock=4, data=5),
        line(kind="opening", data={}),
        line(kind="opening", data={"number": {}}),
    ],
)
def test_lines_that_are_none(text: str) -> None:
    """They are shown as they are, and never more than shown."""
    told = logged(text)
    assert told["jws"] == text
    assert isinstance(told["words"], str)


def test_long_lines_are_cut() -> None:
    """And it is said that they are."""
    told = logged(line(kind="boot", chain="x" * 9000))
    assert (len(told["jws"]), told["cut"]) == (4096, True)


def row(**changes: Any) -> Row:
    """A slot as the dock's board has it."""
    facts: dict[str, Any] = {
        "slot": "1", "device": "cam-1", "officer": "", "verdict": Verdict(Light.WAIT, ("it is recording",)), "percent": 80,
        "charging": True, "offset_ms": 0, "done": 0, "total": 0, "rate": None, "left_s": None,
    }  # fmt: skip
    return Row(**{**facts, **changes})


def test_rack() -> None:
    """A free slot, one whose camera the dock does not know yet, one that moves bytes, and one that has moved them all."""
    moving, moved = (
        row(slot="3", done=5, total=9, rate=2.0, left_s=2.0),
        row(slot="4", done=9, total=9, rate=1.0, left_s=3.0),
    )
    slots = views.rack("dock-1", 4, {3: moving, 4: moved}, {2: "cam-2", 3: "cam-3"})["slots"]
    assert [(slot["slot"], slot["camera"], slot["light"]) for slot in slots] == [
        (1, None, "free"), (2, "cam-2", "free"), (3, "cam-1", "wait"), (4, "cam-1", "wait"),
    ]  # fmt: skip
    assert (slots[2]["done"], slots[2]["total"], slots[2]["left_s"]) == (5, 9, 2.0)
    assert (slots[3]["done"], slots[3]["total"], slots[3]["left_s"]) == (0, 0, None)
    assert slots[2]["words"] == "do not take: it is recording"


class Page:
    """A page that notes what it is told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.told: list[Any] = []
        self.closed: int | None = None

    def tell(self, message: Any, key: str | None = None) -> None:
        """Note."""
        self.told.append((message, key))

    def close(self, code: int = 1001) -> None:
        """Note."""
        self.closed = code


def test_whoever_comes_later_sees_the_same() -> None:
    """The newest of everything and the last lines, and nothing twice."""
    hub, first, later = Hub(lambda: {"sliders": []}), Page(), Page()
    hub.camera({"id": "cam-1", "power": "off"})
    assert hub.enter(first)  # type: ignore[arg-type]  # a stand-in with what the hub uses
    hub.camera({"id": "cam-1", "power": "on"})
    hub.camera({"id": "cam-1", "power": "on"})
    hub.part("dock", {"name": "dock-1"})
    hub.part("dock", {"name": "dock-1"})
    hub.happen({"type": "cue"})
    for number in range(LOG_LINES + 5):
        hub.log({"line": number})
    for number in range(SAID_LINES + 5):
        hub.say("hand", str(number))
    assert hub.enter(later)  # type: ignore[arg-type]  # a stand-in with what the hub uses
    hello = later.told[0][0]
    assert (hello["type"], hello["sliders"], hello["cameras"], hello["dock"]) == (
        "hello", [], [{"id": "cam-1", "power": "on"}], {"name": "dock-1"},
    )  # fmt: skip
    assert [each["line"] for each in hello["log"]] == list(range(5, LOG_LINES + 5))
    assert [each["words"] for each in hello["said"]] == [str(number) for number in range(5, SAID_LINES + 5)]
    told = [(message["type"], key) for message, key in first.told]
    assert told[:4] == [("hello", None), ("camera", "camera cam-1"), ("dock", "dock"), ("cue", None)]
    hub.leave(first)  # type: ignore[arg-type]  # a stand-in with what the hub uses
    hub.happen({"type": "cue"})
    assert (first.told[-1][0]["type"], later.told[-1][0]["type"]) == ("said", "cue")


def test_greeting_anew() -> None:
    """What only the first message tells reaches those who had it already."""
    start: dict[str, Any] = {"sliders": []}
    hub, page = Hub(lambda: start), Page()
    hub.enter(page)  # type: ignore[arg-type]  # a stand-in with what the hub uses
    start["sliders"] = ["battery"]
    hub.greet()
    assert [message["sliders"] for message, _ in page.told] == [[], ["battery"]] or page.told[1][0]["sliders"] == [
        "battery"
    ]


def test_too_many_pages() -> None:
    """The next one is sent away, and told that it may come later."""
    hub, pages = Hub(dict), [Page() for _ in range(MOST_PAGES + 1)]
    assert [hub.enter(page) for page in pages] == [True] * MOST_PAGES + [False]  # type: ignore[arg-type]  # a stand-in with what the hub uses
    assert (pages[-1].closed, pages[-1].told) == (1013, [])
    hub.leave(pages[0])  # type: ignore[arg-type]  # a stand-in with what the hub uses
    assert hub.enter(Page())  # type: ignore[arg-type]  # a stand-in with what the hub uses
    hub.close()
    assert {page.closed for page in pages[1:-1]} == {1001}


def test_the_log_has_words_for_kinds_that_there_are() -> None:
    """A kind that nobody writes would be one that was renamed."""
    assert views._LOG_WORDS.keys() <= AUDIT_DATA.keys()
