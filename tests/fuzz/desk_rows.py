"""The parsers of the desk: the independent verifier's, and what a dock tells of itself."""

from __future__ import annotations

import io
import json
import os
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import asdict, astuple, replace
from functools import cache
from pathlib import Path
from random import Random

from cryptography import x509

from tests.evidence_maker import RECIPIENTS, mp4
from tests.evidence_maker.agefile import CHUNK
from tests.fuzz import mutators, resigning, seeds, signing, trees
from tests.fuzz.target import Bound, Target
from tools.dock.face import roster
from tools.dock.planning.measured import MeasuredError, calibrate, forecast, read_run
from tools.panel import views
from tools.panel.orders import OrderError, read_order
from tools.panel.ranges import UnsatisfiableError, wanted
from tools.panel.viewer import MESSAGE_BYTES
from tools.provision.factory.ledger import COLUMNS, Entry, Ledger
from tools.provision.files import ProvisionError
from tools.scenario import read as scenario
from tools.scenario.read import FOLDER, ScenarioError
from tools.verify import age, audit, canonical, certs, documents, hybrid, journal, jws, manifest, nal, receipt, second
from tools.verify.findings import Problems, Refused
from tools.verify.fragments import SegmentReader
from tools.verify.movie import read_movie
from tools.verify.onvif import judge_stream
from tools.verify.onvif_sei import read_sei
from tools.verify.private import read_private
from tools.verify.signed import verify_chained
from tools.verify.timestamp import parse_stamp

_ROLES = tuple(certs.Role)[1:]
_KEYED = Bound(2 << 20, 64)
_JWS_FILE = Bound(8 << 20, 64)  # room for the longest is set aside before one is read


@cache
def _trust() -> certs.Trust:
    return certs.Trust(certs.load_root(signing.authority().root_pem))


@cache
def _scratch(_process: int) -> Path:
    return Path(tempfile.mkdtemp(prefix="lapel-fuzz-"))


def _sei(data: bytes) -> None:
    """A NAL unit, alone and in a stream."""
    judge_stream([memoryview(data)], _trust())
    read_sei(data)


def _sample(data: bytes) -> None:
    for unit in nal.split(data):
        nal.raw(unit)
        nal.is_first_slice(unit)


def _ledger(data: bytes) -> None:
    """The list of enrolled cameras."""
    path = _scratch(os.getpid()) / "cameras.csv"
    path.write_bytes(data)
    Ledger(path)


_CAMERA = Entry(
    "2026-11-30T22:48:17Z", "enrolled", "cam-1", "sim-1", "sim", "0.1.0", "tpm2", "usb", "ab" * 32, "cd" * 32
)


def _settings(data: bytes) -> None:
    verify_chained(data.removesuffix(b"\n"), documents.SETTINGS, certs.Role.SETTINGS, _trust())


def _derived(data: bytes) -> None:
    verify_chained(data.removesuffix(b"\n"), documents.DERIVED, certs.Role.EXPORT, _trust())


@cache
def _again() -> tuple[manifest.Manifest, x509.Certificate]:
    """The manifest that is signed twice, and the root of second signatures."""
    folder = _laid(manifest.NAME, seeds.recording("manifest.jws"))
    return manifest.read_manifest(folder, _trust()), second.load_root(resigning.pq_root().pem)


def _second(data: bytes) -> None:
    """The manifest names whatever certificate is in there, so that it is looked at."""
    once, root = _again()
    named = replace(once, payload={**once.payload, "second": resigning.named(data)})
    second.read_second(_laid(second.NAME, data), named, root)


def _hybrid(data: bytes) -> None:
    hybrid.unwrap(
        age.read_header(_laid("x.age", data) / "x.age").stanzas, [hybrid.read_identity(seeds.hybrid_key().decode())]
    )


def _laid(name: str, data: bytes) -> Path:
    """A folder with this one file in it."""
    folder = _scratch(os.getpid())
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return folder


def _chain(data: bytes) -> None:
    role = _ROLES[data[0] % len(_ROLES)] if data else certs.Role.DEVICE
    certs.verify_chain(signing.split_chain(data[1:]), role, _trust())


def _journal(data: bytes) -> None:
    journal.read_journal(_laid(journal.NAME, data), _trust(), Problems())


