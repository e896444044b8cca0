"""A real camera's service, held through the page: gestures, sounds, faults, power, pictures, several cameras at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from firmware.core.indications import CUES
from hal.interface import Colour
from tests.browser.held import Held
from tests.browser.test_words import LISTEN
from tests.browsing import judge, visit
from tests.oracles import needs
from tools.panel.panel import Panel
from tools.words.en import ENGLISH

pytestmark = needs("chromium")
SETTINGS = {"pre_event_s": 3, "keep_after_receipt_h": 0, "hold_s": 2, "mute_allowed": True, "hush_allowed": True}
BRIGHTNESS = """() => { const canvas = document.getElementById('picture');
  const small = new OffscreenCanvas(8, 8).getContext('2d', {willReadFrequently: true});
  small.drawImage(canvas, 0, 0, 8, 8);
  return small.getImageData(0, 0, 8, 8).data.reduce((sum, level, at) => at % 4 === 3 ? sum : sum + level, 0) / 192; }"""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """Two cameras, for all tests here."""
    with Panel(tmp_path_factory.mktemp("panel"), cameras=2, replay=True, settings=SETTINGS) as running:
        yield running


def log_lines(page: Page) -> list[str]:
    """The kinds of lines in the log, the newest first."""
    lines: list[str] = page.locator("#log li").evaluate_all("all => all.map(each => each.dataset.kind)")
    return lines


def test_a_recording_from_press_to_stop(held: Held) -> None:
    """One click records: heard, recording, felt; holding rises, asks, and a second press ends it; the log grows beside."""
    held.forget()
    held.page.locator("#key-record").click()
    held.felt("started")
    words = [each["words"] for each in held.seen]
    assert words.index(ENGLISH["look.starting"]) < words.index(ENGLISH["look.recording"])
    felt = next(each for each in held.seen if each["cue"] == ENGLISH["cue.started"])
    assert felt["words"] == ENGLISH["look.recording"], "it is felt only once it is so"
    held.page.locator("h1").click()
    held.stop()
    cues = [each["cue"] for each in held.all_seen]
    rising = [cues.index(ENGLISH[f"cue.{name}"]) for name in ("hold-1", "hold-2", "stop-asked", "stopped")]
    assert rising == sorted(rising)
    held.says("ready")
    kinds = log_lines(held.page)
    assert kinds.index("closing") < kinds.index("opening")


def test_a_bounce_is_one_press_and_a_tap_a_bookmark(held: Held) -> None:
    """With contacts that bounce the first press still starts one recording, and each tap marks once."""
    held.page.locator("#bounce").click()
    held.page.locator("h1").click()
    before = log_lines(held.page).count("opening")
    held.record()
    for _ in range(2):
        held.forget()
        held.press()
        held.felt("bookmark")
    assert log_lines(held.page).count("opening") == before + 1
    held.page.locator("#bounce").click()
    held.page.locator("h1").click()
    held.stop()


def test_an_unconfirmed_stop_is_ignored(held: Held) -> None:
    """Asked, and not pressed again within five seconds: it goes on recording."""
    held.record()
    held.hold("stop-asked")
    recording = held.page.locator('#facts [data-key="Recording"]')
    recording.filter(has_text="asked to stop").wait_for()
    recording.filter(has_not_text="asked to stop").wait_for()
    held.says("recording")
    held.press()
    held.felt("bookmark")
    held.stop()


def test_the_function_button_tells_mutes_and_hushes(held: Held) -> None:
    """Short: the state in ticks.  Twice while recording: muted, and back.  Held: the wearer's light and sounds go, what is felt stays."""
    held.press("f")
    held.felt("state")
    held.record()
    held.twice("muted", "f")
    held.says("recording-muted")
    held.twice("mute-over", "f")
    held.hold("hushed", "f")
    held.says("hushed")
    lights = held.all_seen[-1]
    assert lights["top"].split()[0] == Colour.OFF.value
    assert lights["front"].split()[0] == Colour.RED.value
    assert held.page.locator("#heard").inner_text() == "nothing"
    held.stop()
    held.says("ready")


