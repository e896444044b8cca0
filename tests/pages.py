"""A browser's side of the panel: a WebSocket and plain requests, for tests that look at what the server says."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import TYPE_CHECKING, Any, Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATIENCE_S = 60.0
LONGEST_S = 45.0
Message = dict[str, Any]


class Refused(Exception):  # noqa: N818 - it is an answer
    """The server did not let a page in."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body.decode(errors='replace')}")
        self.status = status


class Browser:
    """One page.  ``messages`` are all that came, ``pictures`` the binary ones, ``closed`` the code of the end."""

    def __init__(
        self,
        port: int,
        *,
        host: str | None = None,
        origin: str | None = "same",
        headers: Sequence[tuple[bytes, bytes]] = (),
        address: str = "127.0.0.1",
    ) -> None:
        """Connect; ``Refused`` where the server says no.  ``origin``: by default that of the page itself."""
        self.messages: list[Message] = []
        self.pictures: list[tuple[str, bytes]] = []
        self.closed: int | None = None
        self._text = ""
        self._data = b""
        self._answers = 0
        self.end = socket.create_connection((address, port), PATIENCE_S)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        name = host or f"127.0.0.1:{port}"
        origin = f"http://{name}" if origin == "same" else origin
        extra = [*headers, *([(b"Origin", origin.encode())] if origin else [])]
        try:
            self.send(Request(host=name, target="/ws", extra_headers=extra))
            self._open()
        except BaseException:
            self.end.close()
            raise

    def __enter__(self) -> Self:
        """Close it at the end of a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.end.close()

    def send(self, event: Event) -> None:
        """Any event of the protocol."""
        self.end.sendall(self.protocol.send(event))

    def say(self, text: str) -> None:
        """A text message as it is."""
        self.send(TextMessage(data=text))

    def ask(self, do: str, **given: object) -> Message:
        """Give an order and wait for its answer."""
        self._answers += 1
        number = self._answers
        self.say(json.dumps({"id": number, "do": do, **given}))
        return self.wait(lambda message: message["type"] == "answer" and message.get("id") == number)

    def error(self, do: str, **given: object) -> str:
        """What is wrong with an order."""
        answer = self.ask(do, **given)
        assert answer["ok"] is False, answer
        return str(answer["error"])

    def wait(self, wanted: Callable[[Message], object], *, after: int = 0) -> Message:
        """The first message behind the first ``after`` ones that is wanted."""
        at, until = after, time.monotonic() + LONGEST_S
        while True:
            while at < len(self.messages):
                if wanted(self.messages[at]):
                    return self.messages[at]
                at += 1
            assert self.closed is None, f"closed with {self.closed}; the last messages: {self.messages[-3:]}"
            assert time.monotonic() < until, f"waited in vain; the last messages: {self.messages[-3:]}"
            self.read()

    def wait_for(self, kind: str, wanted: Callable[[Message], object] = lambda _: True, *, after: int = 0) -> Message:
        """The first message of a type that is wanted."""
        return self.wait(lambda message: message["type"] == kind and wanted(message), after=after)

    def camera(self, wanted: Callable[[Message], object], name: str = "cam-1") -> Message:
        """Wait until a camera stands as wanted, from its newest message on."""
        newest = max(
            (at for at, each in enumerate(self.messages) if each["type"] == "camera" and each["id"] == name), default=0
        )
        return self.wait_for("camera", lambda message: message["id"] == name and wanted(message), after=newest)

    def picture(self) -> tuple[str, bytes]:
        """The next picture, and of which camera."""
        seen = len(self.pictures)
        while len(self.pictures) == seen:
            assert self.closed is None
            self.read()
        return self.pictures[-1]

    def read(self) -> None:
        """Take what comes next; ``TimeoutError`` where nothing does."""
        data = self.end.recv(1 << 16)
        if not data:
            self.closed = self.closed or 1006
            return
        self.protocol.receive_data(data)
        for event in self.protocol.events():
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, TextMessage):
            self._text += event.data
            if event.message_finished:
                self.messages.append(json.loads(self._text))
                self._text = ""
        elif isinstance(event, BytesMessage):
            self._data += event.data
            if event.message_finished:
                length, data = self._data[0], self._data
                self.pictures.append((data[1 : 1 + length].decode("ascii"), data[1 + length :]))
                self._data = b""
        elif isinstance(event, Ping):
            self.send(event.response())
        elif isinstance(event, CloseConnection):
            self.closed = event.code

    def _open(self) -> None:
        status, body = 0, b""
        while True:
            data = self.end.recv(1 << 16)
            if not data:
                raise Refused(status, body)
            self.protocol.receive_data(data)
            for event in self.protocol.events():
                if isinstance(event, AcceptConnection):
                    continue
                if isinstance(event, RejectConnection):
                    status = event.status_code
                elif isinstance(event, RejectData):
                    body += event.data
                    if event.body_finished:
                        raise Refused(status, body)
                else:
                    self._take(event)
            if self.protocol.connection is not None:
                return


def get(
    port: int, path: str, *, method: str = "GET", body: bytes | None = None, address: str = "127.0.0.1", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers, body.  Names of headers are written with underscores."""
    connection = http.client.HTTPConnection(address, port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        response = connection.getresponse()
        return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
    finally:
        connection.close()
