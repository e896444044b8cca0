"""From the camera to the desk, through the page: offload, receipt, verdict and film of real recordings; scenarios; and no way in for others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.held import Held
from tests.browsing import Console
from tests.oracles import needs
from tools.panel.panel import Panel
from tools.scenario.read import read

pytestmark = needs("chromium")
SETTINGS = {"pre_event_s": 2, "keep_after_receipt_h": 0, "hold_s": 1}
SCENARIO = b"""
title = "A short one"
words = "Press and stop."
about_s = 5
[settings]
pre_event_s = 2
[[steps]]
say = "Press, and it records."
[[steps]]
pause = 600
[[steps]]
press = "record"
[[steps]]
wait = { cue = "started", light = "recording" }
[[steps]]
say = "Hold, and press once more."
[[steps]]
hold = "record"
seconds = 1.3
[[steps]]
wait = { cue = "stop-asked" }
[[steps]]
press = "record"
[[steps]]
wait = { cue = "stopped" }
[[steps]]
wait = { light = "docked" }
within = 1
"""
"""Its last step never comes true: the camera is in no dock."""
SPEED = "() => document.querySelector('#slots .bar').hidden ? null : document.querySelector('#slots .bar').getAttribute('aria-valuetext')"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """One camera, a dock, and a scenario."""
    scenarios = [read(SCENARIO, "short")]
    with Panel(tmp_path_factory.mktemp("panel"), replay=True, settings=SETTINGS, scenarios=scenarios) as running:
        yield running


def stored(held: Held, count: int) -> list[str]:
    """The verdicts of all recordings in the store, the newest first, once there are so many and all are judged."""
    held.wait(
        """count => { const all = [...document.querySelectorAll('.recordings .badge')].map(each => each.textContent);
        return all.length === count && !all.includes('not judged yet') && !document.getElementById('store-words').textContent.includes('at work'); }""",
        count,
        f"{count} recordings with their verdicts",
    )
    return held.page.locator(".recordings .badge").all_inner_texts()


def test_from_the_press_to_the_film(held: Held) -> None:
    """Assigned, recorded, marked, docked: the dock's slot says how it goes, the verifier judges, and the desk opens and plays it."""
    page = held.page
    assert page.locator("#empty").is_visible()
    page.locator("#officer").fill("Jordan Ellis")
    page.get_by_role("button", name="Enter in the register").click()
    page.wait_for_function("() => document.getElementById('assigned').textContent.includes('Jordan Ellis')")
    page.locator("h1").click()
    held.record()
    held.press()
    held.felt("bookmark")
    held.stop()
    held.click("Put it into the dock")
    page.wait_for_selector('.device[data-docked="true"]')
    assert stored(held, 1) == ["whole"]
    page.wait_for_function(
        "() => [...document.querySelectorAll('#log li')].some(each => each.dataset.kind === 'erasure')"
    )
    assert "cam-1" in page.locator("#slots").inner_text()
    row = page.locator(".recordings > li")
    row.get_by_role("button", name="Open and play").click()
    video = page.locator("#film")
    video.wait_for()
    page.wait_for_function("() => document.getElementById('film').readyState >= 2")
    page.wait_for_function("() => document.getElementById('film').currentTime > 0.3")
    shown = video.evaluate(
        "node => ({length: node.duration, width: node.videoWidth, sound: node.webkitAudioDecodedByteCount, from: node.currentSrc})"
    )
    assert shown["from"].startswith(page.url + "films/")
    assert shown["width"] == 1280
    assert shown["length"] > 2, "the buffer before the press is in it"
    marks = page.locator("#marks button").all_inner_texts()
    assert any("bookmark" in mark for mark in marks)
    page.locator("#marks button").filter(has_text="bookmark").first.click()
    page.wait_for_function(
        "() => document.getElementById('film').currentTime >= document.getElementById('film').textTracks[0].cues[0].startTime"
    )
    row.locator("summary").click()
    assert row.locator("ul.proven li").count() > 0
    assert row.locator("ul.unproven li").count() > 0
    held.click("Take it out of the dock")


