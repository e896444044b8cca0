"""Each object holds exactly what its table says, when it is made and when it is read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firmware.evidence import documents, jws, kinds, log_kinds
from firmware.evidence.canonical import LARGEST
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError, RecipientError
from firmware.evidence.recipients import MOST
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from tests import samples
from tests.pki import Pki

FLUSH = {"number": 7, "line": 1, "prev": samples.HASH, **samples.flush()}
MANIFEST = samples.manifest()
FILE = MANIFEST["files"][0]
RECEIPT = samples.receipt()
AGE = [
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
]
GOOD: list[tuple[Kind, dict[str, Any]]] = [
    (kinds.OPENING, {"device": "cam-1", **samples.opening()}),
    (kinds.OPENING, {"device": "cam-1", **samples.opening(anchor=None, audio=None, continues={
        "number": 6, "opening": samples.HASH, "ended": samples.clock()})}),
    (kinds.FLUSH, FLUSH),
    (kinds.FLUSH, {**FLUSH, **samples.flush("private.age")}),
    (kinds.FLUSH, {**FLUSH, "tracks": {"video": None, "audio": None}}),
    (kinds.MANIFEST, MANIFEST),
    (kinds.MANIFEST, {**MANIFEST, "state": "recovered", "signed_boot": 4, "missing": [0, 1], "span": None}),
    (kinds.RECEIPT, RECEIPT),
    (kinds.ANCHOR, samples.anchor()),
    (kinds.ANCHOR, samples.anchor(number=0)),
    (log_kinds.AUDIT, samples.audit()),
    (log_kinds.LOG_RECEIPT, samples.log_receipt()),
    (kinds.VOLUME, {"device": "cam-1", "volume": samples.VOLUME, "clock": samples.clock(0)}),
    (kinds.SETTINGS, samples.settings(AGE)),
    (kinds.ASSIGNMENT, {"device": "cam-1", "shift": "Shift-9", "utc_ms": 0}),
    (kinds.RECALL, {"device": "cam-1", "reason": "lost", "utc_ms": 0}),
    (kinds.RELEASE, {"device": "cam-1", "recall": samples.HASH, "utc_ms": 0}),
    (kinds.CONSENT, {"device": "cam-1", "recall": samples.HASH, "utc_ms": 0}),
    (kinds.BUNDLE, samples.bundle()),
    (kinds.BUNDLE, samples.bundle(serial=2, needs=1, length=kinds.MOST_BUNDLE)),
]  # fmt: skip
AUDIT_DATA: dict[str, dict[str, Any]] = {
    "boot": {**samples.audit()["data"], "counter": 7, "open": [{"number": 1, "opening": samples.HASH, "boot": 1}]},
    "opening": {"number": 1, "opening": samples.HASH},
    "closing": {"number": 1, "manifest": samples.HASH, "state": "sealed"},
    "void": {"number": 1},
    "missing": {"number": 1},
    "quarantine": {"name": "lost+found"},
    "place": {"place": "docked", "dock": "dock-1"},
    "power": {"percent": 80, "charging": False, "celsius": None},
    "self-test": samples.tested(),
    "dock": {"dock": "dock-1", "outcome": "accepted"},
    "conflict": {"dock": "dock-1", "reason": "boot 3, but boot 4 was countersigned"},
    "private": {"last": False, "cipher": samples.extent(1), "plain": samples.extent(1)},
    "cleared": {"receipt": samples.HASH, "boot": 1, "line": 1},
    "clock": {"before_ms": -5, "after_ms": 1_790_000_000_000, "source": "dock", "drift_ppm": None},
    "settings": {"serial": 4, "hash": samples.HASH},
    "recall": {"state": "stands", "recall": samples.HASH, "reason": "lost"},
    "update": {"state": "refused", "paper": samples.HASH, "serial": 4, "version": "", "reason": "board"},
    "receipt": {"number": 1, "receipt": samples.HASH},
    "erasure": {"number": 1, "receipt": samples.HASH},
    "fault": {"code": "sync"},
    "stop": {"reason": "shutdown", "resume": True},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a payload, but to those in ``values`` and the recipients, which have rules of their
    own."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if name not in ("values", "recipients"):
            yield from places(member, (*path, name))


def replaced(payload: dict[str, Any], path: tuple[Any, ...], value: Any) -> Any:
    """The payload with another value in one place."""
    if not path:
        return value
    changed = copy.deepcopy(payload)
    inner: Any = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize(("kind", "payload"), GOOD)
def test_good(kind: Kind, payload: dict[str, Any]) -> None:
    """The samples fit, so that what other tests change is what is refused."""
    documents.check(kind, payload)


@pytest.mark.parametrize(("kind", "payload"), GOOD)
def test_members_are_exact(kind: Kind, payload: dict[str, Any]) -> None:
    """At every depth, a member that is missing, unknown, or of a type that no member has is refused."""
    for path in places(payload):
        value: Any = payload
        for name in path:
            value = value[name]
        wrong: list[Any] = [1.5, {"unknown": 1}, "\x07", -(2**53), ["unknown"]]
        if isinstance(value, dict):
            wrong += [{**value, "unknown": 1}] + [{n: v for n, v in value.items() if n != name} for name in value]
        for other in wrong:
            with pytest.raises(EvidenceError, match=f"^{kind.typ}: ."):
                documents.check(kind, replaced(payload, path, other))


@pytest.mark.parametrize("name", AUDIT_DATA)
def test_audit_kinds(name: str) -> None:
    """Each kind of audit line has its own data, and takes no other's."""
    assert AUDIT_DATA.keys() == log_kinds.AUDIT_DATA.keys()
    documents.check(log_kinds.AUDIT, samples.audit(name, AUDIT_DATA[name]))
    for path in places(AUDIT_DATA[name]):
        with pytest.raises(FormatError, match=r"^lapel.audit.1: data"):
            documents.check(log_kinds.AUDIT, samples.audit(name, replaced(AUDIT_DATA[name], path, {"unknown": 1})))


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        (kinds.FLUSH, {**FLUSH, "tracks": None}, "tracks: null for private.age"),
        (kinds.FLUSH, {**FLUSH, "until": None}, "until: null for private.age"),
        (kinds.FLUSH, {**FLUSH, "file": "private.age"}, "tracks: null for private.age"),
        (kinds.FLUSH, {**FLUSH, "file": "../000002.mp4.age"}, "file: .* name of an evidence file"),
        (kinds.FLUSH, {**FLUSH, "file": "journal.jwsl"}, "file"),
        (kinds.MANIFEST, {**MANIFEST, "files": MANIFEST["files"][::-1]}, "files: not sorted"),
        (kinds.MANIFEST, {**MANIFEST, "files": [FILE, FILE]}, "files: not sorted"),
        (
            kinds.MANIFEST,
            {**MANIFEST, "files": [{**FILE, "signed": samples.extent(99)}]},
            r"files\[0\].signed: not the whole",
        ),
        (
            kinds.MANIFEST,
            {**MANIFEST, "state": "recovered", "signed_boot": 4, "missing": [1, 0]},
            "missing: not sorted",
        ),
        (kinds.MANIFEST, {**MANIFEST, "state": "recovered"}, "signed_boot: a sealed"),
        (kinds.MANIFEST, {**MANIFEST, "signed_boot": 4}, "signed_boot: a sealed"),
        (kinds.MANIFEST, {**MANIFEST, "missing": [0]}, "missing: a sealed recording"),
        (kinds.RECEIPT, {**RECEIPT, "files": RECEIPT["files"][::-1]}, "files: not sorted"),
        (kinds.RECEIPT, {**RECEIPT, "files": [{"name": "receipt.jws", **samples.extent(1)}]}, r"files\[0\].name"),
        (kinds.SETTINGS, samples.settings(AGE[:1]), "recipients: none with the role escrow"),
        (kinds.SETTINGS, samples.settings([]), "recipients: none with the role authority or escrow"),
        (kinds.SETTINGS, samples.settings(AGE, revoked=[samples.HASH]), "revoked"),
        (kinds.SETTINGS, samples.settings(AGE, revoked=[{"hash": samples.HASH}]), "since_ms: missing"),
        (
            kinds.SETTINGS,
            samples.settings(AGE, revoked=[{"hash": samples.HASH, "since_ms": 1}] * 2),
            "revoked: not sorted",
        ),
        (
            kinds.SETTINGS,
            samples.settings(AGE, revoked=[{"hash": each * 64, "since_ms": 1} for each in "ba"]),
            "revoked: not sorted",
        ),
        (kinds.SETTINGS, samples.settings(AGE, values={"Key": 1}), "values: the name: 'Key'"),
        (kinds.SETTINGS, samples.settings(AGE, values={"key": 1.5}), "values.key: 1.5"),
        (kinds.SETTINGS, samples.settings(AGE, values={"key": []}), r"values.key: \[\]"),
    ],
)
def test_rules(kind: Kind, payload: dict[str, Any], reason: str) -> None:
    """What no table can say is held up too."""
    with pytest.raises(FormatError, match=reason):
        documents.check(kind, payload)


