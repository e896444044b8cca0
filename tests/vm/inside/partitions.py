"""Storage on the card's evidence partition, a real ext4, and on a file system that is soon full."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.pi.storage import PiStorage
from tests.contract import rigs
from tests.vm.inside import asks

EVIDENCE = Path("/var/lib/lapel/evidence")
CONFIG = Path("/var/lib/lapel/config")
SMALL = asks.RUN / "small"


def clear(path: Path) -> None:
    """Remove all that is on a partition."""
    for each in path.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


@pytest.fixture
def storage() -> Iterator[rigs.StorageRig]:
    """The evidence partition, empty."""
    clear(EVIDENCE)
    yield rigs.StorageRig(PiStorage(EVIDENCE))
    clear(EVIDENCE)


@pytest.fixture
def small() -> Iterator[rigs.StorageRig]:
    """A file system of exactly so many bytes, as no ext4 is: a tmpfs."""
    SMALL.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={rigs.SMALL}", "small", SMALL], check=True)
    yield rigs.StorageRig(PiStorage(SMALL))
    subprocess.run(["umount", "--lazy", SMALL], check=True)
