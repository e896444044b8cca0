"""The conversation: a total table, two connections back to back, errors by whose fault, a bounded buffer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.errors import LocalProtocolError, RemoteProtocolError
from firmware.dock.messages import (
    DATA_LIMIT,
    HEADER,
    Bye,
    Data,
    Error,
    Get,
    Hello,
    ListItems,
    Message,
    Ping,
    Refused,
    SettingsLine,
    Stored,
)
from firmware.dock.protocol import ENDED, TABLE, Connection, Side, State, next_state
from firmware.dock.wire import MESSAGES, encode
from tests.unit.dock.samples import FACTS, SAMPLES

SAMPLE = {type(sample): sample for sample in SAMPLES}
GREETING: tuple[Message, ...] = SAMPLES[:3]
OTHER = {Side.CAMERA: Side.DOCK, Side.DOCK: Side.CAMERA}


class Pair:
    """Two connections; everything that one says is heard by the other, whole or byte by byte."""

    def __init__(self, piece: int = 1 << 20) -> None:
        self.ends = {side: Connection(side) for side in Side}
        self.piece = piece

    def say(self, message: Message) -> None:
        """Whoever's turn it is says ``message``."""
        speaker = next(side for side in Side if self.ends[side].my_turn)
        data, listener = self.ends[speaker].send(message), self.ends[OTHER[speaker]]
        heard = []
        for at in range(0, len(data), self.piece):
            assert listener.next_event() is None
            listener.receive_data(data[at : at + self.piece])
            if event := listener.next_event():
                heard.append(event)
        assert heard == [message]
        assert self.ends[speaker].state is listener.state


def at(state: State, side: Side) -> Connection:
    """A connection in a state."""
    connection = Connection(side)
    connection.state = state
    return connection


def test_table_is_total() -> None:
    """Every state stands in the table; every message moves from somewhere; every state but the ends is left and
    reached."""
    assert set(TABLE) == set(State)
    moves = [(state, kind, after) for state, (_, table) in TABLE.items() for kind, after in table.items()]
    assert {kind for _, kind, _ in moves} | {Error} == set(MESSAGES.values())
    assert {after for _, _, after in moves} | {State.GREETING, State.INTRODUCING, State.FAILED} == set(State)
    assert {state for state, _, _ in moves} == set(State) - ENDED


def reached(begin: State) -> set[State]:
    """Every state to which some conversation leads from there."""
    found, fresh = {begin}, [begin]
    while fresh:
        after = set(TABLE[fresh.pop()][1].values()) - found
        found |= after
        fresh += after
    return found


def test_no_docking_comes_to_an_enrolment() -> None:
    """They share a table and not one state but the end: whatever a dock says, an enrolled camera never hears a word of an enrolment, and
    one that is nobody's never one of a docking."""
    docking, enrolment = reached(State.GREETING), reached(State.INTRODUCING)
    assert docking & enrolment == {State.CLOSED}
    assert docking | enrolment | {State.FAILED} == set(State)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("state", State)
def test_every_state_and_message(side: Side, state: State) -> None:
    """In each state each message is either allowed, or refused with the state unchanged, whoever says it."""
    turn, moves = TABLE[state]
    for kind, sample in SAMPLE.items():
        speaking, hearing = at(state, side), at(state, OTHER[side])
        allowed = (turn is side and kind in moves) or (kind is Error and state not in ENDED)
        if allowed:
            data = speaking.send(sample)
            hearing.receive_data(data)
            assert hearing.next_event() == sample
            assert speaking.state is hearing.state is next_state(state, side, kind)
            continue
        with pytest.raises(LocalProtocolError):
            speaking.send(sample)
        hearing.receive_data(encode(sample))
        if state in ENDED:
            assert hearing.next_event() is None
        else:
            with pytest.raises(RemoteProtocolError):
                hearing.next_event()
        assert speaking.state is hearing.state is state


CONVERSATION: tuple[Message, ...] = (
    *GREETING,
    SAMPLE[SettingsLine],
    SAMPLES[14],
    ListItems(0),
    SAMPLES[6],
    SAMPLES[7],
    SAMPLES[8],
    SAMPLES[9],
    Data(b"x" * 100),
    Data(b"y"),
    SAMPLES[11],
    SAMPLES[12],
    SAMPLES[14],
    SAMPLES[13],
    Refused("evidence", "no"),
    BundleLine(b"a.b.c"),
    Wanted(0),
    Piece(b"x" * 100),
    Taken(100),
    Piece(b"x"),
    Stored("ef" * 32),
    BundleLine(b"a.b.c"),
    Wanted(50),
    Get("audit", "00000001.jwsl", 0, 9),
    SAMPLES[16],
    Ping(),
    SAMPLES[18],
    Bye(),
)


