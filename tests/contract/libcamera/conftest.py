"""The lens of a Raspberry Pi on the real libcamera, for the contract of every lens and what else is tried with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from hal.interface import VideoFormat
from tests.contract import rigs
from tests.contract.libcamera import stand
from tests.contract.libcamera.scene import VIDEO

RUN_S = 1.5


def pytest_configure() -> None:
    """A sensor takes its pictures however busy a processor is: where that is allowed, others on this machine wait for ours."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


@pytest.fixture
def video(tmp_path: Path) -> Iterator[rigs.VideoRig]:
    """A lens that nobody has used."""
    stand.plug()
    yield stand.lens(tmp_path)
    stand.unplug()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VideoFormat, rigs.Take]]:
    """Some keyframes, more often than picamera2 makes them by itself."""
    stand.plug()
    often = replace(VIDEO, gop=12)
    yield often, stand.lens(tmp_path_factory.mktemp("lens"), often).record(RUN_S)
    stand.unplug()
