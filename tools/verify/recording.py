"""One recording, judged without any key: signatures, chains, hashes, names, and what a dock signed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from tools.verify import age, beside, files, journal, manifest, receipt, second, timestamp
from tools.verify.age import Key
from tools.verify.certs import Trust
from tools.verify.files import Digest
from tools.verify.findings import Problems, Refused, need
from tools.verify.journal import CHUNK, read_journal
from tools.verify.manifest import Manifest, compare_journal, read_manifest
from tools.verify.model import NOTHING, Extent, Flush, Journal
from tools.verify.overlap import Pictures
from tools.verify.receipt import DockSigned, read_receipt
from tools.verify.revocation import Revocations, Withdrawn
from tools.verify.second import Second
from tools.verify.timestamp import Stamp, parse_stamp
from tools.verify.trusted import Times, TrustedTime, too_late

_EVIDENCE = re.compile(r"([0-9]{6}\.mp4|private)\.age\Z")
_OTHERS = (journal.NAME, manifest.NAME, second.NAME, receipt.NAME, timestamp.NAME)
_UNFINISHED = frozenset(f"{name}.new" for name in (manifest.NAME, second.NAME, receipt.NAME))
"""What a cut leaves of a file that was being put in place: it means nothing."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the verifier was given: the root, decryption keys, anchors from outside the card, who wants to hear how many
    bytes were read, the roots of time-stamping authorities, what was withdrawn, the root of second signatures, and
    whether to decode what can be decrypted."""

    root: x509.Certificate | None
    keys: tuple[Key, ...] = ()
    anchors: tuple[DockSigned, ...] = ()
    progress: Callable[[int], None] | None = None
    tsa_roots: tuple[x509.Certificate, ...] = ()
    revoked: Revocations = field(default_factory=Revocations)
    pq_root: x509.Certificate | None = None
    decode: bool = True


@dataclass(slots=True)
class Custody:
    """A recording as its files stand: what verifies of it, and what is wrong.  ``pictures``: what a key shows of those that another one may
    have too; ``compare`` is what is still to be checked once they are known."""

    directory: Path
    problems: Problems = field(default_factory=Problems)
    journal: Journal | None = None
    manifest: Manifest | None = None
    receipt: DockSigned | None = None
    stamp: Stamp | None = None
    times: Times = field(default_factory=Times)
    withdrawn: Withdrawn | None = None
    lengths: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    sealed: bool = False
    second: Second | None = None
    second_withdrawn: Withdrawn | None = None
    pictures: Pictures = field(default_factory=dict)
    compare: Callable[[], None] | None = None

    @property
    def trusted_ms(self) -> int | None:
        """The earliest trusted time by which it was there."""
        return None if self.times.earliest is None else self.times.earliest.utc_ms

    @property
    def revoked(self) -> bool:
        """Whether a certificate that signed it was withdrawn, and no trusted time puts it before that."""
        return too_late(self.withdrawn, self.times)

    @property
    def twice(self) -> bool:
        """Whether a second signature is proven: it leads to the root that was given, and was not withdrawn before any trusted time."""
        found = self.second
        return found is not None and found.rooted and not too_late(self.second_withdrawn, self.times)

    @property
    def unsigned(self) -> int:
        """Bytes that were present at recovery and are not signed at capture."""
        listed = self.manifest.files if self.manifest else ()
        return sum(each.now.length - each.signed.length for each in listed)


def judge(directory: Path, given: Given, trusted: Iterable[TrustedTime] = ()) -> Custody:
    """Check everything that needs no key.  ``trusted``: by when, on the word of others, this recording was there."""
    custody = Custody(directory)
    problems = custody.problems
    names: set[str] = set()
    with problems.at("."):
        names = _names(directory, problems)
    custody.sealed = manifest.NAME in names
    custody.times.before += trusted
    if receipt.NAME in names:
        with problems.at(receipt.NAME):
            custody.receipt = read_receipt(directory, Trust(given.root))
            custody.times.add_receipt(custody.receipt, given.revoked)
    if timestamp.NAME in names:
        with problems.at(timestamp.NAME):
            need(custody.sealed, "a time stamp stands here, and no manifest")
            stamped = files.read_jws(directory / manifest.NAME) + b"\n"
            custody.stamp = parse_stamp(files.read_small(directory / timestamp.NAME, timestamp.LARGEST), stamped)
            custody.times.add_stamp(custody.stamp, given.tsa_roots)
    trust = Trust(given.root, custody.trusted_ms)
    custody.journal = read_journal(directory, trust, problems)
    if custody.sealed:
        with problems.at(manifest.NAME):
            custody.manifest = read_manifest(directory, trust)
    if custody.manifest:
        with problems.at(second.NAME):
            custody.second = second.read_second(directory, custody.manifest, given.pq_root)
            custody.second_withdrawn = given.revoked.second(custody.second)
    if custody.journal:
        custody.times.after_ms = custody.journal.opening.anchor[1] if custody.journal.opening.anchor else None
        signed = [each.chain for each in (custody.journal, custody.manifest) if each is not None]
        custody.withdrawn = given.revoked.among(*signed)
    if custody.journal and custody.manifest:
        compare_journal(custody.manifest, custody.journal, problems)
    with problems.at("."):
        _check_name(directory, custody)
    custody.digests = _check_files(custody, names, given.progress)
    if custody.receipt is not None:
        with problems.at(receipt.NAME):
            need(custody.sealed, "a receipt stands here, and no manifest")
            _check_receipt(custody, custody.receipt, custody.digests)
    return custody


def _names(directory: Path, problems: Problems) -> set[str]:
    names = set()
    for name, kind in files.listing(directory).items():
        if kind is not files.Kind.FILE:
            problems.add(files.shown(name), "is not an ordinary file")
        elif name in _OTHERS or _EVIDENCE.match(name):
            names.add(name)
        elif name not in _UNFINISHED:
            problems.add(files.shown(name), "is no file of a recording: something was added or renamed")
    return names


def _check_name(directory: Path, custody: Custody) -> None:
    name = directory.resolve().name
    if custody.journal is not None and re.fullmatch(r"[0-9]{8}", name):
        number = custody.journal.opening.number
        need(int(name) == number, f"the directory is called {name}, and holds recording {number}")


def _check_files(custody: Custody, names: set[str], progress: Callable[[int], None] | None) -> dict[str, Digest]:
    """Every evidence file against manifest and journal, and the digest of each for the receipt."""
    found: dict[str, Digest] = {}
    listed = {each.name: each for each in custody.manifest.files} if custody.manifest else {}
    flushes = custody.journal.files if custody.journal else {}
    on_disk = {name for name in names if _EVIDENCE.match(name)}
    every, heard = sorted(on_disk | set(listed) | set(flushes)), beside.one_at_a_time(progress)

    def read(name: str) -> Digest:
        if custody.manifest is not None:
            need(name in listed, "the manifest does not know this file")
            # Before it is read: a length that is wrong anyhow may be absurd.
            length, told = files.length(custody.directory / name), listed[name].now.length
            need(length == told, f"has {length} bytes, the manifest says {told}")
        points = (each.cipher.length for each in flushes.get(name, []))
        return files.digest(custody.directory / name, points, heard)

    with beside.each(read, every) as digests:
        for name, digest in zip(every, digests, strict=True):
            with custody.problems.at(name):
                lines = flushes.get(name, [])
                found[name] = digest.result()
                custody.lengths[name] = found[name].length
                if custody.manifest is not None:
                    need(found[name].hash == listed[name].now.hash, "its bytes are not those that the manifest signs")
                _check_flushes(found[name], lines)
                if lines:
                    _check_header(custody.directory / name, lines[0])
    for name in sorted(names & {journal.NAME, manifest.NAME, second.NAME}):
        with custody.problems.at(name):
            found[name] = files.digest(custody.directory / name)
    return found


def _check_flushes(digest: Digest, flushes: list[Flush]) -> None:
    for flush in flushes:
        need(
            digest.length >= flush.cipher.length,
            f"is cut off: journal line {flush.line} vouches for {flush.cipher.length} bytes",
        )
        same = digest.prefixes.get(flush.cipher.length) == flush.cipher.hash
        need(same, f"its bytes are not those that journal line {flush.line} signs")


def _check_header(path: Path, first: Flush) -> None:
    header = age.read_header(path)
    chunks = -(-first.plain.length // CHUNK)
    length = header.length + 16 * (chunks + 1) + first.plain.length
    need(first.cipher.length == length, f"journal line {first.line} gives lengths that do not fit each other")


def _check_receipt(custody: Custody, signed: DockSigned, digests: dict[str, Digest]) -> None:
    payload = signed.payload
    if custody.manifest is not None:
        for member in ("device", "volume", "number"):
            need(payload[member] == custody.manifest.payload[member], f"{member} is not this recording's")
        need(payload["manifest"] == custody.manifest.hash, "it was given for another manifest")
    receipted = {each["name"]: Extent(each["length"], each["hash"]) for each in payload["files"]}
    there = {name: Extent(digest.length, digest.hash) for name, digest in digests.items()}
    for name in sorted(set(receipted) | set(there)):
        # A file that a cut took away stands in manifest and receipt as nothing.
        if receipted.get(name, NOTHING) != there.get(name, NOTHING):
            raise Refused(f"it was given for other bytes than those here: {name}")
