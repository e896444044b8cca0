"""One client of the control socket: bounded lines in, a bounded queue of lines out."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

Facts = Mapping[str, object]
Tell = Callable[[Facts], None]
Watch = Callable[[Tell], Callable[[], None]]

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
        self._stop_watching: Callable[[], None] | None = None
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

    @property
    def watching(self) -> bool:
        """Whether events are sent."""
        return self._stop_watching is not None

    def watch(self, watch: Watch) -> None:
        """Send events from now on."""
        self._stop_watching = watch(self.send)

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
            if self._stop_watching is not None:
                self._stop_watching()
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
