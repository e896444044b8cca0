"""The mutants of a module, each with a name that survives an unrelated edit."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from tests.mutation.operators import OPERATORS
from tests.mutation.sites import walk

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change in one module.

    ``id`` is ``module:function:operator:what stood there => what stands there``; equal ones in one function are counted.  ``lines`` of
    the file are those of which one has to run for the change to matter; None where importing the module is enough.
    """

    id: str
    module: str
    operator: str
    line: int
    lines: range | None
    compiled: Callable[[], CodeType]
    """The changed module.  It changes the tree that all mutants of this module share: call it in a process that ends."""


def mutants(module: str, path: Path) -> list[Mutant]:
    """All mutants of a module, in the order of its text."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for site in walk(tree):
        for operator, edits in OPERATORS.items():
            for edit in edits(site):

                def compiled(apply: Callable[[], None] = edit.apply) -> CodeType:
                    apply()
                    return compile(tree, str(path), "exec", dont_inherit=True)

                told = f"{edit.before} => {edit.after}" if edit.after else edit.before
                key = f"{module}:{site.scope or '-'}:{operator}:{_short(told)}"
                seen[key] += 1
                name = key if seen[key] == 1 else f"{key} @{seen[key]}"
                lines = edit.lines if site.inside else None
                found.append(Mutant(name, module, operator, edit.lines.start, lines, compiled))
    return found


def _short(text: str) -> str:
    """At most ``LONGEST`` characters; what is cut is told apart by a hash."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 10]}... {hashlib.sha256(text.encode()).hexdigest()[:6]}"
