"""What happens to the camera: every slider, switch and fault that the server knows has a control, and each control gives its order."""

from __future__ import annotations

from tests.browser.conftest import Tell
from tests.browser.hello import camera, hello
from tests.oracles import needs

pytestmark = needs("chromium")


def test_sliders_follow_and_are_followed(told: Tell) -> None:
    """A slider stands where the camera is; moved, it gives orders, one at a time, and ends at the last value."""
    tell = told()
    slider = tell.page.locator("#slider-battery")
    assert (slider.input_value(), slider.get_attribute("aria-valuetext")) == ("80", "80 %")
    for value in range(79, 50, -1):
        slider.fill(str(value))
    tell.wait_for_orders("slide", 2)
    tell.page.wait_for_timeout(100)
    moved = [order["value"] for order in tell.done("look")]
    assert moved == sorted(moved, reverse=True)
    assert moved[-1] == 51
    slider.press("ArrowRight")
    tell.wait_for_orders("slide", len(moved) + 1)
    assert tell.done("look")[-1] == {"do": "slide", "camera": "cam-1", "name": "battery", "value": 52}


def test_older_news_do_not_move_a_slider_back(told: Tell) -> None:
    """Under the hand it stays; what is not known cannot be moved."""
    tell = told()
    slider = tell.page.locator("#slider-battery")
    slider.fill("30")
    tell.say(type="camera", **camera())
    tell.say(type="camera", **camera(sliders={"battery": 80, "clock": None}))
    tell.page.wait_for_selector("#slider-clock:disabled")
    assert slider.input_value() == "30"
    assert tell.page.locator("#slider-clock").get_attribute("aria-valuetext") == "not known"


def test_switches_show_what_is(told: Tell) -> None:
    """A switch asks for the other way, and shows that only once it is so."""
    tell = told()
    switch = tell.page.get_by_role("switch", name="Lens covered")
    switch.click()
    assert tell.done("look") == [{"do": "switch", "camera": "cam-1", "name": "lens-covered", "on": True}]
    assert switch.get_attribute("aria-checked") == "false"
    tell.say(type="camera", **camera(switches={"lens-covered": True}))
    tell.page.wait_for_selector('[data-switch="lens-covered"][aria-checked="true"]')
    tell.page.wait_for_selector('.device[data-covered="true"]')
    switch.click()
    assert tell.done("look")[-1]["on"] is False


def test_hands_take_the_battery_and_the_dock(told: Tell) -> None:
    """Each button says what it would do now, and does that."""
    tell = told()
    tell.page.get_by_role("button", name="Pull the battery").click()
    tell.page.get_by_role("button", name="Put it into the dock").click()
    tell.say(type="camera", **camera(power="off", state=None, slot=1))
    tell.page.get_by_role("button", name="Put the battery back").click()
    tell.page.get_by_role("button", name="Take it out of the dock").click()
    tell.page.get_by_role("button", name="The wearer falls").click()
    said = [{key: value for key, value in order.items() if key != "camera"} for order in tell.done("look")]
    assert said == [
        {"do": "battery", "in": False},
        {"do": "dock"},
        {"do": "battery", "in": True},
        {"do": "dock", "slot": None},
        {"do": "strike", "name": "fall"},
    ]


def test_every_fault_has_a_form(told: Tell) -> None:
    """Part, kind, and what the kind takes: numbers within their bounds, known words, flags, texts; what must be given is asked for."""
    tell = told()
    tell.page.locator("#faults summary").click()
    form = tell.page.locator("#fault-form")
    form.get_by_role("button").click()  # the seconds are missing: the browser asks for them
    assert tell.done("look") == []
    form.get_by_label("seconds").fill("61")
    form.get_by_role("button").click()
    assert tell.done("look") == []
    form.get_by_label("seconds").fill("3")
    form.get_by_role("button").click()
    form.get_by_label("Part").select_option("storage")
    form.get_by_label("call").select_option("append")
    form.get_by_label("once").uncheck()
    form.get_by_label("text").fill("")
    form.get_by_role("button").click()
    assert [(order["part"], order["kind"], order["with"]) for order in tell.done("look")] == [
        ("video", "stall", {"seconds": 3}),
        ("storage", "fail", {"call": "append", "once": False}),
    ]


def test_scenarios_run_and_speak(told: Tell) -> None:
    """Started from the list; its words stand large above the camera, are read aloud, and how it went is told at the end."""
    tell = told()
    tell.page.get_by_role("button", name="Play A cell door").click()
    running = {
        "type": "scenario",
        "name": "door",
        "state": "running",
        "step": 2,
        "steps": 4,
        "words": "hold record",
        "say": "Press before you open.",
        "problems": [],
    }
    tell.say(**running)
    tell.page.wait_for_selector("#say", state="visible")
    assert tell.page.locator("#say-words").inner_text() == "Press before you open."
    assert tell.page.locator("#say-words").get_attribute("role") == "status"
    assert tell.page.locator("#say-step").inner_text() == "Step 2 of 4: hold record"
    assert tell.page.get_by_role("button", name="Play A cell door").is_disabled()
    tell.page.get_by_role("button", name="Stop the scenario").click()
    tell.say(**running | {"state": "failed", "say": "", "problems": ["step 2: it said ready"]})
    tell.page.wait_for_function(
        "() => document.getElementById('say-step').textContent.includes('step 2: it said ready')"
    )
    assert tell.done("look") == [{"do": "play", "scenario": "door", "fast": False}, {"do": "stop"}]
    tell.page.get_by_role("button", name="Close").click()
    assert tell.page.locator("#say").is_hidden()
    assert tell.done("look")[-1] == {"do": "stop"}


def test_without_several_cameras_there_are_no_tabs(told: Tell) -> None:
    """One camera needs none."""
    assert told().page.locator("#tabs").is_hidden()
    assert told(hello(camera(), camera("cam-2"))).page.get_by_role("tab").count() == 2
