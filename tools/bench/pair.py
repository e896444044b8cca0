"""Two processes side by side, and what each of them took."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

_PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Took:
    """What one side took for its part: seconds on the clock and on the processor, and by how many bytes its memory grew at most."""

    seconds: float
    processor: float
    grew: int


class Stopwatch:
    """Measures a part of what a process does."""

    def __init__(self) -> None:
        """Begin.  What this process has free already it gives back before: used again, it would be no growth."""
        gc.collect()
        with suppress(AttributeError):  # where the C library has no such call, it keeps less as well
            ctypes.CDLL(None).malloc_trim(0)
        self._resident = _memory("VmRSS")
        _forget_peak()
        self.start()

    def start(self) -> None:
        """Begin to measure the time anew; the memory was measured from the first."""
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def stop(self) -> Took:
        """What it took since."""
        seconds, processor = time.perf_counter() - self._clock, time.process_time() - self._processor
        return Took(seconds, processor, max(0, _memory("VmHWM") - self._resident))


class SideError(Exception):
    """One of the two sides failed; its own words went to the terminal."""


def alongside(left: Callable[[], Took], right: Callable[[], Took]) -> tuple[Took, Took]:
    """Run both, each in a process of its own that is a copy of this one; ``SideError`` if one fails.

    What this process has is nothing that a copy may tidy up: an encoder's threads, say, are not there, and its end waits for them, or worse.
    """
    gc.collect()
    gc.freeze()
    try:
        return _beside(left, right)
    finally:
        gc.unfreeze()


def _beside(left: Callable[[], Took], right: Callable[[], Took]) -> tuple[Took, Took]:
    fork = multiprocessing.get_context("fork")
    started = []
    for work in (left, right):
        ours, theirs = fork.Pipe(duplex=False)
        process = fork.Process(target=_report, args=(work, theirs))
        process.start()
        theirs.close()
        started.append((process, ours))
    results = []
    try:
        for process, ours in started:
            try:
                if not ours.poll(_PATIENCE_S):
                    raise SideError(f"one side did not come to its end in {_PATIENCE_S:.0f} s")
                results.append(Took(*ours.recv()))
            except EOFError:
                raise SideError("one side failed") from None
            process.join()
    finally:
        for process, ours in started:
            if process.is_alive():
                process.kill()
                process.join()
            ours.close()
    return results[0], results[1]


def _report(work: Callable[[], Took], to: Connection) -> None:
    took = work()
    to.send((took.seconds, took.processor, took.grew))
    to.close()


def _memory(what: str) -> int:
    """A line of this process's status, in bytes; 0 where the system has none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:")), 0)


def _forget_peak() -> None:
    """Have the system begin the peak of this process's memory anew."""
    try:
        descriptor = os.open("/proc/self/clear_refs", os.O_WRONLY)
    except OSError:
        return
    try:
        os.write(descriptor, b"5")
    finally:
        os.close(descriptor)
