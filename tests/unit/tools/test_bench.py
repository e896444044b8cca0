"""``lapel bench``: ratios of what ran in turns, promises that are kept or not, a report that says all of it, and runs that may be compared."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tools.__main__ import main
from tools.bench import cli, machine, suites, tables
from tools.bench.figure import Figure, Series, over
from tools.bench.others import Moment
from tools.bench.page import page as render
from tools.bench.report import Report, ReportError, Standing, standing
from tools.bench.running import of_two
from tools.bench.sampling import Profile
from tools.bench.suites import SUITES, Scale, Suite
from tools.bench.turns import turns

GOOD = Figure("made-up", "sealing", "bare writes", (0.9, 0.8, 1.0), least=0.75, aim=0.9, facts={"bytes_s": 4e8})
NEARLY = replace(GOOD, what="nearly", ratios=(0.7, 0.6, 0.8))
BAD = replace(GOOD, what="bad", ratios=(0.5, 0.5, 0.5))
MISSING = Figure("made-up", "sealing", "age", skipped="age is not installed: Debian's age brings it")
COURSE = Series("made-up", "cost", "recordings", "ms", ((1, 2.0), (10, 2.1), (100, 2.0)), log_x=True)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Figure | Series]:
    """What the one suite that there is finds, each time."""
    told: list[Figure | Series] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Moment, "others_since", lambda _now, _before: 0.0)
    for module in (suites, cli):
        monkeypatch.setattr(module, "SUITES", {"made-up": Fake(told)})
    return told


class Fake(Suite):
    """A suite that finds what it is told to."""

    __slots__ = ("scales", "told")

    def __init__(self, told: list[Figure | Series]) -> None:
        super().__init__("none", "whether this is told", 1, 1)
        object.__setattr__(self, "told", told)

    def measure(self, scale: Scale) -> Iterator[Figure | Series]:
        """Tell it; the place is there, and empty."""
        assert list(scale.place.iterdir()) == []
        (scale.place / "left").touch()
        yield from self.told  # type: ignore[attr-defined] # set above

    def hot(self, scale: Scale) -> Callable[[], object] | None:
        """What takes its time."""
        assert scale.place.is_dir()
        return spin


def spin() -> None:
    """Take some time of the processor."""
    until = time.thread_time() + 0.3  # enough to be looked at, however seldom a busy machine lets that be
    while time.thread_time() < until:
        pass


def written() -> int:
    """Bytes that this process has written so far."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(told["wchar"])


def test_a_report_is_spelt_line_by_line(tmp_path: Path) -> None:
    """A change of one figure is a few lines, and a profile's stack is one."""
    profile = Profile(1.0, {("main", "f", "x"): 0.5, ("main", "g", 'y("[")'): 0.5})
    report = Report(
        {"commit": "c"}, "2026-01-01", quick=False, figures=[GOOD], series=[COURSE], profiles={"made-up": profile}
    )
    path = tmp_path / "report.json"
    report.write(path)
    lines = [line.strip().rstrip(",") for line in path.read_text(encoding="utf-8").splitlines()]
    assert '[0.5, "main", "f", "x"]' in lines
    assert "[1, 2.0]" in lines
    read = Report.read(path)
    assert (read.figures, read.series, read.profiles) == ([GOOD], [COURSE], {"made-up": profile})


def test_contestants_take_turns() -> None:
    """Each once a round, and another one first each time."""
    order: list[str] = []

    def run(name: str) -> int:
        order.append(name)
        return len(order)

    ran = turns({name: partial(run, name) for name in "abc"}, 3)
    assert "".join(order) == "abcbcacab"
    assert ran == {"a": (1, 6, 8), "b": (2, 4, 9), "c": (3, 5, 7)}
    with pytest.raises(ValueError, match="rounds: 0"):
        turns({}, 0)


def test_each_finds_the_same() -> None:
    """What is done before each contestant is done before each."""
    order: list[str] = []
    turns({name: partial(order.append, name) for name in "ab"}, 2, lambda: order.append("-"))
    assert "".join(order) == "-a-b-b-a"


def test_memory_is_made_ready(tmp_path: Path) -> None:
    """As much as was asked for goes through a file, of which nothing is left."""
    before = written()
    Scale(quick=True, rounds=1, place=tmp_path).warm()
    assert written() - before == 32 << 20
    assert not list(tmp_path.iterdir())


