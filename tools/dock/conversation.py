"""A dock's side of the conversation as generators: yield a request, receive the answer.

A talk yields a ``Message`` to say it and wait for the answer, None to wait for one more message (``Data`` after
``Data``), or a ``Pause`` to be resumed later.  It does file work between its yields, and knows nothing of ports, TLS
and time-outs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from firmware.dock.errors import RemoteProtocolError
from firmware.dock.messages import (
    Busy,
    Data,
    End,
    FileEntry,
    Files,
    Get,
    ItemEntry,
    Items,
    ListFiles,
    ListItems,
    Message,
    Ping,
    Pong,
    Refused,
    Stored,
)
from firmware.evidence import jws

ResultT = TypeVar("ResultT")
MessageT = TypeVar("MessageT", bound=Message)
EntryT = TypeVar("EntryT", ItemEntry, FileEntry)

MOST_ENTRIES = 100_000
PING_S = 5.0
NAP_S = 0.1


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after so many seconds."""

    seconds: float


Talk = Generator[Message | Pause | None, Message | None, ResultT]


class YieldedError(Exception):
    """The camera is making a recording and wants to be left alone."""


class DeclinedError(Exception):
    """The camera does not do what was asked; the session goes on."""


class Sink(Protocol):
    """Where fetched bytes go."""

    length: int

    def add(self, data: bytes) -> None:
        """Take the next bytes."""


class Memory:
    """A sink for what is small."""

    def __init__(self) -> None:
        """Empty."""
        self.data = bytearray()
        self.length = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self.data += data
        self.length += len(data)


def expect(answer: Message | None, kind: type[MessageT]) -> MessageT:
    """The answer, if it is of this kind; else ``YieldedError`` or ``DeclinedError``."""
    if isinstance(answer, Busy):
        raise YieldedError(answer.reason)
    if isinstance(answer, Refused):
        raise DeclinedError(f"{answer.text} ({answer.code})")
    if not isinstance(answer, kind):
        raise RemoteProtocolError(f"{type(answer).__name__} instead of {kind.__name__}")
    return answer


def ask(request: Message, kind: type[MessageT]) -> Talk[MessageT]:
    """Say something that has one answer."""
    return expect((yield request), kind)


def hand_over(line: Message, data: bytes) -> Talk[None]:
    """Hand over a signed line; returns once it is durable on the camera."""
    stored = yield from ask(line, Stored)
    if stored.hash != jws.line_hash(data):
        raise RemoteProtocolError("the camera stored something else")


def until(done: Callable[[float], bool]) -> Talk[None]:
    """Wait for something that goes on elsewhere, in touch with the camera.  ``done`` waits for so many seconds, and says whether it is."""
    while True:
        for _ in range(round(PING_S / (2 * NAP_S))):
            if done(NAP_S):
                return
            yield Pause(NAP_S)
        yield from ask(Ping(), Pong)


def list_items() -> Talk[list[ItemEntry]]:
    """Everything there is to fetch, most urgent first."""
    found: list[ItemEntry] = []
    while True:
        page = yield from ask(ListItems(len(found)), Items)
        _extend(found, page.items, page.total)
        if len(found) >= page.total:
            return found


def list_files(item: str) -> Talk[dict[str, int]]:
    """The lengths of an item's files by name."""
    found: list[FileEntry] = []
    while True:
        page = yield from ask(ListFiles(item, len(found)), Files)
        _extend(found, page.files, page.total)
        if len(found) >= page.total:
            return {entry.name: entry.length for entry in found}


def fetch(item: str, file: str, length: int, sink: Sink, progress: Callable[[int], None]) -> Talk[str]:
    """Get what is behind ``sink.length``, up to ``length``; returns the camera's hash of the whole."""
    answer = yield Get(item, file, sink.length, length)
    while isinstance(answer, Data):
        if sink.length + len(answer.data) > length:
            raise RemoteProtocolError(f"more than the {length} bytes of {file} that were asked for")
        sink.add(answer.data)
        progress(len(answer.data))
        answer = yield None
    end = expect(answer, End)
    if sink.length != length:
        raise RemoteProtocolError(f"{sink.length} of {length} bytes of {file}")
    return end.hash


def _extend(found: list[EntryT], page: tuple[EntryT, ...], total: int) -> None:
    """Add a page, which has to lead somewhere."""
    if total > MOST_ENTRIES or len(found) + len(page) > total or (not page and len(found) < total):
        raise RemoteProtocolError(f"a page of {len(page)} entries at {len(found)} of {total}")
    found.extend(page)
