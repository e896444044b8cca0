"""What each signed object holds: the tables of ``docs/evidence-format.md``, sections 6 to 14, and who may sign it.  Those of the
audit log are in ``log_kinds``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware.evidence import jws
from firmware.evidence.canonical import LARGEST
from firmware.evidence.documents import Kind
from firmware.evidence.errors import FormatError
from firmware.evidence.recipients import MOST, Recipients
from firmware.evidence.roles import Role
from firmware.evidence.schema import PLAIN, Check, flag, integer, items, mapping, null_or, one_of, record, scalar, text

ZEROS = "0" * 64
"""Stands where there is no line before."""

MOST_FILES = 10_000
"""The most files of one recording."""

MOST_REVOKED = 10_000
"""The most certificates that settings withdraw."""

MOST_OVERLAPS = 64
"""The most earlier recordings that one says it shares frames with."""

MOST_VALUES = 256
"""The most values in settings."""

MOST_BUNDLE = 256 * 1024 * 1024
"""The most bytes of a firmware bundle."""

HASH = text(r"[0-9a-f]{64}", "a hash of 64 lowercase hexadecimal digits")
IDENTIFIER = text(r"[0-9a-f]{32}", "32 lowercase hexadecimal digits")
NAME = text(r"[a-z0-9-]{1,32}", "a name of 1 to 32 of a-z 0-9 -")
LABEL = text(r"[A-Za-z0-9-]{1,64}", "1 to 64 of A-Z a-z 0-9 -")
WORDS = text(f"{PLAIN}{{0,256}}", "text of at most 256 characters without control characters")
NUMBER = integer(1, 99_999_999)
COUNT = integer(0, LARGEST)
INDEX = integer(1, LARGEST)
TIME = integer(0, 253_402_300_799_999)
ANY_TIME = integer(-LARGEST, LARGEST)
SEGMENT = integer(0, 999_999)
SIGNER = one_of("software", "tpm2", "firmware")
FILE = text(r"[0-9]{6}\.mp4\.age|private\.age", "the name of an evidence file")
ANY_FILE = text(
    r"[0-9]{6}\.mp4\.age|private\.age|journal\.jwsl|manifest\.jws|manifest\.pq\.jws",
    "the name of a file of a recording",
)

CLOCK = record({"mono_ms": COUNT, "utc_ms": ANY_TIME, "quality": one_of("unset", "rtc", "dock")})
EXTENT = record({"length": COUNT, "hash": HASH})
GAPS = record({"video": COUNT, "audio": COUNT, "overflow": COUNT})
TRACK = record({"samples": INDEX, "from": COUNT, "hash": HASH})

_WHOSE: Mapping[str, Check] = {"device": NAME, "volume": IDENTIFIER, "boot": NUMBER, "number": NUMBER}


def words(any_text: str) -> str:
    """Any text, cut and cleaned so that a line has room for it: no error's words keep a line from being written."""
    cleaned = any_text.encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "?" for character in cleaned[:256])


def _overlaps(payload: Mapping[str, Any]) -> None:
    numbers = [each["number"] for each in payload["overlaps"]]
    if numbers != sorted(set(numbers)) or any(number >= payload["number"] for number in numbers):
        raise FormatError("overlaps: not of earlier recordings, sorted by number, each once")
    if any(each["last"] < each["first"] for each in payload["overlaps"]):
        raise FormatError("overlaps: ends before it begins")
    if any(each["first"] and each["at"] for each in payload["overlaps"]):
        raise FormatError("overlaps: begins where neither recording does")


def _flush_tracks(payload: Mapping[str, Any]) -> None:
    private = payload["file"] == "private.age"
    for name in ("tracks", "until"):
        if (payload[name] is None) is not private:
            raise FormatError(f"{name}: null for private.age, and for nothing else")


def sorted_files(payload: Mapping[str, Any]) -> None:
    """``FormatError`` unless the files of an object are sorted by name, each once."""
    names = [file["name"] for file in payload["files"]]
    if names != sorted(set(names)):
        raise FormatError("files: not sorted by name, each once")


