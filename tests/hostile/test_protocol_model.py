"""Both roles of the conversation against a reference that was written from the specification alone: they accept exactly what it accepts, in
pieces of any size, and stand where it says."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from firmware.dock.errors import LocalProtocolError, RemoteProtocolError
from firmware.dock.messages import Error, Message, Raw
from firmware.dock.protocol import Connection, Side, State, next_state
from firmware.dock.wire import MESSAGES, encode
from firmware.evidence.errors import FormatError
from tests.hostile.reference import BODIES, ENDED, RAW, STATES, Reference, too_long, well_formed
from tests.unit.dock.samples import SAMPLES

OTHER = {Side.CAMERA: Side.DOCK, Side.DOCK: Side.CAMERA}
PIECES = st.sampled_from([1, 3, 7, 1 << 20])
KINDS = st.sampled_from(SAMPLES)
ODD: list[Any] = [
    None, True, -1, 0, 1, 100, 101, 255, 256, 2**31, 2**31 + 1, 2**53 - 1, 2**53, 253_402_300_799_999, 253_402_300_800_000, "", "a", "a" * 32, "a" * 33, "A",
    "é", "a\n", "a" * 256, "a" * 257, "0" * 64, "f" * 32, "rtc", "audit", "00000001", "volume.jws", "../x", "AAAA", "AAA=", "A", "AB==", [], [1], [1] * 17, {}, {"a": 1}, 1.5,
]  # fmt: skip
FOLLOWS = {state: sorted(moves) for state, (_, moves) in STATES.items()}


def spoil(body: bytes, draw: Any) -> bytes:
    """A body that is nearly right."""
    value = json.loads(body)
    place, name = value, None
    while isinstance(place, dict) and place:
        name = draw(st.sampled_from(sorted(place)))
        if not (isinstance(place[name], dict) and draw(st.booleans())):
            break
        place = place[name]
    how = draw(st.sampled_from(["value", "value", "value", "drop", "add", "space", "order", "twice", "cut", "none"]))
    if how == "value" and name is not None:
        place[name] = draw(st.sampled_from(ODD))
    elif how == "drop" and name is not None:
        del place[name]
    elif how == "add":
        place["more"] = 1
    if how == "order":
        return json.dumps(dict(reversed(list(value.items()))), ensure_ascii=False, separators=(",", ":")).encode()
    data = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(", " if how == "space" else ",", ":")
    ).encode()
    if how == "twice" and name is not None and data.startswith(b"{"):
        first = json.dumps(name).encode() + b":0,"
        return b"{" + first + data[1:]
    return data[:-1] if how == "cut" else data


class Conversation(RuleBasedStateMachine):
    """Two connections and the reference."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.reference = Reference()
        self.ends = {side: Connection(side) for side in Side}

    @initialize(turn=st.integers(0, len(STATES) - 1))
    def start(self, turn: int) -> None:
        """Where the first conversation stands."""
        self.turn = turn
        self.begin()

    def begin(self) -> None:
        """Another conversation, which has come as far as some state: each is someone's turn."""
        states = list(STATES)
        self.turn += 1
        self.reference.state = states[self.turn % len(states)]
        self.ends = {side: Connection(side) for side in Side}
        for end in self.ends.values():
            end.state = State[self.reference.state]

    @rule(data=st.data(), piece=PIECES)
    def go_on(self, data: st.DataObject, piece: int) -> None:
        """Whoever's turn it is says something that may be said."""
        while self.reference.state in ENDED:
            self.begin()
        allowed = FOLLOWS[self.reference.state]
        kind = MESSAGES[data.draw(st.sampled_from(allowed))]
        self._say(Side(self.reference.speaker), next(each for each in SAMPLES if type(each) is kind), piece)

    @rule(side=st.sampled_from(Side), message=KINDS, piece=PIECES)
    def say(self, side: Side, message: Message, piece: int) -> None:
        """Somebody says anything; whether it may be said is the reference's word."""
        self._say(side, message, piece)

    def _say(self, side: Side, message: Message, piece: int) -> None:
        body = message.body()
        if self.reference.after(side.value, message.TYPE) is None:
            with pytest.raises(LocalProtocolError):
                self.ends[side].send(message)
            self._hear(side, message.TYPE, body, piece)
            return
        data = self.ends[side].send(message)
        assert data == struct.pack(">BI", message.TYPE, len(body)) + body
        assert self._hear(side, message.TYPE, body, piece)

    @rule(side=st.sampled_from([*Side]), message=KINDS, turn=st.integers(0, 4), data=st.data(), piece=PIECES)
    def lie(self, side: Side, message: Message, turn: int, data: st.DataObject, piece: int) -> None:
        """Somebody says what is nearly a message, mostly where one of its type is due."""
        if turn and (allowed := FOLLOWS[self.reference.state]):
            kind = MESSAGES[data.draw(st.sampled_from(allowed))]
            side, message = Side(self.reference.speaker), next(each for each in SAMPLES if type(each) is kind)
        if isinstance(message, Raw):
            body = data.draw(st.sampled_from([b"", b"x", b"x" * (64 << 10), b"x" * ((64 << 10) + 1)]))
        else:
            body = spoil(message.body(), data.draw)
        if self._hear(side, message.TYPE, body, piece if len(body) < 5_000 else 1 << 20):
            self.ends[side].state = self.ends[OTHER[side]].state  # it was said past that one

    @rule(side=st.sampled_from(Side), kind=st.integers(0, 255), length=st.integers(0, 2**32 - 1))
    def promise(self, side: Side, kind: int, length: int) -> None:
        """The head of a message alone: what can be refused is refused now."""
        listener = self._fresh(OTHER[side])
        listener.receive_data(struct.pack(">BI", kind, length))
        known = kind in BODIES or kind in RAW
        refused = not known or self.reference.after(side.value, kind) is None or too_long(kind, length)
        if self.reference.state in ENDED:
            assert listener.next_event() is None
        elif refused:
            with pytest.raises(RemoteProtocolError):
                listener.next_event()
        elif length:
            assert listener.next_event() is None

    def _fresh(self, side: Side) -> Connection:
        """Another connection that stands where this one does."""
        made = Connection(side)
        made.state = self.ends[side].state
        return made

    def _hear(self, side: Side, kind: int, body: bytes, piece: int) -> bool:
        """Have the other end hear a message in pieces; whether it accepts it, which has to be what the reference does."""
        listener, over = self.ends[OTHER[side]], self.reference.state in ENDED
        data, heard, refused = struct.pack(">BI", kind, len(body)) + body, [], False
        try:
            for at in range(0, len(data), piece):
                listener.receive_data(data[at : at + piece])
                if (event := listener.next_event()) is not None:
                    heard.append(event)
        except RemoteProtocolError:
            refused = True
        accepted = self.reference.hear(side.value, kind, body)
        assert [encode(each) for each in heard] == ([data] if accepted else [])
        assert refused is (not accepted and not over)
        if refused:
            listener.receive_data(encode(SAMPLES[0]))
            assert listener.next_event() is None
            listener.send(Error("protocol", "no"))
            self.begin()
        return accepted

    @invariant()
    def both_stand_where_the_reference_does(self) -> None:
        """State and turn."""
        for side, end in self.ends.items():
            assert end.state.name == self.reference.state
            assert end.my_turn is (side.value == self.reference.speaker)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from places(each, (*path, name))


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if not isinstance(each, Raw)], ids=lambda each: type(each).__name__
)
def test_every_member_at_its_borders(sample: Message) -> None:
    """Each member of each message is replaced by everything odd, and left out: it is read, or refused, as the reference says."""
    taken = 0
    for path in places(json.loads(sample.body())):
        for odd in (*ODD, ...):
            value = json.loads(sample.body())
            place = value
            for step in path[:-1]:
                place = place[step]
            if odd is ...:
                del place[path[-1]]
            else:
                place[path[-1]] = odd
            body = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            expected = well_formed(sample.TYPE, body)
            taken += expected
            try:
                assert expected == (type(sample).parse(body).body() == body)
            except FormatError:
                assert not expected, body
    assert taken or not list(places(json.loads(sample.body())))


