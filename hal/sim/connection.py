"""One client of the control socket: bounded lines in, a bounded queue of lines out."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hal.sim.calls import Argument

Facts = Mapping[str, object]
Tell = Callable[[Facts], None]
End = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Stream:
    """What begins to send events to a ``Connection``, which is its first argument, and returns what ends that; and what else it takes, by
    name."""

    start: Callable[..., End]
    takes: Mapping[str, Argument] = field(default_factory=dict)


LINE_BYTES = 65_536
_WAITING_LINES = 1000
_PATIENCE_S = 2.0


class Connection:
    """Reads on one thread and writes on another, so that nobody who has something to tell waits for a client."""

    def __init__(
        self, end: socket.socket, serve: Callable[[Connection, bytes], None], gone: Callable[[Connection], None]
    ) -> None:
        """A connection that hands each line to ``serve`` and itself to ``gone`` in the end."""
        self._socket = end
        self._serve = serve
        self._gone = gone
        self._outbox: queue.Queue[Facts | None] = queue.Queue(_WAITING_LINES)
        self._streams: dict[str, End] = {}
        self._threads = tuple(
            threading.Thread(target=work, name=f"sim-control-{name}", daemon=True)
            for name, work in (("reader", self._read), ("writer", self._write))
        )

    def start(self) -> None:
        """Begin to read and write."""
        for thread in self._threads:
            thread.start()

    def send(self, facts: Facts) -> None:
        """Queue one line; a client that lets a thousand lines wait is cut off."""
        try:
            self._outbox.put_nowait(facts)
        except queue.Full:
            self._cut()

    def offer(self, facts: Facts) -> None:
        """Queue one line if nothing waits; a client that is slower gets fewer of them."""
        if self._outbox.empty():
            self.send(facts)

    def has(self, stream: str) -> bool:
        """Whether events of this stream are sent."""
        return stream in self._streams

    def begin(self, stream: str, start: Callable[[], End]) -> None:
        """Send the events of a stream from now on; what ``start`` returns ends it."""
        self._streams[stream] = start()

    def close(self) -> None:
        """Read no more, send what waits, and end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        self._cut()

    def _cut(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                while (line := lines.readline(LINE_BYTES + 1)).endswith(b"\n"):
                    self._serve(self, line)
                if len(line) > LINE_BYTES:
                    self.send({"ok": False, "error": f"a line of more than {LINE_BYTES} bytes"})
        except OSError:
            pass  # cut off
        finally:
            for end in self._streams.values():
                end()
            self._outbox.put(None)
            self._gone(self)

    def _write(self) -> None:
        """Send until the end is queued; once the client is cut off the rest is thrown away."""
        with self._socket:
            cut = False
            while (facts := self._outbox.get()) is not None:
                cut = cut or not self._sent(facts)

    def _sent(self, facts: Facts) -> bool:
        try:
            self._socket.sendall(json.dumps(facts).encode() + b"\n")
        except OSError:
            return False
        return True
