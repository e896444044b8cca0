"""A bench: cameras, a rack with a slot for each, and an authority that is made where there is none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.dock.dock import Dock
from tools.dock.identity import SetupError
from tools.dock.store import StoreError
from tools.provision import Authority
from tools.sim import bench as bench_module
from tools.sim.bench import Audience, Audiences, Bench, BenchError
from tools.sim.home import Home


class Ears(Audience):
    """Notes what is said."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.lines: list[tuple[str, str, bool]] = []
        self.changes: list[str] = []
        self.news = threading.Condition()

    def said(self, who: str, words: str, *, camera: str | None = None, trouble: bool = False) -> None:
        """Note."""
        with self.news:
            self.lines.append((who, words, trouble))
            self.news.notify_all()

    def changed(self, camera: Any) -> None:
        """Note."""
        self.changes.append(camera.name)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with two cameras."""
    home = Home(tmp_path_factory.mktemp("bench") / "home")
    with Bench(home, Audience(), cameras=2, settings={"pre_event_s": 7}):
        pass
    return home


@pytest.fixture
def ears() -> Ears:
    """Who listens."""
    return Ears()


@pytest.fixture
def bench(home: Home, ears: Ears) -> Iterator[Bench]:
    """A bench there, whose cameras are off."""
    with Bench(home, ears, cameras=2) as bench:
        yield bench


def test_what_is_missing_is_made(home: Home, bench: Bench) -> None:
    """The authority once, with its settings; a camera more whenever one is asked for that was never there."""
    assert (list(bench.cameras), bench.settings) == (["cam-1", "cam-2"], {"pre_event_s": 7})
    with Bench(home, Audience(), cameras=3, settings={"pre_event_s": 99}) as more:
        assert (list(more.cameras), more.settings) == (["cam-1", "cam-2", "cam-3"], {"pre_event_s": 7})
    issued = Authority.open(home.authority)
    assert issued.name
    assert [(home.camera_of(f"cam-{number}") / "config" / "device.key.pem").exists() for number in (1, 2, 3)] == [
        True
    ] * 3
    for cameras in (0, 9):
        with pytest.raises(SetupError, match="1 to 8 cameras"):
            Bench(home, Audience(), cameras=cameras)


def test_slots(bench: Bench) -> None:
    """Each camera has one; another's is refused while that stands there, and free once it is out."""
    bench.put_in("cam-1")
    assert bench.camera("cam-1").now.slot == 1
    with pytest.raises(BenchError, match="cam-1 stands in slot 1"):
        bench.put_in("cam-2", 1)
    bench.put_in("cam-1", 2)
    bench.put_in("cam-2", 1)
    bench.take_out("cam-1")
    assert [camera.now.slot for camera in bench.cameras.values()] == [None, 1]
    for slot in (0, 3, -1):
        with pytest.raises(BenchError, match="slots 1 to 2"):
            bench.put_in("cam-1", slot)
    with pytest.raises(BenchError, match="unknown camera 'cam-9'; known: cam-1, cam-2"):
        bench.put_in("cam-9")


def test_officers(bench: Bench, ears: Ears) -> None:
    """Who takes a camera stands in the register, and the camera's news tell it."""
    shift = bench.assign("cam-2", "Sam Okoro")
    assert shift.startswith("S-")
    assert (bench.officers, ears.changes[-1]) == ({"cam-2": "Sam Okoro"}, "cam-2")
    with pytest.raises(BenchError, match="officer"):
        bench.assign("cam-2", "  ")


def test_dock_that_ends(monkeypatch: pytest.MonkeyPatch, home: Home, ears: Ears) -> None:
    """It is said once, and the bench goes on."""

    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(Dock, "serve", fail)
    monkeypatch.setattr(bench_module, "TICK_S", 0.01)
    with Bench(home, ears) as bench:
        with ears.news:
            assert ears.news.wait_for(lambda: ears.lines, 10)
        assert bench.bay.trouble == "the disk is gone"
        bench.put_in("cam-1")
    assert ears.lines == [("dock", "the dock serves no more: the disk is gone", True)]


def test_several_who_listen() -> None:
    """All hear, until they leave."""
    first, second = Ears(), Ears()
    both = Audiences(first)
    leave = both.join(second)
    both.said("hand", "x")
    leave()
    both.said("hand", "y", trouble=True)
    assert ([words for _, words, _ in first.lines], [words for _, words, _ in second.lines]) == (["x", "y"], ["x"])


def test_bench_cleans_up_where_it_cannot_begin(tmp_path: Path) -> None:
    """A directory that is something else is refused with what is wrong."""
    (tmp_path / "authority").mkdir()
    with pytest.raises(Exception, match="authority"):
        Bench(Home(tmp_path), Audience())
