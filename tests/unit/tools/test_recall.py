"""Recalling a camera from the desk: the papers, who signs them, and the dock that hands them on and does not have the camera handed out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firmware.evidence import jws
from firmware.evidence.certs import Trust
from firmware.evidence.kinds import CONSENT, RECALL, RELEASE
from firmware.evidence.recall import verify_order
from tests.docking import DOCK_UTC_MS, MemoryShelf, camera, desk, visit
from tests.pki import Pki
from tests.sim.test_recall import LOST, recall, signed, words_for
from tests.unit.tools.test_provision import Run, lapel
from tools.dock.events import DockEvent, Kind
from tools.dock.face.board import Board
from tools.dock.orders import Orders, standing
from tools.provision import Authority, ProvisionError, create_authority, enrol_device, enrol_dock
from tools.provision.enrol import enrol_release
from tools.provision.recalls import ReleaseSigner, release
from tools.provision.recalls import recall as recall_camera

__all__ = ["lapel"]
NOW_MS = 1_790_000_000_000


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority with a camera, two docks and a release signer."""
    made = create_authority(tmp_path / "authority", "Test")
    made = enrol_device(made, "cam-1", tmp_path / "cam-1")
    for name in ("dock-1", "dock-2"):
        made = enrol_dock(made, name, tmp_path / name)
    return enrol_release(made, "person-2", tmp_path / "person-2")


def papers(dock: Path, authority: Authority) -> dict[str, jws.Signed]:
    """What lies in a dock's directory about the camera, verified as the camera does."""
    trust = Trust.load(authority.root_pem)
    found = {}
    for path in sorted((dock / "orders" / "cam-1").iterdir()):
        kind, paper = verify_order(jws.from_file(path.read_bytes()), trust, device="cam-1")
        found[kind.typ] = paper
    return found


