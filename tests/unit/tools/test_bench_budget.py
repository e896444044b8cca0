"""What the suites about the device's budget and about scaling say is counted as it should be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hal.sim.clip import VideoClip
from hal.sim.scene import SyntheticScene
from tests.oracles import needs
from tools.bench import budget, instructions, scaling
from tools.bench.figure import Figure, Series
from tools.bench.scaling import Cards, Course
from tools.bench.service import Thread, Used, memory, used
from tools.bench.suites import Scale
from tools.bench.virtual import CountedFile, Virtual, fill, small, small_format
from tools.sim.home import Home
from tools.verify.verifier import verify_path

S = 1_000_000_000
SCALE = Scale(quick=False, rounds=3, place=Path())


def read(time_ns: int, cpu_ns: int, wakes: int) -> Used:
    """Two threads of one name, and one of another."""
    threads = {1: Thread("writer", cpu_ns, wakes), 2: Thread("writer", cpu_ns, wakes), 3: Thread("dock", 0, 0)}
    return Used(time_ns, threads)


def test_shares_and_wakes_are_those_of_the_seconds_between() -> None:
    """What was used before counts for nothing, and a thread that came meanwhile has no beginning."""
    before, after = read(0, 5 * S, 100), read(2 * S, 5 * S + S // 50, 140)
    assert after.share_of(before) == pytest.approx(0.02)
    assert after.by_thread(before) == {"writer": (pytest.approx(0.02), pytest.approx(40)), "dock": (0, 0)}
    late = Used(2 * S, {**after.threads, 4: Thread("new", S, 1)})
    assert "new" not in late.by_thread(before)


def test_the_kernel_tells_of_this_process() -> None:
    """Processor, wake-ups and memory are there, and grow."""
    before = used(os.getpid())
    after = before
    while (
        after.cpu_ns == before.cpu_ns
    ):  # however late the kernel counts; one that never does runs into the test's own limit
        assert sum(range(100_000))
        after = used(os.getpid())
    assert after.cpu_ns > before.cpu_ns > 0
    assert 0 < memory().private <= memory().resident <= memory().most


def test_shares_are_divided_round_by_round() -> None:
    """By the metronome's of the same seconds; a quick run promises nothing absolute."""
    window = (read(0, 0, 0), read(S, S // 100, 10), read(0, 0, 0), read(S, S // 400, 10))
    whole = list(budget._shares("buffering", [window], 6.0, SCALE))
    assert [figure.ratios[0] for figure in whole] == pytest.approx([4.0, 0.02 / 0.03])
    assert [figure.most for figure in whole] == [6.0, 1.0]
    quick = list(budget._shares("buffering", [window], 6.0, Scale(quick=True, rounds=3, place=Path())))
    assert [figure.most for figure in quick] == [6.0, None]
    assert whole[0].facts["percent_of_a_core"] == pytest.approx(2.0)
    assert whole[0].facts["writer_percent"] == pytest.approx(2.0)


@pytest.mark.parametrize(("growth", "flat"), [(0.0, True), (0.001, False)])
def test_a_course_that_rises_is_not_flat(growth: float, *, flat: bool) -> None:
    """The end is held against the beginning; each minute is in the plot."""
    course = Course(tuple(1 + growth * minute for minute in range(720)), tuple(50.0 for _ in range(720)))
    found = list(scaling._of_hours(course, SCALE))
    figures = [each for each in found if isinstance(each, Figure)]
    assert [figure.kept for figure in figures] == [flat, True]
    assert [len(each.points) for each in found if isinstance(each, Series)] == [720, 720]


def test_a_card_that_slows_is_not_flat() -> None:
    """Each of three is held against the emptiest card, in turns."""
    cards = Cards((1, 10), (1, 1), (1, 1), (1, 1), (1, 2), (((2.0,), (1.0,)), ((1.0,), (1.0,)), ((1.0,), (1.0,))))
    found = list(scaling._of_cards(cards))
    assert [each.kept for each in found if isinstance(each, Figure)] == [False, True, True]
    assert [each.points for each in found if isinstance(each, Series)][-1] == ((1.0, 1), (10.0, 2))


def test_what_is_counted_is_not_kept() -> None:
    """A file that only grows has its length."""
    file = CountedFile()
    file.append(b"abc")
    file.append(memoryview(b"de"))
    file.reserve(100)
    assert (file.size(), file.read(3, 10)) == (5, b"\0\0")


def test_a_full_card_is_a_genuine_one(tmp_path: Path) -> None:
    """A camera starts on it, believes every paper and goes on behind it; the verifier finds log and openings whole."""
    lives = small(tmp_path)
    for count in (3, 2):
        virtual = Virtual(lives, VideoClip(SyntheticScene(small_format()), small_format()), None)
        fill(virtual, count)
        virtual.close()
    virtual = Virtual(lives, VideoClip(SyntheticScene(small_format()), small_format()), None)
    virtual.run(3)
    assert [entry.number for entry in virtual.vault.custody.inventory.all()] == [1, 2, 3, 4, 5]
    virtual.press()
    virtual.run(2)
    assert virtual.recording.value == "recording"
    virtual.stop()
    assert virtual.recording.value == "idle"
    virtual.close()
    volume = verify_path(lives.card, lives.certificate, [lives.key]).volumes[0]
    assert [recording.number for recording in volume.recordings] == [1, 2, 3, 4, 5, 6]


def test_instructions_are_divided_by_the_bare_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Round by round; facts are those of one second."""
    counts = {"ours": iter((12.0, 16.0)), "bare": iter((8.0, 8.0))}
    monkeypatch.setattr(instructions, "_count", lambda kind, *_: next(counts[kind]))
    found = instructions.figure("budget", Home(Path()), Path())
    assert found.ratios == (1.5, 2.0)
    assert found.facts == {"ours_instructions_s": 3.5, "bare_instructions_s": 2.0}


def test_without_callgrind_the_figure_says_what_brings_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And nothing was measured."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = instructions.figure("budget", Home(tmp_path), tmp_path)
    assert (found.ratios, found.skipped) == ((), "valgrind is missing (Debian package valgrind)")


@needs("valgrind")
def test_what_callgrind_does_not_count_is_an_error(tmp_path: Path) -> None:
    """A program that ended badly has run fewer instructions, which must look like no speed."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    with pytest.raises(ChildProcessError, match="no-such-film"):
        instructions._count("bare", home, tmp_path / "no-such-film")
