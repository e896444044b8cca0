"""What taking over takes: an offload beside TLS over the same line, beside rsync, on a noisy UART, a handshake, and many small recordings."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from tools.bench import bare, lower, rsync
from tools.bench.card import Card, Pair
from tools.bench.figure import Figure, Series, over
from tools.bench.line import LineSpec
from tools.bench.lower import Lower
from tools.bench.noise import MS, allowed, carry
from tools.bench.offload import meet, offload
from tools.bench.pair import Took
from tools.bench.peers import MissingError, skipped
from tools.bench.suites import Scale
from tools.bench.turns import turns
from tools.bench.warm import warm

USB_NETWORK: Final = 40_000_000
"""Bytes a second that USB 2.0 hands on to a network gadget at best."""
USB_SERIAL: Final = 2_700_000
"""Bytes a second that a USB serial gadget was seen to carry."""
HANDSHAKE_MS: Final = 20
MEMORY: Final = 32 << 20
SEGMENT: Final = 10_000_000
NUMBERS: Final = {True: (1, 10, 100), False: (1, 10, 100, 2000)}
"""How many recordings, in a quick run and in a whole one."""
SUITE: Final = "offload"
_SMALL: Final = 4096
_SHM: Final = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one

Both = tuple[Took, Took]
"""What the camera's side took, and the dock's."""


def measure(scale: Scale) -> Iterator[Figure | Series]:
    """All figures, one after the other."""
    pair = Pair.create()
    with in_memory(scale.place) as place:
        yield from _lines(pair, place, scale)
        yield from _handshake(pair, place, scale)
        yield from _many(pair, place, scale)
    place = scale.place.resolve()  # sshd is told where it is
    yield from _beside_rsync(pair, place, scale)
    yield from _noise(scale)
    yield from _memory(pair, place, scale)


def hot(scale: Scale) -> Callable[[], object]:
    """Offloads over loopback, the camera and the dock both in this process."""
    pair = Pair.create()
    card, _ = _card(scale.place / "card", pair, 60_000_000 if scale.quick else 600_000_000)

    def run() -> None:
        with lower.tcp() as line:
            offload(card, pair, scale.place / "store", line, apart=False)

    return run


@contextlib.contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A directory in memory, where the system has that: there a disk is no part of what is measured."""
    with tempfile.TemporaryDirectory(prefix="lapel-bench-", dir=_SHM if _SHM.is_dir() else otherwise) as name:
        yield Path(name)


