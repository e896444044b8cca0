"""Both sides of a conversation above TLS: our camera's answers and our reference dock's visit, message by message.

Either is replaced, by what a vector says that the other side says, or by the other side itself with somebody who alters what it says.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.dock.channel import Secured
from firmware.dock.errors import DockError, RemoteProtocolError
from firmware.dock.messages import Error, Message
from firmware.dock.protocol import Connection, Side
from firmware.dock.service import Service
from firmware.evidence.certs import verify_chain
from firmware.evidence.documents import Kind
from firmware.evidence.roles import Role
from firmware.evidence.timetoken import stamped
from tests.evidence_maker import DOCK_MS, Camera, TimeAuthority, issue
from tests.evidence_maker.jose import sign
from tests.vector_maker.bases import OURS, tiny
from tests.vector_maker.dock_shelf import TRUST, MakerShelf
from tests.vector_maker.forging import CAMERA
from tools.dock.conversation import Pause
from tools.dock.identity import DockIdentity
from tools.dock.session import farewell
from tools.dock.store import Store
from tools.dock.timing.timeword import Voucher
from tools.dock.updating.bundles import BundleStock
from tools.dock.visit import Desk, Visit

EXPORTER = bytes(range(32))
NONCE = "6" * 32
LINK = issue("link", "cam-0042", CAMERA, "link")
PROOF = CAMERA.key.sign(b"lapel link 1" + EXPORTER, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


class MakerDock(DockIdentity):
    """Signs the same line the same way each time."""

    def sign(self, kind: Kind, payload: Mapping[str, Any]) -> bytes:
        """A line."""
        return sign(dict(payload), kind.typ, OURS.dock, chained=True)


@dataclass(frozen=True)
class Setting:
    """What differs between scenarios: the camera's clock, whether it records, the dock's shift and firmware to give, and over which
    nonce the authority vouches for the dock's time (None: it does not), or, with ``stamp``, somebody whose time stamps it believes."""

    off_ms: int = 1500
    quality: str = "rtc"
    busy: int | None = None
    shift: str | None = "SHIFT-1"
    bundle: bytes = b""
    word_over: str | None = None
    stamp: bool = False


def vouching(nonce: str, *, stamp: bool) -> Voucher:
    """The authority's word for the dock's time, or a time stamp, over this nonce whatever is asked."""

    def voucher(_asked: str) -> Future[bytes]:
        answer: Future[bytes] = Future()
        if stamp:
            answer.set_result(TimeAuthority().stamp(stamped(nonce), DOCK_MS))
        else:
            answer.set_result(sign({"nonce": nonce, "utc_ms": DOCK_MS}, "lapel.time.1", OURS.settings, chained=True))
        return answer

    return voucher


class CameraSide:
    """Our camera."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        camera = Camera(folder / "card")
        tiny(camera)
        self._asked = 0
        self._busy_at = setting.busy
        shelf = MakerShelf(camera, setting.off_ms, setting.quality)
        self._service = Service(shelf, "dock-1", NONCE, self._busy)

    def _busy(self) -> bool:
        return self._asked == self._busy_at

    def begin(self) -> Iterator[Message]:
        """What it says first."""
        yield self._service.greeting(PROOF)

    def hear(self, message: Message) -> Iterator[Message]:
        """What it says to a message."""
        self._asked += 1
        yield from (answer for answer in self._service.answer(message) if answer is not None)


class DockSide:
    """Our reference dock."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        (folder / "store").mkdir()
        (folder / "store" / "store.id").write_text("store-1\n")
        chain = verify_chain(OURS.dock.x5c, TRUST, Role.DOCK)
        identity = MakerDock(chain, OURS.dock.key, TRUST)
        self.events: list[str] = []
        desk = Desk(
            identity,
            Store(folder / "store"),
            lambda event: self.events.append(event.kind),
            lambda: DOCK_MS,
            shift=setting.shift,
            voucher=None if setting.word_over is None else vouching(setting.word_over, stamp=setting.stamp),
            bundles=_stock(folder / "bundles", setting.bundle),
        )
        peer = verify_chain(LINK.x5c, TRUST, Role.LINK)
        self._talk = Visit(desk, Secured(peer, EXPORTER, "TLS")).talk()
        next(self._talk)

    def begin(self) -> Iterator[Message]:
        """It waits."""
        yield from ()

    def hear(self, message: Message) -> Iterator[Message]:
        """What it says to a message, if it does not wait for another."""
        try:
            said = self._talk.send(message)
            while isinstance(said, Pause):
                said = next(self._talk)
        except StopIteration:
            return
        if said is not None:
            yield said


