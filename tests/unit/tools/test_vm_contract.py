"""How the contract suites reach the virtual camera's kernel and what they tell is judged, without a machine: the rest is `make vm-contract`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hal.interface import Pattern
from hal.patterns import brightness, period_ms
from tests.vm import carried, contract
from tests.vm.inside import panel, suites
from tests.vm.outside import Outside
from tools.vm.build import ROOT
from tools.vm.machine import Parts, command
from tools.vm.trouble import VmError
from tools.vm.wires import Seen, share

TEST = "tests/contract/test_dock_contract.py::test_one"
SCRIPT = [
    {"collected": [TEST, f"{TEST}[2]", f"{TEST}[3]", f"{TEST}[4]"]},
    {"test": TEST, "outcome": "passed", "seconds": 1.5, "why": ""},
    {"test": f"{TEST}[2]", "outcome": "skipped in setup", "seconds": 0, "why": "no cable"},
    {"test": f"{TEST}[3]", "outcome": "passed", "seconds": 0, "why": ""},
    {"test": f"{TEST}[3]", "outcome": "failed in teardown", "seconds": 0, "why": "stuck"},
    {"ended": 1},
]


def test_a_share_is_the_time_that_a_line_was_high() -> None:
    """Whatever it began at, and however often it changed; one that only was told to be what it is has not changed."""
    assert share([], level=True, begun_s=10, ended_s=12) == 1.0
    assert share([], level=False, begun_s=10, ended_s=12) == 0.0
    changes = [Seen(10.5, 4, level=True), Seen(11.0, 4, level=True), Seen(11.5, 4, level=False)]
    assert share(changes, level=False, begun_s=10, ended_s=12) == pytest.approx(0.5)
    assert share(changes[2:], level=True, begun_s=10, ended_s=12) == pytest.approx(0.75)


def test_the_moments_tell_each_pattern_from_each_other() -> None:
    """At one of them at least one is dark, lit or pulsed and the other is not."""
    for one, other in combinations(Pattern, 2):
        kinds = [[panel.kind(brightness(each, at / 1000)) for at in panel.MOMENTS_MS] for each in (one, other)]
        assert kinds[0] != kinds[1], (one, other)
    assert all(panel.ROUND_MS % period_ms(pattern) == 0 for pattern in Pattern)


def test_all_that_is_carried_is_there_and_all_that_runs_is_carried() -> None:
    """The disk's list has each suite; each has tests that can be run in there."""
    assert [name for name in carried.FILES if not (ROOT / name).is_file()] == []
    for file in suites.FILES:
        assert file in carried.FILES or file.startswith("tests/vm/inside/")
        assert contract.functions_of(ROOT / file), file
    assert "test_version_is_a_word" not in contract.functions_of(ROOT / "tests/contract/test_board_contract.py")


def test_the_disk_with_the_tests_is_only_read() -> None:
    """It is the third, behind those that are written to; the kernel's words follow ours."""
    plain = Parts(Path("k"), Path("f"), Path("c"), Path("b"), Path("t"))
    told = command(replace(plain, more=Path("m"), words="one=1"), Path("s"))
    assert "file=m,readonly=on,if=none,id=more,format=raw" in told
    assert told[told.index("-append") + 1].endswith(" one=1")
    assert not any("readonly" in word for word in command(plain, Path("s")))


class Wires:
    """Lines that are as they are."""

    def __init__(self) -> None:
        self.driven: list[tuple[int, bool]] = []
        self.seen = (Seen(1.0, 4, level=True), Seen(1.5, 5, level=True), Seen(2.0, 4, level=False))

    def drive(self, line: int, *, level: bool) -> None:
        """Drive one."""
        self.driven.append((line, level))

    def shares(self, _for_s: float) -> dict[int, float]:
        """A quarter."""
        return {4: 0.25}


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, Outside, Wires]]:
    """The inner end of the line, and who obeys at the outer one."""
    inner, outer = socket.socketpair()
    wires = Wires()
    machine: Any = SimpleNamespace(talk=outer, wires=wires, console=SimpleNamespace(text="the last word"))
    with inner, outer:
        yield inner, Outside(machine, lambda _: None), wires


def test_what_is_told_is_kept_and_judged(line: tuple[socket.socket, Outside, Wires]) -> None:
    """Passed and nothing else is passed: not what was skipped, not what failed while it was cleaned up, not what was never told of."""
    inner, outside, _ = line
    inner.sendall(b"".join(json.dumps(word).encode() + b"\n" for word in SCRIPT))
    told = outside.serve()
    assert told.ended == 1
    assert [contract.passed(told, name) for name in told.collected] == [True, False, False, False]


def test_requests_are_obeyed_and_wrong_ones_refused(line: tuple[socket.socket, Outside, Wires]) -> None:
    """Each has one answer, in order; what is no request ends nothing."""
    inner, outside, wires = line
    asked = [
        {"do": "drive", "line": 1, "level": False},
        {"do": "look", "settle_ms": 0, "for_ms": 0},
        {"do": "since", "line": 4, "mark": 1},
        {"do": "look", "settle_ms": 10**9, "for_ms": 0},
        {"do": "dance"},
        {"ended": 0},
    ]
    inner.sendall(b"".join(json.dumps(word).encode() + b"\n" for word in asked))
    outside.serve()
    answers = [json.loads(each) for each in inner.recv(65_536).splitlines()]
    assert wires.driven == [(1, False)]
    assert answers[:3] == [{"value": None}, {"value": {"4": 0.25}}, {"value": [[2000.0, False]]}]
    assert ["refused" in each for each in answers[3:]] == [True, True]


def test_a_machine_that_ends_is_told(line: tuple[socket.socket, Outside, Wires]) -> None:
    """Half way through, with what it had said last."""
    inner, outside, _ = line
    inner.sendall(json.dumps(SCRIPT[0]).encode() + b"\n")
    inner.shutdown(socket.SHUT_WR)
    with pytest.raises(VmError, match="the last word"):
        outside.serve()
