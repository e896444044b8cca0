"""Cameras that do everything wrong: one row a behaviour, in the order of the issue's list, with what the dock has to tell of it.

What single members of a message can be got wrong is in ``tests/vectors/dock``, evidence that does not fit
its manifest, clones, impostors and lists that lead nowhere in ``tests/unit/tools/test_dock.py`` and ``test_dock_logs.py``, certificates one by
one in ``tests/unit/dock/test_tls.py``.  Here whole cameras meet a whole dock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from OpenSSL import SSL

from firmware.dock.facts import AuditHead, ClockReading
from firmware.dock.messages import (
    Busy,
    Bye,
    ClockSet,
    Data,
    End,
    Error,
    FileEntry,
    Files,
    Hello,
    Items,
    Message,
    Pong,
    Refused,
    Stored,
)
from firmware.dock.tls import Identity
from firmware.dock.wire import encode
from tests.docking import NANO, Peer
from tests.hostile import records
from tests.hostile.counter import MOST_SECONDS, Alter, Counter, edited, instead
from tests.hostile.peers import Act, Babble, Below, Flood, HangUp, Liar, Script, said
from tests.hostile.scripts import clear_record, silent
from tests.pki import Pki
from tools.dock.events import Kind

LARGEST = 2**53 - 1
STALLED = "the peer has stalled"
HEAD = b"\xff\xff\xff\xff"


@dataclass(frozen=True)
class Row:
    """One behaviour: how it is done, and the event that the dock has to tell, with a pattern for its text.  ``kind`` None: nothing is
    anybody's fault.  ``receipts``: how many it may be given, ``seconds``: the longest that it may last."""

    word: str
    name: str
    make: Callable[[Counter], Peer]
    kind: Kind | None
    says: str = ""
    receipts: int = 0
    seconds: float = MOST_SECONDS
    serial: bool | None = False

    def __str__(self) -> str:
        return f"{self.word}: {self.name}"


def lies(alter: Alter) -> Callable[[Counter], Peer]:
    """Answers, but says some of it in its own way."""
    return lambda counter: counter.lies(alter)


def alters(make: Callable[[], Alter]) -> Callable[[Counter], Peer]:
    """The same, with something to remember."""
    return lambda counter: counter.lies(make())


def _raw(*acts: Act) -> Callable[[Counter], Peer]:
    def script(_liar: Liar) -> Script:
        yield 0.7  # a link opens first
        yield from acts

    return lambda counter: counter.liar(script, raw=True)


def _writes(make: Callable[[records.Pen], Any]) -> Callable[[Counter], Peer]:
    """Shakes hands, then says below TLS what no decent TLS would."""

    def script(liar: Liar) -> Script:
        yield from make(liar.pen("CLIENT"))

    return lambda counter: counter.liar(script)


def _old(counter: Counter) -> Peer:
    def context(made: SSL.Context) -> None:
        made.set_min_proto_version(SSL.TLS1_2_VERSION)
        made.set_max_proto_version(SSL.TLS1_2_VERSION)

    return counter.liar(silent, tweak=context)


def _stranger(counter: Counter) -> Peer:
    session = Pki.create().session()
    return counter.liar(silent, Identity(session.link_chain, session.link_key))


def _docks_key(counter: Counter) -> Peer:
    return counter.liar(silent, Identity(counter.pki.dock.chain, counter.pki.dock.key))


def _lone_device(counter: Counter) -> Peer:
    return counter.liar(silent, Identity(counter.pki.device.chain, counter.pki.device.key))


def _pages(message: Message) -> Message:
    """One entry a page, of as many as the protocol has numbers for."""
    assert isinstance(message, Items)
    return Items(message.items[:1], 1 << 31)


def _nth(kind: type[Message], at: int, message: Message) -> Alter:
    """Another message in place of the ``at``-th of its kind, counted from 0."""
    return edited(kind, lambda _: message, at)


def _clock(utc_ms: int) -> Alter:
    def edit(message: Message) -> Message:
        assert isinstance(message, ClockSet)
        reading = ClockReading(0, utc_ms, "dock")
        return replace(message, before=reading, after=reading)

    return edited(ClockSet, edit)


def _hello(**changes: Any) -> Alter:
    return edited(Hello, lambda message: replace(message, **changes))  # type: ignore[type-var]  # all messages are dataclasses


def _facts(**changes: Any) -> Alter:
    def alter(message: Message, data: bytes) -> bytes:
        if isinstance(message, Hello | Pong):
            return encode(replace(message, facts=replace(message.facts, **changes)))
        return data

    return alter


def _twice(message: Message) -> Message:
    """Lists the first entry two times."""
    assert isinstance(message, Items)
    return Items((*message.items[:1], *message.items), len(message.items) + 1)


