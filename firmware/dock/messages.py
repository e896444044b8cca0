"""The messages between a camera and a dock: ``u8`` type, ``u32`` length (big endian), body.

A body is canonical JSON (``firmware.evidence.canonical``) with exactly the members listed here, or raw: the bytes of a file, or a
signed line without its LF.  Every length, list and number has a bound.  Who may say what when is in ``protocol``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from firmware.dock.fields import (
    FieldError,
    array,
    boolean,
    integer,
    member,
    optional,
    read_record,
    record,
    text,
    words,
    write_record,
)
from firmware.evidence import canonical
from firmware.evidence.canonical import LARGEST
from firmware.evidence.errors import FormatError
from firmware.evidence.jws import FILE_LIMIT, LINE_LIMIT

HEADER = struct.Struct(">BI")
KIB = 1024
DATA_LIMIT = 64 * KIB
JSON_LIMIT = 64 * KIB
PAGE = 256

NAME = text(r"[a-z0-9-]{1,32}")
HASH = text(r"[0-9a-f]{64}")
ID = text(r"[0-9a-f]{32}")
CODE = text(r"[a-z0-9-]{1,32}")
WORDS_LIMIT = 300
WORDS = words(WORDS_LIMIT)
NUMBER = integer(0, 99_999_999)
MILLISECONDS = integer()
LENGTH = integer()
ITEM_NAME = text(r"[0-9]{8}|audit|volume")
FILE_NAME = text(r"journal\.jwsl|manifest\.jws|private\.age|volume\.jws|[0-9]{8}\.jwsl|[0-9]{6}\.mp4\.age")


def printable(reason: object) -> str:
    """Any reason as words that a message can carry."""
    return "".join(each if each.isprintable() else " " for each in str(reason))[:WORDS_LIMIT]


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks at once, as in the evidence format: ``quality`` is ``unset``, ``rtc`` or ``dock``."""

    mono_ms: int = member(MILLISECONDS)
    utc_ms: int = member(integer(-LARGEST))
    quality: str = member(text("unset|rtc|dock"))


@dataclass(frozen=True, slots=True)
class Charge:
    """The battery: percent, and whether it charges."""

    percent: int = member(integer(0, 100))
    charging: bool = member(boolean)


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes on the evidence partition."""

    total: int = member(LENGTH)
    free: int = member(LENGTH)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest line of the audit log: its index and hash; line 0 and 64 zeros for none."""

    line: int = member(integer())
    head: str = member(HASH)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a camera says about itself: newest recording ``number`` (0 for none), versions, clock, battery, room, audit head."""

    device: str = member(NAME)
    volume: str = member(ID)
    boot: int = member(integer(1))
    number: int = member(NUMBER)
    firmware: str = member(words(64))
    clock: ClockReading = member(record(ClockReading))
    battery: Charge = member(record(Charge))
    space: Room = member(record(Room))
    audit: AuditHead = member(record(AuditHead))


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """One thing to fetch: ``kind`` is ``recording``, ``audit`` or ``volume``; ``files`` counts them, ``size`` is their sum in bytes."""

    kind: str = member(text("recording|audit|volume"))
    name: str = member(ITEM_NAME)
    priority: bool = member(boolean)
    files: int = member(integer(0, 100_010))
    size: int = member(LENGTH)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of an item."""

    name: str = member(FILE_NAME)
    length: int = member(LENGTH)


class Message:
    """Base of all messages.  ``TYPE`` is the number on the wire, ``LIMIT`` the largest body in bytes."""

    __slots__ = ()
    TYPE: ClassVar[int]
    LIMIT: ClassVar[int] = JSON_LIMIT

    def body(self) -> bytes:
        """Encode; ``FieldError`` if a member is out of its range."""
        try:
            return canonical.encode(write_record(self, type(self).__name__))
        except FormatError as error:
            raise FieldError(str(error)) from None

    @classmethod
    def parse(cls: type[MessageT], body: bytes) -> MessageT:
        """Decode; ``FieldError`` unless it is what ``body`` would make."""
        try:
            return read_record(cls, canonical.decode(body, cls.LIMIT), cls.__name__)
        except FormatError as error:
            raise FieldError(f"{cls.__name__}: {error}") from None


MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True, slots=True)
class Raw(Message):
    """Base of the messages whose body is not JSON."""

    data: bytes

    def body(self) -> bytes:
        """Exactly the bytes."""
        return self.data

    @classmethod
    def parse(cls, body: bytes) -> Raw:
        """Exactly the bytes; a signed line is ASCII and has no LF."""
        return cls(body)


@dataclass(frozen=True, slots=True)
class Hello(Message):
    """The camera begins.  ``proof``: DER signature of the device key over the TLS exporter, in hexadecimal; ``nonce`` goes into receipts."""

    TYPE: ClassVar[int] = 1
    versions: tuple[int, ...] = member(array(integer(1, 255), 16))
    facts: Facts = member(record(Facts))
    nonce: str = member(ID)
    proof: str = member(text("[0-9a-f]{16,160}"))


