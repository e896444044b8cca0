"""The serial link under faults: the stream arrives exactly, or the link says that it is lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.dock.errors import LocalProtocolError
from firmware.dock.frames import Deframer, Frame, FrameType
from firmware.dock.link import (
    KEEP_ALIVE_NS,
    OPEN_EVERY_NS,
    SILENCE_NS,
    Link,
    LinkEvent,
    LinkState,
    Lost,
    Opened,
    Received,
)

MS = 1_000_000
Fault = Callable[[bytes], bytes]


def clean(data: bytes) -> bytes:
    """A good wire."""
    return data


def noisy(seed: int, rate: float) -> Fault:
    """A wire that drops, flips, doubles and inserts single bytes, each at ``rate``."""
    dice = random.Random(seed)

    def wire(data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            throw = dice.random()
            if throw < rate:
                continue
            out.append(byte ^ 1 << dice.randrange(8) if throw < 2 * rate else byte)
            if throw > 1 - rate:
                out.append(byte)
            elif throw > 1 - 2 * rate:
                out.append(dice.randrange(256))
        return bytes(out)

    return wire


class Line:
    """Two links and two wires on a virtual clock."""

    def __init__(self, there: Fault = clean, back: Fault = clean, **options: int) -> None:
        self.camera, self.dock = Link(0xC0FFEE, **options), Link(None, **options)
        self.wires = ((self.camera, self.dock, there), (self.dock, self.camera, back))
        self.events: dict[Link, list[LinkEvent]] = {self.camera: [], self.dock: []}
        self.got = {self.camera: bytearray(), self.dock: bytearray()}
        self.now = 0
        self.carried = 0

    def step(self, ms: int = 5) -> None:
        """Let ``ms`` pass, then carry what both have to say."""
        self.now += ms * MS
        for source, sink, wire in self.wires:
            source.tick(self.now)
            data = source.data_to_send()
            self.carried += len(data)
            sink.receive_data(wire(data), self.now)
            while event := sink.next_event():
                if isinstance(event, Received):
                    self.got[sink] += event.data
                else:
                    self.events[sink].append(event)

    def run(self, until: Callable[[], bool], limit_s: int = 60) -> None:
        """Step until something holds."""
        end = self.now + limit_s * 1_000_000_000
        while not until():
            assert self.now < end, "not within the time"
            self.step()

    def open(self) -> None:
        """Get both ends to ``OPEN``."""
        self.run(lambda: self.camera.state is self.dock.state is LinkState.OPEN)


def test_opens_and_carries_both_ways() -> None:
    """Both ends open once, and bytes arrive in both directions."""
    line = Line()
    line.open()
    line.camera.send(b"question" * 1000)
    line.dock.send(b"answer" * 1000)
    line.run(lambda: not line.camera.pending and not line.dock.pending)
    assert line.got == {line.dock: b"question" * 1000, line.camera: b"answer" * 1000}
    assert line.events == {line.camera: [Opened()], line.dock: [Opened()]}
    assert (line.camera.repeated, line.camera.damaged) == (0, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0001, 0.0005, 0.002]), st.integers(1, 490), st.binary(max_size=900))
def test_exact_under_noise(seed: int, rate: float, payload: int, extra: bytes) -> None:
    """Lost, flipped, doubled and inserted bytes on both wires: the streams arrive exactly."""
    line = Line(noisy(seed, rate), noisy(seed + 1, rate), payload=payload)
    line.open()
    question, answer = random.Random(seed).randbytes(20 * payload) + extra, extra + b"\0" * 3 * payload
    line.camera.send(question)
    line.dock.send(answer)
    line.run(lambda: not line.camera.pending and not line.dock.pending, 600)
    assert line.got[line.dock] == question
    assert line.got[line.camera] == answer


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.binary(max_size=3000))
def test_one_byte_reads(seed: int, garbage: bytes) -> None:
    """A stream read byte by byte, behind any garbage, arrives exactly."""
    camera, dock = Link(seed % 0xFFFF + 1), Link(None)
    dock.receive_data(garbage, 0)
    camera.send(b"x" * 2000)
    got, now = bytearray(), 0
    for _ in range(40):
        now += 400 * MS
        camera.tick(now)
        for byte in camera.data_to_send():
            dock.receive_data(bytes((byte,)), now)
            while event := dock.next_event():
                got += event.data if isinstance(event, Received) else b""
        for byte in dock.data_to_send():
            camera.receive_data(bytes((byte,)), now)
    assert got == b"x" * 2000
    assert camera.pending == 0


def test_efficiency_under_bit_errors() -> None:
    """At a bit error rate of 1e-5 the wire carries at most a tenth more than without errors."""
    dice = random.Random(7)

    def flips(data: bytes) -> bytes:
        out = bytearray(data)
        for place in range(len(out)):
            if dice.random() < 8e-5:
                out[place] ^= 1 << dice.randrange(8)
        return bytes(out)

    carried = []
    for wire in (clean, flips):
        line = Line(wire, wire)
        line.open()
        line.camera.send(dice.randbytes(200_000))
        line.run(lambda line=line: not line.camera.pending, 600)  # type: ignore[misc]  # a lambda with a default has no type
        carried.append(line.carried)
    assert carried[0] < 1.1 * 200_000
    assert carried[1] < 1.1 * carried[0]


def test_leftovers_of_an_earlier_plug_in() -> None:
    """Frames that an earlier session left in the buffers are dropped on both sides, and their sender is told."""
    old = Line()
    old.open()
    old.camera.send(b"old" * 100)
    old.dock.send(b"older" * 100)
    left_to_dock, left_to_camera = old.camera.data_to_send(), old.dock.data_to_send()
    line = Line()
    line.camera = Link(0xBEEF)
    line.wires = ((line.camera, line.dock, clean), (line.dock, line.camera, clean))
    line.events[line.camera], line.got[line.camera] = [], bytearray()
    line.dock.receive_data(left_to_dock, 0)
    line.camera.receive_data(left_to_camera, 0)
    answer = line.dock.data_to_send()
    assert [frame.type for frame in Deframer().receive_data(answer)] == [FrameType.RESET]
    old.camera.receive_data(answer, old.now)
    assert old.camera.next_event() == Lost("the peer ended the session")
    line.open()
    line.camera.send(b"new")
    line.run(lambda: not line.camera.pending)
    assert line.got[line.dock] == b"new"


def test_a_new_session_ends_the_old_one() -> None:
    """A camera that was pulled out and put back begins anew; the dock's old link says so."""
    line = Line()
    line.open()
    fresh = Link(7)
    fresh.tick(line.now)
    line.dock.receive_data(fresh.data_to_send(), line.now)
    assert line.dock.next_event() == Lost("the peer began a new session")
    line.dock.receive_data(Frame(FrameType.PROBE, 0xC0FFEE).encode(), line.now)
    assert line.dock.next_event() is None
    assert line.dock.data_to_send() == b""


