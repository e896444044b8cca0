"""A reader of tags: a badge, then a camera, or a badge alone; and lines that anybody may have typed."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.docking import MemoryShelf, camera, desk, visit
from tests.pki import Pki
from tools.__main__ import main
from tools.dock.events import Kind
from tools.dock.shifts import keyboard
from tools.dock.shifts.badges import Badges, Camera, Officer
from tools.dock.shifts.keyboard import EVENT, LONGEST, KeyLines, TextLines, lines_of
from tools.dock.shifts.reader import PATIENCE_MS, Counter, Heard, Taking
from tools.dock.shifts.register import WAITING_MS, Register

TAGS: dict[str, Officer | Camera] = {
    "04A1B2C3": Officer("4711"),
    "04D4E5F6": Camera("cam-1"),
    "55556666": Officer("Krupke"),
}


def counter(*, pick: bool = False) -> Counter:
    """Where two officers and two cameras are known."""
    return Counter(lambda: TAGS, lambda device: device in {"cam-1", "cam-2"}, pick=pick)


def say(at: Counter, *lines: str, now_ms: int = 0) -> Heard:
    """What comes of the last of these lines."""
    return [at.hear(line, now_ms) for line in lines][-1]


@pytest.mark.parametrize(("second", "device"), [("04D4E5F6", "cam-1"), ("cam-2", "cam-2"), ("cam-2\r", "cam-2")])
def test_a_badge_and_a_camera(second: str, device: str) -> None:
    """Its tag, or the name that is printed on it."""
    assert say(counter(), "04A1B2C3", second).taking == Taking("4711", device)


def test_a_badge_alone() -> None:
    """Where the dock picks."""
    assert say(counter(pick=True), "04A1B2C3").taking == Taking("4711", None)
    assert say(counter(), "04A1B2C3").taking is None


def test_each_badge_takes_one_camera() -> None:
    """The second camera waits for a badge of its own; the last badge counts."""
    at = counter()
    assert say(at, "04A1B2C3", "55556666", "cam-1").taking == Taking("Krupke", "cam-1")
    assert say(at, "cam-2").refused


def test_patience() -> None:
    """Half a minute, and whoever comes then is not taken for the one before."""
    at = counter()
    at.hear("04A1B2C3", 0)
    assert at.hear("cam-1", PATIENCE_MS).taking is not None
    at.hear("04A1B2C3", 0)
    assert at.hear("cam-1", PATIENCE_MS + 1).refused


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "nothing a reader says"),
        ("x" * 65, "nothing a reader says"),
        ("04A1\x00B2C3", "nothing a reader says"),
        ("\x1b[2J", "nothing a reader says"),
        ("04Ä1B2C3", "nothing a reader says"),
        ("99999999", "no badge and no camera"),
        ("cam-3", "no badge and no camera"),
        ("../../etc", "no badge and no camera"),
        ("'; drop table", "no badge and no camera"),
        ("cam-1", "a badge has to come first"),
    ],
)
def test_refused_in_words(line: str, why: str) -> None:
    """Whatever is typed; and a badge that waits is not lost by it."""
    heard = counter().hear(line, 0)
    assert (heard.refused, heard.taking) == (True, None)
    assert why in heard.text
    assert line not in heard.text or line in ("", "cam-1")
    at = counter()
    say(at, "04A1B2C3", line)
    assert line == "cam-1" or say(at, "cam-2").taking == Taking("4711", "cam-2")


@given(st.lists(st.text(max_size=70), max_size=6))
def test_nothing_that_is_typed_takes_a_camera_without_a_badge(lines: list[str]) -> None:
    """Nor ends the counter."""
    at = counter()
    for line in lines:
        heard = at.hear(line, 0)
        assert heard.taking is None or line in TAGS
        assert heard.text.isprintable()


# -- where lines come from -------------------------------------------------------------------------------------------


def press(*codes: int, value: int = 1, kind: int = 1) -> bytes:
    """Keys that go down."""
    return b"".join(EVENT.pack(0, 0, kind, code, value) for code in codes)


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (press(2, 3, 11, 28), ["120"]),
        (press(46, 30, 50, 12, 2, 28), ["cam-1"]),
        (press(42) + press(30) + press(42, value=0) + press(30, 96), ["Aa"]),
        (press(42) + press(2) + press(42, value=0) + press(28), ["?"]),
        (press(2) + press(2, value=2) + press(2, value=0) + press(28), ["1"]),  # a key that is held says nothing more
        (press(79, 80, 81, 82, 74, 96), ["1230-"]),
        (press(1, 57, 28), ["??"]),  # escape, space
        (press(0, 0, kind=0) + press(2, kind=4) + press(28), [""]),
        (press(*[2] * (LONGEST + 9), 28, 3, 28), ["1" * LONGEST, "2"]),
    ],
)
def test_keys(data: bytes, lines: list[str]) -> None:
    """Linux's events, whole or in any pieces."""
    assert list(KeyLines().feed(data)) == lines
    bytewise = KeyLines()
    assert [line for at in range(len(data)) for line in bytewise.feed(data[at : at + 1])] == lines


def test_events_are_those_of_this_machine() -> None:
    """Two longs, two 16-bit numbers, one of 32 bits."""
    assert struct.calcsize("@llHHi") == EVENT.size
    assert (1 << 30 | 4 << 16 | ord("E") << 8 | 0x90) == keyboard.GRAB


