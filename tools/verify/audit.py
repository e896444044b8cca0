"""The audit log (section 11): one chain over all boots of a volume, and what it tells of each recording."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.verify import files
from tools.verify.annex import Moment
from tools.verify.certs import Chain, Role, Trust
from tools.verify.documents import AUDIT, ZEROS
from tools.verify.findings import Problems, need
from tools.verify.jws import MAX_LINE
from tools.verify.signed import verify_chained, verify_keyed

DIRECTORY = "audit"
_FILE = re.compile(r"([0-9]{8})\.jwsl\Z")


@dataclass(frozen=True, slots=True)
class Opened:
    """An opening that the audit log knows."""

    hash: str
    boot: int


@dataclass(slots=True)
class Audit:
    """What the log tells, as far as it verifies.  ``hashes`` are those of its lines, in order; ``chains``: who signed each boot's, ``ends``: the
    last line of each; ``closed_at``: the line that closed a recording."""

    device: str | None = None
    volume: str | None = None
    device_keys: set[bytes] = field(default_factory=set)
    hashes: list[str] = field(default_factory=list)
    boots: list[int] = field(default_factory=list)
    openings: dict[int, Opened] = field(default_factory=dict)
    closings: dict[int, tuple[str, str]] = field(default_factory=dict)
    closed_at: dict[int, int] = field(default_factory=dict)
    voids: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    receipts: dict[int, str] = field(default_factory=dict)
    erasures: dict[int, str] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    torn: int = 0

    @property
    def head(self) -> str:
        """The hash of the newest line."""
        return self.hashes[-1] if self.hashes else ZEROS

    @property
    def newest(self) -> int:
        """The newest recording's number, 0 for none."""
        return max(self.openings, default=0)

    @property
    def unclosed(self) -> dict[int, Opened]:
        """Openings that were neither closed nor voided nor found missing."""
        settled = set(self.closings) | self.voids | self.gone
        return {number: each for number, each in self.openings.items() if number not in settled}


def read_audit(volume: Path, trust: Trust, problems: Problems) -> Audit:
    """Read a volume's audit log, file by file, up to the first line that does not verify."""
    audit = Audit()
    directory = volume / DIRECTORY
    with problems.at(DIRECTORY):
        names = []
        for name, kind in files.folder(directory).items():
            if kind is files.Kind.FILE and _FILE.match(name):
                names.append(name)
            else:
                problems.add(f"{DIRECTORY}/{files.shown(name)}", "is no file of the audit log")
        need(names, "holds no audit log")
        for name in names:
            if not _read_file(directory / name, name, trust, audit, problems):
                break
    return audit


def _read_file(path: Path, name: str, trust: Trust, audit: Audit, problems: Problems) -> bool:
    """Read one boot's file; whether all of it verifies."""
    relative = f"{DIRECTORY}/{name}"
    reader = _BootReader(int(name[:8]), trust, audit)
    before = len(problems.found)
    with problems.at(relative):
        audit.torn = files.feed(files.lines(path, MAX_LINE), reader.take, lambda: f"line {len(audit.hashes) + 1}")
    return len(problems.found) == before