def _manifest_files(payload: Mapping[str, Any]) -> None:
    sorted_files(payload)
    for index, file in enumerate(payload["files"]):
        whole = {"length": file["length"], "hash": file["hash"]}
        if payload["state"] == "sealed" and file["signed"] != whole:
            raise FormatError(f"files[{index}].signed: not the whole file, which a sealed recording signs")
    if payload["missing"] != sorted(set(payload["missing"])):
        raise FormatError("missing: not sorted, each once")
    later = payload["signed_boot"] - payload["boot"]
    if not (later > 0 if payload["state"] == "recovered" else later == 0):
        raise FormatError("signed_boot: a sealed recording is signed in its boot, a recovered one in a later boot")
    if payload["state"] == "sealed" and payload["missing"]:
        raise FormatError("missing: a sealed recording misses nothing")


def _settings_recipients(payload: Mapping[str, Any]) -> None:
    roles = {recipient["role"] for recipient in payload["recipients"]}
    if missing := {"authority", "escrow"} - roles:
        raise FormatError(f"recipients: none with the role {' or '.join(sorted(missing))}")
    Recipients.parse([recipient["age"] for recipient in payload["recipients"]])


def _settings_revoked(payload: Mapping[str, Any]) -> None:
    hashes = [each["hash"] for each in payload["revoked"]]
    if hashes != sorted(set(hashes)):
        raise FormatError("revoked: not sorted by hash, each once")


def _bundle(payload: Mapping[str, Any]) -> None:
    if payload["needs"] >= payload["serial"]:
        raise FormatError("needs: not below the serial")


def _settings(payload: Mapping[str, Any]) -> None:
    _settings_recipients(payload)
    _settings_revoked(payload)


_PRIVATE: Mapping[str, Check] = {"clock": CLOCK, "at": null_or(COUNT)}
PRIVATE: Mapping[str, Check] = {
    kind: record({"kind": one_of(kind), **_PRIVATE, **more})
    for kind, more in {
        "assignment": {"shift": null_or(LABEL)},
        "start": {"trigger": WORDS, "press": CLOCK},
        "bookmark": {"label": WORDS},
        "sound": {"state": one_of("off", "on", "muted", "failed", "none")},
        "standby": {"began": CLOCK, "ended": CLOCK},
        "fault": {"text": WORDS},
        "stop": {
            "reason": one_of(
                "officer", "docked", "storage-full", "shutdown", "fault", "length", "battery", "heat", "recalled"
            )
        },
    }.items()
}

OPENING = Kind(
    "lapel.opening.1",
    Role.SESSION,
    "device",
    record(
        {
            **_WHOSE,
            "previous": HASH,
            "anchor": null_or(record({"hash": HASH, "utc_ms": TIME})),
            "settings": HASH,
            "firmware": WORDS,
            "signer": SIGNER,
            "clock": CLOCK,
            "live_from": SEGMENT,
            "continues": null_or(record({"number": NUMBER, "opening": HASH, "ended": CLOCK})),
            "overlaps": items(
                record({"number": NUMBER, "opening": HASH, "first": COUNT, "last": COUNT, "at": COUNT}),
                most=MOST_OVERLAPS,
            ),
            "video": record({"width": integer(16, 16384), "height": integer(16, 16384), "fps": integer(1, 240)}),
            "audio": null_or(record({"rate": integer(8000, 192_000), "channels": integer(1, 8)})),
        }
    ),
    _overlaps,
)

FLUSH = Kind(
    "lapel.flush.1",
    Role.SESSION,
    None,
    record(
        {
            "number": NUMBER,
            "line": INDEX,
            "prev": HASH,
            "file": FILE,
            "last": flag,
            "cipher": EXTENT,
            "plain": EXTENT,
            "tracks": null_or(record({"video": null_or(TRACK), "audio": null_or(TRACK)})),
            "until": null_or(COUNT),
            "clock": CLOCK,
            "gaps": GAPS,
            "lag_ms": COUNT,
        }
    ),
    _flush_tracks,
)

