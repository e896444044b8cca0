"""One page: a WebSocket with bounded lines in and a bounded queue out, so that nobody who has something to tell waits for a browser.

What replaces what was told before (a camera's standing, a picture) replaces it in the queue too: a slow page gets fewer of those, always
the newest.  What happened once (a cue, a line of the log) is queued; a page that lets too much of that wait is cut off.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from wsproto import WSConnection
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError

MESSAGE_BYTES: Final = 16_384
MOST_WAITING: Final = 4000
SILENCES: Final = 3
"""A page that says nothing for so many patiences, not even that it is there, is gone."""
_PIECE: Final = 65_536
_TOO_SLOW: Final = 1013
_TOO_LONG: Final = 1009
_NOT_TEXT: Final = 1003

Said = Mapping[str, Any]


class Page:
    """Connected from its construction; sends on a thread of its own once ``run`` reads."""

    def __init__(self, end: socket.socket, protocol: WSConnection, ahead: bytes = b"") -> None:
        """A WebSocket that was accepted.  ``ahead``: what was received behind the request."""
        self._end = end
        self._protocol = protocol
        self._ahead = ahead
        self._speaking = threading.Lock()  # the protocol's state is one
        self._news = threading.Condition()
        self._waiting: dict[object, Event] = {}  # in order; the key of what may be replaced is its own
        self._serial = 0
        self._closing: CloseConnection | None = None
        self._text: list[str] = []

    def tell(self, message: Said, key: str | None = None) -> None:
        """Queue a message; with a ``key`` in place of one of the same key that still waits."""
        self._queue(TextMessage(data=json.dumps(message, ensure_ascii=False)), key)

    def show(self, data: bytes, key: str) -> None:
        """Queue a binary message, in place of one of the same key that still waits."""
        self._queue(BytesMessage(data=data), key)

    def close(self, code: int = 1001) -> None:
        """End it; what waits is not sent any more."""
        self._close(CloseConnection(code=code))

    def _close(self, event: CloseConnection) -> None:
        with self._news:
            self._closing = self._closing or event
            self._waiting.clear()
            self._news.notify()

    def run(self, hear: Callable[[str], None]) -> None:
        """Hand each message to ``hear`` until the page is gone."""
        writer = threading.Thread(target=self._write, name="panel-page", daemon=True)
        writer.start()
        try:
            self._read(hear)
        except OSError:
            pass  # gone
        finally:
            self.close()
            writer.join()

    def _queue(self, event: Event, key: str | None) -> None:
        with self._news:
            if self._closing is not None:
                return
            if key is None:
                self._serial += 1
            self._waiting[self._serial if key is None else key] = event
            if len(self._waiting) > MOST_WAITING:
                self._closing = CloseConnection(code=_TOO_SLOW)
                self._waiting.clear()
            self._news.notify()

    def _write(self) -> None:
        try:
            while True:
                with self._news:
                    while not self._waiting and self._closing is None:
                        self._news.wait()
                    closing = self._closing
                    event = closing or self._waiting.pop(next(iter(self._waiting)))
                self._send(event)
                if closing is not None:
                    break
        except (OSError, LocalProtocolError):
            pass  # gone, or closed by the other side
        finally:
            self.close()
            self._cut()

    def _send(self, event: Event) -> None:
        with self._speaking:
            data = self._protocol.send(event)
        self._end.sendall(data)

    def _read(self, hear: Callable[[str], None]) -> None:
        silences = 0
        self._receive(self._ahead)
        while self._closing is None:
            for event in self._events():
                silences = 0
                self._handle(event, hear)
            try:
                data = self._end.recv(_PIECE)
            except TimeoutError:
                silences += 1
                if silences > SILENCES:
                    return
                self._queue(Ping(payload=b""), "ping")
                continue
            if not data:
                return
            silences = 0
            self._receive(data)

    def _receive(self, data: bytes) -> None:
        with self._speaking:
            self._protocol.receive_data(data)

    def _events(self) -> list[Event]:
        with self._speaking:
            return list(self._protocol.events())

    def _handle(self, event: Event, hear: Callable[[str], None]) -> None:
        if isinstance(event, Ping):
            self._queue(event.response(), "pong")
        elif isinstance(event, CloseConnection):
            self._close(event.response())
        elif isinstance(event, TextMessage):
            self._text.append(event.data)
            if sum(map(len, self._text)) > MESSAGE_BYTES:
                self.close(_TOO_LONG)
            elif event.message_finished:
                text, self._text = "".join(self._text), []
                hear(text)
        elif isinstance(event, Message) and not isinstance(event, Pong):
            self.close(_NOT_TEXT)

    def _cut(self) -> None:
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
