"""Hands on the drawing: what goes down comes up again, by mouse, finger and key, whatever becomes of the pointer."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Tell
from tests.browser.hello import camera, hello
from tests.oracles import needs

pytestmark = needs("chromium")
PRESS = {"do": "press", "camera": "cam-1", "button": "record", "bounces": 0}
RELEASE = {**PRESS, "do": "release"}


def push(page: Page, kind: str, selector: str = "#key-record", **event: Any) -> None:
    """Let a pointer event happen on a button, as a finger or a pen would."""
    page.locator(selector).dispatch_event(kind, {"pointerId": 1, "button": 0, "isPrimary": True, **event})


def middle(page: Page, selector: str = "#key-record") -> tuple[float, float]:
    """The middle of a button."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_mouse_holds_as_long_as_it_holds(told: Tell) -> None:
    """Pressed with the mouse, held while it is dragged off the button, and let go wherever it is let go."""
    tell = told()
    tell.page.mouse.move(*middle(tell.page))
    tell.page.mouse.down()
    tell.page.wait_for_selector('.device[data-record="true"]')
    assert tell.done("look") == [PRESS]
    tell.page.mouse.move(5, 5)
    assert tell.done("look") == [PRESS]
    tell.page.mouse.up()
    tell.page.wait_for_selector('.device[data-record="false"]')
    assert tell.done("look") == [PRESS, RELEASE]


def test_other_mouse_buttons_press_nothing(told: Tell) -> None:
    """A right click is not a press, and opens no menu over the drawing."""
    tell = told()
    tell.page.evaluate(
        "() => addEventListener('contextmenu', event => { document.title = String(event.defaultPrevented); })"
    )
    tell.page.locator("#key-record").click(button="right")
    assert tell.done("look") == []
    assert tell.page.title() == "true"


def test_a_finger_taps(told: Tell) -> None:
    """One touch is one press and one release, and does not scroll or zoom."""
    tell = told(has_touch=True, viewport={"width": 360, "height": 740})
    tell.page.locator("#key-function").scroll_into_view_if_needed()
    tell.page.touchscreen.tap(*middle(tell.page, "#key-function"))
    assert tell.done("look") == [PRESS | {"button": "function"}, RELEASE | {"button": "function"}]
    assert tell.page.locator("#key-function").evaluate("node => getComputedStyle(node).touchAction") == "none"


@pytest.mark.parametrize("lost", ["pointercancel", "lostpointercapture", "pointerup"])
def test_a_lost_pointer_lets_go(told: Tell, lost: str) -> None:
    """However a pointer ends, the button is let go, once."""
    tell = told()
    tell.page.evaluate(
        "() => { Element.prototype.setPointerCapture = () => {}; }"
    )  # a made-up pointer cannot be captured
    push(tell.page, "pointerdown")
    push(tell.page, lost)
    push(tell.page, "lostpointercapture")
    assert tell.done("look") == [PRESS, RELEASE]


def test_two_holders_are_one_press(told: Tell) -> None:
    """A second finger or key on a button that is down changes nothing, until the last one leaves."""
    tell = told()
    tell.page.evaluate("() => { Element.prototype.setPointerCapture = () => {}; }")
    push(tell.page, "pointerdown")
    tell.page.keyboard.down("Space")
    push(tell.page, "pointerup")
    assert tell.done("look") == [PRESS]
    tell.page.keyboard.up("Space")
    assert tell.done("look") == [PRESS, RELEASE]


@pytest.mark.parametrize(("key", "button"), [("Space", "record"), ("f", "function"), ("F", "function")])
def test_keys_hold_on_the_whole_page(told: Tell, key: str, button: str) -> None:
    """Space is the record button and F the function button, each as long as it is held; a key that repeats is no second press."""
    tell = told()
    before = tell.page.evaluate("() => scrollY")
    tell.page.keyboard.down(key)
    tell.page.keyboard.down(key)  # the browser makes a repeat of it
    assert tell.done("look") == [PRESS | {"button": button}]
    assert f"{button} held for" in tell.page.locator("#held").inner_text()
    tell.page.keyboard.up(key)
    assert tell.done("look") == [PRESS | {"button": button}, RELEASE | {"button": button}]
    assert tell.page.evaluate("() => scrollY") == before
    assert tell.page.locator("#held").inner_text() == ""


