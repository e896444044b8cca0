"""What the page says: the camera's state always in words too, as text and never as markup, and nothing that it was not told."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from hal.interface import Colour, Pattern
from tests.browser.conftest import Tell
from tests.browser.hello import DARK, camera, hello, light, recording, state, store
from tests.oracles import needs
from tools.panel.views import words

pytestmark = needs("chromium")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>\"'&amp;"
CUE = {
    "type": "cue",
    "camera": "cam-1",
    "name": "stopped",
    "buzz_ms": [400, 200, 400],
    "tones": [[1320, 150], [880, 250]],
    "words": "Recording has ended.",
    "felt": "two long buzzes",
    "heard": "two falling tones",
}
LISTEN = """() => {
  window.played = [];
  const start = OscillatorNode.prototype.start, stop = OscillatorNode.prototype.stop;
  OscillatorNode.prototype.start = function (at) { this.mark = [this.frequency.value, at]; return start.call(this, at); };
  OscillatorNode.prototype.stop = function (at) { if (at !== undefined) window.played.push([...this.mark, at]); return stop.call(this, at); };
}"""


def jpeg(colour: tuple[int, int, int]) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (96, 54), colour).save(out, "JPEG")
    return out.getvalue()


def everywhere(text: str) -> dict[str, Any]:
    """A first message in which every word of a server is this text."""
    said = {"who": text, "camera": text, "words": text, "trouble": True, "at_ms": 1}
    line = {
        "camera": "cam-1",
        "file": text,
        "line": 1,
        "kind": text,
        "utc_ms": 1,
        "words": text,
        "facts": {text: text},
        "jws": text,
    }
    item = recording(
        camera=text,
        shift=text,
        verdict=text,
        facts=[text],
        proven=[text],
        not_proven=[text],
        problems=[{"file": text, "reason": text}],
        private=[{"kind": text, "at_s": 1.0, "text": text}],
    )
    slot = {"slot": 1, "camera": text, "light": text, "words": text, "done": 1, "total": 2, "rate": 1.0, "left_s": 1.0}
    return hello(
        camera(
            meaning={"name": text, "words": text},
            officer=text,
            lights={"top": {"colour": text, "pattern": text}, "front": DARK},
            state=state(place=text, clock=text, flags=[text], troubles=[text], shift=text),
        ),
        camera(text),
        sliders=[{"name": "battery", "words": text, "unit": text, "low": 0, "high": 1, "step": 1, "group": text}],
        switches=[{"name": text, "words": text, "group": text}],
        strikes=[{"name": text, "words": text, "group": text}],
        faults={text: {text: {text: {"kind": "word", "known": [text], "default": None}}}},
        scenarios=[{"name": text, "title": text, "words": text, "steps": 1, "about_s": 1, "cameras": 1}],
        problems=[text],
        dock={"type": "dock", "name": text, "trouble": text, "slots": [slot]},
        recordings=store(item, verdict=text, words=[text]),
        scenario={
            "type": "scenario",
            "name": text,
            "state": "running",
            "step": 1,
            "steps": 2,
            "words": text,
            "say": text,
            "problems": [text],
        },
        log=[line],
        said=[said],
    )


def test_words_are_never_markup(told: Tell) -> None:
    """Whatever a camera, a dock, a file or a scenario says is shown as the text it is; it makes no element and runs nothing."""
    tell = told(everywhere(HOSTILE))
    tell.say(**CUE | {"words": HOSTILE, "felt": HOSTILE, "heard": HOSTILE})
    tell.page.locator("#log summary").click()
    assert tell.page.locator("#cue").inner_text() == HOSTILE
    assert tell.page.locator("script").count() == 1
    assert tell.page.locator("img").count() == 0
    assert tell.page.locator("body").inner_text().count(HOSTILE) > 30


def test_state_is_read_aloud_once(told: Tell) -> None:
    """What the lights mean is a live region in the service's words; news that change nothing touch no word of it."""
    tell = told()
    region = tell.page.locator(".state [role=status]").first
    assert region.inner_text().strip() == "Not recording. Ready."
    region.evaluate(
        "node => { window.spoken = 0; new MutationObserver(list => { window.spoken += list.length; }).observe(node, {subtree: true, childList: true, characterData: true}); }"
    )
    tell.say(type="camera", **camera(state=state(ring={"seconds": 9.0, "full_s": 30, "bytes": 1})))
    tell.page.wait_for_function("() => document.getElementById('ring-words').textContent.startsWith('9 s')")
    assert tell.page.evaluate("() => window.spoken") == 0
    tell.say(
        type="camera",
        **camera(
            lights={"top": light(Colour.RED, Pattern.DOUBLE), "front": light(Colour.RED, Pattern.PULSE)},
            meaning={"name": "recording", "words": "Recording, and something needs attention."},
            state=state(troubles=["no-sound"], flags=["hush"]),
        ),
    )
    tell.page.wait_for_function("() => window.spoken > 0")
    assert region.inner_text().split("\n") == [
        "Recording, and something needs attention.",
        "",
        "The microphone does not work.",
        words()["flags"]["hush"],
    ]


