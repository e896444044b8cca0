"""The dock's benchmark: both sides really run, what they took is measured, and a camera's memory stays within its bound."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.bench import bare, dock, lower, rsync
from tools.bench.card import DEVICE, VOLUME, Card, Pair
from tools.bench.dock import MEMORY
from tools.bench.figure import Figure, Series
from tools.bench.lower import Lower
from tools.bench.offload import meet, offload
from tools.bench.pair import SideError, Stopwatch, Took, alongside
from tools.bench.suites import Scale

MIB = 1 << 20
Run = Callable[[Pair, int, Lower], tuple[Took, Took]]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """A camera and a dock."""
    return Pair.create()


def card(pair: Pair, root: Path, *sizes: int, sparse: bool = False) -> tuple[Card, Path]:
    """A card with one recording, and its directory."""
    root.mkdir()
    made = Card(root, pair)
    return made, made.record(sizes, sparse=sparse)


def stored(store: Path) -> dict[str, bytes]:
    """The files of the recording in a store, without its receipt."""
    place = store / DEVICE / VOLUME / "recordings" / "00000001"
    return {path.name: path.read_bytes() for path in place.iterdir() if path.name != "receipt.jws"}


@pytest.mark.parametrize("line", [lower.tcp, lower.pty])
def test_an_offload_is_a_whole_one(pair: Pair, tmp_path: Path, line: Callable[[], Lower]) -> None:
    """What is measured is the real thing: two processes, and every byte in the store, behind a receipt."""
    made, source = card(pair, tmp_path / "card", 300_000, 70_000)
    with line() as opened:
        camera, receiver = offload(made, pair, tmp_path / "store", opened)
    assert stored(tmp_path / "store") == {path.name: path.read_bytes() for path in source.iterdir()}
    assert camera.processor > 0
    assert receiver.seconds > 0


@pytest.mark.parametrize(
    ("line", "alone", "pace"),
    [(lower.tcp, bare.over_sockets, 4_000_000), (lower.pty, bare.over_the_link, 800_000)],
    ids=["network", "serial"],
)
def test_an_offload_fills_a_line(
    pair: Pair, tmp_path: Path, line: Callable[[int], Lower], alone: Run, pace: int
) -> None:
    """On a line that is slower than the machine an offload, receipt included, carries nine tenths of what TLS alone carries over it: the best of
    three, in turns, since others may use the machine.  The store lies where syncs take no time, for a disk is no part of a line."""
    size, ratios = 2 * pace, []
    made, _ = card(pair, tmp_path / "card", size)
    with dock.in_memory(tmp_path) as place:
        for attempt in range(3):
            with line(pace) as opened:
                _, reference = alone(pair, size, opened)
            with line(pace) as opened:
                _, dock_end = offload(made, pair, place / f"store-{attempt}", opened)
            ratios.append(reference.seconds / dock_end.seconds)
            if ratios[-1] >= 0.9:
                return
    pytest.fail(f"ratios {ratios}")


@pytest.mark.parametrize("size", [MIB, 64 * MIB, 256 * MIB])
def test_the_cameras_memory(pair: Pair, tmp_path: Path, size: int) -> None:
    """However large a segment is, a camera needs at most 32 MB for handing it over, handshake included: it is never read whole."""
    made, _ = card(pair, tmp_path / "card", size, sparse=True)
    with lower.tcp() as opened:
        camera, _ = offload(made, pair, tmp_path / "store", opened)
    shutil.rmtree(tmp_path / "store")  # it is not sparse
    assert 0 < camera.grew <= MEMORY == 32 * MIB


def test_the_measure_of_memory_finds_a_reader_of_wholes() -> None:
    """A side that holds what it sends is found out."""

    def greedy() -> Took:
        stopwatch = Stopwatch()
        held = bytearray(b"x") * (40 * MIB)
        took = stopwatch.stop()
        return replace(took, seconds=float(len(held)))

    for _ in range(
        2
    ):  # this process has as much free, and its copies could use that instead: no growth, at first sight
        assert alongside(greedy, greedy)[0].grew > 39 * MIB > MEMORY
        larger = bytearray(31 * MIB)  # from here on the C library keeps what is given back
        del larger
        kept = [bytes(MIB) for _ in range(60)]
        del kept


def test_a_copy_of_a_process_tidies_nothing_up(tmp_path: Path) -> None:
    """What was thrown away before ends where it was made: an encoder whose threads are not in the copy would take that with it."""

    class Encoder:
        """Part of a ring of references, as what an exception or a closure holds."""

        def __init__(self) -> None:
            self.mine = self

        def __del__(self) -> None:
            (tmp_path / str(os.getpid())).touch()

    def works() -> Took:
        return Stopwatch().stop()

    Encoder()
    alongside(works, works)
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_bare_tls(pair: Pair) -> None:
    """What it is compared with carries as many bytes, over the same lines."""
    for line, run in ((lower.tcp, bare.over_sockets), (lower.pty, bare.over_the_link)):
        with line() as opened:
            camera, receiver = run(pair, 4 * bare.PIECE, opened)
        assert min(camera.processor, receiver.seconds) > 0


def test_a_slow_line_is_the_bottleneck(pair: Pair) -> None:
    """A line with a pace does not carry more than that."""
    for line, pace, run in ((lower.tcp, 4_000_000, bare.over_sockets), (lower.pty, 1_000_000, bare.over_the_link)):
        with line(pace) as opened:
            _, receiver = run(pair, 1_000_000, opened)
        assert receiver.seconds > 0.15


def test_a_side_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    """It is told, and nobody waits for it."""

    def fails() -> Took:
        raise ValueError("no such thing")

    with pytest.raises(SideError, match="failed"):
        alongside(fails, fails)
    assert "no such thing" in capfd.readouterr().err


@needs("sshd", "ssh", "rsync")
def test_rsync(pair: Pair, tmp_path: Path) -> None:
    """Rsync over ssh brings the same files, from a server of its own."""
    _, source = card(pair, tmp_path / "card", 100_000)
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    with rsync.server(keys) as served:
        sending, receiving = rsync.fetch(served, source, tmp_path / "copy", sync=True)
    assert min(receiving.seconds, receiving.processor, sending.processor) > 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == {
        path.name: path.read_bytes() for path in source.iterdir()
    }


def test_without_rsync(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a program is missing, the figures say so instead of vanishing."""
    monkeypatch.setattr(rsync, "PROGRAMS", ("no-such-sshd",))
    monkeypatch.setattr(dock, "SEGMENT", 1000)
    found = list(dock._beside_rsync(pair, tmp_path, Scale(quick=True, rounds=1, place=tmp_path)))
    assert [(each.value, each.kept, each.skipped) for each in found] == [(None, None, "no-such-sshd is missing")] * 2