@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
def test_back_to_back(piece: int) -> None:
    """A whole conversation, in pieces of any size, leaves both ends closed."""
    pair = Pair(piece)
    for message in CONVERSATION:
        pair.say(message)
    assert {end.state for end in pair.ends.values()} == {State.CLOSED}


@given(st.data())
def test_random_conversations(data: st.DataObject) -> None:
    """Whatever allowed messages are said, both ends agree about the state and whose turn it is."""
    pair = Pair(data.draw(st.sampled_from([1, 7, 1 << 20])))
    for _ in range(data.draw(st.integers(1, 15))):
        turn, moves = TABLE[pair.ends[Side.DOCK].state]
        if turn is None:
            break
        pair.say(SAMPLE[data.draw(st.sampled_from(sorted(moves, key=lambda kind: kind.TYPE)))])
        assert sum(end.my_turn for end in pair.ends.values()) == (pair.ends[Side.DOCK].state not in ENDED)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x00\x00\x00\x00\x00", "unknown type 0"),
        (b"\xff\x00\x00\x00\x00", "unknown type 255"),
        (b"\x01\xff\xff\xff\xff", "4294967295 bytes"),
        (b"\x01\x00\x01\x00\x01", "65537 bytes"),
        (b"\x14\x00\x00\x00\x02{}", "cannot say Bye"),
        (b"\x01\x00\x00\x00\x02{}", "versions: missing"),
        (b"\x01\x00\x00\x00\x01{", "not JSON"),
    ],
)
def test_the_peers_fault(data: bytes, why: str) -> None:
    """A broken message is the peer's fault, found from its header on; nothing more is heard, but ``Error`` can be
    said."""
    dock = Connection(Side.DOCK)
    dock.receive_data(data)
    with pytest.raises(RemoteProtocolError, match=why) as caught:
        dock.next_event()
    assert caught.value.code == "protocol"
    dock.receive_data(encode(SAMPLE[Hello]))
    assert dock.next_event() is None
    dock.send(Error("protocol", "no"))
    assert dock.state is State.FAILED


def test_bytes_without_bytes() -> None:
    """A camera that goes on saying nothing, message after message, would never be given up."""
    dock = at(State.SENDING, Side.DOCK)
    dock.receive_data(encode(Data(b"")))
    with pytest.raises(RemoteProtocolError, match="Data: no bytes"):
        dock.next_event()


def test_our_fault() -> None:
    """A member out of its bounds is this side's fault; nothing changed."""
    camera = Connection(Side.CAMERA)
    with pytest.raises(LocalProtocolError, match="nonce"):
        camera.send(Hello((1,), FACTS, "short", "3045" * 4))
    assert camera.state is State.GREETING
    camera.send(SAMPLE[Hello])


def test_buffer_is_bounded() -> None:
    """A flood is the peer's fault before it is a memory problem."""
    dock = at(State.SENDING, Side.DOCK)
    most = HEADER.size + 2 * DATA_LIMIT
    dock.receive_data(bytes(DATA_LIMIT))
    dock.receive_data(bytes(most - DATA_LIMIT))
    with pytest.raises(RemoteProtocolError, match=f"more than {most} bytes in one go"):
        dock.receive_data(b"\0")
    for _ in range(3):  # what follows a fault is not even kept
        dock.receive_data(bytes(DATA_LIMIT))
        assert dock.next_event() is None
    assert not dock._buffer


def test_many_messages_at_once() -> None:
    """Messages that arrive together come out one by one."""
    dock = at(State.SENDING, Side.DOCK)
    dock.receive_data(encode(Data(b"a")) + encode(Data(b"b")) + encode(SAMPLES[11])[: HEADER.size])
    assert [dock.next_event(), dock.next_event(), dock.next_event()] == [Data(b"a"), Data(b"b"), None]


def test_nothing_after_the_end() -> None:
    """Bytes behind the end are ignored."""
    camera = at(State.CLOSED, Side.CAMERA)
    camera.receive_data(b"\xff" * 100)
    assert camera.next_event() is None
    assert not camera.my_turn


def test_nothing_behind_a_goodbye() -> None:
    """Nor is what came with the last word."""
    camera = at(State.READY, Side.CAMERA)
    camera.receive_data(encode(Bye()) + encode(Ping()))
    assert camera.next_event() == Bye()
    assert camera.next_event() is None