def test_whole_way(authority: Authority, tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Recalled at two docks, released by the authority, consented to by somebody else: each command says what is still missing."""
    home, dock, other = authority.directory, tmp_path / "dock-1", tmp_path / "dock-2"
    assert lapel("recall", "cam-1", "--authority", home, "--into", dock, "--into", other, "--reason", "lost") == 0
    assert "records nothing more once it was docked" in capsys.readouterr().out
    assert set(papers(dock, authority)) == {RECALL.typ}
    assert (dock / "orders/cam-1/recall.jws").read_bytes() == (other / "orders/cam-1/recall.jws").read_bytes()
    assert lapel("release", "cam-1", "--authority", home, "--into", dock) == 0
    assert "once a release signer consents" in capsys.readouterr().out
    assert lapel("consent", "cam-1", "--signer", tmp_path / "person-2", "--into", dock) == 0
    found = papers(dock, authority)
    assert {each.payload.get("recall", "") for each in found.values()} == {"", found[RECALL.typ].hash}
    assert found[RELEASE.typ].chain.leaf.role == "settings"
    assert found[CONSENT.typ].chain.leaf.role == "release"
    assert not list(home.glob("*release*")), "the authority does not hold the second signer's key"


def test_the_same_recall_goes_to_further_docks(authority: Authority, tmp_path: Path) -> None:
    """While it stands there is one; the next one after a release is another, and forgets what undid the first."""
    dock, other = tmp_path / "dock-1", tmp_path / "dock-2"
    first = recall_camera(authority, "cam-1", [dock], "lost", NOW_MS)
    assert recall_camera(authority, "cam-1", [other], "lost", NOW_MS + 5).hash == first.hash
    release(authority, "cam-1", [dock], NOW_MS + 6)
    ReleaseSigner.open(tmp_path / "person-2").consent("cam-1", [dock], NOW_MS + 7)
    again = recall_camera(authority, "cam-1", [dock], "stolen", NOW_MS + 8)
    assert again.hash != first.hash
    assert set(papers(dock, authority)) == {RECALL.typ}


def test_what_cannot_be_done(authority: Authority, tmp_path: Path) -> None:
    """A camera that nobody enrolled, one that was not recalled, no dock, no signer, a signer of another key: said, and nothing written."""
    dock, person = tmp_path / "dock-1", tmp_path / "person-2"
    for action, says in (
        (lambda: recall_camera(authority, "cam-9", [dock], "lost", NOW_MS), "was never enrolled"),
        (lambda: release(authority, "cam-1", [dock], NOW_MS), "was never recalled"),
        (lambda: recall_camera(authority, "cam-1", [person], "lost", NOW_MS), r"has no dock\.crt\.pem"),
        (lambda: recall_camera(authority, "cam-1", [dock], "a\nb", NOW_MS), "cannot be signed"),
        (lambda: ReleaseSigner.open(dock), "is no release signer"),
        (lambda: ReleaseSigner.open(person).consent("cam-1", [dock], NOW_MS), "was cam-1 recalled there"),
    ):
        with pytest.raises(ProvisionError, match=says):
            action()
    assert not (dock / "orders").exists()
    enrol_release(authority, "person-3", tmp_path / "person-3")
    shutil.copy(tmp_path / "person-3" / "release.key.pem", person / "release.key.pem")
    with pytest.raises(ProvisionError, match="is not the key of"):
        ReleaseSigner.open(person)


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with a recording."""
    shelf = camera(pki)
    shelf.record(1)
    return shelf


def put(orders: Path, **lines: bytes) -> Orders:
    """Papers in a dock's directory."""
    at = orders / "cam-1"
    at.mkdir(parents=True, exist_ok=True)
    for name, line in lines.items():
        (at / f"{name}.jws").write_bytes(line + b"\n")
    return Orders(orders)


def verdict(events: list[DockEvent]) -> str:
    """What the gate says of the slot."""
    board = Board()
    for event in events:
        board.hear(DockEvent(event.kind, event.device, event.facts, "1", DOCK_UTC_MS))
    return board.verdict("1").text


def test_a_dock_hands_it_on_and_takes_all_that_the_camera_holds(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The recall comes before the recordings, which are taken over all the same; the camera is not to be taken out."""
    line = recall_of(pki)
    at, events = desk(pki, tmp_path / "store", orders=put(tmp_path / "orders", recall=line))
    visit(shelf, at)
    assert [each.hash for each in shelf.orders] == [jws.line_hash(line)]
    assert set(shelf.receipts) == {1}
    told = [event.facts for event in events if event.kind is Kind.ORDER]
    assert [(facts["order"], facts["taken"], facts["recalled"]) for facts in told] == [("recall", True, True)]
    assert "recalled: it records nothing" in verdict(events)


def recall_of(pki: Pki) -> bytes:
    """A recall by this authority."""
    return signed(RECALL, pki.settings, **LOST)


def undone(pki: Pki, line: bytes) -> tuple[bytes, bytes]:
    """What undoes it."""
    facts: dict[str, object] = {"device": "cam-1", "recall": jws.line_hash(line), "utc_ms": 1}
    return signed(RELEASE, pki.settings, **facts), signed(CONSENT, pki.release, **facts)


def test_with_both_words_it_may_be_taken(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """In the order in which a camera needs them: the recall first."""
    line = recall_of(pki)
    first, second = undone(pki, line)
    at, events = desk(
        pki, tmp_path / "store", orders=put(tmp_path / "orders", recall=line, consent=second, release=first)
    )
    visit(shelf, at)
    assert [each.typ for each in shelf.orders] == [RECALL.typ, RELEASE.typ, CONSENT.typ]
    assert "recalled" not in verdict(events)
    assert standing({RECALL: shelf.orders[0], RELEASE: shelf.orders[1]}) is shelf.orders[0]


def test_a_recall_that_comes_while_the_camera_rests(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Nobody has to take the camera out and put it in again; it is said once."""
    orders = put(tmp_path / "orders")
    at, _ = desk(pki, tmp_path / "store", stay=True, orders=orders)
    hello, seen = shelf.hello, 0

    def later() -> object:
        nonlocal seen
        seen += 1
        if seen == 8:
            put(tmp_path / "orders", recall=recall_of(pki))
        return hello()

    shelf.hello = later  # type: ignore[method-assign, assignment]  # in its place for this test
    visit(shelf, at, seconds=200)
    assert [each.typ for each in shelf.orders] == [RECALL.typ]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"recall": b"rot"}, "recall.jws: "),
        ({"recall": recall()}, "recall.jws: "),
        ({"release": b"x" * 5_000_000}, "release.jws: "),
        ({"consent": words_for(recall())[0]}, "consent.jws: "),
    ],
)
def test_papers_that_are_of_no_use_are_told_once(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    """Rot, another authority's, too long: the dock says so, and takes over what there is."""
    at, events = desk(pki, tmp_path / "store", orders=put(tmp_path / "orders", **files))
    visit(shelf, at)
    told = [event.text for event in events if event.kind is Kind.REJECTED]
    assert [text.startswith(says) for text in told] == [True]
    assert shelf.orders == []
    assert set(shelf.receipts) == {1}


def test_a_paper_under_another_name(pki: Pki, tmp_path: Path) -> None:
    """A consent that lies where the release belongs is not two."""
    line = recall_of(pki)
    found, troubles = put(tmp_path, recall=line, release=undone(pki, line)[1]).about("cam-1", pki.trust)
    assert set(found) == {RECALL}
    assert troubles == ["release.jws: is a lapel.consent.1"]


def test_a_camera_that_declines(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """It has a newer one, say: told, once, and the rest goes on."""
    shelf.order = shelf.settings  # type: ignore[method-assign]  # in its place for this test
    at, events = desk(pki, tmp_path / "store", orders=put(tmp_path / "orders", recall=recall_of(pki)))
    visit(shelf, at)
    assert [event.facts["taken"] for event in events if event.kind is Kind.ORDER] == [False]
    assert set(shelf.receipts) == {1}
