"""The page on performance shows the run that was kept: all figures, the pictures that it names, and every suite that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.specification import performance
from tools.bench.figure import Figure, Series
from tools.bench.report import Report
from tools.bench.sampling import Profile
from tools.bench.suites import SUITES

PAGE = (Path(__file__).parents[2] / "docs/performance.md").read_text(encoding="utf-8")
SEAL = Figure(
    "overlay",
    "sealing | fast",
    "bare writes",
    (0.8, 0.9, 1.0),
    least=0.95,
    aim=0.85,
    facts={"bytes_s": 2e8},
    note="A wall.",
)
MISSING = Figure("overlay", "sealing", "age", skipped="age is missing (Debian package age)")
COURSE = Series("overlay", "cost of a press", "recordings", "ms", ((1, 2.0), (10_000, 2.1)), log_x=True)
PROFILE = Profile(
    1.0,
    {("MainThread", "firmware.a.seal", "x = `y` | z"): 0.75, ("writer", "firmware.b.write", "file.write(data)"): 0.25},
)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Report:
    """A run that was kept."""
    machine: dict[str, str | int] = dict.fromkeys(
        ("processor", "memory_gib", "system", "kernel", "file_system", "python", "openssl", "cryptography", "av"),
        "told",
    )
    report = Report({**machine, "cores": 2, "commit": "abc"}, "2026-12-01", quick=False)
    report.add("overlay", 12.4, [SEAL, MISSING, COURSE])
    report.profiles["overlay"] = PROFILE
    report.write(tmp_path / "performance.json")
    monkeypatch.setattr(performance, "KEPT", tmp_path / "performance.json")
    return report


def test_what_was_kept_comes_back(kept: Report) -> None:
    """Every round, course and profile."""
    assert performance.kept() == kept


@pytest.mark.usefixtures("kept")
def test_figures_on_the_page() -> None:
    """Values, promises, verdicts, what they were made of, and what was skipped; a table's cell stays one cell."""
    made = performance.made(PAGE)
    figures = made["figures-overlay"]()
    assert "| sealing / fast | bare writes | 0.9 (0.8 to 1) | at least 0.95, aim 0.85 | **not kept** |" in figures
    assert "not measured: age is missing (Debian package age)" in figures
    assert "- sealing | fast, against bare writes: 200 MB/s. A wall." in figures
    assert "Cost of a press: 2 at first, 2.1 at last." in figures
    assert "| [overlay](#overlay) |" in made["headlines"]()
    assert "| 0 of 1 | 1 of 1 | 1 | 12 s |" in made["headlines"]()
    assert made["figures-sealing"]() == "Not measured yet: `lapel bench sealing`."
    profile = made["profile-overlay"]()
    assert "| `firmware.a.seal` | `x = 'y' / z` | 75.0% |" in profile
    assert "threads: MainThread 75%, writer 25%" in profile


@pytest.mark.usefixtures("kept")
def test_the_page_names_the_pictures_that_there_are() -> None:
    """No more, and no fewer."""
    made = performance.made(PAGE)
    named = {name for make in made.values() for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", make())}
    assert (
        named == set(performance.pictures()) == {f"pictures/bench-overlay{end}.svg" for end in ("", "-1", "-profile")}
    )


@pytest.mark.parametrize("kind", ["figures", "profile"])
def test_a_suite_without_a_place(kind: str) -> None:
    """Whoever adds a suite is told what the page lacks."""
    suite = next(iter(SUITES))
    with pytest.raises(ValueError, match=f"no marks for the {kind} of {suite}"):
        performance.made(PAGE.replace(f"made: {kind}-{suite}", "made: none"))