def test_a_promise_is_of_the_median() -> None:
    """Kept or not by the middle round, both ways; with a margin it is less strict; without a round it is neither."""
    assert (GOOD.value, GOOD.spread, GOOD.kept) == (0.9, (0.8, 1.0), True)
    assert (NEARLY.kept, NEARLY.within(0.25), BAD.within(0.25)) == (False, True, False)
    most = replace(GOOD, least=None, most=1.9, ratios=(2.0, 1.0, 2.5))
    assert (most.kept, most.within(0.25), replace(most, ratios=(2.4,)).within(0.25)) == (False, True, False)
    assert (MISSING.value, MISSING.spread, MISSING.kept) == (None, None, None)
    assert replace(GOOD, least=None).kept is None
    assert [each.reached for each in (GOOD, BAD, MISSING, replace(most, aim=1.9), replace(most, aim=2.0))] == [
        True,
        False,
        None,
        False,
        True,
    ]
    free = replace(GOOD, least=None)
    expected = [Standing.KEPT, Standing.NEARLY, Standing.BROKEN, Standing.FREE, Standing.SKIPPED]
    assert [standing(each, quick=True) for each in (GOOD, NEARLY, BAD, free, MISSING)] == expected
    assert standing(NEARLY, quick=False) is Standing.BROKEN
    assert over((1.0, 9.0), (2.0, 3.0)) == (0.5, 3.0)


