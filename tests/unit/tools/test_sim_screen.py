"""The screens: plain lines, and a live panel."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Iterator

import pytest
from rich.console import Console

from firmware.core.indications import CUES, LIGHTS, Look
from hal.interface import Lights
from tools.sim.drawing import WIDTH, draw
from tools.sim.face import Face
from tools.sim.keys import read_keys, single_keys
from tools.sim.screen import LiveScreen, PlainScreen

EVENT = {"event": "dock", "port": "/dev/pts/3"}


def ticking() -> float:
    """A clock that stands."""
    return 0.0


def printed(face: Face, now_s: float, note: str = "") -> str:
    """The panel as text."""
    out = io.StringIO()
    Console(file=out, width=100).print(draw(face, now_s, title="cam-1", buffer_s=10, note=note))
    return out.getvalue()


def test_plain_lines() -> None:
    """Each line has its time; a bar is a line each quarter."""
    out = io.StringIO()
    screen = PlainScreen(Console(file=out, width=40), ticking)
    screen.begin(2, 9, "a step with a title that is longer than any line of this console")
    screen.note("not shown")
    screen.say("[nothing] is markup")
    screen.seen(EVENT, Face())
    screen.seen({"event": "other"}, Face())
    with screen.bar("offload") as advance:
        for done in range(0, 101, 10):
            advance(done, 100)
    screen.close()
    assert out.getvalue().splitlines() == [
        "   0.0 s  [2/9] a step with a title that is longer than any line of this console",
        "   0.0 s    [nothing] is markup",
        "   0.0 s      dock   plugged in at /dev/pts/3",
        *(f"   0.0 s    offload: {percent} %" for percent in (0, 30, 50, 80, 100)),
    ]


def test_a_bar_of_nothing() -> None:
    """Nothing to do is no reason to fail."""
    out = io.StringIO()
    with PlainScreen(Console(file=out), ticking).bar("offload") as advance:
        advance(0, 0)
    assert "offload: 0 %" in out.getvalue()


def test_live_panel() -> None:
    """Lines scroll, the panel with the step and the bar stands below, and is gone at the end."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=30)
    screen = LiveScreen(console, "cam-1", 10, ticking)
    screen.begin(2, 9, "a step")
    screen.seen(EVENT, Face(port="/dev/pts/3"))
    with screen.bar("offload") as advance:
        advance(30, 100)
        screen._live.refresh()
    drawn = out.getvalue()
    assert "cam-1" in drawn
    assert "step 2 of 9" in drawn
    assert "30 %" in drawn
    screen.note("keys")
    screen.close()
    out.truncate(0)
    screen.say("the end")
    assert "cam-1" not in out.getvalue()


@pytest.mark.parametrize("look", Look)
def test_the_panel_fits_and_says_what_is_shown(look: Look) -> None:
    """Whatever is shown, each line fits into 80 columns and nothing is cut off."""
    for cue in CUES.values():
        text = printed(Face(LIGHTS[look], 0, 0, cue, 1.0), 2.0, "step 1 of 3")
        assert max(map(len, text.splitlines())) == WIDTH
        assert "…" not in text
        assert "step 1 of 3" in text


def test_a_cue_is_forgotten() -> None:
    """What was felt a while ago is not shown as if it were now."""
    face = Face(LIGHTS[Look.READY], 0, 0, CUES["stopped"], 1.0)
    assert "Recording has ended." in printed(face, 2.0)
    assert "Recording has ended." not in printed(face, 20.0)


def test_a_dark_camera_is_drawn() -> None:
    """Before anything was heard."""
    assert "off" in printed(Face(), 0.0)
    assert isinstance(Face().lights, Lights)


class Terminal:
    """One end of a pseudo-terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """Master and slave of a pseudo-terminal."""
    master, slave = pty.openpty()
    yield master, slave
    for descriptor in (master, slave):
        os.close(descriptor)


def test_single_keys(ends: tuple[int, int]) -> None:
    """Keys come at once and are not echoed; arrows are left out; the terminal is as before afterwards."""
    master, slave = ends
    terminal = Terminal(slave)
    with single_keys(terminal):
        os.write(master, b"p")
        assert read_keys(terminal, 2) == "p"
        os.write(master, b"\x1b[A")
        assert read_keys(terminal, 2) == ""
        assert read_keys(terminal, 0) == ""
    os.write(master, b"x\n")
    assert os.read(slave, 10) == b"x\n"
    assert os.read(master, 10) == b"x\r\n"


def test_a_terminal_that_is_gone() -> None:
    """End of file is no key."""
    reader, writer = os.pipe()
    os.close(writer)
    assert read_keys(Terminal(reader), 1) is None
    os.close(reader)
