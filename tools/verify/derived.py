"""The paper beside a derivative (section 17): which desk says that it made this film, from what, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.verify import files
from tools.verify.certs import Role, Trust
from tools.verify.documents import DERIVED
from tools.verify.findings import need
from tools.verify.manifest import Manifest
from tools.verify.model import MEDIA_RATE, Extent, Journal
from tools.verify.recording import Given
from tools.verify.signed import verify_chained
from tools.verify.times import span, utc

Spans = tuple[tuple[int, int], ...]
"""Spans of media time in ticks of 1/90000 s, each without its end."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What the paper says: the desk and the hash of its certificate, when it signed by its own clock, the picture's
    span, the spans whose sound was taken out, and why."""

    desk: str
    certificate: str
    utc_ms: int
    covers: tuple[int, int]
    silenced: Spans
    reason: str | None

    @property
    def words(self) -> Iterator[str]:
        """For people."""
        yield f"derivative: desk {self.desk} signed at {utc(self.utc_ms)}, by its own clock, that it made this film"
        if self.silenced:
            gone = ", ".join(
                f"{span(begin / MEDIA_RATE)} to {span(until / MEDIA_RATE)}" for begin, until in self.silenced
            )
            yield f"the desk removed the sound of media time {gone}"
        if self.reason is not None:
            yield f"the reason that it gives: {self.reason}"


def paper_of(film: Path) -> Path:
    """Where the paper of a film lies."""
    return film.with_name(f"{film.stem}.derived.jws")


def read_derived(film: Path, journal: Journal, manifest: Manifest | None, given: Given) -> Derived | None:
    """Verify the paper, if there is one: who signed it, and that it is about this film and this recording."""
    paper = paper_of(film)
    if not paper.exists():
        return None
    signed = verify_chained(files.read_jws(paper), DERIVED, Role.EXPORT, Trust(given.root))
    need(given.revoked.among(signed.chain) is None, "the authority withdrew the certificate of the desk that signed it")
    said, opening = signed.payload, journal.opening
    need(said["desk"] == signed.chain.name, "it bears another desk's name than its certificate")
    for member, value in (
        ("device", opening.device),
        ("volume", opening.volume),
        ("number", opening.number),
        ("opening", opening.hash),
    ):
        need(said[member] == value, f"{member} is not this recording's")
    # A film may be made before the recording is closed.
    need(
        said["manifest"] is None or (manifest is not None and said["manifest"] == manifest.hash),
        "it was made from a recording with another manifest",
    )
    found = files.digest(film)
    need(
        Extent.read(said["film"]) == Extent(found.length, found.hash),
        "it was written for another film: this one was changed",
    )
    return Derived(
        desk=signed.chain.name,
        certificate=signed.chain.fingerprint,
        utc_ms=said["utc_ms"],
        covers=(said["span"]["from"], said["span"]["until"]),
        silenced=tuple((each["from"], each["until"]) for each in said["silenced"]),
        reason=said["reason"],
    )
