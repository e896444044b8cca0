"""The messages between a camera and a dock: ``u8`` type, ``u32`` length (big endian), body.

A body is canonical JSON (``firmware.evidence.canonical``) with exactly the members listed here, or raw: the bytes of a
file, or a signed line without its LF.  Every length, list and number has a bound.  Who may say what when is in
``protocol``.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from typing import ClassVar, Self

from firmware.dock.facts import ClockReading, Facts
from firmware.dock.fields import member, members, part, parts, read_record
from firmware.evidence import canonical
from firmware.evidence.errors import FormatError
from firmware.evidence.jws import LINE_LIMIT, PAPER_LIMIT
from firmware.evidence.kinds import COUNT, HASH, IDENTIFIER, NAME, TIME, WORDS
from firmware.evidence.schema import flag, integer, null_or, one_of, text

HEADER = struct.Struct(">BI")
KIB = 1024
DATA_LIMIT = 64 * KIB
CHUNK = 16 * KIB - HEADER.size
"""What the camera puts into one ``Data``: it fills one TLS record, and a break loses no more than this."""
BULK = 64 * KIB - HEADER.size
"""What it puts into one on a stream that has stood for a while: it fills four."""
BULK_AFTER = 4 * CHUNK
"""How much of an answer it says in small pieces first, so that on a contact that breaks ever again something gets through each time."""
JSON_LIMIT = 64 * KIB
PAGE = 256

MOST_ITEMS = 1 << 31
MOST_FILES = 100_010
MOST_VERSIONS = 16
LONGEST_TOKEN = 16_384
LONGEST_PROOF = 160
LONGEST_CODE = 32

CODE = text(rf"[a-z0-9-]{{1,{LONGEST_CODE}}}", f"a code of 1 to {LONGEST_CODE} of a-z 0-9 -")
VERSION = integer(1, 255)
INDEX = integer(0, MOST_ITEMS)
ITEM_NAME = text(r"[0-9]{8}|audit|volume", "the name of an item")
FILE_NAME = text(
    r"journal\.jwsl|manifest\.jws|manifest\.pq\.jws|private\.age|(volume|log-receipt)\.jws"
    r"|[0-9]{8}\.(jwsl|private\.age)|[0-9]{6}\.mp4\.age",
    "the name of a file",
)


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """One thing to fetch: ``kind`` is ``recording``, ``audit`` or ``volume``; ``files`` counts them, ``size`` is their
    sum in bytes."""

    kind: str = member(one_of("recording", "audit", "volume"))
    name: str = member(ITEM_NAME)
    priority: bool = member(flag)
    files: int = member(integer(0, MOST_FILES))
    size: int = member(COUNT)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of an item."""

    name: str = member(FILE_NAME)
    length: int = member(COUNT)


class Message:
    """Base of all messages.  ``TYPE`` is the number on the wire, ``LIMIT`` the largest body in bytes."""

    __slots__ = ()
    TYPE: ClassVar[int]
    LIMIT: ClassVar[int] = JSON_LIMIT

    def body(self) -> bytes:
        """Encode; ``FormatError`` if the peer, who reads by the same rules, would not take it."""
        data = canonical.encode(asdict(self), type(self).__name__)  # type: ignore[call-overload]  # each message but Raw is a dataclass
        self.parse(data)
        return data

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Decode; ``FormatError`` unless it is what ``body`` would make."""
        where = cls.__name__
        return read_record(cls, canonical.decode(body, cls.LIMIT, where), where)


@dataclass(frozen=True, slots=True)
class Raw(Message):
    """Base of the messages whose body is not JSON."""

    LEAST: ClassVar[int] = 0
    data: bytes

    def body(self) -> bytes:
        """Exactly the bytes."""
        return self.data

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Exactly the bytes; a signed line is ASCII and has no LF."""
        if len(body) < cls.LEAST:
            raise FormatError(f"{cls.__name__}: no bytes")
        return cls(body)


@dataclass(frozen=True, slots=True)
class Hello(Message):
    """The camera begins.  ``proof``: DER signature of the device key over the TLS exporter, in hexadecimal; ``nonce``
    goes into receipts."""

    TYPE: ClassVar[int] = 1
    versions: tuple[int, ...] = members(VERSION, MOST_VERSIONS)
    facts: Facts = part(Facts)
    nonce: str = member(IDENTIFIER)
    proof: str = member(text(rf"[0-9a-f]{{16,{LONGEST_PROOF}}}", "a DER signature in hexadecimal"))


