"""A real browser for tests of pages: Debian's chromium without a window, driven by Playwright, which downloads none of its own.

Whoever visits a page leaves an empty console behind: an error or a warning there fails the test, and so does an answer that is one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, Route, WebSocketRoute, sync_playwright

from tests.oracles import MODULES

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""Everything of WCAG 2.2 AA that axe-core can judge, and what it thinks good beyond."""
TOLD = frozenset({"error", "warning"})
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of our own, as long as the block takes."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Console:
    """What a page complains of.  ``expected``: words of complaints that a test provokes."""

    def __init__(self, page: Page) -> None:
        self.expected: tuple[str, ...] = ()
        self._told: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._told.append(f"uncaught: {error}"))
        page.on("response", self._answered)

    @property
    def complaints(self) -> list[str]:
        """Those that nobody provoked."""
        return [told for told in self._told if not any(words in told for words in self.expected)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in TOLD:
            self._told.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._told.append(f"{response.status}: {response.url}")


@contextmanager
def visit(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """A page at an address, with the browser set up as asked; it closes with an empty console."""
    with browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context}) as fresh:
        fresh.set_default_timeout(15_000)
        page = fresh.new_page()
        console = Console(page)
        page.goto(address)
        yield page
        assert not console.complaints, console.complaints


def judge(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is, a line each with the element that is meant."""
    page.evaluate((MODULES / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    found: Mapping[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", list(WCAG))
    assert len(found["passes"]) > 20, "axe-core has hardly looked"
    return [
        f"{each['id']}: {each['help']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wider: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


NOTES_ORDERS = """() => {
  const send = WebSocket.prototype.send;
  window.lastOrder = 0;
  WebSocket.prototype.send = function (text) {
    window.lastOrder = JSON.parse(text).id;
    return send.call(this, text);
  };
}"""
"""Has a page remember the number of what it sent last: it arrives here a moment later than the act that it follows from returns."""


class Told:
    """The page's own files, and a server that says what a test wants it to say."""

    def __init__(
        self, browser: Browser, folder: Path, headers: Mapping[str, str], hello: Mapping[str, Any], **context: Any
    ) -> None:
        """Open the page; it has heard ``hello``."""
        self.orders: list[dict[str, Any]] = []
        self.refuse = ""  # with these words, if there are any, every order is refused
        self._context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        self.page = self._context.new_page()
        self.console = Console(self.page)
        self._hello = hello
        self._folder, self._headers = folder, headers
        self.page.set_default_timeout(15_000)
        self.page.route("**", self._file)
        self.page.route_web_socket("ws://127.0.0.1:9/ws", self._serve)
        self.page.goto("http://127.0.0.1:9/")
        self.page.wait_for_selector("body[data-ready]")
        self.page.evaluate(NOTES_ORDERS)

    def say(self, **message: Any) -> None:
        """Send a message."""
        self._socket.send(json.dumps(message))

    def see(self, camera: str, jpeg: bytes) -> None:
        """Send a picture."""
        self._socket.send(bytes([len(camera)]) + camera.encode() + jpeg)

    def done(self, *skip: str) -> list[dict[str, Any]]:
        """The orders so far, as far as the page has given them by now, without their numbers and without those of these words."""
        self._wait(lambda: self.page.evaluate("() => lastOrder") in {0, *(order["id"] for order in self.orders)})
        return [
            {key: value for key, value in order.items() if key != "id"}
            for order in self.orders
            if order["do"] not in skip
        ]

    def wait_for_orders(self, what: str, count: int) -> None:
        """Wait until there were so many orders of this word."""
        self._wait(lambda: sum(order["do"] == what for order in self.orders) >= count)

    def _wait(self, reached: Callable[[], bool]) -> None:
        for _ in range(300):
            if reached():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"it did not come; what came: {self.orders}")

    def hang_up(self) -> None:
        """End the connection."""
        self._socket.close()

    def close(self) -> None:
        """Leave; the console has to be empty."""
        self._context.close()
        assert not self.console.complaints, self.console.complaints

    def _file(self, route: Route) -> None:
        path = self._folder / (urlsplit(route.request.url).path[1:] or "index.html")
        if path.is_file():
            route.fulfill(body=path.read_bytes(), headers={**self._headers, "Content-Type": TYPES[path.suffix]})
        else:
            route.fulfill(status=404)

    def _serve(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.on_message(self._take)
        socket.send(json.dumps(self._hello))

    def _take(self, message: str | bytes) -> None:
        order = json.loads(message)
        self.orders.append(order)
        answer = {"ok": False, "error": self.refuse} if self.refuse else {"ok": True}
        self._socket.send(json.dumps({"type": "answer", "id": order["id"], **answer}))
