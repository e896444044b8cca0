"""Storage on a real file system: what reaches the kernel, as strace sees it, and what the file system makes of it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hal.pi.storage import PiStorage
from hal.sim.memory import MemoryStorage
from tests.fault.trace.strace import STRACE, Step, calls, steps
from tests.oracles import ROOT, needs

SCRIPT = """
import sys
from pathlib import Path
from hal.pi.storage import PiStorage
root = PiStorage(Path(sys.argv[1]), partition=False).root()
inner = root.enter("recordings", create=True)
root.sync()
file = inner.create("segment")
file.reserve(1 << 20)
file.append(b"x" * 1000)
file.append(b"y" * 24)
file.sync()
inner.sync()
file.reserve(0)
file.close()
inner.rename("segment", "kept")
inner.sync()
inner.remove("kept")
"""


@needs("strace")
def test_what_reaches_the_kernel(tmp_path: Path) -> None:
    """The promised calls in the promised order: fallocate that keeps the size, appends, fdatasync of the file before fsync of its
    directory, and nothing else that changes anything."""
    top, log = (tmp_path / "top").resolve(), tmp_path / "log"
    top.mkdir()
    command: list[str | Path] = [*STRACE, "-o", log, sys.executable, "-c", SCRIPT, top]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    lines = log.read_text().splitlines()
    assert steps(lines, top, ROOT) == [
        Step("mkdir", "recordings"),
        Step("sync", "."),
        Step("create", "recordings/segment"),
        Step("append", "recordings/segment", 1000),
        Step("append", "recordings/segment", 24),
        Step("sync", "recordings/segment"),
        Step("sync", "recordings"),
        Step("rename", "recordings/segment", "recordings/kept"),
        Step("sync", "recordings"),
        Step("remove", "recordings/kept"),
    ]
    seen = [(call.name, call.arguments[1:]) for call in calls(lines) if str(top) in call.line and not call.failed]
    assert ("fallocate", ("FALLOC_FL_KEEP_SIZE", "0", "1048576")) in seen
    assert [name for name, _ in seen if "sync" in name] == ["fsync", "fdatasync", "fsync", "fsync"]


def test_reserved_room_is_the_files(tmp_path: Path) -> None:
    """The file system counts it as the file's, without its size, and no longer once it is given back."""
    file = PiStorage(tmp_path, partition=False).root().create("a")
    file.reserve(1 << 20)
    facts = (tmp_path / "a").stat()
    if not facts.st_blocks:
        pytest.skip("this file system sets nothing aside")
    assert (facts.st_blocks * 512 >= 1 << 20, facts.st_size) == (True, 0)
    file.append(bytes(5000))
    file.reserve(0)
    facts = (tmp_path / "a").stat()
    assert (facts.st_blocks * 512 <= 16_384, facts.st_size) == (True, 5000)
    file.close()


def test_what_does_not_fit_is_not_set_aside(tmp_path: Path) -> None:
    """Some file systems would keep what they got before the rest was missing: the card would be full of nothing."""
    storage = PiStorage(tmp_path, partition=False)
    file = storage.root().create("a")
    file.reserve(storage.space().total * 2)
    assert (tmp_path / "a").stat().st_blocks == 0
    file.close()


def test_a_partition_that_is_not_mounted(tmp_path: Path) -> None:
    """Evidence does not land in the system's own partition by mistake; what the kernel has mounted is taken."""
    for path, code in ((tmp_path, errno.ENODEV), (tmp_path / "missing", errno.ENOENT)):
        with pytest.raises(OSError, match=str(path)) as caught:
            PiStorage(path)
        assert caught.value.errno == code
    mounted = PiStorage(Path("/proc"))
    assert "self" in mounted.root().names()


def test_space_is_what_the_service_may_have(tmp_path: Path) -> None:
    """As ``df`` counts it: without what is root's alone."""
    space = PiStorage(tmp_path, partition=False).space()
    told = subprocess.run(["df", "-B1", "--output=size,avail", tmp_path], capture_output=True, text=True, check=True)
    size, free = map(int, told.stdout.split()[-2:])
    assert space.total == size
    assert abs(space.free - free) < 1 << 30


def test_a_failed_sync_is_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error the kernel calls pages clean that never reached the card: a second sync would lie, so there is none."""
    file = PiStorage(tmp_path, partition=False).root().create("a")
    asked: list[int] = []

    def failing(descriptor: int) -> None:
        asked.append(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", failing)
    for _ in range(2):
        with pytest.raises(OSError, match="Input") as caught:
            file.sync()
        assert caught.value.errno == errno.EIO
    assert len(asked) == 1
    file.close()


def test_modes_and_links(tmp_path: Path) -> None:
    """Files and directories are the service's alone, and a link is not followed out of the partition."""
    root = PiStorage(tmp_path, partition=False).root()
    root.create("a").close()
    root.enter("d", create=True)
    assert ((tmp_path / "a").stat().st_mode & 0o777, (tmp_path / "d").stat().st_mode & 0o777) == (0o600, 0o700)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="link") as caught:
        root.open("link")
    assert caught.value.errno == errno.ELOOP


def test_directories_of_another_storage_are_refused(tmp_path: Path) -> None:
    """What is no directory of ours is a wrong call."""
    root = PiStorage(tmp_path, partition=False).root()
    root.create("a").close()
    with pytest.raises(ValueError, match="storage"):
        root.rename("a", "b", MemoryStorage().root())


FULL = """
import errno, subprocess, sys
from pathlib import Path
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", sys.argv[1]], check=True)
from hal.pi.storage import PiStorage
storage = PiStorage(Path(sys.argv[1]))
root, before = storage.root(), storage.space()
file = root.create("a")
file.reserve(600_000)
assert before.free - storage.space().free >= 600_000, "set aside"
other = root.create("b")
try:
    other.append(bytes(600_000))
except OSError as error:
    assert (error.errno, error.filename) == (errno.ENOSPC, "b"), error
else:
    raise AssertionError("it had what was set aside for another")
other.close()
root.remove("b")
file.append(bytes(500_000))
file.reserve(0)
file.sync()
file.close()
assert storage.space().free >= before.free - 512_000, "given back"
root.remove("a")
assert storage.space() == before
print("whole")
"""


def test_a_real_partition_that_fills_up(tmp_path: Path) -> None:
    """On a partition of 1 MiB of its own, in a namespace of its own: reserved room is for its file alone, ENOSPC names the file, all comes back."""
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody have a namespace")
    done = subprocess.run(
        [*command, sys.executable, "-c", FULL, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("whole\n", "")
