"""Where the processor's time goes: the stacks of all threads, looked at a thousand times a second, each look weighed by what its thread took since
the last one.

So a thread that waits weighs nothing, and one that encrypts without the interpreter's lock weighs what it takes.  The watched code is not
slowed down as it is by a profiler that is told of each call: what is short and called often is not made to look long.  What a function of C takes
shows under the line that calls it.
"""

from __future__ import annotations

import functools
import linecache
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

EVERY_S: Final = 0.001
SWITCH_S: Final = 0.0001
"""How long the interpreter lets a thread go on before the one that looks has its turn: the standard 5 ms would be as long as five looks."""
LEAST: Final = 0.004
"""What took a smaller share is not kept apart from its caller."""
_ROOT: Final = Path(__file__).resolve().parents[2]
_LONG: Final = 90
_STARTS: Final = ("threading.Thread._bootstrap", "threading.Thread.run")
"""What calls a thread's work, and says nothing."""
_WAITS: Final = re.compile(r"\.(acquire|get|join|poll|recv|select|sleep|wait)\(|work_queue|with self\._cond")
"""Lines on which a thread waits for something."""
_BETWEEN: Final = "between two looks"
_REST: Final = "…"
"""Stands for the line where many lines were each too little to be kept apart."""
Stack = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What was seen: seconds of the processor by stack, the thread's name first and the line that ran last.  ``clock_s``: how long it all took."""

    clock_s: float
    stacks: Mapping[Stack, float]

    @property
    def cpu_s(self) -> float:
        """Of all threads."""
        return sum(self.stacks.values())

    def document(self) -> dict[str, Any]:
        """It as JSON has it, without what took next to nothing."""
        kept = sorted(self.pruned(LEAST).items(), key=lambda each: -each[1])
        stacks = [[round(seconds, 4), *stack, *(() if stack in self.stacks else (_REST,))] for stack, seconds in kept]
        return {"clock_s": round(self.clock_s, 3), "stacks": stacks}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Of such JSON."""
        return cls(told["clock_s"], {tuple(stack): seconds for seconds, *stack in told["stacks"]})

    def lines(self) -> list[tuple[str, str, float]]:
        """Function, line and share of the whole, the largest first: where threads were, not what had called it."""
        own: Counter[tuple[str, str]] = Counter()
        for stack, seconds in self.stacks.items():
            own[stack[-2], stack[-1]] += seconds  # type: ignore[assignment] # a Counter counts seconds as well
        total = self.cpu_s or 1.0
        return [(*where, seconds / total) for where, seconds in own.most_common()]

    def pruned(self, least: float) -> dict[Stack, float]:
        """Its stacks, those cut short that are less than so large a share: their callers keep what they took."""
        totals: Counter[Stack] = Counter()
        for stack, seconds in self.stacks.items():
            for depth in range(1, len(stack) + 1):
                totals[stack[:depth]] += seconds  # type: ignore[assignment] # as above
        floor, kept = least * self.cpu_s, Counter[Stack]()
        for stack, seconds in self.stacks.items():
            depth = next((depth for depth in range(len(stack), 0, -1) if totals[stack[:depth]] >= floor), 0)
            if depth:
                kept[stack[:depth]] += seconds  # type: ignore[assignment] # as above
        return dict(kept)


def sample(act: Callable[[], object], every_s: float = EVERY_S) -> Profile:
    """Run it in this thread, and watch all threads while it does."""
    stacks: Counter[Stack] = Counter()
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stacks, ended, every_s), name="sampling")
    began = time.perf_counter()
    with _switching(SWITCH_S):
        watcher.start()
        try:
            act()
        finally:
            ended.set()
            watcher.join()
    return Profile(time.perf_counter() - began, dict(stacks))


@contextmanager
def _switching(interval_s: float) -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval_s)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _watch(stacks: Counter[Stack], ended: threading.Event, every_s: float) -> None:
    taken, me, last = dict(_taken()), threading.get_ident(), dict[int, Stack]()
    while not ended.wait(every_s):
        frames = sys._current_frames()  # noqa: SLF001 - documented in the library's reference, for just this
        names = {each.ident: each.name for each in threading.enumerate()}
        for ident, now in _taken():
            spent = now - taken.get(ident, 0.0)
            taken[ident] = now
            if ident != me and ident in frames:
                stack = (names.get(ident, "?"), *_stack(frames[ident]))
                if spent > 0:
                    stacks[_worked(last.get(ident, stack), stack)] += spent  # type: ignore[assignment] # a Counter counts seconds as well
                last[ident] = stack


def _worked(before: Stack, now: Stack) -> Stack:
    """Which of two looks at a thread shows what it did between them: a thread that waits has done it before.  Neither, where it waits in both."""
    if not _WAITS.search(now[-1]):
        return now
    return (now[0], _BETWEEN, _BETWEEN) if _WAITS.search(before[-1]) else before


def _taken() -> Iterator[tuple[int, float]]:
    """For each thread the seconds of the processor that it has had."""
    for thread in threading.enumerate():
        if thread.ident is not None:
            try:
                yield thread.ident, time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            except OSError:  # it has ended meanwhile
                continue


def _stack(frame: FrameType) -> Stack:
    """Outermost first, from what was sampled or a thread's work on; last of all the line."""
    number: int | None = frame.f_lineno  # between two lines it is none, whatever its type says
    number = frame.f_code.co_firstlineno if number is None else number
    line = linecache.getline(frame.f_code.co_filename, number).strip()
    names = [line[:_LONG] or f"line {number}"]
    at: FrameType | None = frame
    while at is not None and at.f_code is not sample.__code__:
        names.append(f"{_module(at.f_code.co_filename)}.{at.f_code.co_qualname}")
        at = at.f_back
    while names[-1].startswith(_STARTS):
        names.pop()
    return tuple(reversed(names))


@functools.cache
def _module(path: str) -> str:
    """A file's name as a module's, wherever it was installed."""
    whole = Path(path)
    for root in (*sorted((Path(each) for each in sys.path if each), key=lambda each: -len(each.parts)), _ROOT):
        if whole.is_relative_to(root):
            return ".".join(whole.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    return whole.stem.strip("<>")