def test_a_dark_camera_claims_nothing(told: Tell) -> None:
    """Without power no light shines, no picture is shown and no state is told, whatever was told before."""
    tell = told(hello(camera(lights=dict.fromkeys(("top", "front"), light(Colour.RED, Pattern.PULSE)))))
    tell.say(**CUE)
    tell.say(type="camera", **camera(power="off", state=None, meaning={"name": "off", "words": "x"}, sliders={}))
    tell.page.wait_for_selector("#dark", state="visible")
    assert tell.page.locator("#words").inner_text() == "The battery is out."
    assert [
        tell.page.locator(f'.lit[data-lamp="{lamp}"]').evaluate("node => getComputedStyle(node).opacity")
        for lamp in ("top", "front")
    ] == ["0", "0"]
    assert tell.page.locator("#cue").inner_text() == ""
    assert tell.page.locator("#ring").get_attribute("aria-valuetext") == "nothing"
    assert tell.page.locator("#cell").inner_text() == "Put the battery back"


def test_a_service_that_ended_says_why(told: Tell) -> None:
    """It is no empty battery: the words name the trouble."""
    tell = told(hello(camera(power="failed", trouble="the storage is gone", state=None)))
    assert tell.page.locator(".state [role=status]").first.inner_text().split("\n\n") == [
        "The service has ended by itself.",
        "the storage is gone",
    ]


def test_cues_are_felt_and_told(told: Tell) -> None:
    """A cue shakes the drawing for as long as it buzzes, draws its rhythm in bars, and is told in words."""
    tell = told()
    tell.page.clock.install()
    tell.page.clock.pause_at(5_000_000_000_000)  # later than now
    device = tell.page.locator(".device")
    tell.say(**CUE)
    tell.page.wait_for_selector('.device[data-sound="true"]')
    for step_ms, buzzes, sounds in (
        (1, True, True),
        (394, True, True),
        (10, False, False),
        (190, False, False),
        (10, True, False),
        (390, True, False),
        (10, False, False),
    ):
        tell.page.clock.run_for(step_ms)
        assert (device.get_attribute("data-buzz"), device.get_attribute("data-sound")) == (
            "true" if buzzes else None,
            "true" if sounds else None,
        )
    words = [tell.page.locator(f"#{name}").inner_text() for name in ("felt", "heard", "cue")]
    assert words == ["two long buzzes", "two falling tones", "Recording has ended."]
    tell.page.locator("#cue span").evaluate("node => { node.mark = true; }")
    tell.say(**CUE)
    tell.page.wait_for_selector('#cue[data-count="2"]')
    assert not tell.page.locator("#cue span").evaluate("node => Boolean(node.mark)"), "it would not be read aloud again"
    bars = tell.page.locator("#bars i").evaluate_all(
        "all => all.map(each => [each.className, parseFloat(each.style.width)])"
    )
    assert bars == [["on", 24], ["", 12], ["on", 24]]


def test_sound_waits_until_it_is_allowed(told: Tell) -> None:
    """Silent at first; then each tone of a cue with its pitch and length, one behind the other, and a newer cue cuts an older one short."""
    tell = told()
    tell.page.evaluate(LISTEN)
    tell.say(**CUE)
    tell.page.wait_for_function("() => document.getElementById('cue').textContent !== ''")
    assert tell.page.evaluate("() => window.played") == []
    tell.page.locator("#sound").click()
    tell.page.wait_for_timeout(0)
    tell.say(**CUE | {"name": "again", "words": "Again."})
    tell.page.wait_for_function("() => window.played.length === 2")
    (first, begin, middle), (second, joint, end) = tell.page.evaluate("() => window.played")
    assert (first, second, joint) == (1320, 880, middle)
    assert (middle - begin, end - joint) == (pytest.approx(0.15), pytest.approx(0.25))
    tell.page.locator("#sound").click()
    tell.say(**CUE | {"words": "Silent."})
    tell.page.wait_for_function("() => document.getElementById('cue').textContent === 'Silent.'")
    assert len(tell.page.evaluate("() => window.played")) == 2


