"""What the audit log holds, and what a dock signs about it: the tables of ``docs/evidence-format.md``, section 11."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware.evidence import jws
from firmware.evidence.documents import Kind
from firmware.evidence.kinds import (
    ANY_TIME,
    CLOCK,
    COUNT,
    EXTENT,
    HASH,
    IDENTIFIER,
    INDEX,
    LABEL,
    NAME,
    NUMBER,
    SIGNER,
    TIME,
    WORDS,
    sorted_files,
)
from firmware.evidence.roles import Role
from firmware.evidence.schema import Check, flag, integer, items, mapping, null_or, one_of, record, text

MOST_OPEN = 200
"""The most openings without a closing that the first line of an audit file lists."""

MOST_LOG_FILES = 10_000
"""The most files of the log that one receipt lists."""

LOG_FILE = text(r"[0-9]{8}\.(jwsl|private\.age)", "the name of a file of the audit log")

_TRIED = one_of("ok", "failed", "flat", "slow", "not-tried")
_CHECKS = ("picture", "sound", "storage", "signature", "device", "clock", "battery", "buttons")
_DRIFT = integer(-1_000_000, 1_000_000)
_NUMBERED = {"number": NUMBER}
_POWER = record({"percent": integer(0, 100), "charging": flag, "celsius": null_or(integer(-100, 200))})
_HEAD = record({"line": INDEX, "head": HASH})

AUDIT_DATA: Mapping[str, Check] = {
    "boot": record(
        {
            "firmware": WORDS,
            "signer": SIGNER,
            "counter": null_or(COUNT),
            "start": one_of("first", "power", "service", "length", "unknown"),
            "power": null_or(_POWER),
            "next": NUMBER,
            "opening": HASH,
            "open": items(record({"number": NUMBER, "opening": HASH, "boot": NUMBER}), most=MOST_OPEN),
            "contested": flag,
        }
    ),
    "opening": record({**_NUMBERED, "opening": HASH}),
    "closing": record({**_NUMBERED, "manifest": HASH, "state": one_of("sealed", "recovered")}),
    "void": record(_NUMBERED),
    "missing": record(_NUMBERED),
    "quarantine": record({"name": WORDS}),
    "place": record({"place": one_of("docked", "worn"), "dock": WORDS}),
    "power": _POWER,
    "self-test": record(
        {
            "when": one_of("boot", "undock", "again"),
            **dict.fromkeys(_CHECKS, _TRIED),
            "took_ms": COUNT,
            "fps": COUNT,
            "write_kib": null_or(COUNT),
            "device_ms": null_or(COUNT),
        }
    ),
    "dock": record({"dock": WORDS, "outcome": WORDS}),
    "conflict": record({"dock": WORDS, "reason": WORDS}),
    "clock": record({"before_ms": ANY_TIME, "after_ms": ANY_TIME, "source": WORDS, "drift_ppm": null_or(_DRIFT)}),
    "settings": record({"serial": INDEX, "hash": HASH}),
    "recall": record({"state": one_of("recalled", "stands", "released"), "recall": HASH, "reason": WORDS}),
    "update": record(
        {
            "state": one_of(
                "offered", "refused", "received", "handed-over", "installed", "failed", "confirmed", "given-up"
            ),
            "paper": HASH,
            "serial": INDEX,
            "version": WORDS,
            "reason": WORDS,
        }
    ),
    "receipt": record({**_NUMBERED, "receipt": HASH}),
    "erasure": record({**_NUMBERED, "receipt": HASH}),
    "private": record({"last": flag, "cipher": EXTENT, "plain": EXTENT}),
    "cleared": record({"receipt": HASH, "boot": NUMBER, "line": INDEX}),
    "fault": record({"code": WORDS}),
    "stop": record({"reason": WORDS, "resume": flag}),
}

_STATE = one_of("idle", "starting", "recording", "stop-asked", "post-event", "stopping")
_BUTTON = one_of("record", "function")
_GESTURE = one_of("press", "tap", "hold", "stuck")
_REMARKS: Mapping[str, Mapping[str, Check]] = {
    "shift": {"shift": null_or(LABEL)},
    "press": {"button": _BUTTON, "gesture": _GESTURE},
    "trigger": {"name": WORDS},
    "state": {"state": _STATE, "was": _STATE, "event": NAME},
    "mute": {"on": flag},
    "hush": {"on": flag},
    "standby": {"on": flag},
    "refused": {"reason": WORDS},
    "latency": {"number": NUMBER, "starting_ms": null_or(COUNT), "recording_ms": COUNT},
    "dropped": {"count": INDEX},
}
LOG_PRIVATE: Mapping[str, Check] = {
    kind: record({"kind": one_of(kind), "clock": CLOCK, **more}) for kind, more in _REMARKS.items()
}


def _audit_data(payload: Mapping[str, Any]) -> None:
    AUDIT_DATA[payload["kind"]](payload["data"], "data")


AUDIT = Kind(
    "lapel.audit.1",
    Role.SESSION,
    "device",
    record(
        {
            "device": NAME,
            "volume": IDENTIFIER,
            "boot": NUMBER,
            "line": INDEX,
            "prev": HASH,
            "clock": CLOCK,
            "kind": one_of(*AUDIT_DATA),
            "data": mapping(WORDS, lambda _value, _where: None, most=16),
        }
    ),
    _audit_data,
)

LOG_RECEIPT = Kind(
    "lapel.log-receipt.1",
    Role.DOCK,
    "dock",
    record(
        {
            "device": NAME,
            "volume": IDENTIFIER,
            "boot": NUMBER,
            "files": items(record({"name": LOG_FILE, "length": COUNT, "hash": HASH}), most=MOST_LOG_FILES),
            "audit": _HEAD,
            "dock": NAME,
            "store": LABEL,
            "utc_ms": TIME,
            "nonce": IDENTIFIER,
        }
    ),
    sorted_files,
    jws.PAPER_LIMIT,
)
