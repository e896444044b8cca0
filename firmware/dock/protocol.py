"""Who may say what when.  Sans-I/O, like h11: ``receive_data``, ``next_event``, ``send``.

Rule 1: everything that moves a state lives in ``TABLE``.  Rule 2: the table does not know which side this is.  The
conversation is strict request and answer: in each state one side speaks, so the two ends never disagree about the state
and nothing can cross on the way. The one exception is ``Error``, which either side may say at any time and which ends
the conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.enrolling import Certificates, Commit, Enrolled, Introduction, KeyRequest, MakeKey, Sample
from firmware.dock.errors import LocalProtocolError, RemoteProtocolError
from firmware.dock.messages import (
    HEADER,
    AnchorLine,
    AssignmentLine,
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
    OrderLine,
    Ping,
    Pong,
    ReceiptLine,
    Refused,
    SettingsLine,
    Stored,
    Welcome,
)
from firmware.dock.wire import MESSAGES, encode
from firmware.evidence.errors import FormatError

VERSIONS = (1,)
"""The protocol versions that this code speaks, best first."""


class Side(Enum):
    """The two roles."""

    CAMERA = "camera"
    DOCK = "dock"


class State(Enum):
    """What is said next."""

    GREETING = "greeting"
    WELCOMING = "welcoming"
    TIMING = "timing"
    READY = "ready"
    LISTING = "listing"
    NAMING = "naming"
    SENDING = "sending"
    STORING = "storing"
    OFFERING = "offering"
    FILLING = "filling"
    TAKING = "taking"
    ANSWERING = "answering"
    INTRODUCING = "introducing"
    CALLED = "called"
    MAKING = "making"
    CERTIFYING = "certifying"
    INSTRUCTING = "instructing"
    PROVING = "proving"
    COMMITTING = "committing"
    LOCKING = "locking"
    CLOSED = "closed"
    FAILED = "failed"

    __hash__ = object.__hash__  # they are looked up for each message, and the one of Enum is made anew of the name


S, _CAMERA, _DOCK = State, Side.CAMERA, Side.DOCK
_NOT_NOW: Mapping[type[Message], State] = {Busy: S.READY, Refused: S.READY}
_OVER: Mapping[type[Message], State] = {Refused: S.CLOSED}
"""An enrolment is over with the first thing that is not done."""

_ASKING: Mapping[type[Message], State] = {
    SettingsLine: S.STORING,
    AssignmentLine: S.STORING,
    OrderLine: S.STORING,
    ListItems: S.LISTING,
    ListFiles: S.NAMING,
    Get: S.SENDING,
    ReceiptLine: S.STORING,
    LogReceiptLine: S.STORING,
    AnchorLine: S.STORING,
    Conflict: S.STORING,
    BundleLine: S.OFFERING,
    Ping: S.ANSWERING,
    Bye: S.CLOSED,
}

TABLE: Mapping[State, tuple[Side | None, Mapping[type[Message], State]]] = MappingProxyType(
    {
        S.GREETING: (_CAMERA, {Hello: S.WELCOMING}),
        S.WELCOMING: (_DOCK, {Welcome: S.TIMING}),
        S.TIMING: (_CAMERA, {ClockSet: S.READY}),
        S.READY: (_DOCK, _ASKING),
        S.LISTING: (_CAMERA, {Items: S.READY, **_NOT_NOW}),
        S.NAMING: (_CAMERA, {Files: S.READY, **_NOT_NOW}),
        S.SENDING: (_CAMERA, {Data: S.SENDING, End: S.READY, **_NOT_NOW}),
        S.STORING: (_CAMERA, {Stored: S.READY, **_NOT_NOW}),
        S.OFFERING: (_CAMERA, {Wanted: S.FILLING, Stored: S.READY, **_NOT_NOW}),
        S.FILLING: (_DOCK, {Piece: S.TAKING, **_ASKING}),
        S.TAKING: (_CAMERA, {Taken: S.FILLING, Stored: S.READY, **_NOT_NOW}),
        S.ANSWERING: (_CAMERA, {Pong: S.READY}),
        S.INTRODUCING: (_CAMERA, {Introduction: S.CALLED, **_OVER}),
        S.CALLED: (_DOCK, {MakeKey: S.MAKING, Bye: S.CLOSED}),
        S.MAKING: (_CAMERA, {KeyRequest: S.CERTIFYING, **_OVER}),
        S.CERTIFYING: (_DOCK, {Certificates: S.INSTRUCTING, Bye: S.CLOSED}),
        S.INSTRUCTING: (_DOCK, {SettingsLine: S.PROVING, Bye: S.CLOSED}),
        S.PROVING: (_CAMERA, {Sample: S.COMMITTING, **_OVER}),
        S.COMMITTING: (_DOCK, {Commit: S.LOCKING, Bye: S.CLOSED}),
        S.LOCKING: (_CAMERA, {Enrolled: S.CLOSED, **_OVER}),
        S.CLOSED: (None, {}),
        S.FAILED: (None, {}),
    }
)
ENDED = frozenset({S.CLOSED, S.FAILED})
_SLACK = 64 * 1024


def next_state(state: State, speaker: Side, kind: type[Message]) -> State | None:
    """The state after ``speaker`` said a message of this kind; None if it may not."""
    turn, moves = TABLE[state]
    if kind is Error and state not in ENDED:
        return State.FAILED
    return moves.get(kind) if turn is speaker else None


class Connection:
    """One end of one conversation."""

    def __init__(self, side: Side, begin: State = State.GREETING) -> None:
        """Begin a docking, or with ``INTRODUCING`` an enrolment."""
        self.side = side
        self.state = begin
        self._peer = Side.DOCK if side is Side.CAMERA else Side.CAMERA
        self._buffer = bytearray()
        self._needed = HEADER.size
        self._deaf = False
        heard = {kind for turn, moves in TABLE.values() if turn is self._peer for kind in moves} | {Error}
        self._limit = HEADER.size + max(kind.LIMIT for kind in heard) + _SLACK

    @property
    def my_turn(self) -> bool:
        """Whether it is this side that speaks next."""
        return TABLE[self.state][0] is self.side

    @property
    def lacking(self) -> int:
        """How many bytes of the peer's next message are known to be missing."""
        return self._needed - len(self._buffer)

    def send(self, message: Message) -> bytes:
        """The bytes of ``message``.  ``LocalProtocolError``, and nothing changed, if it may not be said now or is out
        of its bounds."""
        after = next_state(self.state, self.side, type(message))
        if after is None:
            raise LocalProtocolError(
                f"the {self.side.value} cannot say {type(message).__name__} in the state {self.state.value}"
            )
        try:
            data = encode(message)
        except FormatError as error:
            raise LocalProtocolError(str(error)) from None
        self.state = after
        return data

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the peer.  Take every ``next_event`` before calling again: the buffer is bounded."""
        if self._deaf or self.state in ENDED:
            return
        if len(self._buffer) + len(data) > self._limit:
            raise self._fail(f"more than {self._limit} bytes in one go")
        self._buffer += data

    def next_event(self) -> Message | None:
        """The peer's next message, None if it is not complete yet.  ``RemoteProtocolError`` if the peer may not say
        it."""
        if len(self._buffer) < self._needed or self.state in ENDED:
            return None
        number, length = HEADER.unpack_from(self._buffer)
        kind = MESSAGES.get(number)
        if kind is None:
            raise self._fail(f"a message of the unknown type {number}")
        after = next_state(self.state, self._peer, kind)
        if after is None:
            raise self._fail(f"the {self._peer.value} cannot say {kind.__name__} in the state {self.state.value}")
        if length > kind.LIMIT:
            raise self._fail(f"{kind.__name__}: {length} bytes, at most {kind.LIMIT} are allowed")
        self._needed = HEADER.size + length
        if len(self._buffer) < self._needed:
            return None
        with memoryview(self._buffer) as view:
            body = bytes(view[HEADER.size : self._needed])
        del self._buffer[: self._needed]
        self._needed = HEADER.size
        try:
            message = kind.parse(body)
        except FormatError as error:
            raise self._fail(str(error)) from None
        self.state = after
        return message

    def _fail(self, text: str) -> RemoteProtocolError:
        """Stop listening.  The state stays, so that an ``Error`` can still be said."""
        self._buffer.clear()
        self._deaf = True
        return RemoteProtocolError(text)
