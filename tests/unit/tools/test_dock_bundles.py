"""A dock's firmware: what it offers, how it is handed over, and what neither a damaged file nor a lying camera brings about."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.errors import RemoteProtocolError
from firmware.dock.facts import Facts
from firmware.dock.messages import Busy, Message, Ping, Pong, Refused, Stored
from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.jws import line_hash
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.roles import Role
from tests import samples
from tests.docking import MemoryShelf, camera, desk, visit
from tests.pki import Pki
from tests.rig import payload
from tests.unit.dock.samples import FACTS
from tools.dock.conversation import YieldedError
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import SetupError
from tools.dock.updating.bundles import BundleStock, Offer
from tools.dock.updating.handing import PIECE, Handing

DATA = random.Random(7).randbytes(3 * PIECE + 1000)


def put(folder: Path, pki: Pki, data: bytes = DATA, name: str = "lapel.raucb", **changes: Any) -> Path:
    """A bundle with its paper."""
    folder.mkdir(exist_ok=True)
    signer = pki.holder(changes.pop("role", Role.UPDATE))
    line = documents.sign(BUNDLE, samples.bundle(data, **changes), signer.sign, signer.chain.ders)
    (folder / f"{name}.jws").write_bytes(line + b"\n")
    (folder / name).write_bytes(data)
    return folder / name


@pytest.fixture
def troubles() -> list[tuple[str, str]]:
    """What a stock told."""
    return []


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with a recording."""
    shelf = camera(pki)
    shelf.record(1, (2000,))
    return shelf


def stock(folder: Path, troubles: list[tuple[str, str]]) -> BundleStock:
    """A stock that tells its troubles."""
    return BundleStock(folder, lambda name, reason: troubles.append((name, reason)))


def bundle_events(events: list[DockEvent]) -> list[tuple[object, ...]]:
    """What was told of firmware."""
    return [(event.facts["state"], event.facts["serial"]) for event in events if event.kind is Kind.BUNDLE]


def noted(shelf: MemoryShelf) -> list[tuple[str, int]]:
    """What the camera's log says of firmware."""
    lines = [payload(line) for lines in shelf.audit.values() for line in lines]
    return [(each["data"]["state"], each["data"]["serial"]) for each in lines if each["kind"] == "update"]


# -- what is offered


def test_only_what_verifies_is_offered(pki: Pki, tmp_path: Path, troubles: list[tuple[str, str]]) -> None:
    """Each wrong one is told by name, once; the good ones are offered all the same."""
    good = put(tmp_path, pki)
    put(tmp_path, pki, name="by-dock", role=Role.DOCK)
    put(tmp_path, Pki.create(), name="foreign")
    put(tmp_path, pki, name="gone").unlink()
    put(tmp_path, pki, name="shorter").write_bytes(DATA[:-1])
    put(tmp_path, pki, name="other").write_bytes(DATA[:-1] + b"?")
    (tmp_path / "without-lf.jws").write_bytes((tmp_path / "lapel.raucb.jws").read_bytes()[:-1])
    (tmp_path / "long.jws").write_bytes(b"x" * 100_000 + b"\n")
    (tmp_path / "unsigned.raucb").write_bytes(DATA)
    found = stock(tmp_path, troubles)
    for _ in range(3):
        assert [offer.path for offer in found.offers(pki.trust)] == [good]
    told = dict(troubles)
    assert len(troubles) == len(told) == 7
    assert set(told) == {"by-dock", "foreign", "gone", "shorter", "other", "without-lf", "long"}
    assert "No such file" in told["gone"]
    assert "length: the file has" in told["shorter"]
    assert "hash: the file is not" in told["other"]


def test_signer_withdrawn(pki: Pki, tmp_path: Path, troubles: list[tuple[str, str]]) -> None:
    """What a withdrawn update signer signed is no longer offered from the moment the dock knows."""
    put(tmp_path, pki)
    found = stock(tmp_path, troubles)
    assert len(found.offers(pki.trust)) == 1
    revoked = replace(pki.trust, revoked=frozenset({pki.holder(Role.UPDATE).chain.fingerprint}))
    assert found.offers(revoked) == []
    ((name, reason),) = troubles
    assert name == "lapel.raucb"
    assert "withdrawn" in reason


