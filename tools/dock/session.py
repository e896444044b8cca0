"""One session, sans-I/O: a channel, and the talk that it carries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from firmware.dock.channel import Channel, Secured
from firmware.dock.errors import LinkLostError, RemoteProtocolError
from firmware.dock.messages import Error, Message
from firmware.evidence.kinds import words
from tools.dock.conversation import Pause, Talk
from tools.dock.rack.crowd import FullError
from tools.dock.store import StoreError

NANO = 1_000_000_000


def farewell(error: Exception) -> Error | None:
    """What to tell the camera before closing for this reason; None where nobody is listening."""
    if isinstance(error, LinkLostError | OSError):
        return None
    code = "refused"
    if isinstance(error, RemoteProtocolError):
        code = error.code
    elif isinstance(error, StoreError):
        code = "store"
    elif isinstance(error, FullError):
        code = "full"
    return Error(code, words(str(error)))


class Session:
    """Runs a talk over a channel.  ``turn`` raises what ends it: a ``DockError`` of the channel, or whatever the talk
    raises."""

    def __init__(self, channel: Channel, begin: Callable[[Secured], Talk[None]]) -> None:
        """``begin`` makes the talk once the peer is believed."""
        self.channel = channel
        self.finished = False
        self.peer = ""
        self.heard = False
        self._begin = begin
        self._talk: Talk[None] | None = None
        self._resume_ns: int | None = None

    def wait_ns(self, now_ns: int) -> int:
        """How long the caller may wait for bytes before the next ``turn``."""
        wait = self.channel.wait_ns()
        return wait if self._resume_ns is None else max(0, min(wait, self._resume_ns - now_ns))

    def receive_data(self, data: bytes, now_ns: int) -> None:
        """Take bytes from the wire, and let time pass.  ``heard``: whether there were any."""
        self.heard = self.heard or bool(data)
        self.channel.receive_data(data, now_ns)
        self.channel.tick(now_ns)

    def turn(self, now_ns: int) -> None:
        """Let the talk hear what arrived, and go on where its pause is over."""
        while (event := self.channel.next_event()) is not None:
            if isinstance(event, Secured):
                self.peer = event.peer.name
                self._talk = self._begin(event)
                self._go_on(None, now_ns)
            else:
                self._go_on(event, now_ns)
        if self._resume_ns is not None and now_ns >= self._resume_ns:
            self._resume_ns = None
            self._go_on(None, now_ns)

    def close(self) -> None:
        """Let go of what the talk holds.  What it cannot make durable now is fetched again another time."""
        if self._talk is not None:
            with suppress(StoreError):
                self._talk.close()

    def _go_on(self, heard: Message | None, now_ns: int) -> None:
        if self._talk is None or self.finished:
            return
        try:
            step = self._talk.send(heard)
        except StopIteration:
            self.finished = True
            return
        if isinstance(step, Pause):
            self._resume_ns = now_ns + round(step.seconds * NANO)
        elif step is not None:
            self.channel.send(step)
            if self.channel.ended:
                self.finished = True
                self.close()
