"""Whoever lends hands: a person who reads words, a program that reads JSON, and nobody."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import socket
import sys
import threading
import tty
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.hil import page
from tests.hil.hands import ACTS, Kind, Machine, Nobody, NoHandsError, Person, answered, words

ECHO = "import sys, json\nfor line in sys.stdin:\n    told = json.loads(line)\n    print(json.dumps({'ok': True, 'is': told.get('watts', told['do'] == 'look')}), flush=True)\n"


def at_terminal(typed: str) -> tuple[Person, io.StringIO]:
    """A person who types this."""
    shown = io.StringIO()
    return Person(io.StringIO(typed), shown), shown


def test_a_person_does_and_says_so() -> None:
    """Enter, y or n, a number; what is none of that is asked for again."""
    person, shown = at_terminal("\nwhat\nY\nno\nx\n2,5\n")
    assert person.do("press", button="record", header="29") is True
    assert person.do("look", light="top", shows="red", channels=["red"]) is True
    assert person.do("heard") is False
    assert person.do("meter") == 2.5
    assert "Press the record button (header pin 29) and keep it pressed. [Enter]" in shown.getvalue()
    assert shown.getvalue().count("Is the top light red, and all else dark? [y/n]") == 2


@pytest.mark.parametrize("typed", ["s\n", ""])
def test_a_person_may_skip_or_leave(typed: str) -> None:
    """That is a skip, with what was asked for."""
    person, _ = at_terminal(typed)
    with pytest.raises(NoHandsError, match="skipped by hand: Cover the lens"):
        person.do("cover")


def test_a_person_at_a_real_terminal() -> None:
    """Opened by itself, whatever pytest has done to the standard streams."""
    desk, board = os.openpty()
    with ExitStack() as stack:
        for each in (desk, board):
            stack.callback(os.close, each)
        tty.setraw(board)
        person = Person.at(stack, os.ttyname(board))
        os.write(desk, b"n\n")
        assert person.do("heard") is False
        assert b"Did the buzzer sound" in os.read(desk, 1000)


def test_nobody_is_there(tmp_path: Path) -> None:
    """Without a terminal nothing is waited for, and the reason says what a person would have done."""
    with ExitStack() as stack:
        nobody = Person.at(stack, str(tmp_path / "none"))
        assert isinstance(nobody, Nobody)
        with pytest.raises(NoHandsError, match="needs a person: What does the meter read"):
            nobody.do("meter")


def test_a_program_is_asked_a_line_and_answers_one() -> None:
    """A child process, which ends when it is asked nothing more."""
    with Machine(f'{sys.executable} -c "{ECHO.replace(chr(10), chr(10))}"') as machine:
        assert machine.do("look", light="top", shows="red", channels=["red"]) is True
        assert machine.do("felt") is False
        assert machine.do("meter", watts=2) == 2.0
        assert machine.do("plug") is True


def test_a_program_behind_a_socket(tmp_path: Path) -> None:
    """The same over a socket of the file system."""
    path = tmp_path / "s"
    asked = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    asked.append(json.loads(line))
                    connection.sendall(b'{"ok": false, "why": "there is no meter"}\n')

        thread = threading.Thread(target=serve)
        thread.start()
        with Machine(f"unix:{path}") as machine, pytest.raises(NoHandsError, match="meter: there is no meter"):
            machine.do("meter")
        thread.join()
    assert asked == [{"do": "meter"}]


def test_a_program_that_ends_is_no_hand() -> None:
    """So its tests are skipped, and say why."""
    with Machine("true") as machine:
        for _ in range(2):
            with pytest.raises(NoHandsError, match="HIL_HANDS"):
                machine.do("plug")


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Kind.DONE, b""),
        (Kind.DONE, b"yes\n"),
        (Kind.DONE, b'{"ok": 1}\n'),
        (Kind.TRUTH, b'{"ok": true}\n'),
        (Kind.TRUTH, b'{"ok": true, "is": 1}\n'),
        (Kind.NUMBER, b'{"ok": true, "is": true}\n'),
        (Kind.NUMBER, b'{"ok": true, "is": "2"}\n'),
        (Kind.DONE, b'{"ok": false}\n'),
    ],
)
def test_an_answer_that_is_none_passes_no_test(kind: Kind, line: bytes) -> None:
    """Whatever a program says that is not a clear answer."""
    with pytest.raises(NoHandsError):
        answered("look", kind, line)


def test_acts_are_asked_for_with_all_that_they_name() -> None:
    """Each act that a step asks for is in the table, with what its words name; and each in the table is asked for somewhere."""
    used = set()
    for path in sorted(page.PLACE.glob("test_*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "do":
                assert isinstance(call.args[0], ast.Constant)
                act = str(call.args[0].value)
                used.add(act)
                names = {keyword.arg for keyword in call.keywords}
                wanted = set(re.findall(r"\{(\w+)\}", ACTS[act].words))
                assert None in names or wanted <= names, (path.name, act)
    assert used == set(ACTS)


def test_an_act_that_there_is_not_is_refused() -> None:
    """By name, and so is one without what it names."""
    with pytest.raises(ValueError, match="hands know no 'dance'"):
        words("dance", {})
    with pytest.raises(ValueError, match="press: 'button' is not given"):
        words("press", {})