@dataclass(frozen=True, slots=True)
class Welcome(Message):
    """The dock answers with the version to speak, its name and its clock; ``token`` (base64) may vouch for that clock."""

    TYPE: ClassVar[int] = 2
    version: int = member(integer(1, 255))
    dock: str = member(NAME)
    utc_ms: int = member(MILLISECONDS)
    token: str | None = member(optional(text("[A-Za-z0-9+/=]{1,16384}")))


@dataclass(frozen=True, slots=True)
class ClockSet(Message):
    """The camera's clock before and after, whether it took the dock's word, and why or why not."""

    TYPE: ClassVar[int] = 3
    before: ClockReading = member(record(ClockReading))
    after: ClockReading = member(record(ClockReading))
    taken: bool = member(boolean)
    reason: str = member(WORDS)


class SettingsLine(Raw):
    """The authority's settings."""

    __slots__ = ()
    TYPE: ClassVar[int] = 4
    LIMIT: ClassVar[int] = FILE_LIMIT


class AssignmentLine(Raw):
    """Whose shift it is."""

    __slots__ = ()
    TYPE: ClassVar[int] = 5
    LIMIT: ClassVar[int] = LINE_LIMIT


@dataclass(frozen=True, slots=True)
class ListItems(Message):
    """What is there to fetch, from index ``start`` on?  ``start`` 0 takes stock anew; the pages after it are of that stock."""

    TYPE: ClassVar[int] = 6
    start: int = member(integer(0, 1 << 31))


@dataclass(frozen=True, slots=True)
class Items(Message):
    """A page of items, most urgent first, and how many there are in all."""

    TYPE: ClassVar[int] = 7
    items: tuple[ItemEntry, ...] = member(array(record(ItemEntry), PAGE))
    total: int = member(integer(0, 1 << 31))


@dataclass(frozen=True, slots=True)
class ListFiles(Message):
    """Which files has this item, from index ``start`` on?"""

    TYPE: ClassVar[int] = 8
    item: str = member(ITEM_NAME)
    start: int = member(integer(0, 1 << 31))


@dataclass(frozen=True, slots=True)
class Files(Message):
    """A page of an item's files, sorted by name, and how many there are in all."""

    TYPE: ClassVar[int] = 9
    files: tuple[FileEntry, ...] = member(array(record(FileEntry), PAGE))
    total: int = member(integer(0, 1 << 31))


@dataclass(frozen=True, slots=True)
class Get(Message):
    """Send this file's bytes from ``offset`` up to ``length``, which is at most the listed length."""

    TYPE: ClassVar[int] = 10
    item: str = member(ITEM_NAME)
    file: str = member(FILE_NAME)
    offset: int = member(LENGTH)
    length: int = member(LENGTH)


class Data(Raw):
    """The next bytes of the file."""

    __slots__ = ()
    TYPE: ClassVar[int] = 11
    LIMIT: ClassVar[int] = DATA_LIMIT


@dataclass(frozen=True, slots=True)
class End(Message):
    """All bytes were sent.  ``hash`` is of the file's first ``length`` bytes as asked for, those below the offset included."""

    TYPE: ClassVar[int] = 12
    hash: str = member(HASH)


class ReceiptLine(Raw):
    """A recording is in durable storage."""

    __slots__ = ()
    TYPE: ClassVar[int] = 13
    LIMIT: ClassVar[int] = FILE_LIMIT


class AnchorLine(Raw):
    """The dock countersigns the audit head."""

    __slots__ = ()
    TYPE: ClassVar[int] = 14
    LIMIT: ClassVar[int] = LINE_LIMIT


@dataclass(frozen=True, slots=True)
class Stored(Message):
    """The signed line with this hash is verified and durable on the camera."""

    TYPE: ClassVar[int] = 15
    hash: str = member(HASH)


@dataclass(frozen=True, slots=True)
class Refused(Message):
    """The camera does not do what was asked; the session goes on."""

    TYPE: ClassVar[int] = 16
    code: str = member(CODE)
    text: str = member(WORDS)


@dataclass(frozen=True, slots=True)
class Busy(Message):
    """Not now: a recording is being made.  Ask again once ``Pong`` says so."""

    TYPE: ClassVar[int] = 17
    reason: str = member(WORDS)


@dataclass(frozen=True, slots=True)
class Ping(Message):
    """Are you there?"""

    TYPE: ClassVar[int] = 18


@dataclass(frozen=True, slots=True)
class Pong(Message):
    """The facts as they are now, and whether a recording is being made."""

    TYPE: ClassVar[int] = 19
    facts: Facts = member(record(Facts))
    busy: bool = member(boolean)


@dataclass(frozen=True, slots=True)
class Bye(Message):
    """The dock is done."""

    TYPE: ClassVar[int] = 20


@dataclass(frozen=True, slots=True)
class Error(Message):
    """The sender gives this session up; nothing follows."""

    TYPE: ClassVar[int] = 21
    code: str = member(CODE)
    text: str = member(WORDS)


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
)
MESSAGES: dict[int, type[Message]] = {kind.TYPE: kind for kind in _ALL}


def encode(message: Message) -> bytes:
    """The bytes of a message; ``FieldError`` if it is out of its bounds."""
    body = message.body()
    if len(body) > message.LIMIT:
        raise FieldError(f"{type(message).__name__}: {len(body)} bytes, at most {message.LIMIT} are allowed")
    return HEADER.pack(message.TYPE, len(body)) + body
