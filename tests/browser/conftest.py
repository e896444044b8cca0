"""A browser for a process's tests, and pages in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.held import Held
from tests.browser.hello import hello
from tests.browsing import Told, chromium, visit
from tools.panel.panel import Panel

PAGE = Path(__file__).parents[2] / "tools/panel/page"
Tell = Callable[..., Told]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser."""
    with chromium() as started:
        yield started


@pytest.fixture
def held(panel: Panel, browser: Browser) -> Iterator[Held]:
    """The first camera of a file's ``panel``, in the hand and ready; what the test before left running is ended."""
    with visit(browser, panel.url) as page:
        camera = Held(page)
        camera.calm()
        yield camera


@pytest.fixture
def told(browser: Browser) -> Iterator[Tell]:
    """Opens the page with a server that says what the test wants; by its end the consoles are empty."""
    opened: list[Told] = []

    def tell(said: dict[str, Any] | None = None, **context: Any) -> Told:
        opened.append(
            Told(browser, PAGE, {"Content-Security-Policy": "default-src 'self'"}, said or hello(), **context)
        )
        return opened[-1]

    yield tell
    for each in opened:
        each.close()
