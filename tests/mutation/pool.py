"""Processes that branch off this one, a few at a time, each watched: one that is silent for too long is ended with all its children."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from tests.mutation.child import Reporter

K = TypeVar("K")
START_S = 60.0
"""Until the first test starts: imports and collection."""


@dataclass(slots=True)
class Job(Generic[K]):
    """Work for a process.  ``patience`` says how many seconds a test may take."""

    key: K
    work: Callable[[Path, Reporter], None]
    patience: Callable[[str], float]


@dataclass(slots=True)
class Ending:
    """What a process told: its messages, and the test in which it hung."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    hung: str | None = None

    def first(self, name: str) -> Any:
        """What the first message with this member says there; None without one."""
        return next((each[name] for each in self.messages if name in each), None)


@dataclass(slots=True)
class _Running(Generic[K]):
    job: Job[K]
    process: int
    pipe: int
    scratch: Path
    until: float
    ending: Ending = field(default_factory=Ending)
    rest: bytes = b""
    test: str = "the start"


class Pool(Generic[K]):
    """Runs at most ``size`` jobs at a time below ``scratch``.  The process must have one thread: it forks."""

    def __init__(self, size: int, scratch: Path) -> None:
        self._size = size
        self._scratch = scratch
        self._count = 0
        self._running: dict[int, _Running[K]] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def room(self) -> bool:
        """Whether another job can start."""
        return len(self._running) < self._size

    @property
    def busy(self) -> bool:
        """Whether any job runs."""
        return bool(self._running)

    def start(self, job: Job[K]) -> None:
        """Branch a process off for a job."""
        self._count += 1
        scratch = self._scratch / str(self._count)
        reader, writer = os.pipe()
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            os.close(reader)
            _carry_out(job, scratch, Reporter(writer))
        os.close(writer)
        self._running[reader] = _Running(job, process, reader, scratch, time.monotonic() + START_S)
        self._selector.register(reader, selectors.EVENT_READ)

    def wait(self, seconds: float) -> list[tuple[Job[K], Ending]]:
        """The jobs that ended, after at most ``seconds``."""
        soonest = min((each.until for each in self._running.values()), default=0.0) - time.monotonic()
        ready = self._selector.select(max(0.0, min(seconds, soonest)))
        ended = [running for key, _ in ready if self._hear(running := self._running[key.fd])]
        now = time.monotonic()
        for running in self._running.values():
            if running not in ended and now > running.until:
                running.ending.hung = running.test
                ended.append(running)
        for running in ended:
            self._bury(running)
        return [(running.job, running.ending) for running in ended]

    def stop(self) -> None:
        """End whatever runs."""
        for running in list(self._running.values()):
            self._bury(running)

    def _hear(self, running: _Running[K]) -> bool:
        """Take what a process says; True when it has no more to say."""
        data = os.read(running.pipe, 1 << 20)
        *lines, running.rest = (running.rest + data).split(b"\n")
        now = time.monotonic()
        for line in lines:
            message = json.loads(line)
            running.ending.messages.append(message)
            if "start" in message:
                running.test = message["start"]
                running.until = now + running.job.patience(running.test)
        told = running.ending.messages[-1:] or [{}]
        return not data or "code" in told[0] or "broken" in told[0]

    def _bury(self, running: _Running[K]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(running.process, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(running.process, signal.SIGKILL)  # it may not have come to lead its group yet
        os.waitpid(running.process, 0)
        self._selector.unregister(running.pipe)
        os.close(running.pipe)
        del self._running[running.pipe]
        shutil.rmtree(running.scratch, ignore_errors=True)


def _carry_out(job: Job[Any], scratch: Path, reporter: Reporter) -> None:
    """Do the work and end, in the new process."""
    os.setpgid(0, 0)
    try:
        job.work(scratch, reporter)
    except BaseException:  # noqa: BLE001 - whatever it was, it ends here and is told
        reporter.tell(broken=traceback.format_exc())
    finally:
        os._exit(0)
