"""What docks and the authority signed, kept on the camera: receipts, the anchor, settings, the assignment.  Called by the writer alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from firmware import settings
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.assignment import verify_assignment
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError
from firmware.evidence.jws import FILE_LIMIT, from_file, line_hash
from firmware.evidence.kinds import words
from firmware.evidence.manifest import verify_manifest
from firmware.evidence.receipt import receipt_files, verify_receipt
from firmware.evidence.settings_doc import verify_settings
from firmware.evidence.timetoken import stamper
from firmware.runtime import durable, names
from firmware.runtime.enrolment import (
    ASSIGNMENT,
    ON_DUTY,
    SETTINGS,
    Given,
    on_duty_file,
    read_assignment,
    read_on_duty,
)
from firmware.runtime.inventory import Entry, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from firmware.evidence.jws import Signed
    from firmware.runtime.vault import Vault
    from hal.interface import Directory

LIMIT: Final = FILE_LIMIT + 1


class Custody:
    """Who has what: the recordings with a manifest, and what others signed about them and about this camera.

    ``inventory``: the sealed and recovered recordings.  ``given``: the assignment that begins when the camera is taken out of
    its dock, ``on_duty``: the one that had begun when the service started.  ``anchored``: what a dock countersigned last, as the next opening names it.
    """

    def __init__(self, vault: Vault) -> None:
        self.inventory = Inventory()
        config = vault.hal.config.root()
        self.on_duty = read_on_duty(config, vault.enrolment)
        self.given = read_assignment(config, vault.enrolment)
        if self.on_duty is not None and self.given == self.on_duty.given:
            self.given = None  # it had begun, and a cut kept the file from being removed
        self.anchored: Mapping[str, Any] | None = None
        self._vault = vault
        self._noted: set[tuple[int, str]] = set()

    def register(self, number: int, directory: Directory) -> Signed:
        """Take a recording with a manifest into the inventory; ``EvidenceError`` if the manifest is not ours."""
        manifest = self.manifest(number, directory)
        receipt = self._believed_receipt(directory, manifest)
        taken = (receipt.payload["utc_ms"], receipt.hash) if receipt else (None, None)
        files = {each["name"]: each["length"] for each in receipt_files(manifest, self._second(directory))}
        self.inventory.put(Entry(number, manifest.hash, files, manifest.payload["priority"], *taken))
        return manifest

    def manifest(self, number: int, directory: Directory) -> Signed:
        """The verified manifest of a recording."""
        line = from_file(durable.read(directory, names.MANIFEST, LIMIT), names.MANIFEST)
        return verify_manifest(line, self._vault.enrolment.trust, number=number, **self._whose())

    def hashes(self, number: int) -> Mapping[str, str]:
        """What the manifest of a sealed recording signs of its files, by name.  Changes nothing: any thread may ask."""
        directory = self._vault.volume.recordings.enter(names.recording(number))
        listed = receipt_files(self.manifest(number, directory), self._second(directory))
        return {each["name"]: each["hash"] for each in listed}

    def receipt(self, number: int, line: bytes, nonce: str) -> None:
        """Keep a dock's receipt, once it is verified file by file.  Only that allows an erasure."""
        if self.inventory.get(number) is None:
            raise MismatchError(f"number: there is no sealed recording {number}")
        directory = self._vault.volume.recordings.enter(names.recording(number))
        manifest, second = self.manifest(number, directory), self._second(directory)
        receipt = verify_receipt(line, self._vault.trust(), manifest, nonce=nonce, second=second)
        durable.replace(directory, names.RECEIPT, line + b"\n")
        self.note_receipt(number, receipt.hash)
        self.register(number, directory)

    def note_receipt(self, number: int, receipt: str) -> None:
        """Have the audit log name a durable receipt: an earlier boot may have been cut off between the two."""
        if (number, receipt) not in self._noted:
            self._vault.volume.audit.write("receipt", {"number": number, "receipt": receipt})
            self._noted.add((number, receipt))

    def anchor(self, line: bytes, nonce: str) -> None:
        """Keep what a dock countersigned: the next openings name it."""
        audit = self._vault.volume.audit
        signed = verify_anchor(line, self._vault.trust(), nonce=nonce, head_of=audit.head_of, **self._whose())
        durable.replace(self._vault.volume.root, names.ANCHOR, line + b"\n")
        self.anchored = _named(signed)

    def read_anchor(self) -> None:
        """Read what a dock countersigned before this boot; what cannot be believed is told, and counts as nothing."""
        root = self._vault.volume.root
        if names.ANCHOR not in root.names():
            return
        try:
            line = from_file(durable.read(root, names.ANCHOR), names.ANCHOR)
            anchor = verify_anchor(line, self._vault.enrolment.trust, nonce=None, **self._whose())
        except EvidenceError as error:
            self._fault(f"anchor {error}")
            return
        self.anchored = _named(anchor)
        if anchor.payload["audit"]["line"] > self._vault.volume.audit.ledger.line:
            self._fault(f"anchor-ahead {anchor.payload['audit']['line']}")  # the log was turned back

    def settings(self, line: bytes) -> None:
        """Keep newer settings of the authority.  Whom to believe counts at once, how to behave from the next start on.

        A dock offers them each time; those that are in force already change nothing.
        """
        vault = self._vault
        mine, newest = vault.enrolment.settings, vault.volume.audit.ledger.settings
        if line_hash(line) == mine.hash:
            return
        least: int = mine.payload["serial"]
        if newest is not None and newest[1] != line_hash(line):  # those may come back to a card that was turned back
            least = max(least, newest[0])
        signed = verify_settings(line, vault.trust(), newer_than=least)
        try:
            settings.load(("authority", signed.payload["values"]))
            stamper(signed.payload["values"])
        except settings.SettingsError as error:
            raise FormatError(str(error)) from None
        durable.replace(vault.hal.config.root(), SETTINGS, line + b"\n")
        vault.volume.audit.write("settings", {"serial": signed.payload["serial"], "hash": signed.hash})
        vault.enrolment = vault.enrolment.under(signed)

    def tell_settings(self) -> None:
        """Have this file of the log name the newest settings that this camera ever took from a dock, as the one before did: where those
        that lie on the small partition are older, that was turned back.  It records under them all the same."""
        vault, audit = self._vault, self._vault.volume.audit
        newest, mine = audit.ledger.settings, vault.enrolment.settings
        if newest is None:
            return
        serial: int = mine.payload["serial"]
        if (serial, mine.hash) != newest and serial <= newest[0]:
            self._fault(f"settings-back {serial} {newest[0]}")
        else:
            newest = (serial, mine.hash)
        audit.write("settings", {"serial": newest[0], "hash": newest[1]})

    def assign(self, line: bytes) -> None:
        """Keep an assignment; it begins when the camera is taken out."""
        vault = self._vault
        signed = verify_assignment(line, vault.trust(), device=vault.session.device)
        durable.replace(vault.hal.config.root(), ASSIGNMENT, line + b"\n")
        self.given = Given(signed.payload["shift"], signed.line)

    def begin_shift(self, given: Given, began: Mapping[str, Any]) -> None:
        """Keep that an assignment has begun, so that a start in the middle of a shift goes on with it.

        Where the partition fails the assignment counts all the same until the power goes.
        """
        config = self._vault.hal.config.root()
        with self._told("assignment"):
            durable.replace(config, ON_DUTY, on_duty_file(given, began))
            if self.given == given:
                self._remove(ASSIGNMENT)
                self.given = None

    def end_shift(self) -> None:
        """Keep that it is nobody's shift any more."""
        with self._told("assignment"):
            self._remove(ON_DUTY)

    def _remove(self, name: str) -> None:
        config = self._vault.hal.config.root()
        if name in config.names():
            config.remove(name)
            config.sync()

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Go on where the small partition fails, and have the log say so."""
        try:
            yield
        except OSError as error:
            self._fault(f"{what}: {error}")

    def _believed_receipt(self, directory: Directory, manifest: Signed) -> Signed | None:
        """The durable receipt of a recording; None without one that can be believed: its dock may have been withdrawn since.

        Then the recording is to be fetched again, by another dock.
        """
        if names.RECEIPT in directory.names():
            try:
                line = from_file(durable.read(directory, names.RECEIPT, LIMIT), names.RECEIPT)
                second = self._second(directory)
                return verify_receipt(line, self._vault.enrolment.trust, manifest, nonce=None, second=second)
            except EvidenceError as error:
                self._fault(f"receipt {manifest.payload['number']}: {error}")
        return None

    @staticmethod
    def _second(directory: Directory) -> bytes | None:
        """What signs the manifest again, as it lies there: docks keep it like any other file, and judging it is the verifier's."""
        return durable.read(directory, names.SECOND) if names.SECOND in directory.names() else None

    def _whose(self) -> dict[str, Any]:
        """The members that say that something is about this camera and this card."""
        return {"device": self._vault.session.device, "volume": self._vault.volume.id}

    def _fault(self, code: str) -> None:
        self._vault.volume.audit.write("fault", {"code": words(code)})


def _named(anchor: Signed) -> Mapping[str, Any]:
    """An anchor as an opening names it."""
    return {"hash": anchor.hash, "utc_ms": anchor.payload["utc_ms"]}
