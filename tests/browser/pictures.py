"""The documents' pictures of the page: a real camera is brought into each look, and photographed.  ``make docs-pictures``.

A picture that shows the same as the one that is there, but for a little, is left as it is: the scene, the clock and the bars move.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Locator, Page

from firmware.core.indications import Look
from tests.browser.held import Held
from tests.browser.test_looks import SETTINGS, WAYS
from tests.browsing import chromium, visit
from tools.panel.panel import Panel
from tools.words.en import ENGLISH

FOLDER: Final = Path(__file__).parents[2] / "docs/pictures"
COLOURS: Final = 96
SAME: Final = 2.0
"""Mean difference of two pictures, of 255, up to which they show the same."""
MARGIN: Final = 16  # pixels
STILL: Final = """() => { for (const each of document.getAnimations()) {
  const frames = each.effect.getKeyframes(), brightest = frames.reduce((most, frame) => Number(frame.opacity) > Number(most.opacity) ? frame : most, frames[0]);
  each.pause(); each.currentTime = (brightest.computedOffset ?? 0) * each.effect.getTiming().duration + 1; } }"""


def main() -> int:
    """Photograph everything; 1 where a look could not be."""
    with (
        tempfile.TemporaryDirectory() as root,
        Panel(Path(root), settings={**SETTINGS, "pre_event_s": 10}) as panel,
        chromium() as browser,
        visit(browser, panel.url, viewport={"width": 1280, "height": 860}) as page,
    ):
        held = Held(page)
        held.calm()
        page.set_default_timeout(90_000)  # the verifier has all recordings to judge
        page.wait_for_function("() => document.getElementById('ring').getAttribute('aria-valuenow') === '1.00'")
        wanted = set(Look)
        for _, ways, back in WAYS:
            for way in ways:
                way(held)
                wanted -= _photograph(held, wanted)
            back(held)
            held.says("ready")
        wanted -= _handing_over(held, wanted)
        _pages(held)
    return 1 if wanted else 0


def _photograph(held: Held, wanted: set[Look]) -> set[Look]:
    """The device and what it says, where that is wanted, and still is so once the picture is taken; what was photographed."""
    held.page.evaluate("() => scrollTo(0, 0)")
    before = held.page.locator("#words").inner_text()
    picture = _around(held.page, held.page.locator(".device"), held.page.locator(".state"))
    shown = {
        look for look in wanted if before == held.page.locator("#words").inner_text() == ENGLISH[f"look.{look.value}"]
    }
    for look in shown:
        _keep(f"page-{look.value}.png", picture)
    return shown


def _handing_over(held: Held, wanted: set[Look]) -> set[Look]:
    """In the dock with dirty contacts, so that it takes its time."""
    held.click("Put it into the dock")
    held.says(Look.DOCKED.value)
    held.record()
    held.switch("dock-noise")
    held.page.wait_for_timeout(3000)
    held.stop()
    held.says(Look.OFFLOADING.value)
    shown = _photograph(held, wanted)
    held.switch("dock-noise")
    held.click("Take it out of the dock")
    held.says("ready")
    return shown


def _pages(held: Held) -> None:
    """The whole page while it records, and the desk while it plays."""
    page = held.page
    held.record()
    page.wait_for_timeout(2000)
    page.evaluate("() => scrollTo(0, 0)")
    _keep("page.png", _shot(page))
    held.press()
    held.felt("bookmark")
    held.stop()
    held.click("Put it into the dock")
    page.locator(".recordings .badge[data-class=good]").first.wait_for()
    page.locator(".recordings [data-act=play]").first.click()
    page.wait_for_function("() => document.getElementById('film').currentTime > 1")
    page.locator("#film").evaluate("node => node.pause()")
    page.locator("#desk").scroll_into_view_if_needed()
    page.evaluate("() => document.getElementById('desk').scrollIntoView()")
    _keep("page-desk.png", _shot(page))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _shot(page: Page) -> Image.Image:
    page.evaluate(STILL)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _around(page: Page, *parts: Locator) -> Image.Image:
    boxes = [box for part in parts if (box := part.bounding_box()) is not None]
    left, top = min(box["x"] for box in boxes) - MARGIN, min(box["y"] for box in boxes) - MARGIN
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    return _shot(page).crop((round(left), round(top), round(right), round(bottom)))


def _keep(name: str, picture: Image.Image) -> None:
    path = FOLDER / name
    drawn = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    if path.exists():
        with Image.open(path) as old:
            before = old.convert("RGB")
        if (
            before.size == drawn.size
            and max(ImageStat.Stat(ImageChops.difference(before, drawn.convert("RGB"))).mean) <= SAME
        ):
            _say(f"{name}: as it was")
            return
    drawn.save(path, optimize=True)
    _say(f"{name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
