"""The tables by which firmware and independent verifier judge a payload, written apart from the same page, draw the same lines."""

from __future__ import annotations

import copy
from collections.abc import Callable, ItemsView, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.evidence import documents, jws, kinds, log_kinds, second
from firmware.evidence.certs import LARGEST, Trust
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.roles import Role
from tests import samples
from tests.evidence_maker import jose
from tests.evidence_maker.pki import Authority
from tools.dock.shifts.attribution import BY_DESK, BY_DOCK
from tools.export.derivation import DERIVED
from tools.verify import certs as desk_certs
from tools.verify import documents as desk
from tools.verify import jws as desk_jws
from tools.verify.findings import Refused
from tools.verify.signed import verify_chained

Payload = dict[str, Any]
Reader = Callable[[Payload], object]
Place = tuple[str | int, ...]

AGE = [
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
]
_FLUSH = {"number": 7, "line": 1, "prev": samples.HASH}
_CLOCK = {"clock": samples.clock()}
_SPAN = {"from": 0, "until": 90_000}
_EVENT = {**_CLOCK, "at": 0}
_NUMBERED = {"number": 7, "opening": samples.HASH}
_HANDED = {"number": 7, "receipt": samples.HASH}
_GROWN = {"last": False, "cipher": samples.extent(65_752), "plain": samples.extent(65_536)}
_WHOSE = {"device": "cam-1", "volume": samples.VOLUME, "number": 7}
_CONTINUES = {"number": 6, "opening": samples.HASH, "ended": samples.clock()}


def _kinds(table: dict[str, Payload]) -> ItemsView[str, Payload]:
    """What stands beside each kind."""
    return table.items()


PAYLOADS: list[tuple[Kind, Payload]] = [
    (kinds.OPENING, {"device": "cam-1", **samples.opening(continues=_CONTINUES)}),
    (kinds.FLUSH, _FLUSH | samples.flush()),
    (kinds.FLUSH, _FLUSH | samples.flush("private.age")),
    (kinds.MANIFEST, samples.manifest()),
    (kinds.MANIFEST, samples.manifest(state="recovered", signed_boot=4, missing=[0, 1])),
    (kinds.RECEIPT, samples.receipt()),
    (kinds.ANCHOR, samples.anchor()),
    (kinds.VOLUME, {"device": "cam-1", "volume": samples.VOLUME, **_CLOCK}),
    (kinds.SETTINGS, samples.settings(AGE, revoked=[{"hash": samples.HASH, "since_ms": 0}])),
    (log_kinds.LOG_RECEIPT, samples.log_receipt()),
    (
        DERIVED,
        {
            **_WHOSE,
            "opening": samples.HASH,
            "manifest": samples.HASH,
            "span": _SPAN,
            "asked": _SPAN,
            "silenced": [_SPAN],
            "film": samples.extent(9),
            "reason": "disclosure",
            "desk": "desk-1",
            "tool": "lapel export 1.0.0",
            "utc_ms": 1_790_000_000_000,
        },
    ),
    *(
        (
            kind,
            {
                **_WHOSE,
                "manifest": samples.HASH,
                "shift": "S-1",
                "reason": "x",
                "dock": "dock-1",
                "desk": "desk-1",
                "utc_ms": 1_790_000_000_000,
            },
        )
        for kind in (BY_DOCK, BY_DESK)
    ),
    (log_kinds.AUDIT, samples.audit()),
    *(
        (log_kinds.AUDIT, samples.audit(kind, data))
        for kind, data in _kinds(
            {
                "opening": _NUMBERED,
                "closing": {"number": 7, "manifest": samples.HASH, "state": "sealed"},
                "void": {"number": 7},
                "missing": {"number": 7},
                "quarantine": {"name": "x"},
                "place": {"place": "docked", "dock": "dock-1"},
                "power": {"percent": 50, "charging": True, "celsius": 20},
                "self-test": samples.tested(),
                "dock": {"dock": "dock-1", "outcome": "accepted"},
                "conflict": {"dock": "dock-1", "reason": "x"},
                "clock": {"before_ms": 0, "after_ms": 1, "source": "dock", "drift_ppm": -7},
                "settings": {"serial": 1, "hash": samples.HASH},
                "recall": {"state": "recalled", "recall": samples.HASH, "reason": "x"},
                "update": {"state": "offered", "paper": samples.HASH, "serial": 1, "version": "x", "reason": "x"},
                "receipt": _HANDED,
                "erasure": _HANDED,
                "private": _GROWN,
                "cleared": {"receipt": samples.HASH, "boot": 2, "line": 9},
                "fault": {"code": "x"},
                "stop": {"reason": "x", "resume": False},
            }
        )
    ),
]
RECORDS: list[Payload] = [
    {**_EVENT, "kind": kind, **more}
    for kind, more in _kinds(
        {
            "assignment": {"shift": "shift-1"},
            "start": {"trigger": "button", "press": samples.clock()},
            "bookmark": {"label": "x"},
            "sound": {"state": "off"},
            "standby": {"began": samples.clock(), "ended": samples.clock()},
            "fault": {"text": "x"},
            "stop": {"reason": "officer"},
        }
    )
]
LOG_RECORDS: list[Payload] = [
    {**_CLOCK, "kind": kind, **more}
    for kind, more in _kinds(
        {
            "shift": {"shift": "shift-1"},
            "press": {"button": "record", "gesture": "tap"},
            "trigger": {"name": "x"},
            "state": {"state": "idle", "was": "starting", "event": "press"},
            "mute": {"on": True},
            "hush": {"on": True},
            "standby": {"on": True},
            "refused": {"reason": "x"},
            "latency": {"number": 7, "starting_ms": 3, "recording_ms": 310},
            "dropped": {"count": 1},
        }
    )
]