def test_keys_can_be_switched_off(told: Tell) -> None:
    """Who speaks to the computer, or types with one hand, switches the page's keys off (WCAG 2.1.4); the buttons still take theirs."""
    tell = told()
    tell.page.locator("#keys").click()
    tell.page.locator("h1").click()
    tell.page.keyboard.press("f")
    tell.page.keyboard.press("Space")
    assert tell.done("look") == []
    tell.page.locator("#key-record").press("Enter")
    assert tell.done("look") == [PRESS, RELEASE]


def test_typing_is_no_pressing(told: Tell) -> None:
    """A name with an F or a space in it, a button under the space bar, a slider: none of these press the camera's buttons."""
    tell = told()
    tell.page.locator("#officer").press_sequentially("Ffion Ff")
    tell.page.locator("#bounce").press("Space")
    tell.page.locator("#slider-battery").press("Space")
    tell.page.locator("#log").press("Space")
    tell.page.keyboard.press("Control+f")
    assert tell.done("look") == []
    assert tell.page.locator("#bounce").get_attribute("aria-checked") == "true"
    assert tell.page.locator("#officer").input_value() == "Ffion Ff"


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_a_button_with_the_focus_is_held_by_its_keys(told: Tell, key: str) -> None:
    """Whoever tabs to a button holds it with space or enter; when the focus leaves, it is let go."""
    tell = told()
    tell.page.locator("#key-function").focus()
    tell.page.keyboard.down(key)
    assert tell.done("look") == [PRESS | {"button": "function"}]
    tell.page.keyboard.up(key)
    tell.page.keyboard.down(key)
    tell.page.locator("#bounce").focus()
    assert [order["do"] for order in tell.done("look")] == ["press", "release", "press", "release"]
    tell.page.keyboard.up(key)
    assert len(tell.done("look")) == 4


def test_a_click_without_a_pointer_is_a_tap(told: Tell) -> None:
    """A screen reader or a switch clicks, and holds nothing: that is a short press."""
    tell = told()
    tell.page.locator("#key-record").evaluate("node => node.click()")
    assert tell.done("look") == [{"do": "tap", "camera": "cam-1", "button": "record", "ms": 120, "bounces": 0}]


@pytest.mark.parametrize("gone", ["blur", "pagehide"])
def test_nothing_stays_down_behind_a_page_that_is_gone(told: Tell, gone: str) -> None:
    """When the window loses the keyboard or the page is left, all is let go: the key's end would never be heard."""
    tell = told()
    tell.page.keyboard.down("Space")
    tell.page.evaluate("kind => dispatchEvent(new Event(kind))", gone)
    assert tell.done("look") == [PRESS, RELEASE]


def test_contacts_bounce_where_that_is_wanted(told: Tell) -> None:
    """With the switch on, each press and release bounces."""
    tell = told()
    tell.page.locator("#bounce").click()
    tell.page.locator("#key-record").click()
    assert tell.done("look") == [PRESS | {"bounces": 7}, RELEASE | {"bounces": 7}]


def test_the_other_camera_gets_its_own_presses(told: Tell) -> None:
    """With two cameras a tab is chosen by click or arrow; what was held is let go on the camera where it was held."""
    tell = told(hello(camera("cam-1"), camera("cam-2")))
    tell.page.locator("h1").click()
    tell.page.keyboard.down("Space")
    tell.page.locator("#tab-cam-2").click()
    tell.page.keyboard.up("Space")
    tell.page.locator("h1").click()
    tell.page.keyboard.press("Space")
    both = [(order["do"], order["camera"]) for order in tell.done("look")]
    assert both == [("press", "cam-1"), ("release", "cam-1"), ("press", "cam-2"), ("release", "cam-2")]
    looked = [(order["camera"], order["on"]) for order in tell.orders if order["do"] == "look"]
    assert looked == [("cam-1", True), ("cam-1", False), ("cam-2", True)]
    tell.page.locator("#tab-cam-2").press("ArrowRight")
    assert tell.page.locator("#tab-cam-1").get_attribute("aria-selected") == "true"
    assert tell.page.evaluate("() => document.activeElement.id") == "tab-cam-1"


def test_what_is_down_shows_on_the_drawing(told: Tell) -> None:
    """Also what another page, or a scenario, holds."""
    tell = told()
    tell.say(type="camera", **camera(buttons={"record": False, "function": True}))
    tell.page.wait_for_selector('.device[data-function="true"]')
    assert tell.page.locator("#key-function").get_attribute("aria-pressed") == "true"
    assert tell.page.locator("#key-record").get_attribute("aria-pressed") == "false"
