"""What TLS alone carries: the same library, cipher, certificates and line, and no protocol on top."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

from OpenSSL import SSL

from firmware.dock.link import Link, LinkState, Lost, Received
from firmware.dock.protocol import Side
from firmware.dock.tls import RECORD, Identity, Tls, _context
from tools.bench.card import Pair
from tools.bench.lower import Lower
from tools.bench.pair import SideError, Stopwatch, Took, alongside

PIECE = 4 * RECORD
QUEUE = 128 << 10
READY_S = 0.05
"""Until then both processes have begun."""


def over_sockets(
    pair: Pair, size: int, lower: Lower, *, chacha: bool = False, hashed: bool = False
) -> tuple[Took, Took]:
    """TLS right on the sockets, as any program would have it.  ``hashed``: both ends make the SHA-256 of what passes, as whoever vouches for it must."""
    if lower.sockets is None:
        raise ValueError("this line has no sockets")
    connect, accept = lower.sockets
    update: Callable[[bytes], object] = hashlib.sha256().update if hashed else len

    def camera() -> Took:
        identity = Identity(pair.session.link_chain, pair.session.link_key, chacha)
        tls = SSL.Connection(_context(identity, _believe), connect())
        tls.set_connect_state()
        tls.do_handshake()
        piece, stopwatch = bytes(PIECE), Stopwatch()
        for _ in range(size // PIECE):
            update(piece)
            tls.sendall(piece)
        took = stopwatch.stop()
        tls.recv(1)  # all has arrived
        return took

    def dock() -> Took:
        tls = SSL.Connection(_context(Identity(pair.dock, pair.dock_key), _believe), accept())
        tls.set_accept_state()
        tls.do_handshake()
        stopwatch, left = Stopwatch(), size // PIECE * PIECE
        while left:
            data = tls.recv(RECORD)
            update(data)
            left -= len(data)
        took = stopwatch.stop()
        tls.send(b".")
        return took

    return alongside(camera, dock)


def warm(pair: Pair) -> None:
    """Shake hands once in memory, so that no library has anything left to set up."""
    camera = Tls(Side.CAMERA, Identity(pair.session.link_chain, pair.session.link_key), pair.trust)
    dock = Tls(Side.DOCK, Identity(pair.dock, pair.dock_key), pair.trust)
    while camera.handshake() is None or dock.handshake() is None:
        dock.receive_data(camera.data_to_send())
        dock.handshake()
        camera.receive_data(dock.data_to_send())


def handshake(pair: Pair, lower: Lower) -> tuple[Took, Took]:
    """A TLS handshake with both certificates, and no more, as each side sees it; the camera's is over when the dock has heard the end of it."""
    if lower.sockets is None:
        raise ValueError("this line has no sockets")
    connect, accept = lower.sockets

    def camera() -> Took:
        end, stopwatch = connect(), Stopwatch()
        warm(pair)
        time.sleep(READY_S)
        stopwatch.start()
        tls = SSL.Connection(_context(Identity(pair.session.link_chain, pair.session.link_key), _believe), end)
        tls.set_connect_state()
        tls.do_handshake()
        tls.recv(1)
        return stopwatch.stop()

    def dock() -> Took:
        end, stopwatch = accept(), Stopwatch()
        warm(pair)
        tls = SSL.Connection(_context(Identity(pair.dock, pair.dock_key), _believe), end)
        tls.set_accept_state()
        tls.do_handshake()
        tls.send(b".")
        return stopwatch.stop()

    return alongside(camera, dock)


def raw(size: int, lower: Lower) -> tuple[Took, Took]:
    """The line alone, through pyserial: bytes that nobody frames, checks or encrypts."""
    whole = size // PIECE * PIECE

    def camera() -> Took:
        port, piece, stopwatch = lower.camera(), bytes(PIECE), Stopwatch()
        for _ in range(whole // PIECE):
            port.write(piece)
        took = stopwatch.stop()
        while not port.read(1, 1.0):
            pass  # the tty goes with whoever closes it
        return took

    def dock() -> Took:
        port, stopwatch, left = lower.dock(), Stopwatch(), whole
        while left:
            left -= len(port.read(256 << 10, 1.0))
        took = stopwatch.stop()
        port.write(b".")
        return took

    return alongside(camera, dock)


def over_the_link(pair: Pair, size: int, lower: Lower, *, chacha: bool = False) -> tuple[Took, Took]:
    """TLS over our link layer."""
    whole = size // RECORD * RECORD

    def camera() -> Took:
        identity = Identity(pair.session.link_chain, pair.session.link_key, chacha)
        end = _End(Link(7), Tls(Side.CAMERA, identity, pair.trust), lower.camera())
        end.run(lambda: end.tls.handshake() is not None)
        stopwatch, left, piece = Stopwatch(), whole, bytes(RECORD)
        while left or end.link.pending:
            while left and end.link.pending < QUEUE:
                end.tls.send(piece)
                end.link.send(end.tls.data_to_send())
                left -= RECORD
            end.turn(wait=not left)
        return stopwatch.stop()

    def dock() -> Took:
        end = _End(Link(None), Tls(Side.DOCK, Identity(pair.dock, pair.dock_key), pair.trust), lower.dock())
        end.run(lambda: end.tls.handshake() is not None)
        stopwatch, left = Stopwatch(), whole
        while left:
            end.turn()
            while data := end.tls.read():
                left -= len(data)
        took = stopwatch.stop()
        end.turn(wait=False)
        return took

    return alongside(camera, dock)


class _End:
    """One end of TLS over the link."""

    def __init__(self, link: Link, tls: Tls, port: Any) -> None:
        self.link, self.tls, self._port = link, tls, port

    def run(self, until: Callable[[], bool]) -> None:
        """Take turns until something holds."""
        while not until():
            self.turn()

    def turn(self, *, wait: bool = True) -> None:
        """Hear, and speak."""
        data = self._port.read(256 << 10, self.link.wait_ns() / 1e9 if wait else 0.0)
        self.link.receive_data(data, time.monotonic_ns())
        while event := self.link.next_event():
            if isinstance(event, Lost):
                raise SideError(event.reason)
            if isinstance(event, Received):
                self.tls.receive_data(event.data)
        if self.link.state is LinkState.OPEN:
            self.link.send(self.tls.data_to_send())
        if out := self.link.data_to_send():
            self._port.write(out)


def _believe(*_facts: object) -> bool:
    """Whoever the other is: this is about speed."""
    return True