def _without_end(message: Message, data: bytes) -> bytes | list[Act]:
    """Says a file byte by byte, and one drop at a time."""
    if isinstance(message, Data) and len(message.data) > 1000:
        drops: list[Act] = [piece for byte in message.data[:8] for piece in (encode(Data(bytes((byte,)))), 4.0)]
        return [*drops, 100.0]
    return data


def _busy(counter: Counter) -> Alter:
    """Says for a minute that it records, whatever it is asked."""
    begun = counter.shelf.clock.now_ns

    def alter(message: Message, data: bytes) -> bytes:
        busy = counter.shelf.clock.now_ns < begun + 60 * NANO
        if isinstance(message, Pong):
            return encode(Pong(message.facts, busy))
        return encode(Busy("recording")) if busy and not isinstance(message, Hello | ClockSet) else data

    return alter


FILE = FileEntry("00000001.jwsl", LARGEST)
MANIFEST = FileEntry("manifest.jws", LARGEST)
LINES: tuple[Row, ...] = (
    Row("truncates", "hangs up at once", lambda _: Babble((), hangs_up=True), None),
    Row("floods", "garbage where a link should open", lambda _: Babble([(second / 10, bytes(range(1, 256)) * 200) for second in range(100)], hangs_up=True), None, serial=True),
    Row("floods", "a handshake that does not end", _raw(Flood(lambda: clear_record(22, b"\x01\x00\x40\x00" + bytes(1000)), 100_000, 40.0, below=True)), Kind.REFUSED, "TLS: ", serial=None),
    Row("floods", "key updates", _writes(lambda pen: [Flood(pen.key_update, 1_000, 40.0, below=True)]), Kind.LOST, STALLED, serial=None),
    Row("floods", "empty records", _writes(lambda pen: [Flood(lambda: pen.record(23, b""), 20_000, 20.0, below=True)]), Kind.REFUSED, "TLS: "),
    Row("lengths of 4 GiB", "a handshake message of 16 MiB, TLS's longest", _raw(Below(clear_record(22, b"\x01\xff\xff\xff" + bytes(500)))), Kind.REFUSED, "TLS: "),
    Row("lengths of 4 GiB", "a record longer than TLS has", _raw(Below(b"\x16\x03\x03\xff\xff" + bytes(70_000))), Kind.REFUSED, "TLS: "),
    Row("stalls", "contact, and nothing else, as a camera that rests", lambda _: Babble(()), None),
    Row("stalls", "in the middle of the handshake", _raw(Below(b"\x16\x03\x01")), Kind.REFUSED, "no handshake in time"),
    Row("stalls", "a link that opens, and no TLS", _raw(), Kind.REFUSED, "no handshake in time", serial=True),
    Row("stalls", "after the handshake", lambda counter: counter.liar(silent), Kind.LOST, STALLED, serial=None),
    Row("changes its certificate", "shakes hands again", _writes(lambda pen: [Below(pen.record(22, records.CLIENT_HELLO))]), Kind.REFUSED, "TLS: .*unexpected"),
    Row("changes its certificate", "shows another certificate", _writes(lambda pen: [Below(pen.record(22, records.CERTIFICATE))]), Kind.REFUSED, "TLS: .*unexpected"),
    Row("downgrades", "to TLS 1.2", _old, Kind.REFUSED, "TLS: .*(version|protocol)", serial=None),
    Row("downgrades", "to the web", _raw(Below(b"GET / HTTP/1.1\r\n\r\n" * 9)), Kind.REFUSED, "TLS: "),
    Row("is another", "of another authority, with the same names", _stranger, Kind.REFUSED, "device-ca", serial=None),
    Row("is another", "a dock", _docks_key, Kind.REFUSED, "2 certificates"),
    Row("is another", "a device's key without a session's", _lone_device, Kind.REFUSED, "2 certificates"),
)  # fmt: skip
TALKS: tuple[Row, ...] = (
    Row("truncates", "a message that breaks off", lies(instead(Items, encode(Stored("0" * 64))[:2], 100.0)), Kind.LOST, STALLED),
    Row("truncates", "a file that ends too early", alters(lambda: instead(Data, encode(End("0" * 64)))), Kind.REFUSED, "0 of"),
    Row("truncates", "hangs up in the middle of a file", alters(lambda: instead(Data, b"\x0b\x00\x00\x10\x00abc", HangUp())), None),
    Row("repeats", "Hello", alters(lambda: instead(ClockSet, said(Hello, b"{}"))), Kind.REFUSED, "cannot say Hello"),
    Row("repeats", "what a file holds", lies(lambda message, data: data * 2 if isinstance(message, Data) else data), Kind.REFUSED, "more than"),
    Row("repeats", "a recording in its list", lies(edited(Items, _twice)), Kind.REJECTED, "of this session", receipts=2),
    Row("reorders", "an answer before the question", alters(lambda: instead(Hello, encode(Items((), 0)))), Kind.REFUSED, "cannot say Items"),
    Row("reorders", "says what only a dock says", alters(lambda: instead(Items, encode(Bye()))), Kind.REFUSED, "cannot say Bye"),
    Row("floods", "bytes without bytes", alters(lambda: instead(Data, *[encode(Data(b""))] * 50)), Kind.REFUSED, "Data: no bytes"),
    Row("floods", "answers that nobody asked for", alters(lambda: instead(Items, encode(Items((), 0)) * 5000)), Kind.REFUSED, "cannot say Items"),
    Row("floods", "lists without end, an entry a page", lies(edited(Items, _pages)), Kind.REFUSED, "a page of"),
    Row("floods", "a file drop by drop, then none", lies(_without_end), Kind.LOST, STALLED, seconds=80.0),
    Row("lengths of 4 GiB", "Hello", alters(lambda: instead(Hello, b"\x01" + HEAD)), Kind.REFUSED, "4294967295 bytes"),
    Row("lengths of 4 GiB", "Data", alters(lambda: instead(Data, b"\x0b" + HEAD)), Kind.REFUSED, "4294967295 bytes"),
    Row("lengths of 4 GiB", "last words", alters(lambda: instead(Items, b"\x15" + HEAD)), Kind.REFUSED, "4294967295 bytes"),
    Row("lengths of 4 GiB", "a manifest of 8 PiB", alters(lambda: _nth(Files, 3, Files((MANIFEST,), 1))), Kind.REJECTED, "manifest.jws: 9007199254740991 bytes"),
    Row("lengths of 4 GiB", "a log of 8 PiB", alters(lambda: _nth(Files, 1, Files((FILE,), 1))), Kind.REJECTED, "no file of a log has more", receipts=1),
    Row("stalls", "where Hello is due", alters(lambda: instead(Hello, 100.0)), Kind.LOST, STALLED),
    Row("stalls", "in the middle of a file", alters(lambda: instead(Data, 100.0)), Kind.LOST, STALLED),
    Row("answers for another device", "another name than its certificate's", lies(_facts(device="cam-2")), Kind.REFUSED, "its certificate says cam-1"),
    Row("answers for another device", "another card of this camera, which its volume.jws is not", lies(_facts(volume="f" * 32)), Kind.REJECTED, "another one"),
    Row("answers for another device", "a boot that was countersigned before", lies(_facts(boot=1, audit=AuditHead(1, "0" * 64))), Kind.CONFLICT, "countersigned"),
    Row("answers for another device", "a proof that another key made", lies(_hello(proof="3045" * 18)), Kind.REFUSED, "device key"),
    Row("lies about receipts", "says that it stored something else", lies(edited(Stored, lambda _: Stored("0" * 64))), Kind.REFUSED, "stored something else", receipts=1),
    Row("lies about receipts", "refuses all of them", lies(lambda message, data: encode(Refused("evidence", "no")) if isinstance(message, Stored) else data), Kind.REJECTED, "no", receipts=1),
    Row("impossible offsets", "more entries than in all", lies(edited(Items, lambda message: replace(message, total=1))), Kind.REFUSED, "a page of"),  # type: ignore[type-var]  # all messages are dataclasses
    Row("impossible offsets", "a page of nothing, and more to come", lies(edited(Items, lambda _: Items((), 5))), Kind.REFUSED, "a page of 0"),
    Row("impossible offsets", "no file of its log", alters(lambda: _nth(Files, 1, Files((), 0))), Kind.REJECTED, "lists no file", receipts=1),
    Row("lies about the clock", "by eight thousand years", lies(_clock(253_402_300_799_999)), Kind.CLOCK, receipts=1),
    Row("lies about the clock", "before the flood", lies(_clock(-LARGEST)), Kind.CLOCK, receipts=1),
    Row("downgrades", "to version 0", alters(lambda: instead(Hello, said(Hello, b'{"versions":[0]}'))), Kind.REFUSED, "missing|versions"),
    Row("downgrades", "to version 255 alone", lies(_hello(versions=(255,))), Kind.REFUSED, "versions"),
    Row("gives up", "each time", alters(lambda: instead(Items, encode(Error("internal", "no")))), Kind.REFUSED, "gave up: no"),
    Row("gives up", "is busy whatever it is asked, for a minute", lambda counter: counter.lies(_busy(counter)), Kind.WAITING, seconds=70.0, receipts=1),
)  # fmt: skip
