"""The panel's server before real clients: what it serves, whom it refuses, and what a rude one does to it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from tests.pages import Browser, Refused, get
from tools.panel import viewer, web
from tools.panel.answers import Answers, read_page
from tools.panel.guard import HEADERS
from tools.panel.viewer import MESSAGE_BYTES, MOST_WAITING, Page
from tools.panel.web import HEAD_BYTES, MOST_CONNECTIONS, Server

FILM = bytes(range(256)) * 1000


class Served:
    """A server with a small page and one film.  What pages say is echoed."""

    def __init__(self, root: Path) -> None:
        """Begin to serve."""
        folder = root / "page"
        (folder / "parts").mkdir(parents=True)
        for name, text in (
            ("index.html", "<p>front"),
            ("panel.js", "let a"),
            ("parts/ring.css", "p{}"),
            ("notes.txt", "no"),
        ):
            (folder / name).write_text(text)
        (root / "secret.html").write_text("secret")
        (folder / "link.html").symlink_to(root / "missing.html")
        self.film = root / "film.mp4"
        self.film.write_bytes(FILM)
        self.pages: SimpleQueue[Page] = SimpleQueue()
        self.gone = threading.Event()
        self.server = Server(
            Answers(read_page(folder), {"a.mp4": self.film, "gone.mp4": root / "gone"}.get), self.welcome
        )
        self.port = self.server.port

    def welcome(self, page: Page) -> None:
        """Echo."""
        self.pages.put(page)
        page.run(lambda text: page.tell({"type": "echo", "text": text}))
        self.gone.set()

    def raw(self, data: bytes) -> bytes:
        """Bytes to the server, and all that it says until it hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as end:
            with suppress(OSError):
                end.sendall(data)
                end.shutdown(socket.SHUT_WR)
            said = b""
            with suppress(ConnectionResetError):
                while piece := end.recv(65536):
                    said += piece
            return said

    def serves(self) -> bool:
        """Whether it still answers."""
        return get(self.port, "/")[0] == 200


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server."""
    served = Served(tmp_path)
    yield served
    served.server.close()


def test_page_and_its_parts(served: Served) -> None:
    """The front page and every file of known kind, each with its type and the headers of all answers; nothing else of the folder."""
    for path, body, kind in (
        ("/", b"<p>front", "text/html; charset=utf-8"),
        ("/index.html", b"<p>front", "text/html; charset=utf-8"),
        ("/panel.js?v=1", b"let a", "text/javascript; charset=utf-8"),
        ("/parts/ring.css", b"p{}", "text/css; charset=utf-8"),
    ):
        status, headers, got = get(served.port, path)
        assert (status, got, headers["content-type"]) == (200, body, kind)
        assert HEADERS.items() <= {name.title().replace("Csp", "CSP"): value for name, value in headers.items()}.items()
    for path in ("/notes.txt", "/link.html", "/parts", "/parts/", "/nothing"):
        assert get(served.port, path)[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/../secret.html", "/parts/../../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "//etc/passwd", "/films/../a.mp4",
     "/films/%2e%2e/film.mp4", "/films/", "/films/a.mp4/", "/films/b.mp4", "/films/gone.mp4", "/\\..\\secret.html"],
)  # fmt: skip
def test_no_path_leads_elsewhere(served: Served, path: str) -> None:
    """What is served is a table: no path of a request ever reaches the file system."""
    status, headers, body = get(served.port, path)
    assert (status, b"secret" in body) == (404, False)
    assert headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_films_in_parts(served: Served) -> None:
    """All of it, a part, the end, what is not there, and the headers alone."""
    whole = get(served.port, "/films/a.mp4")
    assert (whole[0], whole[2], whole[1]["accept-ranges"], whole[1]["content-type"]) == (
        200,
        FILM,
        "bytes",
        "video/mp4",
    )
    status, headers, body = get(served.port, "/films/a.mp4", Range="bytes=1000-1999")
    assert (status, body, headers["content-range"]) == (206, FILM[1000:2000], f"bytes 1000-1999/{len(FILM)}")
    assert get(served.port, "/films/a.mp4", Range="bytes=-5")[2] == FILM[-5:]
    status, headers, body = get(served.port, "/films/a.mp4", Range=f"bytes={len(FILM)}-")
    assert (status, body, headers["content-range"]) == (416, b"", f"bytes */{len(FILM)}")
    status, headers, body = get(served.port, "/films/a.mp4", method="HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", str(len(FILM)))


def test_foreign_sites_are_refused(served: Served) -> None:
    """By the name that they came by, by their origin, and by what the browser says of them; over HTTP and as a WebSocket."""
    foreign: list[dict[str, Any]] = [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
    ]
    for headers in foreign:
        for path in ("/", "/films/a.mp4", "/nothing"):
            status, told, body = get(served.port, path, **headers)
            assert (status, FILM[:100] in body) == (403, False)
            assert told["content-type"] == "text/plain; charset=utf-8"
    with pytest.raises(Refused) as caught:
        Browser(served.port, origin="http://evil.example")
    assert caught.value.status == 403
    with pytest.raises(Refused) as caught:
        Browser(served.port, host=f"rebound.example:{served.port}", origin=f"http://rebound.example:{served.port}")
    assert caught.value.status == 403
    with pytest.raises(Refused) as caught:
        Browser(served.port, headers=[(b"Sec-Fetch-Site", b"cross-site")])
    assert caught.value.status == 403
    assert served.pages.empty()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "FOO"])
def test_only_reading(served: Served, method: str) -> None:
    """Nothing but GET and HEAD does anything, from here or from elsewhere."""
    status, headers, _ = get(served.port, "/", method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")
    assert get(served.port, "/", method=method, Origin="http://evil.example")[0] == 403


def test_bodies_are_refused_unread(served: Served) -> None:
    """However long they claim to be."""
    assert get(served.port, "/", method="POST", body=b"x" * 100)[0] == 413
    said = served.raw(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 99999999999\r\n\r\nxx".encode()
    )
    assert said.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", b"A" * (HEAD_BYTES + 10),
     b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * HEAD_BYTES + b"\r\n\r\n", b"GET / HTTP/2.7\r\nHost: a\r\n\r\n", b""],
)  # fmt: skip
def test_what_is_no_request(served: Served, data: bytes) -> None:
    """It is refused, or hung up on, and the server goes on."""
    said = served.raw(data)
    assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.1 431", b"HTTP/1.1 505"))
    assert served.serves()


def test_several_requests_on_one_connection(served: Served) -> None:
    """As browsers do, also without waiting for each answer."""
    one = f"GET /panel.js HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode()
    assert served.raw(one * 3).count(b"let a") == 3


def test_each_of_its_addresses(served: Served) -> None:
    """The loopback has one in each family that this machine has."""
    for listener in served.server._listeners:
        address = listener.getsockname()[0]
        assert get(served.port, "/", address=address)[0] == 200
        with Browser(served.port, address=address) as browser:
            browser.say("x")
            assert browser.wait_for("echo")["text"] == "x"


def test_loopback_alone(served: Served) -> None:
    """It listens at no address that another machine could reach."""
    assert {listener.getsockname()[0] for listener in served.server._listeners} <= {"127.0.0.1", "::1"}


def test_port_that_is_taken(served: Served) -> None:
    """It is named, and nothing stays open."""
    with pytest.raises(OSError, match="in use"):
        Server(Answers({}, lambda _: None), lambda _: None, served.port)


def test_too_many_connections(served: Served) -> None:
    """The next one is hung up on; when one of the others leaves there is room again."""
    ends = [socket.create_connection(("127.0.0.1", served.port), 10) for _ in range(MOST_CONNECTIONS)]
    assert served.raw(b"GET / HTTP/1.1\r\n\r\n") == b""
    for end in ends:
        end.close()
    for _ in range(100):
        with suppress(OSError):
            if served.serves():
                return
    pytest.fail("no room again")


def test_client_that_says_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is hung up on after a while."""
    monkeypatch.setattr(web, "PATIENCE_S", 0.1)
    with socket.create_connection(("127.0.0.1", served.port), 10) as end:
        end.sendall(b"GET / HTTP/1.1\r\n")
        assert end.recv(100) == b""


