"""QEMU's qtest protocol: answers and changes of lines come mixed, and in pieces."""

from __future__ import annotations

import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.vm.qtest import Answer, Change, QtestError, Reader, Refusal, Word, drive, intercept, parse
from tools.vm.trouble import VmError
from tools.vm.wires import Wires

SAID = b"OK\nIRQ raise 4\nIRQ lower 12\nOK 0x10\nFAIL Unknown IRQ\nERR what\n"
MEANT = [
    Answer(""),
    Change(4, level=True),
    Change(12, level=False),
    Answer("0x10"),
    Refusal("Unknown IRQ"),
    Refusal("what"),
]


@given(cuts=st.lists(st.integers(0, len(SAID)), max_size=8))
def test_words_come_whole_however_they_are_cut(cuts: list[int]) -> None:
    """A socket cuts where it likes: the same words come out."""
    reader = Reader()
    words: list[Word] = []
    at = sorted([0, *cuts, len(SAID)])
    for begin, end in pairwise(at):
        words += reader.feed(SAID[begin:end])
    assert words == MEANT


@pytest.mark.parametrize(
    "line", ["IRQ rise 4", "IRQ raise -1", "IRQ raise 4 5", "IRQ raise", "ok", "OKAY", "IRQ lower x"]
)
def test_what_is_no_word_is_refused(line: str) -> None:
    """A light is never read from what only looks like a change."""
    with pytest.raises(QtestError, match="not of the protocol"):
        parse(line)


def test_a_line_without_end_is_refused() -> None:
    """Nobody fills this process's memory."""
    with pytest.raises(QtestError, match="more than 4096"):
        Reader().feed(b"x" * 4097)


def test_commands_are_spelt_as_qemu_reads_them() -> None:
    """The form is QEMU's, and a path cannot smuggle in a second command."""
    assert drive("/machine/unattached/device[8]", 5, level=True) == (
        b"set_irq_in /machine/unattached/device[8] unnamed-gpio-in 5 1\n"
    )
    assert intercept("/a") == b"irq_intercept_out /a\n"
    with pytest.raises(ValueError, match="not a part's path"):
        intercept("/a\nquit")


class Emulator:
    """The other end of a qtest connection, as QEMU speaks: each command is answered by what is next in line."""

    def __init__(self, *answers: bytes) -> None:
        self.near, self.far = socket.socketpair()
        self.asked: list[str] = []
        self._answers = list(answers)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self.far, self.far.makefile("r") as lines:
            for line in lines:
                self.asked.append(line.strip())
                if not self._answers:
                    return
                self.far.sendall(self._answers.pop(0))


def test_a_change_before_the_answer_is_no_answer() -> None:
    """The camera may light a lamp while a button is being driven: both are understood."""
    emulator = Emulator(b"OK\n", b"IRQ raise 7\nOK\nIRQ raise 4\n")
    with emulator.near:
        wires = Wires(emulator.near, "/pl061")
        wires.drive(0, level=True)
        wires.wait(lambda levels: levels.get(4, False), 10)
        assert emulator.asked == ["irq_intercept_out /pl061", "set_irq_in /pl061 unnamed-gpio-in 0 1"]
        assert wires.levels() == {7: True, 4: True}
        assert [(seen.line, seen.level) for seen in wires.seen] == [(7, True), (4, True)]


def test_a_refusal_is_told_with_the_command() -> None:
    """Whoever has driven the wrong line learns which."""
    emulator = Emulator(b"OK\n", b"FAIL Unknown IRQ\n")
    with emulator.near:
        wires = Wires(emulator.near, "/pl061")
        with pytest.raises(VmError, match=r"refuses 'set_irq_in /pl061 unnamed-gpio-in 9 1': Unknown IRQ"):
            wires.drive(9, level=True)


def test_the_end_of_the_machine_ends_waiting() -> None:
    """A machine that died is told at once, not after the time that a light may take."""
    emulator = Emulator(b"OK\n")
    with emulator.near:
        wires = Wires(emulator.near, "/pl061")
        with pytest.raises(VmError, match="it is gone"):
            wires.drive(0, level=True)
        with pytest.raises(VmError, match="the machine is gone"):
            wires.wait(lambda levels: levels.get(4, False), 100)


def test_a_light_that_does_not_come_is_told() -> None:
    """After the time the message says which lines are high."""
    emulator = Emulator(b"IRQ raise 5\nOK\n")
    with emulator.near:
        wires = Wires(emulator.near, "/pl061")
        with pytest.raises(VmError, match=r"after 0 s the lines that are high are \[5\]"):
            wires.wait(lambda levels: levels.get(4, False), 0)
