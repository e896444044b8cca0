"""The payload of every signed object, and the entries of the private part, as tables (sections 6 to 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.verify.canonical import LARGEST
from tools.verify.findings import need
from tools.verify.rules import check_rules
from tools.verify.schema import PLAIN, Check, boolean, integer, list_of, mapping, members, nullable, one_of, text

OPENING = "lapel.opening.1"
FLUSH = "lapel.flush.1"
MANIFEST = "lapel.manifest.1"
RECEIPT = "lapel.receipt.1"
ANCHOR = "lapel.anchor.1"
LOG_RECEIPT = "lapel.log-receipt.1"
AUDIT = "lapel.audit.1"
VOLUME = "lapel.volume.1"
SECOND = "lapel.manifest-pq.1"
SETTINGS = "lapel.settings.1"
DERIVED = "lapel.derived.1"
ATTRIBUTION = "lapel.attribution.1"

LINES = {OPENING, FLUSH, AUDIT, ATTRIBUTION}
"""Types that are lines of a ``.jwsl`` file; the others have a ``.jws`` file each."""

PAPERS = {SETTINGS, RECEIPT, LOG_RECEIPT}
"""Types that a dock hands to a camera in one message."""

ZEROS = "0" * 64
"""The hash before the first of a chain."""

MAX_FILES = 10_000
MAX_REVOKED = 10_000
MAX_LOG_FILES = 10_000
MAX_OPEN = 200
MAX_OVERLAPS = 64
MAX_VALUES = 256

_hash = text(r"[0-9a-f]{64}")
_id = text(r"[0-9a-f]{32}")
NAME = text(r"[a-z0-9-]{1,32}")
_file = text(r"[0-9]{6}\.mp4\.age|private\.age")
_any_file = text(r"[0-9]{6}\.mp4\.age|private\.age|journal\.jwsl|manifest\.jws|manifest\.pq\.jws")
_log_file = text(r"[0-9]{8}\.(jwsl|private\.age)")
NUMBER = integer(1, 99_999_999)
SEGMENT = integer(0, 999_999)
COUNT = integer()
ANY_TIME = integer(-LARGEST)
DRIFT = integer(-1_000_000, 1_000_000)
LABEL = text(r"[A-Za-z0-9-]{1,64}")
TIME = integer(0, 253_402_300_799_999)
_words = text()
_pixels = integer(16, 16_384)
_signer = one_of("software", "tpm2", "firmware")
_state = one_of("sealed", "recovered")

_clock = members({"mono_ms": COUNT, "utc_ms": ANY_TIME, "quality": one_of("unset", "rtc", "dock")})
_gaps = members({"video": COUNT, "audio": COUNT, "overflow": COUNT})
_extent = members({"length": COUNT, "hash": _hash})
_between = members({"from": COUNT, "until": COUNT})
_track = members({"samples": integer(1), "from": COUNT, "hash": _hash})
_whole = {"name": _any_file, "length": COUNT, "hash": _hash}
_who = {"device": NAME, "volume": _id}
_head = members({"line": integer(1), "head": _hash})
_power = members({"percent": integer(0, 100), "charging": boolean, "celsius": nullable(integer(-100, 200))})

PAYLOADS = {
    OPENING: members(
        {
            **_who,
            "boot": NUMBER,
            "number": NUMBER,
            "previous": _hash,
            "anchor": nullable(members({"hash": _hash, "utc_ms": TIME})),
            "settings": _hash,
            "firmware": _words,
            "signer": _signer,
            "clock": _clock,
            "live_from": SEGMENT,
            "continues": nullable(members({"number": NUMBER, "opening": _hash, "ended": _clock})),
            "overlaps": list_of(
                members({"number": NUMBER, "opening": _hash, "first": COUNT, "last": COUNT, "at": COUNT}), MAX_OVERLAPS
            ),
            "video": members({"width": _pixels, "height": _pixels, "fps": integer(1, 240)}),
            "audio": nullable(members({"rate": integer(8_000, 192_000), "channels": integer(1, 8)})),
        }
    ),
    FLUSH: members(
        {
            "number": NUMBER,
            "line": integer(1),
            "prev": _hash,
            "file": _file,
            "last": boolean,
            "cipher": _extent,
            "plain": _extent,
            "tracks": nullable(members({"video": nullable(_track), "audio": nullable(_track)})),
            "until": nullable(COUNT),
            "clock": _clock,
            "gaps": _gaps,
            "lag_ms": COUNT,
        }
    ),
    MANIFEST: members(
        {
            **_who,
            "boot": NUMBER,
            "number": NUMBER,
            "state": _state,
            "signed_boot": NUMBER,
            "opening": _hash,
            "journal": members({"length": integer(1), "hash": _hash, "lines": integer(1), "head": _hash}),
            "files": list_of(members({**_whole, "name": _file, "signed": _extent}), MAX_FILES),
            "missing": list_of(SEGMENT, MAX_FILES),
            "span": nullable(members({"from": COUNT, "until": COUNT})),
            "samples": members({"video": COUNT, "audio": COUNT}),
            "gaps": _gaps,
            "priority": boolean,
            "settings": _hash,
            "signer": _signer,
            "second": nullable(_hash),
            "clock": _clock,
        }
    ),
    RECEIPT: members(
        {
            **_who,
            "number": NUMBER,
            "manifest": _hash,
            "files": list_of(members(_whole), MAX_FILES + 3),
            "dock": NAME,
            "store": LABEL,
            "utc_ms": TIME,
            "nonce": _id,
        }
    ),
    ANCHOR: members(
        {
            **_who,
            "boot": NUMBER,
            "number": integer(0, 99_999_999),
            "audit": _head,
            "dock": NAME,
            "utc_ms": TIME,
            "nonce": _id,
        }
    ),
    LOG_RECEIPT: members(
        {
            **_who,
            "boot": NUMBER,
            "files": list_of(members({**_whole, "name": _log_file}), MAX_LOG_FILES),
            "audit": _head,
            "dock": NAME,
            "store": LABEL,
            "utc_ms": TIME,
            "nonce": _id,
        }
    ),
    VOLUME: members({**_who, "clock": _clock}),
    SECOND: members({**_who, "number": NUMBER, "manifest": _hash}),
    SETTINGS: members(
        {
            "authority": text(f"{PLAIN}{{1,48}}"),
            "serial": integer(1),
            "utc_ms": TIME,
            "recipients": list_of(members({"role": NAME, "age": text(r"[!-~]+", 4096)}), 16),
            "revoked": list_of(members({"hash": _hash, "since_ms": TIME}), MAX_REVOKED),
            "values": mapping(r"[a-z][a-z0-9_]{0,63}", MAX_VALUES),
        }
    ),
    ATTRIBUTION: members(
        {
            **_who,
            "number": NUMBER,
            "manifest": _hash,
            "shift": LABEL,
            "reason": text(f"{PLAIN}{{1,256}}"),
            "dock": NAME,
            "desk": text(f"{PLAIN}{{1,64}}"),
            "utc_ms": TIME,
        }
    ),
    DERIVED: members(
        {
            **_who,
            "number": NUMBER,
            "opening": _hash,
            "manifest": nullable(_hash),
            "span": _between,
            "asked": members({"from": nullable(COUNT), "until": nullable(COUNT)}),
            "silenced": list_of(_between, 200),
            "film": _extent,
            "reason": nullable(_words),
            "desk": text(f"{PLAIN}{{1,64}}"),
            "tool": _words,
            "utc_ms": ANY_TIME,
        }
    ),
}

_numbered = members({"number": NUMBER, "opening": _hash})
_handed_over = members({"number": NUMBER, "receipt": _hash})
AUDIT_KINDS = {
    "boot": members(
        {
            "firmware": _words,
            "signer": _signer,
            "counter": nullable(COUNT),
            "start": one_of("first", "power", "service", "length", "unknown"),
            "power": nullable(_power),
            "next": NUMBER,
            "opening": _hash,
            "open": list_of(members({"number": NUMBER, "opening": _hash, "boot": NUMBER}), MAX_OPEN),
            "contested": boolean,
        }
    ),
    "opening": _numbered,
    "closing": members({"number": NUMBER, "manifest": _hash, "state": _state}),
    "void": members({"number": NUMBER}),
    "missing": members({"number": NUMBER}),
    "quarantine": members({"name": text()}),
    "place": members({"place": one_of("docked", "worn"), "dock": _words}),
    "power": _power,
    "self-test": members(
        {
            "when": one_of("boot", "undock", "again"),
            **dict.fromkeys(
                ("picture", "sound", "storage", "signature", "device", "clock", "battery", "buttons"),
                one_of("ok", "failed", "flat", "slow", "not-tried"),
            ),
            "took_ms": COUNT,
            "fps": COUNT,
            "write_kib": nullable(COUNT),
            "device_ms": nullable(COUNT),
        }
    ),
    "dock": members({"dock": _words, "outcome": _words}),
    "conflict": members({"dock": _words, "reason": _words}),
    "clock": members({"before_ms": ANY_TIME, "after_ms": ANY_TIME, "source": _words, "drift_ppm": nullable(DRIFT)}),
    "settings": members({"serial": integer(1), "hash": _hash}),
    "recall": members({"state": one_of("recalled", "stands", "released"), "recall": _hash, "reason": _words}),
    "update": members(
        {
            "state": one_of(
                "offered", "refused", "received", "handed-over", "installed", "failed", "confirmed", "given-up"
            ),
            "paper": _hash,
            "serial": integer(1),
            "version": _words,
            "reason": _words,
        }
    ),
    "receipt": _handed_over,
    "erasure": _handed_over,
    "private": members({"last": boolean, "cipher": _extent, "plain": _extent}),
    "cleared": members({"receipt": _hash, "boot": NUMBER, "line": integer(1)}),
    "fault": members({"code": _words}),
    "stop": members({"reason": _words, "resume": boolean}),
}
_audit = members(
    {
        **_who,
        "boot": NUMBER,
        "line": integer(1),
        "prev": _hash,
        "clock": _clock,
        "kind": one_of(*AUDIT_KINDS),
        "data": lambda name, value: need(isinstance(value, dict), f"{name} is not an object"),
    }
)

_entry = {"kind": text(), "clock": _clock, "at": nullable(COUNT)}
PRIVATE_KINDS = {
    "assignment": members({**_entry, "shift": nullable(LABEL)}),
    "start": members({**_entry, "trigger": _words, "press": _clock}),
    "bookmark": members({**_entry, "label": text()}),
    "sound": members({**_entry, "state": one_of("off", "on", "muted", "failed", "none")}),
    "standby": members({**_entry, "began": _clock, "ended": _clock}),
    "fault": members({**_entry, "text": text()}),
    "stop": members(
        {
            **_entry,
            "reason": one_of(
                "officer", "docked", "storage-full", "shutdown", "fault", "length", "battery", "heat", "recalled"
            ),
        }
    ),
}
_state_of = one_of("idle", "starting", "recording", "stop-asked", "post-event", "stopping")
_remark = {"kind": text(), "clock": _clock}
LOG_PRIVATE_KINDS = {
    "shift": members({**_remark, "shift": nullable(LABEL)}),
    "press": members(
        {**_remark, "button": one_of("record", "function"), "gesture": one_of("press", "tap", "hold", "stuck")}
    ),
    "trigger": members({**_remark, "name": text()}),
    "state": members({**_remark, "state": _state_of, "was": _state_of, "event": NAME}),
    "mute": members({**_remark, "on": boolean}),
    "hush": members({**_remark, "on": boolean}),
    "standby": members({**_remark, "on": boolean}),
    "refused": members({**_remark, "reason": text()}),
    "latency": members({**_remark, "number": NUMBER, "starting_ms": nullable(COUNT), "recording_ms": COUNT}),
    "dropped": members({**_remark, "count": integer(1)}),
}


def check_payload(typ: str, payload: Mapping[str, Any]) -> None:
    """``Refused`` unless the payload has exactly the members that the format gives to ``typ``."""
    if typ != AUDIT:
        PAYLOADS[typ]("", payload)
        check_rules(typ, payload)
        return
    _audit("", payload)
    AUDIT_KINDS[payload["kind"]]("data", payload["data"])


def check_private(entry: Mapping[str, Any], kinds: Mapping[str, Check] = PRIVATE_KINDS) -> None:
    """``Refused`` unless this is an entry of the private part of a recording, or of what has these ``kinds``."""
    kind = entry.get("kind")
    need(isinstance(kind, str) and kind in kinds, "kind is none that the format knows")
    kinds[str(kind)]("", entry)
