"""A shift: twelve hours at work, and nothing that grows, stops or overheats.

Lens, microphone and card at work without the desk, which asks once a minute how it is. It may be left and begun again: what the board has kept on going is taken up again,
from where it is. Put it into its case, and into the warmest place that it will be worn in.

Wiring:
    Everything of the steps before, in its case, on its battery's charger or a supply.

When all is well it prints:
    <number> h of <number> h: <number> samples
    taken up again after <number> h
    <number> frames, <number> gaps
    the longest flush took <number> ms
    at most <number> degrees Celsius
    no thermometer on this board
    the program's memory went from <number> to <number> MiB
    it never started again

When not, look at:
    - gaps: at what temperature (`build/hil/hours.jsonl`); `vcgencmd get_throttled`
    - memory that grows: by how much an hour; which part, by a board's file that lacks one (HIL_BOARD)
    - it started again: the supply, the watchdog; `last -x`, and the card's journal if it has one
    - long flushes: as in the step on storage, and whether they come at the same interval
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.hil.answers import Answer, parse
from tests.hil.bench import Bench, described
from tests.hil.plugin import Note
from tests.hil.program import BOOTSTRAP, package
from tests.hil.ssh import BoardTroubleError, UnreachableError

pytestmark = pytest.mark.timeout(0)
PLACE = "/run/lapel-hil"
START = (
    f"umask 077; mkdir -p {PLACE}; cat >{PLACE}/package; : >{PLACE}/samples; "
    f'setsid -f "$@" <{PLACE}/package >{PLACE}/samples 2>{PLACE}/trouble'
)
EVERY_S = 60.0
MEMORY_MIB = 64.0
"""By how much the program's memory may grow in a shift."""
HOT = 85.0
"""Degrees Celsius: a Raspberry Pi holds its processor back from here on."""
LONGEST_MS = 5000.0
AWAY_S = 600.0
KEPT = "hours.jsonl"


def begin(board: Bench, seconds: float, every: float) -> None:
    """Set it going, without the desk."""
    given = {
        **described(board.text, board.board),
        "seconds": seconds,
        "every": every,
        **board.place,
        "bytes": board.profile["bitrate"] // 16,
        "video": {**board.profile, "gop": board.profile["fps"]} if board.board.camera else None,
        "card": board.card or None,
    }
    command = [*board.ssh.python, "-P", "-c", BOOTSTRAP]
    board.ssh.as_root(["sh", "-c", START, "hours", *command], package("hours", given))


def samples(board: Bench) -> list[Answer]:
    """All that it has said so far; none where nothing was ever begun."""
    told = board.ssh.as_root(["sh", "-c", f"cat {PLACE}/samples 2>/dev/null || true"])
    whole = told[: told.rfind(b"\n") + 1]
    return [parse(line) for line in whole.splitlines(keepends=True)]


def kept(path: Path, boot: str, hours: float) -> bool:
    """Whether a run of this boot, for as long, was begun before."""
    try:
        first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return False
    return bool(first == head(boot, hours))


def head(boot: str, hours: float) -> dict[str, Any]:
    """The first line of what is kept."""
    return {"boot": boot, "hours": hours}


def keep(path: Path, boot: str, hours: float, told: Sequence[Answer]) -> None:
    """Keep all samples at this desk."""
    lines = [head(boot, hours), *({"says": each.says, **each.facts} for each in told)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def booted(board: Bench) -> str:
    """Which boot of the board this is."""
    return board.ssh.run(["cat", "/proc/sys/kernel/random/boot_id"]).decode().strip()


def watched(board: Bench, path: Path, boot: str) -> list[Answer]:
    """Ask until it is over.  A way there that is broken for a while is waited for; a board that began anew is not."""
    every, silent = min(EVERY_S, board.config.hours * 600), time.monotonic()
    told: list[Answer] = []
    while not told or told[-1].says == "sample":
        threading.Event().wait(every)
        try:
            now = booted(board)
            assert now == boot, f"the board started again after {told[-1].number('at_s') / 3600 if told else 0:.1f} h"
            more = samples(board)
            silent = time.monotonic() if len(more) > len(told) else silent
            told = more
        except UnreachableError:
            board.ssh.leave()
        keep(path, boot, board.config.hours, told)
        if time.monotonic() - silent > AWAY_S:
            why = board.ssh.as_root(["cat", f"{PLACE}/trouble"]).decode(errors="replace")
            raise BoardTroubleError(f"hours: nothing new for {AWAY_S:g} s: {why[-500:]}")
    return told


def test_a_shift(board: Bench, note: Note) -> None:
    """All of it at work, as long as was asked for."""
    hours, path, boot = board.config.hours, board.config.out / KEPT, booted(board)
    before = samples(board) if kept(path, boot, hours) else []
    if before and before[-1].says in {"sample", "over"}:  # it may have ended while the desk was away
        note(f"taken up again after {before[-1].number('at_s') / 3600:.2f} h")
    else:
        begin(board, hours * 3600, min(EVERY_S, hours * 600))
        keep(path, boot, hours, [])
    told = watched(board, path, boot)
    over = told[-1]
    assert over.says == "over", f"{over.says}: {over.facts}"
    minutes = [each for each in told if each.says == "sample"]
    note(f"{over.number('at_s') / 3600:.2f} h of {hours:.2f} h: {len(minutes)} samples")
    assert over.number("at_s") >= hours * 3600
    assert minutes
    frames, gaps = (sum(each.whole(name) for each in minutes) for name in ("frames", "gaps"))
    note(f"{frames} frames, {gaps} gaps")
    longest = max(each.number("worst_ms") for each in minutes)
    note(f"the longest flush took {longest:.0f} ms")
    hottest = max(each.number("celsius") for each in minutes)
    if hottest:
        note(f"at most {hottest:.0f} degrees Celsius")
    else:
        note("no thermometer on this board")
    memory = [each.number("kib") / 1024 for each in minutes]
    note(f"the program's memory went from {memory[0]:.0f} to {memory[-1]:.0f} MiB")
    note("it never started again")
    assert gaps == 0
    assert longest <= LONGEST_MS
    assert hottest < HOT
    assert memory[-1] - memory[0] <= MEMORY_MIB
