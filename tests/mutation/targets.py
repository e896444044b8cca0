"""Which modules keep evidence safe, and which tests have to notice when one of their guards is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    "tests/sim/test_pending.py",
    "tests/sim/test_long_log.py",
    "tests/sim/test_parts.py",
    "tests/sim/test_storage_life.py",
    "tests/unit/runtime/test_docklink.py",
)
"""Tests of the whole camera on a virtual clock, the quick ones.  Those that start it as a process of its own would run the code as it is,
not the mutant."""


@dataclass(frozen=True, slots=True)
class Tests:
    """The tests of a module: ``near`` ones run all, of the ``far`` ones those that are quick."""

    near: tuple[str, ...]
    far: tuple[str, ...] = CAMERA

    @property
    def files(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.near, *self.far)))


ORDER: Final = "tests/sim/test_order.py"
BESIDE: Final = "tests/sim/test_beside.py"
RECALL: Final = "tests/sim/test_recall.py"
GUARDS: Final = "tests/sim/test_guards_evidence.py"
GUARDS_VAULT: Final = "tests/sim/test_guards_vault.py"
GUARDS_CUSTODY: Final = "tests/sim/test_guards_custody.py"
GUARDS_WRITER: Final = "tests/sim/test_guards_writer.py"
GUARDS_CHORES: Final = "tests/sim/test_guards_chores.py"
GUARDS_LOG: Final = "tests/sim/test_guards_log.py"
LOG_KEEPING: Final = "tests/sim/test_log_keeping.py"
SECOND: Final = "tests/sim/test_second.py"
VANISHED: Final = "tests/sim/test_vanished.py"

SHIFTS: Final = "tests/sim/test_shifts.py"
DOCKLINK: Final = "tests/unit/runtime/test_docklink.py"
CLAIM: Final = "tests/unit/runtime/test_claim.py"
FACTORY: Final = "tests/unit/tools/test_provision_factory.py"
PROTOCOL_MODEL: Final = "tests/hostile/test_protocol_model.py"
DOCK: Final = "tests/unit/tools/test_dock.py"
COPIES: Final = "tests/unit/tools/test_dock_copies.py"

TARGETS: Final[Mapping[str, Tests]] = {
    "firmware.runtime.recording": Tests(
        (ORDER, GUARDS, VANISHED, BESIDE, "tests/sim/test_recording.py", "tests/sim/test_parts.py")
    ),
    "firmware.runtime.sealedfile": Tests((ORDER, GUARDS, BESIDE)),
    "firmware.runtime.beside": Tests(("tests/unit/runtime/test_beside.py", BESIDE)),
    "firmware.runtime.durable": Tests(("tests/unit/runtime/test_durable.py", ORDER)),
    "firmware.runtime.volume": Tests((ORDER, GUARDS, VANISHED, LOG_KEEPING, "tests/sim/test_recovery.py")),
    "firmware.runtime.vault": Tests(
        (
            ORDER,
            GUARDS_VAULT,
            GUARDS_LOG,
            LOG_KEEPING,
            SECOND,
            "tests/sim/test_settings_from_docks.py",
            "tests/sim/test_recovery.py",
            "tests/sim/test_pending.py",
            "tests/sim/test_long_log.py",
            "tests/sim/test_signed_picture.py",
        )
    ),
    "firmware.runtime.chores": Tests(
        (
            GUARDS_CHORES,
            ORDER,
            LOG_KEEPING,
            SECOND,
            "tests/sim/test_chores.py",
            "tests/sim/test_recovery.py",
            "tests/sim/test_long_log.py",
        )
    ),
    "firmware.evidence.recall": Tests((RECALL,)),
    "firmware.runtime.recalls": Tests((RECALL,)),
    "firmware.runtime.auditlog": Tests(
        (ORDER, GUARDS_LOG, GUARDS_VAULT, LOG_KEEPING, "tests/sim/test_long_log.py", "tests/sim/test_shelf.py")
    ),
    "firmware.runtime.custody": Tests(
        (
            ORDER,
            GUARDS_CUSTODY,
            GUARDS_LOG,
            LOG_KEEPING,
            "tests/sim/test_shelf.py",
            "tests/unit/runtime/test_enrolment.py",
        )
    ),
    "firmware.runtime.lognotes": Tests((GUARDS_LOG, LOG_KEEPING, ORDER)),
    "firmware.runtime.logkeeping": Tests((GUARDS_LOG, LOG_KEEPING)),
    "firmware.runtime.writer": Tests((GUARDS_WRITER, GUARDS_LOG, LOG_KEEPING, ORDER)),
    "firmware.runtime.take": Tests(("tests/unit/runtime/test_take.py",)),
    "firmware.runtime.mailbox": Tests(("tests/unit/runtime/test_mailbox.py",)),
    "firmware.runtime.inventory": Tests((GUARDS_CUSTODY, "tests/sim/test_shelf.py")),
    "firmware.runtime.entropy": Tests(("tests/unit/runtime/test_entropy.py", GUARDS_LOG)),
    "firmware.evidence.recipients": Tests(
        ("tests/unit/evidence/test_recipients.py", "tests/unit/evidence/test_age.py")
    ),
    "firmware.evidence.second": Tests(("tests/unit/evidence/test_second.py", SECOND)),
    "firmware.media.sei": Tests(("tests/unit/media/test_sei.py", "tests/unit/media/test_signing.py")),
    "firmware.media.signing": Tests(("tests/unit/media/test_signing.py", "tests/sim/test_signed_picture.py")),
    "firmware.core.recovery": Tests(("tests/unit/core/test_recovery.py",)),
    "firmware.core.retention": Tests(("tests/unit/core/test_retention.py",)),
    "firmware.core.ledger": Tests(("tests/unit/core/test_ledger.py", LOG_KEEPING)),
    "firmware.core.starts": Tests(("tests/unit/core/test_starts.py",)),
    "firmware.core.gauge": Tests(("tests/unit/core/test_gauge.py",)),
    "firmware.core.cutter": Tests(("tests/unit/core/test_cutter.py",)),
    "firmware.core.ring": Tests(("tests/unit/core/test_ring.py",)),
    "firmware.core.gaps": Tests(("tests/unit/core/test_gaps.py",)),
    "firmware.core.drift": Tests(("tests/unit/core/test_drift.py",), ()),
    "firmware.core.duty": Tests(("tests/unit/core/test_duty.py", SHIFTS), ()),
    "firmware.dock.bundlerule": Tests(("tests/unit/dock/test_bundlerule.py",), ()),
    "firmware.dock.clockrule": Tests(("tests/unit/dock/test_clockrule.py",), ()),
    "firmware.dock.patience": Tests(("tests/unit/dock/test_patience.py", DOCKLINK), ()),
    "firmware.dock.fields": Tests(("tests/unit/dock/test_messages.py", PROTOCOL_MODEL), ()),
    "firmware.dock.messages": Tests(("tests/unit/dock/test_messages.py", PROTOCOL_MODEL), ()),
    "firmware.dock.protocol": Tests(("tests/unit/dock/test_protocol.py", PROTOCOL_MODEL), ()),
    "firmware.runtime.intake": Tests(
        (
            "tests/unit/runtime/test_bundles.py",
            "tests/unit/dock/test_service.py",
            "tests/sim/test_firmware_from_docks.py",
        ),
        (),
    ),
    "firmware.runtime.berth": Tests(("tests/unit/runtime/test_berth.py", DOCKLINK), ()),
    "firmware.runtime.roster": Tests((SHIFTS,), ()),
    "firmware.runtime.enrolment": Tests(("tests/unit/runtime/test_enrolment.py", SHIFTS, SECOND), ()),
    "firmware.runtime.claim": Tests((CLAIM,), ()),
    "firmware.evidence.request": Tests(("tests/unit/evidence/test_request.py", CLAIM), ()),
    "tools.provision.factory.admission": Tests((FACTORY, CLAIM), ()),
    "tools.provision.factory.samples": Tests((FACTORY,), ()),
    "tools.provision.factory.ledger": Tests((FACTORY,), ()),
    "firmware.runtime.timekeeping": Tests(("tests/sim/test_time_from_docks.py", "tests/sim/test_clock_jumps.py"), ()),
    "tools.dock.receipts": Tests((COPIES, DOCK, "tests/unit/tools/test_dock_stamps.py"), ()),
    "tools.dock.timing.timeword": Tests(
        ("tests/unit/tools/test_dock_timeword.py", "tests/sim/test_time_from_docks.py"), ()
    ),
    "tools.dock.face.gate": Tests(("tests/unit/tools/test_dock_gate.py",), ()),
    "tools.dock.face.gatekeeper": Tests(("tests/unit/tools/test_dock_gate.py",), ()),
    "tools.dock.rack.attempts": Tests(("tests/unit/tools/test_dock_slots.py",), ()),
}
"""Modules in the order in which they are tried, each with its tests, the nearest first."""

PRELOAD: Final = (
    "av",
    "cryptography.x509",
    "hypothesis.stateful",
    "numpy",
    "OpenSSL.SSL",
    "pyrage",
    "firmware.media.errors",
    "hal.sim.build",
    "tools.verify.verifier",
)
"""What is imported once, before the processes that try the mutants branch off: none of it may import a target."""