def test_lost_opened_is_repeated() -> None:
    """When the answer to OPEN is lost, the repeated OPEN is answered again and the session is the same."""
    line = Line(back=lambda data: b"" if line.now < 500 * MS else data)
    line.open()
    assert line.events == {line.camera: [Opened()], line.dock: [Opened()]}
    assert line.now >= OPEN_EVERY_NS


@pytest.mark.parametrize("direction", [0, 1])
def test_lost_tail_is_probed(direction: int) -> None:
    """When the last frames, or their acknowledgement, are lost, a probe finds it out and they arrive."""
    line = Line()
    line.open()
    source, sink, _ = line.wires[direction]
    source.send(b"tail")
    source.tick(line.now)
    source.data_to_send()  # thrown away
    line.run(lambda: not source.pending, 2)
    assert line.got[sink] == b"tail"


def test_a_long_queue_does_not_make_it_patient() -> None:
    """On a slow line with a full queue a round trip takes seconds; a lost tail is found out within a second all the same."""
    line = Line()
    line.open()
    line.camera._sender.round_trip_ns = 6_000 * MS
    line.camera.send(b"tail")
    line.camera.tick(line.now)
    line.camera.data_to_send()  # thrown away
    before = line.now
    line.run(lambda: not line.camera.pending, 2)
    assert line.now - before <= 1_050 * MS


def test_reader_that_pauses() -> None:
    """A receiver that does not read fills its window, the sender stops, and goes on once it reads, though an
    acknowledgement is lost."""
    line = Line(window=4)
    line.open()
    line.camera.send(bytes(490 * 20))
    got = 0
    for _ in range(50):
        line.now += 20 * MS
        line.camera.tick(line.now)
        line.dock.receive_data(line.camera.data_to_send(), line.now)
        line.camera.receive_data(line.dock.data_to_send(), line.now)
    assert line.camera.pending == 490 * 16
    event = line.dock.next_event()
    assert isinstance(event, Received)
    got += len(event.data)
    line.dock.data_to_send()  # the window update is lost; the probe asks again
    line.run(lambda: not line.camera.pending)
    assert got + len(line.got[line.dock]) == 490 * 20


