"""Each implementation of each interface in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.interface import VideoFormat
from tests.contract import rigs
from tests.contract.implementations import (
    AUDIO_SOURCES,
    BUTTONS,
    CLOCKS,
    DOCKS,
    INDICATORS,
    MOTIONS,
    POWERS,
    SIGNERS,
    SIGNERS_NEED,
    SMALL_STORAGES,
    STORAGES,
    TRIGGERS,
    UPDATERS,
    VIDEO_SOURCES,
    WATCHDOGS,
)


@pytest.fixture(params=VIDEO_SOURCES)
def video(request: pytest.FixtureRequest) -> Iterator[rigs.VideoRig]:
    """Each lens in turn."""
    rig = VIDEO_SOURCES[request.param]()
    yield rig
    rig.source.stop()


@pytest.fixture(scope="module", params=VIDEO_SOURCES)
def recorded(request: pytest.FixtureRequest) -> tuple[VideoFormat, rigs.Take]:
    """Half a second of each lens in turn."""
    rig = VIDEO_SOURCES[request.param]()
    return rig.source.format, rig.record(0.5)


@pytest.fixture(params=AUDIO_SOURCES)
def audio(request: pytest.FixtureRequest) -> Iterator[rigs.AudioRig]:
    """Each microphone in turn."""
    rig = AUDIO_SOURCES[request.param]()
    yield rig
    rig.source.stop()


@pytest.fixture(params=BUTTONS)
def buttons(request: pytest.FixtureRequest) -> rigs.ButtonsRig:
    """Each set of buttons in turn."""
    return BUTTONS[request.param]()


@pytest.fixture(params=TRIGGERS)
def triggers(request: pytest.FixtureRequest) -> rigs.TriggersRig:
    """Each set of sensors in turn."""
    return TRIGGERS[request.param]()


@pytest.fixture(params=MOTIONS)
def motion(request: pytest.FixtureRequest) -> Iterator[rigs.MotionRig]:
    """Each accelerometer in turn."""
    with MOTIONS[request.param]() as rig:
        yield rig
        rig.motion.stop()


@pytest.fixture(params=INDICATORS)
def indicators(request: pytest.FixtureRequest) -> rigs.IndicatorsRig:
    """Each set of lights in turn."""
    return INDICATORS[request.param]()


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> rigs.StorageRig:
    """Each kind of storage in turn."""
    return STORAGES[request.param](tmp_path)


@pytest.fixture(params=SMALL_STORAGES)
def small(request: pytest.FixtureRequest, tmp_path: Path) -> rigs.StorageRig:
    """Each kind of storage in turn, with room for ``rigs.SMALL`` bytes."""
    return SMALL_STORAGES[request.param](tmp_path)


@pytest.fixture(params=[pytest.param(name, marks=SIGNERS_NEED.get(name, ())) for name in SIGNERS])
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rigs.SignerRig]:
    """Each kind of signer in turn."""
    rig = SIGNERS[request.param](tmp_path)
    yield rig
    rig.off()


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> rigs.ClockRig:
    """Each clock in turn."""
    return CLOCKS[request.param](tmp_path)


@pytest.fixture(params=DOCKS)
def dock(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rigs.DockRig]:
    """Each kind of dock port in turn."""
    with DOCKS[request.param](tmp_path) as rig:
        yield rig


@pytest.fixture(params=POWERS)
def power(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rigs.PowerRig]:
    """Each battery in turn."""
    with POWERS[request.param](tmp_path) as rig:
        yield rig


@pytest.fixture(params=WATCHDOGS)
def watchdog(request: pytest.FixtureRequest) -> Iterator[rigs.WatchdogRig]:
    """Each watchdog in turn."""
    with WATCHDOGS[request.param]() as rig:
        yield rig


@pytest.fixture(params=UPDATERS)
def updater(request: pytest.FixtureRequest, tmp_path: Path) -> rigs.UpdaterRig:
    """Each updater in turn."""
    return UPDATERS[request.param](tmp_path)