def test_cues_sound_as_the_service_has_them(held: Held) -> None:
    """Allowed once, each cue's tones are played with their pitch and length."""
    held.page.evaluate(LISTEN)
    held.page.locator("#sound").click()
    held.page.wait_for_selector('#sound[aria-checked="true"]')
    held.page.locator("h1").click()
    held.record()
    tones = CUES["started"].tones
    held.page.wait_for_function("count => window.played.length === count", arg=len(tones))
    played = held.page.evaluate("() => window.played")
    assert [hz for hz, *_ in played] == [hz for hz, _ in tones]
    assert [(end - begin) * 1000 for _, begin, end in played] == [pytest.approx(ms, abs=1) for _, ms in tones]
    bars = held.page.locator("#bars i").evaluate_all("all => all.length")
    assert bars == len(CUES["started"].buzz_ms)
    held.stop()


def test_the_picture_is_live_and_goes_dark_under_a_hand(held: Held) -> None:
    """New pictures keep coming; covered, they are dark, and so is the drawing's lens."""
    held.page.wait_for_function("() => Number(document.getElementById('picture').dataset.pictures) > 3")
    bright = held.page.evaluate(BRIGHTNESS)
    held.switch("lens-covered")
    held.page.wait_for_selector('.device[data-covered="true"]')
    held.page.wait_for_function(f"limit => ({BRIGHTNESS})() < limit", arg=bright / 2)
    held.switch("lens-covered")
    held.page.wait_for_function(f"limit => ({BRIGHTNESS})() > limit", arg=bright / 2)


def test_a_dead_microphone_is_told(held: Held) -> None:
    """Over a running recording: it shows as recording, with the trouble in words."""
    held.record()
    held.switch("microphone-dead")
    held.says("recording-trouble")
    held.troubled("no-sound")
    held.switch("microphone-dead")
    held.stop()
    held.says("ready")


def test_the_buffer_fills(held: Held) -> None:
    """From a start on the bar fills up to what the settings say, and says so."""
    held.click("Pull the battery")
    held.page.wait_for_selector('.device[data-power="off"]')
    assert held.page.locator("#words").inner_text() == "The battery is out."
    held.click("Put the battery back")
    held.page.wait_for_function("() => document.getElementById('ring').getAttribute('aria-valuetext') === '3 s of 3 s'")
    assert float(held.page.locator("#ring").get_attribute("aria-valuenow") or 0) == 1
    held.says("ready")


def test_a_pulled_battery_cuts_and_the_recording_is_resumed(held: Held) -> None:
    """SIGKILL in the middle: all is dark at once.  With the battery back it records again by itself, and its log says what went before."""
    held.record()
    held.click("Pull the battery")
    held.page.wait_for_selector('.device[data-power="off"]')
    assert held.all_seen[-1]["top"] == held.all_seen[-1]["front"] == "off steady"
    held.click("Put the battery back")
    held.resumed()
    held.says("recording")
    assert "boot" in log_lines(held.page)
    held.stop()


def test_two_cameras_are_two(held: Held) -> None:
    """While one records the other one is ready; each tab says what its camera does."""
    held.record()
    tabs = held.page.get_by_role("tab").all_inner_texts()
    assert [ENGLISH["look.recording"] in tabs[0], ENGLISH["look.ready"] in tabs[1]] == [True, True]
    held.page.get_by_role("tab", name="cam-2").click()
    held.says("ready")
    held.page.get_by_role("tab", name="cam-1").click()
    held.says("recording")
    held.page.locator("h1").click()
    held.stop()


def test_an_order_that_cannot_be_carried_out_says_why(held: Held) -> None:
    """A press on a camera without power is refused in words."""
    held.click("Pull the battery")
    held.page.wait_for_selector('.device[data-power="off"]')
    held.press()
    held.page.wait_for_selector("#trouble", state="visible")
    assert held.page.locator("#trouble").inner_text() != ""
    held.click("Put the battery back")
    held.says("ready")


def test_two_pages_show_the_same(held: Held, panel: Panel, browser: Browser) -> None:
    """A trainer's and a trainee's page follow one camera; a page that goes away with a button down lets it go."""
    with visit(browser, panel.url) as page:
        other = Held(page)
        other.says("ready")
        held.record()
        other.says("recording")
        page.keyboard.down("f")
        held.page.wait_for_selector('.device[data-function="true"]')
    held.page.wait_for_selector('.device[data-function="false"]')
    held.stop()


@needs("axe-core")
def test_axe_finds_nothing_on_the_real_page(held: Held) -> None:
    """With all that a real service brings."""
    held.page.emulate_media(reduced_motion="reduce")
    held.page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert judge(held.page) == []
