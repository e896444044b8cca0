"""The guards are mutated: each operator finds what it should, and a run tells the truth about what was caught and what was not."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.__main__ import ROOT, SURVIVORS
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.operators import OPERATORS
from tests.mutation.sites import walk
from tests.mutation.targets import TARGETS
from tests.mutation.verdicts import Result, ReviewError, Verdict, complaints, read_reviewed

# What an operator finds in a piece of code: what stands there, and what stands there then.
FOUND = {
    "drop": [
        ("file.sync()", ["file.sync()"]),
        ("yield from remove(x)", ["yield from remove(x)"]),
        ("del files[name]", ["del files[name]"]),
        ("lost += 1", ["lost += 1"]),
        ("self._log.error('take-lost', take=take)", []),
        ("'a text'", []),
        ("size = file.size()", []),
    ],
    "swap": [
        ("file.append(data)\nfile.sync()", ["file.append(data) ; file.sync() => swapped"]),
        ("file = root.create(name)\nfile.sync()", []),  # in the other order that is an error, and no other order
        ("look(a)\nlook(b)", []),
        ("chosen.append(a)\nlook(b)", []),  # a list
        ("file.append(data)\nleft -= size", []),  # nobody can tell when
        ("file.sync()\nreturn 1", []),
        ("if a:\n    look(a)\nself._write(b)", ["if a: ; self._write(b) => swapped"]),
        ("look(a)\ndo(lambda: self._write(b))", []),
        ("self._write(b)\nyield", []),
        ("self._write(b)\nyield from self._read(a)", ["self._write(b) ; yield from self._read(a) => swapped"]),
    ],
    "flip": [
        ("a < b", ["a < b => a <= b"]),
        ("a in b", ["a in b => a not in b"]),
        ("a is None", ["a is None => a is not None"]),
        ("a <= b != c", ["a <= b != c => a < b != c", "a <= b != c => a <= b == c"]),
    ],
    "negate": [
        ("if a:\n    look(a)", ["a => not a"]),
        ("if not a:\n    look(a)", ["not a => a"]),
        ("while a > b:\n    look(a)", ["a > b => not a > b"]),
        ("if a == b:\n    look(a)", []),  # `flip` has it
        ("while True:\n    look(a)", []),
        ("[x for x in y if x]", ["x => not x"]),
    ],
    "weaken": [("a and b", ["a and b => b", "a and b => a"]), ("a or b or c", ["a or b or c => b or c", "a or b or c => a or c", "a or b or c => a or b"])],
    "unguard": [
        ("raise OSError(message)", ["raise OSError(message)"]),
        ("if a:\n    return None\nlook(a)", ["return None"]),
        ("for a in b:\n    continue", ["continue"]),
        ("return a", []),
    ],
    "rethrow": [
        ("try:\n    look(a)\nexcept OSError:\n    look(b)", ["except OSError => raise"]),
        ("try:\n    look(a)\nexcept OSError:\n    look(b)\n    raise", []),
        ("with suppress(OSError):\n    look(a)", ["with suppress(OSError): => not suppressed"]),
    ],
    "limit": [
        ("max(0, a)", ["0 in max(0, a) => 1"]),
        ("if a > 3:\n    look(a)", ["3 in a > 3 => 4"]),
        ("name[:40]", ["40 in name[:40] => 41"]),
        ("name[0]", []),
        ("message = name[:3]", []),
    ],
}  # fmt: skip


def found(source: str, operator: str) -> list[str]:
    """What an operator finds in a function with this body."""
    body = "\n".join(f"    {line}" for line in source.splitlines())
    edits = [edit for site in walk(ast.parse(f"def f():\n{body}\n")) for edit in OPERATORS[operator](site)]
    return [f"{edit.before} => {edit.after}" if edit.after else edit.before for edit in edits]


def made(tmp_path: Path, source: str) -> list[Mutant]:
    """The mutants of a module with this text."""
    path = tmp_path / "guarded.py"
    path.write_text(source, encoding="utf-8")
    return mutants("guarded", path)


@pytest.mark.parametrize(
    ("operator", "source", "texts"), [(name, *each) for name, cases in FOUND.items() for each in cases]
)
def test_an_operator_finds_what_it_should(operator: str, source: str, texts: list[str]) -> None:
    """Each guard is found once, and what only speaks is left alone."""
    assert found(source, operator) == texts


def test_every_operator_is_tried() -> None:
    """The table of this test is whole."""
    assert set(FOUND) == set(OPERATORS)


def test_the_limits_of_a_module_move(tmp_path: Path) -> None:
    """A constant doubles and is nought; a name in small letters is none, nor is a text."""
    ids = [each.id for each in made(tmp_path, "A: Final = 1 << 20\nB = 0\nc = 3\nD = 'text'\nE = a(3)\n")]
    assert ids == [
        "guarded:-:limit:A = 1 << 20 => 0",
        "guarded:-:limit:A = 1 << 20 => 2097152",
        "guarded:-:limit:B = 0 => 1",
    ]


def test_what_only_speaks_is_left_alone(tmp_path: Path) -> None:
    """Annotations, docstrings, what is for the type checker and what is imported hold no guard."""
    source = (
        '"""A text."""\nif TYPE_CHECKING:\n    a.sync()\nimport x\n@wrap(1 < 2)\ndef f(a: "x < 3") -> "y > 4":\n    """A text."""\n'
        "    b: 'c < 5' = a\n    log.error(a < 6)\n    message = f'{a < 7}'\n    return f'{b < 8}'\n"
    )
    assert made(tmp_path, source) == []


def test_an_id_survives_an_unrelated_edit(tmp_path: Path) -> None:
    """What is above, below and in other functions says nothing in an id; equal mutants of one function are counted."""
    guard = "def f(a):\n    a.sync()\n    a.sync()\n"
    ids = [each.id for each in made(tmp_path, guard) if ":drop:" in each.id]
    assert ids == ["guarded:f:drop:a.sync()", "guarded:f:drop:a.sync() @2"]
    more = made(tmp_path, f"def e(a):\n    a.sync()\n\n\n{guard}")
    assert [each.id for each in more if ":f:drop:" in each.id] == ids


def test_a_mutant_keeps_its_lines_and_is_another(tmp_path: Path) -> None:
    """The changed module stands on the same lines, and behaves otherwise."""
    (mutant,) = made(tmp_path, "def f(a):\n\n    return (\n        a\n        < 3)\n")[:1]
    assert (mutant.line, mutant.lines) == (3, range(3, 6))
    names: dict[str, Any] = {}
    exec(mutant.compiled(), names)  # noqa: S102 - as an import does
    assert names["f"](3)
    assert {line for *_, line in names["f"].__code__.co_lines() if line} == {1, 3, 4, 5}


def test_the_reviewed_list_gives_reasons(tmp_path: Path) -> None:
    """An id without a reason and one that stands there twice are refused."""
    path = tmp_path / "survivors.txt"
    assert read_reviewed(path) == {}
    path.write_text("# head\n\nm:f:drop:a.sync()  # nobody reads it\n", encoding="utf-8")
    assert read_reviewed(path) == {"m:f:drop:a.sync()": "nobody reads it"}
    path.write_text("m:f:drop:a.sync()\n", encoding="utf-8")
    with pytest.raises(ReviewError, match="survivors.txt:1: .* with its reason"):
        read_reviewed(path)
    path.write_text("a  # b\na  # c\n", encoding="utf-8")
    with pytest.raises(ReviewError, match="survivors.txt:2: listed twice: a"):
        read_reviewed(path)


def test_everything_that_is_wrong_is_told(tmp_path: Path) -> None:
    """A survivor that is not listed, a list that lies in either way, and what did not run."""
    one, two, *_ = made(tmp_path, "def f(a):\n    a.sync()\n    a.close()\n")

    def told(verdict: Verdict, *reviewed: str, modules: tuple[str, ...] = ("guarded",)) -> list[str]:
        results = [Result(one, verdict, "test_a"), Result(two, Verdict.CAUGHT, "test_b")]
        return complaints(results, dict.fromkeys(reviewed, "why"), modules=modules, known=[one.id, two.id])

    assert told(Verdict.CAUGHT) == []
    assert told(Verdict.SURVIVED, one.id) == []
    assert told(Verdict.SURVIVED) == [f"survived (0 tests): {one.id}  [line 2]"]
    assert told(Verdict.UNREACHED) == [f"reached by no test (0 tests): {one.id}  [line 2]"]
    assert told(Verdict.CAUGHT, one.id) == [f"listed as a survivor, and caught by test_a: {one.id}"]
    assert told(Verdict.NOT_RUN, one.id) == [f"not run, the time was over: {one.id}"]
    assert told(Verdict.BROKEN) == [f"could not be judged: {one.id}: test_a"]
    assert told(Verdict.CAUGHT, "guarded:f:drop:b()") == ["listed as a survivor, and no mutant: guarded:f:drop:b()"]
    assert told(Verdict.CAUGHT, "other:f:drop:b()") == []


def test_the_tables_name_what_is_there() -> None:
    """Modules and tests exist, and each reviewed survivor is a mutant of today."""
    known = {each.id for name in TARGETS for each in mutants(name, ROOT.joinpath(*name.split(".")).with_suffix(".py"))}
    assert [file for tests in TARGETS.values() for file in tests.files if not (ROOT / file).is_file()] == []
    assert set(read_reviewed(SURVIVORS)) - known == set()


GUARDED = """
LIMIT = 3