def _card(root: Path, pair: Pair, size: int) -> tuple[Card, Path]:
    """A card with one recording of ten-megabyte segments, and that recording's directory."""
    root.mkdir()
    card = Card(root, pair)
    return card, card.record([SEGMENT] * max(1, size // SEGMENT))


def _lines(pair: Pair, place: Path, scale: Scale) -> Iterator[Figure]:
    """An offload, the TLS below it, and what else is compared, over one line after the other."""
    size = 4 * SEGMENT if scale.quick else 20 * SEGMENT
    card, _ = _card(place / "large", pair, size)
    few, slow = max(1, scale.rounds // 2), partial(lower.tcp, USB_NETWORK)
    for chacha, cipher in ((False, "AES"), (True, "ChaCha20")) if not scale.quick else ((False, "AES"),):
        runs = {
            "offload": _offload(card, pair, place, lower.tcp, chacha=chacha),
            "tls": _with(lower.tcp, partial(bare.over_sockets, pair, size, chacha=chacha)),
            "hashed": _with(lower.tcp, partial(bare.over_sockets, pair, size, chacha=chacha, hashed=True)),
        }
        took = turns(runs, scale.rounds, scale.warm)
        what = f"offload over loopback, unpaced, {cipher}, no disk: speed"
        note = "A dock's SHA-256, which the receipt signs, costs as much as all of TLS, then files and the interpreter."
        yield _speed(what, "bare TLS", size, took["offload"], took["tls"], least=0.15, aim=0.9, note=note)
        yield _speed(what, "bare TLS that makes SHA-256 at both ends", size, took["offload"], took["hashed"], least=0.4)
    paced = {
        "offload": _offload(card, pair, place, slow),
        "tls": _with(slow, partial(bare.over_sockets, pair, size)),
    }
    took = turns(paced, 1)  # what a line allows is the same each time, and takes it
    what = f"offload over a network of {USB_NETWORK // 1_000_000} MB/s, the best of a USB gadget: speed"
    yield _speed(what, "bare TLS over the same", size, took["offload"], took["tls"], least=0.9)
    yield from _ttys(pair, place, scale, few)


def _ttys(pair: Pair, place: Path, scale: Scale, rounds: int) -> Iterator[Figure]:
    size = SEGMENT // 4 if scale.quick else SEGMENT
    root = place / "small"
    root.mkdir()
    card = Card(root, pair)
    card.record([size])
    for pace, name, promised in ((USB_SERIAL, f"of {USB_SERIAL / 1e6:.1f} MB/s", 0.9), (None, "unpaced", None)):
        line = partial(lower.pty, pace)
        runs = {
            "offload": _offload(card, pair, place, line),
            "serial": _with(line, partial(bare.raw, size)),
            "tls": _with(line, partial(bare.over_the_link, pair, size)),
        }
        took = turns(runs, 1 if pace else rounds)
        what = f"offload over a pseudo-terminal, {name}: speed"
        note = (
            "" if pace else "Frames with a checksum, which a line that loses bytes needs, are put together in Python."
        )
        yield _speed(what, "raw pyserial", size, took["offload"], took["serial"], least=promised, note=note)
        least = promised or 0.5
        yield _speed(what, "bare TLS over the same link layer", size, took["offload"], took["tls"], least=least)


def _handshake(pair: Pair, place: Path, scale: Scale) -> Iterator[Figure]:
    """From the connection to the end of the greeting: the dock's first request comes behind that."""
    card, _ = _card(place / "handshake", pair, SEGMENT)
    runs = {
        "ours": _with(lower.tcp, partial(meet, card, pair, place / "met")),
        "tls": _with(lower.tcp, partial(bare.handshake, pair)),
    }
    took = turns(runs, 3 * scale.rounds)
    ours, theirs = ([camera.seconds * 1000 for camera, _ in took[name]] for name in runs)
    facts = {"ours_ms": median(ours), "tls_ms": median(theirs)}
    what = "handshake, greeting and clock, from the connection to the first request: time"
    yield Figure(SUITE, what, "a bare TLS 1.3 handshake, both certificates", over(ours, theirs), most=6.0, facts=facts)
    promised = tuple(each / HANDSHAKE_MS for each in ours)
    note = "A time, and no ratio: promised of a whole run alone, on a machine that nobody else uses."
    most = None if scale.quick else 1.0
    yield Figure(SUITE, what, f"{HANDSHAKE_MS} ms", promised, most=most, aim=1.0, facts=facts, note=note)


def _many(pair: Pair, place: Path, scale: Scale) -> Iterator[Figure | Series]:
    """Many small recordings, and one of many bytes: what each costs the processors of both sides."""
    points: list[tuple[float, float]] = []
    for number in NUMBERS[scale.quick]:
        root = place / f"many-{number}"
        root.mkdir()
        card = Card(root, pair)
        for _ in range(number):
            card.record([_SMALL])
        took = _offload(card, pair, place, lower.tcp)()
        points.append((number, sum(side.processor for side in took) / number * 1000))
        shutil.rmtree(root)
    yield Series(
        SUITE,
        "a recording of 4 KiB among so many",
        "recordings on the card",
        "ms of the processor for each, both sides",
        tuple(points),
        log_x=True,
    )
    costs = [cost for _, cost in points]
    what = f"a recording of 4 KiB among {points[-1][0]:,.0f}: seconds of the processor, both sides"
    facts = {"each_cpu_ms": costs[-1], "among_ten_cpu_ms": costs[1]}
    yield Figure(SUITE, what, "the same among 10", (costs[-1] / costs[1],), most=1.3, aim=1.0, facts=facts)
    sizes = (SEGMENT, 2 * SEGMENT, 4 * SEGMENT) if scale.quick else (SEGMENT, 4 * SEGMENT, 16 * SEGMENT, 64 * SEGMENT)
    grown: list[tuple[float, float]] = []
    for size in sizes:
        card, _ = _card(place / f"bytes-{size}", pair, size)
        warm(place, 2 * size >> 20)
        took = _offload(card, pair, place, lower.tcp)()
        grown.append((size / 1e6, sum(side.processor for side in took)))
        shutil.rmtree(place / f"bytes-{size}")
    yield Series(SUITE, "one recording of so many bytes", "MB", "s of the processor, both sides", tuple(grown))
    rates = [cost / size for size, cost in grown]
    what = f"a byte of a recording of {grown[-1][0]:,.0f} MB: seconds of the processor, both sides"
    yield Figure(SUITE, what, f"the same of one of {grown[0][0]:,.0f} MB", (rates[-1] / rates[0],), most=1.3, aim=1.0)


def _beside_rsync(pair: Pair, place: Path, scale: Scale) -> Iterator[Figure]:
    card, source = _card(place / "card", pair, 3 * SEGMENT if scale.quick else 20 * SEGMENT)
    size = sum(path.stat().st_size for path in source.iterdir())
    keys = place / "keys"
    keys.mkdir(mode=0o700)
    against = "rsync over ssh, the same files, each synced"
    speed = Figure(SUITE, "offload over loopback to the disk: speed", against, least=1.0)
    cost = Figure(SUITE, "the same: seconds of the processor, both sides", against, most=1.0)
    try:
        with rsync.server(keys) as served:

            def copy() -> Both:
                took = rsync.fetch(served, source, place / "copy", sync=True)
                shutil.rmtree(place / "copy")
                return took

            took = turns({"offload": _offload(card, pair, place, lower.tcp), "rsync": copy}, scale.rounds, scale.warm)
    except MissingError as error:
        yield skipped(speed, error)
        yield skipped(cost, error)
        return
    yield _speed(speed.what, against, size, took["offload"], took["rsync"], least=1.0)
    ours, theirs = ([sum(side.processor for side in each) for each in took[name]] for name in ("offload", "rsync"))
    facts = {"offload_cpu_s": median(ours), "rsync_cpu_s": median(theirs)}
    yield Figure(SUITE, cost.what, against, over(ours, theirs), most=1.0, facts=facts)


def _noise(scale: Scale) -> Iterator[Figure]:
    for error_rate in (1e-5,) if scale.quick else (0.0, 1e-6, 1e-5):
        spec = LineSpec(3_000_000, error_rate=error_rate, delay_ns=16 * MS)
        carried = carry(spec, size=2_000_000)
        facts = {"bytes_s": carried.rate, "allowed_bytes_s": allowed(spec), "repeated": carried.repeated}
        what = f"link on a UART of 3 Mbaud, 16 ms away, bit errors {error_rate:g}, simulated: speed"
        yield Figure(SUITE, what, "what the errors allow", (carried.rate / allowed(spec),), least=0.7, facts=facts)


def _memory(pair: Pair, place: Path, scale: Scale) -> Iterator[Figure]:
    for size in (1 << 20,) if scale.quick else (1 << 20, 1 << 28):
        root = place / f"memory-{size}"
        root.mkdir()
        card = Card(root, pair)
        card.record([size], sparse=True)
        grew = _offload(card, pair, place, lower.tcp)()[0].grew
        what = f"what a camera's memory grows by for a segment of {size >> 20} MiB, handshake included"
        yield Figure(SUITE, what, "32 MiB", (grew / MEMORY,), most=1.0, facts={"grew_bytes": grew})
        shutil.rmtree(root)


def _with(line: Callable[[], Lower], run: Callable[[Lower], Both]) -> Callable[[], Both]:
    """Run it on a line of its own."""

    def once() -> Both:
        with line() as opened:
            return run(opened)

    return once


def _offload(
    card: Card, pair: Pair, place: Path, line: Callable[[], Lower], *, chacha: bool = False
) -> Callable[[], Both]:
    """An offload into a store of its own, which is thrown away."""

    def once(opened: Lower) -> Both:
        try:
            return offload(card, pair, place / "store", opened, chacha=chacha)
        finally:
            shutil.rmtree(place / "store", ignore_errors=True)

    return _with(line, once)


def _speed(
    what: str,
    against: str,
    size: int,
    ours: tuple[Both, ...],
    theirs: tuple[Both, ...],
    least: float | None = None,
    aim: float | None = None,
    note: str = "",
) -> Figure:
    """How fast by the receiving side's clock, round by round, and what a byte cost each side's processor."""
    seconds = [[dock.seconds for _, dock in each] for each in (ours, theirs)]
    facts = {"bytes_s": size / median(seconds[0]), "against_bytes_s": size / median(seconds[1])}
    for name, took in (("", ours), ("against_", theirs)):
        facts[f"{name}sender_ns_byte"] = median(sender.processor for sender, _ in took) / size * 1e9
        facts[f"{name}receiver_ns_byte"] = median(receiver.processor for _, receiver in took) / size * 1e9
    return Figure(SUITE, what, against, over(seconds[1], seconds[0]), least, aim=aim, facts=facts, note=note)
