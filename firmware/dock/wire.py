"""All messages by their number, and how one is put on the wire."""

from __future__ import annotations

from firmware.dock.messages import (
    HEADER,
    AnchorLine,
    AssignmentLine,
    BundleLine,
    Busy,
    Bye,
    ClockSet,
    Conflict,
    Data,
    End,
    Error,
    Files,
    Get,
    Hello,
    Items,
    ListFiles,
    ListItems,
    LogReceiptLine,
    Message,
    Piece,
    Ping,
    Pong,
    ReceiptLine,
    Refused,
    SettingsLine,
    Stored,
    Taken,
    Wanted,
    Welcome,
)
from firmware.evidence.errors import FormatError

_ALL: tuple[type[Message], ...] = (
    Hello,
    Welcome,
    ClockSet,
    SettingsLine,
    AssignmentLine,
    ListItems,
    Items,
    ListFiles,
    Files,
    Get,
    Data,
    End,
    ReceiptLine,
    AnchorLine,
    Stored,
    Refused,
    Busy,
    Ping,
    Pong,
    Bye,
    Error,
    LogReceiptLine,
    Conflict,
    BundleLine,
    Wanted,
    Piece,
    Taken,
)
MESSAGES: dict[int, type[Message]] = {kind.TYPE: kind for kind in _ALL}


def encode(message: Message) -> bytes:
    """The bytes of a message; ``FormatError`` if it is out of its bounds."""
    body = message.body()
    if len(body) > message.LIMIT:
        raise FormatError(f"{type(message).__name__}: {len(body)} bytes, at most {message.LIMIT} are allowed")
    return HEADER.pack(message.TYPE, len(body)) + body
