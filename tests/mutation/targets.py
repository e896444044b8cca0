"""Which modules keep evidence safe, and which tests have to notice when one of their guards is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CAMERA: Final = (
    "tests/sim/test_order.py",
    "tests/sim/test_recovery.py",
    "tests/sim/test_chores.py",
    "tests/sim/test_vital.py",
    "tests/sim/test_recording.py",
    "tests/sim/test_shelf.py",
    "tests/sim/test_trouble.py",
    "tests/sim/test_place.py",
    "tests/unit/runtime/test_docklink.py",
)
"""Tests of the whole camera on a virtual clock, the quick ones.  Those that start it as a process of its own would run the code as it is,
not the mutant."""

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "firmware.runtime.recording": CAMERA,
    "firmware.runtime.sealedfile": CAMERA,
    "firmware.runtime.durable": ("tests/unit/runtime/test_durable.py", *CAMERA),
    "firmware.runtime.volume": CAMERA,
    "firmware.runtime.vault": CAMERA,
    "firmware.runtime.chores": ("tests/sim/test_chores.py", *CAMERA),
    "firmware.runtime.auditlog": CAMERA,
    "firmware.runtime.custody": ("tests/sim/test_shelf.py", "tests/unit/runtime/test_enrolment.py", *CAMERA),
    "firmware.runtime.writer": CAMERA,
    "firmware.runtime.take": ("tests/sim/test_recording.py", *CAMERA),
    "firmware.runtime.mailbox": ("tests/unit/runtime/test_mailbox.py", *CAMERA),
    "firmware.runtime.inventory": ("tests/sim/test_shelf.py", *CAMERA),
    "firmware.core.recovery": ("tests/unit/core/test_recovery.py", *CAMERA),
    "firmware.core.retention": ("tests/unit/core/test_retention.py", *CAMERA),
    "firmware.core.ledger": CAMERA,
    "firmware.core.cutter": ("tests/unit/core/test_cutter.py", *CAMERA),
    "firmware.core.ring": ("tests/unit/core/test_ring.py", *CAMERA),
    "firmware.core.gaps": ("tests/unit/core/test_gaps.py", *CAMERA),
}
"""Modules in the order in which they are tried, each with its tests, the nearest first."""

PRELOAD: Final = (
    "av",
    "cryptography.x509",
    "hypothesis.stateful",
    "numpy",
    "OpenSSL.SSL",
    "pyrage",
    "firmware.dock.channel",
    "firmware.evidence.receipt",
    "firmware.media.errors",
    "firmware.settings",
    "hal.sim.build",
    "tools.verify.verifier",
)
"""What is imported once, before the processes that try the mutants branch off: none of it may import a target."""
