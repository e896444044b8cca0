"""A simulated camera's page in a browser, held by a test: what it shows is waited for, and remembered as it went by."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tools.words.en import ENGLISH

WATCH = """() => {
  window.seen = [];
  const note = () => {
    const text = id => document.getElementById(id).textContent;
    const light = name => { const { colour, pattern } = document.querySelector(`.lit[data-lamp="${name}"]`).dataset; return `${colour} ${pattern}`; };
    const count = document.getElementById('cue').dataset.count;
    const moving = ['top', 'front'].map(name => document.querySelector(`.lit[data-lamp="${name}"]`).getAnimations().length > 0);
    const now = { words: text('words'), cue: text('cue'), count, top: light('top'), front: light('front'), moving };
    if (JSON.stringify(window.seen.at(-1)) !== JSON.stringify(now)) window.seen.push(now);
  };
  new MutationObserver(note).observe(document.getElementById('camera'), {subtree: true, childList: true, characterData: true, attributeFilter: ['data-colour', 'data-pattern', 'data-count']});
  note();
}"""
SAW = "([what, text]) => window.seen.slice(window.from ?? 0).some(each => each[what] === text)"
CALM = ("ready", "recording", "recording-trouble", "recording-muted", "recording-muted-trouble", "hushed")
LONG_MS = 30_000
SOON_MS = 3_000
TRIES = 5
APART_MS = 120
"""Between two presses, at least: sooner it is one, whose contact bounces."""
HAND_MS = 250
"""No hand presses again sooner after a hold: to the camera that is the hand that lets go."""


class Held:
    """The page of one camera."""

    def __init__(self, page: Page) -> None:
        """It is ready, and from now on remembered."""
        page.wait_for_selector("body[data-ready]")
        self.page = page
        page.evaluate(WATCH)

    def says(self, look: str) -> None:
        """Wait until it says this look, by the catalogue's words."""
        self.wait("text => document.getElementById('words').textContent === text", ENGLISH[f"look.{look}"], look)

    def troubled(self, trouble: str) -> None:
        """Wait until this trouble is named."""
        words = ENGLISH[f"trouble.{trouble}"]
        self.wait(
            "text => [...document.getElementById('troubles').children].some(each => each.textContent === text)",
            words,
            trouble,
        )

    def says_or_said(self, look: str) -> None:
        """Wait until it has said this look, if only for a moment."""
        self.wait(
            "text => window.seen.some(each => each.words === text)", ENGLISH[f"look.{look}"], f"to have said {look}"
        )

    def felt(self, cue: str) -> None:
        """Wait until this cue was felt since the last ``forget``."""
        self.wait(SAW, ["cue", ENGLISH[f"cue.{cue}"]], f"to have felt {cue}")

    def resumed(self) -> None:
        """Wait until a camera that was cut off records again.  What it was felt to begin with may be over before the page is back with it."""
        words = [ENGLISH["look.recording"], ENGLISH["look.recording-trouble"]]
        self.wait("texts => texts.includes(document.getElementById('words').textContent)", words, "to record again")

    def forget(self) -> None:
        """What went by so far counts no more."""
        self.page.evaluate("() => { window.from = window.seen.length; }")

    @property
    def all_seen(self) -> list[dict[str, Any]]:
        """Everything that went by: words, cue, and both lights."""
        seen: list[dict[str, Any]] = self.page.evaluate("() => window.seen")
        return seen

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What went by since the last ``forget``: words, cue, and both lights."""
        seen: list[dict[str, Any]] = self.page.evaluate("() => window.seen.slice(window.from ?? 0)")
        return seen

    def press(self, key: str = "Space", times: int = 1) -> None:
        """Press a button shortly."""
        for _ in range(times):
            self.page.keyboard.press(key, delay=60)
            self.page.wait_for_timeout(APART_MS)

    def twice(self, cue: str, key: str = "Space") -> None:
        """Press a button twice in a row, until this is felt: on a busy machine the second press may come too late to belong to the first."""
        for _ in range(TRIES):
            self.forget()
            self.press(key, times=2)
            with suppress(PlaywrightTimeoutError):
                self.page.wait_for_function(SAW, arg=["cue", ENGLISH[f"cue.{cue}"]], timeout=SOON_MS)
                return
        raise AssertionError(f"{TRIES} times two presses of {key} were not felt as {cue}; since then: {self.seen[-8:]}")

    def hold(self, cue: str, key: str = "Space") -> None:
        """Hold a button until this is felt."""
        self.forget()
        self.page.keyboard.down(key)
        self.felt(cue)
        self.page.keyboard.up(key)

    def calm(self) -> None:
        """Wait until it can be used; what somebody left running is ended, and the dock is left."""
        if self.page.locator('.device[data-docked="true"]').count():
            self.click("Take it out of the dock")
        self.wait(
            "words => words.includes(document.getElementById('words').textContent)",
            [ENGLISH[f"look.{look}"] for look in CALM],
            "a camera that is on",
        )
        if self.page.locator("#words").inner_text() != ENGLISH["look.ready"]:
            self.stop()
        self.says("ready")

    def record(self) -> None:
        """Begin a recording."""
        self.forget()
        self.press()
        self.felt("started")

    def stop(self) -> None:
        """End it."""
        self.hold("stop-asked")
        self.page.wait_for_timeout(HAND_MS)
        self.press()
        self.felt("stopped")

    def slide(self, name: str, value: float) -> None:
        """Move a slider."""
        self.page.locator(f"#slider-{name}").fill(str(value))
        self.page.locator("h1").click()  # so that the space bar is the record button's again

    def switch(self, name: str) -> None:
        """Turn a switch over."""
        on = self.page.locator(f'[data-switch="{name}"]').get_attribute("aria-checked") == "true"
        self.page.locator(f'[data-switch="{name}"]').click()
        self.page.wait_for_selector(f'[data-switch="{name}"][aria-checked="{str(not on).lower()}"]')
        self.page.locator("h1").click()

    def strike(self, name: str) -> None:
        """Let something happen once."""
        self.page.locator(f'[data-strike="{name}"]').click()
        self.page.locator("h1").click()

    def click(self, name: str) -> None:
        """Click a button of the page by its name."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.locator("h1").click()

    def wait(self, ready: str, argument: Any, what: str) -> None:
        """Wait until the page's own function ``ready`` of ``argument`` is true; where it never is, say what was to be seen instead."""
        try:
            self.page.wait_for_function(ready, arg=argument, timeout=LONG_MS)
        except PlaywrightTimeoutError as error:
            said = self.page.locator("main").inner_text()
            raise AssertionError(
                f"waited in vain for {what}; since then: {self.seen[-8:]}; the page: {said}"
            ) from error
