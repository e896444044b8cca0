"""Late attributions (section 14.2): whose shift a recording was made in, as a dock and a custodian said afterwards.

They are no part of the recording and change no verdict.  One that does not hold says nothing, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tools.verify import files
from tools.verify.certs import Role, Trust
from tools.verify.documents import ATTRIBUTION
from tools.verify.findings import Refused, need
from tools.verify.jws import MAX_LINE
from tools.verify.recording import Given
from tools.verify.report import Attribution, RecordingReport
from tools.verify.signed import Signed, verify_chained
from tools.verify.times import utc

DIRECTORY = "attributions"
_NAME = re.compile(r"([0-9]{8})-([0-9a-f]{16})\.jwsl\Z")
_SIGNERS = 2


@dataclass(frozen=True, slots=True)
class Attributable:
    """A recording that is here: its report, and the hash of its manifest's line (None: it has none)."""

    report: RecordingReport
    manifest: str | None


def judge_attributions(
    folder: Path, given: Given, here: Mapping[int, Attributable]
) -> tuple[dict[int, RecordingReport], list[str]]:
    """The reports of the recordings that are here with what was attributed to them later, and what is refused of any other number."""
    found = {number: each.report for number, each in here.items()}
    strays: list[str] = []
    for name, kind in files.folder(folder).items():
        where = f"{DIRECTORY}/{files.shown(name)}"
        match = _NAME.match(name)
        number = int(match[1]) if match else None
        try:
            need(match is not None and kind is files.Kind.FILE, "is none by its name")
            need(number in here, "it is about a recording that is not here")
            assert match is not None and number is not None  # noqa: S101, PT018 - refused above
            told = _read(folder / name, match[2], given, here[number])
        except Refused as refused:
            text = f"whose shift it was, by {where}: it is refused: {refused}"
            if number in found:
                report = found[number]
                found[number] = replace(report, not_proven=(*report.not_proven, text))
            else:
                strays.append(text)
        else:
            report = found[number]
            found[number] = replace(report, attributions=(*report.attributions, replace(told, file=where)))
    return found, strays


def _read(path: Path, hashed: str, given: Given, of: Attributable) -> Attribution:
    data = files.read_small(path, _SIGNERS * (MAX_LINE + 1))
    lines = data.split(b"\n")
    need(lines.pop() == b"", "it does not end with an LF")
    need(len(lines) == _SIGNERS, f"it is signed by {len(lines)} instead of a dock and a custodian")
    dock, desk = _signed(lines[0], Role.DOCK, "the dock", given), _signed(lines[1], Role.EXPORT, "the custodian", given)
    said = dock.payload
    need(said == desk.payload, "dock and custodian signed different things")
    need(dock.hash.startswith(hashed), "it was renamed: its name is another one's hash")
    need(said["dock"] == dock.chain.name, f"dock is {said['dock']}, the certificate is {dock.chain.name}'s")
    need(said["desk"] == desk.chain.name, "desk is not the name in the custodian's certificate")
    gone = given.revoked.among(dock.chain, desk.chain)
    if gone is not None:
        raise Refused(
            f"the certificate of {gone.name} was withdrawn from {utc(gone.since_ms)} on: its word counts for nothing"
        )
    for member in ("device", "volume", "number"):
        need(said[member] == getattr(of.report, member), f"{member} is not this recording's")
    need(said["manifest"] == of.manifest, "it is about another manifest")
    return Attribution(path.name, said["shift"], said["reason"], said["dock"], said["desk"], said["utc_ms"])


def _signed(line: bytes, role: Role, who: str, given: Given) -> Signed:
    """One signature, whose chain was good at the time that it says."""
    try:
        signed = verify_chained(line, ATTRIBUTION, role, Trust(given.root))
        verify_chained(line, ATTRIBUTION, role, Trust(given.root, signed.payload["utc_ms"]))
    except Refused as refused:
        raise Refused(f"the line of {who}: {refused}") from None
    return signed
