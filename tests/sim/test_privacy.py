"""What a whole camera keeps of people who are not being recorded: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hal.sim.clock import NS
from tests.rig import Rig

if TYPE_CHECKING:
    from hal.interface import Directory


def sizes(directory: Directory, path: str = "") -> dict[str, int]:
    """Bytes of each file below a directory."""
    found: dict[str, int] = {}
    for name in directory.names():
        try:
            found |= sizes(directory.enter(name), f"{path}{name}/")
        except NotADirectoryError:
            file = directory.open(name)
            found[path + name] = file.size()
            file.close()
    return found


def test_without_a_press_nothing_that_was_seen_reaches_the_card() -> None:
    """Ten minutes of a shift: the buffer was filled and written over a hundred times, and neither partition has grown by a byte.  What lies ready
    for the next recording is empty."""
    rig = Rig.new().run(6)
    before = sizes(rig.evidence.root()), sizes(rig.config.root())
    rig.run(600)
    assert rig.camera.ring.bytes > 50_000
    assert rig.camera.ring.seconds < 6
    assert (sizes(rig.evidence.root()), sizes(rig.config.root())) == before
    assert {size for name, size in before[0].items() if name.startswith("recordings/")} == {0}
    assert rig.audio.due_ns() is None
    assert rig.clock.monotonic_ns() > 600 * NS


def test_a_press_keeps_what_the_buffer_holds_and_nothing_older() -> None:
    """After those minutes a recording begins with the buffer: the oldest frame in it is four to six seconds old."""
    rig = Rig.new().run(60)
    pressed_ns = rig.clock.monotonic_ns()
    rig.tap()
    take = rig.camera.take
    assert take is not None
    assert take.epoch_ns is not None
    assert 4 * NS <= pressed_ns - take.epoch_ns < 6 * NS