def test_pictures_are_drawn_and_bad_ones_left_out(told: Tell) -> None:
    """Each picture of the camera at hand is drawn, another camera's is not, and one that cannot be decoded breaks nothing."""
    tell = told(hello(camera("cam-1"), camera("cam-2")))
    tell.console.expected = ("willReadFrequently",)  # the test reads pixels back, the page never does
    middle = "() => [...document.getElementById('picture').getContext('2d').getImageData(48, 27, 1, 1).data]"
    tell.see("cam-2", jpeg((0, 200, 0)))
    tell.see("cam-1", jpeg((200, 0, 0)))
    tell.page.wait_for_selector('#picture[data-pictures="1"]')
    tell.see("cam-1", b"no picture")
    tell.page.wait_for_selector("#picture[data-broken]")
    red, green, blue, _ = tell.page.evaluate(middle)
    assert red > 150 > green + blue
    tell.see("cam-1", jpeg((0, 0, 200)))
    tell.page.wait_for_selector('#picture[data-pictures="2"]')
    assert tell.page.evaluate(middle)[2] > 150


def test_the_log_grows_at_its_top(told: Tell) -> None:
    """Newest first, each camera its own, with the line's facts and its signed form when it is opened; at most 500 are kept."""
    line = {
        "type": "log",
        "camera": "cam-1",
        "file": "00000001.jwsl",
        "kind": "press",
        "utc_ms": 1_790_000_000_000,
        "facts": {"n": 7},
        "jws": "eyJx",
    }
    tell = told(
        hello(
            camera("cam-1"),
            camera("cam-2"),
            log=[line | {"line": each, "words": f"line {each}"} for each in range(499)],
        )
    )
    tell.say(**line | {"line": 499, "words": "the 500th"})
    tell.say(**line | {"line": 500, "words": "the 501st", "cut": True})
    tell.say(**line | {"line": 9, "words": "another's", "camera": "cam-2"})
    tell.page.wait_for_function("() => document.querySelector('#log summary').textContent === 'the 501st'")
    rows = tell.page.locator("#log li")
    assert (rows.count(), rows.last.locator("summary").inner_text()) == (500, "line 1")
    rows.first.locator("summary").click()
    assert [json.loads(rows.first.locator("pre").first.inner_text()), rows.first.locator("pre").last.inner_text()] == [
        {"n": 7},
        "eyJx…",
    ]
    tell.page.locator("#tab-cam-2").click()
    assert tell.page.locator("#log summary").all_inner_texts() == ["another's"]


def test_a_lost_connection_is_told_and_mended(told: Tell) -> None:
    """The page says so, gives no order into the void, and shows everything anew once it is back."""
    tell = told()
    tell.hang_up()
    tell.page.wait_for_selector('#link[data-up="true"]')
    tell.page.wait_for_function("() => document.getElementById('link').textContent === 'Connected'")
    tell.wait_for_orders("look", 2)
    tell.say(type="camera", **camera(meaning={"name": "docked", "words": "In the dock."}))
    tell.page.wait_for_function("() => document.getElementById('words').textContent === 'In the dock.'")


def test_a_refusal_is_shown(told: Tell) -> None:
    """An order that is not carried out says why, and the next one that is takes it back."""
    tell = told()
    tell.refuse = "the camera is off"
    tell.page.locator('[data-strike="fall"]').click()
    tell.page.wait_for_selector("#trouble", state="visible")
    assert tell.page.locator("#trouble").inner_text() == "the camera is off"
    tell.refuse = ""
    tell.page.locator('[data-strike="fall"]').click()
    tell.page.wait_for_selector("#trouble", state="hidden")


def test_what_is_new_is_ignored(told: Tell) -> None:
    """Messages and members that a later server may send break nothing."""
    tell = told()
    tell.say(type="weather", words="rain")
    tell.say(type="camera", **camera(mood="good"))
    tell.say(type="camera", **camera(state=state(flags=["unheard-of"], troubles=["unknown"])))
    tell.page.wait_for_function("() => document.getElementById('troubles').childElementCount === 2")