@pytest.mark.parametrize(
    ("told", "quick", "status"),
    [((GOOD, MISSING, COURSE), False, 0), ((NEARLY,), False, 1), ((NEARLY,), True, 0), ((BAD,), True, 1)],
)
def test_the_command(
    found: list[Figure | Series],
    told: tuple[Figure | Series, ...],
    *,
    quick: bool,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """1 where a promise was not kept, by a quick run only where it was not even nearly; the report has all of it, and reads back."""
    found += told
    assert main(["bench", *(["--quick"] if quick else [])]) == status
    shown = capsys.readouterr().out
    assert ("measured twice" in shown) is bool(status)
    out = Path("build/bench/quick.json" if quick else "build/bench/report.json")
    report = Report.read(out)
    assert [*report.figures, *report.series] == list(told)
    assert report.machine["cores"] == machine.describe(out)["cores"]
    assert report.repeated == (["made-up"] if status else [])
    assert out.with_suffix(".html").read_text(encoding="utf-8") == render(report)


def test_a_suite_that_fails_takes_nothing_with_it(
    found: list[Figure | Series], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured before it is in the report."""

    def fails(_self: Suite, _scale: Scale) -> Iterator[Figure | Series]:
        raise ValueError("its own output does not verify")

    broken = Fake([])
    for module in (suites, cli):
        monkeypatch.setattr(module, "SUITES", {"made-up": Fake(found), "broken": broken})
    found.append(GOOD)
    monkeypatch.setattr(Fake, "measure", lambda self, scale: fails(self, scale) if self is broken else iter(found))
    with pytest.raises(ValueError, match="does not verify"):
        main(["bench"])
    assert Report.read(cli.WHOLE).figures == [GOOD]


def test_lines_for_machines(found: list[Figure | Series], capsys: pytest.CaptureFixture[str]) -> None:
    """An object for each figure and course."""
    found += [GOOD, COURSE]
    assert main(["bench", "--json", "made-up"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["kind"], each["what"]) for each in told] == [("figure", GOOD.what), ("series", COURSE.what)]


def test_runs_of_one_machine_are_compared(
    found: list[Figure | Series], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each ratio's change, and whether it is more than the rounds differ among themselves; those of two machines are refused, by what differs."""
    found.append(GOOD)
    for name, ratios in (("old", (0.9, 0.8, 1.0)), ("near", (0.95, 0.85, 1.0)), ("new", (1.3, 1.2, 1.4))):
        found[0] = replace(GOOD, ratios=ratios)
        assert main(["bench", "--out", f"{name}.json"]) == 0
    capsys.readouterr()
    assert main(["bench", "compare", "old.json", "new.json"]) == 0
    shown = capsys.readouterr().out
    assert "+44.4%" in shown
    assert "beyond the spread" in shown
    assert main(["bench", "compare", "old.json", "near.json"]) == 0
    assert "beyond the spread" not in capsys.readouterr().out
    assert main(["bench", "--quick", "--out", "quick.json"]) == 0
    assert main(["bench", "compare", "old.json", "quick.json"]) == 1
    assert "one is a quick run" in capsys.readouterr().err
    other = Report.read(Path("new.json"))
    other.machine = {**other.machine, "processor": "another", "kernel": "another"}
    other.write(Path("other.json"))
    assert main(["bench", "compare", "old.json", "other.json"]) == 1
    told = capsys.readouterr().err
    assert "processor: " in told
    assert "kernel" not in told
    assert main(["bench", "compare", "old.json", str(tmp_path / "none.json")]) == 2


@pytest.mark.parametrize(
    "told", ["", "[]", "{}", '{"format": "lapel-bench/9"}', '{"format": "lapel-bench/1", "figures": [{}]}']
)
def test_what_is_no_report(tmp_path: Path, told: str) -> None:
    """It is said, by name."""
    path = tmp_path / "report.json"
    path.write_text(told)
    with pytest.raises(ReportError, match=r"report\.json"):
        Report.read(path)


def test_the_table_of_suites() -> None:
    """Each is a module with figures to measure, and all of them fit into what is promised of the whole run and of the quick one."""
    for name, suite in SUITES.items():
        assert callable(__import__(f"tools.bench.{suite.module}", fromlist=["measure"]).measure), name
    assert sum(suite.budget_s for suite in SUITES.values()) <= 600
    assert sum(suite.quick_s for suite in SUITES.values()) <= 60


def test_figures_kept_for_the_documents(
    found: list[Figure | Series],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """``--keep`` writes the report there too, with a profile of whatever has one; of a part, or of a quick run, it is refused."""
    monkeypatch.setattr(tables, "KEPT", tmp_path / "performance.json")
    found.append(GOOD)
    for part in (["made-up"], ["--quick"]):
        assert main(["bench", "--keep", *part]) == 2
    assert "a whole run" in capsys.readouterr().err
    assert not tables.KEPT.exists()
    assert main(["bench", "--keep"]) == 0
    kept = Report.read(tables.KEPT)
    assert kept.figures == [GOOD]
    assert any("test_bench.spin" in function for function, _, share in kept.profiles["made-up"].lines() if share > 0.5)


def test_a_profile(
    found: list[Figure | Series], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table, and a picture beside the reports; what has nothing to be profiled says so."""
    assert found == []
    assert main(["bench", "profile", "made-up"]) == 0
    assert "test_bench.spin" in capsys.readouterr().out
    assert "test_bench.spin" in Path("build/bench/profile-made-up.svg").read_text(encoding="utf-8")
    monkeypatch.setattr(Fake, "hot", lambda _self, _scale: None)
    assert main(["bench", "profile", "made-up"]) == 2
    assert "made-up has nothing to be profiled" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fly"], "no such suite: fly; there are made-up"),
        (["compare", "one.json"], "compare takes two reports"),
        (["profile"], "profile takes a suite"),
        (["--rounds", "0"], "--rounds has to be 1 or more"),
    ],
)
def test_wrong_commands(
    found: list[Figure | Series], capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Status 2, and what is wrong; nothing is measured."""
    assert found == []
    assert main(["bench", *words]) == 2
    assert told in capsys.readouterr().err
    assert not Path("build/bench/report.json").exists()


@pytest.mark.parametrize(("quick", "status"), [(True, 0), (False, 1)])
def test_a_busy_machine(
    found: list[Figure | Series],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    quick: bool,
    status: int,
) -> None:
    """Beside much other work a quick run says of no promise that it is broken, and says that; a whole run is judged all the same."""
    monkeypatch.setattr(Moment, "others_since", lambda _now, _before: 0.6)
    found += [GOOD, BAD]
    assert main(["bench", *(["--quick"] if quick else [])]) == status
    shown = capsys.readouterr().out
    assert "others took 60% of the processors" in " ".join(shown.split())
    report = Report.read(cli.QUICK if quick else cli.WHOLE)
    assert report.standing(BAD) is (Standing.BUSY if quick else Standing.BROKEN)
    assert report.standing(GOOD) is Standing.KEPT
    assert report.others == {"made-up": 0.6}
    assert ("1 of 2 promises kept, 1 not judged" in render(report)) is quick


def test_others_are_seen() -> None:
    """What the processors did that was not ours, as a share of all of them; ours is no load."""
    cores = os.cpu_count() or 1
    before = Moment(10.0, 100.0, 5.0)
    assert Moment(20.0, 100.0 + 4 * cores, 5.0 + 1.5 * cores).others_since(before) == pytest.approx(0.25)
    assert Moment(20.0, 103.0, 8.5).others_since(before) == 0.0
    first = Moment.now()
    spin()
    second = Moment.now()
    assert second.ours_s > first.ours_s
    assert second.busy_s >= first.busy_s > 0
    assert 0 <= second.others_since(first) <= 1


def test_what_is_broken_once_is_not_broken() -> None:
    """Of two runs what was kept at first stays as it was, whatever the second run says; what was broken is as it was the second time."""
    other = replace(GOOD, what="other")
    first: list[Figure | Series] = [replace(GOOD, ratios=(0.8,)), BAD, other, COURSE]
    again: list[Figure | Series] = [
        replace(BAD, ratios=(0.9,)),
        replace(GOOD, ratios=(0.1,)),
        replace(other, ratios=(0.2,)),
        COURSE,
    ]
    assert of_two(first, again, quick=False) == [first[0], again[0], other, COURSE]
    assert of_two([NEARLY], [replace(NEARLY, ratios=(0.9,))], quick=True) == [NEARLY]
    assert of_two([BAD], [], quick=False) == [BAD]


def test_what_differs() -> None:
    """What a processor is and how many there are, not what runs on it."""
    one: Mapping[str, str | int] = machine.describe(Path("/"))
    assert machine.differences(one, {**one, "python": "4"}) == []
    assert machine.differences(one, {**one, "cores": 99}) == [f"cores: {one['cores']} and 99"]