def test_silence_is_loss() -> None:
    """A peer that says nothing for ten seconds is gone; before that it is probed, at first quickly, then slower."""
    line = Line()
    line.open()
    line.camera.send(b"hello?")
    line.camera.data_to_send()
    probes = []
    start = line.now
    while line.camera.state is LinkState.OPEN:
        line.now += 10 * MS
        line.camera.tick(line.now)
        probes += [line.now - start] * (line.camera.data_to_send() != b"")
    assert line.camera.next_event() == Lost("the peer fell silent")
    assert SILENCE_NS <= line.now - start <= SILENCE_NS + 1000 * MS
    assert 8 <= len(probes) <= 16
    with pytest.raises(LocalProtocolError):
        line.camera.send(b"more")


def test_idle_link_stays() -> None:
    """An idle link keeps itself alive with little talk."""
    line = Line()
    line.open()
    before = line.carried
    for _ in range(60):
        line.step(1000)
    assert line.camera.state is line.dock.state is LinkState.OPEN
    assert 0 < line.carried - before < 60 * 100
    assert 0 < line.camera.wait_ns() <= KEEP_ALIVE_NS


def test_close_tells_the_peer() -> None:
    """Closing ends both ends, and a link that never opened says nothing."""
    line = Line()
    line.open()
    line.dock.close()
    line.step()
    assert line.events[line.camera][-1] == Lost("the peer ended the session")
    unused = Link(None)
    unused.close()
    assert unused.data_to_send() == b""


def test_numbers_used_up() -> None:
    """A link whose numbers run out ends rather than wrapping."""
    line = Line()
    line.open()
    line.camera._sender._stamp = 2**32 - 1
    line.camera.tick(line.now)
    assert line.camera.next_event() == Lost("the session's numbers are used up")


@pytest.mark.parametrize(
    ("session", "options"),
    [(0, {}), (1, {"window": 0}), (1, {"window": 257}), (1, {"payload": 0}), (1, {"payload": 491})],
)
def test_wrong_use(session: int, options: dict[str, int]) -> None:
    """Numbers out of range are refused."""
    with pytest.raises(LocalProtocolError):
        Link(session, **options)


def test_nonsense_frames_change_nothing() -> None:
    """Intact frames that make no sense here are ignored: both roles, before and after opening."""
    line = Line()
    nonsense = [
        Frame(FrameType.OPEN, 0, payload=bytes(5)),
        Frame(FrameType.OPEN, 9, payload=b"short"[:4]),
        Frame(FrameType.OPENED, 0, payload=bytes(5)),
        Frame(FrameType.OPENED, 0xC0FFEE, payload=b""),
        Frame(FrameType.RESET, 0),
        Frame(FrameType.DATA, 0, payload=b"x"),
        Frame(FrameType.ACK, 0, payload=b""),
    ]
    for frame in nonsense:
        line.camera.receive_data(frame.encode(), 0)
        line.dock.receive_data(frame.encode(), 0)
    assert line.camera.state is line.dock.state is LinkState.OPENING
    line.open()
    line.dock.receive_data(Frame(FrameType.ACK, 0xC0FFEE, payload=b"").encode(), line.now)
    line.camera.receive_data(Frame(FrameType.OPEN, 0xC0FFEE, payload=bytes(5)).encode(), line.now)
    line.dock.receive_data(Frame(FrameType.OPENED, 0xC0FFEE, payload=bytes(5)).encode(), line.now)
    line.dock.receive_data(Frame(FrameType.DATA, 0xC0FFEE, sequence=0).encode(), line.now)
    line.camera.receive_data(Frame(FrameType.DATA, 0xBAD, payload=b"x").encode(), line.now)
    line.camera.send(b"still fine")
    line.run(lambda: not line.camera.pending)
    assert line.got[line.dock] == b"still fine"
    assert not line.got[line.camera]


def test_nothing_before_the_clock() -> None:
    """A link that was never told the time says nothing."""
    assert Link(1).data_to_send() == b""
    assert Link(1).wait_ns() == OPEN_EVERY_NS