@dataclass(frozen=True, slots=True)
class Welcome(Message):
    """The dock answers with the version to speak, its name and its clock; ``token`` (base64) may vouch for that
    clock."""

    TYPE: ClassVar[int] = 2
    version: int = member(VERSION)
    dock: str = member(NAME)
    utc_ms: int = member(TIME)
    token: str | None = member(null_or(text(rf"[A-Za-z0-9+/=]{{1,{LONGEST_TOKEN}}}", "base64 of at most 16 KiB")))


@dataclass(frozen=True, slots=True)
class ClockSet(Message):
    """The camera's clock before and after, whether it took the dock's word, and why or why not."""

    TYPE: ClassVar[int] = 3
    before: ClockReading = part(ClockReading)
    after: ClockReading = part(ClockReading)
    taken: bool = member(flag)
    reason: str = member(WORDS)


class SettingsLine(Raw):
    """The authority's settings."""

    __slots__ = ()
    TYPE: ClassVar[int] = 4
    LIMIT: ClassVar[int] = PAPER_LIMIT


class AssignmentLine(Raw):
    """Whose shift it is."""

    __slots__ = ()
    TYPE: ClassVar[int] = 5
    LIMIT: ClassVar[int] = LINE_LIMIT


class OrderLine(Raw):
    """The authority recalls this camera, or one of the two words that undo it."""

    __slots__ = ()
    TYPE: ClassVar[int] = 35
    LIMIT: ClassVar[int] = LINE_LIMIT


@dataclass(frozen=True, slots=True)
class ListItems(Message):
    """Ask what there is to fetch, from index ``start`` on.  ``start`` 0 takes stock anew; later pages are of that
    stock."""

    TYPE: ClassVar[int] = 6
    start: int = member(INDEX)


@dataclass(frozen=True, slots=True)
class Items(Message):
    """A page of items, most urgent first, and how many there are in all."""

    TYPE: ClassVar[int] = 7
    items: tuple[ItemEntry, ...] = parts(ItemEntry, PAGE)
    total: int = member(INDEX)


@dataclass(frozen=True, slots=True)
class ListFiles(Message):
    """Ask which files this item has, from index ``start`` on."""

    TYPE: ClassVar[int] = 8
    item: str = member(ITEM_NAME)
    start: int = member(INDEX)


@dataclass(frozen=True, slots=True)
class Files(Message):
    """A page of an item's files, sorted by name, and how many there are in all."""

    TYPE: ClassVar[int] = 9
    files: tuple[FileEntry, ...] = parts(FileEntry, PAGE)
    total: int = member(INDEX)


@dataclass(frozen=True, slots=True)
class Get(Message):
    """Send this file's bytes from ``offset`` up to ``length``, which is at most the listed length."""

    TYPE: ClassVar[int] = 10
    item: str = member(ITEM_NAME)
    file: str = member(FILE_NAME)
    offset: int = member(COUNT)
    length: int = member(COUNT)


class Data(Raw):
    """The next bytes of the file; without any, whoever waits for its end would wait for ever."""

    __slots__ = ()
    TYPE: ClassVar[int] = 11
    LIMIT: ClassVar[int] = DATA_LIMIT
    LEAST: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class End(Message):
    """All bytes were sent.  ``hash`` is of the file's first ``length`` bytes as asked for, those below the offset
    included."""

    TYPE: ClassVar[int] = 12
    hash: str = member(HASH)


class ReceiptLine(Raw):
    """A recording is in durable storage."""

    __slots__ = ()
    TYPE: ClassVar[int] = 13
    LIMIT: ClassVar[int] = PAPER_LIMIT


class AnchorLine(Raw):
    """The dock countersigns the audit head."""

    __slots__ = ()
    TYPE: ClassVar[int] = 14
    LIMIT: ClassVar[int] = LINE_LIMIT


class LogReceiptLine(Raw):
    """Finished files of the audit log are in durable storage."""

    __slots__ = ()
    TYPE: ClassVar[int] = 22
    LIMIT: ClassVar[int] = PAPER_LIMIT


@dataclass(frozen=True, slots=True)
class Conflict(Message):
    """The dock holds another log of this volume: two cameras with one identity, or one that was turned back.  Answered with the hash of
    this body, once the log says so."""

    TYPE: ClassVar[int] = 23
    reason: str = member(WORDS)


@dataclass(frozen=True, slots=True)
class Stored(Message):
    """The signed line with this hash is verified and durable on the camera; of the paper of a bundle: so is all of the bundle."""

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
    """Ask how the camera is."""

    TYPE: ClassVar[int] = 18


@dataclass(frozen=True, slots=True)
class Pong(Message):
    """The facts as they are now, and whether a recording is being made."""

    TYPE: ClassVar[int] = 19
    facts: Facts = part(Facts)
    busy: bool = member(flag)


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
