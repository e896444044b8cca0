"""The drawing's lights: bright when the camera's are, to the millisecond; in words and as a drawing for whoever wants no motion."""

from __future__ import annotations

import math

import pytest
from playwright.sync_api import Page

from hal.interface import Colour, Pattern
from hal.patterns import brightness, period_ms
from tests.browser.conftest import Tell
from tests.browser.hello import DARK, camera, hello, light
from tests.oracles import needs
from tools.panel.views import words

pytestmark = needs("chromium")
BRIGHT = """([lamp, times]) => {
  const node = document.querySelector(`.drawing [data-lamp="${lamp}"]`);
  const playing = node.getAnimations();
  for (const each of playing) each.pause();
  return times.map(ms => { for (const each of playing) each.currentTime = ms; return Number(getComputedStyle(node).opacity); });
}"""
WORDS = words()["patterns"]
LARGEST = 341 * 256 / 4
"""Square pixels of what may flash more often than three times a second (WCAG 2.3.1, in a window of 1024 by 768)."""


def shows(page: Page, lamp: str, *times_s: float) -> list[float]:
    """How bright a lamp is so long after its light has changed."""
    bright: list[float] = page.evaluate(BRIGHT, [lamp, [at_s * 1000 for at_s in times_s]])
    return bright


@pytest.mark.parametrize("lamp", ["top", "front"])
def test_patterns_go_as_the_camera_plays_them(told: Tell, lamp: str) -> None:
    """At each of a hundred times of a period a lamp is as bright as the table of patterns says; a jump belongs to what follows it."""
    page = told()
    for pattern in Pattern:
        page.say(type="camera", **camera(lights={"top": DARK, "front": DARK} | {lamp: light(Colour.RED, pattern)}))
        page.page.wait_for_selector(f'[data-lamp="{lamp}"][data-pattern="{pattern.value}"]', state="attached")
        times_s = [(step + 0.5) * period_ms(pattern) / 100_000 for step in range(100)]
        expected = [pytest.approx(brightness(pattern, at_s), abs=0.002) for at_s in times_s]
        assert shows(page.page, lamp, *times_s) == expected, pattern


def test_colours_are_those_of_the_camera(told: Tell) -> None:
    """Each colour has one of its own on the ring and on the front light, and off shines not at all."""
    page = told()
    seen = {}
    for colour in Colour:
        page.say(type="camera", **camera(lights={"top": light(colour), "front": light(colour)}))
        page.page.wait_for_selector(f'[data-lamp="front"][data-colour="{colour.value}"]', state="attached")
        ring, front = (
            page.page.locator(f".{name}-light").evaluate("(node, what) => getComputedStyle(node)[what]", what)
            for name, what in (("ring", "stroke"), ("front", "fill"))
        )
        if colour is Colour.OFF:
            assert shows(page.page, "top", 0.0) == shows(page.page, "front", 0.0) == [0]
        else:
            assert ring == front
            seen[ring] = colour
    assert len(seen) == len(Colour) - 1
    page.say(type="camera", **camera(lights={"top": light(Colour.RED), "front": DARK}))
    dot = page.page.locator('[data-dot="front"][data-colour="off"]')
    dot.wait_for()
    assert dot.evaluate("node => getComputedStyle(node).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_light_that_did_not_change_goes_on(told: Tell) -> None:
    """News of the camera do not begin a pattern anew: its rhythm is what tells."""
    page = told(hello(camera(lights={"top": light(Colour.RED, Pattern.SLOW), "front": DARK})))
    ring = page.page.locator('[data-lamp="top"]')
    ring.evaluate("node => { node.mark = node.getAnimations()[0]; }")
    page.say(type="camera", **camera(lights={"top": light(Colour.RED, Pattern.SLOW), "front": DARK}, slot=1))
    page.page.wait_for_selector('.device[data-docked="true"]')
    assert ring.evaluate("node => node.getAnimations().includes(node.mark)")
    page.say(type="camera", **camera(lights={"top": light(Colour.RED, Pattern.FAST), "front": DARK}))
    page.page.wait_for_selector('[data-lamp="top"][data-pattern="fast"]', state="attached")
    assert not ring.evaluate("node => node.getAnimations().includes(node.mark)")


def test_who_wants_no_motion_sees_patterns_drawn(told: Tell) -> None:
    """Nothing moves; the ring is drawn in dashes, as long as the flashes are, each pattern in its own."""
    page = told(reduced_motion="reduce")
    drawn = {}
    for pattern in Pattern:
        page.say(type="camera", **camera(lights={"top": light(Colour.AMBER, pattern), "front": DARK}))
        page.page.wait_for_selector(f'[data-lamp="top"][data-pattern="{pattern.value}"]', state="attached")
        drawn[pattern] = page.page.locator(".ring-light").evaluate("node => getComputedStyle(node).strokeDasharray")
        assert shows(page.page, "top", 0.0) == [1]
        assert page.page.evaluate("() => document.getAnimations().length") == 0
    assert drawn[Pattern.GAP] == "80px, 20px"
    assert drawn.pop(Pattern.STEADY) == drawn.pop(Pattern.PULSE) == "none"  # told apart by the strip beside
    assert len({drawn.pop(Pattern.SLOW), drawn.pop(Pattern.FAST)}) == 1  # the same
    assert len(set(drawn.values())) == len(drawn)


def test_strips_tell_all_patterns_apart(told: Tell) -> None:
    """Beside the drawing each pattern is drawn as it goes, and no two strips are alike."""
    page = told(reduced_motion="reduce")
    strips = set()
    for pattern in Pattern:
        page.say(type="camera", **camera(lights={"top": light(Colour.AMBER, pattern), "front": DARK}))
        page.page.wait_for_selector(f'[data-strip="top"][data-shown="amber {pattern.value}"]')
        levels = page.page.locator('[data-strip="top"] i').evaluate_all(
            "all => all.map(each => Number(each.style.opacity))"
        )
        assert levels == [pytest.approx(brightness(pattern, part * 2.5 / 100), abs=0.001) for part in range(100)]
        strips.add(tuple(levels))
        assert page.page.locator("#top-words").inner_text() == f"amber, {WORDS[pattern.value]['words']}"
    assert len(strips) == len(Pattern)


def test_what_flashes_is_small(told: Tell) -> None:
    """Both lights together, with what glows around them, stay below what WCAG 2.3.1 lets flash as often as a camera's light does."""
    page = told(
        hello(camera(lights=dict.fromkeys(("top", "front"), light(Colour.RED, Pattern.FAST)))),
        viewport={"width": 1024, "height": 768},
    )
    boxes = page.page.locator(".lit ellipse, .lit circle").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == 4
    assert sum(math.pi * box["width"] * box["height"] / 4 for box in boxes) < LARGEST


def test_a_pattern_that_nobody_knows_shines(told: Tell) -> None:
    """A newer server's pattern is shown steadily and by its name, and breaks nothing."""
    page = told()
    page.say(type="camera", **camera(lights={"top": {"colour": "red", "pattern": "waltz"}, "front": DARK}))
    page.page.wait_for_selector('[data-pattern="waltz"]', state="attached")
    assert shows(page.page, "top", 0.3) == [1]
    assert page.page.locator("#top-words").inner_text() == "red, waltz"
