"""The lights of a real rack: each change is a line, to a file or a program; who takes none keeps nobody waiting."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.dock.face import lights
from tools.dock.face.gate import FREE, Light, Verdict
from tools.dock.face.lights import FileSink, LampLines, ProgramSink, Sink, lamp_line, sink_of

READY = Verdict(Light.READY)
WAIT = Verdict(Light.WAIT, ("3 recordings not taken over",))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a second in a test."""
    monkeypatch.setattr(lights, "PAUSE_S", 0.01)
    monkeypatch.setattr(lights, "PATIENCE_S", 0.5)


def test_a_line() -> None:
    """Slot, light, words; a name cannot make two lines of it, or four fields."""
    assert lamp_line("A1", WAIT) == b"A1\twait\tdo not take: 3 recordings not taken over\n"
    assert lamp_line("A\t1\n\x1b[2J\ud800", FREE) == b"A?1??[2J?\tfree\tfree\n"
    assert lamp_line("Łódź 2", READY).decode() == "Łódź 2\tready\tready\n"


class Taker:
    """A sink that keeps lines, and fails when it is told to."""

    def __init__(self, lines: list[bytes], trouble: Callable[[], bool]) -> None:
        self._lines = lines
        self._trouble = trouble

    def write(self, data: bytes) -> None:
        """Keep it."""
        if self._trouble():
            raise BrokenPipeError("gone")
        self._lines.append(data)

    def close(self) -> None:
        """Nothing to let go of."""


def test_changes_arrive_in_order() -> None:
    """The newest of each slot always does."""
    taken: list[bytes] = []
    lamps = LampLines(lambda: Taker(taken, lambda: False), pytest.fail)
    for verdict in (WAIT, READY, FREE):
        lamps.show("A1", verdict)
        lamps.show("A2", WAIT)
    lamps.close()
    last = {line.split(b"\t")[0]: line for line in taken}
    assert last == {b"A1": lamp_line("A1", FREE), b"A2": lamp_line("A2", WAIT)}


def test_a_sink_that_fails_is_told_once_and_begun_anew_with_all_slots() -> None:
    """What a lamp shows is never older than the sink."""
    taken: list[bytes] = []
    told: list[str] = []
    broken = threading.Event()
    tried = threading.Semaphore(0)

    def trouble() -> bool:
        tried.release()
        return broken.is_set()

    lamps = LampLines(lambda: Taker(taken, trouble), told.append)
    lamps.show("A1", READY)
    assert tried.acquire(timeout=60)
    broken.set()
    lamps.show("A2", WAIT)
    for _ in range(3):
        assert tried.acquire(timeout=60)
    before = len(taken)
    broken.clear()
    lamps.show("A3", WAIT)
    lamps.close()
    assert told == ["gone"]
    assert {line.split(b"\t")[0] for line in taken[before:]} == {b"A1", b"A2", b"A3"}


def test_a_sink_that_cannot_be_opened() -> None:
    """Told, tried again, and no hindrance at the end."""
    told: list[str] = []
    once = threading.Event()

    def tell(why: str) -> None:
        told.append(why)
        once.set()

    lamps = LampLines(sink_of("/nonexistent/lamps"), tell)
    lamps.show("A1", READY)
    assert once.wait(60)
    lamps.close()
    assert told == ["No such file or directory"]
    assert not lamps._thread.is_alive()


def test_a_file(tmp_path: Path) -> None:
    """Lines stand behind each other, also behind those of an earlier run."""
    for verdict in (WAIT, READY):
        lamps = LampLines(sink_of(str(tmp_path / "lamps")), pytest.fail)
        lamps.show("A1", verdict)
        lamps.close()
    assert (tmp_path / "lamps").read_bytes() == lamp_line("A1", WAIT) + lamp_line("A1", READY)


def test_a_fifo_that_nobody_reads(tmp_path: Path) -> None:
    """It is not waited for; when it fills up, that is told."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with pytest.raises(OSError, match="No such device"):
        FileSink(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    sink = FileSink(path)
    with pytest.raises(TimeoutError, match="takes nothing"):
        sink.write(b"x" * (1 << 20))
    sink.close()
    os.close(reader)


def test_a_program(tmp_path: Path) -> None:
    """It gets the lines on its input, its words are its own, and no shell sees them."""
    target = tmp_path / "heard; true"
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    lamps = LampLines(sink_of(f"|{sys.executable} -c \"{script}\" '{target}'"), pytest.fail)
    lamps.show("A1", WAIT)
    lamps.close()
    assert target.read_bytes() == lamp_line("A1", WAIT)


def test_a_program_that_ended_or_hangs() -> None:
    """The first is noticed at the next line, the second is ended."""
    ended: Sink = ProgramSink(f"{sys.executable} -c 'raise SystemExit(3)'")
    assert isinstance(ended, ProgramSink)
    ended._program.wait(60)
    with pytest.raises(BrokenPipeError, match="status 3"):
        ended.write(b"x\n")
    ended.close()
    hangs = ProgramSink(f"{sys.executable} -c 'import time; time.sleep(600)'")
    hangs.close()
    assert hangs._program.returncode == -9


@pytest.mark.parametrize("spec", ["", "|", "|  ", "|a 'b"])
def test_what_names_no_sink(spec: str) -> None:
    """Said at the start, not at the first change."""
    with pytest.raises(ValueError, match="no |quotation"):
        sink_of(spec)