@pytest.mark.parametrize("kind", sorted(RAW))
def test_every_raw_body_at_its_borders(kind: int) -> None:
    """The shortest and the longest, and one byte more."""
    least, most = RAW[kind]
    for size in {0, 1, most, most + 1}:
        listener, speaker = next(
            (Connection(OTHER[Side(turn)]), turn) for turn, moves in STATES.values() if kind in moves
        )
        listener.state = State[next(state for state, (_, moves) in STATES.items() if kind in moves)]
        data = struct.pack(">BI", kind, size) + bytes(size)
        try:
            listener.receive_data(data)
            heard = listener.next_event()
        except RemoteProtocolError:
            heard = None
        assert (heard is not None) is (least <= size <= most), (speaker, size)


@pytest.mark.parametrize("state", STATES)
def test_every_move(state: str) -> None:
    """In each state each message of each side leads where the reference says, or nowhere."""
    reference = Reference()
    reference.state = state
    for side in Side:
        for kind, message in MESSAGES.items():
            moved = next_state(State[state], side, message)
            assert (moved and moved.name) == reference.after(side.value, kind), (side, message)


def test_the_reference_knows_every_message() -> None:
    """A message that is new stands in the specification, and then here."""
    assert set(MESSAGES) == {*BODIES, *RAW}


Conversation.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestConversation = Conversation.TestCase
