"""The whole service on the simulated storage and on real files, the latter under ``strace``: both must do the same, step by step.

The crash states that the fault tier enumerates are made from the operations of ``MemoryStorage``.  They stand for a camera only if the real
storage does exactly these, in this order, and nothing beside them.  So one script plays a camera's life twice in a child process, with the
same keys, clock and randomness: on memory, whose log becomes ``Step``s, and on files, whose system calls do.  Bytes that were written are
compared at the end.

What is taken on trust is the kernel: that ``fdatasync`` makes durable the bytes, and the size that is needed to read them, also of a new
file, but not its name; and that ``fsync`` of a directory makes its names durable.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from firmware.evidence.roles import Role
from hal.sim.clock import VirtualClock
from hal.sim.memory import MemoryStorage
from hal.sim.storage import FileDirectory, FileStorage, StoredFile
from hal.sim.volume import ROOT, Append, Create, Operation, Remove, Rename, Sync
from tests.fault.determined import same_each_time
from tests.fault.trace.strace import DELETED, STRACE, Step, steps
from tests.rig import NONCE, VALUES, PkiSigner, Rig, anchor_for, copy, enrol, pki, receipt_for, settings_line

if TYPE_CHECKING:
    from hal.interface import Storage

PARTITIONS: Final = ("evidence", "config")
CAPACITY: Final = 128 << 20
PROJECT: Final = Path(__file__).parents[2]
HONEST: Final = "honest"
MODEL: Final = "model"
TRACE: Final = "trace"
Open = Callable[[str], "Storage"]


class TraceError(Exception):
    """The scenario could not be traced; the message says why."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One partition: the model's steps, and those of the real storage."""

    partition: str
    model: list[Step]
    real: list[Step]

    @property
    def difference(self) -> str | None:
        """The first step at which the two part; None where they are equal."""
        for number, (model, real) in enumerate(zip_longest(self.model, self.real), 1):
            if model != real:
                return f"{self.partition}, step {number}: the model does '{model}', the storage '{real}'"
        return None


def record(folder: Path, runs: Iterable[str]) -> None:
    """Play the scenario in a child process under ``strace``: on the model, and on real files once for each of ``runs``, which is ``HONEST``
    or the name of a sabotage.  ``TraceError`` where that cannot be done."""
    command = [*STRACE, "-o", str(folder / TRACE), sys.executable, "-m", "tests.fault.trace.traced", str(folder), *runs]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TraceError(_why(done.stderr))


def compare(folder: Path, run: str) -> list[Compared]:
    """The partitions of one of the runs recorded in ``folder``.  ``BypassError`` where the storage did what the model does not know."""
    found = []
    for name in PARTITIONS:
        model = [Step(*each) for each in json.loads((folder / MODEL / f"{name}.json").read_text())]
        with (folder / TRACE).open(errors="surrogateescape") as lines:
            found.append(Compared(name, model, steps(lines, (folder / run / name).resolve(), PROJECT)))
    return found


def _why(errors: str) -> str:
    if "ptrace" in errors or "PTRACE" in errors:
        return f"ptrace is forbidden here, a container needs --cap-add=SYS_PTRACE: {errors.strip()}"
    return f"the scenario failed: {errors.strip()}"


def model_steps(log: Sequence[Operation]) -> Iterator[Step]:
    """The model's log in the words of the trace: by paths as they are at the time."""
    places: dict[int, tuple[int, str]] = {}
    children: dict[tuple[int, str], int] = {}
    directories, gone = {ROOT}, set[int]()

    def path(node: int) -> str:
        names: list[str] = []
        at = node
        while at != ROOT:
            at, name = places[at]
            names.insert(0, name)
        return ("/".join(names) or ".") + (DELETED if node in gone else "")

    for operation in log:
        match operation:
            case Create(directory, name, node, is_directory):
                places[node], children[directory, name] = (directory, name), node
                directories |= {node} if is_directory else set()
                yield Step("mkdir" if is_directory else "create", path(node))
            case Append(node, data) if data:  # nothing to write needs no call
                yield Step("append", path(node), len(data))
            case Rename(directory, name, into, new):
                node = children.pop((directory, name))
                old, replaced = path(node), children.get((into, new))
                gone |= set() if replaced is None else {replaced}
                places[node], children[into, new] = (into, new), node
                yield Step("rename", old, path(node))
            case Remove(directory, name):
                node = children.pop((directory, name))
                yield Step("rmdir" if node in directories else "remove", path(node))
                gone.add(node)
            case Sync(node):
                yield Step("sync", path(node))


