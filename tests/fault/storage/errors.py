"""Storage errors at every operation: what the camera then shows, what it still records, and what an independent judge finds.

A shift is gone through once on a good card, which tells how many operations it takes.  Then once for each operation and each way in
which that one can fail.
"""

from __future__ import annotations

import atexit
import errno
import functools
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hal.interface import Space
from hal.sim.clock import VirtualClock
from hal.sim.faulty import CHANGING, GROWING, Call, Fault, FaultyStorage, Op, error
from hal.sim.memory import MemoryStorage
from tests.fault.determined import remembered, same_each_time
from tests.fault.outcome import Outcome, Progress
from tests.fault.storage.shift import (
    SHIFT,
    Act,
    Shift,
    finish,
    hand_over,
    judged,
    press,
    record,
    run_shift,
    stalled,
    stop,
)
from tests.rig import VALUES, enrol

VALUES_HERE: Final = {**VALUES, "pre_event_s": 2, "segment_s": 2, "hold_s": 1, "keep_after_receipt_h": 0}
CAPACITY: Final = 1 << 32
STALL_S: Final = 5.0
MS: Final = 1_000_000
MEMORY: Final = next((place for place in ("/dev/shm",) if os.path.isdir(place)), None)  # noqa: PTH112, S108
"""Where files need not outlive a case; None for wherever temporary files go."""


@dataclass(frozen=True)
class Kind:
    """A way to fail: at which operations, how, once or from then on."""

    name: str
    ops: frozenset[Op]
    fault: Fault
    lasting: bool = False
    loses: bool = False
    destroys: bool = False
    """Whether evidence goes with it: then only what the camera shows and does from there on is judged."""


def claim(free: int) -> Fault:
    """From now on the card says that so much is free."""

    def fault(card: FaultyStorage, _: Call) -> None:
        card.promise = Space(CAPACITY, free)

    return fault


def stall(card: FaultyStorage, _: Call) -> None:
    """The operation takes five seconds longer."""
    card.pause(STALL_S)


def vanish(*path: str) -> Fault:
    """A directory is gone."""
    return lambda card, _: card.vanish(path)


ANY: Final = frozenset(Op)
STALL: Final = Kind("a stall of 5 s", CHANGING, stall)
KINDS: Final = (
    Kind("input/output error", ANY, error(errno.EIO)),
    Kind("input/output errors from then on", ANY, error(errno.EIO), lasting=True),
    Kind("no space", GROWING, error(errno.ENOSPC)),
    # ``space`` goes on to promise four GiB: a card that lies about its size
    Kind("no space from then on", GROWING, error(errno.ENOSPC, *GROWING), lasting=True),
    Kind("read-only from then on", CHANGING, error(errno.EROFS, *CHANGING), lasting=True),
    Kind("a sync that loses what it was for", frozenset({Op.SYNC}), error(errno.EIO), loses=True),
    STALL,
    Kind("claims to be full", frozenset({Op.SPACE}), claim(0)),
)
VANISHED: Final = tuple(
    Kind(f"{'/'.join(path)} vanished", ANY, vanish(*path), destroys=path != ("erasing",))
    for path in (("recordings", "00000001"), ("recordings", "00000002"), ("recordings",), ("audit",), ("erasing",))
)


@dataclass(frozen=True)
class Plot:
    """What happens: on which card it begins, and what is done with the camera."""

    name: str
    card: Callable[[], MemoryStorage]
    acts: Sequence[Act]

    def shift(self) -> Shift:
        """An enrolled camera with this card."""
        config = MemoryStorage()
        enrol(config, VALUES_HERE)
        return Shift(FaultyStorage(self.card()), config, VirtualClock(), VALUES_HERE)


def empty() -> MemoryStorage:
    """A new card."""
    return MemoryStorage(capacity=CAPACITY)


def cut_off() -> MemoryStorage:
    """A card with a sealed recording, and one that was cut off in the middle."""
    return MemoryStorage(_cut_off().log, CAPACITY)


@functools.cache
def _cut_off() -> MemoryStorage:
    shift = Plot("", empty, ()).shift()
    run_shift(shift, (SHIFT[0], press, record, stop, press, record))
    return shift.card.inner.crash()


