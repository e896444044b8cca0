"""Good payloads of every signed object, to be changed by tests."""

from __future__ import annotations

from typing import Any

from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import ZEROS

VOLUME = "0123456789abcdef0123456789abcdef"
NONCE = "fedcba9876543210fedcba9876543210"
HASH = hash_of(b"sample")


def clock(mono_ms: int = 1000) -> dict[str, Any]:
    """A reading of both clocks."""
    return {"mono_ms": mono_ms, "utc_ms": 1_790_000_000_000 + mono_ms, "quality": "rtc"}


def opening(**changes: Any) -> dict[str, Any]:
    """The members of an opening but ``device``: two pre-event segments, sound."""
    return {
        "volume": VOLUME,
        "boot": 3,
        "number": 7,
        "previous": ZEROS,
        "anchor": {"hash": HASH, "utc_ms": 1_780_000_000_000},
        "settings": HASH,
        "firmware": "0.1.0",
        "signer": "software",
        "clock": clock(),
        "live_from": 2,
        "continues": None,
        "overlaps": [],
        "video": {"width": 1280, "height": 720, "fps": 30},
        "audio": {"rate": 48000, "channels": 1},
        **changes,
    }


def extent(length: int) -> dict[str, Any]:
    """Some file's length and hash."""
    return {"length": length, "hash": hash_of(str(length).encode())}


def flush(file: str = "000002.mp4.age", size: int = 1, start: int = 0, **changes: Any) -> dict[str, Any]:
    """The members of a flush that ``Journal.flush`` takes: 15 frames and 24 sound units from ``start`` on, in 1/90000
    s."""
    private = file == "private.age"
    tracks = {
        "video": {"samples": 15, "from": start, "hash": HASH},
        "audio": {"samples": 24, "from": start * 48000 // 90000, "hash": HASH},
    }
    return {
        "file": file,
        "last": False,
        "cipher": extent(size * 65552),
        "plain": extent(size * 65536),
        "tracks": None if private else tracks,
        "until": None if private else start + 45000,
        "clock": clock(2000 + start // 90),
        "gaps": {"video": 0, "audio": 1, "overflow": 0},
        "lag_ms": 12,
        **changes,
    }


def tested() -> dict[str, Any]:
    """What a self-test found."""
    checks = ("picture", "sound", "storage", "signature", "device", "clock", "battery", "buttons")
    figures = {"took_ms": 1500, "fps": 30, "write_kib": None, "device_ms": 90}
    return {"when": "boot", **dict.fromkeys(checks, "ok"), "sound": "not-tried", **figures}


def audit(kind: str = "boot", data: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An audit line of ``cam-1``."""
    boot: dict[str, Any] = {
        "firmware": "0.1.0",
        "signer": "software",
        "counter": None,
        "start": "first",
        "power": {"percent": 80, "charging": False, "celsius": 24},
        "next": 1,
        "opening": ZEROS,
        "open": [],
        "contested": False,
    }
    return {
        "device": "cam-1",
        "volume": VOLUME,
        "boot": 1,
        "line": 1,
        "prev": ZEROS,
        "clock": clock(),
        "kind": kind,
        "data": boot if data is None else data,
        **changes,
    }


def anchor(**changes: Any) -> dict[str, Any]:
    """An anchor of ``dock-1`` for ``cam-1``."""
    return {
        "device": "cam-1",
        "volume": VOLUME,
        "boot": 3,
        "number": 7,
        "audit": {"line": 12, "head": HASH},
        "dock": "dock-1",
        "utc_ms": 1_790_000_000_000,
        "nonce": NONCE,
        **changes,
    }


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest of ``cam-1``: a segment and the private part."""
    file = {"name": "000002.mp4.age", **extent(100), "signed": extent(100)}
    return {
        **{name: value for name, value in opening().items() if name in ("volume", "boot", "number")},
        "device": "cam-1",
        "state": "sealed",
        "signed_boot": 3,
        "opening": HASH,
        "journal": {**extent(100), "lines": 3, "head": HASH},
        "files": [file, {**file, "name": "private.age"}],
        "missing": [],
        "span": {"from": 0, "until": 45000},
        "samples": {"video": 15, "audio": 24},
        "gaps": {"video": 0, "audio": 0, "overflow": 0},
        "priority": False,
        "settings": HASH,
        "signer": "tpm2",
        "second": None,
        "clock": clock(),
        **changes,
    }


def receipt(**changes: Any) -> dict[str, Any]:
    """A receipt of ``dock-1`` for a recording of ``cam-1``."""
    return {
        "device": "cam-1",
        "volume": VOLUME,
        "number": 7,
        "manifest": HASH,
        "files": [{"name": name, **extent(5)} for name in ("000002.mp4.age", "journal.jwsl", "manifest.jws")],
        "dock": "dock-1",
        "store": "store-1",
        "utc_ms": 1_790_000_000_000,
        "nonce": NONCE,
        **changes,
    }


def log_receipt(**changes: Any) -> dict[str, Any]:
    """A receipt of ``dock-1`` for the log of ``cam-1``."""
    return {
        "device": "cam-1",
        "volume": VOLUME,
        "boot": 3,
        "files": [
            {"name": "00000003.jwsl", **extent(4000)},
            {"name": "00000003.private.age", **extent(66000)},
        ],
        "audit": {"line": 12, "head": HASH},
        "dock": "dock-1",
        "store": "store-1",
        "utc_ms": 1_790_000_000_000,
        "nonce": NONCE,
        **changes,
    }


def settings(recipients: list[str], **changes: Any) -> dict[str, Any]:
    """Settings with the recipients of authority and escrow."""
    return {
        "authority": "Test",
        "serial": 3,
        "utc_ms": 1_790_000_000_000,
        "recipients": [
            {"role": role, "age": age} for role, age in zip(("authority", "escrow"), recipients, strict=False)
        ],
        "revoked": [],
        "values": {"pre_event_s": 30, "sound": True, "label": "x", "none": None},
        **changes,
    }


def bundle(data: bytes = b"firmware", **changes: Any) -> dict[str, Any]:
    """The paper of a bundle that is ``data``."""
    return {
        "board": "sim",
        "version": "0.2.0",
        "serial": 4,
        "needs": 0,
        "length": len(data),
        "hash": hash_of(data),
        "utc_ms": 1_790_000_000_000,
        **changes,
    }
