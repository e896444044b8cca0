"""The crash states that are enumerated on the model stand for the real storage: it does what the model does, step by step."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.fault.trace.strace import BypassError, Step
from tests.fault.trace.traced import HONEST, MODEL, PARTITIONS, SABOTAGE, Compared, TraceError, compare, record
from tests.oracles import needs

if TYPE_CHECKING:
    from pathlib import Path


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its path, with its hash; a directory has none."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of all runs, the honest one and each sabotage."""
    folder = tmp_path_factory.mktemp("traced")
    record(folder, (HONEST, *SABOTAGE))
    return folder


@needs("strace")
def test_the_whole_service_does_on_files_what_the_model_does(recorded: Path) -> None:
    """Same operations on the same paths with the same lengths in the same order, each sync on what it is meant for, nothing beside them."""
    evidence, config = compare(recorded, HONEST)
    assert [evidence.difference, config.difference] == [None, None]
    assert {step.kind for step in evidence.real} == {"create", "mkdir", "append", "rename", "remove", "rmdir", "sync"}
    assert len(evidence.real) > 500
    assert {step.kind for step in config.real} == {"create", "append", "rename", "remove", "sync"}


@needs("strace")
@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_bytes_are_the_same(partition: str, recorded: Path) -> None:
    """Two runs of the scenario differ in nothing but the storage, or the comparison of lengths would mean little."""
    files = digests(recorded / HONEST / partition)
    assert len(files) > 2
    assert files == digests(recorded / MODEL / partition)


@needs("strace")
@pytest.mark.parametrize("run", [name for name, each in SABOTAGE.items() if not each.bypass])
def test_a_sync_that_is_left_out_or_comes_elsewhere_is_seen(run: str, recorded: Path) -> None:
    """The comparison can fail: the storage does other steps than the model."""
    differences = [each.difference for each in compare(recorded, run)]
    assert all(each is not None and "sync" in each for each in differences), differences


@needs("strace")
@pytest.mark.parametrize("run", [name for name, each in SABOTAGE.items() if each.bypass])
def test_a_change_that_the_model_does_not_know_is_refused(run: str, recorded: Path) -> None:
    """Writing elsewhere than at the end, changing the size, replacing a file: no crash state stands for that."""
    with pytest.raises(BypassError, match=SABOTAGE[run].bypass):
        compare(recorded, run)


def test_what_cannot_be_traced_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that forbids ptrace, or a scenario that fails, never looks like a storage that conforms."""
    errors = iter(["strace: do_test_ptrace_get_syscall_info: PTRACE_TRACEME: Operation not permitted", "KeyError: 1"])

    def failing(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", next(errors))

    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(TraceError, match="ptrace is forbidden here.*SYS_PTRACE"):
        record(tmp_path, [HONEST])
    with pytest.raises(TraceError, match="the scenario failed: KeyError: 1"):
        record(tmp_path, [HONEST])


def test_the_first_difference_is_named() -> None:
    """Also where one of the two has only done less."""
    create, append = Step("create", "a"), Step("append", "a", 3)
    assert Compared("evidence", [create, append], [create, append]).difference is None
    assert Compared("evidence", [create, append], [create]).difference == (
        "evidence, step 2: the model does 'append a 3', the storage 'None'"
    )
