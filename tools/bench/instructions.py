"""Instructions, which repeat where seconds do not: the service and the bare ciphers and hashes over the same bytes, counted by callgrind.

The service is the whole of it but its threads, on a clock that is moved (``tools.bench.virtual``), with a film and no encoder.  Callgrind counts what
the program runs for itself and nothing of the kernel's, and shows it a processor without instructions for SHA: there hashes weigh more than on one
that has them, on both sides alike.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from hal.sim.film import SOUND, FilmedSound, FilmedVideo
from tools.bench.figure import Figure, over
from tools.bench.film import VIDEO
from tools.bench.limits import compute
from tools.bench.peers import MissingError, find, skipped
from tools.bench.turns import turns
from tools.bench.virtual import Virtual
from tools.sim.home import Home

SECONDS: Final = 4
"""Of a recording, which are counted."""
WARM_S: Final = 4
ROUNDS: Final = 2
MOST: Final = 1.9
BYTES_S: Final = VIDEO.bitrate // 8
_COUNTED: Final = re.compile(r"Collected : (?P<instructions>\d+)")


def figure(suite: str, lives: Home, film: Path) -> Figure:
    """Instructions of a second that is recorded, against those that its bytes alone take; skipped where there is no callgrind."""
    what = f"instructions of {SECONDS} s of a recording, 1080p30 at 8 Mbit/s"
    found = Figure(suite, what, "bare ChaCha20-Poly1305 and three passes of SHA-256 over as many bytes", most=MOST)
    try:
        took = turns({kind: partial(_count, kind, lives, film) for kind in ACTS}, ROUNDS)
    except MissingError as why:
        return skipped(found, why)
    facts = {f"{kind}_instructions_s": median(each) / SECONDS for kind, each in took.items()}
    return Figure(found.suite, found.what, found.against, over(took["ours"], took["bare"]), most=MOST, facts=facts)


def _count(kind: str, lives: Home, film: Path) -> float:
    """How many instructions an act is, in an interpreter and with a card of its own."""
    command = [find("valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null", "--instr-atstart=no"]
    find("callgrind_control")
    with tempfile.TemporaryDirectory(dir=lives.root.parent) as folder:
        own = shutil.copytree(lives.root, Path(folder) / "home", ignore=shutil.ignore_patterns("control"))
        done = subprocess.run(
            [*command, sys.executable, "-m", "tools.bench.instructions", kind, own, film],
            capture_output=True,
            text=True,
            check=False,
        )
    match = _COUNTED.search(done.stderr)
    if done.returncode or match is None:
        raise ChildProcessError(f"callgrind ended with {done.returncode}: {done.stderr[-2000:]}")
    return float(match["instructions"])


def recorded(lives: Home, film: Path) -> Callable[[], None]:
    """A camera that has recorded for a while and goes on."""
    virtual = Virtual(lives, FilmedVideo(film, VIDEO), FilmedSound(film.with_suffix(SOUND)))
    virtual.run(WARM_S)
    virtual.press()
    virtual.run(WARM_S)

    def on() -> None:
        with closing(virtual):
            virtual.run(SECONDS)

    return on


def bare(_lives: Home, film: Path) -> Callable[[], None]:
    """What its bytes take of ciphers and hashes."""
    plain = film.read_bytes()
    plain = (plain * (SECONDS * BYTES_S // len(plain) + 1))[: SECONDS * BYTES_S]
    return lambda: compute(plain)


ACTS: Final[Mapping[str, Callable[[Home, Path], Callable[[], None]]]] = {"ours": recorded, "bare": bare}


def _counting(state: str) -> None:
    subprocess.run(["callgrind_control", "-i", state, str(os.getpid())], check=True, capture_output=True)


if __name__ == "__main__":
    act = ACTS[sys.argv[1]](Home(Path(sys.argv[2])), Path(sys.argv[3]))
    _counting("on")
    act()
    _counting("off")
