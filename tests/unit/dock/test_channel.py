"""One plug-in, both sides back to back: from the wire to the messages, whole and in one-byte reads, and what goes wrong
on the way."""

from __future__ import annotations

import random

import pytest

from firmware.dock.channel import HANDSHAKE_NS, SILENCE_NS, Channel, Secured
from firmware.dock.errors import (
    DockError,
    LinkLostError,
    LocalProtocolError,
    PeerError,
    PeerRefusedError,
    RemoteProtocolError,
)
from firmware.dock.link import SILENCE_NS as LINK_SILENCE_NS
from firmware.dock.link import Link
from firmware.dock.messages import DATA_LIMIT, Bye, Data, End, Error, Get, Message
from firmware.dock.protocol import Side
from firmware.dock.tls import Identity, Tls
from tests.pki import Pki
from tests.unit.dock.samples import SAMPLES
from tests.unit.dock.test_protocol import CONVERSATION

MS = 1_000_000


class Pair:
    """Two channels and the wires between them, on a virtual clock."""

    def __init__(self, pki: Pki, *, serial: bool, piece: int = 1 << 20, dock: Pki | None = None) -> None:
        session, other = pki.session(), (dock or pki).dock
        tls = {
            Side.CAMERA: Tls(Side.CAMERA, Identity(session.link_chain, session.link_key), pki.trust),
            Side.DOCK: Tls(Side.DOCK, Identity(other.chain, other.key), (dock or pki).trust),
        }
        links = {Side.CAMERA: Link(7) if serial else None, Side.DOCK: Link(None) if serial else None}
        self.ends = {side: Channel(side, tls[side], links[side], 0) for side in Side}
        self.heard: dict[Side, list[Secured | Message]] = {side: [] for side in Side}
        self.errors: dict[Side, DockError] = {}
        self.now = 0
        self.piece = piece

    def step(self, ms: int = 5) -> None:
        """Let time pass and bytes travel once each way."""
        self.now += ms * MS
        for side, other in ((Side.CAMERA, Side.DOCK), (Side.DOCK, Side.CAMERA)):
            self.ends[side].tick(self.now)
            self.listen(side)
            data = self.ends[side].data_to_send()
            for at in range(0, len(data), self.piece):
                self.ends[other].receive_data(data[at : at + self.piece], self.now)
                self.listen(other)

    def listen(self, side: Side) -> None:
        """Take every event."""
        try:
            while side not in self.errors and (event := self.ends[side].next_event()) is not None:
                self.heard[side].append(event)
        except DockError as error:
            self.errors[side] = error
            self.ends[side].close()

    def run(self, steps: int = 40, ms: int = 5) -> None:
        """Take some steps."""
        for _ in range(steps):
            self.step(ms)

    def say(self, message: Message) -> None:
        """Whoever's turn it is says something, and the other hears it."""
        speaker = next(side for side in Side if self.ends[side].my_turn)
        listener = Side.DOCK if speaker is Side.CAMERA else Side.CAMERA
        self.ends[speaker].send(message)
        for _ in range(200):
            self.step()
            if self.heard[listener][-1] == message:
                return
        pytest.fail(f"{message} was not heard")


@pytest.mark.parametrize("serial", [False, True])
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_whole_conversation(pki: Pki, *, serial: bool, piece: int) -> None:
    """A whole conversation passes through all layers, in pieces of any size, and both ends part in peace."""
    pair = Pair(pki, serial=serial, piece=piece)
    pair.run(20)
    for side in Side:
        (secured,) = pair.heard[side]
        assert isinstance(secured, Secured)
    for message in CONVERSATION:
        pair.say(message)
    assert all(end.ended for end in pair.ends.values())
    for end in pair.ends.values():
        end.close()
    pair.run(20)
    assert all(end.flushed for end in pair.ends.values())
    assert not pair.errors or all(isinstance(error, LinkLostError) for error in pair.errors.values())


@pytest.mark.parametrize("serial", [False, True])
def test_bulk(pki: Pki, *, serial: bool) -> None:
    """A file passes whole, and what waits to be sent is known."""
    pair = Pair(pki, serial=serial)
    pair.run(20)
    for message in SAMPLES[:3]:
        pair.say(message)
    pair.say(Get("00000001", "000000.mp4.age", 0, 1))
    data = random.Random(1).randbytes(60_000)
    for _ in range(5):
        pair.ends[Side.CAMERA].send(Data(data))
    assert pair.ends[Side.CAMERA].pending > 300_000
    pair.ends[Side.CAMERA].send(End("00" * 32))
    pair.run(100)
    assert [event for event in pair.heard[Side.DOCK] if isinstance(event, Data)] == [Data(data)] * 5
    assert pair.ends[Side.CAMERA].pending == 0