def _audit(data: bytes) -> None:
    audit.read_audit(_laid("audit/00000001.jwsl", data), _trust(), Problems())


def _volume(data: bytes) -> None:
    verify_chained(data.removesuffix(b"\n"), documents.VOLUME, certs.Role.DEVICE, _trust())


def _payload(data: bytes) -> None:
    """An object of any type and any audit or private kind, whoever would have signed it."""
    value = canonical.decode(data[1:])
    typs = [*documents.PAYLOADS, documents.AUDIT]
    which = (data[0] if data else 0) % (len(typs) + 1)
    if which == len(typs):
        documents.check_private(value)
    else:
        documents.check_payload(typs[which], value)


def _payload_mutated(data: bytes, draw: Random) -> bytes:
    return data[:1] + mutators.json_object(data[1:], draw)


def _payloads() -> list[bytes]:
    found = []
    lines = [
        seeds.recording("manifest.jws"),
        seeds.recording("receipt.jws"),
        seeds.volume()["anchor.jws"],
        seeds.volume()["volume.jws"],
        *seeds.recording("journal.jwsl").split(b"\n")[:2],
        *(row for file in seeds.audit_files() for row in file.splitlines()),
    ]
    typs = [*documents.PAYLOADS, documents.AUDIT]
    for line in lines:
        header, payload = signing.take_apart(line) or ({}, {})
        found.append(bytes((typs.index(header["typ"]),)) + mutators.canonical(payload))
    return [*found, *(bytes((len(typs),)) + row for row in seeds.private_rows())]


def _private(data: bytes) -> None:
    """Entries without their padding, which is put in here: the first byte says where not."""
    rows = [row + b" " * (-(len(row) + 1) % CHUNK) + b"\n" for row in data[1:].split(b"\n") if row]
    padded = b"".join(rows) if data[:1] != b"\1" else data[1:]
    read_private(padded, last=data[:1] == b"\2")


def _private_mutated(data: bytes, draw: Random) -> bytes:
    rows = data[1:].split(b"\n")
    at = draw.randrange(len(rows))
    rows[at] = mutators.json_object(rows[at], draw)
    return data[:1] + b"\n".join(rows)


def _segment(data: bytes) -> None:
    """A flush without its padding, which is put in here, but where the first byte says not."""
    flush = data[1:] if data[:1] == b"\1" else mp4.padded(data[1:])
    reader = SegmentReader()
    reader.read(flush, last=False)
    reader.read(mp4.CLOSING, last=True)


def _segment_mutated(data: bytes, draw: Random) -> bytes:
    return data[:1] + trees.BOXES.mutate(data[1:], draw)


def _header(data: bytes) -> None:
    age.read_header(_laid("x.age", data) / "x.age")


@cache
def _keys() -> tuple[age.Key, ...]:
    return age.load_keys([_laid("key", RECIPIENTS[0].key_file.encode()) / "key"])


def _decrypt(data: bytes) -> None:
    age.decrypt(_laid("x.age", data) / "x.age", _keys(), io.BytesIO())


def _load_keys(data: bytes) -> None:
    age.load_keys([_laid("keys", data) / "keys"])


def _age_file() -> list[bytes]:
    return [seeds.recording("000000.mp4.age")[:2000]]


def _file(name: str) -> Callable[[], list[bytes]]:
    return lambda: [seeds.recording(name)]


def _dock_log(data: bytes) -> None:
    """A dock's event log, as far as it leads: to rates, and to a forecast."""
    run = read_run(_laid("dock.jsonl", data) / "dock.jsonl")
    forecast(calibrate(run), run)


def _dock_logs() -> list[bytes]:
    told = [
        ("accepted", 1000, {}),
        ("stock", 2000, {"items": 1, "size": 9_000_000}),
        ("progress", 3000, {"done": 4_000_000, "total": 9_000_000}),
        ("progress", 5000, {"done": 9_000_000, "total": 9_000_000}),
        ("done", 5100, {"items": 1}),
    ]
    lines = [
        json.dumps({"event": kind, "device": f"cam-{which}", "slot": "", "utc_ms": at + 900 * which, **facts})
        for which in range(2)
        for kind, at, facts in told
    ]
    return ["".join(f"{line}\n" for line in lines).encode()]


