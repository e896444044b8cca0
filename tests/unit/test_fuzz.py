"""Every parser on inputs that were found before and on fresh ones, and the fuzzer itself: it has to notice what it looks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import corpus, engine
from tests.fuzz.target import BrokenPromiseError, Target, attempt
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs(name: str) -> None:
    """What a fuzzer found once is taken or refused in the parser's own words, in no more memory than its bound."""
    target = TARGETS[name]
    for data in (*target.seeds(), *corpus.kept(name).values()):
        attempt(target, data, measure=True)


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_taken(name: str) -> None:
    """At least one: or else nothing behind the first check would ever be reached."""
    target = TARGETS[name]
    assert any(attempt(target, data) is None for data in target.seeds())


@pytest.mark.parametrize("name", TARGETS)
def test_any_inputs(name: str) -> None:
    """So are any bytes, and good inputs that were changed by their structure."""
    target = TARGETS[name]
    good = target.seeds()

    @settings(max_examples=15)
    @given(st.integers(0, 2**64), st.binary(max_size=64))
    def promise(seed: int, noise: bytes) -> None:
        draw = Random(seed)
        changed = target.changed(draw.choice(good), draw)
        for data in (noise, changed, target.changed(changed, draw)):
            attempt(target, data)

    promise()


def test_the_corpus_is_small() -> None:
    """It is part of every checkout, and each of its folders is a parser's."""
    folders = {path.name for path in corpus.KEPT.iterdir()}
    assert folders <= {corpus.folder(name) for name in TARGETS}
    assert sum(path.stat().st_size for path in corpus.KEPT.rglob("*") if path.is_file()) < 1_000_000


def test_what_is_nested_deeply_is_changed_all_the_same() -> None:
    """The fuzzer itself has no limit of depth at which it gives up."""
    deep = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"
    target = TARGETS["camera/canonical-json"]
    assert all(target.changed(deep, Random(seed)) for seed in range(20))


def refuse(data: bytes) -> None:
    """A parser that takes nothing."""
    raise ValueError(data)


def test_an_attempt_tells_a_refusal_from_a_mistake() -> None:
    """A refusal is an answer; another exception is none, nor is more memory than allowed."""
    careful = Target("x", refuse, (ValueError,), lambda: [b""])
    assert str(attempt(careful, b"a")) == "b'a'"
    with pytest.raises(BrokenPromiseError, match="ValueError: b'a'"):
        attempt(Target("x", refuse, (KeyError,), lambda: [b""]), b"a")
    hungry = Target("x", lambda data: bytearray(1 << 20), (), lambda: [b""])
    assert attempt(hungry, b"a") is None
    with pytest.raises(BrokenPromiseError, match="bytes of memory for an input of 1"):
        attempt(hungry, b"a", measure=True)


# Parsers that go wrong where an input begins with a certain letter, each in its own way.
PLANTED = """
import os, sys
from pathlib import Path
from tests.fuzz import engine, pool, session
from tests.fuzz.target import Target

def wrong(data):
    if data[:1] == b"k":
        raise KeyError("planted")

def hungry(data):
    return bytearray(1 << 20)

def hanging(data):
    while data[:1] == b"k":
        pass

def dying(data):
    if data[:1] == b"k":
        os._exit(5)

def well(data):
    return len(data)

pool.HANG_CPU_S = 0.2
if sys.argv[2] == "plain":
    engine.atheris = lambda: None
guide = engine.atheris()
parsers = {}
for each in (wrong, hungry, hanging, dying, well):
    each = guide.instrument_func(each) if guide else each
    parsers[each.__name__] = Target(each.__name__, each, (), lambda: [b"j"])
sys.exit(session.fuzz(parsers, session.Plan(3, 1, 2, 5, Path(sys.argv[1]))))
"""


@pytest.mark.parametrize("kind", ["plain", *(["guided"] if engine.atheris() else [])])
def test_planted_mistakes_are_found(tmp_path: Path, kind: str) -> None:
    """An exception, hunger, a hang and a sudden end are each found, kept and told with a command that shows them again; what is well is not."""
    command = [sys.executable, "-c", PLANTED, str(tmp_path), kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    told = done.stdout.splitlines()
    broken = {line.split()[1].rstrip(":"): line for line in told if line.startswith("BROKEN")}
    assert broken.keys() == {"wrong", "hungry", "hanging", "dying"}, done.stdout + done.stderr
    assert "KeyError: 'planted'" in broken["wrong"]
    assert "bytes of memory for an input of" in broken["hungry"]
    assert "no answer within" in broken["hanging"]
    assert "the status 5" in broken["dying"]
    assert told[-1] == "4 parsers break a promise"
    assert done.returncode == 1
    for name in ("wrong", "hanging", "dying"):
        (found,) = (tmp_path / "broken").glob(f"{name}-*")
        assert found.read_bytes().startswith(b"k")
        assert any(f"--target {name} --input {found}" in line for line in told)