def test_recovered_files(pki: Pki) -> None:
    """A recovered recording may have files that are longer than what is signed, and files that lost bytes since."""
    longer, shorter = {**FILE, "signed": samples.extent(99)}, {**FILE, "signed": samples.extent(101)}
    for file in (longer, shorter):
        documents.check(kinds.MANIFEST, {**MANIFEST, "state": "recovered", "signed_boot": 4, "files": [file]})


def test_settings_recipients() -> None:
    """Settings with a malformed recipient, or with too many, are refused before anything is encrypted to them."""
    with pytest.raises(RecipientError, match=r"^lapel.settings.1: recipient 'age1ql3z.*checksum"):
        documents.check(kinds.SETTINGS, samples.settings([AGE[0][:-1] + "q", AGE[1]]))
    with pytest.raises(RecipientError, match="same key twice"):
        documents.check(kinds.SETTINGS, samples.settings([AGE[0], AGE[0]]))
    many = [{"role": "escrow", "age": AGE[0]}] * (MOST + 1)
    with pytest.raises(FormatError, match="recipients: 17 items"):
        documents.check(kinds.SETTINGS, {**samples.settings(AGE), "recipients": many})


def test_private_kinds() -> None:
    """The private part knows exactly its kinds."""
    assert set(kinds.PRIVATE) == {"assignment", "start", "bookmark", "sound", "standby", "fault", "stop"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fine", "fine"),
        ("a\nb\x00\x7f", "a?b??"),
        ("x" * 300, "x" * 256),
        ("\udcff", "?"),
        ("é\u2028\U0001f600", "é?\U0001f600"),
    ],
)
def test_words(text: str, words: str) -> None:
    """Any text, an error's or a directory's name, is made to fit a line."""
    assert kinds.words(text) == words
    kinds.WORDS(kinds.words(text), "text")


