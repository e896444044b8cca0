"""The dock's benchmark: each figure is a ratio to something that was measured in the same run, in turns with it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tools.bench import bare, lower, rsync
from tools.bench.card import Card, Pair
from tools.bench.line import LineSpec
from tools.bench.lower import Lower
from tools.bench.noise import MS, allowed, carry
from tools.bench.offload import offload
from tools.bench.pair import Took
from tools.bench.peers import MissingError

USB_NETWORK = 40_000_000
"""Bytes a second that USB 2.0 hands on to a network gadget at best."""

USB_SERIAL = 2_700_000
"""Bytes a second that a USB serial gadget was seen to carry."""

MEMORY = 32 << 20
_MEGA = 1_000_000
_SHM = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result.  ``value`` is ``what`` divided by what it is measured ``against``, in bytes a second, and promised to be at least
    ``least``, or, for memory, bytes, and promised to be at most ``most``; ``facts`` are what it was made of, ``text`` why there is none."""

    what: str
    against: str
    value: float | None = None
    least: float | None = None
    most: int | None = None
    text: str = ""
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; None where there is none, or no value."""
        if self.value is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


Run = Callable[[], tuple[Took, Took]]


def measure(size: int, rounds: int, directory: Path | None) -> Iterator[Figure]:
    """All figures, one after the other: offloads of ``size`` bytes, the best of ``rounds``; ``directory``: on whose disk, None for the
    system's."""
    pair = Pair.create()
    with _place(_SHM if _SHM.is_dir() else None) as place:
        card, source = _card(place / "card", pair, size)
        yield from _over_tcp(pair, card, place, size, rounds)
        small = max(10 * _MEGA, size // 10)
        card, source = _card(place / "small", pair, small)
        yield from _over_a_tty(pair, card, place, small, rounds)
    with _place(directory) as place:
        card, source = _card(place / "card", pair, size)
        yield from _beside_rsync(pair, card, source, place, rounds)
    yield from _noise()
    with _place(directory) as place:
        yield from _memory(pair, place)


@contextlib.contextmanager
def _place(parent: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lapel-bench-", dir=parent) as name:
        yield Path(name)


def _card(root: Path, pair: Pair, size: int) -> tuple[Card, Path]:
    """A card with one recording of ten-megabyte segments, and that recording's directory."""
    root.mkdir()
    card = Card(root, pair)
    return card, card.record([10 * _MEGA] * max(1, size // (10 * _MEGA)))


def _over_tcp(pair: Pair, card: Card, place: Path, size: int, rounds: int) -> Iterator[Figure]:
    for chacha, cipher in ((False, "AES"), (True, "ChaCha20")):
        runs = {
            "offload": _offload(card, pair, place, lower.tcp, chacha=chacha),
            "TLS": _with(lower.tcp, partial(bare.over_sockets, pair, size, chacha=chacha)),
            "hashed": _with(lower.tcp, partial(bare.over_sockets, pair, size, chacha=chacha, hashed=True)),
        }
        best = _best(runs, rounds)
        name = f"offload over loopback, {cipher}, no disk"
        yield _ratio(name, "bare TLS", size, best, "offload", "TLS")
        yield _ratio(name, "bare TLS that makes SHA-256 at both ends", size, best, "offload", "hashed")
    line = partial(lower.tcp, USB_NETWORK)
    runs = {
        "offload": _offload(card, pair, place, line),
        "TLS": _with(line, partial(bare.over_sockets, pair, size)),
    }
    best = _best(runs, 1)
    name = f"offload over a network of {USB_NETWORK // _MEGA} MB/s"
    yield _ratio(name, "bare TLS over the same", size, best, "offload", "TLS", 0.9)


def _over_a_tty(pair: Pair, card: Card, place: Path, size: int, rounds: int) -> Iterator[Figure]:
    for pace, name, least in ((None, "", None), (USB_SERIAL, f" of {USB_SERIAL / _MEGA:.1f} MB/s", 0.9)):
        line = partial(lower.pty, pace)
        runs = {
            "offload": _offload(card, pair, place, line),
            "TLS": _with(line, partial(bare.over_the_link, pair, size)),
        }
        best = _best(runs, rounds if pace is None else 1)
        what, against = f"offload over a pseudo-terminal{name}", "bare TLS over the same link layer"
        yield _ratio(what, against, size, best, "offload", "TLS", least)


def _beside_rsync(pair: Pair, card: Card, source: Path, place: Path, rounds: int) -> Iterator[Figure]:
    what, against = "offload to the disk", "rsync over ssh, the same files, each synced"
    size = sum(path.stat().st_size for path in source.iterdir())
    keys = place / "keys"
    keys.mkdir(mode=0o700)
    try:
        with rsync.server(keys) as served:

            def copy() -> tuple[Took, Took]:
                took = rsync.fetch(served, source, place / "copy", sync=True)
                shutil.rmtree(place / "copy")
                return took

            best = _best({"offload": _offload(card, pair, place, lower.tcp), "rsync": copy}, rounds)
            yield _ratio(what, against, size, best, "offload", "rsync", 1.0)
            ours, theirs = (sum(side.processor for side in best[name]) for name in ("offload", "rsync"))
            yield Figure("the same in seconds of the processor, both sides together", against, theirs / ours, 1.0)
    except MissingError as error:
        yield Figure(what, against, text=f"not measured: {error}")


def _noise() -> Iterator[Figure]:
    for error_rate in (0.0, 1e-6, 1e-5):
        spec = LineSpec(3_000_000, error_rate=error_rate, delay_ns=16 * MS)
        carried = carry(spec, size=2_000_000)
        facts = {"bytes_s": carried.rate, "allowed_bytes_s": allowed(spec), "repeated": carried.repeated}
        what = f"link on a UART, 3 Mbaud, 16 ms away, bit errors {error_rate:g}"
        yield Figure(what, "what the errors allow", carried.rate / allowed(spec), least=0.7, facts=facts)


def _memory(pair: Pair, place: Path) -> Iterator[Figure]:
    for size in (1 << 20, 1 << 28):
        root = place / f"memory-{size}"
        root.mkdir()
        card = Card(root, pair)
        card.record([size], sparse=True)
        took = _offload(card, pair, place, lower.tcp)()[0]
        yield Figure(f"camera's memory, a segment of {size >> 20} MiB", "before it", took.grew, most=MEMORY)
        shutil.rmtree(root)


def _with(line: Callable[[], Lower], run: Callable[[Lower], tuple[Took, Took]]) -> Run:
    """Run it on a line of its own."""

    def once() -> tuple[Took, Took]:
        with line() as opened:
            return run(opened)

    return once


def _offload(card: Card, pair: Pair, place: Path, line: Callable[[], Lower], *, chacha: bool = False) -> Run:
    """An offload into a store of its own, which is thrown away."""

    def once(opened: Lower) -> tuple[Took, Took]:
        try:
            return offload(card, pair, place / "store", opened, chacha=chacha)
        finally:
            shutil.rmtree(place / "store", ignore_errors=True)

    return _with(line, once)


def _best(runs: dict[str, Run], rounds: int) -> dict[str, tuple[Took, Took]]:
    """The quickest of each, by the dock's clock, all in turns: so that what disturbs this machine disturbs them alike."""
    best: dict[str, tuple[Took, Took]] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            took = run()
            if name not in best or took[1].seconds < best[name][1].seconds:
                best[name] = took
    return best


def _ratio(
    what: str,
    against: str,
    size: int,
    best: dict[str, tuple[Took, Took]],
    one: str,
    other: str,
    least: float | None = None,
) -> Figure:
    (camera, dock), (sender, receiver) = best[one], best[other]
    facts = {
        "bytes_s": size / dock.seconds,
        "against_bytes_s": size / receiver.seconds,
        "camera_ns_byte": camera.processor / size * 1e9,
        "dock_ns_byte": dock.processor / size * 1e9,
        "against_camera_ns_byte": sender.processor / size * 1e9,
        "against_dock_ns_byte": receiver.processor / size * 1e9,
    }
    return Figure(what, against, receiver.seconds / dock.seconds, least, facts=facts)
