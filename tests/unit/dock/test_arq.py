"""Selective repeat: what arrived is forgotten, what was lost is sent again at once, what cannot be is ignored."""

from __future__ import annotations

from firmware.dock.arq import WINDOW_LIMIT, Acknowledgement, Receiver, Sender


def sender(data: bytes = b"abcdefgh", window: int = 8) -> Sender:
    """A sender of one-byte frames with something to send."""
    made = Sender()
    made.open(window, 1)
    made.queue(data)
    return made


def payloads(sent: Sender, now: int = 0) -> bytes:
    """What it transmits now."""
    return b"".join(each.payload for each in sent.transmit(now))


def test_starts_small_and_grows() -> None:
    """At first four frames are in flight; each that arrives makes room for two."""
    sent = sender(bytes(100), 100)
    assert len(sent.transmit(0)) == 4
    sent.acknowledge(Acknowledgement(4, 96, 0), 4, 0)
    assert len(sent.transmit(0)) == 8


def test_lost_is_exact() -> None:
    """A frame stamped before the newest arrival and not acknowledged is sent again at once; one stamped after it is
    left alone."""
    sent = sender()
    assert payloads(sent) == b"abcd"
    sent.acknowledge(Acknowledgement(0, 8, 0b100), 3, 0)  # c is here, d may still come
    assert payloads(sent) == b"abef"
    assert sent.repeated == 2
    sent.acknowledge(Acknowledgement(0, 8, 0b1100), 4, 0)  # d came, the repeats of a and b may still come
    assert payloads(sent) == b"gh"
    sent.acknowledge(Acknowledgement(0, 8, 0b1110), 6, 0)  # the repeat of b came: the repeat of a was lost too
    assert payloads(sent)[:1] == b"a"


def test_closed_window() -> None:
    """Without room at the peer nothing is sent; room never shrinks below what was promised."""
    sent = sender(window=2)
    assert payloads(sent) == b"ab"
    sent.acknowledge(Acknowledgement(2, 0, 0), 2, 0)
    assert payloads(sent) == b""
    sent.acknowledge(Acknowledgement(2, 3, 0), 2, 0)
    assert payloads(sent) == b"cde"
    assert sent.pending == 6


def flying(frames: int, room: int = 1000) -> Sender:
    """A sender with so many frames in flight."""
    sent = sender(bytes(10_000), room)
    while len(sent.transmit(0)) < frames:
        sent.acknowledge(Acknowledgement(sent._next, room, 0), sent._stamp, 0)
    return sent


def test_overflow() -> None:
    """Frames lost in a long run found a buffer full: so many fewer are in flight from then on, never fewer than at first, and it grows
    slowly."""
    sent = flying(64)
    first = sent._next - 64
    sent.acknowledge(
        Acknowledgement(first + 20, 1000, 1 << 43), sent._stamp, 0
    )  # 20 arrived, 43 were lost, the last arrived
    assert len(sent.transmit(0)) == int(sent._allowed) == 64 + 20 - 43
    before = sent._allowed
    sent.acknowledge(Acknowledgement(sent._next, 1000, 0), sent._stamp, 0)
    assert sent._allowed == before + 41 / 16
    for _ in range(4):  # nothing arrives any more, but for what asks
        sent.transmit(0)
        sent.acknowledge(Acknowledgement(min(sent._flights), 1000, 0), sent.next_stamp(), 0)
    assert sent._allowed == 4


def test_noise_is_no_overflow() -> None:
    """Single losses and short runs take nothing from the flight, however many there are."""
    sent = flying(64)
    bits = sum(1 << place for place in range(64) if place % 8 == 7)  # seven of eight are lost
    sent.acknowledge(Acknowledgement(sent._next - 64, 1000, bits), sent._stamp + 1, 0)
    assert sent._allowed == 64 + 8
    assert len(sent.transmit(0)) == 64 + 8


def test_a_run_goes_on_over_acknowledgements() -> None:
    """Whether a run of losses is told at once or piece by piece makes no difference."""
    sent = flying(32)
    first, stamp = sent._next - 32, sent._stamp - 31
    for told in range(3, 24, 3):
        sent.acknowledge(Acknowledgement(first, 1000, 0), stamp + told, 0)
    assert sent._allowed == 32 - 21


def test_window_limit() -> None:
    """A peer that boasts is not believed."""
    sent = sender(bytes(10_000), 65535)
    for _ in range(20):
        sent.transmit(0)
        sent.acknowledge(Acknowledgement(sent._next, 65535, 0), sent._stamp, 0)
    assert sent._allowed <= WINDOW_LIMIT
    assert sent._edge <= sent._next + WINDOW_LIMIT


def test_acknowledges_the_future() -> None:
    """An acknowledgement of frames that were never sent changes nothing."""
    sent = sender()
    sent.transmit(0)
    sent.acknowledge(Acknowledgement(5, 100, 0), 9, 0)
    assert sent.pending == 8


def test_round_trip_time() -> None:
    """The round trip is taken from the very frame that is answered, and smoothed."""
    sent = sender()
    sent.transmit(100)
    sent.acknowledge(Acknowledgement(4, 8, 0), 4, 180)
    assert sent.round_trip_ns == 80
    sent.transmit(200)
    sent.acknowledge(Acknowledgement(8, 8, 0), 8, 440)
    assert sent.round_trip_ns == (7 * 80 + 240) // 8


def test_numbers_run_out() -> None:
    """Before the numbers on the wire would overflow, the sender says so."""
    sent = sender()
    assert not sent.exhausted
    sent._stamp = 2**32 - WINDOW_LIMIT
    assert sent.exhausted


def test_receiver_orders() -> None:
    """Frames come out in order, once, whatever repeats; what is beyond the window is dropped."""
    receiver = Receiver(4)
    for sequence, payload in ((2, b"c"), (0, b"a"), (2, b"c"), (0, b"a"), (4, b"e"), (9, b"x")):
        receiver.take(sequence, payload)
    assert receiver.acknowledgement() == Acknowledgement(1, 3, 0b10)
    receiver.take(1, b"b")
    assert receiver.acknowledgement() == Acknowledgement(3, 1, 0)
    assert (receiver.congested, receiver.waiting) == (True, True)
    assert receiver.read() == b"abc"
    assert (receiver.congested, receiver.waiting) == (False, False)
    assert receiver.acknowledgement() == Acknowledgement(3, 4, 0)