def test_verified_signer(pki: Pki, session: Session) -> None:
    """A genuine line is refused if its signer is not who the payload says, or if its table does not hold."""
    mine = {"device": "cam-1", "volume": samples.VOLUME, "clock": samples.clock()}
    good = session.sign_as_device(mine, kinds.VOLUME.typ)
    assert documents.verify(kinds.VOLUME, good, pki.trust).payload == mine
    other = session.sign_as_device({**mine, "device": "cam-2"}, kinds.VOLUME.typ)
    with pytest.raises(MismatchError, match="device: the certificate is that of 'cam-1'"):
        documents.verify(kinds.VOLUME, other, pki.trust)
    wrong = session.sign_as_device({**mine, "extra": 1}, kinds.VOLUME.typ)
    with pytest.raises(FormatError, match=r"lapel.volume.1: extra: unknown"):
        documents.verify(kinds.VOLUME, wrong, pki.trust)


def test_signing_checks_first(pki: Pki) -> None:
    """What does not fit its table is never signed."""
    dock = pki.dock
    line = documents.sign(kinds.ANCHOR, samples.anchor(), dock.sign, dock.chain.ders)
    assert documents.verify(kinds.ANCHOR, line, pki.trust).payload == samples.anchor()
    with pytest.raises(FormatError, match="nonce"):
        documents.sign(kinds.ANCHOR, samples.anchor(nonce="x"), dock.sign, dock.chain.ders)