def test_what_was_cut_off_is_never_called_whole(held: Held) -> None:
    """The battery falls out of a recording: the desk says recovered of that one, and whole of the one that goes on from it."""
    before = held.page.locator(".recordings > li").count()
    held.record()
    held.click("Pull the battery")
    held.page.wait_for_selector('.device[data-power="off"]')
    held.click("Put the battery back")
    held.resumed()
    held.stop()
    held.click("Put it into the dock")
    assert stored(held, before + 2)[:2] == ["whole", "recovered"]
    held.click("Take it out of the dock")


def test_a_scenario_runs_and_says_where_it_went_wrong(held: Held) -> None:
    """Its words stand above the camera, the camera does what its hands do, and what did not come is named at the end."""
    page = held.page
    page.locator("#fast").click()
    page.get_by_role("button", name="Play A short one").click()
    page.wait_for_function("() => document.getElementById('say-words').textContent === 'Press, and it records.'")
    page.wait_for_function("() => document.getElementById('say-words').textContent === 'Hold, and press once more.'")
    held.felt("stopped")
    page.wait_for_selector('#say[data-state="failed"]')
    assert "10" in page.locator("#say-step").inner_text()
    held.says("ready")


def test_the_scenarios_of_the_house_are_there(held: Held) -> None:
    """Each file of scenarios/ stands in the list, and none has a problem."""
    titles = held.page.locator("#scenarios h3").all_inner_texts()
    assert {"A cell-door incident", "A short one"} < set(titles)
    assert held.page.locator("#problems li").count() == 0


@pytest.mark.parametrize("name", ["http://evil.example/", "http://127.0.0.1:9/"])
def test_other_sites_get_nothing(panel: Panel, browser: Browser, name: str) -> None:
    """A page of another origin, as a browser really sends it: no socket, nothing to read, no picture, no film, and no way to frame it."""
    with browser.new_context() as context:
        page = context.new_page()
        console = Console(page)
        page.route(
            "**",
            lambda route: (
                route.fulfill(body="<h1>elsewhere</h1>", content_type="text/html")
                if route.request.url.startswith(name)
                else route.continue_()
            ),
        )
        page.goto(name)
        opened = page.evaluate(
            "url => new Promise(done => { const socket = new WebSocket(url.replace('http', 'ws') + 'ws'); socket.onopen = () => done(true); socket.onerror = () => done(false); })",
            panel.url,
        )
        assert opened is False
        assert page.evaluate("url => fetch(url).then(() => true, () => false)", panel.url) is False
        assert (
            page.evaluate(
                "url => fetch(url + 'main.js', {mode: 'no-cors'}).then(answer => answer.type === 'opaque', () => false)",
                panel.url,
            )
            is False
        )
        assert (
            page.evaluate(
                "url => new Promise(done => { const image = new Image(); image.onload = () => done(true); image.onerror = () => done(false); image.src = url + 'icon.svg'; })",
                panel.url,
            )
            is False
        )
        page.evaluate(
            "url => new Promise(done => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = url; document.body.append(frame); })",
            panel.url,
        )
        assert page.frames[1].evaluate("() => document.querySelector('.device')") is None
        assert console.complaints != []


def test_the_page_holds_to_its_policy(panel: Panel, browser: Browser) -> None:
    """The server's own headers forbid inline scripts and styles and anything from elsewhere, and the browser enforces that."""
    with browser.new_context() as context:
        page = context.new_page()
        console = Console(page)
        page.goto(panel.url)
        policy = page.request.get(panel.url).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        page.evaluate(
            "() => document.body.insertAdjacentHTML('beforeend', '<p id=styled style=\"position: fixed\">x</p>')"
        )
        assert page.locator("#styled").evaluate("node => getComputedStyle(node).position") == "static"
        assert page.evaluate("() => fetch('https://example.org/').then(() => true, () => false)") is False
        assert all("Content Security Policy" in told for told in console.complaints)
