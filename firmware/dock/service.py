"""The camera's answers: each request of a dock becomes a sequence of messages, read from the shelf as it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import singledispatchmethod

from firmware.dock import clockrule
from firmware.dock.bundlerule import UnwantedError
from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.errors import LocalProtocolError, RemoteProtocolError
from firmware.dock.facts import ClockReading
from firmware.dock.messages import (
    BULK_AFTER,
    CHUNK,
    PAGE,
    AnchorLine,
    AssignmentLine,
    Busy,
    Bye,
    ClockSet,
    Conflict,
    Data,
    End,
    FileEntry,
    Files,
    Get,
    Hello,
    ItemEntry,
    Items,
    ListFiles,
    ListItems,
    LogReceiptLine,
    Message,
    OrderLine,
    Ping,
    Pong,
    Raw,
    ReceiptLine,
    Refused,
    SettingsLine,
    Stored,
    Welcome,
)
from firmware.dock.protocol import VERSIONS
from firmware.dock.shelf import Intake, Item, Shelf
from firmware.evidence import jws, timetoken
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError
from firmware.evidence.kinds import words

Answers = Iterator[Message | None]
"""None means: still at work, nothing to say yet."""

MOST_OFFENCES = 16
"""Signed lines that are refused, and conflicts that are told, in one session: each takes a line of the audit log."""


class Service:
    """Answers one dock during one session."""

    def __init__(
        self,
        shelf: Shelf,
        dock: str,
        nonce: str,
        busy: Callable[[], bool],
        *,
        bulk: int = CHUNK,
        further: bool = False,
    ) -> None:
        """Serve ``shelf`` to the dock whose certificate says ``dock``.

        ``nonce`` (32 hexadecimal digits) goes into its receipts; ``busy`` tells whether a recording is being made; ``bulk``: bytes of a
        file that are read at once, and said at once after the first ``BULK_AFTER`` of an answer; ``further``: another session with this
        dock stands, and was told the time already.
        """
        self._shelf = shelf
        self._dock = dock
        self._nonce = nonce
        self._busy = busy
        self._bulk = bulk
        self._further = further
        self._stock: tuple[Item, ...] = ()
        self._named: dict[str, Item] = {}
        self._opened: tuple[Item, Mapping[str, int]] | None = None
        self._receipted: set[int] = set()
        self._offences = 0
        self._coming: tuple[str, Intake] | None = None
        """The bundle that is being received, by the hash of its paper."""

    def greeting(self, proof: bytes) -> Hello:
        """Begin: ``proof`` is the device key's signature over the TLS exporter."""
        return Hello(VERSIONS, self._shelf.hello(), self._nonce, proof.hex())

    def answer(self, request: Message) -> Answers:
        """Yield what to say to a request, in order.  ``Busy`` and ``Refused`` end an answer early; nothing is raised
        for them.

        ``RemoteProtocolError`` if the dock is not the one, or speaks no version, that its certificate and our greeting
        allow; or if too much of what it says does not hold.
        """
        if self._busy() and not isinstance(request, Welcome | Ping | Bye):
            yield _BUSY
            return
        try:
            yield from self._answer(request)
        except EvidenceError as error:
            if isinstance(request, Raw):
                self._offend(f"{type(request).__name__} refused: {error}")
            yield Refused("evidence", words(str(error)))
        except UnwantedError as error:
            yield Refused(error.code, words(str(error)))
        except OSError as error:
            yield Refused("storage", words(str(error)))

    def _offend(self, outcome: str = "") -> None:
        """Note what a dock of ours should not have said, but only so often: whoever has its key could fill the card with it."""
        self._offences += 1
        if self._offences > MOST_OFFENCES:
            raise RemoteProtocolError(f"more than {MOST_OFFENCES} lines that do not hold, or conflicts", "refused")
        if outcome:
            with suppress(OSError):  # it is refused, noted or not
                self._shelf.dock_event(self._dock, words(outcome))

    @singledispatchmethod
    def _answer(self, request: Message) -> Answers:
        raise LocalProtocolError(f"{type(request).__name__} is no request")

    @_answer.register(Bye)
    def _bye(self, _bye: Bye) -> Answers:
        yield from ()

    @_answer.register(Ping)
    def _ping(self, _ping: Ping) -> Answers:
        yield Pong(self._shelf.hello(), self._busy())

    @_answer.register(Welcome)
    def _welcome(self, welcome: Welcome) -> Answers:
        if welcome.version not in VERSIONS:
            raise RemoteProtocolError(f"the dock wants to speak version {welcome.version}", "version")
        if welcome.dock != self._dock:
            raise RemoteProtocolError(
                f"the dock calls itself {welcome.dock}, its certificate says {self._dock}", "name"
            )
        before = self._shelf.hello().clock
        taken, reason = (False, _ELSEWHERE) if self._further else self._take_time(before, welcome)
        yield ClockSet(before, self._shelf.hello().clock, taken, words(reason))

    def _take_time(self, before: ClockReading, welcome: Welcome) -> tuple[bool, str]:
        """Set the clock where the rule allows it, and note where not.  Whatever fails here, the docking goes on."""
        try:
            verdict = clockrule.judge(before, welcome.utc_ms, self._vouched(welcome.token), recording=self._busy())
            if verdict.take:
                self._shelf.set_clock(welcome.utc_ms, verdict.source)
                return True, verdict.reason
            reason = verdict.reason
        except (EvidenceError, OSError) as error:
            reason = str(error)
        with suppress(OSError):
            self._shelf.dock_event(self._dock, f"clock kept: {reason}")
        return False, reason

    def _vouched(self, token: str | None) -> timetoken.Vouched | None:
        """What the dock's token says; the refusal of one that says nothing begins with that."""
        try:
            return None if token is None else self._shelf.vouched(timetoken.decode(token), self._nonce)
        except EvidenceError as error:
            raise MismatchError(f"its token is refused: {error}") from None

    @_answer.register(ListItems)
    def _list_items(self, request: ListItems) -> Answers:
        if request.start == 0:
            self._stock = tuple(self._shelf.items())
            self._named = {item.name: item for item in self._stock}
        page = self._stock[request.start : request.start + PAGE]
        yield Items(tuple(_entry(item) for item in page), len(self._stock))

    @_answer.register(ListFiles)
    def _list_files(self, request: ListFiles) -> Answers:
        files = self._find(request.item).files
        page = files[request.start : request.start + PAGE]
        yield Files(tuple(FileEntry(name, length) for name, length in page), len(files))

    @_answer.register(Get)
    def _get(self, request: Get) -> Answers:
        listed = self._lengths(request.item).get(request.file)
        if listed is None:
            yield Refused("unknown", f"{request.item} has no {request.file}")
        elif not request.offset <= request.length <= listed:
            yield Refused("range", f"{request.file} has {listed} bytes")
        else:
            signed = self._shelf.signed(request.item, request.file) if request.length == listed else None
            yield from self._send(request, signed)

    def _send(self, request: Get, signed: str | None) -> Answers:
        """Say what is behind the offset, and the hash of the whole file: where no manifest has ``signed`` that, read from the first byte."""
        sha256 = hashlib.sha256()
        place = 0 if signed is None else request.offset
        while place < request.length:
            said = place - request.offset
            most = self._bulk if said < 0 or said >= BULK_AFTER else CHUNK
            end = request.offset if said < 0 else request.length
            chunk = self._shelf.read(request.item, request.file, place, min(most, end - place))
            if not chunk:
                yield Refused("changed", f"{request.file} ends at {place}")
                return
            if signed is None:
                sha256.update(chunk)
            yield Data(chunk) if said >= 0 else None
            place += len(chunk)
            if self._busy():
                yield _BUSY
                return
        yield End(signed or sha256.hexdigest())

    @_answer.register(SettingsLine)
    def _settings(self, line: SettingsLine) -> Answers:
        yield _stored(line.data, self._shelf.settings)

    @_answer.register(AssignmentLine)
    def _assignment(self, line: AssignmentLine) -> Answers:
        yield _stored(line.data, self._shelf.assign)

    @_answer.register(OrderLine)
    def _order(self, line: OrderLine) -> Answers:
        yield _stored(line.data, self._shelf.order)

    @_answer.register(AnchorLine)
    def _anchor(self, line: AnchorLine) -> Answers:
        yield _stored(line.data, lambda data: self._shelf.anchor(data, self._nonce))

    @_answer.register(LogReceiptLine)
    def _log_receipt(self, line: LogReceiptLine) -> Answers:
        yield _stored(line.data, lambda data: self._shelf.log_receipt(data, self._nonce))

    @_answer.register(Conflict)
    def _conflict(self, conflict: Conflict) -> Answers:
        self._offend()
        yield _stored(conflict.body(), lambda _: self._shelf.conflict(self._dock, conflict.reason))

    @_answer.register(ReceiptLine)
    def _receipt(self, line: ReceiptLine) -> Answers:
        number = jws.parse(line.data, jws.PAPER_LIMIT).payload.get("number")
        if type(number) is not int:
            raise FormatError("number: missing in the receipt")
        if number in self._receipted:
            raise FormatError(f"number: {number} has a receipt of this session")
        stored = _stored(line.data, lambda data: self._shelf.receipt(number, data, self._nonce))
        self._receipted.add(number)
        yield stored

    @_answer.register(BundleLine)
    def _bundle(self, line: BundleLine) -> Answers:
        paper, intake = jws.line_hash(line.data), self._shelf.bundle(line.data)
        if intake is None:
            yield Stored(paper)
            return
        self._coming = paper, intake
        for _ in intake.catch_up():
            yield None
            if self._busy():
                yield _BUSY
                return
        yield Stored(paper) if intake.complete() else Wanted(intake.offset)

    @_answer.register(Piece)
    def _piece(self, piece: Piece) -> Answers:
        if self._coming is None:
            raise LocalProtocolError("no bundle is being received")
        paper, intake = self._coming
        intake.take(piece.data)
        yield Stored(paper) if intake.complete() else Taken(intake.offset)

    def _lengths(self, item: str) -> Mapping[str, int]:
        """The files of an item by name, those of the one asked for last kept: a dock fetches one item's files in a row."""
        found = self._find(item)
        if self._opened is None or self._opened[0] is not found:
            self._opened = found, dict(found.files)
        return self._opened[1]

    def _find(self, name: str) -> Item:
        if name not in self._named:
            raise FormatError(f"{name} is not in stock")
        return self._named[name]


_BUSY = Busy("a recording is being made")
_ELSEWHERE = "another session of this docking was told the time"


def _stored(line: bytes, keep: Callable[[bytes], None]) -> Stored:
    keep(line)
    return Stored(jws.line_hash(line))


def _entry(item: Item) -> ItemEntry:
    size = sum(length for _, length in item.files)
    return ItemEntry(item.kind, item.name, item.priority, len(item.files), size)
