"""Whoever watches the log hears each line once it is on the card, exactly as it is there, and none that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.sim.logtap import REMEMBERED, LogLine, LogTap
from hal.sim.storage import FileStorage

NAME = "00000001.jwsl"


@pytest.fixture
def heard() -> list[LogLine]:
    """What was told."""
    return []


@pytest.fixture
def tap(heard: list[LogLine]) -> LogTap:
    """A tap with one who listens, on a clock that stands."""
    tap = LogTap(lambda: 7)
    tap.watch(heard.append)
    return tap


def test_lines_are_told_once_they_are_durable(tmp_path: Path, tap: LogTap, heard: list[LogLine]) -> None:
    """Not when they are written: a sync that fails tells nothing, and half a line waits for its end."""
    storage = FileStorage(tmp_path, tap=tap)
    audit = storage.root().enter("audit", create=True)
    file = audit.create(NAME)
    file.append(b"one\ntw")
    assert heard == []
    file.sync()
    assert heard == [LogLine(NAME, "one", 7)]
    file.append(b"o\n")
    file.append(b"three\n")
    file.sync()
    assert [line.line for line in heard] == ["one", "two", "three"]
    file.append(b"four\n")
    storage.trouble.fail_syncs(1)
    with pytest.raises(OSError, match="error"):
        file.sync()
    assert len(heard) == 3
    assert (tmp_path / "audit" / NAME).read_bytes() == b"one\ntwo\nthree\nfour\n"


def test_file_that_is_opened_again_goes_on(tmp_path: Path, tap: LogTap, heard: list[LogLine]) -> None:
    """Whichever handle appends."""
    root = FileStorage(tmp_path, tap=tap).root()
    root.create(NAME).close()
    file = root.open(NAME)
    file.append(b"one\n")
    file.sync()
    assert [line.line for line in heard] == ["one"]


@pytest.mark.parametrize(
    "name", ["journal.jwsl", "00000001.private.age", "1.jwsl", "00000001.jwsl.new", "000000001.jwsl"]
)
def test_other_files_are_nobodys_business(tmp_path: Path, tap: LogTap, heard: list[LogLine], name: str) -> None:
    """Only the clear lines of the audit log are told."""
    file = FileStorage(tmp_path, tap=tap).root().create(name)
    file.append(b"one\n")
    file.sync()
    assert heard == []


def test_who_comes_late_hears_the_newest_first(tap: LogTap) -> None:
    """The newest two hundred lines, and from then on each, none lost or doubled between."""
    for number in range(REMEMBERED + 5):
        tap.appended(1, b"%d\n" % number)
        tap.synced(1, NAME)
    late = list[LogLine]()
    end = tap.watch(late.append)
    tap.appended(1, b"new\n")
    tap.synced(1, NAME)
    assert [line.line for line in late] == [*map(str, range(5, REMEMBERED + 5)), "new"]
    end()
    tap.appended(1, b"newer\n")
    tap.synced(1, NAME)
    assert late[-1].line == "new"


def test_storage_without_a_tap(tmp_path: Path) -> None:
    """Nobody has to listen."""
    file = FileStorage(tmp_path).root().create(NAME)
    file.append(b"one\n")
    file.sync()
    assert file.read(0, 9) == b"one\n"
