"""The whole face of a serving dock: from a real docking to the lines, the lights and the table."""

from __future__ import annotations

import argparse
import io
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.docking import DOCK_UTC_MS, MemoryShelf, camera, desk, visit
from tests.pki import Pki
from tools.dock.events import DockEvent, Kind, timed
from tools.dock.face import front as front_module
from tools.dock.face.board import Board
from tools.dock.face.front import add_front, front, remember
from tools.dock.face.gate import Light, Need
from tools.dock.face.gatekeeper import Gatekeeper
from tools.dock.face.roster import Undocking, keep_undocking
from tools.dock.shifts.register import Register
from tools.dock.store import Store, StoreError


def options(*words: str) -> argparse.Namespace:
    """Parsed."""
    parser = argparse.ArgumentParser()
    add_front(parser)
    return parser.parse_args(words)


def now() -> int:
    """A dock's clock that stands."""
    return DOCK_UTC_MS


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings and 80 % of its battery."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2)
    return shelf


def run(
    pki: Pki, shelf: MemoryShelf, store: Path, stream: io.StringIO, *words: str, cut_after: int | None = None
) -> Board:
    """One docking behind a front of these options; the board in the end."""
    heard: list[DockEvent] = []
    with front(options(*words), stream, heard.append, now) as gatekeeper:
        at, _ = desk(pki, store, stay=False)
        remember(gatekeeper, at.store, pki.trust)
        visit(shelf, replace(at, emit=timed(gatekeeper, now)), cut_after)
    return gatekeeper.board


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    """Lines of JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_docking_from_greeting_to_ready(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The light goes from waiting to ready when everything is there, and says on the way what is not."""
    Register(Store(tmp_path / "store").root).assign("cam-1", "s-1", "K. Osei", DOCK_UTC_MS)
    out = io.StringIO()
    lamps = tmp_path / "lamps"
    board = run(pki, shelf, tmp_path / "store", out, "--json", "--charged", "80", "--lights", str(lamps))
    gates = [each["text"] for each in parsed(out) if each["event"] == "gate"]
    assert gates == [
        "do not take: not counted yet; nobody assigned",
        "do not take: not counted yet",
        "do not take: 2 recordings not taken over",
        "do not take: 1 recording not taken over",
        "do not take: its log not taken over",
        "ready",
    ]
    (row,) = board.view(DOCK_UTC_MS).rows
    assert (row.device, row.officer, row.percent, row.verdict.light) == ("cam-1", "K. Osei", 80, Light.READY)
    assert row.done == row.total > 0
    assert lamps.read_text().splitlines()[-1] == "cam-1\tready\tready"
    assert {each["utc_ms"] for each in parsed(out)} == {DOCK_UTC_MS}


