"""What a camera says of itself to whoever holds a simulated one is what it is doing, and asking changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firmware.core.machine import Place
from firmware.runtime.insight import of_camera, of_officer
from tests.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Mapping


def told(rig: Rig) -> Mapping[str, Any]:
    """What it says."""
    return of_camera(rig.camera)


def test_a_camera_that_buffers() -> None:
    """The ring fills up to what is set; nothing is recorded, and no recording was ever made."""
    rig = Rig.new(pre_event_s=4).run(2)
    facts = told(rig)
    assert (facts["recording"], facts["place"], facts["flags"], facts["troubles"]) == ("idle", "worn", [], [])
    assert (facts["take_s"], facts["number"], facts["shift"]) == (None, None, None)
    assert facts["ring"]["full_s"] == 4
    assert 1.5 <= facts["ring"]["seconds"] <= 2
    assert facts["ring"]["bytes"] == rig.camera.ring.bytes > 0
    assert 4 <= told(rig.run(8))["ring"]["seconds"] <= 5


def test_a_camera_that_records() -> None:
    """How long counts from the first frame, the one before the press."""
    rig = Rig.new(pre_event_s=4).run(6).tap().run(2)
    facts = told(rig)
    assert facts["recording"] == "recording"
    assert facts["number"] == 1
    assert 6 <= facts["take_s"] <= 8
    assert told(rig.stop().run(1))["take_s"] is None


def test_troubles_come_worst_first() -> None:
    """In the order in which the officer is told of them."""
    rig = Rig.new(microphone=False).run(1)
    rig.power.put(3)
    rig.tap().run(20)
    found = told(rig)["troubles"]
    assert found == [
        trouble.value
        for trouble in type(next(iter(rig.camera.controller.face.troubles)))
        if trouble in rig.camera.controller.face.troubles
    ]
    assert found[0] == "battery-critical"


def test_before_the_card_is_mounted() -> None:
    """No number is known, and nothing fails."""
    rig = Rig.new()
    rig.camera.vault._volume = None
    assert told(rig)["number"] is None


def test_asking_while_the_ring_lets_go() -> None:
    """The ring may change under whoever asks: then nobody knows for a moment how much it holds."""
    rig = Rig.new().run(3)
    ring = rig.camera.ring
    closed, held = ring._closed, ring._open
    ring._closed, ring._open = _Fleeting(closed), held  # type: ignore[assignment]  # a list that is empty by the time one looks
    assert told(rig)["ring"]["seconds"] is None
    ring._closed = closed
    assert told(rig)["ring"]["seconds"] > 0


def test_asking_changes_nothing() -> None:
    """Neither state, nor ring, nor log."""
    rig = Rig.new().run(3)
    before = (rig.audit(), rig.camera.ring.snapshot(), rig.state)
    for _ in range(100):
        told(rig)
        of_officer(rig.camera.controller)
    assert (rig.audit(), rig.camera.ring.snapshot(), rig.state) == before
    rig.camera.controller._rack.place = Place.CONTACT
    assert of_officer(rig.camera.controller)["place"] == "contact"


class _Fleeting(list):  # type: ignore[type-arg]  # of whatever the ring holds
    """Seems to hold something, and is empty by the time one looks."""

    def __getitem__(self, index: object) -> Any:
        raise IndexError(index)
