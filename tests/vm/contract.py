"""The contract suites on the virtual camera's kernel: `make vm-contract`.

pytest runs inside the machine (``tests/vm/inside``); this is outside, drives its pins and watches them, and holds what it tells against what has
to be there.  A test that was skipped in there, or that was not told of, has failed.
"""

from __future__ import annotations

import ast
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from tests.vm import carried
from tests.vm.inside import suites
from tests.vm.outside import Outside, Told
from tools.vm import disk
from tools.vm.build import PLACE, ROOT, Build
from tools.vm.machine import Machine

OFF_S = 60.0
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Run:
    """What was told, the machine's exit code once it had switched itself off (None where it did not), and what it had said."""

    told: Told
    off: int | None
    console: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run of everything, on a card of its own."""
    build, place, began = Build(), tmp_path_factory.mktemp("camera"), time.monotonic()
    built, more = build.run(), carried.make(build)
    card, board = place / "card.img", place / "board.img"
    disk.copy(built.parts.card, card)
    disk.copy(built.parts.board, board)
    parts = replace(built.parts, card=card, board=board, more=more, words=carried.WORDS)
    with (PLACE / "contract.txt").open("w", encoding="utf-8") as file:

        def heard(line: str) -> None:
            file.write(line)
            file.flush()
            sys.stdout.write(line)

        with Machine(parts, PLACE / "contract.log") as machine:
            told = Outside(machine, heard).serve()
            off = machine.ends_within(OFF_S)
            console = machine.console.text
    seconds = time.monotonic() - began
    figures = {"seconds": round(seconds, 1), "tests": len(told.collected)}
    outcomes = {name: [asdict(each) for each in some] for name, some in told.outcomes.items()}
    (PLACE / "contract.json").write_text(json.dumps(figures | {"outcomes": outcomes}, indent=1))
    return Run(told, off, console)


@pytest.mark.parametrize("file", suites.FILES)
def test_the_suite_holds(run: Run, file: str) -> None:
    """Every test of it was run in there and passed; none was skipped."""
    mine = [name for name in run.told.collected if name.startswith(f"{file}::")]
    assert mine
    bad = {name: run.told.outcomes.get(name) for name in mine if not passed(run.told, name)}
    assert not bad, "\n".join(f"{name}:\n{some[-1].why if some else 'not told of'}" for name, some in bad.items())


def passed(told: Told, name: str) -> bool:
    """Whether it passed, and nothing went wrong before or after."""
    return [each.outcome for each in told.outcomes.get(name, [])] == ["passed"]


def test_no_test_is_left_out(run: Run) -> None:
    """Each function of each file that is a test was collected in there, but for those that are known not to fit."""
    wanted = {f"{file}::{name}" for file in suites.FILES for name in functions_of(ROOT / file)}
    assert {name.partition("[")[0] for name in run.told.collected} == wanted
    assert set(run.told.outcomes) == set(run.told.collected)
    assert run.told.ended == 0


def functions_of(path: Path) -> list[str]:
    """The tests in a file that can be run in there, read without running it."""
    functions = [each for each in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(each, ast.FunctionDef)]
    tests = [each for each in functions if each.name.startswith("test_")]
    return [each.name for each in tests if not {arg.arg for arg in each.args.args} & suites.NOT_HERE.keys()]


def test_it_switches_itself_off(run: Run) -> None:
    """The command by which a camera switches off ends the machine, and systemd has stopped what ran before."""
    assert run.off == 0, run.console[-1000:]
