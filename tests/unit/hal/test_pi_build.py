"""How a real board's parts are found: its number, its key, its partitions; and how long whoever keeps them is patient."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.interface import PartName, VideoFormat
from hal.pi import boardfile
from hal.pi.build import PiParts, Places, _signer, serial
from hal.pi.keeper import FIRST_NS, LONGEST_NS, PATIENCE_NS, STOOD_NS, Held, Keeper, Watched
from hal.pi.kept import KeptStorage
from hal.pi.keyfile import KeyFile
from hal.pi.tpm import TpmSigner
from hal.sim.clock import NS, VirtualClock


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (b"10000000a1b2c3d4\0", "10000000a1b2c3d4"),
        (b"", ""),
        (b"\0", ""),
        (b"no number", ""),
        (b"x" * 65, ""),
        (b"\xff\xfe\0", ""),
    ],
)
def test_the_boards_number_is_the_kernels_or_none(tmp_path: Path, told: bytes, number: str) -> None:
    """As the device tree has it, its closing zero taken off; nothing else passes for one."""
    assert serial(tmp_path) == ""
    (tmp_path / "serial-number").write_bytes(told)
    assert serial(tmp_path) == number


@pytest.mark.parametrize(("features", "aes"), [("fp asimd crc32", False), ("fp asimd aes crc32", True)])
def test_a_camera_knows_what_its_processor_has(tmp_path: Path, features: str, *, aes: bool) -> None:
    """By the kernel's word, as the parts are put together: what its docks are asked for depends on it."""
    (tmp_path / "cpuinfo").write_text(f"Features\t: {features}\n")
    for name in ("config", "evidence", "run"):
        (tmp_path / name).mkdir()
    given = (tmp_path / "config", tmp_path / "evidence", tmp_path / "run")
    virtual = boardfile.load(Path(__file__).parents[3] / "buildroot" / "vm" / "board.toml")
    parts = PiParts(virtual, Places(*given, partitions=False, cpuinfo=tmp_path / "cpuinfo"), paced=False)
    hal = parts.hal(VideoFormat(1280, 720, 30, 4_000_000, 30), "1")
    parts.close()
    assert hal.aes is aes


def test_the_key_is_where_the_boards_file_says() -> None:
    """Nowhere else: a key in a file is no way out where there is to be a TPM."""
    for name, path in boardfile.shipped().items():
        board = boardfile.load(path)
        assert isinstance(_signer(board, Places()), TpmSigner), name
    virtual = Path(__file__).parents[3] / "buildroot" / "vm" / "board.toml"
    assert isinstance(_signer(boardfile.load(virtual), Places()), KeyFile)


def test_a_partition_that_is_not_mounted_takes_no_evidence(tmp_path: Path) -> None:
    """Each use says so, and the directory in its place stays as it is: what is written there would be gone with the next firmware."""
    storage = KeptStorage(tmp_path, partition=True)
    root = storage.root()
    for use in (root.names, root.sync, storage.space, lambda: root.create("x"), lambda: root.enter("y", create=True)):
        with pytest.raises(OSError, match="no partition is mounted there"):
            use()
    assert not list(tmp_path.iterdir())


class Thing:
    """A part that works, or does not."""

    def __init__(self) -> None:
        self.works, self.open = True, True


class Bench:
    """A part that is kept, on a clock of the test's own."""

    def __init__(self) -> None:
        self.clock, self.there, self.things = VirtualClock(), True, list[Thing]()
        self.keeper = Keeper(self.clock.monotonic_ns, paced=False)
        self.opened_ns: list[int] = []
        self.held = Held(self.keeper, PartName.GAUGE, self._open, self._close)

    def _open(self) -> Thing:
        self.opened_ns.append(self.clock.monotonic_ns())
        if not self.there:
            raise OSError(19, "not there")
        self.things.append(Thing())
        return self.things[-1]

    def _close(self, thing: Thing) -> None:
        thing.open = False
        raise OSError("it cannot be closed either")

    def use(self) -> None:
        """Use it once."""
        with self.held.used() as thing:
            if not thing.works:
                raise OSError("it fails")

    def run(self, ns: int, step_ns: int = NS // 10) -> None:
        """Let time pass, using it ten times a second."""
        until = self.clock.monotonic_ns() + ns
        while self.clock.monotonic_ns() < until:
            self.clock.advance(step_ns)
            self.keeper.poll()
            try:
                self.use()
            except OSError:
                continue


def test_a_part_is_opened_ever_more_rarely() -> None:
    """After a second, then after twice as long each time, up to a minute; who asks meanwhile hears why, at once."""
    bench = Bench()
    assert bench.keeper.missing() == {}
    bench.there = False
    bench.things[-1].works = False
    bench.run(PATIENCE_NS + FIRST_NS // 2)
    assert bench.keeper.missing() == {PartName.GAUGE: "it fails"}
    assert not bench.things[0].open
    bench.run(300 * NS)
    with pytest.raises(OSError, match="fuel-gauge: not there"):
        bench.use()
    pauses = [(b - a) // NS for a, b in zip(bench.opened_ns[1:], bench.opened_ns[2:], strict=False)]
    assert pauses[:6] == [2, 4, 8, 16, 32, 60]
    assert set(pauses[6:]) == {LONGEST_NS // NS}
    bench.there = True
    bench.run(LONGEST_NS)
    bench.use()
    assert bench.keeper.missing() == {}


def test_a_glitch_costs_nothing() -> None:
    """What fails for less than five seconds, or works in between, is neither told nor opened anew."""
    bench = Bench()
    for _ in range(10):
        bench.things[-1].works = False
        bench.run(PATIENCE_NS - NS)
        bench.things[-1].works = True
        bench.run(NS // 5)
    assert len(bench.things) == 1
    assert bench.keeper.missing() == {}


def test_a_part_that_opens_and_fails_is_not_opened_each_second() -> None:
    """Its pauses grow too; only one that worked for a minute is as good as new."""
    bench = Bench()

    def spoil(ns: int) -> None:
        until = bench.clock.monotonic_ns() + ns
        while bench.clock.monotonic_ns() < until:
            bench.things[-1].works = False
            bench.run(NS // 10)

    spoil(300 * NS)
    assert len(bench.things) < 12
    bench.things[-1].works = True
    bench.run(LONGEST_NS + STOOD_NS)
    count, bench.things[-1].works = len(bench.things), False
    bench.run(PATIENCE_NS + 2 * FIRST_NS)
    assert len(bench.things) == count + 1


def test_what_is_looked_at_is_told_as_it_is() -> None:
    """Now and then, and no more often; nobody hears of what has not changed."""
    clock, looks, wrong = VirtualClock(), list[int](), ["gone"]
    keeper = Keeper(clock.monotonic_ns, paced=False)

    def look() -> str | None:
        looks.append(clock.monotonic_ns())
        return wrong[0] or None

    Watched(keeper, PartName.CLOCK, look, 10 * NS)
    first = keeper.missing()
    assert first == {PartName.CLOCK: "gone"}
    for _ in range(100):
        clock.advance(NS // 5)
        keeper.poll()
    assert len(looks) == 3
    assert keeper.missing() is first
    wrong[0] = ""
    clock.advance(10 * NS)
    keeper.poll()
    assert keeper.missing() == {}