_LIMITS = (
    0,
    1,
    8,
    16,
    100,
    200,
    240,
    8_000,
    16_384,
    192_000,
    999_999,
    1_000_000,
    99_999_999,
    253_402_300_799_999,
    2**53 - 1,
)
_NUMBERS = sorted({sign * limit + step for limit in _LIMITS for sign in (1, -1) for step in (-1, 0, 1)})
_LENGTHS = [size + step for size in (0, 1, 32, 48, 64, 256, 4096) for step in (0, 1)]
_CHARACTERS = [
    chr(each) for each in (0, 0xA, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x85, 0x9F, 0xA0, 0xAD, 0x2028, 0xFEFF, 0x10FFFF)
]
_TEXTS = [
    *("a" * size for size in _LENGTHS),
    *(f"a{character}" for character in _CHARACTERS),
    samples.HASH[:-1] + "A",
    samples.HASH + "\n",
    samples.VOLUME,
    *("999999.mp4.age", "1000000.mp4.age", "private.age", "journal.jwsl", "manifest.jws", "manifest.pq.jws"),
    *("receipt.jws", "00000001.jwsl", "00000001.private.age", "000001.mp4.age\n", "٠٠٠٠٠٠.mp4.age"),
    *("sealed", "recovered", "dock", "rtc", "unset", "tpm2", "software", "firmware", "boot"),
]
VALUES: list[Any] = [None, True, False, 0.5, [], {}, [[]], [None], *_NUMBERS, *_TEXTS]


def places(value: object, here: Place = ()) -> Iterator[Place]:
    """Every place in a payload, with the payload itself."""
    yield here
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*here, key))


def at(payload: object, place: Place) -> Any:
    """What stands at a place."""
    for step in place:
        payload = payload[step]  # type: ignore[index]  # the place comes from this payload
    return payload


def replaced(payload: Payload, place: Place, value: object) -> Payload:
    """The payload with something else at a place; the rest is shared."""
    top = inside = copy.copy(payload)
    for step in place[:-1]:
        inside[step] = copy.copy(inside[step])  # type: ignore[index]  # the place comes from this payload
        inside = inside[step]  # type: ignore[index]  # JSON: whatever the place leads through
    inside[place[-1]] = value  # type: ignore[index]  # JSON: whatever the place leads through
    return top


def borderline(payload: Payload) -> Iterator[tuple[Place, Payload]]:
    """The payload, and with every change that a table might draw its line at, one at a time."""
    yield (), payload
    for place in places(payload):
        if place:
            yield from ((place, replaced(payload, place, value)) for value in VALUES)
        there = at(payload, place)
        if isinstance(there, dict):
            for name in there:
                yield place, changed(payload, place, {key: each for key, each in there.items() if key != name})
            for name in ("more", "a" * 64, "a" * 65, "A", ""):
                yield place, changed(payload, place, {**there, name: "x"})
            yield place, changed(payload, place, {**there, **{f"n{number}": 0 for number in range(253)}})
        elif isinstance(there, list):
            for other in (there[::-1], there[:1], there * 2, there[:1] * 16, there[:1] * 17, there[:1] * 201):
                yield place, changed(payload, place, other)


def changed(payload: Payload, place: Place, value: Any) -> Payload:
    """As ``replaced``, also for the payload itself."""
    return replaced(payload, place, value) if place else value


def takes(reader: Reader, payload: Payload) -> bool:
    """Whether a reader takes it; each refuses in its own words."""
    try:
        reader(payload)
    except (EvidenceError, Refused):
        return False
    return True


