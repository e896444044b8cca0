"""A scenario of evidence, and the vector that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.vector_maker.bases import FIRST, base
from tests.vector_maker.files import VECTORS
from tests.vector_maker.tree import Tree, difference

FOLDER = VECTORS / "evidence"
BETWEEN = " | "
"""Stands between the parts of a header's value that may be several."""

WHOLE, RECOVERED, OPEN, NOT_WHOLE = "whole", "recovered", "open", "not whole"
REVOKED, REFUSED, UNPROVEN = "signed by a revoked device", "refused", "not proven since the last docking"
GOOD = (WHOLE, RECOVERED, UNPROVEN)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is judged, and what has to come of it.

    ``make`` gives the whole tree, of which the vector keeps the difference to ``base``; ``path`` is what is judged, inside it.
    ``problems`` is ``FILE: WORDS`` each, and of every file with a problem at least one; ``proven`` and ``unproven`` are parts of texts.
    ``section`` is that of the page whose rule decides.
    """

    name: str
    about: str
    section: str
    base: str
    make: Callable[[], Tree]
    path: str = FIRST
    verdict: str = NOT_WHOLE
    exit: int | None = None
    problems: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    root: str = "root.crt.pem"
    keys: tuple[str, ...] = ()
    tsa_root: str | None = None
    pq_root: str | None = None
    revoked: str | None = None
    anchors: tuple[str, ...] = ()

    def header(self) -> dict[str, str]:
        """As it stands in the file; what is not set is left out."""
        good = self.verdict in GOOD
        values: dict[str, str | None] = {
            "scenario": self.name,
            "about": self.about,
            "section": self.section,
            "base": self.base,
            "path": self.path,
            "root": self.root,
            "keys": BETWEEN.join(self.keys),
            "tsa-root": self.tsa_root,
            "pq-root": self.pq_root,
            "revoked": self.revoked,
            "anchors": BETWEEN.join(self.anchors),
            "verdict": self.verdict,
            "exit": str(self.exit if self.exit is not None else 2 if self.verdict == REFUSED else int(not good)),
            "problems": BETWEEN.join(self.problems),
            "proven": BETWEEN.join(self.proven),
            "not proven": BETWEEN.join(self.unproven),
        }
        return {name: value for name, value in values.items() if value}

    def text(self) -> str:
        """The whole vector."""
        head = "".join(f"{name}: {value}\n" for name, value in self.header().items())
        return head + "\n" + "".join(map(str, difference(base(self.base), self.make())))


@dataclass(frozen=True, slots=True)
class Group:
    """A folder of vectors, with what its scenarios have in common."""

    name: str
    about: str
    scenarios: tuple[Scenario, ...]


HEADER = (
    "scenario", "about", "section", "base", "path", "root", "keys", "tsa-root", "pq-root", "revoked", "anchors", "verdict",
    "exit", "problems", "proven", "not proven",
)  # fmt: skip


def read(text: str) -> tuple[Mapping[str, str], str]:
    """Header and edits of a vector; ``ValueError`` where it is none."""
    head, empty, edits = text.partition("\n\n")
    rows = [line.partition(": ") for line in head.split("\n")]
    header = {name: value for name, _, value in rows}
    if (
        not empty
        or len(header) != len(rows)
        or not all(colon for _, colon, _ in rows)
        or not header.keys() <= {*HEADER}
    ):
        raise ValueError("no vector")
    return header, edits


def parts(header: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The parts of a value that may be several."""
    return tuple(header[name].split(BETWEEN)) if name in header else ()