@pytest.mark.parametrize("serial", [False, True])
def test_foreign_dock(pki: Pki, rogue: Pki, *, serial: bool) -> None:
    """A foreign dock is refused in words, hears that it is not believed, and nothing was said."""
    pair = Pair(pki, serial=serial, dock=rogue)
    pair.run()
    assert all(isinstance(error, PeerRefusedError) for error in pair.errors.values())
    assert len(pair.errors) == 2
    assert pair.heard == {Side.CAMERA: [], Side.DOCK: []}
    with pytest.raises(LocalProtocolError):
        pair.ends[Side.CAMERA].send(SAMPLES[0])


def test_last_words(pki: Pki) -> None:
    """An ``Error`` is heard as such, and ends the conversation for both."""
    pair = Pair(pki, serial=False)
    pair.run()
    pair.ends[Side.DOCK].close(Error("store", "disk full"))
    pair.run()
    assert isinstance(pair.errors[Side.CAMERA], PeerError)
    assert all(end.ended for end in pair.ends.values())


def test_goodbye_without_words(pki: Pki) -> None:
    """A peer that closes without a word is a lost link; words to a peer that was never believed are not said."""
    pair = Pair(pki, serial=False)
    pair.ends[Side.DOCK].close(Error("store", "disk full"))
    pair.run()
    assert not isinstance(pair.errors.get(Side.CAMERA), PeerError)
    pair = Pair(pki, serial=False)
    pair.run()
    pair.ends[Side.DOCK].close()
    pair.run()
    assert isinstance(pair.errors[Side.CAMERA], LinkLostError)


def test_broken_message(pki: Pki) -> None:
    """What is no message of ours is the peer's fault."""
    pair = Pair(pki, serial=False)
    pair.run()
    pair.ends[Side.CAMERA]._tls.send(b"\xff" * 10)
    pair.run()
    assert isinstance(pair.errors[Side.DOCK], RemoteProtocolError)


def test_no_handshake(pki: Pki) -> None:
    """A peer that does not shake hands is given up."""
    camera = Pair(pki, serial=False).ends[Side.CAMERA]
    camera.tick(HANDSHAKE_NS - 1)
    assert camera.next_event() is None
    camera.tick(HANDSHAKE_NS)
    with pytest.raises(LinkLostError, match="no handshake"):
        camera.next_event()


@pytest.mark.parametrize("serial", [False, True])
def test_stalled_peer(pki: Pki, *, serial: bool) -> None:
    """A peer that does not say what is expected of it is given up; the side whose turn it is may think."""
    pair = Pair(pki, serial=serial)
    pair.run(20)
    pair.run(40, ms=SILENCE_NS // MS // 30)
    assert isinstance(pair.errors.pop(Side.DOCK), LinkLostError)
    assert Side.CAMERA not in pair.errors or "closed" in str(pair.errors[Side.CAMERA])


def test_peer_that_takes_nothing(pki: Pki) -> None:
    """A peer that keeps its link alive but takes nothing of what it asked for is given up."""
    pair = Pair(pki, serial=True)
    pair.run(20)
    for message in SAMPLES[:3]:
        pair.say(message)
    pair.say(Get("00000001", "000000.mp4.age", 0, 1))
    camera, dock = pair.ends[Side.CAMERA], pair.ends[Side.DOCK]
    camera.send(Data(bytes(DATA_LIMIT)))
    with pytest.raises(LinkLostError, match="stalled"):  # noqa: PT012  time has to pass
        for _ in range(1000):
            pair.now += 100 * MS
            for end, other in ((camera, dock), (dock, camera)):
                end.tick(pair.now)
                other.receive_data(end.data_to_send(), pair.now)
            assert camera.next_event() is None  # and the dock takes no event


def test_silent_line(pki: Pki) -> None:
    """A serial line that falls silent is lost."""
    pair = Pair(pki, serial=True)
    pair.run(20)
    camera = pair.ends[Side.CAMERA]
    camera.tick(pair.now + LINK_SILENCE_NS + 1)
    with pytest.raises(LinkLostError, match="silent"):
        camera.next_event()
    assert camera.wait_ns() >= 0
    camera.close()
    assert camera.flushed


def test_nothing_after_bye(pki: Pki) -> None:
    """Once goodbye was said, a close is no error."""
    pair = Pair(pki, serial=False)
    pair.run()
    for message in SAMPLES[:3]:
        pair.say(message)
    pair.say(Bye())
    pair.ends[Side.DOCK].close()
    pair.run()
    assert not pair.errors
