"""The page and the plots of a run: every round against its promise, what was skipped stands out, and it needs nothing but itself."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from tools.bench.figure import Figure, Series
from tools.bench.page import page
from tools.bench.plots import WIDTH, board, course, strip
from tools.bench.report import Report
from tools.bench.words import number, promise, said

SVG = "{http://www.w3.org/2000/svg}"
SEAL = Figure(
    "sealing", "sealing <fast>", "bare & plain writes", (0.8, 0.9, 1.0), least=0.75, aim=0.95, facts={"bytes_s": 2e8}
)
COST = Figure("sealing", "cost", "bare", (2.0,), most=1.9, note="The second sync is the wall.")
NEARLY = Figure("sealing", "nearly", "bare", (0.7,), least=0.75)
MISSING = Figure("sealing", "sealing", "age", skipped="age is missing (Debian package age)")
FREE = Figure("offload", "memory", "before", (0.0, 0.01))
COURSE = Series("offload", "cost", "recordings", "ms", ((1, 2.0), (10, 2.1), (10_000, 2.0)), log_x=True)
MACHINE: dict[str, str | int] = {"processor": "A <fine> one", "cores": 2, "governor": ""}


def report(*, quick: bool = False) -> Report:
    """A run with one of each."""
    made = Report(MACHINE, "2026-12-01", quick)
    made.add("sealing", 12.4, [SEAL, COST, NEARLY, MISSING])
    made.add("offload", 3.0, [FREE, COURSE])
    return made


def marks(drawn: str, kind: str, key: str) -> list[float]:
    """Where the marks of a kind stand, from left to right as they were drawn."""
    root = ET.fromstring(drawn)  # noqa: S314 - ours
    return [float(each.attrib[key]) for each in root.iter() if each.attrib.get("class") == kind]


class Balanced(HTMLParser):
    """Finds tags that are not closed in the order in which they were opened, and what a page fetches."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more is open."""
        self.open += [] if tag in self.VOID else [tag]
        self.fetched += [
            str(value) for name, value in attrs if name in {"src", "href"} and not str(value).startswith("#")
        ]

    def handle_endtag(self, tag: str) -> None:
        """The innermost one ends."""
        assert self.open.pop() == tag


@pytest.mark.parametrize("quick", [False, True])
def test_the_page(*, quick: bool) -> None:
    """All figures, with their verdicts; sound HTML that fetches nothing and runs nothing, in light and dark."""
    made = page(report(quick=quick))
    parser = Balanced()
    parser.feed(made)
    assert (parser.open, parser.fetched) == ([], [])
    assert "<script" not in made
    assert "prefers-color-scheme: dark" in made
    assert made.count('class="strip"') == 4
    assert "A &lt;fine&gt; one, 2 cores" in made
    assert "sealing &lt;fast&gt;" in made
    assert MISSING.skipped in made
    assert COST.note in made
    assert "200 MB/s" in made
    broken = 1 if not quick else 0
    assert (f"{1 + broken} of 3 promises not kept, 1 skipped" in made) is not quick
    assert ("not quite" in made.partition("</header>")[2]) is quick
    assert ("missed by more than 25%" in made) is quick


def test_the_headlines_are_what_suites_begin_with() -> None:
    """One a suite, which leads to its section."""
    made = page(report())
    assert re.findall(r'<a class="headline (\w+)" href="#(\w+)"><b>([^<]+)</b>', made) == [
        ("good", "sealing", "0.9"),
        ("none", "offload", "0.005"),
    ]
    assert re.findall(r'<section id="(\w+)">', made) == ["sealing", "offload"]


def test_a_strip() -> None:
    """Each round is a dot, larger ones further right; the median among them; what is shaded is where the promise is broken."""
    drawn = strip(SEAL)
    dots = marks(drawn, "dot", "cx")
    (promised,), (aim,), (median,) = (marks(drawn, kind, "x1") for kind in ("promise", "aim", "median"))
    assert dots == sorted(dots)
    assert promised < dots[0] < median == dots[1] < aim < dots[2] < WIDTH
    assert marks(drawn, "bad", "x")[0] + marks(drawn, "bad", "width")[0] == pytest.approx(promised, abs=0.2)
    over = strip(COST)
    assert marks(over, "bad", "x")[0] == marks(over, "promise", "x1")[0] < marks(over, "dot", "cx")[0]


def test_a_strip_of_next_to_nothing() -> None:
    """What is zero has a place too, though not by factors; what is far from parity does not show it."""
    nothing, little = marks(strip(FREE), "dot", "cx")
    assert 0 < nothing < little < WIDTH
    far = strip(Figure("s", "far", "it", (200.0, 210.0)))
    assert ">1<" not in far
    assert ">1<" in strip(SEAL)


def test_a_board() -> None:
    """All strips of a suite in one picture, none above another, each under its words."""
    root = ET.fromstring(board([SEAL, COST, FREE], "sealing"))  # noqa: S314 - ours
    places = [(float(each.attrib["y"]), float(each.attrib["height"])) for each in root.findall(f"{SVG}svg")]
    assert len(places) == 3
    assert all(upper + height <= lower for (upper, height), (lower, _) in itertools.pairwise(places))
    assert places[-1][0] + places[-1][1] <= float(root.attrib["height"])
    words = " ".join(str(each.text) for each in root.findall(f"{SVG}text"))
    assert "sealing <fast>, against bare & plain writes" in words
    assert "0.9 (0.8 to 1); at least 0.75, aim 0.95" in words


def test_a_course() -> None:
    """Points from left to right, by factors where that is wanted, from zero up; one point or none below zero are no accident."""
    across = marks(course(COURSE), "dot", "cx")
    assert across == sorted(across)
    assert (across[1] - across[0]) * 3 == pytest.approx(across[2] - across[1], abs=0.5)
    up = marks(course(COURSE), "dot", "cy")
    assert up[1] < up[0] == up[2]
    assert len(marks(course(Series("s", "one", "x", "y", ((5, 0.0),))), "dot", "cx")) == 1
    below = marks(course(Series("s", "growth", "h", "MiB", ((0, -1.0), (1, 1.0)))), "dot", "cy")
    assert below[1] < below[0] < 230
    with pytest.raises(ValueError, match="without a point"):
        course(Series("s", "none", "x", "y", ()))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.012345, "0.0123"),
        (0.9, "0.9"),
        (1.0, "1"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (500_000.0, "500 k"),
        (2_345_678.0, "2.35 M"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers(value: float, words: str) -> None:
    """Three digits, and no more."""
    assert number(value) == words


def test_words() -> None:
    """Value, spread and promise; a single round has no spread, and what is skipped says why."""
    assert (said(SEAL), promise(SEAL)) == ("0.9 (0.8 to 1)", "at least 0.75, aim 0.95")
    assert (said(COST), promise(COST)) == ("2", "at most 1.9")
    assert (said(MISSING), promise(MISSING)) == (f"not measured: {MISSING.skipped}", "")
