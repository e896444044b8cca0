"""Processes that try inputs, a few at a time, each watched: for how far it gets, what it dies of, and how long one input takes it."""

from __future__ import annotations

import os
import re
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.fuzz import corpus, engine
from tests.fuzz.engine import BROKEN, Order
from tests.fuzz.signing import fingerprint
from tests.fuzz.slot import Slot

HANG_CPU_S: Final = 10.0
"""Seconds of processor time after which one input counts as a hang; so a busy machine makes none."""
HANG_S: Final = 120.0
"""The same of real time, for one that waits for something."""
SPACE: Final = 3 << 30
"""Bytes of address space that a process may take on top of what it began with: what no bound catches ends here."""
_POLL_S: Final = 0.1
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a target: inputs, seconds, new inputs that were kept, coverage (edges in our code; None without Atheris), and the input
    that broke a promise, with the promise."""

    target: str
    inputs: int
    seconds: float
    fresh: int
    coverage: int | None
    broken: tuple[str, bytes] | None


@dataclass(slots=True)
class _Running:
    order: Order
    process: int
    slot: Slot
    log: Path
    before: frozenset[str]
    began: float = field(default_factory=time.monotonic)
    count: int = -1
    since: float = 0.0
    cpu: float = 0.0


def run(
    orders: Sequence[Order], jobs: int, until: float, seeds: Callable[[Order], Iterable[bytes]]
) -> Iterator[Outcome]:
    """Fulfil orders, ``jobs`` at a time, as far as that goes ``until`` a monotonic time; outcomes as they come.  This process must have one
    thread: it forks."""
    waiting, running = list(orders), list[_Running]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                order = waiting.pop(0)
                left = max(1.0, until - time.monotonic())
                running.append(_start(replace(order, seconds=min(order.seconds, left)), seeds))
            time.sleep(_POLL_S)
            for each in list(running):
                outcome = _look(each)
                if outcome is not None:
                    running.remove(each)
                    yield outcome
    finally:
        for each in running:
            os.kill(each.process, signal.SIGKILL)
            os.waitpid(each.process, 0)


def _start(order: Order, seeds: Callable[[Order], Iterable[bytes]]) -> _Running:
    order.grown.mkdir(parents=True, exist_ok=True)
    log, slot = order.grown.with_suffix(".log"), Slot()
    beginnings = list(seeds(order))
    before = frozenset(corpus.read(order.grown)) | {fingerprint(data) for data in beginnings}
    process = os.fork()
    if process == 0:
        _limit_memory()
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        try:
            engine.run(order, beginnings, slot)
        finally:
            os._exit(1)  # a mistake in here, whose traceback is not for the copies of this process' callers
    return _Running(order, process, slot, log, before)


def _limit_memory() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + SPACE, size + SPACE))


def _look(each: _Running) -> Outcome | None:
    """The outcome of a process that ended, or that has to be ended; None while it goes on."""
    done, status = os.waitpid(each.process, os.WNOHANG)
    if done:
        return _ended(each, status)
    now, cpu = time.monotonic(), _cpu(each.process)
    if each.slot.count != each.count:
        each.count, each.since, each.cpu = each.slot.count, now, cpu
    elif each.count > 0 and (cpu - each.cpu > HANG_CPU_S or now - each.since > HANG_S):
        os.kill(each.process, signal.SIGKILL)
        os.waitpid(each.process, 0)
        return _outcome(each, f"no answer within {HANG_CPU_S:.0f} s of processor time")
    return None


def _ended(each: _Running, status: int) -> Outcome:
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return _outcome(each, None)
    if code == BROKEN and each.slot.words:
        return _outcome(each, each.slot.words)
    return _outcome(each, f"the process ended with the status {code}; its log is {each.log}")


def _outcome(each: _Running, broken: str | None) -> Outcome:
    fresh = corpus.read(each.order.grown).keys() - each.before
    found = re.findall(r"\bcov: (\d+)", each.log.read_text(errors="replace")) if each.log.exists() else []
    outcome = Outcome(
        target=each.order.target.name,
        inputs=each.slot.count,
        seconds=time.monotonic() - each.began,
        fresh=len(fresh),
        coverage=int(found[-1]) if found else None,
        broken=None if broken is None else (broken, each.slot.data),
    )
    each.slot.close()
    return outcome


def _cpu(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
