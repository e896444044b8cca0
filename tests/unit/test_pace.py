"""The tables that keep ``make test`` short name files that there are, and none of them for nothing."""

from __future__ import annotations

import json

import pytest

from tests import pace


def test_every_file_exists() -> None:
    """One that was renamed would be watched, or come last, without a word."""
    assert [name for name in (*pace.WATCHED, *pace.AGAIN, *pace.LONGEST) if not (pace.HERE / name).exists()] == []


def test_what_is_watched() -> None:
    """The pure parts and the whole camera; not what runs them once more, nor what runs none of firmware/."""
    names = ("unit/core/test_ring.py", "sim/test_recording.py", "sim/test_shift.py", "unit/tools/test_dock.py")
    assert [pace.watched(pace.HERE / name) for name in names] == [True, True, False, False]


def test_who_runs_a_camera_again_would_be_watched() -> None:
    """Else its row says nothing."""
    assert all(
        any((pace.HERE / name).is_relative_to(pace.HERE / place) for place in pace.WATCHED) for name in pace.AGAIN
    )


def test_the_longest_begin() -> None:
    """In the order of the table, and before all others, which stay as they are."""
    first, second, *_ = pace.LONGEST
    names = ("unit/core/test_ring.py", second, "sim/test_recording.py", first)
    ordered = sorted((pace.HERE / name for name in names), key=pace.rank)
    assert [str(path.relative_to(pace.HERE)) for path in ordered] == [first, second, names[0], names[2]]


def test_who_waits_leaves_its_core_to_another() -> None:
    """Half as many again as there are cores, and never none more."""
    assert [pace.processes(cores) for cores in (1, 2, 3, 4, 16)] == [2, 3, 5, 6, 24]


@pytest.mark.parametrize(
    ("asked", "told", "count"),
    [("auto", "", pace.processes(pace.cores())), ("auto", "7", 7), ("logical", "7", 7)],
)
def test_what_auto_means(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, asked: str, told: str, count: int
) -> None:
    """``-n auto`` asks the table, unless the environment says how many; ``-n logical``, for what films all the time, does not."""
    monkeypatch.setattr(pytestconfig.option, "numprocesses", asked)
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", told)
    assert pytestconfig.hook.pytest_xdist_auto_num_workers(config=pytestconfig) == count


@pytest.mark.parametrize("processes", ["0", "1"])
def test_what_is_not_to_be_watched_is_not(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, processes: str
) -> None:
    """Neither in one process nor in one of several, where it would cost most."""
    monkeypatch.setenv("PYTHONPATH", str(pace.HERE.parent))
    pytester.makepyfile(
        product="def seen():\n    return 1\n\ndef unseen():\n    return 2\n",
        test_product="""
            import sys
            import product, pytest

            def test_seen():
                assert product.seen() == 1

            @pytest.mark.no_cover
            def test_unseen():
                assert product.unseen() == 2
                assert sys.gettrace() is None
        """,
    )
    report = pytester.path / "found.json"
    ran = pytester.runpytest_subprocess(
        "-p", "tests.watching", "-n", processes, "--cov=product", f"--cov-report=json:{report}"
    )
    ran.assert_outcomes(passed=2)
    assert json.loads(report.read_text())["files"]["product.py"]["missing_lines"] == [5]
