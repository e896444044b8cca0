"""Enrolling: what a camera, a dock and an export desk are given by their authority.

Each gets a directory of its own.  Its private key is made here and is nowhere else, unless the camera made it in its
hardware and sends only the public key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from firmware.evidence.certs import write_pem
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PrivateKey, PublicKey, key_pem, load_public_key_pem, new_key
from firmware.evidence.roles import FOREVER, Role
from firmware.evidence.second import key_pem as key_pem_again
from tools.provision.authority import SETTINGS_FILE, TITLES, Authority, Changes
from tools.provision.files import ProvisionError, refuse_taken, write_all

SECOND = ("device-pq.crt.pem", "device-pq.key.pem")
YEARS = 10
"""How long docks, desks and update signers are believed.  A camera's certificate has no end: what it signed has to outlive it."""


def enrol_device(
    authority: Authority, name: str, out: Path, *, public_key: Path | None = None, changes: Changes | None = None
) -> Authority:
    """Enrol a camera: ``out`` becomes the content of its config partition (certificates, root, settings, key).

    ``public_key`` names a PEM file with the public key that the camera's hardware made; then no private key is written.
    ``changes`` go into new settings, for this camera first and for all.  Returns the authority with the settings in
    force.
    """
    if public_key is None:
        return _enrol(authority, Role.DEVICE, name, out, new_key(), FOREVER, changes)
    try:
        hardware = load_public_key_pem(public_key.read_bytes())
    except EvidenceError as error:
        raise ProvisionError(f"{public_key}: {error}") from None
    return _enrol(authority, Role.DEVICE, name, out, hardware, FOREVER, changes)


def enrol_dock(authority: Authority, name: str, out: Path, *, years: int = YEARS) -> Authority:
    """Enrol a dock: ``lapel dock serve`` starts from ``out`` (certificates, key, root, settings to hand on)."""
    return _enrol(authority, Role.DOCK, name, out, new_key(), _in(years))


def enrol_desk(authority: Authority, name: str, out: Path, *, years: int = YEARS) -> Authority:
    """Enrol an export desk: ``out`` has what it signs exports with, and the root.  No key that decrypts."""
    return _enrol(authority, Role.EXPORT, name, out, new_key(), _in(years))


def enrol_update(authority: Authority, name: str, out: Path, *, years: int = YEARS) -> Authority:
    """Enrol an update signer of its own: ``out`` has what it signs firmware bundles with, and the root."""
    return _enrol(authority, Role.UPDATE, name, out, new_key(), _in(years))


def enrol_release(authority: Authority, name: str, out: Path, *, years: int = YEARS) -> Authority:
    """Enrol a release signer: ``out`` has what consents that a recalled camera records again, and the root."""
    return _enrol(authority, Role.RELEASE, name, out, new_key(), _in(years))


def enrol_second(authority: Authority, device: str, out: Path) -> Authority:
    """Give an enrolled camera a key for second signatures: ``out``, its config partition, gets two more files.  Returns the
    authority, which the first such key gives a post-quantum root."""
    refuse_taken(out, SECOND)
    authority, key = authority.certify_again(device)
    write_all(out, dict(zip(SECOND, (key.pem, key_pem_again(key.key)), strict=True)))
    authority.remember_again(key)
    return authority


def _enrol(
    authority: Authority,
    role: Role,
    name: str,
    out: Path,
    key: PrivateKey | PublicKey,
    until: datetime,
    changes: Changes | None = None,
) -> Authority:
    """Certify a key, write the directory, and enter it into the register; nothing is written if that cannot be done."""
    title = TITLES[role]
    secret = {f"{title}.key.pem": key_pem(key)} if isinstance(key, PrivateKey) else {}
    public = key.public_key() if isinstance(key, PrivateKey) else key
    ders = authority.certify(role, name, public, until)
    files = {**secret, f"{title}.crt.pem": write_pem(ders), "root.crt.pem": authority.root_pem}
    refuse_taken(out, {*files, SETTINGS_FILE})
    if changes:
        authority = authority.change_settings(changes)
    if role in (Role.DEVICE, Role.DOCK):
        files[SETTINGS_FILE] = authority.settings_file
    write_all(out, files)
    authority.remember(role, name, ders)
    return authority


def _in(years: int) -> datetime:
    """The end of a certificate that is issued today."""
    now = datetime.now(UTC).replace(microsecond=0)
    return now.replace(year=now.year + years, day=min(now.day, 28))
