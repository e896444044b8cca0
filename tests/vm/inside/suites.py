"""What is run inside the virtual camera, and what of it cannot be."""

from __future__ import annotations

import os
from collections.abc import Mapping

CONTRACT = ("board", "clock", "dock", "panel", "storage")
"""The suites of ``tests/contract`` that run there."""
HERE = ("panel", "dock", "network", "bus", "storage", "clock", "systemd")
"""Files of ``tests/vm/inside`` with what only a kernel can pass."""
PARTS = ("panel", "usb", "bus", "partitions", "system")
"""Modules of ``tests/vm/inside`` that make the parts, as fixtures."""
CHOICE = "CONTRACT_FILES"
"""A variable of the environment, outside and inside: which files, with commas between, where not all are wanted."""
FILES = tuple(filter(None, os.environ.get(CHOICE, "").split(","))) or (
    *(f"tests/contract/test_{name}_contract.py" for name in CONTRACT),
    *(f"tests/vm/inside/only_{name}.py" for name in HERE),
)
NOT_HERE: Mapping[str, str] = {
    "updater": "no firmware slots: an image's matter",
    "watchdog": "systemd does not tell how often it was fed: only_systemd.py lets it judge instead",
}
"""Tests that ask for one of these fixtures are not run there, and why."""