def test_what_json_prints_is_enough_for_the_table(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Read back, line by line, it gives the same view."""
    out = io.StringIO()
    board = run(pki, shelf, tmp_path, out, "--json")
    again = Board(board.wanted)
    for each in parsed(out):
        kind, device, slot, utc_ms = (each.pop(name) for name in ("event", "device", "slot", "utc_ms"))
        again.hear(DockEvent(Kind(kind), device, each, slot, utc_ms))
    assert again.view(DOCK_UTC_MS) == board.view(DOCK_UTC_MS)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "do not take: nobody assigned; battery 80 %"),
        (("--charged", "80"), "do not take: nobody assigned"),
        (("--require", "empty,updated,charged"), "do not take: battery 80 %"),
        (("--require", "empty"), "ready"),
        (("--require", "", "--firmware", "9"), "ready"),
        (("--require", "updated", "--firmware", "9"), "do not take: firmware 0.1.0, not 9"),
        (("--require", "updated", "--firmware", "0.1.0"), "ready"),
    ],
)
def test_what_is_required(words: tuple[str, ...], text: str, pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Each option counts."""
    out = io.StringIO()
    run(pki, shelf, tmp_path, out, "--json", *words)
    assert [each["text"] for each in parsed(out) if each["event"] == "gate"][-1] == text


@pytest.mark.parametrize(
    "words",
    [
        ("--require", "all"),
        ("--charged", "101"),
        ("--charged", "-1"),
        ("--charged", "x"),
        ("--lights", "|"),
        ("--lights", ""),
    ],
)
def test_options_that_make_no_sense(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Refused by name, before anything begins."""
    with pytest.raises(SystemExit):
        options(*words)
    assert words[0] in capsys.readouterr().err


def test_what_the_store_knows_is_told_at_the_start(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that begins knows whom to look for."""
    first = io.StringIO()
    run(pki, shelf, tmp_path, first, "--json", cut_after=150_000)
    keep_undocking(Store(tmp_path), Undocking("cam-1", "1", 5_000, early=True, text="too early", missing=2))
    out = io.StringIO()
    heard: list[DockEvent] = []
    with front(options("--json"), out, heard.append, now) as gatekeeper:
        remember(gatekeeper, Store(tmp_path), pki.trust)
        (away,) = gatekeeper.board.view(DOCK_UTC_MS).away
    missing = 2 - len(shelf.receipts)
    assert (away.device, away.missing) == ("cam-1", missing)
    assert missing
    (known,) = parsed(out)
    assert (known["event"], known["device"], known["missing"]) == ("known", "cam-1", missing)
    assert [event.kind for event in heard] == [Kind.KNOWN]


def test_a_store_that_cannot_be_read_is_said(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words, not by a trace."""

    def fails(_store: Store, _trust: object) -> None:
        raise PermissionError(13, "Permission denied", "audit")

    monkeypatch.setattr(front_module, "roster", fails)
    gatekeeper = Gatekeeper(Board(), lambda _: None, utc_ms=now)
    with pytest.raises(StoreError, match="Permission denied"):
        remember(gatekeeper, Store(tmp_path), pki.trust)


def test_undockings_go_to_the_store(pki: Pki, tmp_path: Path) -> None:
    """Whom the gatekeeper sees leave is in the store's list."""
    gatekeeper = Gatekeeper(Board(), lambda _: None, utc_ms=now)
    remember(gatekeeper, Store(tmp_path), pki.trust)
    gatekeeper.keep(Undocking("cam-1", "1", 5, early=True, text="too early", missing=2))
    assert json.loads((tmp_path / "undockings.jsonl").read_text())["text"] == "too early"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "100"), ("LINES", "30")):
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_terminal")
def test_the_table_is_drawn_while_it_serves(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice a second, and once more in the end."""
    drawn = threading.Event()
    tick = Gatekeeper.tick

    def ticked(self: Gatekeeper) -> None:
        tick(self)
        drawn.set()

    monkeypatch.setattr(Gatekeeper, "tick", ticked)
    monkeypatch.setattr(front_module, "TICK_S", 0.01)
    out = Terminal()
    with front(options(), out, lambda _: None, now) as gatekeeper:
        assert drawn.wait(60)
        at, _ = desk(pki, tmp_path, stay=False)
        visit(shelf, replace(at, emit=timed(gatekeeper, now)))
    assert "no camera in the rack" in out.getvalue()
    assert "nobody assigned +1" in out.getvalue()
    assert out.getvalue().rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_lights_that_do_not_work_are_told(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """And nothing else suffers."""
    out = io.StringIO()
    told = threading.Event()

    def heard(event: DockEvent) -> None:
        if event.kind is Kind.UNUSABLE:
            told.set()

    with front(options("--json", "--lights", str(tmp_path / "no" / "lamps")), out, heard, now) as gatekeeper:
        at, _ = desk(pki, tmp_path / "store", stay=False)
        visit(shelf, replace(at, emit=timed(gatekeeper, now)))
        assert told.wait(60)
    (unusable,) = [each for each in parsed(out) if each["event"] == "unusable"]
    assert (unusable["port"], unusable["text"]) == ("lights", "No such file or directory")
    assert set(shelf.receipts) == {1, 2}


def test_needs_are_all_by_default() -> None:
    """Who asks for nothing gets the strictest."""
    assert options().require == frozenset(Need)
