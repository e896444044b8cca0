"""Cameras that are not here: when they were, and which of their recordings the store knows of and does not hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.docking import DOCK_UTC_MS, VOLUME, MemoryShelf, camera, desk, visit
from tests.pki import Pki
from tools.dock import durable
from tools.dock.events import Kind
from tools.dock.face.roster import FILE, Known, Undocking, keep_undocking, roster
from tools.dock.store import Store


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with three recordings."""
    shelf = camera(pki)
    for number in (1, 2, 3):
        shelf.record(number)
    return shelf


def known(pki: Pki, store: Path) -> list[Known]:
    """What the store knows."""
    return roster(Store(store), pki.trust)


def test_an_empty_store_knows_nobody(pki: Pki, tmp_path: Path) -> None:
    """Nothing is made up."""
    assert known(pki, tmp_path) == []


def test_a_camera_that_was_emptied(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Here last when it was countersigned, and nothing is missing."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    assert known(pki, tmp_path) == [Known("cam-1", DOCK_UTC_MS, 0)]


@pytest.mark.parametrize("carried", [20_000, 150_000, 250_000, 350_000])
def test_a_camera_that_was_pulled_out(pki: Pki, shelf: MemoryShelf, tmp_path: Path, carried: int) -> None:
    """Its log came first, so that the dock knows of recordings that it did not get."""
    at, events = desk(pki, tmp_path)
    visit(shelf, at, cut_after=carried)
    receipted = sum(event.kind is Kind.RECEIPTED for event in events)
    assert receipted < 3
    missing = [each.missing for each in known(pki, tmp_path)]
    assert missing in ([3 - receipted], [])
    assert missing or carried < 50_000  # before its log arrived nothing is known


def test_what_went_to_another_dock_is_not_missed(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The log names the receipts of that one."""
    elsewhere, _ = desk(pki, tmp_path / "elsewhere")
    visit(shelf, elsewhere)
    shelf.record(4)
    here, _ = desk(pki, tmp_path / "here")
    visit(shelf, here)
    assert [each.missing for each in known(pki, tmp_path / "here")] == [0]
    assert [each.missing for each in known(pki, tmp_path / "elsewhere")] == [0]  # of the fourth it knows nothing


def test_what_the_store_lost_is_missed(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A recording without a receipt is not held, unless the log says that it is over."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    (tmp_path / "cam-1" / VOLUME / "recordings" / "00000002" / "receipt.jws").unlink()
    assert [each.missing for each in known(pki, tmp_path)] == [0]  # the camera's log has its receipt
    (log,) = (tmp_path / "cam-1" / VOLUME / "audit").glob("*.jwsl")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:7]))  # boot, three openings, three closings
    assert [each.missing for each in known(pki, tmp_path)] == [1]


def test_a_log_of_noise_says_nothing(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The roster is told from what can be read."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    folder = tmp_path / "cam-1" / VOLUME
    (folder / "audit" / "00000001.jwsl").write_bytes(b"\0noise\n" + os.urandom(100) + b"\n{}\n")
    (folder / "anchor.jws").write_bytes(b"noise\n")
    (each,) = known(pki, tmp_path)
    assert each.missing == 0


def test_an_undocking_is_kept(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Durable, one line each; the camera was here until then; half a line, from a cut, is none and harms none."""
    at, _ = desk(pki, tmp_path)
    visit(shelf, at)
    store = Store(tmp_path)
    later = Undocking("cam-1", "A1", DOCK_UTC_MS + 5000, early=True, text="too early: battery 3 %", missing=0)
    keep_undocking(store, later)
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"device": "cam-1", "utc')
    keep_undocking(store, Undocking("cam-9", "A2", DOCK_UTC_MS + 9000, early=False, text="ready", missing=0))
    assert known(pki, tmp_path) == [Known("cam-1", DOCK_UTC_MS + 5000, 0)]
    lines = (tmp_path / FILE).read_bytes().split(b"\n")
    assert json.loads(lines[0]) == {
        "device": "cam-1",
        "slot": "A1",
        "utc_ms": DOCK_UTC_MS + 5000,
        "early": True,
        "text": "too early: battery 3 %",
        "missing": 0,
    }
    assert (len(lines), json.loads(lines[2])["device"]) == (4, "cam-9")


def test_appended_lines_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line before it counts, and the name of a new file."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    durable.append(tmp_path / "list", b"one\n")
    assert len(synced) == 2
    durable.append(tmp_path / "list", b"two\n")
    assert len(synced) == 3
    assert (tmp_path / "list").read_bytes() == b"one\ntwo\n"
