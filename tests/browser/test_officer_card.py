"""The officer's card in a real browser: all of it is on the sheet, and everybody can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browsing import judge
from tests.oracles import needs
from tests.specification import card

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_CUT = """() => {
  const sheet = document.querySelector(".sheet"), edge = sheet.getBoundingClientRect();
  const out = [...sheet.querySelectorAll("*")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width && (box.bottom > edge.bottom + 0.5 || box.right > edge.right + 0.5);
  });
  const footer = document.querySelector("footer").getBoundingClientRect();
  const lower = document.querySelector(".lower").getBoundingClientRect();
  return {out: out.map(each => each.outerHTML.slice(0, 80)), over: lower.bottom - footer.top};
}"""


@needs("chromium")
@pytest.mark.parametrize("language", card.LANGUAGES)
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_nothing_is_cut_off(browser: Browser, language: str, medium: str) -> None:
    """On the screen and on paper all of it lies within the sheet, and nothing over anything."""
    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.emulate_media(media="print" if medium == "print" else "screen")
    page.set_content(card.page(language))
    found = page.evaluate(_CUT)
    page.close()
    assert found["out"] == []
    assert found["over"] <= 0


@needs("chromium", "axe-core")
@pytest.mark.parametrize("language", card.LANGUAGES)
def test_the_card_is_open_to_all(browser: Browser, language: str) -> None:
    """Who hears it read has the same words, and what is read has contrast."""
    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.set_content(card.page(language))
    found = judge(page)
    page.close()
    assert found == []
