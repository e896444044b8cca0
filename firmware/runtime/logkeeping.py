"""What docks have taken over of the audit log, and the removal of just that.

The order is: the receipt is durable; then a line of the log says what goes; then it goes, oldest first.  A cut between any two of these
leaves files that the durable receipt covers, and the next boot goes on with them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from firmware.evidence import jws
from firmware.evidence.errors import EvidenceError
from firmware.evidence.kinds import words
from firmware.evidence.log_receipt import verify_log_receipt
from firmware.runtime import durable, names

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from firmware.evidence.jws import Signed
    from firmware.runtime.vault import Vault
    from hal.interface import Directory

PIECE: Final = 1 << 20
LIMIT: Final = jws.FILE_LIMIT + 1


class LogKeeping:
    """The finished files of one volume's log.  ``receipt``: the newest durable one, None where there is none that can be believed."""

    def __init__(self, vault: Vault) -> None:
        self.receipt: Signed | None = None
        self._vault = vault
        self._told: set[str] = set()

    def read(self) -> None:
        """Read what a dock signed before this boot; what cannot be believed is told, and counts as nothing."""
        root = self._vault.volume.root
        if names.LOG_RECEIPT not in root.names():
            return
        try:
            line = jws.from_file(durable.read(root, names.LOG_RECEIPT, LIMIT), names.LOG_RECEIPT)
            self.receipt = verify_log_receipt(line, self._vault.enrolment.trust, nonce=None, **self._whose())
        except EvidenceError as error:
            self._vault.volume.audit.write("fault", {"code": words(f"log-receipt {error}")})

    def verify(self, line: bytes, nonce: str) -> Signed:
        """Hold a dock's receipt against all the finished files that it has to cover.  They change no more: any thread may do that."""
        vault = self._vault
        return verify_log_receipt(line, vault.trust(), nonce=nonce, files=self._files, head=self._head, **self._whose())

    def keep(self, receipt: Signed) -> None:
        """Keep a verified receipt.  Only that allows a removal."""
        durable.replace(self._vault.volume.root, names.LOG_RECEIPT, receipt.line + b"\n")
        self.receipt = receipt

    def clear(self) -> Iterator[None]:
        """Remove the files that the receipt covers; none of a log that a dock contests."""
        audit, receipt = self._vault.volume.audit, self.receipt
        if receipt is None or audit.ledger.contested:
            return
        directory = self._directory()
        here = set(directory.names())
        covered = [each for each in receipt.payload["files"] if each["name"] in here]
        if not covered or not receipt.payload["boot"] < audit.ledger.boot:
            return
        for each in covered:
            yield from self._last_look(directory, each)
        if receipt.hash not in self._told:
            self._told.add(receipt.hash)
            boot, line = receipt.payload["boot"], receipt.payload["audit"]["line"]
            audit.write("cleared", {"receipt": receipt.hash, "boot": boot, "line": line})
        for each in covered:
            directory.remove(each["name"])
            directory.sync()
            yield

    def _last_look(self, directory: Directory, entry: Mapping[str, Any]) -> Generator[None, None, None]:
        """``OSError`` unless a file is, piece by piece, still the one that was receipted."""
        sha256, length = hashlib.sha256(), entry["length"]
        file = directory.open(entry["name"])
        try:
            for offset in range(0, length, PIECE):
                sha256.update(file.read(offset, min(PIECE, length - offset)))
                yield
        finally:
            file.close()
        if sha256.hexdigest() != entry["hash"]:
            message = f"{entry['name']} is not what a dock has taken over"
            raise OSError(message)

    def _files(self, boot: int) -> list[dict[str, Any]]:
        """The files of finished boots up to ``boot``, as a receipt lists them; none at all if one of them is not finished."""
        audit = self._vault.volume.audit
        if not boot < audit.newest.boot:
            return []
        directory, found = self._directory(), []
        for name, length in audit.offered().items():
            if int(name[:8]) <= boot:
                sha256, file = hashlib.sha256(), directory.open(name)
                for offset in range(0, length, PIECE):
                    sha256.update(file.read(offset, min(PIECE, length - offset)))
                file.close()
                found.append({"name": name, "length": length, "hash": sha256.hexdigest()})
        return found

    def _head(self, boot: int) -> Mapping[str, Any] | None:
        """What the first line behind the files of ``boot`` goes on from."""
        directory = self._directory()
        for name, length in self._vault.volume.audit.offered().items():
            if name.endswith(names.LINES) and int(name[:8]) > boot and length:
                first = durable.head(directory, name, jws.LINE_LIMIT + 1).split(b"\n")[0]
                said = jws.parse(first, jws.LINE_LIMIT).payload
                return {"line": said["line"] - 1, "head": said["prev"]}
        return None

    def _directory(self) -> Directory:
        return self._vault.volume.root.enter(names.AUDIT)

    def _whose(self) -> dict[str, Any]:
        return {"device": self._vault.session.device, "volume": self._vault.volume.id}
