"""The camera's answers, against a shelf in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.errors import LocalProtocolError, RemoteProtocolError
from firmware.dock.messages import (
    BULK,
    CHUNK,
    PAGE,
    AnchorLine,
    AssignmentLine,
    Busy,
    Bye,
    ClockSet,
    Conflict,
    Data,
    End,
    Files,
    Get,
    Hello,
    Items,
    ListFiles,
    ListItems,
    Message,
    Ping,
    Pong,
    ReceiptLine,
    Refused,
    SettingsLine,
    Stored,
    Welcome,
)
from firmware.dock.service import MOST_OFFENCES, Service
from firmware.dock.shelf import Item
from firmware.dock.wire import encode
from firmware.evidence import documents, jws
from firmware.evidence.kinds import ANCHOR, ASSIGNMENT, BUNDLE, RECEIPT, SETTINGS
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.receipt import receipt_facts
from firmware.evidence.roles import Role
from firmware.runtime.intake import PIECE
from tests import samples
from tests.docking import DOCK_UTC_MS, VOLUME, MemoryShelf, camera
from tests.pki import Pki

NONCE = "ab" * 16


class Busyness:
    """Whether a recording is being made."""

    on = False

    def __call__(self) -> bool:
        """Now."""
        return self.on


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2, (200_000,))
    return shelf


@pytest.fixture
def busy() -> Busyness:
    """Nobody records."""
    return Busyness()


@pytest.fixture
def service(shelf: MemoryShelf, busy: Busyness) -> Service:
    """The service, with stock taken."""
    service = Service(shelf, "dock-1", NONCE, busy)
    list(service.answer(ListItems(0)))
    return service


def say(service: Service, request: Message) -> list[Message]:
    """The answers that say something; each can be sent."""
    answers = [answer for answer in service.answer(request) if answer is not None]
    for answer in answers:
        encode(answer)
    return answers


def only(answers: list[Message]) -> Message:
    """The one answer."""
    (answer,) = answers
    return answer


def test_greeting(service: Service, shelf: MemoryShelf) -> None:
    """The greeting holds the facts, the nonce and the proof."""
    assert service.greeting(b"\x30\x45" * 8) == Hello((1,), shelf.hello(), NONCE, "3045" * 8)


def test_welcome_sets_the_clock(service: Service, shelf: MemoryShelf) -> None:
    """The clock is set by the rule, and reported before and after."""
    answer = only(say(service, Welcome(1, "dock-1", DOCK_UTC_MS + 5000, None)))
    assert isinstance(answer, ClockSet)
    assert answer.taken
    assert answer.after.utc_ms - answer.before.utc_ms == 5000
    assert (answer.before.quality, answer.after.quality) == ("rtc", "dock")


def test_welcome_refuses_a_leap(service: Service, shelf: MemoryShelf) -> None:
    """A leap of a year is not taken, and the clock stays."""
    answer = only(say(service, Welcome(1, "dock-1", DOCK_UTC_MS + 365 * 86_400_000, None)))
    assert isinstance(answer, ClockSet)
    assert not answer.taken
    assert answer.before == answer.after


def test_welcome_with_a_broken_clock(service: Service, shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that cannot be set is reported, and stops nothing."""

    def broken(utc_ms: int, source: str) -> None:
        raise OSError(f"no clock for {utc_ms} {source}")

    monkeypatch.setattr(shelf, "set_clock", broken)
    answer = only(say(service, Welcome(1, "dock-1", DOCK_UTC_MS, None)))
    assert isinstance(answer, ClockSet)
    assert not answer.taken
    assert "no clock" in answer.reason


def test_a_token_that_is_refused_is_named_and_noted(service: Service, shelf: MemoryShelf) -> None:
    """In the answer and in the log; the clock stays, and the session goes on."""
    for token, why in (("AAAA", "line: 1 parts"), ("MAAA", "time stamp"), ("A", "base64"), ("AB==", "one spelling")):
        answer = only(say(service, Welcome(1, "dock-1", DOCK_UTC_MS + 5000, token)))
        assert isinstance(answer, ClockSet)
        assert (answer.taken, answer.before) == (False, answer.after)
        assert answer.reason.startswith("its token is refused: ")
        assert why in answer.reason
        assert shelf.events[-1] == ("dock-1", f"clock kept: {answer.reason}")
    assert isinstance(only(say(service, ListItems(0))), Items)


