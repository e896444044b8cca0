"""Whoever holds some keys cannot sign what only others may: chains, roles, numbers, spellings."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence_maker import Authority, Camera, Identity, Plan, issue
from tests.evidence_maker.pki import ORDER
from tests.evidence_maker.recording import Line
from tests.unit.tools.test_verify_recording import assert_named
from tools.verify.report import RecordingReport, Verdict
from tools.verify.verifier import verify_path

OPENING, FLUSH, MANIFEST, RECEIPT = (f"lapel.{each}.1" for each in ("opening", "flush", "manifest", "receipt"))
OURS = Authority()
THEIRS = Authority("somebody else")
Edit = Callable[[dict[str, Any]], dict[str, Any]]


def judged(
    tmp_path: Path, forge: Callable[..., Line], *, receipt: bool = False, plan: Plan | None = None
) -> RecordingReport:
    """Record with a forger at work, and judge."""
    camera = Camera(tmp_path / "card", forge=forge)
    camera.record(plan)
    if receipt:
        camera.receipt(1)
    (tmp_path / "root.pem").write_bytes(OURS.root_pem)
    return verify_path(camera.directory(1), tmp_path / "root.pem").recordings[0]


def editing(typ: str, edit: Edit, at: int = 0) -> Callable[..., Line]:
    """Change the payload of the ``at``-th line of a type; the signatures stay good."""
    count = itertools.count()

    def forge(found: str, payload: dict[str, Any], signer: Identity, chained: bool) -> Line:  # noqa: FBT001
        return (edit(payload) if found == typ and next(count) == at else payload), signer, chained

    return forge


def signing(typ: str, identity: Identity, *, chained: bool | None = None) -> Callable[..., Line]:
    """Let somebody else sign a type."""

    def forge(found: str, payload: dict[str, Any], signer: Identity, chain: bool) -> Line:  # noqa: FBT001
        if found != typ:
            return payload, signer, chain
        return payload, identity, chain if chained is None else chained

    return forge


def _session(device: Identity) -> Identity:
    return issue("session", device.name, device, "a session")


CAMERA = OURS.device("cam-0042")
MINTED_DOCK = issue("dock", "dock-1", CAMERA, "minted dock")
FORGERS: dict[str, tuple[str, Identity, str]] = {
    "manifest by a session key": (MANIFEST, _session(CAMERA), "chain has 3"),
    "manifest by a dock": (MANIFEST, OURS.dock, "exact shape of a device"),
    "manifest by another device": (MANIFEST, OURS.device("cam-0043"), "certificate is cam-0043's"),
    "manifest by a twin of the same name": (
        MANIFEST,
        issue("device", "cam-0042", OURS.device_ca, "twin"),
        "another device key",
    ),
    "manifest under another authority": (MANIFEST, THEIRS.device("cam-0042"), "not issued by"),
    "opening by the device itself": (OPENING, CAMERA, "chain has 2"),
    "opening by another device's session": (OPENING, _session(OURS.device("cam-0043")), "certificate is cam-0043's"),
    "opening under another authority": (OPENING, _session(THEIRS.device("cam-0042")), "not issued by"),
    "opening by a session below a dock-ca": (
        OPENING,
        _session(issue("device", "cam-0042", OURS.dock_ca, "odd", shape="device")),
        "exact shape of a device-ca",
    ),
    "opening by a session below a session": (
        OPENING,
        issue("session", "cam-0042", _session(CAMERA), "deep"),
        "no chain of the format",
    ),
    "opening with a link certificate's shape": (
        OPENING,
        issue("session", "cam-0042", CAMERA, "l", shape="device"),
        "exact shape",
    ),
    "opening with a session of another name": (
        OPENING,
        issue("session", "cam-9", CAMERA, "n"),
        "another name than its device",
    ),
    "receipt by a dock that a camera minted": (RECEIPT, MINTED_DOCK, "chain has 3"),
    "receipt by a dock below the device-ca": (
        RECEIPT,
        issue("dock", "dock-1", OURS.device_ca, "x"),
        "exact shape of a dock-ca",
    ),
    "receipt by a camera": (RECEIPT, CAMERA, "exact shape of a dock"),
    "receipt by a dock-ca": (RECEIPT, OURS.dock_ca, "chain has 1"),
    "receipt by another authority's dock": (RECEIPT, THEIRS.dock, "not issued by"),
    "receipt by a dock of another name": (
        RECEIPT,
        issue("dock", "dock-2", OURS.dock_ca, "y"),
        "certificate is dock-2's",
    ),
}


@pytest.mark.parametrize("case", FORGERS)
def test_wrong_signer(tmp_path: Path, case: str) -> None:
    """What another certificate signed is refused, even if our own authority issued it."""
    typ, identity, reason = FORGERS[case]
    report = judged(tmp_path, signing(typ, identity), receipt=True)
    name = {OPENING: "journal.jwsl", MANIFEST: "manifest.jws", RECEIPT: "receipt.jws"}[typ]
    assert_named(report, name)
    assert any(problem.file == name and reason in problem.reason for problem in report.problems), report.problems


def _respelt(line: bytes, respell: Callable[[bytes], bytes]) -> bytes:
    head, payload, signature = line.split(b".")
    return b".".join((head, payload, respell(signature)))


def _high_s(text: bytes) -> bytes:
    data = base64.urlsafe_b64decode(text + b"==")
    other = ORDER - int.from_bytes(data[32:], "big")
    return base64.urlsafe_b64encode(data[:32] + other.to_bytes(32, "big")).rstrip(b"=")


def _spare_bits(text: bytes) -> bytes:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1:]) | 1 : (alphabet.index(text[-1:]) | 1) + 1]


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "high s": lambda line: _respelt(line, _high_s),
    "padding": lambda line: line + b"==",
    "last character": lambda line: _respelt(line, _spare_bits),
    "blank": lambda line: line + b" ",
    "carriage return": lambda line: line + b"\r",
    "blank line": lambda line: line + b"\n",
    "standard alphabet": lambda line: line.replace(b"_", b"/").replace(b"-", b"+"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ["manifest.jws", "receipt.jws", "journal.jwsl"])
def test_one_spelling(tmp_path: Path, name: str, spelling: str) -> None:
    """A second spelling of a good signature, which common libraries accept, is refused."""
    camera = Camera(tmp_path / "card")
    camera.record()
    camera.receipt(1)
    (tmp_path / "root.pem").write_bytes(OURS.root_pem)
    path = camera.directory(1) / name
    *before, last, _ = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*before, SPELLINGS[spelling](last), b""]))
    assert_named(verify_path(camera.directory(1), tmp_path / "root.pem").recordings[0], name)


LINES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "removed": lambda lines: lines[:3] + lines[4:],
    "removed at the end": lambda lines: lines[:-1],
    "reordered": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "doubled": lambda lines: [*lines[:4], lines[3], *lines[4:]],
    "opening removed": lambda lines: lines[1:],
    "opening doubled": lambda lines: [lines[0], *lines],
    "nothing left": lambda _lines: [],
    "too long": lambda lines: [*lines, b"x" * 65_537],
}


@pytest.mark.parametrize("case", LINES)
@pytest.mark.parametrize("sealed", [True, False])
def test_journal_lines(tmp_path: Path, case: str, sealed: bool) -> None:  # noqa: FBT001
    """Lines that were taken out, doubled or put in another order are found, with a manifest and without."""
    camera = Camera(tmp_path / "card")
    camera.record()
    (tmp_path / "root.pem").write_bytes(OURS.root_pem)
    path = camera.directory(1) / "journal.jwsl"
    path.write_bytes(b"".join(line + b"\n" for line in LINES[case](path.read_bytes().split(b"\n")[:-1])))
    if not sealed:
        (camera.directory(1) / "manifest.jws").unlink()
    report = verify_path(camera.directory(1), tmp_path / "root.pem") if path.exists() else None
    assert report is not None
    if sealed or case != "removed at the end":
        assert_named(report.recordings[0], "journal.jwsl")
    else:
        assert report.verdict is Verdict.OPEN
    assert report.exit_code == 1


@pytest.mark.parametrize("tail", [b"eyJ", b"\0" * 900, b"eyJ" + b"\0" * 500 + b"\n", b"\0" * 9000 + b"\n\0\0"])
def test_torn_tail(tmp_path: Path, tail: bytes) -> None:
    """What a power cut leaves behind the last line is no forgery in a recording that is open."""
    camera = Camera(tmp_path / "card")
    camera.cut(torn=tail)
    (tmp_path / "root.pem").write_bytes(OURS.root_pem)
    assert verify_path(camera.directory(1), tmp_path / "root.pem").verdict is Verdict.OPEN
    camera.boot()
    camera.recover(1)
    assert verify_path(camera.directory(1), tmp_path / "root.pem").verdict is Verdict.RECOVERED