def _undockings() -> list[bytes]:
    kept = roster.Undocking("cam-1", "A1", 1_790_000_000_000, early=True, text="too early: battery 3 %", missing=0)
    return [json.dumps(asdict(kept), sort_keys=True).encode() + b"\n"]


def _line_mutated(data: bytes, draw: Random) -> bytes:
    """One of the lines changed as the object that it is, at times put elsewhere."""
    lines = data.split(b"\n")
    at = draw.randrange(len(lines))
    lines[at] = mutators.json_object(lines[at], draw)
    if not draw.randrange(4):
        lines.insert(draw.randrange(len(lines)), lines.pop(at))
    return b"\n".join(lines)


def _scenarios() -> list[bytes]:
    """One that says everything, and the shortest one of ours."""
    whole = {
        "title": "T", "words": "W", "about_s": 10, "cameras": 2, "settings": {"hush_allowed": True, "remind_s": 30},
        "steps": [
            {"camera": "cam-2", "press": "record", "bounces": 3},
            {"hold": "function", "seconds": 3.5},
            {"fault": "video", "kind": "stall", "with": {"seconds": 3}},
            {"wait": {"light": "recording", "ring_s": 2.5, "shift": True, "cue": "started"}, "within": 3},
            {"switch": "lens-covered", "on": False},
        ],
        "recordings": [{"verdict": "whole", "least_s": 2, "marked": True, "says": ["officer"]}],
    }  # fmt: skip
    return [_toml(whole), (FOLDER / "cell-door.toml").read_bytes()]


def _toml(content: object) -> bytes:
    """TOML with every list and table in one line; what is no table, and what TOML has no word for, comes out as something that is none."""
    if not isinstance(content, dict):
        return _inline(content).encode("utf-8", "surrogatepass")
    lines = [f"{json.dumps(key)} = {_inline(value)}\n" for key, value in content.items()]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _scenario_mutated(data: bytes, draw: Random) -> bytes:
    """One value changed; of what is no TOML any more one byte or several."""
    try:
        content = tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return mutators.plain(data, draw)
    return _toml(mutators.tree(content, draw))


