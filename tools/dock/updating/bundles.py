"""The firmware bundles that a dock has: files in a directory, each with its signed paper beside it.

Only what verifies is ever offered: the paper against the authority's root and its list of what was withdrawn, the file against the
paper.  What does not is told, by name, once for as long as it stays as it is.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError, MismatchError
from firmware.evidence.jws import LINE_LIMIT, from_file
from tools.dock.identity import SetupError

PAPER = ".jws"
_PIECE = 1 << 20

Stamp = tuple[int, int, int]
"""A file's number, size and time of change: while these stay, it is not read again."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A bundle whose paper and file were verified."""

    bundle: Bundle
    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


class BundleStock:
    """A directory of bundles; may be asked from any thread."""

    def __init__(self, directory: Path, tell: Callable[[str, str], None]) -> None:
        """``tell`` hears of each bundle that is not offered: its name, and why.  ``SetupError`` unless ``directory`` can be read."""
        self._directory = directory
        self._tell = tell
        self._lock = threading.Lock()
        self._hashes: dict[Path, tuple[Stamp, str]] = {}
        self._told: set[tuple[str, str]] = set()
        self._spurned: set[tuple[str, str]] = set()
        try:
            next(directory.iterdir(), None)
        except OSError as error:
            raise SetupError(f"{directory}: {error.strerror}") from None

    def offers(self, trust: Trust) -> list[Offer]:
        """What may be offered now, by ``trust``; a file that is new or was changed is read in full first."""
        with self._lock:
            found, troubles = [], set()
            for paper in self._papers():
                path = paper.with_name(paper.name.removesuffix(PAPER))
                try:
                    found.append(Offer(self._verified(path, paper, trust), path))
                except (EvidenceError, OSError) as error:
                    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                    troubles.add((path.name, reason))
            for name, reason in sorted(troubles - self._told):
                self._tell(name, reason)
            self._told = troubles
            return found

    def for_camera(self, device: str, trust: Trust) -> list[Offer]:
        """What may be offered to this camera: all that may be offered but what it does not want."""
        return [offer for offer in self.offers(trust) if (device, offer.bundle.paper) not in self._spurned]

    def spurn(self, device: str, paper: str) -> None:
        """A camera said of a bundle what it will say of it the next time, too: until the dock starts anew it is not asked again, since each
        refusal is a line in its log."""
        self._spurned.add((device, paper))

    def _papers(self) -> list[Path]:
        try:
            return sorted(path for path in self._directory.iterdir() if path.name.endswith(PAPER))
        except OSError:
            return []

    def _verified(self, path: Path, paper: Path, trust: Trust) -> Bundle:
        with paper.open("rb") as stream:
            line = from_file(stream.read(LINE_LIMIT + 2), paper.name)
        bundle, facts = verify_bundle(line, trust), path.stat()
        if facts.st_size != bundle.length:
            raise MismatchError(f"length: the file has {facts.st_size} bytes, its paper says {bundle.length}")
        if self._hash(path, (facts.st_ino, facts.st_size, facts.st_mtime_ns)) != bundle.hash:
            raise MismatchError("hash: the file is not the one that its paper is for")
        return bundle

    def _hash(self, path: Path, stamp: Stamp) -> str:
        known = self._hashes.get(path)
        if known is None or known[0] != stamp:
            sha256 = hashlib.sha256()
            with path.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    sha256.update(piece)
            self._hashes[path] = known = stamp, sha256.hexdigest()
        return known[1]