def test_file_that_changes_is_read_again(pki: Pki, tmp_path: Path, troubles: list[tuple[str, str]]) -> None:
    """A file that was replaced is judged anew, told anew, and offered again once it is right; one that stays is not read again."""
    path = put(tmp_path, pki)
    found = stock(tmp_path, troubles)
    assert len(found.offers(pki.trust)) == 1
    path.write_bytes(DATA[::-1])
    os.utime(path, ns=(1, 1))
    assert found.offers(pki.trust) == found.offers(pki.trust) == []
    assert len(troubles) == 1
    path.write_bytes(DATA)
    os.utime(path, ns=(2, 2))
    assert len(found.offers(pki.trust)) == 1
    path.write_bytes(DATA[::-1])
    os.utime(path, ns=(3, 3))
    assert found.offers(pki.trust) == []
    assert len(troubles) == 2


def test_directory_that_is_not_there(tmp_path: Path, pki: Pki, troubles: list[tuple[str, str]]) -> None:
    """At the start that is a mistake, and named; one that vanishes later offers nothing."""
    with pytest.raises(SetupError, match=r"bundles: No such file"):
        stock(tmp_path / "bundles", troubles)
    (tmp_path / "bundles").mkdir()
    found = stock(tmp_path / "bundles", troubles)
    (tmp_path / "bundles").rmdir()
    assert found.offers(pki.trust) == []


# -- whole dockings


def serve(pki: Pki, tmp_path: Path, shelf: MemoryShelf, cut_after: int | None = None) -> list[DockEvent]:
    """One docking at a dock that has what lies in ``tmp_path/bundles``."""
    at, events = desk(pki, tmp_path / "store", bundles=stock(tmp_path / "bundles", []))
    end = visit(shelf, at, cut_after)
    assert end.error is None
    return events