class _BootReader:
    """Takes the lines of one boot."""

    def __init__(self, boot: int, trust: Trust, audit: Audit) -> None:
        self._boot = boot
        self._trust = trust
        self._audit = audit
        self._chain: Chain | None = None
        self._mono_ms = 0

    def take(self, line: bytes) -> None:
        """Verify the next line and enter it."""
        audit = self._audit
        if self._chain is None:
            signed = verify_chained(line, AUDIT, Role.SESSION, self._trust)
        else:
            signed = verify_keyed(line, AUDIT, self._chain)
        payload = signed.payload
        self._check_place(payload, signed.chain)
        if self._chain is None:
            need(payload["kind"] == "boot", "the first line of a file is not its boot")
            need(not audit.boots or audit.boots[-1] < self._boot, "boots run back")
            audit.boots.append(self._boot)
            audit.device, audit.volume = payload["device"], payload["volume"]
            audit.device_keys.add(signed.chain.named_key)
            audit.chains.append(signed.chain)
            audit.ends.append(0)
        else:
            need(payload["kind"] != "boot", "a second boot in one file")
        self._chain = signed.chain
        self._mono_ms = payload["clock"]["mono_ms"]
        _ENTERED.get(payload["kind"], _pass)(audit, payload["data"], self._boot)
        if payload["kind"] in _TOLD:
            audit.moments.append(_TOLD[payload["kind"]](payload))
        audit.hashes.append(signed.hash)
        audit.ends[-1] = len(audit.hashes)

    def _check_place(self, payload: Mapping[str, Any], chain: Chain) -> None:
        audit = self._audit
        need(payload["device"] == chain.name, f"device is {payload['device']}, the certificate is {chain.name}'s")
        need(audit.device in (None, payload["device"]), "device is another than in the lines before")
        need(audit.volume in (None, payload["volume"]), "volume is another than in the lines before")
        need(payload["boot"] == self._boot, "boot is not the number that the file bears")
        following = len(audit.hashes) + 1
        need(
            payload["line"] == following,
            f"line is {payload['line']} where {following} must follow: lines are missing, doubled or out of order",
        )
        need(payload["prev"] == audit.head, "prev is not the hash of the line before")
        need(payload["clock"]["mono_ms"] >= self._mono_ms, "the monotonic clock runs back")


def _moment(payload: Mapping[str, Any], text: str = "") -> Moment:
    clock, number = payload["clock"], payload["data"].get("number")
    return Moment(payload["kind"], clock["utc_ms"], clock["quality"], number, text)


_TOLD: dict[str, Callable[[Mapping[str, Any]], Moment]] = {
    "boot": _moment,
    "opening": _moment,
    "dock": lambda payload: _moment(
        payload, f"{payload['data']['dock'] or 'unknown dock'}: {payload['data']['outcome']}"
    ),
    "stop": lambda payload: _moment(payload, payload["data"]["reason"]),
}
"""The kinds of lines that a picture of time shows."""


def _pass(_audit: Audit, _data: Mapping[str, Any], _boot: int) -> None:
    """Kinds that tell nothing of a recording."""


def _enter_boot(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    need(data["next"] == audit.newest + 1, "next is not the number behind the newest opening")
    newest = audit.openings.get(audit.newest)
    need(data["opening"] == (newest.hash if newest else ZEROS), "opening is not that of the newest recording")
    told = {each["number"]: Opened(each["opening"], each["boot"]) for each in data["open"]}
    need(
        told == audit.unclosed and len(told) == len(data["open"]), "open is not the list of openings without a closing"
    )


def _enter_opening(audit: Audit, data: Mapping[str, Any], boot: int) -> None:
    need(
        data["number"] == audit.newest + 1,
        f"recording {data['number']} was opened where {audit.newest + 1} must follow",
    )
    audit.openings[data["number"]] = Opened(data["opening"], boot)


def _enter_closing(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    number = data["number"]
    need(number in audit.unclosed, f"recording {number} was closed, and was not open")
    audit.closings[number] = (data["manifest"], data["state"])
    audit.closed_at[number] = len(audit.hashes) + 1


def _enter_void(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    need(data["number"] in audit.unclosed, f"recording {data['number']} was voided, and was not open")
    audit.voids.add(data["number"])


def _enter_missing(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    need(data["number"] in audit.unclosed, f"recording {data['number']} was found missing, and was not open")
    audit.gone.add(data["number"])


def _enter_receipt(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    need(data["number"] in audit.closings, f"recording {data['number']} was receipted, and was not closed")
    audit.receipts[data["number"]] = data["receipt"]


def _enter_erasure(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    number = data["number"]
    need(audit.receipts.get(number) == data["receipt"], f"recording {number} was erased without that receipt")
    audit.erasures[number] = data["receipt"]


_ENTERED: dict[str, Callable[[Audit, Mapping[str, Any], int], None]] = {
    "boot": _enter_boot,
    "opening": _enter_opening,
    "closing": _enter_closing,
    "void": _enter_void,
    "missing": _enter_missing,
    "receipt": _enter_receipt,
    "erasure": _enter_erasure,
}