MANIFEST = Kind(
    "lapel.manifest.1",
    Role.DEVICE,
    "device",
    record(
        {
            **_WHOSE,
            "state": one_of("sealed", "recovered"),
            "signed_boot": NUMBER,
            "opening": HASH,
            "journal": record({"length": INDEX, "hash": HASH, "lines": INDEX, "head": HASH}),
            "files": items(record({"name": FILE, "length": COUNT, "hash": HASH, "signed": EXTENT}), most=MOST_FILES),
            "missing": items(SEGMENT, most=MOST_FILES),
            "span": null_or(record({"from": COUNT, "until": COUNT})),
            "samples": record({"video": COUNT, "audio": COUNT}),
            "gaps": GAPS,
            "priority": flag,
            "settings": HASH,
            "signer": SIGNER,
            "second": null_or(HASH),
            "clock": CLOCK,
        }
    ),
    _manifest_files,
    jws.FILE_LIMIT,
)

RECEIPT = Kind(
    "lapel.receipt.1",
    Role.DOCK,
    "dock",
    record(
        {
            "device": NAME,
            "volume": IDENTIFIER,
            "number": NUMBER,
            "manifest": HASH,
            "files": items(record({"name": ANY_FILE, "length": COUNT, "hash": HASH}), most=MOST_FILES + 3),
            "dock": NAME,
            "store": LABEL,
            "utc_ms": TIME,
            "nonce": IDENTIFIER,
        }
    ),
    sorted_files,
    jws.PAPER_LIMIT,
)

ANCHOR = Kind(
    "lapel.anchor.1",
    Role.DOCK,
    "dock",
    record(
        {
            "device": NAME,
            "volume": IDENTIFIER,
            "boot": NUMBER,
            "number": integer(0, 99_999_999),
            "audit": record({"line": INDEX, "head": HASH}),
            "dock": NAME,
            "utc_ms": TIME,
            "nonce": IDENTIFIER,
        }
    ),
)

VOLUME = Kind("lapel.volume.1", Role.DEVICE, "device", record({"device": NAME, "volume": IDENTIFIER, "clock": CLOCK}))

SETTINGS = Kind(
    "lapel.settings.1",
    Role.SETTINGS,
    None,
    record(
        {
            "authority": text(f"{PLAIN}{{1,48}}", "a name of 1 to 48 characters"),
            "serial": INDEX,
            "utc_ms": TIME,
            "recipients": items(
                record({"role": NAME, "age": text(r"[!-~]{1,4096}", "an age recipient")}),
                most=MOST,
            ),
            "revoked": items(record({"hash": HASH, "since_ms": TIME}), most=MOST_REVOKED),
            "values": mapping(text(r"[a-z][a-z0-9_]{0,63}", "the key of a setting"), scalar, most=MOST_VALUES),
        }
    ),
    _settings,
    jws.PAPER_LIMIT,
)

ASSIGNMENT = Kind("lapel.assignment.1", Role.DOCK, None, record({"device": NAME, "shift": LABEL, "utc_ms": TIME}))

RECALL = Kind("lapel.recall.1", Role.SETTINGS, None, record({"device": NAME, "reason": WORDS, "utc_ms": TIME}))

_UNDOES = record({"device": NAME, "recall": HASH, "utc_ms": TIME})
RELEASE = Kind("lapel.release.1", Role.SETTINGS, None, _UNDOES)
CONSENT = Kind("lapel.consent.1", Role.RELEASE, None, _UNDOES)

TIME_WORD = Kind("lapel.time.1", Role.SETTINGS, None, record({"nonce": IDENTIFIER, "utc_ms": TIME}))

BUNDLE = Kind(
    "lapel.bundle.1",
    Role.UPDATE,
    None,
    record(
        {
            "board": LABEL,
            "version": text(r"[A-Za-z0-9.+~-]{1,64}", "a version of 1 to 64 of A-Z a-z 0-9 . + ~ -"),
            "serial": INDEX,
            "needs": COUNT,
            "length": integer(1, MOST_BUNDLE),
            "hash": HASH,
            "utc_ms": TIME,
        }
    ),
    _bundle,
)
