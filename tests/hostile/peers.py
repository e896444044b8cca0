"""Ends of a wire that keep to no protocol: they say what a script says, inside TLS or below it, when and as fast as it likes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from OpenSSL import SSL

from firmware.dock.errors import DockError
from firmware.dock.link import Link, Received
from firmware.dock.messages import HEADER, Message
from firmware.dock.protocol import Side
from firmware.dock.tls import Identity, Tls, _context
from firmware.dock.wire import MESSAGES
from firmware.evidence.certs import Trust
from tests.hostile.records import APPLICATION, Keys, Pen, kinds

NS = 1_000_000_000


@dataclass(frozen=True)
class Below:
    """Say these bytes below TLS, on the stream that carries it."""

    data: bytes


@dataclass(frozen=True)
class Beside:
    """Say these bytes on the wire itself, whatever carries TLS there."""

    data: bytes


@dataclass(frozen=True)
class Flood:
    """Say this again and again, at so many bytes a second, for so long; inside TLS unless ``below``."""

    make: Callable[[], bytes]
    rate: int
    seconds: float
    below: bool = False


class Deaf:
    """From now on take nothing off the wire; what was being said goes on."""


class HangUp:
    """Close without a word."""


Act = bytes | float | None | Below | Beside | Flood | Deaf | HangUp
"""What a script wants: to say bytes inside TLS, to wait so many seconds, with None to hear the next message, or one of the above."""
Script = Generator[Act, Message | None, None]


class Liar:
    """One end that speaks good TLS, if it is to, and follows a script once the handshake is over.

    ``heard`` has all messages that the other end said, ``taken`` how many bytes arrived, ``over`` what ended TLS.
    """

    def __init__(
        self,
        side: Side,
        identity: Identity,
        trust: Trust,
        link: Link | None,
        script: Callable[[Liar], Script],
        *,
        tweak: Callable[[SSL.Context], None] = lambda _context: None,
        raw: bool = False,
    ) -> None:
        """``tweak``: sets TLS up in another way.  ``raw``: no TLS at all, and the script begins at once."""
        self.side, self.tls, self.link = side, Tls(side, identity, trust), link
        self.heard: list[Message] = []
        self.over: DockError | None = None
        self.taken = self.spoken = 0
        context = _context(identity, self.tls._look)
        self._keys = Keys(context)
        tweak(context)
        self.tls._ssl = SSL.Connection(context)
        (self.tls._ssl.set_connect_state if side is Side.CAMERA else self.tls._ssl.set_accept_state)()
        self._script = script(self)
        self._begun = False
        self._raw = self._secured = raw
        self._deaf = self._done = False
        self._act: Act = None
        self._until_ns = 0
        self._sent = 0
        self._since_ns = 0
        self._buffer = bytearray()
        self._waiting: list[Message] = []
        self._wire = bytearray()

    # -- what scripts use

    def pen(self, side: str) -> Pen:
        """A pen that goes on where this end's TLS is."""
        self._flush()
        return self._keys.pen(side, self.spoken)

    # -- the peer

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Hear, follow the script, speak."""
        if not self._deaf:
            self.taken += len(data)
            self._hear(data, now_ns)
        if self._secured:
            self._follow(now_ns)
        self._flush()
        out = bytes(self._wire) + (self.link.data_to_send() if self.link and not self._deaf else b"")
        self._wire.clear()
        return out

    def hang_up(self) -> None:
        """Forget the script."""
        self._script.close()

    def _hear(self, data: bytes, now_ns: int) -> None:
        if self.link is None:
            pieces = [data]
        else:
            self.link.receive_data(data, now_ns)
            self.link.tick(now_ns)
            pieces = []
            while event := self.link.next_event():
                pieces += [event.data] if isinstance(event, Received) else []
        if self.over is not None or self._raw:
            return
        for piece in pieces:
            self.tls.receive_data(piece)
        try:
            if not self._secured:
                secured = self.tls.handshake() is not None
                if self.side is Side.CAMERA:
                    self._flush()  # a client's last flight still has the keys of the handshake
                self._secured = secured
            while self._secured and (piece := self.tls.read()):
                self._buffer += piece
        except DockError as error:
            self.over = error
        self._parse()

    def _parse(self) -> None:
        while len(self._buffer) >= HEADER.size:
            number, length = HEADER.unpack_from(self._buffer)
            if len(self._buffer) < HEADER.size + length:
                return
            message = MESSAGES[number].parse(bytes(self._buffer[HEADER.size : HEADER.size + length]))
            del self._buffer[: HEADER.size + length]
            self.heard.append(message)
            self._waiting.append(message)

    def _follow(self, now_ns: int) -> None:
        """Go through the script as far as it goes now."""
        heard: Message | None = None
        while not self._done:
            if self._begun and not self._finished(now_ns):
                return
            if self._begun and self._act is None:
                heard = self._waiting.pop(0)
            try:
                self._act = next(self._script) if not self._begun else self._script.send(heard)
            except StopIteration:
                self._done = True
                return
            heard, self._begun = None, True
            self._start(now_ns)

    def _start(self, now_ns: int) -> None:
        act = self._act
        if isinstance(act, bytes):
            self._say(act)
        elif isinstance(act, Below):
            self._below(act.data)
        elif isinstance(act, Beside):
            self._flush()
            self._wire += act.data
        elif isinstance(act, float):
            self._until_ns = now_ns + round(act * NS)
        elif isinstance(act, Flood):
            self._since_ns, self._sent = now_ns, 0
        elif isinstance(act, Deaf):
            self._deaf = True
        elif isinstance(act, HangUp):
            raise ConnectionResetError("the peer closed the connection")

    def _finished(self, now_ns: int) -> bool:
        act = self._act
        if act is None:
            return bool(self._waiting)
        if isinstance(act, float):
            return now_ns >= self._until_ns
        if isinstance(act, Flood):
            passed = min(now_ns - self._since_ns, round(act.seconds * NS))
            while self._sent < act.rate * passed // NS and self.over is None:
                data = act.make()
                self._sent += len(data)
                (self._below if act.below else self._say)(data)
            return now_ns - self._since_ns >= act.seconds * NS or self.over is not None
        return True

    def _say(self, data: bytes) -> None:
        if self.over is None:
            self.tls.send(data)

    def _below(self, data: bytes) -> None:
        self._flush()
        if self.link is None:
            self._wire += data
        else:
            self.link.send(data)

    def _flush(self) -> None:
        data = b"" if self._raw else self.tls.data_to_send()
        if self._secured:
            self.spoken += kinds(data).count(APPLICATION)
        if data and self.link is None:
            self._wire += data
        elif data and self.link is not None:
            self.link.send(data)


@dataclass
class Babble:
    """Says bytes from a script of (second, bytes) whatever it hears; then nothing more, or closes."""

    lines: Iterable[tuple[float, bytes]]
    hangs_up: bool = False
    taken: int = 0
    _gone: bool = False
    _begun_ns: int | None = None
    _left: list[tuple[float, bytes]] = field(default_factory=list)

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Say what is due."""
        self.taken += len(data)
        if self._begun_ns is None:
            self._begun_ns, self._left = now_ns, list(self.lines)
        if not self._left and self.hangs_up and not self._gone:
            self._gone = True
            raise ConnectionResetError("the peer closed the connection")
        passed = (now_ns - self._begun_ns) / NS
        due = [line for second, line in self._left if second <= passed]
        self._left = self._left[len(due) :]
        return b"".join(due)

    def hang_up(self) -> None:
        """Do nothing."""


def said(kind: type[Message], body: bytes) -> bytes:
    """A message with whatever body."""
    return struct.pack(">BI", kind.TYPE, len(body)) + body
