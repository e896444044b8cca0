"""All messages by their number, and how one is put on the wire."""

from __future__ import annotations

from firmware.dock import bundling, enrolling, messages
from firmware.dock.messages import HEADER, Message
from firmware.evidence.errors import FormatError

MESSAGES: dict[int, type[Message]] = {
    kind.TYPE: kind
    for kind in (
        messages.Hello,
        messages.Welcome,
        messages.ClockSet,
        messages.SettingsLine,
        messages.AssignmentLine,
        messages.OrderLine,
        messages.ListItems,
        messages.Items,
        messages.ListFiles,
        messages.Files,
        messages.Get,
        messages.Data,
        messages.End,
        messages.ReceiptLine,
        messages.AnchorLine,
        messages.Stored,
        messages.Refused,
        messages.Busy,
        messages.Ping,
        messages.Pong,
        messages.Bye,
        messages.Error,
        messages.LogReceiptLine,
        messages.Conflict,
        bundling.BundleLine,
        bundling.Wanted,
        bundling.Piece,
        bundling.Taken,
        enrolling.Introduction,
        enrolling.MakeKey,
        enrolling.KeyRequest,
        enrolling.Certificates,
        enrolling.Sample,
        enrolling.Commit,
        enrolling.Enrolled,
    )
}


def encode(message: Message) -> bytes:
    """The bytes of a message; ``FormatError`` if it is out of its bounds."""
    body = message.body()
    if len(body) > message.LIMIT:
        raise FormatError(f"{type(message).__name__}: {len(body)} bytes, at most {message.LIMIT} are allowed")
    return HEADER.pack(message.TYPE, len(body)) + body
