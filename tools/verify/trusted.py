"""Trusted time: between which two statements, of others than the camera, a recording was made."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509

from tools.verify.findings import Refused
from tools.verify.receipt import DockSigned
from tools.verify.revocation import Revocations, Withdrawn
from tools.verify.times import utc
from tools.verify.timestamp import Stamp


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """A time, in milliseconds since 1970, that somebody else than the camera signed: what says so, and by which clock.

    As an upper bound it has that clock's stated uncertainty added.
    """

    utc_ms: int
    source: str
    clock: str

    @property
    def words(self) -> str:
        """What says so, by which clock."""
        return f"{self.source}, by {self.clock}"


def by_dock(what: str, signed: DockSigned) -> TrustedTime:
    """The time of a receipt or an anchor."""
    return TrustedTime(signed.utc_ms, f"{what} of dock {signed.dock}", "its clock, whose uncertainty is not stated")


def by_stamp(stamp: Stamp) -> TrustedTime:
    """The time of a time stamp, at the end of its uncertainty."""
    off = "not stated" if stamp.accuracy_ms is None else f"{stamp.accuracy_ms / 1000:g} s"
    return TrustedTime(
        stamp.latest_ms, f"the time stamp of {stamp.authority}", f"its clock, whose uncertainty is {off}"
    )


def disbelieved(signed: DockSigned, revoked: Revocations) -> str | None:
    """Why a dock's word is no trusted time; None where it is.

    Whoever has the key of a withdrawn dock can write any time into what it signs, also an earlier one.
    """
    gone = revoked.among(signed.chain)
    return (
        None
        if gone is None
        else f"dock {signed.dock} was withdrawn from {utc(gone.since_ms)} on: its word proves no time"
    )


@dataclass(slots=True)
class Times:
    """What is known of when a recording was made.

    ``before``: every trusted time by which it was there, whole.  ``after_ms``: when, by the camera's opening, a dock had signed last
    before it; ``after``: the same, where the dock's own line is here.  ``doubts``: why something is no trusted time.
    """

    before: list[TrustedTime] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    after_ms: int | None = None
    after: TrustedTime | None = None

    @property
    def earliest(self) -> TrustedTime | None:
        """The trusted time that says most."""
        return min(self.before, key=lambda each: each.utc_ms, default=None)

    @property
    def contrary(self) -> bool:
        """Whether the opening names a later time than that by which it was there."""
        return self.after_ms is not None and self.earliest is not None and self.after_ms > self.earliest.utc_ms

    def add_receipt(self, receipt: DockSigned, revoked: Revocations) -> None:
        """Take a receipt's time, if its dock is believed."""
        doubt = disbelieved(receipt, revoked)
        if doubt is None:
            self.before.append(by_dock("the receipt", receipt))
        else:
            self.doubts.append(doubt)

    def add_stamp(self, stamp: Stamp, roots: tuple[x509.Certificate, ...]) -> None:
        """Take a time stamp's time, if its authority leads to one of ``roots`` (empty: nobody was named)."""
        told = f"the time stamp of {stamp.authority} says {utc(stamp.utc_ms)}, and is no trusted time:"
        if not roots:
            self.doubts.append(f"{told} no --tsa-root was given")
            return
        try:
            stamp.check_authority(roots)
        except Refused as refused:
            self.doubts.append(f"{told} {refused}")
        else:
            self.before.append(by_stamp(stamp))


def too_late(gone: Withdrawn | None, times: Times) -> bool:
    """Whether no trusted time puts what was signed before the withdrawal of its signer's certificate."""
    return gone is not None and (times.earliest is None or times.earliest.utc_ms >= gone.since_ms)