@pytest.mark.parametrize(
    ("welcome", "code"), [(Welcome(2, "dock-1", 0, None), "version"), (Welcome(1, "dock-2", 0, None), "name")]
)
def test_welcome_of_another(service: Service, welcome: Welcome, code: str) -> None:
    """A version that was not offered, or a name that the certificate does not have, is the dock's fault."""
    with pytest.raises(RemoteProtocolError) as caught:
        say(service, welcome)
    assert caught.value.code == code


def test_lists(service: Service, shelf: MemoryShelf) -> None:
    """Items come in the shelf's order, files with their lengths."""
    items = only(say(service, ListItems(0)))
    assert isinstance(items, Items)
    assert [item.name for item in items.items] == ["00000002", "00000001", "audit", "volume"]
    files = only(say(service, ListFiles("00000001", 0)))
    assert isinstance(files, Files)
    assert {file.name: file.length for file in files.files} == {n: len(d) for n, d in shelf.recordings[1].items()}


def test_pages(busy: Busyness, shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long lists come in pages of one stock, whatever happens meanwhile."""
    names = tuple((f"{index:06d}.mp4.age", 1) for index in range(600))
    stock = [Item("recording", f"{number:08d}", False, names) for number in range(1, 700)]
    monkeypatch.setattr(shelf, "items", lambda: stock)
    service = Service(shelf, "dock-1", NONCE, busy)
    seen: list[str] = []
    while True:
        page = only(say(service, ListItems(len(seen))))
        assert isinstance(page, Items)
        assert len(page.items) <= PAGE
        seen += [item.name for item in page.items]
        stock.clear()
        if len(seen) == page.total:
            break
    assert len(seen) == 699
    files = only(say(service, ListFiles("00000001", 512)))
    assert isinstance(files, Files)
    assert (len(files.files), files.total) == (88, 600)
    assert only(say(service, ListFiles("00000001", 9999))) == Files((), 600)


@pytest.mark.parametrize("offset", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 150_000, 200_000])
def test_get(service: Service, shelf: MemoryShelf, offset: int) -> None:
    """From any offset on come exactly the rest of the bytes, then the hash of the whole."""
    data = shelf.recordings[2]["000000.mp4.age"]
    *parts, end = say(service, Get("00000002", "000000.mp4.age", offset, len(data)))
    assert b"".join(part.data for part in parts if isinstance(part, Data)) == data[offset:]
    assert all(isinstance(part, Data) and 0 < len(part.data) <= CHUNK for part in parts)
    assert end == End(hashlib.sha256(data).hexdigest())


def test_get_in_bulk(shelf: MemoryShelf, busy: Busyness) -> None:
    """On a stream the pieces grow, but only behind those that a break would cost less of."""
    service = Service(shelf, "dock-1", "0" * 32, busy, bulk=BULK)
    say(service, ListItems(0))
    data = shelf.recordings[2]["000000.mp4.age"]
    *parts, end = say(service, Get("00000002", "000000.mp4.age", 70_000, len(data)))
    assert [len(part.data) for part in parts if isinstance(part, Data)] == [CHUNK] * 4 + [200_000 - 70_000 - 4 * CHUNK]
    assert end == End(hashlib.sha256(data).hexdigest())
    assert len(encode(Data(bytes(BULK)))) == 4 * 16_384, "they fill whole TLS records"


def test_get_what_a_manifest_signs(service: Service, shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of a whole file that a manifest signs is said as it is signed: nothing is read but what is said.  For a part it says nothing."""
    item, file = "00000002", "000000.mp4.age"
    data = shelf.recordings[2][file]
    shelf.hashes[item, file] = "5" * 64
    read, places = shelf.read, []

    def watched(item: str, file: str, offset: int, size: int) -> bytes:
        places.append(offset)
        return read(item, file, offset, size)

    monkeypatch.setattr(shelf, "read", watched)
    *parts, end = say(service, Get(item, file, 150_000, len(data)))
    assert b"".join(part.data for part in parts if isinstance(part, Data)) == data[150_000:]
    assert end == End("5" * 64)
    assert min(places) == 150_000
    assert say(service, Get(item, file, 990, 1000))[-1] == End(hashlib.sha256(data[:1000]).hexdigest())


def test_get_part(service: Service, shelf: MemoryShelf) -> None:
    """Less than the whole can be asked for: its hash is of that part."""
    data = shelf.recordings[2]["000000.mp4.age"][:1000]
    assert say(service, Get("00000002", "000000.mp4.age", 990, 1000)) == [
        Data(data[990:]),
        End(hashlib.sha256(data).hexdigest()),
    ]


@pytest.mark.parametrize(
    ("get", "code"),
    [
        (Get("00000009", "000000.mp4.age", 0, 1), "evidence"),
        (Get("00000001", "000009.mp4.age", 0, 1), "unknown"),
        (Get("00000001", "volume.jws", 0, 1), "unknown"),
        (Get("00000001", "000000.mp4.age", 0, 70_001), "range"),
        (Get("00000001", "000000.mp4.age", 2**50, 2**51), "range"),
        (Get("00000001", "000000.mp4.age", 9, 8), "range"),
    ],
)
def test_get_what_is_not_there(service: Service, get: Get, code: str) -> None:
    """What was not listed is refused, in words, and the session goes on."""
    answer = only(say(service, get))
    assert isinstance(answer, Refused)
    assert answer.code == code
    assert len(say(service, Ping())) == 1


def test_get_with_trouble(service: Service, shelf: MemoryShelf) -> None:
    """A storage that fails, and a file that shrank, are told."""
    shelf.trouble = OSError("no medium\nfound")
    assert only(say(service, Get("00000001", "000000.mp4.age", 0, 70_000))) == Refused("storage", "no medium?found")
    shelf.trouble = None
    shelf.recordings[1]["000000.mp4.age"] = b"x" * 100
    *_, last = say(service, Get("00000001", "000000.mp4.age", 0, 70_000))
    assert last == Refused("changed", "000000.mp4.age ends at 100")


def test_long_prefix_lets_others_work(service: Service) -> None:
    """While only the hash is being made, the service says that it is at work."""
    answers = list(service.answer(Get("00000002", "000000.mp4.age", 199_000, 200_000)))
    assert answers.count(None) == -(-199_000 // CHUNK)


def test_a_press_stops_an_answer(service: Service, busy: Busyness) -> None:
    """When a recording begins, the file breaks off with ``Busy``; other requests are answered so, pings as ever."""
    answers: Iterator[Message | None] = service.answer(Get("00000002", "000000.mp4.age", 0, 200_000))
    assert isinstance(next(answers), Data)
    busy.on = True
    assert isinstance(next(answers), Busy)
    assert list(answers) == []
    for request in (ListItems(0), ListFiles("audit", 0), ReceiptLine(b"a.b.c"), Get("audit", "00000001.jwsl", 0, 1)):
        assert isinstance(only(say(service, request)), Busy)
    pong = only(say(service, Ping()))
    assert isinstance(pong, Pong)
    assert pong.busy
    assert isinstance(only(say(service, Welcome(1, "dock-1", DOCK_UTC_MS, None))), ClockSet)


def test_bye_has_no_answer(service: Service) -> None:
    """Nothing is said to a goodbye."""
    assert say(service, Bye()) == []


def test_no_request(service: Service) -> None:
    """What is no request is this program's mistake."""
    with pytest.raises(LocalProtocolError):
        say(service, Busy(""))


def receipt(pki: Pki, shelf: MemoryShelf, **changes: object) -> bytes:
    """A dock's receipt for recording 1."""
    manifest = verify_manifest(jws.from_file(shelf.recordings[1]["manifest.jws"]), shelf.trust)
    facts = {"dock": "dock-1", "store": "store-1", "utc_ms": DOCK_UTC_MS, "nonce": NONCE}
    payload = {**receipt_facts(manifest), **facts, **changes}
    return documents.sign(RECEIPT, payload, pki.dock.sign, pki.dock.chain.ders)


def test_receipt(pki: Pki, service: Service, shelf: MemoryShelf) -> None:
    """A receipt that holds is stored, and answered with its hash."""
    line = receipt(pki, shelf)
    assert only(say(service, ReceiptLine(line))) == Stored(jws.line_hash(line))
    assert shelf.receipts == {1: line}


def test_bad_receipts(pki: Pki, rogue: Pki, service: Service, shelf: MemoryShelf) -> None:
    """Replayed, foreign, partial, forged and garbled receipts are refused and erase nothing."""
    good = receipt(pki, shelf)
    files = receipt_facts(verify_manifest(jws.from_file(shelf.recordings[1]["manifest.jws"]), pki.trust))["files"]
    bad = [
        receipt(pki, shelf, nonce="cd" * 16),
        receipt(pki, shelf, device="cam-2"),
        receipt(pki, shelf, number=2),
        receipt(pki, shelf, number=99),
        receipt(pki, shelf, files=files[1:]),
        receipt(rogue, shelf),
        good[:-4] + b"AAAA",
        documents.sign(ASSIGNMENT, {"device": "cam-1", "shift": "1", "utc_ms": 0}, pki.dock.sign, pki.dock.chain.ders),
        b"",
        b"a.b.c",
        good + b"\n",
    ]
    for line in bad:
        answer = only(say(service, ReceiptLine(line)))
        assert isinstance(answer, Refused), line
        assert answer.code == "evidence"
    shelf.erase()
    assert set(shelf.recordings) == {1, 2}


def test_what_does_not_hold_is_noted(pki: Pki, rogue: Pki, service: Service, shelf: MemoryShelf) -> None:
    """Each signed line that is refused leaves its reason in the audit log; questions that are refused leave nothing."""
    say(service, ReceiptLine(receipt(rogue, shelf)))
    say(service, AssignmentLine(b"a.b.c"))
    say(service, Get("00000001", "000000.mp4.age", 0, 2**50))
    say(service, ListFiles("00000009", 0))
    assert [dock for dock, _ in shelf.events] == ["dock-1", "dock-1"]
    assert "ReceiptLine refused: " in shelf.events[0][1]
    assert "dock-ca" in shelf.events[0][1]
    assert shelf.events[1][1].startswith("AssignmentLine refused: header")


@pytest.mark.parametrize("request_", [ReceiptLine(b"a.b.c"), Conflict("another log")])
def test_what_does_not_hold_ends_somewhere(service: Service, shelf: MemoryShelf, request_: Message) -> None:
    """Whoever has a dock's key fills no card with lines of the log."""
    for _ in range(MOST_OFFENCES):
        say(service, request_)
    with pytest.raises(RemoteProtocolError, match="16") as caught:
        say(service, request_)
    assert caught.value.code == "refused"
    assert len(shelf.events) + len(shelf.conflicts) == MOST_OFFENCES


def test_a_refusal_that_cannot_be_noted(service: Service, shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused all the same."""

    def broken(dock: str, outcome: str) -> None:
        raise OSError(f"cannot log {dock} {outcome}")

    monkeypatch.setattr(shelf, "dock_event", broken)
    answer = only(say(service, ReceiptLine(b"a.b.c")))
    assert isinstance(answer, Refused)


def test_one_receipt_a_session(pki: Pki, service: Service, shelf: MemoryShelf) -> None:
    """A second one for the same recording says nothing new, and would take a line of the log each time."""
    say(service, ReceiptLine(receipt(pki, shelf)))
    answer = only(say(service, ReceiptLine(receipt(pki, shelf, utc_ms=DOCK_UTC_MS + 1))))
    assert isinstance(answer, Refused)
    assert "of this session" in answer.text
    again = Service(shelf, "dock-1", NONCE, lambda: False)
    assert isinstance(only(say(again, ReceiptLine(receipt(pki, shelf, utc_ms=DOCK_UTC_MS + 1)))), Stored)


def test_anchor_settings_assignment(pki: Pki, service: Service, shelf: MemoryShelf) -> None:
    """Anchors, settings and assignments are handed to the shelf and answered with their hash, or refused."""
    head = shelf.hello().audit
    payload = {
        "device": "cam-1", "volume": VOLUME, "boot": 1, "number": 2, "audit": {"line": head.line, "head": head.head},
        "dock": "dock-1", "utc_ms": DOCK_UTC_MS, "nonce": NONCE,
    }  # fmt: skip
    recipients = [{"role": role, "age": age} for role, age in zip(("authority", "escrow"), pki.recipients, strict=True)]
    settings = {
        "authority": "Test", "serial": 5, "utc_ms": 0, "recipients": recipients, "revoked": [], "values": {},
    }  # fmt: skip
    anchor = documents.sign(ANCHOR, payload, pki.dock.sign, pki.dock.chain.ders)
    shift = documents.sign(
        ASSIGNMENT, {"device": "cam-1", "shift": "s-1", "utc_ms": 0}, pki.dock.sign, pki.dock.chain.ders
    )
    line = documents.sign(SETTINGS, settings, pki.settings.sign, pki.settings.chain.ders)
    for request in (AnchorLine(anchor), AssignmentLine(shift), SettingsLine(line)):
        assert only(say(service, request)) == Stored(jws.line_hash(request.data))
    assert (shelf.anchors, shelf.assignments, shelf.serial) == ([anchor], ["s-1"], 5)
    stale = only(say(service, SettingsLine(line)))
    assert isinstance(stale, Refused)
    assert "newer" in stale.text
    wrong = documents.sign(ANCHOR, {**payload, "nonce": "00" * 16}, pki.dock.sign, pki.dock.chain.ders)
    assert isinstance(only(say(service, AnchorLine(wrong))), Refused)


def test_receipt_without_a_number(pki: Pki, service: Service) -> None:
    """A signed line that is no receipt does not reach the shelf."""
    line = jws.sign({"number": "1"}, RECEIPT.typ, pki.dock.sign, x5c=pki.dock.chain.ders)
    assert only(say(service, ReceiptLine(line))) == Refused("evidence", "number: missing in the receipt")


def bundle_line(pki: Pki, data: bytes, **changes: object) -> bytes:
    """The paper of a firmware bundle."""
    signer = pki.holder(Role.UPDATE)
    return documents.sign(BUNDLE, samples.bundle(data, **changes), signer.sign, signer.chain.ders)


def test_bundle(pki: Pki, service: Service, shelf: MemoryShelf) -> None:
    """An offer that is wanted, pieces of any size, and in the end the hash of the paper; once more, and it is there already."""
    data = bytes(range(256)) * 600
    line = bundle_line(pki, data)
    assert only(say(service, BundleLine(line))) == Wanted(0)
    assert only(say(service, Piece(data[:1]))) == Taken(1)
    assert only(say(service, Piece(data[1:65_537]))) == Taken(65_537)
    assert only(say(service, BundleLine(line))) == Wanted(65_537)
    assert only(say(service, Piece(data[65_537:]))) == Stored(jws.line_hash(line))
    assert only(say(service, BundleLine(line))) == Stored(jws.line_hash(line))
    assert shelf.hello().update.state == "waiting"


def test_bundle_that_is_not_wanted(pki: Pki, service: Service, shelf: MemoryShelf) -> None:
    """Each refusal has its code, and the session goes on."""
    data = b"firmware"
    dock = documents.sign(BUNDLE, samples.bundle(data), pki.dock.sign, pki.dock.chain.ders)
    for line, code in (
        (bundle_line(pki, data, board="other"), "board"),
        (bundle_line(pki, data, needs=1), "serial"),
        (dock, "evidence"),
        (b"a.b.c", "evidence"),
    ):
        answer = only(say(service, BundleLine(line)))
        assert isinstance(answer, Refused)
        assert answer.code == code
    assert only(say(service, BundleLine(bundle_line(pki, data)))) == Wanted(0)
    answer = only(say(service, Piece(b"firmwarf")))
    assert isinstance(answer, Refused)
    assert answer.code == "hash"
    shelf.config.trouble.fail_writes(on=True)
    answer = only(say(service, BundleLine(bundle_line(pki, data, serial=9))))
    assert isinstance(answer, Refused)
    assert answer.code == "storage"


def test_bundle_yields_to_a_press(pki: Pki, service: Service, busy: Busyness) -> None:
    """A piece that comes while a recording is made is not taken; reading on what was there breaks off for a press, too."""
    data = bytes(range(256)) * (3 * PIECE // 256 + 1)
    line = bundle_line(pki, data)
    say(service, BundleLine(line))
    for at in range(0, 3 * PIECE, 65_536):
        assert only(say(service, Piece(data[at : at + 65_536]))) == Taken(at + 65_536)
    busy.on = True
    assert isinstance(only(say(service, Piece(data[3 * PIECE :]))), Busy)
    busy.on = False
    answers = service.answer(BundleLine(line))
    assert next(answers) is None
    busy.on = True
    assert isinstance(next(answers), Busy)
    assert list(answers) == []
    busy.on = False
    assert list(service.answer(BundleLine(line))) == [None, None, None, Wanted(3 * PIECE)]
    assert only(say(service, Piece(data[3 * PIECE :]))) == Stored(jws.line_hash(line))


def test_two_links_at_once(pki: Pki, busy: Busyness, shelf: MemoryShelf) -> None:
    """Offered over a second link, the first one's pieces are no longer taken, and nothing is mixed up."""
    data = bytes(range(256))
    line = bundle_line(pki, data)
    first, second = (Service(shelf, "dock-1", NONCE, busy) for _ in range(2))
    say(first, BundleLine(line))
    assert only(say(first, Piece(data[:100]))) == Taken(100)
    assert only(say(second, BundleLine(line))) == Wanted(100)
    late = only(say(first, Piece(data[100:200])))
    assert isinstance(late, Refused)
    assert late.code == "waiting"
    assert only(say(second, Piece(data[100:]))) == Stored(jws.line_hash(line))


def test_piece_of_nothing(service: Service) -> None:
    """The table of states lets no piece come unasked; should one, that is this program's mistake."""
    with pytest.raises(LocalProtocolError, match="no bundle"):
        say(service, Piece(b"x"))