def test_client_that_takes_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does one that asks for a film and does not take it keep its thread for ever."""
    served.film.write_bytes(b"x" * 50_000_000)
    monkeypatch.setattr(web, "PATIENCE_S", 0.1)
    with socket.create_connection(("127.0.0.1", served.port), 10) as end:
        end.sendall(f"GET /films/a.mp4 HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        end.recv(1)
        for thread in threading.enumerate():
            if thread.name == "panel-client":
                thread.join(60)
                assert not thread.is_alive()
    assert served.serves()


# Pages.


def test_page_speaks_and_hears(served: Served) -> None:
    """Texts come whole, in order, also in fragments and with a ping between."""
    with Browser(served.port) as browser:
        browser.send(TextMessage(data="one ", message_finished=False))
        browser.send(Ping(payload=b"x"))
        browser.send(TextMessage(data="word ✓", message_finished=True))
        assert browser.wait_for("echo")["text"] == "one word ✓"
        page = served.pages.get(timeout=60)
        for number in range(100):
            page.tell({"type": "number", "number": number})
        browser.wait_for("number", lambda message: message["number"] == 99)
        numbers = [message["number"] for message in browser.messages if message["type"] == "number"]
        assert numbers == list(range(100))
    assert served.gone.wait(60)


def test_newer_replaces_older(served: Served) -> None:
    """What waits under a key is told in its newest form only; what has none is told in full."""
    page = Page(socket.socket(), None)  # type: ignore[arg-type]  # the page asks nothing of its server here
    for number in range(10):
        page.tell({"n": number}, "camera")
        page.tell({"event": number})
        page.show(b"%d" % number, "picture")
    waiting = [event.data for event in page._waiting.values()]  # type: ignore[attr-defined]  # these were told, and each has data
    assert waiting[0] == '{"n": 9}'
    assert waiting[2] == b"9"
    assert [json.loads(text) for text in [waiting[1], *waiting[3:]]] == [{"event": number} for number in range(10)]
    page._end.close()


def test_slow_page_is_cut_off_and_the_others_are_not(served: Served) -> None:
    """Nobody waits for a page that reads nothing: when too much waits for it, it goes."""
    with Browser(served.port):
        lazy = served.pages.get(timeout=60)
        with Browser(served.port) as keen:
            for number in range(2 * MOST_WAITING):
                lazy.tell({"type": "number", "number": number, "more": "x" * 10_000})
            assert lazy._closing is not None
            assert not lazy._waiting
            keen.say("still here")
            assert keen.wait_for("echo")["text"] == "still here"


def test_long_messages_are_refused(served: Served) -> None:
    """Whole or in fragments that never end."""
    for fragments in (1, 40):
        with Browser(served.port) as browser:
            for _ in range(fragments):
                with suppress(OSError):
                    browser.send(
                        TextMessage(
                            data="x" * (MESSAGE_BYTES // 20 * (21 if fragments == 1 else 1)),
                            message_finished=fragments == 1,
                        )
                    )
            while browser.closed is None:
                browser.read()
            assert browser.closed in {1009, 1006}
            assert browser.messages == []


def test_binary_messages_are_refused(served: Served) -> None:
    """A page has nothing to send but text."""
    with Browser(served.port) as browser:
        browser.send(BytesMessage(data=b"x"))
        while browser.closed is None:
            browser.read()
        assert browser.closed == 1003


@pytest.mark.parametrize("junk", [b"\xff" * 100, b"\x81\x85", b"\x83\xfe\xff\xff", b"\x81\x81\x00\x00\x00\x00\xff"])
def test_what_is_no_frame(served: Served, junk: bytes) -> None:
    """The page is gone, and the server goes on."""
    with Browser(served.port) as browser:
        browser.end.sendall(junk)
        browser.end.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while browser.closed is None:
                browser.read()
    assert served.gone.wait(60)
    assert served.serves()


def test_silent_page_is_asked_and_then_gone(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose machine sleeps is not kept for ever; one that answers is."""
    monkeypatch.setattr(web, "PATIENCE_S", 0.05)
    with Browser(served.port) as browser:
        asked = False
        while not asked:
            browser.protocol.receive_data(browser.end.recv(1000))
            asked = any(isinstance(event, Ping) for event in browser.protocol.events())
        assert served.gone.wait(viewer.SILENCES * 0.05 + 5)


def test_page_that_says_goodbye(served: Served) -> None:
    """It gets its answer, as the standard has it."""
    with Browser(served.port) as browser:
        browser.send(CloseConnection(code=1000))
        while browser.closed is None:
            browser.read()
        assert browser.closed == 1000
    assert served.gone.wait(60)


def test_end_of_the_server(served: Served) -> None:
    """Closing it ends its pages and every thread."""
    with Browser(served.port) as browser:
        served.pages.get(timeout=60)
        served.server.close()
        with suppress(ConnectionError):
            while browser.closed is None:
                browser.read()
    for thread in threading.enumerate():
        if thread.name.startswith("panel-"):
            thread.join(60)
            assert not thread.is_alive(), thread
    served.server.close = lambda: None  # type: ignore[method-assign]  # the fixture closes once more