ROWS: tuple[Target, ...] = (
    Target(
        "desk/canonical-json",
        canonical.decode,
        (Refused,),
        lambda: [mutators.canonical(seeds.settings())],
        mutators.json_object,
    ),
    Target("desk/base64url", canonical.base64url, (Refused,), lambda: [b"AAEC_-8", b"Zg"], longest=512),
    Target(
        "desk/jws",
        lambda data: jws.parse(data, jws.MAX_LINE),
        (Refused,),
        lambda: [seeds.settings_line()],
        signing.signed,
    ),
    Target("desk/payload", _payload, (Refused,), _payloads, _payload_mutated),
    Target("desk/certificates", _chain, (Refused,), seeds.chains, signing.chain, bound=_KEYED),
    Target("desk/root", certs.load_root, (Refused,), seeds.certificates_pem, trees.pem, bound=_KEYED),
    Target("desk/journal", _journal, (), seeds.journal, signing.lines, 16384, _KEYED),
    Target("desk/audit", _audit, (), seeds.audit_files, signing.lines, 24576, _KEYED),
    Target(
        "desk/manifest",
        lambda data: manifest.read_manifest(_laid(manifest.NAME, data), _trust()),
        (Refused,),
        _file("manifest.jws"),
        signing.signed,
        bound=_JWS_FILE,
    ),
    Target(
        "desk/receipt",
        lambda data: receipt.read_receipt(_laid(receipt.NAME, data), _trust()),
        (Refused,),
        _file("receipt.jws"),
        signing.signed,
        bound=_JWS_FILE,
    ),
    Target(
        "desk/anchor",
        lambda data: receipt.read_anchor(_laid(receipt.ANCHOR_NAME, data), _trust()),
        (Refused,),
        lambda: [seeds.volume()["anchor.jws"]],
        signing.signed,
        bound=_JWS_FILE,
    ),
    Target(
        "desk/log-receipt",
        lambda data: receipt.read_log_receipt(_laid(receipt.LOG_NAME, data) / receipt.LOG_NAME, _trust()),
        (Refused,),
        lambda: [seeds.log_receipt_line() + b"\n"],
        signing.signed,
        bound=_JWS_FILE,
    ),
    Target(
        "desk/second-signature",
        _second,
        (Refused,),
        lambda: [seeds.second_line() + b"\n"],
        resigning.second,
        24576,
        _JWS_FILE,
    ),
    Target(
        "desk/attribution",
        lambda data: verify_chained(data.removesuffix(b"\n"), documents.ATTRIBUTION, certs.Role.DOCK, _trust()),
        (Refused,),
        lambda: [seeds.attribution_line() + b"\n"],
        signing.signed,
        bound=_KEYED,
    ),
    Target("desk/derived", _derived, (Refused,), lambda: [seeds.derived_line() + b"\n"], signing.signed, bound=_KEYED),
    Target("desk/volume", _volume, (Refused,), lambda: [seeds.volume()["volume.jws"]], signing.signed, bound=_KEYED),
    Target(
        "desk/private-part",
        _private,
        (Refused,),
        lambda: [b"\0" + b"\n".join(seeds.private_rows()), b"\2" + seeds.private_rows()[0]],
        _private_mutated,
        bound=Bound(4 << 20, 1024),
    ),
    Target("desk/segment", _segment, (Refused,), lambda: [b"\0" + seeds.fragments()], _segment_mutated, 32768, _KEYED),
    Target(
        "desk/film",
        lambda data: read_movie(io.BytesIO(data)),
        (Refused,),
        lambda: [seeds.film()],
        trees.BOXES.mutate,
        32768,
    ),
    Target("desk/nal-units", _sample, (Refused,), lambda: [seeds.sample()]),
    Target("desk/onvif-sei", _sei, (Refused,), seeds.seis, resigning.sei, bound=_KEYED),
    Target(
        "desk/time-stamp",
        lambda data: parse_stamp(data, resigning.STAMPED),
        (Refused,),
        seeds.stamps,
        resigning.stamp,
        bound=_KEYED,
    ),
    Target(
        "desk/settings", _settings, (Refused,), lambda: [seeds.settings_line() + b"\n"], signing.signed, bound=_KEYED
    ),
    Target("desk/age-header", _header, (Refused,), _age_file),
    Target("desk/age-file", _decrypt, (Refused,), _age_file),
    Target("desk/pq-header", _hybrid, (Refused,), lambda: [seeds.hybrid_header()]),
    Target(
        "desk/pq-key",
        lambda data: hybrid.read_identity(data.decode("latin-1")),
        (Refused,),
        lambda: [seeds.hybrid_key()],
        longest=512,
    ),
    Target("desk/dock-log", _dock_log, (MeasuredError,), _dock_logs, _line_mutated, bound=_KEYED),
    Target("desk/undockings", lambda data: [*roster.taken_out(data)], (), _undockings, _line_mutated),
    Target(
        "desk/scenario",
        lambda data: scenario.read(data, "x"),
        (ScenarioError,),
        _scenarios,
        _scenario_mutated,
        bound=_KEYED,
    ),
    Target(
        "desk/panel-order",
        lambda data: read_order(data.decode("utf-8", "replace")),
        (OrderError,),
        lambda: [
            b'{"id":1,"do":"tap","camera":"cam-1","button":"record","ms":80,"bounces":2}',
            b'{"id":2,"do":"fault","camera":"cam-1","part":"video","kind":"stall","with":{"seconds":3}}',
            b'{"id":3,"do":"dock","camera":"cam-1","slot":null}',
        ],
        mutators.json_object,
        longest=MESSAGE_BYTES,
    ),
    Target(
        "desk/range",
        lambda data: wanted(data.decode("latin-1"), 1000),
        (UnsatisfiableError,),
        lambda: [b"bytes=0-99", b"bytes=-10", b"bytes=990-"],
        longest=256,
    ),
    Target(
        "desk/shown-log-line",
        lambda data: views.log("cam-1", {"file": "00000001.jwsl", "line": data.decode("ascii", "replace")}),
        (),
        lambda: [line for file in seeds.audit_files() for line in file.splitlines()[:3]],
        signing.signed,
        bound=_KEYED,
    ),
    Target("desk/age-keys", _load_keys, (Refused,), lambda: [RECIPIENTS[0].key_file.encode()]),
    Target(
        "desk/cameras",
        _ledger,
        (ProvisionError,),
        lambda: [
            ",".join(COLUMNS).encode() + b"\n" + b",".join(str(each).encode() for each in astuple(_CAMERA)) + b"\n"
        ],
    ),
)