def compare(ours: Reader, theirs: Reader, payload: Payload) -> None:
    """Both say the same of every borderline payload, but for what one of them judges elsewhere, and then it is the camera that refuses:
    the verifier decodes no recipients, and says of each file where it looks at it that a sealed recording's manifest signs other bytes."""
    assert takes(ours, payload)
    for place, each in borderline(payload):
        mine, desks = takes(ours, each), takes(theirs, each)
        elsewhere = "recipients" in place or (payload.get("state") == "sealed" and place[:1] == ("files",))
        assert (mine <= desks) if elsewhere else (mine is desks), (place, at(each, place), mine, desks)


@pytest.mark.parametrize(
    ("kind", "payload"), PAYLOADS, ids=[f"{kind.typ}-{number}" for number, (kind, _) in enumerate(PAYLOADS)]
)
@pytest.mark.no_cover
def test_tables_agree(kind: Kind, payload: Payload) -> None:
    """Whatever one reader takes of a signed object, the other takes too, to the last number and character."""
    compare(partial(documents.check, kind), partial(desk.check_payload, kind.typ), payload)


def test_tables_of_what_stands_in_no_kind_agree() -> None:
    """The same for second signatures and both private parts."""
    line = {**_WHOSE, "manifest": samples.HASH}
    compare(lambda each: second.TABLE(each, ""), partial(desk.check_payload, second.TYP), line)
    for record in RECORDS:
        compare(lambda each: kinds.PRIVATE[record["kind"]](each, ""), desk.check_private, record)  # noqa: B023  # called at once
    for record in LOG_RECORDS:
        compare(
            lambda each: log_kinds.LOG_PRIVATE[record["kind"]](each, ""),  # noqa: B023  # called at once
            partial(desk.check_private, kinds=desk.LOG_PRIVATE_KINDS),
            record,
        )


def test_every_table_is_compared() -> None:
    """No object and no kind of line that the verifier knows is left out above."""
    assert {kind.typ for kind, _ in PAYLOADS} | {second.TYP} == {*desk.PAYLOADS, desk.AUDIT}
    assert (
        {each["kind"] for kind, each in PAYLOADS if kind is log_kinds.AUDIT}
        == {*desk.AUDIT_KINDS}
        == {*log_kinds.AUDIT_DATA}
    )
    assert {each["kind"] for each in RECORDS} == {*desk.PRIVATE_KINDS} == {*kinds.PRIVATE}
    assert {each["kind"] for each in LOG_RECORDS} == {*desk.LOG_PRIVATE_KINDS} == {*log_kinds.LOG_PRIVATE}


OURS = Authority()
TRUST = Trust.load(OURS.root_pem), desk_certs.Trust(desk_certs.load_root(OURS.root_pem))
SIGNERS = {
    Role.DOCK: (OURS.dock, desk_certs.Role.DOCK),
    Role.DEVICE: (OURS.device("cam-1"), desk_certs.Role.DEVICE),
    Role.SETTINGS: (OURS.settings, desk_certs.Role.SETTINGS),
    Role.EXPORT: (OURS.desk, desk_certs.Role.EXPORT),
}
SIGNED = [(kind, payload) for kind, payload in PAYLOADS if kind.role in SIGNERS]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([each for each in VALUES if not isinstance(each, float)])
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=100)
@given(st.data())
def test_signed_payloads_are_judged_alike(data: st.DataObject) -> None:
    """A payload with anything in up to two places, signed by who may: both readers take the line, or both refuse it."""
    kind, payload = data.draw(st.sampled_from(SIGNED))
    for _ in range(data.draw(st.integers(1, 2))):
        inside = [each for each in places(payload) if each and each[0] not in ("recipients", "files")]
        payload = replaced(payload, data.draw(st.sampled_from(inside)), data.draw(_JSON))
    who, role = SIGNERS[kind.role]
    line = jose.sign(payload, kind.typ, who, chained=True)
    ours, theirs = TRUST
    signer = kind.signer is None or payload.get(kind.signer) == who.name
    mine = takes(lambda _: documents.verify(kind, line, ours), payload)
    desks = takes(lambda _: verify_chained(line, kind.typ, role, theirs), payload)
    assert mine is (desks and signer)  # whose name it is the verifier's readers ask, each in its place


def test_limits_are_those_of_the_page() -> None:
    """The longest certificate, line and header are the same for both."""
    assert (LARGEST, jws.LINE_LIMIT, jws.FILE_LIMIT) == (desk_certs.MAX_DER, desk_jws.MAX_LINE, desk_jws.MAX_JWS)
    assert jws.PAPER_LIMIT == desk_jws.MAX_PAPER
    assert {kind.typ for kind, _ in SIGNED if kind.limit == jws.PAPER_LIMIT} == desk.PAPERS
    assert jws.HEADER_LIMIT == desk_jws.MAX_HEADER