def play(storage: Open) -> None:
    """A camera's life: boot, press, pre-event part, segments, stop, seal, docking, erasure, a cut and its recovery, things that do not
    belong, and another camera's card."""
    values: dict[str, object] = {**VALUES, "keep_after_receipt_h": 0}
    signer, clock = PkiSigner(), VirtualClock()
    enrol(storage("config"), values)

    def boot(of: PkiSigner = signer) -> Rig:
        rig = Rig.start(storage("evidence"), storage("config"), clock, of, values)
        rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
        return rig

    rig = boot().run(6).tap().run(7).tap().stop().run(1)
    shelf = rig.camera.shelf
    shelf.receipt(1, receipt_for(rig, 1), NONCE)
    shelf.anchor(anchor_for(rig), NONCE)
    shelf.settings(settings_line(values, serial=2))
    rig.camera.writer.sweep()
    rig.run(2).tap().run(2.7)
    clock = clock.power_cycle()
    rig = boot().run(2).stop().run(1)
    _stray(storage("evidence"))
    clock = clock.power_cycle()
    rig = boot().run(1).tap().run(0.3)
    clock = clock.power_cycle()
    other = pki().enrol(Role.DEVICE, "cam-2")
    root = storage("config").root()
    root.remove("device.crt.pem")
    file = root.create("device.crt.pem")
    file.append(other.pem)
    file.close()
    boot(PkiSigner(holder=other)).run(5).tap().run(1).stop().run(1)


def _stray(evidence: Storage) -> None:
    """A recording of nobody's, and a file that some write left half-way."""
    strange = evidence.root().enter("recordings").enter("00000009", create=True)
    for directory, name in ((strange, "journal.jwsl"), (evidence.root().enter("recordings"), "stray")):
        file = directory.create(name)
        file.append(b"who knows\n")
        file.close()
        directory.sync()


def _unsynced(_self: object) -> None:
    """A sync that is believed and not made."""


def _past_the_end(self: StoredFile, data: bytes) -> None:
    """A write that does not append."""
    os.pwrite(self._open(), data, self.size())


def _resized(self: StoredFile, size: int) -> None:
    """Room that changes the size, and leaves a tail of zeros after a cut."""
    if size:
        os.posix_fallocate(self._open(), 0, size)


def _late(self: StoredFile) -> None:
    """The directory first, then the file: the name may be durable before the bytes are."""
    descriptor = self._open()
    directory = os.open(Path(f"/proc/self/fd/{descriptor}").readlink().parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
    os.fdatasync(descriptor)


def _replaced(self: FileDirectory, name: str) -> StoredFile:
    """A file that may have been there."""
    flags = os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_APPEND
    return StoredFile(os.open(self.at(name), flags, 0o600), name, self._trouble)


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A method of the real storage in whose place another one stands; ``bypass`` is what is said of the call that the model does not know,
    empty where all calls are known but not the same."""

    of: type
    method: str
    instead: Callable[..., Any]
    bypass: str = ""


SABOTAGE: Final = {
    "file-unsynced": Sabotage(StoredFile, "sync", _unsynced),
    "directory-unsynced": Sabotage(FileDirectory, "sync", _unsynced),
    "order": Sabotage(StoredFile, "sync", _late),
    "pwrite": Sabotage(StoredFile, "append", _past_the_end, "pwrite64 is not in the model's vocabulary"),
    "size": Sabotage(StoredFile, "reserve", _resized, "fallocate changes the size"),
    "truncate": Sabotage(FileDirectory, "create", _replaced, "openat may change what is written"),
}
"""Storages that do what the model does not: each must be caught."""


def main(folder: Path, runs: Sequence[str]) -> None:
    """All runs, in the child.  The model's steps and files stay beside the real ones."""
    memory = {name: MemoryStorage(capacity=CAPACITY) for name in PARTITIONS}
    pki()  # one authority for all
    with same_each_time():
        play(memory.__getitem__)
    for run in runs:
        with same_each_time(), ExitStack() as stack:
            if run != HONEST:
                each = SABOTAGE[run]
                stack.enter_context(patch.object(each.of, each.method, each.instead))
            play(lambda name, run=run: FileStorage(folder / run / name, CAPACITY))  # type: ignore[misc]  # mypy knows no type for a lambda's default
    for name, storage in memory.items():
        copy(storage.root(), folder / MODEL / name)
        found = [(step.kind, step.path, step.detail) for step in model_steps(storage.log)]
        (folder / MODEL / f"{name}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
