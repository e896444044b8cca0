"""The loop that makes inputs: guided by coverage where Atheris is (Linux on x86-64), and by the places where inputs are refused elsewhere."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Final, NoReturn

from tests.fuzz.signing import fingerprint
from tests.fuzz.slot import Slot
from tests.fuzz.target import BrokenPromiseError, Target, attempt

BROKEN: Final = 77
"""Status of a process that met an input which breaks a promise."""
MEASURED: Final = 64
"""One input of so many is run with its memory measured: it takes a few times as long."""
_STRUCTURED: Final = 0.6


def atheris() -> ModuleType | None:
    """Atheris, where it can be had."""
    try:
        import atheris as found  # noqa: PLC0415 - there are wheels for one platform only
    except ImportError:
        return None
    module: ModuleType = found
    return module


@dataclass(frozen=True, slots=True)
class Order:
    """What one process does: so many inputs of a target, for so many seconds at most, into this folder."""

    target: Target
    inputs: int
    seconds: float
    seed: int
    grown: Path


def run(order: Order, beginnings: Iterable[bytes], slot: Slot) -> NoReturn:
    """Try inputs until the order is fulfilled or a promise is broken.  Ends the process."""
    order.grown.mkdir(parents=True, exist_ok=True)
    trial = _trial(order.target, slot)
    guide = atheris()
    if guide is None:
        _plain(order, list(beginnings), trial)
    _guided(guide, order, beginnings, trial)


def _trial(target: Target, slot: Slot) -> Callable[[bytes], Exception | None]:
    parent = os.getppid()

    def trial(data: bytes) -> Exception | None:
        count = slot.begin(data)
        measure = count % MEASURED == 0
        if measure and os.getppid() != parent:
            os._exit(1)  # nobody watches any more
        try:
            return attempt(target, data, measure=measure)
        except BrokenPromiseError as broken:
            slot.broken(str(broken))
            sys.stderr.flush()
            os._exit(BROKEN)

    return trial


def _guided(guide: ModuleType, order: Order, beginnings: Iterable[bytes], trial: Callable[[bytes], object]) -> NoReturn:
    target = order.target
    for data in beginnings:
        (order.grown / fingerprint(data)).write_bytes(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        draw = Random(seed)
        try:
            if draw.random() < _STRUCTURED:
                return target.changed(bytes(data), draw)[:most]
            return bytes(guide.Mutate(data, most))
        except Exception:
            traceback.print_exc()  # a mistake of ours, which the guide would not tell
            raise

    options = [
        "fuzz",
        f"-runs={order.inputs}",
        f"-max_total_time={max(1, round(order.seconds))}",
        f"-seed={order.seed}",
        f"-max_len={target.longest}",
        "-timeout=600",  # whoever started this process watches it more closely
        "-print_final_stats=1",
        str(order.grown),
    ]
    guide.Setup(options, lambda data: trial(bytes(data)) and None, custom_mutator=mutate)
    guide.Fuzz()
    os._exit(0)


def _plain(order: Order, pool: list[bytes], trial: Callable[[bytes], Exception | None]) -> NoReturn:
    """Without coverage an input is kept where it is refused in a new place, or with new words."""
    draw, seen, until = Random(order.seed), set[object](), time.monotonic() + order.seconds
    for count in range(order.inputs):
        old = count < len(pool)
        data = pool[count] if old else order.target.changed(draw.choice(pool), draw)
        place = _place(trial(data))
        if place not in seen:
            seen.add(place)
            if not old:
                pool.append(data)
                (order.grown / fingerprint(data)).write_bytes(data)
        if time.monotonic() > until:
            break
    os._exit(0)


def _place(refusal: Exception | None) -> object:
    lines = []
    step = refusal.__traceback__ if refusal is not None else None
    while step is not None:
        lines.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return type(refusal), tuple(lines)