def test_every_kind_has_its_role() -> None:
    """No object may be signed by anybody but the one who has to."""
    roles = {kind.typ: kind.role for kind, _ in GOOD}
    assert roles == {
        "lapel.opening.1": Role.SESSION,
        "lapel.flush.1": Role.SESSION,
        "lapel.manifest.1": Role.DEVICE,
        "lapel.receipt.1": Role.DOCK,
        "lapel.anchor.1": Role.DOCK,
        "lapel.log-receipt.1": Role.DOCK,
        "lapel.audit.1": Role.SESSION,
        "lapel.volume.1": Role.DEVICE,
        "lapel.settings.1": Role.SETTINGS,
        "lapel.assignment.1": Role.DOCK,
        "lapel.bundle.1": Role.UPDATE,
        "lapel.recall.1": Role.SETTINGS,
        "lapel.release.1": Role.SETTINGS,
        "lapel.consent.1": Role.RELEASE,
    }


def test_largest_manifest_fits() -> None:
    """The manifest of the longest recording fits its line."""
    files = [{**FILE, "name": f"{number:06d}.mp4.age", "length": 10**8} for number in range(kinds.MOST_FILES)]
    largest = {**MANIFEST, "state": "recovered", "signed_boot": 4, "files": files}
    documents.check(kinds.MANIFEST, largest)
    assert (
        len(jws.sign(largest, kinds.MANIFEST.typ, lambda _: bytes.fromhex("3006020101020101"), kid="k"))
        < jws.FILE_LIMIT
    )


def largest_receipt() -> dict[str, Any]:
    """For the longest recording."""
    names = [f"{number:06d}.mp4.age" for number in range(kinds.MOST_FILES - 1)]
    names += ["journal.jwsl", "manifest.jws", "manifest.pq.jws", "private.age"]
    return {**RECEIPT, "files": [{"name": name, "length": LARGEST, "hash": samples.HASH} for name in names]}


def largest_log_receipt() -> dict[str, Any]:
    """For as many files as a log may have."""
    files = [
        {"name": f"{number:08d}.private.age", "length": LARGEST, "hash": samples.HASH}
        for number in range(1, log_kinds.MOST_LOG_FILES + 1)
    ]
    return {**samples.log_receipt(), "files": files}


def largest_settings() -> dict[str, Any]:
    """With as many certificates withdrawn as may be, the most recipients, and long texts."""
    age = [AGE[0], *[AGE[1]] * (MOST - 1)]
    revoked = [{"hash": f"{number:064x}", "since_ms": 253_402_300_799_999} for number in range(kinds.MOST_REVOKED)]
    values = {f"k{number:063d}": "x" * 1024 for number in range(kinds.MOST_VALUES)}
    return {**samples.settings(age), "revoked": revoked, "values": values}


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (kinds.RECEIPT, largest_receipt),
        (log_kinds.LOG_RECEIPT, largest_log_receipt),
        (kinds.SETTINGS, largest_settings),
    ],
    ids=lambda value: value.typ if isinstance(value, Kind) else "",
)
def test_largest_paper_fits(kind: Kind, make: Callable[[], dict[str, Any]], pki: Pki) -> None:
    """The largest of what a dock hands to a camera fits its line, and has no more values than a camera parses."""
    payload = make()
    kind.table(payload, "")
    signer = pki.settings if kind is kinds.SETTINGS else pki.dock
    line = jws.sign(payload, kind.typ, signer.sign, x5c=signer.chain.ders)
    assert len(line) + 3 * 4096 * 4 // 3 < kind.limit == jws.PAPER_LIMIT  # certificates may be longer than these
    assert jws.parse(line, kind.limit).payload == payload


def test_nothing_is_signed_that_is_too_long(pki: Pki) -> None:
    """Who signs settings is told, not each camera in turn."""
    values = {"pre_event_s": "x" * jws.PAPER_LIMIT}
    with pytest.raises(FormatError, match=r"^lapel\.settings\.1: \d+ bytes, at most 2097152"):
        documents.sign(
            kinds.SETTINGS, {**samples.settings(AGE), "values": values}, pki.settings.sign, pki.settings.chain.ders
        )
