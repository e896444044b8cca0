"""An authority: who certifies cameras and docks, whom footage is encrypted to, which settings hold."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firmware import settings
from firmware.evidence import documents, jws, second
from firmware.evidence.certs import Certificate, Trust, read_certificate, read_pem, write_pem
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError, FormatError, KeyFileError
from firmware.evidence.issue import issue, issue_root
from firmware.evidence.keys import PrivateKey, PublicKey, hash_of, key_pem, load_key, new_key, software_sign
from firmware.evidence.kinds import SETTINGS, TIME_WORD
from firmware.evidence.roles import FOREVER, SHAPES, Role
from firmware.evidence.schema import PLAIN
from firmware.evidence.settings_doc import verify_settings
from firmware.evidence.timetoken import stamper
from tools.provision import files, pqroot
from tools.provision.agekeys import AgeKey
from tools.provision.files import ProvisionError

SETTINGS_FILE = "settings.jws"
ISSUED = "issued"
OWN_ROLES = (Role.ROOT, Role.DEVICE_CA, Role.DOCK_CA, Role.SETTINGS, Role.EXPORT, Role.UPDATE)
KEY_ROLES = ("authority", "escrow")
TITLES: Mapping[Role, str] = {
    Role.DEVICE: "device",
    Role.DOCK: "dock",
    Role.EXPORT: "desk",
    Role.UPDATE: "update",
    Role.RELEASE: "release",
}
"""Who is enrolled: what its files and its place in the register are called."""

Recipients = Sequence[tuple[str, str]]
"""Role and age public key."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What new settings change: values by key; recipients, which replace those of their roles; fingerprints,
    ``device/NAME``, ``dock/NAME``, ``update/NAME`` or ``update`` (the authority's own update signer) to withdraw, and from when on what
    they sign counts for nothing (milliseconds since 1970; None: from now on, or, where that is settled already, as it was)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    recipients: Recipients = ()
    revoke: Sequence[str] = ()
    since_ms: int | None = None

    def __bool__(self) -> bool:
        return bool(self.values or self.recipients or self.revoke)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority's directory, opened.  ``settings`` are those in force; ``pq_root`` is who certifies second signatures,
    None before the first one was asked for."""

    directory: Path
    certificates: Mapping[Role, Certificate]
    keys: Mapping[Role, PrivateKey] = field(repr=False)
    settings: jws.Signed = field(repr=False)
    pq_root: second.Issuer | None = field(default=None, repr=False)

    @classmethod
    def open(cls, directory: Path) -> Authority:
        """Read an authority; ``ProvisionError`` says what is wrong with the directory."""
        missing = [name for name in _own_files() if not (directory / name).is_file()]
        if missing:
            raise ProvisionError(
                f"{directory} is no authority, {missing[0]} is missing: make one with 'lapel provision authority {directory}'"
            )
        try:
            trust = Trust.load((directory / "root.crt.pem").read_bytes())
            certificates = {Role.ROOT: trust.root}
            keys = {}
            for role in OWN_ROLES:
                if role is not Role.ROOT:
                    der = _one_certificate(directory / f"{role}.crt.pem")
                    certificates[role] = read_certificate(der, role, trust.root, f"{role}.crt.pem")
                keys[role] = load_key((directory / f"{role}.key.pem").read_bytes())
                if keys[role].public_key() != certificates[role].key:
                    raise KeyFileError(f"{role}.key.pem: not the key of {role}.crt.pem")
            line = jws.from_file((directory / SETTINGS_FILE).read_bytes(), SETTINGS_FILE)
            return cls(directory, certificates, keys, verify_settings(line, trust), pqroot.load(directory))
        except EvidenceError as error:
            raise ProvisionError(f"{directory} cannot be used: {error}") from None

    @property
    def name(self) -> str:
        """The authority's name."""
        name: str = self.settings.payload["authority"]
        return name

    @property
    def root_pem(self) -> bytes:
        """The root certificate, which everybody who verifies anything needs."""
        return write_pem([self.certificates[Role.ROOT].der])

    @property
    def settings_file(self) -> bytes:
        """``settings.jws``."""
        return self.settings.line + b"\n"

    def certify(self, role: Role, name: str, key: PublicKey, until: datetime = FOREVER) -> tuple[bytes, ...]:
        """Issue a certificate for a name that none of this role has yet; the chain in DER, leaf first, without the
        root."""
        if not re.fullmatch(r"[a-z0-9-]{1,32}", name):
            raise ProvisionError(f"{name[:80]!r} cannot be a name: 1 to 32 of a-z 0-9 -")
        if self.registered(role, name).exists():
            raise ProvisionError(
                f"the {TITLES[role]} {name} was enrolled before, and a name is given once: choose another"
            )
        parent = SHAPES[role].parent or Role.ROOT
        leaf = issue(role, name, key, self.certificates[parent], software_sign(self.keys[parent]), until)
        above = () if parent is Role.ROOT else (self.certificates[parent].der,)
        return (leaf.der, *above)

    def remember(self, role: Role, name: str, ders: Sequence[bytes]) -> None:
        """Enter a certificate into the register, once it was handed out."""
        path = self.registered(role, name)
        files.make_directory(path.parent)
        files.write_new(path, write_pem(ders[:1]))

    def certify_again(self, device: str) -> tuple[Authority, second.SecondKey]:
        """Make and certify the key with which an enrolled camera signs its manifests again; the first one makes the
        post-quantum root."""
        if not self.registered(Role.DEVICE, device).exists():
            raise ProvisionError(f"the camera {device} was never enrolled: 'lapel provision device {device}' does that")
        if self._second(device).exists():
            raise ProvisionError(f"the camera {device} has a key for second signatures already")
        issuer, authority = self.pq_root, self
        if issuer is None:
            issuer = pqroot.create(self.name, self.certificates[Role.ROOT].not_before)
            files.write_all(self.directory, pqroot.contents(issuer))
            authority = replace(self, pq_root=issuer)
        return authority, issuer.enrol(device)

    def remember_again(self, key: second.SecondKey) -> None:
        """Enter its certificate into the register."""
        files.make_directory(self._second(key.device).parent)
        files.write_new(self._second(key.device), key.pem)

    def change_settings(self, changes: Changes, now: datetime | None = None) -> Authority:
        """Sign new settings, with the next serial, and put them in the place of the old ones."""
        old = self.settings.payload
        roles = {role for role, _ in changes.recipients}
        kept = [(each["role"], each["age"]) for each in old["recipients"] if each["role"] not in roles]
        now_ms = _utc_ms(now or datetime.now(UTC))
        revoked = {each["hash"]: each["since_ms"] for each in old["revoked"]}
        for each in map(self._fingerprint, changes.revoke):
            revoked[each] = revoked.get(each, now_ms) if changes.since_ms is None else changes.since_ms
        payload = {
            **old,
            "serial": old["serial"] + 1,
            "utc_ms": now_ms,
            "recipients": _recipients([*kept, *changes.recipients]),
            "revoked": [{"hash": each, "since_ms": revoked[each]} for each in sorted(revoked)],
            "values": {**old["values"], **changes.values},
        }
        signed = _sign_settings(payload, self.keys[Role.SETTINGS], self.certificates)
        files.replace(self.directory / SETTINGS_FILE, signed.line + b"\n")
        return replace(self, settings=signed)

    @property
    def trust(self) -> Trust:
        """What it is believed by."""
        return Trust(self.certificates[Role.ROOT])

    def sign_order(self, kind: Kind, payload: Mapping[str, Any]) -> bytes:
        """An order about one camera, a line without LF."""
        try:
            return documents.sign(
                kind, payload, software_sign(self.keys[Role.SETTINGS]), [self.certificates[Role.SETTINGS].der]
            )
        except EvidenceError as error:
            raise ProvisionError(f"this cannot be signed: {error}") from None

    def sign_time(self, nonce: str, now: datetime | None = None) -> bytes:
        """The authority's word for the time over a camera's nonce, a line without LF."""
        payload = {"nonce": nonce, "utc_ms": _utc_ms(now or datetime.now(UTC))}
        sign = software_sign(self.keys[Role.SETTINGS])
        return documents.sign(TIME_WORD, payload, sign, [self.certificates[Role.SETTINGS].der])

    def registered(self, role: Role, name: str) -> Path:
        """Where the register has a certificate."""
        return self.directory / ISSUED / TITLES[role] / f"{name}.crt.pem"

    def _second(self, device: str) -> Path:
        """Where the register has a certificate for second signatures."""
        return self.directory / ISSUED / "device-pq" / f"{device}.crt.pem"

    def _fingerprint(self, what: str) -> str:
        """The fingerprint of a certificate that is named by its place in the register, or by its fingerprint."""
        if re.fullmatch(r"[0-9a-f]{64}", what):
            return what
        if what == Role.UPDATE:
            return self.certificates[Role.UPDATE].fingerprint
        path = self.directory / ISSUED / f"{what}.crt.pem"
        if not (re.fullmatch(r"(device|device-pq|dock|desk|update|release)/[a-z0-9-]+", what) and path.is_file()):
            raise ProvisionError(
                f"{what[:80]} was never enrolled: name it as device/NAME, dock/NAME, update/NAME, release/NAME or by its fingerprint"
            )
        return hash_of(_one_certificate(path))


def create_authority(
    directory: Path,
    name: str,
    changes: Changes | None = None,
    now: datetime | None = None,
    *,
    post_quantum: bool = False,
) -> Authority:
    """Make an authority with fresh keys in a new directory, whole or not at all.

    For each of the roles ``authority`` and ``escrow`` that ``changes`` bring no recipient for, an age key pair is made:
    X25519, or with ``post_quantum`` of age's hybrid class, and then a post-quantum root, too.  A mixture of the classes
    is refused.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ProvisionError(
            f"{directory} is there and not empty, and an authority is never overwritten: choose another"
        )
    if not re.fullmatch(f"{PLAIN}{{1,48}}", name):
        raise ProvisionError(f"{name[:80]!r} cannot be an authority's name: 1 to 48 characters, no control characters")
    now = (now or datetime.now(UTC)).astimezone(UTC)
    changes = changes or Changes()
    keys = {role: new_key() for role in OWN_ROLES}
    certificates = _certificates(name, keys, now)
    age_keys = {
        role: AgeKey.generate(post_quantum=post_quantum) for role in KEY_ROLES if role not in dict(changes.recipients)
    }
    recipients = [*((role, key.recipient) for role, key in age_keys.items()), *changes.recipients]
    payload = {
        "authority": name,
        "serial": 1,
        "utc_ms": _utc_ms(now),
        "recipients": _recipients(sorted(recipients, key=lambda each: each[0])),
        "revoked": [],
        "values": dict(changes.values),
    }
    signed = _sign_settings(payload, keys[Role.SETTINGS], certificates)
    contents = {
        **{f"{role}.crt.pem": write_pem([certificate.der]) for role, certificate in certificates.items()},
        **{f"{role}.key.pem": key_pem(key) for role, key in keys.items()},
        **{f"{role}.agekey": key.file(now) for role, key in age_keys.items()},
        SETTINGS_FILE: signed.line + b"\n",
    }
    pq_root = pqroot.create(name, certificates[Role.ROOT].not_before) if post_quantum else None
    if pq_root is not None:
        contents |= pqroot.contents(pq_root)
    files.make_directory(directory.parent)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        files.write_all(unfinished, contents)
        unfinished.replace(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Authority(directory, certificates, keys, signed, pq_root)


def _certificates(name: str, keys: Mapping[Role, PrivateKey], now: datetime) -> dict[Role, Certificate]:
    """The root and everything that stands right below it."""
    began = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    sign = software_sign(keys[Role.ROOT])
    root = issue_root(f"{name} root", keys[Role.ROOT].public_key(), sign, began)
    certificates = {Role.ROOT: root}
    for role in OWN_ROLES:
        if role is not Role.ROOT:
            certificates[role] = issue(role, f"{name} {role}", keys[role].public_key(), root, sign)
    return certificates


def _sign_settings(payload: Mapping[str, Any], key: PrivateKey, certificates: Mapping[Role, Certificate]) -> jws.Signed:
    """Sign settings, and read them back as a camera will: all their values together, those from before too."""
    try:
        settings.load(("settings", payload["values"]))
        stamper(payload["values"])
        line = documents.sign(SETTINGS, payload, software_sign(key), [certificates[Role.SETTINGS].der])
        return verify_settings(line, Trust(certificates[Role.ROOT]))
    except (EvidenceError, settings.SettingsError) as error:
        raise ProvisionError(f"these settings cannot be signed: {error}") from None


def _recipients(pairs: Recipients) -> list[dict[str, str]]:
    """Recipients as settings have them."""
    return [{"role": role, "age": age} for role, age in pairs]


def _one_certificate(path: Path) -> bytes:
    """The one certificate in a PEM file."""
    ders = read_pem(path.read_bytes(), path.name)
    if len(ders) != 1:
        raise FormatError(f"{path.name}: {len(ders)} certificates instead of one")
    return ders[0]


def _own_files() -> list[str]:
    """The files that make a directory an authority."""
    return [*(f"{role}.{kind}.pem" for role in OWN_ROLES for kind in ("crt", "key")), SETTINGS_FILE]


def _utc_ms(moment: datetime) -> int:
    """Milliseconds since 1970 in UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
