"""The desk's side of the page: what lies in the dock's store, how it was judged, and the film, which only the desk can open."""

from __future__ import annotations

import re
from typing import Any

from tests.browser.conftest import Tell
from tests.browser.hello import hello, recording, store
from tests.oracles import needs

pytestmark = needs("chromium")
READY = {"state": "ready", "done": 1, "url": "/films/a.mp4", "words": None}


def test_each_verdict_is_a_word_and_a_colour(told: Tell) -> None:
    """Whole is good, cut off is a warning, anything else, also what nobody foresaw, is bad; and unjudged is not judged."""
    verdicts = ["whole", "recovered", "open", "not whole", "signed by a revoked device", "unheard of", None]
    items = [recording(f"cam-1.aa.{number}", number=number, verdict=verdict) for number, verdict in enumerate(verdicts)]
    tell = told(hello(recordings=store(*items)))
    badges = tell.page.locator(".recordings .badge")
    assert badges.all_inner_texts() == [*verdicts[:-1], "not judged yet"]
    classes = badges.evaluate_all("all => all.map(each => each.dataset.class ?? null)")
    assert classes == ["good", "warn", "warn", "bad", "bad", "bad", None]


def test_findings_are_told_in_full(told: Tell) -> None:
    """What is wrong, what is proven, what is not, and what only the authority's key has opened."""
    item = recording(
        verdict="not whole",
        problems=[{"file": "000003.mp4.age", "reason": "is missing"}],
        private=[
            {"kind": "bookmark", "at_s": 33.4, "text": "evidence"},
            {"kind": "trigger", "at_s": None, "text": "press"},
        ],
        shift="S-1",
        priority=True,
    )
    tell = told(hello(recordings=store(item)))
    row = tell.page.locator(".recordings > li")
    assert "2026-09-21 14:13 UTC, 0:42 long. Shift S-1. Marked by the officer." in row.inner_text()
    row.locator("summary").click()
    said = [re.sub(r"^\W*", "", each) for each in row.locator("details li").all_inner_texts()]
    assert said == [
        "000003.mp4.age: is missing",
        "5 segments",
        "Nothing is missing.",
        "That the clock was right.",
        "0:33 evidence",
        "press",
    ]


def test_news_keep_what_was_opened_and_focused(told: Tell) -> None:
    """While the verifier is at work rows change under the reader: an open one stays open, and the focus where it was."""
    tell = told(hello(recordings=store(recording(verdict=None), judging=True)))
    tell.page.locator(".recordings summary").click()
    tell.page.locator(".recordings [data-act=play]").focus()
    tell.say(**store(recording("cam-1.aa.2", number=2), recording()))
    tell.page.wait_for_function("() => document.querySelectorAll('.recordings > li').length === 2")
    assert tell.page.locator(".recordings > li").nth(1).locator("details[open]").count() == 1
    assert tell.page.evaluate("() => document.activeElement.dataset.act") == "play"
    assert tell.page.locator("#store-words").inner_text() == "The store as a whole: whole."
    tell.say(**store())
    tell.page.wait_for_selector("#empty", state="visible")


def test_a_film_is_asked_for_once(told: Tell) -> None:
    """Opening asks the desk and waits with a bar; a refusal is told in its own words; nothing is asked for that is there."""
    tell = told(hello(recordings=store(recording())))
    tell.page.locator("[data-act=play]").click()
    assert tell.done("look") == [{"do": "export", "recording": "cam-1.aa.00000001"}]
    tell.say(**store(recording(film={"state": "making", "done": 0.4, "url": None, "words": None})))
    tell.page.wait_for_selector("#film-bar", state="visible")
    assert tell.page.locator("#film-bar").get_attribute("aria-valuetext") == "40 %"
    tell.say(**store(recording(film={"state": "refused", "done": 0, "url": None, "words": "it is damaged"})))
    tell.page.wait_for_function("() => document.getElementById('film-words').textContent.includes('it is damaged')")
    assert tell.page.locator("video").is_hidden()
    tell.console.expected = ("404",)  # there is no film here: the real one is played in test_dock.py
    tell.say(**store(recording(film=READY, private=[{"kind": "bookmark", "at_s": 3.0, "text": ""}])))
    tell.page.wait_for_selector("video", state="visible")
    assert tell.page.locator("video").get_attribute("src") == "/films/a.mp4"
    assert tell.page.locator("#marks button").all_inner_texts() == ["0:03 bookmark"]
    assert tell.page.locator("video").evaluate("node => node.textTracks[0].cues.length") == 1
    tell.page.locator("[data-act=play]").click()
    assert len(tell.done("look")) == 1


def test_no_film_is_played_beside_the_camera(told: Tell) -> None:
    """The one player stands inside the desk: the camera has no playback."""
    tell = told()
    assert tell.page.locator("video").count() == tell.page.locator("#desk video").count() == 1


def test_the_rack_shows_what_moves(told: Tell) -> None:
    """A slot says who stands there and how far its round is."""
    slots: list[dict[str, Any]] = [
        {
            "slot": 1,
            "camera": "cam-1",
            "light": "busy",
            "words": "offloading 1 of 2",
            "done": 1_500_000,
            "total": 6_000_000,
            "rate": 2e6,
            "left_s": 2.3,
        },
        {"slot": 2, "camera": None, "light": "off", "words": "", "done": 0, "total": 0, "rate": None, "left_s": None},
    ]
    tell = told(hello(dock={"type": "dock", "name": "dock-1", "trouble": None, "slots": slots}))
    rows = tell.page.locator("#slots li")
    assert rows.nth(0).inner_text().split("\n")[0] == "Slot 1"
    assert rows.nth(0).locator("p").inner_text() == "1.5 MB of 6.0 MB, 2.0 MB/s, 0:02 to go"
    assert rows.nth(0).get_by_role("progressbar").get_attribute("aria-valuetext") == "25 %"
    assert "empty" in rows.nth(1).inner_text()
    assert rows.nth(1).locator(".bar").is_hidden()
    colours = []
    for light in ("ready", "wait", "wrong", "free", "unheard-of"):
        tell.say(type="dock", name="dock-1", trouble=None, slots=[{**slots[0], "light": light, "words": light}])
        tell.page.wait_for_selector(f'#slots li[data-light="{light}"]')
        colours.append(tell.page.locator("#slots .dot").get_attribute("data-colour"))
    assert colours == ["green", "amber", "red", "off", "off"]
    tell.page.locator("#officer").fill("Jordan Ellis")
    tell.page.locator("#officer").press("Enter")
    tell.page.wait_for_function("() => document.getElementById('assigned').textContent !== ''")
    assert tell.done("look") == [{"do": "assign", "camera": "cam-1", "officer": "Jordan Ellis"}]
