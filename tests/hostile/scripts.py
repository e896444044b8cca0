"""What hostile docks do, each as a way to make one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from OpenSSL import SSL

from firmware.dock.messages import (
    Bye,
    Conflict,
    Get,
    Hello,
    ListItems,
    Message,
    Ping,
    ReceiptLine,
)
from firmware.dock.wire import encode
from firmware.evidence import jws
from firmware.evidence.canonical import BYTES_A_VALUE
from tests.docking import Peer
from tests.hostile.acts import Attempt, ask, greet
from tests.hostile.bench import UTC_MS, Bench
from tests.hostile.peers import Act, Babble, Below, Deaf, Liar, Script
from tests.hostile.records import Pen
from tests.rig import receipt_for


def early(*lines: Act) -> Attempt:
    """Says these instead of Welcome, then nothing more."""

    def script(_liar: Liar) -> Script:
        yield None
        yield from lines

    return lambda bench: bench.liar(script)


def welcomes(**changes: Any) -> Attempt:
    """Says a Welcome that is not honest, and goodbye."""

    def script(_liar: Liar) -> Script:
        yield from greet(**changes)
        yield encode(Bye())

    return lambda bench: bench.liar(script)


def writes(make: Callable[[Pen], Iterable[Act]]) -> Attempt:
    """Once READY, says below TLS what no decent TLS would."""

    def script(liar: Liar) -> Script:
        yield from greet()
        yield from make(liar.pen("SERVER"))

    return lambda bench: bench.liar(script)


def record(kind: int, content: bytes) -> Attempt:
    """The same: one record."""
    return writes(lambda pen: [Below(pen.record(kind, content))])


def asks(*questions: Message) -> Attempt:
    """Takes stock, asks for these, says goodbye."""

    def script(_liar: Liar) -> Script:
        yield from greet()
        yield from ask(ListItems(0))
        for each in questions:
            yield from ask(each)
        yield encode(Bye())

    return lambda bench: bench.liar(script)


def starves(bench: Bench) -> Peer:
    """Asks for a file, and takes nothing of it off the wire."""

    def script(_liar: Liar) -> Script:
        yield from greet()
        yield from ask(ListItems(0))
        size = len(bench.before["00000001"]["journal.jwsl"])
        yield encode(Get("00000001", "journal.jwsl", 0, size))
        yield Deaf()

    return bench.liar(script)


def raw(*acts: Act) -> Attempt:
    """Speaks no TLS at all."""

    def script(_liar: Liar) -> Script:
        yield 0.05  # a link opens first
        yield from acts

    return lambda bench: bench.liar(script, raw=True)


def old(bench: Bench) -> Peer:
    """Speaks TLS 1.2 and nothing newer."""

    def context(made: SSL.Context) -> None:
        made.set_min_proto_version(SSL.TLS1_2_VERSION)
        made.set_max_proto_version(SSL.TLS1_2_VERSION)

    return bench.liar(silent, tweak=context)


def silent(_liar: Liar) -> Script:
    """Says nothing."""
    yield None


def babbles(*lines: tuple[float, bytes], hangs_up: bool = False) -> Attempt:
    """Says bytes on the wire, whatever it hears."""
    return lambda _bench: Babble(lines, hangs_up=hangs_up)


def nested(bench: Bench, _hello: Hello) -> ReceiptLine:
    """A receipt that is nothing but brackets, of which each fills twenty times its room in a parser's memory."""
    head, _, signature = receipt_for(bench.rig, 1).split(b".")
    payload = b'{"number":[' + b",".join([b"[]"] * 140_000) + b"]}"
    return ReceiptLine(b".".join((head, jws.base64url(payload), signature)))


def filled(middle: bytes) -> Callable[[Bench, Hello], ReceiptLine]:
    """A receipt as long as may be, whose ``files`` are this, again and again, and no files."""

    def made(bench: Bench, _hello: Hello) -> ReceiptLine:
        head, _, signature = receipt_for(bench.rig, 1).split(b".")
        room = (jws.PAPER_LIMIT - len(head) - len(signature) - 2) * 3 // 4 - 40
        most = min(room // (len(middle) + 1), (jws.PAPER_LIMIT // BYTES_A_VALUE - 8) // (1 + middle.count(b"{")))
        payload = b'{"files":[' + b",".join([middle] * most) + b'],"number":1}'
        return ReceiptLine(b".".join((head, jws.base64url(payload), signature)))

    return made


def conflicts(_liar: Liar) -> Script:
    """Contests the log a thousand times."""
    yield from greet()
    for index in range(1000):
        yield from ask(Conflict(f"another log, {index}"))


def receipts(bench: Bench) -> Peer:
    """Gives a thousand receipts for one recording, each good, and each another one."""

    def script(_liar: Liar) -> Script:
        hello = yield from greet()
        for index in range(1000):
            yield from ask(ReceiptLine(receipt_for(bench.rig, 2, nonce=hello.nonce, utc_ms=UTC_MS + index)))

    return bench.liar(script)


def alternates(_liar: Liar) -> Script:
    """Seems to fetch, and to rest, again and again."""
    yield from greet()
    yield from ask(ListItems(0))
    yield 11.0
    for _ in range(150):
        yield from ask(Get("audit", "00000001.jwsl", 0, 0))
        yield from ask(Ping())
    yield encode(Bye())


def clear_record(kind: int, content: bytes) -> bytes:
    """A TLS record in the clear."""
    return bytes((kind, 3, 3)) + len(content).to_bytes(2, "big") + content
