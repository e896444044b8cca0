"""A small HTTP server on the loopback: one thread a connection, of which there are few, and everything bounded.

What HTTP and WebSocket are is h11's and wsproto's business, which do no I/O.
"""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import h11
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request
from wsproto.utilities import ProtocolError

from tools.panel.answers import Answer, Answers, Part, refused
from tools.panel.guard import HEADERS, refusal
from tools.panel.viewer import Page

ADDRESSES: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
SOCKET: Final = "/ws"
MOST_CONNECTIONS: Final = 64
HEAD_BYTES: Final = 16_384
PATIENCE_S: Final = 20.0
"""A client that neither sends nor takes anything for so long is cut off; a page is asked first whether it is there."""
_PIECE: Final = 65_536
_PORTS: Final = 20  # tried for one that is free in both families


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as the guard wants it: header names in lower case, and the path without its query."""

    method: str
    path: str
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str | None:
        """The only header of this name."""
        return next((value for key, value in self.headers if key == name), None)


class Server:
    """Listens from its construction until ``close``.  ``welcome`` is called with each page that connects, on the page's thread, and
    returns once the page is gone."""

    def __init__(self, answers: Answers, welcome: Callable[[Page], None], port: int = 0) -> None:
        """``port`` 0: any that is free.  ``OSError`` where it is taken."""
        self._answers = answers
        self._welcome = welcome
        self._listeners = _listen(port)
        self.port: int = self._listeners[0].getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [
            threading.Thread(target=self._accept, args=(each,), name="panel-door", daemon=True)
            for each in self._listeners
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    def close(self) -> None:
        """Cut all connections, and listen no more."""
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._threads:
            thread.join()
        with self._lock:
            ends = tuple(self._open)
        for end in ends:
            _cut(end)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            end.settimeout(PATIENCE_S)
            with self._lock:
                full = len(self._open) >= MOST_CONNECTIONS
                if not full:
                    self._open.add(end)
            if full:
                _cut(end)
                end.close()
            else:
                threading.Thread(target=self._serve, args=(end,), name="panel-client", daemon=True).start()

    def _serve(self, end: socket.socket) -> None:
        try:
            with end:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _Client(end, self).serve()
        except (OSError, h11.ProtocolError, ProtocolError):
            pass  # gone, too slow, or it speaks something else
        finally:
            with self._lock:
                self._open.discard(end)

    # What a client asks its server.

    def refusal(self, asked: _Asked) -> str | None:
        """Why nothing is answered."""
        return refusal(asked.headers, self.port, front=asked.path == "/" and asked.method == "GET")

    def answer(self, asked: _Asked) -> Answer:
        """The answer to anything but a WebSocket."""
        if (why := self.refusal(asked)) is not None:
            return refused(403, why)
        if asked.method not in {"GET", "HEAD"}:
            return Answer(405, b"", {"Allow": "GET, HEAD"})
        if asked.path == SOCKET:
            return Answer(426, b"", {"Upgrade": "websocket"})
        return self._answers(asked.path, asked.header("range"))

    def welcome(self, page: Page) -> None:
        """A page connects."""
        self._welcome(page)


class _Client:
    """One connection."""

    def __init__(self, end: socket.socket, server: Server) -> None:
        self._end = end
        self._server = server
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)

    def serve(self) -> None:
        """Answer requests until the client has enough, or becomes a page."""
        while isinstance(event := self._next(), h11.Request):
            asked = _Asked(
                event.method.decode("ascii"),
                event.target.decode("ascii").partition("?")[0],
                [(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in event.headers],
            )
            upgrade = (asked.header("upgrade") or "").lower() == "websocket" and asked.path == SOCKET
            if upgrade and self._server.refusal(asked) is None:
                self._become_page(asked)
                return
            if not isinstance(self._next(), h11.EndOfMessage):
                self._send(asked, refused(413, "nothing here takes a body"), last=True)
                return
            self._send(asked, self._server.answer(asked), last=False)
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    def _next(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        """The next thing that the client says."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                    self._send(None, refused(error.error_status_hint, "that is no request"), last=True)
                raise
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(self._end.recv(_PIECE))

    def _send(self, asked: _Asked | None, answer: Answer, *, last: bool) -> None:
        headers = {**HEADERS, **answer.headers, "Content-Length": str(answer.length)}
        headers |= {"Connection": "close"} if last else {}
        status = HTTPStatus(answer.status)
        head = h11.Response(status_code=status, headers=list(headers.items()), reason=status.phrase.encode())
        self._put(head)
        if asked is None or asked.method != "HEAD":
            self._send_body(answer.body)
        self._put(h11.EndOfMessage())

    def _send_body(self, body: bytes | Part) -> None:
        if isinstance(body, bytes):
            self._put(h11.Data(data=body))
            return
        with body.path.open("rb") as file:
            file.seek(body.begin)
            left = body.length
            while left and (piece := file.read(min(left, _PIECE))):
                self._put(h11.Data(data=piece))
                left -= len(piece)

    def _put(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self._end.sendall(data)

    def _become_page(self, asked: _Asked) -> None:
        protocol = WSConnection(ConnectionType.SERVER)
        headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in asked.headers]
        protocol.initiate_upgrade_connection(headers, asked.path)
        if not isinstance(next(iter(protocol.events()), None), Request):
            return
        self._end.sendall(protocol.send(AcceptConnection()))
        page = Page(self._end, protocol, self._http.trailing_data[0])
        self._server.welcome(page)


def _listen(port: int) -> list[socket.socket]:
    """One port, in both families where there are both."""
    for attempt in range(_PORTS):
        listeners: list[socket.socket] = []
        try:
            for family, address in ADDRESSES:
                try:
                    listener = socket.socket(family)
                except OSError:
                    continue  # this machine has no such family
                listeners.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((address, port if len(listeners) == 1 else listeners[0].getsockname()[1]))
                listener.listen(MOST_CONNECTIONS)
        except OSError as error:
            if len(listeners) == 2 and _absent(error):
                listeners.pop().close()
                return listeners
            for listener in listeners:
                listener.close()
            if port or attempt == _PORTS - 1:
                raise
        else:
            return listeners
    raise AssertionError("unreachable")


def _absent(error: OSError) -> bool:
    """Whether an address is not there at all, which a port that is taken is not."""
    return error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def _cut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
