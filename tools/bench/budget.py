"""What the whole service takes of a machine: a real process on the simulated parts, fed with a film, so that no encoder is in it.

Processor and memory are the kernel's own counts.  Beside the service runs ``tools.bench.metronome``, the least that a program in Python can do with
the same frames; both are counted over the same seconds, so that what disturbs one disturbs the other.  The limits that are promised of a desktop
are absolute; they are judged in a whole run alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from hal.sim.film import SOUND, FilmedSound, FilmedVideo
from tools.bench import instructions, reel
from tools.bench.figure import Figure, over
from tools.bench.film import VIDEO
from tools.bench.service import NS, Service, Used, home, memory, running, used
from tools.bench.suites import Scale
from tools.bench.turns import turns
from tools.bench.virtual import Virtual
from tools.sim.home import Home

SUITE: Final = "budget"
FILM_S: Final = 3
HOT_S: Final = 300
BUFFER_S: Final = {False: 30, True: 2}
WINDOW_S: Final = {False: 2.0, True: 1.0}
SHARE: Final = 0.03
"""Of one core of a desktop, which is promised."""
RESIDENT: Final = 110_000_000
"""Bytes, which are promised with a buffer of 30 s."""
START_S: Final = 1.0
IDLE, RECORDING = 6.0, 12.0
"""The most that it may take beside the metronome."""
STARTS: Final = 8.0
"""The most that a start may take beside an interpreter that loads ``cryptography``."""
_MEGA: Final = 1e6


def measure(scale: Scale) -> Iterator[Figure]:
    """All of it."""
    film, lives = reel.write(scale.place / "film.h264", FILM_S), home(scale.place, pre_event_s=BUFFER_S[scale.quick])
    yield from _starts(scale, lives, film)
    with running(lives.camera, film) as service, _metronome(film) as beside:
        _buffers(service)
        before = memory(service.id).resident
        idle = _windows(service, beside, scale)
        full_s = BUFFER_S[scale.quick]
        service.wait("a full buffer", lambda told: (told["ring"]["seconds"] or 0) >= full_s)
        full, held = memory(service.id), service.told()["ring"]["bytes"]
        service.record()
        recording = _windows(service, beside, scale)
        most = memory(service.id).most
        service.stop()
    yield from _shares("buffering", idle, IDLE, scale)
    yield from _shares("recording", recording, RECORDING, scale)
    limit = None if scale.quick else 1.0
    facts = {"resident_mb": most / _MEGA, "first_frame_mb": before / _MEGA, "buffered_mb": held / _MEGA}
    what = f"resident memory at its most, buffer of {full_s} s, recording"
    yield Figure(SUITE, what, f"{RESIDENT / _MEGA:.0f} MB", (most / RESIDENT,), most=limit, facts=facts)
    grown = {"grown_mb": (full.resident - before) / _MEGA, "buffered_mb": held / _MEGA}
    what = "memory that the full buffer takes"
    note = "What the interpreter had set aside before its first frame counts for the buffer."
    yield Figure(
        SUITE,
        what,
        "its bytes",
        ((full.resident - before) / held,),
        most=None if scale.quick else 1.05,
        facts=grown,
        note=note,
    )
    if not scale.quick:
        yield instructions.figure(SUITE, lives, film)


def hot(scale: Scale) -> Callable[[], object]:
    """Five minutes of a recording, all of the service but its threads, the clock's time taken out."""
    film = reel.write(scale.place / "film.h264", FILM_S)
    virtual = Virtual(home(scale.place), FilmedVideo(film, VIDEO), FilmedSound(film.with_suffix(SOUND)))
    virtual.run(3)
    virtual.press()

    def record() -> None:
        with closing(virtual):
            virtual.run(HOT_S)

    return record


def _starts(scale: Scale, lives: Home, film: Path) -> Iterator[Figure]:
    def start() -> float:
        with running(lives.camera, film) as service:
            return (_buffers(service) - service.began_ns) / NS

    def bare() -> float:
        began = time.monotonic_ns()
        subprocess.run([sys.executable, "-c", "import cryptography.x509, OpenSSL.SSL"], check=True)
        return (time.monotonic_ns() - began) / NS

    took = turns({"ours": start, "bare": bare}, scale.rounds)
    facts = {"ours_s": median(took["ours"]), "bare_s": median(took["bare"])}
    what = "from the start of the process to the first frame in the buffer"
    yield Figure(
        SUITE,
        what,
        "an interpreter that loads cryptography and OpenSSL",
        over(took["ours"], took["bare"]),
        most=STARTS,
        facts=facts,
    )
    absolute = tuple(each / START_S for each in took["ours"])
    yield Figure(SUITE, what, f"{START_S:g} s", absolute, most=None if scale.quick else 1.0, facts=facts)


def _buffers(service: Service) -> int:
    return service.wait("a frame in the buffer", lambda told: (told["ring"]["bytes"] or 0) > 0)


@contextmanager
def _metronome(film: Path) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", "tools.bench.metronome", str(film)])
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


Window = tuple[Used, Used, Used, Used]


def _windows(service: Service, beside: int, scale: Scale) -> list[Window]:
    """What both had used at the beginning and at the end of each of some seconds: the service twice, the metronome twice."""
    time.sleep(WINDOW_S[scale.quick])  # what began is over
    found = list[Window]()
    for _ in range(scale.rounds):
        began = used(service.id), used(beside)
        time.sleep(WINDOW_S[scale.quick])
        found.append((began[0], used(service.id), began[1], used(beside)))
    return found


def _shares(doing: str, windows: list[Window], most: float, scale: Scale) -> Iterator[Figure]:
    ours = [after.share_of(before) for before, after, _, _ in windows]
    theirs = [after.share_of(before) for _, _, before, after in windows]
    wakes = [(after.wakes - before.wakes) / (after.time_ns - before.time_ns) * NS for before, after, _, _ in windows]
    first, last = windows[0][0], windows[-1][1]
    threads = {
        f"{name}_percent": share * 100 for name, (share, _) in sorted(last.by_thread(first).items()) if share > 0.0001
    }
    facts = {"percent_of_a_core": median(ours) * 100, "wakes_per_second": median(wakes), **threads}
    what = f"processor, {doing}, 1080p30 at 8 Mbit/s"
    yield Figure(
        SUITE,
        what,
        "a program that only reads and keeps the frames",
        over(ours, theirs),
        most=most,
        facts=facts,
    )
    absolute = tuple(share / SHARE for share in ours)
    yield Figure(SUITE, what, f"{SHARE:.0%} of one core", absolute, most=None if scale.quick else 1.0)