def test_text() -> None:
    """Cut at each LF; what is too long or no ASCII shows as that."""
    lines = TextLines()
    assert list(lines.feed(b"04A1")) == []
    assert list(lines.feed(b"B2C3\r\n\nx\xff\n")) == ["04A1B2C3\r", "", "x\ufffd"]
    assert list(lines.feed(b"y" * (LONGEST + 50) + b"\nz\n")) == ["y" * LONGEST, "z"]


def test_a_real_tty(tmp_path: Path) -> None:
    """What is typed at the other end of a terminal, until that is closed."""
    ours, theirs = os.openpty()
    got: list[str] = []

    def hear() -> None:
        try:
            got.extend(lines_of(os.ttyname(theirs)))
        except OSError:
            got.append("gone")

    thread = threading.Thread(target=hear)
    thread.start()
    os.write(ours, b"04A1B2C3\ncam-1\n")
    os.write(ours, b"\x04")  # end of file
    thread.join(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert got == ["04A1B2C3", "cam-1"]


# -- from the reader to the camera -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pki() -> Pki:
    """An authority."""
    return Pki.create()


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with one recording."""
    shelf = camera(pki)
    shelf.record(1, (500,))
    return shelf


@pytest.fixture
def store(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> Path:
    """A store in which the camera has been once."""
    at, _ = desk(pki, tmp_path / "store")
    visit(shelf, at)
    return tmp_path / "store"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, store: Path) -> Callable[..., int]:
    """What is typed on standard input of ``lapel dock assign --reader -``."""

    def run(text: bytes, *more: str) -> int:
        ours, theirs = os.pipe()
        os.write(theirs, text)
        os.close(theirs)
        monkeypatch.setattr(keyboard, "STDIN", ours)
        try:
            return main(["dock", "assign", "--reader", "-", "--store", str(store), *more])
        finally:
            os.close(ours)

    return run


def test_from_the_tag_to_the_camera(
    pki: Pki, shelf: MemoryShelf, store: Path, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The register has the officer under an id that says nothing, and the camera gets that id."""
    assert main(["dock", "badge", "04A1B2C3", "--officer", "Krupke", "--store", str(store)]) == 0
    assert main(["dock", "badge", "04D4E5F6", "--camera", "cam-1", "--store", str(store)]) == 0
    capsys.readouterr()
    assert typed(b"nonsense\n04A1B2C3\n04D4E5F6\n") == 0
    said = capsys.readouterr()
    assert "Krupke: takes cam-1" in said.out
    assert "no badge and no camera" in said.err
    at, _ = desk(pki, store, utc_ms=lambda: (store / "register.jsonl").stat().st_mtime_ns // 1_000_000)
    visit(shelf, at)
    (shift,) = shelf.assignments
    assert Register(store).officer(shift) == "Krupke"
    assert "Krupke" not in shift


def test_the_dock_picks_a_camera_that_is_ready(
    pki: Pki, store: Path, shelf: MemoryShelf, typed: Callable[..., int]
) -> None:
    """One with nothing left to take over, and a battery that lasts; the one who came first."""
    badges = Badges(store)
    badges.enter("11111111", officer="first")
    badges.enter("22222222", officer="second")
    assert typed(b"11111111\n22222222\n", "--next") == 0
    now = (store / "register.jsonl").stat().st_mtime_ns // 1_000_000
    at, events = desk(pki, store, utc_ms=lambda: now, stay=True)
    shelf.percent = 79
    visit(shelf, at, seconds=20)
    assert shelf.assignments == []
    shelf.percent = 80
    visit(shelf, at, seconds=20)
    (shift,) = shelf.assignments
    assert Register(store).officer(shift) == "first"
    assert Kind.ASSIGNED in [event.kind for event in events]


def test_who_waited_too_long_and_who_has_one(tmp_path: Path) -> None:
    """Each officer gets one camera, each camera one officer, and nobody who went away long ago."""
    register = Register(tmp_path)
    register.queue("S-1", "a", 0)
    register.queue("S-2", "b", 5)
    assert register.claim("cam-1", 10)
    assert register.claim("cam-2", 10)
    assert not register.claim("cam-3", 10)
    assert [register.officer(f"S-{each}") for each in (1, 2)] == ["a", "b"]
    found = register.pending("cam-2", 10)
    assert found is not None
    assert found.shift == "S-2"
    register.queue("S-3", "c", 20)
    assert not register.claim("cam-3", 21 + WAITING_MS)


@pytest.mark.parametrize(
    "words",
    [
        ["cam-1"],
        ["cam-1", "S-1"],
        ["--next"],
        ["cam-1", "S-1", "--officer", "x", "--next"],
        ["cam-1", "--reader", "-"],
        ["--reader", "-", "--officer", "x"],
    ],
)
def test_half_a_command(words: list[str], tmp_path: Path) -> None:
    """By hand or by a reader, and each in full."""
    with pytest.raises(SystemExit):
        main(["dock", "assign", *words, "--store", str(tmp_path)])


def test_a_reader_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told in words; so is a register of tags that cannot be believed."""
    assert main(["dock", "assign", "--reader", str(tmp_path / "none"), "--store", str(tmp_path)]) == 1
    assert "No such file" in capsys.readouterr().err
    Badges(tmp_path).enter("1234", officer="x")
    (tmp_path / "badges.jsonl").chmod(0o644)
    assert main(["dock", "assign", "--reader", "-", "--store", str(tmp_path)]) == 1
    assert "chmod 600" in capsys.readouterr().err
