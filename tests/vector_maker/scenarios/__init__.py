"""All scenarios of evidence, by the folder that they stand in."""

from __future__ import annotations

from tests.vector_maker.evidence import Group
from tests.vector_maker.scenarios import (
    attribution,
    certificates,
    completeness,
    content,
    damage,
    journal,
    log,
    log_keeping,
    manifest,
    overlap,
    receipt,
    recovery,
    second,
    spelling,
    time,
    whole,
)

GROUPS: tuple[Group, ...] = (
    Group("whole", "nothing is wrong: the plain and the unusual cases", whole.SCENARIOS),
    Group("damage", "each kind of damage to each kind of file", damage.SCENARIOS),
    Group("spelling", "other spellings of lines that are signed well", spelling.SCENARIOS),
    Group("certificates", "signers, chains, roles and shapes", certificates.SCENARIOS),
    Group("journal", "journals that contradict themselves, signed well", journal.SCENARIOS),
    Group("manifest", "manifests that contradict the journal or the files, signed well", manifest.SCENARIOS),
    Group("overlap", "recordings that share frames, and what they say of it, signed well", overlap.SCENARIOS),
    Group("receipt", "receipts that are not for what lies there, signed well", receipt.SCENARIOS),
    Group("recovery", "cut off, recovered, resumed, lost", recovery.SCENARIOS),
    Group("completeness", "cards and stores with recordings missing, moved, added", completeness.SCENARIOS),
    Group("log", "audit logs and anchors that contradict themselves or what lies there", log.SCENARIOS),
    Group(
        "log-keeping",
        "logs that were cleared, turned back, copied; their private part; anchors from outside",
        log_keeping.SCENARIOS,
    ),
    Group("time", "time stamps, trusted times, withdrawn certificates", time.SCENARIOS),
    Group("attribution", "whose shift it was, said later", attribution.SCENARIOS),
    Group("second", "second signatures with ML-DSA-65", second.SCENARIOS),
    Group("content", "what a key shows: age headers, plaintext, private part", content.SCENARIOS),
)
