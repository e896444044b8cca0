"""A way to a server on which things go wrong: what passes is cut off, altered, held up, or not let in at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

BLOCK = 1 << 14


@dataclass
class Relay:
    """Passes TCP on, from a port of its own.  What goes wrong is set at any time, and counts for connections from then on.

    ``closed``: nobody is let in.  ``cut_up``, ``cut_down``: bytes to the server, or from it, after which every connection is torn down.  ``alter``: bytes that are
    put into the place of others of the same length, once, on their way from the server.  ``hold``: answers wait until it is cleared.
    """

    port: int = 0
    closed: bool = False
    cut_up: int | None = None
    cut_down: int | None = None
    alter: tuple[bytes, bytes] | None = None
    up: int = 0
    down: int = 0
    hold: threading.Event = field(default_factory=threading.Event)

    def pass_on(self, data: bytes, *, upwards: bool) -> bytes | None:
        """What is let through of this; None to tear the connection down."""
        if self.closed:
            return None
        if upwards:
            self.up += len(data)
            return None if self.cut_up is not None and self.up > self.cut_up else data
        self.down += len(data)
        while self.hold.is_set() and not self.closed:
            threading.Event().wait(0.01)
        if self.alter and self.alter[0] in data:
            data, self.alter = data.replace(*self.alter, 1), None
        return None if self.cut_down is not None and self.down > self.cut_down else data


@contextmanager
def relayed(target: int) -> Iterator[Relay]:
    """A relay to a port of this machine."""
    relay, threads, ends = Relay(), list[threading.Thread](), list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as door:
        relay.port = int(door.getsockname()[1])
        door.settimeout(0.05)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with suppress(TimeoutError):
                    near, _ = door.accept()
                    far = socket.socket()
                    far.connect(("127.0.0.1", target))
                    ends.extend((near, far))
                    for one, other, upwards in ((near, far, True), (far, near, False)):
                        thread = threading.Thread(target=_pump, args=(relay, one, other), kwargs={"upwards": upwards})
                        thread.start()
                        threads.append(thread)

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield relay
        finally:
            stop.set()
            relay.closed = True
            server.join()
            for end in ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for end in ends:
                end.close()


def _pump(relay: Relay, one: socket.socket, other: socket.socket, *, upwards: bool) -> None:
    """Carry bytes one way until either end, or the relay, is done."""
    with suppress(OSError):
        while data := one.recv(BLOCK):
            passed = relay.pass_on(data, upwards=upwards)
            if passed is None:
                break
            other.sendall(passed)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