def _stock(folder: Path, data: bytes) -> BundleStock | None:
    """The dock's firmware: one bundle for the maker's camera."""
    if not data:
        return None
    folder.mkdir()
    (folder / "maker.bundle").write_bytes(data)
    paper = {
        "board": "maker",
        "version": "0.2.0",
        "serial": 4,
        "needs": 0,
        "length": len(data),
        "hash": hashlib.sha256(data).hexdigest(),
        "utc_ms": DOCK_MS,
    }
    (folder / "maker.bundle.jws").write_bytes(sign(paper, "lapel.bundle.1", OURS.update, chained=True) + b"\n")
    return BundleStock(folder, lambda _name, _reason: None)


Line = tuple[Side, bytes]
Alter = Callable[[Message, bytes], bytes]


@contextmanager
def sides(setting: Setting) -> Iterator[dict[Side, CameraSide | DockSide]]:
    """Both, in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        yield {Side.CAMERA: CameraSide(Path(name), setting), Side.DOCK: DockSide(Path(name), setting)}


class End(Exception):  # noqa: N818 - it says how it ended
    """The conversation is over: how, in the words of a vector."""


def _take(side: Side, ends: dict[Side, Connection], data: bytes) -> Message:
    """Let one side hear bytes; ``End`` where it breaks off."""
    try:
        ends[side].receive_data(data)
        message = ends[side].next_event()
    except RemoteProtocolError as error:
        raise End(f"error {side.value} {error.code}") from None
    assert message is not None
    if isinstance(message, Error):
        raise End("closed by error")
    return message


def _react(side: Side, who: CameraSide | DockSide, message: Message) -> Iterator[Message]:
    """What a side says to a message; ``End`` where it breaks off."""
    try:
        yield from who.hear(message)
    except (DockError, OSError) as error:
        said = farewell(error)
        raise End(f"error {side.value} {said.code if said else 'lost'}") from None


def converse(
    setting: Setting, alter: Alter | None = None, liar: Side | None = None, *, on: bool = False
) -> tuple[list[Line], str]:
    """The two speak with each other; ``alter`` gets each message of ``liar`` with its bytes and returns what is said instead.

    What was altered ends the conversation with the reaction to it, unless ``on``.  Returns the lines, and how it ended.
    """
    lines: list[Line] = []
    ends = {side: Connection(side) for side in Side}
    with sides(setting) as both:
        due = [(Side.CAMERA, message) for message in both[Side.CAMERA].begin()]
        touched = False
        try:
            while due:
                side, message = due.pop(0)
                honest = ends[side].send(message)
                data = alter(message, honest) if alter and side is liar else honest
                lines.append((side, data))
                if touched and side is not liar and not on:
                    raise End(_named(message))
                touched |= data != honest
                other = Side.DOCK if side is Side.CAMERA else Side.CAMERA
                heard = _take(other, ends, data)
                due += [(other, answer) for answer in _react(other, both[other], heard)]
        except End as end:
            return lines, str(end)
    receipted = any(kind == "receipted" for kind in both[Side.DOCK].events)  # type: ignore[union-attr]  # the dock has events
    return lines, "closed" if receipted else "no-receipt"


def _named(message: Message) -> str:
    name = type(message).__name__.lower()
    return f"{name} {message.code}" if hasattr(message, "code") else name


def replay(lines: list[Line], judged: Side, setting: Setting) -> tuple[list[Line], str | None]:
    """Let one side hear what the other says in these lines; returns what it said, in its places, and how it broke off, if it did."""
    said: list[Line] = []
    ends = {side: Connection(side) for side in Side}
    with sides(setting) as both:
        said += [(judged, ends[judged].send(message)) for message in both[judged].begin()]
        try:
            for side, data in lines:
                if side is judged:
                    continue
                said.append((side, data))
                for answer in _react(judged, both[judged], _take(judged, ends, data)):
                    said.append((judged, ends[judged].send(answer)))
        except End as end:
            return said, str(end)
    return said, None
