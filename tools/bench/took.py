"""What one piece of work took, in this process or by other programs."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the clock, and of the processor: of all threads, of the kernel on their behalf, and of programs that were called."""

    seconds: float
    processor: float


def took(work: Callable[[], object]) -> Took:
    """Do it.  What was made before is none of the collector's business meanwhile."""
    gc.collect()
    gc.freeze()
    began, spent = time.perf_counter(), _processor()
    work()
    result = Took(time.perf_counter() - began, _processor() - spent)
    gc.unfreeze()
    return result


def _processor() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@contextmanager
def one_core() -> Iterator[None]:
    """All threads that begin in here share one core with this one."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


class CallError(Exception):
    """A program failed."""


def call(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a program; ``CallError`` with its last words where it fails."""
    ran = subprocess.run([str(each) for each in command], cwd=cwd, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise CallError(f"{command[0]}: {ran.stderr.strip()[-300:]}")


def synced(paths: Sequence[Path]) -> None:
    """Make files durable, and the names of their directories."""
    for path in (*paths, *{path.parent for path in paths}):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