def test_camera_is_brought_up_to_date(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Behind the evidence: offered, sent, taken; the log of it is fetched and countersigned in the same docking."""
    put(tmp_path / "bundles", pki)
    events = serve(pki, tmp_path, shelf)
    assert bundle_events(events) == [("offered", 4), ("taken", 4)]
    order = [event.kind for event in events]
    assert order.index(Kind.RECEIPTED) < order.index(Kind.BUNDLE)
    assert noted(shelf) == [("offered", 4), ("received", 4)]
    (last,) = [event.facts["line"] for event in events if event.kind is Kind.ANCHORED][-1:]
    lines = [payload(line) for lines in shelf.audit.values() for line in lines]
    assert all(each["line"] <= last for each in lines if each["kind"] == "update")
    assert shelf.bundles.step(Event())
    assert shelf.updater.pending()
    assert noted(shelf)[2:] == [("handed-over", 4), ("installed", 4)]
    assert bundle_events(serve(pki, tmp_path, shelf)) == []
    assert shelf.hello().update == replace(shelf.hello().update, serial=4, state="installed")


def test_up_the_steps(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The newest that fits, then the one that needs it, and no other's."""
    for serial, needs in ((2, 0), (5, 0), (9, 5)):
        put(tmp_path / "bundles", pki, DATA[:serial], f"b{serial}", serial=serial, needs=needs)
    put(tmp_path / "bundles", pki, DATA[:99], "other-board", serial=99, board="other")
    taken = []
    for _ in range(4):
        taken += bundle_events(serve(pki, tmp_path, shelf))[-1:]
        shelf.bundles.step(Event())
    assert taken == [("taken", 5), ("taken", 9)]


def test_resumed_after_any_break(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Pulled out again and again, the camera asks for no byte twice but those of a piece that broke off, and gets it whole."""
    put(tmp_path / "bundles", pki)
    begun: list[str] = []
    for cut in (60_000, 90_000, 120_000, 150_000, None):
        at, events = desk(pki, tmp_path / "store", bundles=stock(tmp_path / "bundles", []))
        visit(shelf, at, cut)
        shelf.clock.advance(60)
        begun += [event.text for event in events if event.kind is Kind.BUNDLE and event.facts["state"] == "offered"]
    assert shelf.bundles.step(Event())
    assert shelf.updater.pending()
    assert noted(shelf)[:2] == [("offered", 4), ("received", 4)]
    assert len(begun) > 2


@pytest.mark.parametrize("begin", range(0, 100, 10))
def test_pulled_out_anywhere(pki: Pki, shelf: MemoryShelf, tmp_path: Path, begin: int) -> None:
    """At whichever byte a docking breaks off, the next one brings the camera to the same end, and the updater gets one whole bundle."""
    put(tmp_path / "bundles", pki, DATA[:5000])
    chance = random.Random(begin)
    for _ in range(12):
        at, _ = desk(pki, tmp_path / "store", bundles=stock(tmp_path / "bundles", []))
        visit(shelf, at, chance.randrange(3000, 60_000))
        shelf.clock.advance(60)
        assert not shelf.updater.pending()
    serve(pki, tmp_path, shelf)
    assert shelf.bundles.step(Event())
    assert shelf.updater.pending()
    assert [state for state, _ in noted(shelf)] == ["offered", "received", "handed-over", "installed"]


def test_other_file_than_at_the_start(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that changes while it is being sent reaches no updater: the camera throws it away, twice, and the dock says so."""
    path = put(tmp_path / "bundles", pki)
    at, events = desk(pki, tmp_path / "store", bundles=stock(tmp_path / "bundles", []))
    honest = BundleStock.offers

    def changed(self: BundleStock, trust: Trust) -> list[Offer]:
        found = honest(self, trust)
        path.write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
        return found

    monkeypatch.setattr(BundleStock, "offers", changed)
    visit(shelf, at)
    assert bundle_events(events) == [("offered", 4), ("offered", 4), ("failed", 4)]
    assert not shelf.bundles.step(Event())
    monkeypatch.setattr(
        BundleStock,
        "offers",
        lambda _self, _trust: [replace(each, path=tmp_path / "gone") for each in honest(_self, _trust)],
    )
    path.write_bytes(DATA)
    events.clear()
    visit(shelf, at)
    assert bundle_events(events) == [("failed", 4)]
    assert "cannot be read: No such file" in events[-2].text


def test_declined(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera that does not want it now is left alone, its evidence is not, and the log has one line however often it is asked."""
    put(tmp_path / "bundles", pki)
    shelf.power.put(10)
    for _ in range(3):
        events = serve(pki, tmp_path, shelf)
        assert bundle_events(events) == [("declined", 4)]
        assert "battery" in next(event.text for event in events if event.kind is Kind.BUNDLE)
        assert events[-1].kind is Kind.DONE
    assert noted(shelf) == [("refused", 4)]
    shelf.power.touch(on=True)
    assert bundle_events(serve(pki, tmp_path, shelf)) == [("offered", 4), ("taken", 4)]


def test_camera_that_was_told_who_was_withdrawn(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that does not know yet offers a withdrawn signer's bundle: a camera that knows refuses it, and notes it."""
    put(tmp_path / "bundles", pki)
    shelf.trust = replace(pki.trust, revoked=frozenset({pki.holder(Role.UPDATE).chain.fingerprint}))
    events = serve(pki, tmp_path, shelf)
    assert bundle_events(events) == [("declined", 4)]
    assert noted(shelf) == []
    assert any("BundleLine refused" in outcome and "withdrawn" in outcome for _, outcome in shelf.events)
    assert shelf.receipts


# -- cameras that lie


class Mouth:
    """A camera that answers as it is told; ``said`` is what it heard."""

    def __init__(self, pki: Pki, folder: Path, **changes: Any) -> None:
        self.events: list[tuple[Kind, dict[str, Any]]] = []
        self.said: list[Message] = []
        path = put(folder, pki, **changes)
        self.trust, self.stock = pki.trust, BundleStock(folder, lambda _name, _reason: None)
        (self.offer,) = self.stock.offers(pki.trust)
        assert self.offer.path == path
        self.paper = line_hash(self.offer.bundle.line)

    def hear(self, *answers: Message | Callable[[Message], Message], facts: Facts = FACTS) -> bool:
        """Run the dock's talk against these answers; what it returns."""
        tell = lambda kind, **told: self.events.append((kind, told))  # noqa: E731
        talk = Handing("cam-1", self.stock, tell).talk(self.trust)
        step, due = next(talk), iter(answers)
        try:
            while True:
                assert isinstance(step, Message)
                self.said.append(step)
                answer = Pong(facts, busy=False) if isinstance(step, Ping) else next(due)
                step = talk.send(answer if isinstance(answer, Message) else answer(step))
        except StopIteration as end:
            assert next(due, None) is None
            return bool(end.value)


@pytest.fixture
def mouth(pki: Pki, tmp_path: Path) -> Mouth:
    """A camera at a dock that has one bundle."""
    return Mouth(pki, tmp_path, serial=4)


def test_pieces_are_bounded_and_in_order(mouth: Mouth) -> None:
    """Each piece begins where the camera said; none is larger than the limit; none is said before the one before it was taken."""
    assert mouth.hear(Wanted(10), Taken(10 + PIECE), Taken(10 + 2 * PIECE), Taken(10 + 3 * PIECE), Stored(mouth.paper))
    assert [type(each) for each in mouth.said] == [Ping, BundleLine, *[Piece] * 4]
    pieces = [each.data for each in mouth.said if isinstance(each, Piece)]
    assert b"".join(pieces) == DATA[10:]
    assert {len(piece) for piece in pieces} == {PIECE, len(DATA) - 10 - 3 * PIECE}
    assert [told["state"] for kind, told in mouth.events if kind is Kind.BUNDLE] == ["offered", "taken"]


def test_has_it_already(mouth: Mouth) -> None:
    """Nothing is sent to a camera that has all of it."""
    assert mouth.hear(Stored(mouth.paper))
    assert not any(isinstance(each, Piece) for each in mouth.said)


@pytest.mark.parametrize(
    "answers",
    [
        [Wanted(len(DATA))],
        [Wanted(2**53 - 1)],
        [Taken(0), Taken(0)],
        [Wanted(0), Taken(0)],
        [Wanted(0), Taken(PIECE - 1)],
        [Wanted(0), Taken(PIECE + 1)],
        [Wanted(0), Taken(PIECE), Wanted(0)],
        [Wanted(0), Stored("00" * 32)],
        [Stored("00" * 32)],
        [Pong(FACTS, busy=False)],
    ],
)
def test_impossible_answers(mouth: Mouth, answers: list[Message]) -> None:
    """Offsets that cannot be, hashes of something else, other messages: the camera broke the protocol."""
    with pytest.raises(RemoteProtocolError):
        mouth.hear(*answers)


def test_camera_that_begins_to_record(mouth: Mouth) -> None:
    """It is left alone at once."""
    for answers in ([Busy("recording")], [Wanted(0), Busy("recording")]):
        with pytest.raises(YieldedError):
            mouth.hear(*answers)


@pytest.mark.parametrize("answers", [[Refused("space", "no")], [Wanted(0), Refused("storage", "no")]])
def test_camera_that_refuses(mouth: Mouth, answers: list[Message]) -> None:
    """That is told, and the visit goes on."""
    assert not mouth.hear(*answers)
    assert mouth.events[-1][1]["state"] == "declined"


def test_camera_that_always_finds_it_wrong(mouth: Mouth) -> None:
    """It is sent twice, and not a third time."""
    wrong = Refused("hash", "no")
    assert not mouth.hear(Wanted(3 * PIECE), wrong, Wanted(3 * PIECE), wrong)
    assert mouth.events[-1][1]["state"] == "failed"


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        (replace(FACTS, update=replace(FACTS.update, state="waiting")), False),
        (replace(FACTS, update=replace(FACTS.update, serial=4)), False),
        (replace(FACTS, update=replace(FACTS.update, board="other")), False),
        (FACTS, True),
    ],
)
def test_only_who_can_take_it_is_asked(mouth: Mouth, facts: Facts, asked: bool) -> None:  # noqa: FBT001 - a table
    """A camera for which there is nothing hears of nothing."""
    answers = [Refused("space", "no")] if asked else []
    assert not mouth.hear(*answers, facts=facts)
    assert any(isinstance(each, BundleLine) for each in mouth.said) is asked


@pytest.mark.parametrize(
    ("code", "again"), [("evidence", False), ("failed", False), ("battery", True), ("space", True)]
)
def test_who_does_not_want_it_is_not_asked_again(mouth: Mouth, code: str, again: bool) -> None:  # noqa: FBT001 - a table
    """Each refusal of a paper is a line in the camera's log, which brings the dock back to it: what will be refused again is not offered
    again, to this camera; what may pass, is."""
    for _ in range(3):
        answers = [Refused(code, "no")] if again or not mouth.events else []
        assert not mouth.hear(*answers)
    assert sum(isinstance(each, BundleLine) for each in mouth.said) == (3 if again else 1)
    assert len(mouth.stock.for_camera("cam-2", mouth.trust)) == 1
