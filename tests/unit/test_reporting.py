"""The close of a test run, and the outside oracles: what was left out is said, and CI fails on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.oracles import BUILDERS, FONTS, ORACLES, needs

ROOT = Path(__file__).parents[2]

SUITE = """
import pytest
from tests.oracles import needs

def test_passes():
    pass

@needs("age")
def test_wants_age():
    pass

@pytest.mark.skip(reason="too tired")
def test_tired():
    pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A small suite that runs in a process of its own, on a machine without any oracle."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", "")
    pytester.makeconftest('pytest_plugins = ["tests.reporting"]')
    pytester.makepyfile(test_suite=SUITE)
    return pytester


def test_missing_oracles_are_told(suite: pytest.Pytester) -> None:
    """A developer learns which package brings what was missing, and how many tests that cost; the run passes."""
    result = suite.runpytest_subprocess()
    result.stdout.fnmatch_lines(
        [
            "*outside oracles that were missing (make deps installs them)*",
            "command*Debian package*tests skipped*",
            "age *age *1 *",
            "age-keygen *age *0 *",
            "ffprobe *ffmpeg *0 *",
        ]
    )
    assert result.ret == pytest.ExitCode.OK


def test_nothing_missing_is_said_too(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all oracles in place the run says so in one line and skips nothing for them."""
    programs = suite.mkdir("programs")
    for command in ORACLES:
        (programs / command).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs))
    result = suite.runpytest_subprocess()
    result.stdout.fnmatch_lines([f"Outside oracles: none of the {len(ORACLES)} was missing."])
    result.assert_outcomes(passed=2, skipped=1)


@pytest.mark.parametrize(
    ("listed", "passes"),
    [
        ("test_suite.py::test_tired # reviewed\n# a comment\ntest_suite.py::test_wants_* # needs a package\n", True),
        ("test_suite.py::test_tired # reviewed\n", False),
        ("", False),
    ],
    ids=["all", "some", "none"],
)
def test_unreviewed_skips_fail(suite: pytest.Pytester, listed: str, passes: bool) -> None:  # noqa: FBT001 - parametrized
    """With a list of reviewed skips, any other skip fails the run and is named with its reason."""
    suite.makefile(".txt", allowed=listed)
    result = suite.runpytest_subprocess("--allowed-skips=allowed.txt")
    assert result.ret == (pytest.ExitCode.OK if passes else pytest.ExitCode.TESTS_FAILED)
    named = any("test_wants_age: Skipped: age is missing (Debian package age)" in line for line in result.outlines)
    assert named is not passes


@pytest.mark.parametrize("cores", [(), ("-n", "2")])
def test_skipped_modules_and_expected_failures_count(suite: pytest.Pytester, cores: tuple[str, ...]) -> None:
    """A module that skips itself and a test that is expected to fail are skips too, also where several processes run the tests."""
    suite.makepyfile(
        test_suite="import pytest\n@pytest.mark.xfail(reason='known')\ndef test_x(): assert False",
        test_away="import pytest\npytest.skip('not here', allow_module_level=True)",
    )
    suite.makefile(".txt", allowed="")
    result = suite.runpytest_subprocess("--allowed-skips=allowed.txt", *cores)
    result.stdout.fnmatch_lines(["test_away.py: Skipped: not here", "test_suite.py::test_x: expected to fail: known"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("options", "told"), [((), "the same examples in each run*"), (("--hypothesis-seed=7",), "seed 7")]
)
def test_header_says_which_examples_are_drawn(suite: pytest.Pytester, options: tuple[str, ...], told: str) -> None:
    """A property test's failure can be repeated: the header names the seed."""
    suite.runpytest_subprocess(*options).stdout.fnmatch_lines([f"property tests: {told}"])


def test_needs_names_command_and_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of a skip is enough to mend it; what is there is not named."""
    monkeypatch.setattr(shutil, "which", lambda command: None if command == "ffprobe" else command)
    mark = needs("ffprobe", "age").mark
    assert mark.args == (True,)
    assert mark.kwargs == {"reason": "ffprobe is missing (Debian package ffmpeg)"}
    assert needs("age").mark.args == (False,)


def test_needs_knows_its_oracles() -> None:
    """A misspelt oracle is an error, not a test that is skipped for ever."""
    with pytest.raises(ValueError, match="not an oracle: aeg"):
        needs("aeg")


def test_make_deps_installs_every_oracle() -> None:
    """The one list of Debian packages and the table of oracles agree, and each package says what it is for."""
    lines = (ROOT / "requirements/debian.txt").read_text(encoding="utf-8").splitlines()
    listed = {
        package.strip(): why.strip() for package, _, why in (line.partition("#") for line in lines) if package.strip()
    }
    assert set(listed) == {oracle.package for oracle in ORACLES.values()} | FONTS | BUILDERS
    assert all(listed.values())