def take(items, file):
    if len(items) > LIMIT:
        raise ValueError(items)
    for item in items:
        file.append(item)
    file.sync()

def untested(file):
    file.sync()
"""
TESTS = """
import pytest
from guarded import take

class File(list):
    def sync(self):
        {synced}

def test_it_takes_three():
    file = File()
    take([1, 2, 3], file)
    assert file == [1, 2, 3]

def test_four_are_too_many():
    with pytest.raises(ValueError):
        take([1, 2, 3, 4], File())
"""
DRIVER = """
import sys
from pathlib import Path
from tests.mutation.__main__ import Scene, main
from tests.mutation.targets import Tests
root = Path(sys.argv[1])
sys.path.insert(0, str(root))
sys.exit(main(sys.argv[2:], Scene(root, {"guarded": Tests(("test_guarded.py",), ("test_other.py",))}, [], root / "survivors.txt")))
"""
SURVIVOR = "guarded:take:drop:file.sync()"
UNREACHED = "guarded:untested:drop:file.sync()"
NO_ORDER = (
    "guarded:take:swap:if len(items) > LIMIT: ; for item in items: => swapped",
    "guarded:take:swap:for item in items: ; file.sync() => swapped",
)


def mutate(root: Path, *options: str, synced: str = "pass", reviewed: str = "") -> tuple[int, str]:
    """Run the command on the made-up module; its status and what it prints."""
    (root / "guarded.py").write_text(GUARDED, encoding="utf-8")
    (root / "test_guarded.py").write_text(TESTS.format(synced=synced), encoding="utf-8")
    (root / "test_other.py").write_text("def test_nothing(): pass\n", encoding="utf-8")
    (root / "survivors.txt").write_text(reviewed, encoding="utf-8")
    command = [sys.executable, "-c", DRIVER, str(root), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_run_tells_what_was_caught(tmp_path: Path) -> None:
    """A guard that no test holds fails the run; listed with a reason it does not, and a list that lies does."""
    listed = "".join(f"{each}  # a reason\n" for each in (SURVIVOR, UNREACHED, *NO_ORDER))
    status, text = mutate(tmp_path, "--json", str(tmp_path / "results.json"))
    assert status == 1
    assert f"survived (1 tests): {SURVIVOR}  [line 9]" in text
    assert f"reached by no test (0 tests): {UNREACHED}  [line 12]" in text
    results = {each["id"]: each for each in json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))}
    assert [name for name, each in results.items() if each["verdict"] != "caught"] == [*NO_ORDER, SURVIVOR, UNREACHED]
    assert results["guarded:take:unguard:raise ValueError(items)"]["by"] == "test_guarded.py::test_four_are_too_many"
    status, text = mutate(tmp_path, reviewed=listed)
    assert (status, f"caught / all: {len(results) - 4} / {len(results)}" in text) == (0, True)
    status, text = mutate(tmp_path, "--only", SURVIVOR, synced="self.append(0); self.pop(2)", reviewed=listed)
    assert status == 1
    assert "the tests fail without a mutant: test_guarded.py::test_it_takes_three" in text


def test_what_the_time_did_not_allow_is_told(tmp_path: Path) -> None:
    """A run that was cut short is no run that passed."""
    status, text = mutate(tmp_path, "--minutes", "0")
    assert status == 1
    assert f"not run, the time was over: {SURVIVOR}" in text


def test_a_list_of_what_is_caught_by_now_is_stale(tmp_path: Path) -> None:
    """Whoever reads the list has to be able to believe it."""
    name = "guarded:take:unguard:raise ValueError(items)"
    status, text = mutate(tmp_path, "--only", name, reviewed=f"{name}  # once\n")
    assert (status, f"listed as a survivor, and caught by test_guarded.py::test_four_are_too_many: {name}" in text) == (
        1,
        True,
    )


HANGS = """
import signal, sys
from pathlib import Path
from tests.mutation.pool import Job, Pool

def work(scratch, reporter):
    reporter.tell(start="test_a")
    signal.pause()

pool = Pool(1, Path(sys.argv[1]))
pool.start(Job("job", work, lambda test: 0.05))
ended = []
while not ended:
    ended = pool.wait(60)
print(ended[0][0].key, ended[0][1].hung, pool.busy)
"""


def test_a_test_that_hangs_is_ended(tmp_path: Path) -> None:
    """A mutant may wait for ever; the run does not."""
    command = [sys.executable, "-c", HANGS, str(tmp_path)]
    assert (
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
        == "job test_a False\n"
    )
