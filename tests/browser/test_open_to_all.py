"""The page is for everybody: axe-core finds nothing in any state, it works without a mouse, in the dark, magnified, narrow and without motion."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from hal.interface import Colour, Pattern
from tests.browser.conftest import Tell
from tests.browser.hello import DARK, camera, hello, light, recording, state, store
from tests.browsing import judge, overflow
from tests.oracles import needs

pytestmark = needs("chromium", "axe-core")
LONG = "A-name-that-somebody-did-not-think-through-and-that-has-no-place-to-break-anywhere-at-all"
FULL = hello(
    camera(
        "cam-1",
        lights={"top": light(Colour.AMBER, Pattern.SLOW), "front": DARK},
        meaning={"name": "warning", "words": "Not recording. Ready, and something needs attention."},
        officer=LONG,
        state=state(troubles=["no-sound"], flags=["hush"], shift="S-1a2b3c4d"),
    ),
    camera("cam-2", power="off", state=None),
    camera(LONG),
    problems=[LONG],
    recordings=store(
        recording("a", verdict="not whole", problems=[{"file": LONG, "reason": "is missing"}], shift=LONG),
        recording("b", private=[{"kind": "bookmark", "at_s": 1.0, "text": LONG}]),
        recording("c", verdict=None),
        judging=True,
    ),
    dock={
        "type": "dock",
        "name": "dock-1",
        "trouble": None,
        "slots": [
            {
                "slot": 1,
                "camera": LONG,
                "light": "busy",
                "words": LONG,
                "done": 1,
                "total": 2,
                "rate": 1.0,
                "left_s": 1.0,
            }
        ],
    },
    scenario={
        "type": "scenario",
        "name": "door",
        "state": "running",
        "step": 1,
        "steps": 4,
        "words": LONG,
        "say": "Press.",
        "problems": [],
    },
    log=[
        {
            "camera": "cam-1",
            "file": "1.jwsl",
            "line": each,
            "kind": "press",
            "utc_ms": 1,
            "words": LONG,
            "facts": {},
            "jws": LONG * 9,
        }
        for each in range(40)
    ],
    said=[{"at_ms": 1, "who": "hand", "camera": "cam-1", "words": LONG, "trouble": True}],
)
"""Everything at once, and long."""


def unfold(page: Page) -> None:
    """Open all that can be opened."""
    page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.evaluate(
        "() => { document.getElementById('film').hidden = false; document.getElementById('film-bar').hidden = false; }"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(told: Tell, scheme: str, width: int) -> None:
    """WCAG 2.2 AA as far as a program can judge it, with everything on the page at once: contrast, names, roles, sizes, order."""
    tell = told(FULL, color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    unfold(tell.page)
    assert judge(tell.page) == []


@pytest.mark.parametrize("power", ["off", "starting", "failed", "on"])
def test_axe_finds_nothing_whatever_the_power(told: Tell, power: str) -> None:
    """Also where there is next to nothing to show."""
    shown: dict[str, Any] = {} if power == "on" else {"state": None, "sliders": {}, "trouble": "It ended."}
    tell = told(hello(camera(power=power, **shown)), reduced_motion="reduce")
    assert judge(tell.page) == []


@pytest.mark.parametrize(
    ("width", "scale"),
    [(1280, 2), (640, 2), (360, 1), (320, 1)],
    ids=["projector", "200 % of 1280", "360 px", "400 % of 1280"],
)
def test_nothing_has_to_be_scrolled_sideways(told: Tell, width: int, scale: int) -> None:
    """At 200 % zoom, which halves the window, on a telephone, and down to the 320 px of WCAG 1.4.10: the page fits, whatever is on it."""
    tell = told(FULL, viewport={"width": width, "height": 800}, device_scale_factor=scale)
    unfold(tell.page)
    assert overflow(tell.page) == 0


def test_larger_letters_and_wider_spacing_lose_nothing(told: Tell) -> None:
    """Letters of twice the size, and the spacing of WCAG 1.4.12: nothing is cut off or hidden behind something else."""
    tell = told(FULL)
    tell.page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
        sheet.replaceSync('html { font-size: 200% } * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }');
        document.adoptedStyleSheets = [sheet]; }"""
    )
    assert overflow(tell.page) == 0
    cut = tell.page.evaluate(
        """() => [...document.querySelectorAll('button, label, dd, dt, h1, h2, h3, h4, p, summary')]
        .filter(each => !each.closest('.unseen, [hidden]') && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
        .map(each => each.outerHTML.slice(0, 90))"""
    )
    assert cut == []


def test_without_a_mouse_everything_is_reached_in_order(told: Tell) -> None:
    """Tab goes through all controls from top to bottom as they stand in the document, each with a name and a visible focus, and out again."""
    tell = told(FULL, reduced_motion="reduce")
    page = tell.page
    page.evaluate(
        "() => document.querySelectorAll('details').forEach(each => { if (!each.closest('#log')) each.open = true; })"
    )
    page.evaluate(
        """() => { window.all = [...document.querySelectorAll('a[href], button:not([disabled]), input:not([disabled]), select, summary, [tabindex="0"]')]
        .filter(each => each.checkVisibility() && each.tabIndex >= 0); }"""
    )
    count = page.evaluate("() => window.all.length")
    assert count > 40
    order = []
    for _ in range(count):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                """() => { const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
                return [window.all.indexOf(node), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
                        box.bottom > 0 && box.top < innerHeight, node.outerHTML.slice(0, 90)]; }"""
            )
        )
    assert [place for place, *_ in order] == list(range(count))
    assert [what for _, outlined, _, what in order if not outlined] == []
    assert [what for _, _, seen, what in order if not seen] == []


def test_skip_links_lead_to_camera_and_desk(told: Tell) -> None:
    """The first two tabs are ways past everything."""
    page = told().page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "device"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "key-record"


def test_without_scripts_the_page_says_what_it_needs(told: Tell) -> None:
    """Not a blank page."""
    tell = told()
    assert "it needs JavaScript" in tell.page.locator("noscript").text_content()  # type: ignore[operator]  # the page has one, and it has text


def test_nothing_comes_from_elsewhere(told: Tell) -> None:
    """Every file is the page's own; no style or script stands inside the document, so the strictest policy holds."""
    tell = told(FULL)
    entries = tell.page.evaluate(
        "() => performance.getEntriesByType('resource').map(each => new URL(each.name).origin)"
    )
    assert set(entries) == {"http://127.0.0.1:9"}
    source = tell.page.evaluate("async () => (await fetch('/')).text()")
    assert "style=" not in source
    assert "<style" not in source
    assert " on" not in [part[:3] for part in source.split('"')]