PLOTS: Final = (
    Plot("a shift", empty, SHIFT),
    Plot("after a cut", cut_off, (record, stop, hand_over, press, record)),
)


@dataclass(frozen=True)
class Case:
    """One operation that fails in one way."""

    plot: int
    kind: Kind
    at: int
    call: str

    def __str__(self) -> str:
        return f"{PLOTS[self.plot].name}, operation {self.at} ({self.call}): {self.kind.name}"


@dataclass(frozen=True)
class Result:
    """What came of it."""

    restarts: int
    judged: int
    wrong: tuple[str, ...]


def calls(plot: int) -> list[Call]:
    """The operations of a plot, where nothing fails."""
    shift = run_shift(PLOTS[plot].shift(), PLOTS[plot].acts)
    assert not shift.wrong, shift.wrong
    return list(shift.card.calls)


def cases(plot: int) -> Iterator[Case]:
    """Every operation with every kind of fault that can hit it.  What vanishes takes turns: at each operation another directory."""
    for at, call in enumerate(calls(plot)):
        for kind in (*KINDS, VANISHED[at % len(VANISHED)]):
            if call.op in kind.ops:
                yield Case(plot, kind, at, str(call))


def part(every: Sequence[Case], share: int) -> list[Case]:
    """One case of ``share``, spread so that each operation and each kind of fault has its part."""
    return [case for index, case in enumerate(every) if (index + index // share) % share == 0]


def kinds_of_operations(every: Sequence[Case]) -> list[Case]:
    """For each kind of fault and each kind of operation (what is done to which sort of file) the first case."""
    first: dict[tuple[str, str], Case] = {}
    for case in every:
        shape = "".join("0" if letter.isdigit() else letter for letter in case.call)
        first.setdefault((case.kind.name, shape), case)
    return list(first.values())


def attempt(case: Case) -> Result:
    """Go through the plot with this fault, and judge what is left."""
    shift, kind = PLOTS[case.plot].shift(), case.kind
    card = shift.card
    card.at, card.lasting, card.loses = case.at, kind.lasting, kind.loses
    hung: list[int] = []

    def hang(card: FaultyStorage, call: Call) -> None:
        hung.append(shift.clock.monotonic_ns() // MS if shift.up else 0)
        stall(card, call)

    card.fault = hang if kind is STALL else kind.fault
    run_shift(shift, PLOTS[case.plot].acts)
    rig = finish(shift)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        seen = judged(shift, rig, Path(folder), destroyed=kind.destroys, key=case.at % 8 == 0)
    if any(hung):  # while the service starts, nobody looks at the lights
        stalled(shift, rig, STALL_S, hung[0])
    return Result(shift.restarts, seen, tuple(shift.wrong))


def run(progress: Progress, share: int = 1) -> Outcome:
    """Each case of all plots, or one of ``share``, on all cores."""
    every = part([case for plot in range(len(PLOTS)) for case in cases(plot)], share)
    results: list[Result] = []
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), _settle) as pool:
        for result in pool.imap(_attempt, [(case.plot, case.kind.name, case.at) for case in every], chunksize=8):
            results.append(result)
            progress(len(results) / len(every), f"{len(results)} of {len(every)} storage errors")
    violations = [f"{case}: {wrong}" for case, result in zip(every, results, strict=True) for wrong in result.wrong]
    figures = {
        "operations": len({(case.plot, case.at) for case in every}),
        "kinds of fault": len({case.kind.name for case in every}),
        "cases": len(every),
        "restarts": sum(result.restarts for result in results),
        "recordings judged": sum(result.judged for result in results),
    }
    return Outcome("storage errors", figures, tuple(violations))


def _settle() -> None:
    """In a worker, for as long as it lives: cases that begin alike sign and verify the same lines, once."""
    stack = ExitStack()
    stack.enter_context(same_each_time())
    stack.enter_context(remembered())
    atexit.register(stack.close)


def _attempt(which: tuple[int, str, int]) -> Result:
    """``attempt`` in another process, where a fault comes by its name."""
    plot, name, at = which
    (kind,) = (kind for kind in (*KINDS, *VANISHED) if kind.name == name)
    return attempt(Case(plot, kind, at, ""))
