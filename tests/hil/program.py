"""Programs that run on a board while it is brought up: they lie in ``on_board/``, go over the connection, and are never installed."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path

PACKAGE = "tests.hil.on_board"
PLACE = Path(__file__).with_name("on_board")
SHARED = ("talk", "parts", "lens")
"""Modules that programs may import; each of these those before it."""
BOOTSTRAP = """\
import json, sys, types
told = json.loads(sys.stdin.buffer.readline())
for name in ("tests", "tests.hil", "tests.hil.on_board"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
for name, text in told["modules"].items():
    module = sys.modules["tests.hil.on_board." + name] = types.ModuleType("tests.hil.on_board." + name)
    exec(compile(text, name + ".py", "exec"), module.__dict__)
sys.exit(module.start(told["given"]))
"""
"""What Python is told to do there: take modules from its input, and start the last one with what it is given.  Later lines are orders to it."""


def names() -> list[str]:
    """The programs that there are."""
    return sorted(path.stem for path in PLACE.glob("*.py") if path.stem not in SHARED)


def package(name: str, given: Mapping[str, object]) -> bytes:
    """The line that ``BOOTSTRAP`` reads.  ``ValueError`` where there is no such program."""
    if name not in names():
        raise ValueError(f"there is no program {name}; there are {', '.join(names())}")
    text = _text(name)
    modules = {each: _text(each) for each in SHARED if each in imported(text)} | {name: text}
    return json.dumps({"modules": modules, "given": given}).encode() + b"\n"


def imported(text: str) -> set[str]:
    """Which modules of ``on_board/`` a program's text imports."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in nodes if node.module == PACKAGE for alias in node.names}


def _text(name: str) -> str:
    return (PLACE / f"{name}.py").read_text(encoding="utf-8")
