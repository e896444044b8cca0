"""One good message of each type."""

from __future__ import annotations

from firmware.dock.facts import AuditHead, Charge, ClockReading, Facts, Room
from firmware.dock.messages import (
    AnchorLine,
    AssignmentLine,
    Busy,
    Bye,
    ClockSet,
    Data,
    End,
    Error,
    FileEntry,
    Files,
    Get,
    Hello,
    ItemEntry,
    Items,
    ListFiles,
    ListItems,
    Message,
    Ping,
    Pong,
    ReceiptLine,
    Refused,
    SettingsLine,
    Stored,
    Welcome,
)

CLOCK = ClockReading(mono_ms=5_000, utc_ms=1_800_000_000_000, quality="rtc")
FACTS = Facts(
    device="cam-1",
    volume="0123456789abcdef" * 2,
    boot=3,
    number=17,
    firmware="0.1.0",
    clock=CLOCK,
    battery=Charge(percent=80, charging=True),
    space=Room(total=1 << 36, free=1 << 35),
    audit=AuditHead(line=99, head="ab" * 32),
)
SAMPLES: tuple[Message, ...] = (
    Hello((1,), FACTS, "00" * 16, "3045" * 4),
    Welcome(1, "dock-1", 1_800_000_000_123, None),
    ClockSet(CLOCK, CLOCK, taken=True, reason="a step of 123 ms"),
    SettingsLine(b"a.b.c"),
    AssignmentLine(b"a.b.c"),
    ListItems(0),
    Items((ItemEntry("recording", "00000017", True, 4, 12345), ItemEntry("audit", "audit", False, 3, 999)), 2),
    ListFiles("00000017", 0),
    Files((FileEntry("journal.jwsl", 100), FileEntry("000000.mp4.age", 5)), 2),
    Get("00000017", "000000.mp4.age", 0, 5),
    Data(b"\0\1\2\3\4"),
    End("cd" * 32),
    ReceiptLine(b"a.b.c"),
    AnchorLine(b"a.b.c"),
    Stored("ef" * 32),
    Refused("range", "no"),
    Busy("a recording is being made"),
    Ping(),
    Pong(FACTS, False),
    Bye(),
    Error("store", "disk full"),
)
