"""The reference dock in front of a camera that does everything wrong, and then of an honest one; what is measured on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.dock.link import Link
from firmware.dock.messages import Hello, Message, ReceiptLine
from firmware.dock.protocol import Side
from firmware.dock.service import Service
from firmware.dock.tls import Identity
from firmware.dock.wire import encode
from firmware.evidence.certs import Trust
from tests.docking import NANO, MemoryShelf, Peer, camera, desk, stored, visit
from tests.hostile.peers import Act, Liar, Script
from tests.hostile.scales import Scales
from tests.pki import Pki
from tools.dock.events import DockEvent
from tools.dock.rack.crowd import Crowd
from tools.dock.rack.reception import Outcome, Reception
from tools.dock.rack.slots import Rack

SLOT = "A1"
MOST_BYTES = 16 << 20
"""What one hostile camera may add to the memory in use, both ends together."""
MOST_SECONDS = 36.0
"""How long one may take that says nothing that is allowed: the patience, the farewell, a nap."""

Alter = Callable[[Message, bytes], bytes | Iterable[Act]]
"""What a camera says instead of an honest message, of which it is given the bytes."""


def honest(_message: Message, data: bytes) -> bytes:
    """Say it as it is."""
    return data


class Plug:
    """A dock's port whose other end is a peer, on the camera's virtual clock."""

    def __init__(self, peer: Peer, shelf: MemoryShelf, *, serial: bool) -> None:
        self.serial = serial
        self._peer, self._clock = peer, shelf.clock
        self._out = b""
        self._in = b""

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Let the camera work; without an answer, let the time pass."""
        if not self._in:
            out, self._out = self._out, b""
            self._in = self._peer.pump(out, self._clock.now_ns)
        if not self._in:
            self._clock.advance(max(timeout_s, 0.0001))
        data, self._in = self._in[:limit], self._in[limit:]
        return data

    def write(self, data: bytes) -> None:
        """Keep it until the next read."""
        self._out += data

    def idle(self) -> None:
        """Drop what comes."""
        self._in = b""

    def close(self) -> None:
        """Let go."""
        self._peer.hang_up()


@dataclass
class Told:
    """What came of it."""

    outcome: Outcome
    events: list[DockEvent] = field(default_factory=list)
    seconds: float = 0.0
    peak: int = 0


class Counter:
    """One dock, whose store has two recordings of ``cam-1`` already, and a third that this camera still has."""

    def __init__(self, pki: Pki, folder: Path, *, serial: bool) -> None:
        self.pki, self.folder, self.serial = pki, folder, serial
        self.shelf = camera(pki)
        self.shelf.record(1)
        self.shelf.record(2, (100_000,))
        self.at, self.events = desk(pki, folder)
        visit(self.shelf, self.at)
        self.shelf.erase()
        self.shelf.record(3, (150_000, 40_000))
        self.before = self.files()
        self.events.clear()

    def files(self) -> dict[str, bytes]:
        """All that stands in its place in the store; what arrives, and what the dock keeps about itself, left out."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and "recordings" in path.parts
        }

    def liar(self, script: Callable[[Liar], Script], identity: Identity | None = None, **more: Any) -> Liar:
        """A camera that follows a script; with the good identity of ``cam-1``, unless it has another."""
        session = self.shelf.session
        link = Link(7) if self.serial else None
        own = identity or Identity(session.link_chain, session.link_key)
        return Liar(Side.CAMERA, own, Trust(self.pki.root), link, script, **more)

    def lies(self, alter: Alter, shelf: MemoryShelf | None = None) -> Liar:
        """A camera that answers what is asked, but says some of it in its own way."""
        shelf = shelf or self.shelf
        service = Service(shelf, "dock-1", "ab" * 16, lambda: False)

        def script(liar: Liar) -> Script:
            hello: Message = service.greeting(shelf.session.prove(liar.tls.exporter))
            yield from _said(alter, hello)
            while True:
                request = yield None
                assert request is not None
                for answer in service.answer(request):
                    if answer is not None:
                        yield from _said(alter, answer)

        return self.liar(script)

    def meet(self, peer: Peer, *, exact: bool = False) -> Told:
        """Attend this camera; ``AssertionError`` unless the store still has all that it had.  ``exact``: how to weigh (see ``Scales``)."""
        begun = self.shelf.clock.now_ns
        reception = Reception(self.at, rack=Rack(), crowd=Crowd(), monotonic_ns=lambda: self.shelf.clock.now_ns)
        plug = Plug(peer, self.shelf, serial=self.serial)
        scales = Scales(exact=exact)
        scales.start()
        try:
            told = Told(reception.attend(plug, SLOT), list(self.events))
            told.peak = scales.stop()
        finally:
            scales.stop()
            plug.close()
        told.seconds = (self.shelf.clock.now_ns - begun) / NANO
        now = self.files()
        assert {name: now.get(name) for name in self.before} == self.before, "the hostile camera cost footage"
        assert reception.failure is None, "the hostile camera ended the dock"
        assert not (self.folder / "cam-1").is_symlink()
        return told

    def handed_over(self) -> None:
        """The next honest camera is taken over whole."""
        files = dict(self.shelf.recordings[3])
        self.events.clear()
        assert visit(self.shelf, self.at).error is None
        assert stored(self.folder, 3) == files
        assert 3 in self.shelf.receipts


def _said(alter: Alter, message: Message) -> Iterable[Act]:
    """What is said for it."""
    said = alter(message, encode(message))
    return [said] if isinstance(said, bytes) else said


def instead(kind: type[Message], *acts: Act, at: int = 0) -> Alter:
    """In place of the ``at``-th message of a kind, these."""
    seen: list[None] = []

    def alter(message: Message, data: bytes) -> bytes | Iterable[Act]:
        if type(message) is not kind:
            return data
        seen.append(None)
        return acts if len(seen) - 1 == at else data

    return alter


def edited(kind: type[Message], edit: Callable[[Message], Message], at: int | None = None) -> Alter:
    """With other members, each time or the ``at``-th time."""
    seen: list[None] = []

    def alter(message: Message, data: bytes) -> bytes:
        if type(message) is not kind:
            return data
        seen.append(None)
        return encode(edit(message)) if at in (None, len(seen) - 1) else data

    return alter


def receipts(liar: Liar) -> int:
    """How many receipts it was given."""
    return sum(isinstance(each, ReceiptLine) for each in liar.heard)


__all__ = (
    "MOST_BYTES",
    "MOST_SECONDS",
    "SLOT",
    "Alter",
    "Counter",
    "Hello",
    "Told",
    "edited",
    "honest",
    "instead",
    "receipts",
)
