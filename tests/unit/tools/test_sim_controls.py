"""Every control does what it says to a real simulated camera, and one whose fault a camera does not have is not there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from hal.interface import VideoFormat
from hal.sim.build import Simulated, build
from hal.sim.verbs import Handler, verbs
from tools.sim.controls import GROUPS, SLIDERS, STRIKES, SWITCHES, Controls, Order, controls, order

VIDEO = VideoFormat(width=64, height=48, fps=30, bitrate=100_000, gop=30)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """A camera."""
    return build(tmp_path_factory.mktemp("camera"), video=VIDEO, replay=True, capacity=1_000_000_000)


@pytest.fixture(scope="module")
def asked(camera: Simulated) -> dict[str, Handler]:
    """What its control socket does."""
    return verbs(camera.parts, lambda: None)


@pytest.fixture(scope="module")
def known(asked: dict[str, Handler]) -> Controls:
    """What it has by its own description."""
    return controls(asked["describe"]({}))


def give(asked: dict[str, Handler], one: Order) -> None:
    """Give an order; ``CallError`` where it is refused."""
    asked["fault"]({"part": one.part, "kind": one.kind, **one.given})


def test_nothing_is_missing(known: Controls) -> None:
    """Each row of the tables is one that the camera has; names and groups are what a page can go by."""
    assert list(known.sliders) == [each.name for each in SLIDERS]
    assert list(known.switches) == [each.name for each in SWITCHES]
    assert {each.name for each in STRIKES} | {"alarm", "holster"} <= known.strikes.keys()
    every: list[Any] = [*known.sliders.values(), *known.switches.values(), *known.strikes.values()]
    assert {each.group for each in every} <= set(GROUPS)
    assert len({each.name for each in every}) == len(every)
    assert known.json()["sliders"][0]["name"] == "battery"


@pytest.mark.parametrize("slider", SLIDERS, ids=lambda slider: slider.name)
def test_sliders(asked: dict[str, Handler], slider: Any) -> None:
    """Both ends and the middle are taken, and where a state tells, it tells what was set."""
    for value in (slider.low, slider.high, (slider.low + slider.high) // 2):
        capped = min(value, 900) if slider.name == "storage" else value
        state: Mapping[str, Any] = asked["state"]({})
        give(asked, slider.make(capped, slider.read(state, time.time_ns() // 1_000_000)))
        told = slider.read(asked["state"]({}), time.time_ns() // 1_000_000)
        assert told is None or abs(told - capped) <= max(slider.step, 1)


@pytest.mark.parametrize("control", [*SWITCHES, *STRIKES], ids=lambda control: control.name)
def test_switches_and_strikes(asked: dict[str, Handler], control: Any) -> None:
    """Every order of theirs is taken."""
    for each in control.orders:
        give(asked, each)


def test_what_a_camera_does_not_have_is_not_there(asked: dict[str, Handler]) -> None:
    """Neither where the part is missing, nor the kind, nor an argument."""
    described: dict[str, Any] = dict(asked["describe"]({}))
    faults = {part: dict(kinds) for part, kinds in described["faults"].items()}
    del faults["motion"], faults["video"]["dark"], faults["power"]["heat"]["celsius"]
    less = controls({"verbs": described["verbs"], "faults": faults})
    assert {"temperature"} == {each.name for each in SLIDERS} - less.sliders.keys()
    assert {"lens-covered", "motion-dead"} == {each.name for each in SWITCHES} - less.switches.keys()
    assert "fall" not in less.strikes
    assert order("video", "dark", on=True).known({"faults": {}}) is False