def test_a_handshake(pair: Pair, tmp_path: Path) -> None:
    """What is measured ends with the greeting, and what it is compared with is a handshake with both certificates."""
    made, _ = card(pair, tmp_path / "card", 1000)
    for run in (partial(meet, made, pair, tmp_path / "store"), partial(bare.handshake, pair)):
        with lower.tcp() as opened:
            camera, receiver = run(opened)
        assert 0 < camera.seconds < 10
        assert receiver.processor > 0
    assert not (tmp_path / "store" / DEVICE / VOLUME / "recordings" / "00000001").exists()


def test_the_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure of a quick run has a value, and names what it is measured against; those without a promise aim at something or say why."""
    monkeypatch.setattr(dock, "SEGMENT", 100_000)
    monkeypatch.setattr(dock, "NUMBERS", {True: (1, 2, 3)})
    monkeypatch.setattr(dock, "_noise", lambda _scale: iter(()))
    monkeypatch.setattr(dock, "_beside_rsync", lambda _pair, _place, _scale: iter(()))
    found = list(dock.measure(Scale(quick=True, rounds=1, place=tmp_path)))
    figures = [each for each in found if isinstance(each, Figure)]
    assert {each.suite for each in found} == {"offload"}
    assert len({each.name for each in figures}) == len(figures) == 12
    assert all(each.value is not None and each.value > 0 for each in figures)
    assert all(each.kept is not None or each.note for each in figures)
    points = [each.points for each in found if isinstance(each, Series)]
    assert [[x for x, _ in each] for each in points] == [[1, 2, 3], [0.1, 0.2, 0.4]]
