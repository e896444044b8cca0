"""The audit log (section 11): one chain over all boots of a volume, as far as its files are here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.verify import files
from tools.verify.audit_state import Audit
from tools.verify.certs import Chain, Role, Trust
from tools.verify.documents import AUDIT
from tools.verify.findings import Problems, need
from tools.verify.jws import MAX_LINE
from tools.verify.receipt import DockSigned
from tools.verify.signed import verify_chained, verify_keyed

DIRECTORY = "audit"
_FILE = re.compile(r"([0-9]{8})\.jwsl\Z")
_PRIVATE = re.compile(r"([0-9]{8})\.private\.age\Z")
_CONFLICT = re.compile(r"[0-9]{8}\.(jwsl|private\.age)\.conflict-[0-9a-f]{8}\Z")


def read_audit(volume: Path, trust: Trust, problems: Problems, receipts: Sequence[DockSigned] = ()) -> Audit:
    """Read a volume's audit log, file by file, up to the first line that does not verify.

    ``receipts``: docks' receipts for the log.  The files that they cover may be missing here, in whole or in part.
    """
    audit = Audit()
    directory = volume / DIRECTORY
    with problems.at(DIRECTORY):
        names = []
        for name, kind in files.folder(directory).items():
            if kind is files.Kind.FILE and _FILE.match(name):
                names.append(name)
            elif kind is not files.Kind.FILE or not _PRIVATE.match(name):
                reason = "is no file of the audit log"
                if _CONFLICT.match(name):
                    reason = "goes on otherwise than the log here: two cameras with one identity, or one turned back"
                problems.add(f"{DIRECTORY}/{files.shown(name)}", reason)
        need(names, "holds no audit log")
        for name in names:
            if not _read_file(directory / name, name, trust, audit, problems, receipts):
                break
    for reason in audit.wrong:
        problems.add(DIRECTORY, reason)
    return audit


def _read_file(
    path: Path, name: str, trust: Trust, audit: Audit, problems: Problems, receipts: Sequence[DockSigned]
) -> bool:
    """Read one boot's file; whether all of it verifies."""
    relative = f"{DIRECTORY}/{name}"
    before = len(problems.found)
    with problems.at(relative):
        reader = _BootReader(int(name[:8]), trust, audit, receipts, covered=_is_covered(path, name, receipts))
        audit.torn = files.feed(files.lines(path, MAX_LINE), reader.take, lambda: f"line {audit.line + 1}")
    return len(problems.found) == before


def _is_covered(path: Path, name: str, receipts: Sequence[DockSigned]) -> bool:
    """Whether a dock's receipt lists this file; ``Refused`` where one lists another file of that name."""
    listed = [each for receipt in receipts for each in receipt.payload["files"] if each["name"] == name]
    for each in listed:
        found = files.digest(path, [each["length"]])
        need(
            found.prefixes.get(each["length"]) == each["hash"], "is not the file that a dock has taken over of this log"
        )
    return bool(listed)


class _BootReader:
    """Takes the lines of one boot.  ``covered``: a receipt lists its file, so those before may be gone."""

    def __init__(self, boot: int, trust: Trust, audit: Audit, receipts: Sequence[DockSigned], *, covered: bool) -> None:
        self._boot = boot
        self._trust = trust
        self._audit = audit
        self._receipts = receipts
        self._covered = covered
        self._chain: Chain | None = None
        self._mono_ms = 0

    def take(self, line: bytes) -> None:
        """Verify the next line and enter it."""
        audit = self._audit
        need(self._boot not in audit.stopped, "a line follows the last one of its boot")
        if self._chain is None:
            signed = verify_chained(line, AUDIT, Role.SESSION, self._trust)
        else:
            signed = verify_keyed(line, AUDIT, self._chain)
        payload = signed.payload
        if self._chain is None and payload["line"] > audit.line + 1 and self._may_begin(payload):
            audit.resume(payload["line"] - 1, payload["prev"])
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
        audit.enter(payload["line"], signed.hash, payload)
        audit.ends[-1] = audit.line

    def _may_begin(self, payload: Mapping[str, Any]) -> bool:
        """Whether a dock's receipt vouches for the lines that are missing before this one."""
        told = [receipt.payload["audit"] for receipt in self._receipts]
        return self._covered or {"line": payload["line"] - 1, "head": payload["prev"]} in told

    def _check_place(self, payload: Mapping[str, Any], chain: Chain) -> None:
        audit = self._audit
        need(payload["device"] == chain.name, f"device is {payload['device']}, the certificate is {chain.name}'s")
        need(audit.device in (None, payload["device"]), "device is another than in the lines before")
        need(audit.volume in (None, payload["volume"]), "volume is another than in the lines before")
        need(payload["boot"] == self._boot, "boot is not the number that the file bears")
        following = audit.line + 1
        need(
            payload["line"] == following,
            f"line is {payload['line']} where {following} must follow: lines are missing, doubled or out of order",
        )
        need(payload["prev"] == audit.head, "prev is not the hash of the line before")
        need(payload["clock"]["mono_ms"] >= self._mono_ms, "the monotonic clock runs back")


def check_receipt(path: Path, receipt: DockSigned, audit: Audit) -> None:
    """``Refused`` unless a receipt for the log fits the log here: every file that it lists and that is here, and the line that it names."""
    for member, told in (("device", audit.device), ("volume", audit.volume)):
        need(told in (None, receipt.payload[member]), f"{member} is not this log's")
    names = [each["name"] for each in receipt.payload["files"]]
    need(names == sorted(set(names)), "files are not sorted by name, each once")
    need(all(int(name[:8]) <= receipt.payload["boot"] for name in names), "it lists files of later boots")
    here = files.folder(path / DIRECTORY)
    for each in receipt.payload["files"]:
        if each["name"] in here and _PRIVATE.match(each["name"]):
            found = files.digest(path / DIRECTORY / each["name"])
            same = (found.length, found.hash) == (each["length"], each["hash"])
            need(same, f"{each['name']} is another file than the one that a dock has taken over")
    told = receipt.payload["audit"]
    need(told["line"] <= audit.line, f"a dock took over {told['line']} lines of this log, it ends with {audit.line}")
    known = audit.hashes.get(told["line"], told["head"])
    need(known == told["head"], "a dock took over another log than this one")
