"""ONVIF Media Signing of a film's picture: which frames the SEIs in it prove (section 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tools.verify import nal
from tools.verify.certs import Trust
from tools.verify.findings import Refused
from tools.verify.gops import Gop
from tools.verify.onvif_key import Signer, read_signer
from tools.verify.onvif_sei import Sei, is_sei, read_sei

UNCOVERED = 2
"""GOPs without a signature that a film of a camera of ours may end with, wherever it was cut off."""

_MAX_PENDING = 16
_MAX_FINDINGS = 100
_MAX_UNCERTIFIED = 1000


class Picture(StrEnum):
    """The verdict on a film's signatures, in the words of ONVIF's reference validator where it has some.

    ``UNDECIDED``: there are signatures, and none could be judged.
    """

    VALID = "valid"
    MISSING = "valid, but frames are missing"
    UNTRUSTED = "key not trusted"
    UNDECIDED = "cannot be judged"
    UNSIGNED = "not signed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is amiss at one place: the GOP's number in its signature (None: nothing names it), the film's frames from
    the first to the last (counted from 0; None: none are there), and why."""

    gop: int | None
    frames: tuple[int, int] | None
    reason: str

    def __str__(self) -> str:
        places = [] if self.gop is None else [f"GOP {self.gop}"]
        if self.frames is not None:
            first, last = self.frames
            places.append(f"frame {first}" if first == last else f"frames {first} to {last}")
        return f"{', '.join(places)}: {self.reason}" if places else self.reason


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the SEIs of a film prove.

    ``frames`` are all that are there; ``proven`` those under a valid signature, in ``gops`` GOPs; ``pending`` those at
    the end that no signature covers, in ``pending_gops`` GOPs; ``missing`` counts slices that were signed and are not
    there.  ``signer`` is None where there is no certificate; ``distrust`` says why certificates are not trusted.
    ``begin`` and ``end``: milliseconds since 1970, by the camera's clock, of what is proven.  ``findings`` are the
    first of what is amiss, ``more`` counts the others.
    """

    verdict: Picture
    frames: int
    proven: int
    gops: int
    pending: int
    pending_gops: int
    missing: int
    signer: Signer | None
    distrust: str | None
    begin: int | None
    end: int | None
    findings: tuple[Finding, ...]
    more: int

    def to_json(self) -> dict[str, Any]:
        """The machine form (``docs/verify.md``)."""
        signer = self.signer
        return {
            "verdict": self.verdict.value,
            "frames": self.frames,
            "proven": self.proven,
            "gops": self.gops,
            "pending": self.pending,
            "pending_gops": self.pending_gops,
            "missing": self.missing,
            "device": None if signer is None else signer.device,
            "session": None if signer is None else signer.session,
            "distrust": self.distrust,
            "begin_ms": self.begin,
            "end_ms": self.end,
            "findings": [
                {"gop": each.gop, "frames": None if each.frames is None else list(each.frames), "reason": each.reason}
                for each in self.findings
            ],
            "more": self.more,
        }


def judge_stream(units: Iterable[memoryview], trust: Trust) -> Signatures:
    """Judge the NAL units of one H.264 stream, in order."""
    judge = Judge(trust)
    for unit in units:
        judge.unit(unit)
    return judge.finish()


@dataclass(frozen=True, slots=True)
class _Claim:
    """A GOP that is as its SEI says, once the SEI's signature holds."""

    sei: Sei
    frames: int
    span: tuple[int, int]
    missing: int


@dataclass(slots=True)
class Judge:
    """Takes a stream's NAL units in order, and says at the end what they prove.

    It holds at most 16 GOPs that wait for their signature (2048 hashes each), and 1000 signatures that wait for their
    certificate.
    """

    trust: Trust
    _frames: int = 0
    _anchor: bytes = bytes(32)
    _waiting: list[Gop] = field(default_factory=list)
    _dropped: tuple[int, int] = (0, 0)
    _signers: list[Signer] = field(default_factory=list)
    _uncertified: list[_Claim] = field(default_factory=list)
    _signed: bool = False
    _expected: int | None = None
    _link: bytes | None = None
    _good: list[int] = field(default_factory=lambda: [0, 0, 0])
    _times: tuple[int, int] | None = None
    _invalid: bool = False
    _findings: list[Finding] = field(default_factory=list)
    _more: int = 0

    def unit(self, unit: memoryview) -> None:
        """The next NAL unit, without its length or start code."""
        unit = nal.trimmed(unit)
        kind = nal.kind(unit) if unit else -1
        if kind in (nal.SLICE, nal.IDR):
            self._slice(unit, keyframe=kind == nal.IDR)
        elif kind == nal.SEI and is_sei(unit):
            self._signed = True
            try:
                self._sei(read_sei(unit))
            except Refused as refused:
                self._wrong(None, self._here(), str(refused))
        elif kind not in nal.HARMLESS:
            self._wrong(
                None, self._here(), f"a NAL unit of type {kind} may change the picture, and none is ever signed"
            )

    def finish(self) -> Signatures:
        """The verdict, when all units were taken."""
        for claim in self._uncertified:
            self._wrong(claim.sei.counter, claim.span, "the film holds no certificate of the key that signed it")
        proven, gops, missing = self._good
        begin, end = self._times or (None, None)
        distrust = next((each.distrust for each in self._signers if each.distrust), None)
        return Signatures(
            verdict=self._verdict(distrust),
            frames=self._frames,
            proven=proven,
            gops=gops,
            pending=self._dropped[0] + sum(gop.frames for gop in self._waiting),
            pending_gops=self._dropped[1] + len(self._waiting),
            missing=missing,
            signer=self._signers[0] if self._signers else None,
            distrust=distrust,
            begin=begin,
            end=end,
            findings=tuple(self._findings),
            more=self._more,
        )

    def _verdict(self, distrust: str | None) -> Picture:
        _, gops, missing = self._good
        if self._uncertified and not self._signers:
            return Picture.UNDECIDED
        if self._signed and self._invalid:
            return Picture.INVALID
        if not self._signed:
            return Picture.UNSIGNED
        if not gops:
            return Picture.UNDECIDED
        if distrust is not None:
            return Picture.UNTRUSTED
        return Picture.MISSING if missing else Picture.VALID

    def _slice(self, unit: memoryview, *, keyframe: bool) -> None:
        first, value = nal.is_first_slice(unit), hashlib.sha256(unit).digest()
        if keyframe and first:
            self._anchor = value
            self._waiting.append(Gop(self._frames, value))
        else:
            value = hashlib.sha256(self._anchor + value).digest()
            if not self._waiting:
                self._waiting.append(Gop(self._frames))
        self._waiting[-1].add(value, first=first)
        self._frames += first
        if len(self._waiting) > _MAX_PENDING:
            dropped = self._waiting.pop(0)
            self._dropped = self._dropped[0] + dropped.frames, self._dropped[1] + 1

    def _sei(self, sei: Sei) -> None:
        """A signature: find the GOP that it is about among those that wait, and judge it."""
        self._learn(sei)
        found = self._find(sei)
        if found is None and self._expected is None and len(self._waiting) < 2:
            return  # it is about a GOP before the film
        complete = max(len(self._waiting) - 1, min(len(self._waiting), 1))
        # Where nothing is as it was, the numbers tell which of the complete GOPs is meant, or that it is gone.
        ahead = 0 if self._expected is None else sei.counter - self._expected - self._dropped[1]
        at = min(ahead, complete) if found is None else found
        if at < 0:
            self._wrong(sei.counter, None, "its signature stands where none of its frames is")
            return
        self._skip(at, sei)
        if found is not None or at < complete:
            self._judge(sei, self._waiting.pop(0), followed=at == 0)
        else:
            self._wrong(sei.counter, None, "it was signed, and none of its frames is there")
            self._link = None
        self._expected = sei.counter + 1

    def _find(self, sei: Sei) -> int | None:
        """Which of the GOPs that wait is meant, by what is in it."""
        alike = [at for at, gop in enumerate(self._waiting) if gop.is_exactly(sei) or gop.begins_like(sei)]
        return alike[0] if alike else None

    def _skip(self, count: int, sei: Sei) -> None:
        """No signature will come any more for the first GOPs that wait."""
        (frames, gops), self._dropped = self._dropped, (0, 0)
        skipped, self._waiting = self._waiting[:count], self._waiting[count:]
        frames, gops = frames + sum(gop.frames for gop in skipped), gops + count
        if not gops:
            return
        end = self._waiting[0].start if self._waiting else self._frames
        number = None
        if self._expected is not None:
            number = self._expected if (gops, sei.counter) == (1, self._expected + 1) else None
            self._expected = min(self._expected + gops, sei.counter)
        self._wrong(number, (end - frames, end - 1), "no signature covers them: it was taken out, or they were put in")

    def _judge(self, sei: Sei, gop: Gop, *, followed: bool) -> None:
        wrong = self._invalid_reasons(sei, gop, followed=followed)
        compared = gop.compare(sei)
        if compared.strange:
            which = (compared.strange[0], compared.strange[-1])
            self._wrong(sei.counter, which, "these are not the frames that were signed, or not in their order")
        self._link = None if compared.strange else gop.anchor
        if not (wrong or compared.strange):
            self._claim(_Claim(replace(sei, hashes=None), gop.frames, gop.span, compared.missing))

    def _invalid_reasons(self, sei: Sei, gop: Gop, *, followed: bool) -> bool:
        """Whether what is between this GOP and the one before is wrong."""
        lost = 0 if self._expected is None else sei.counter - self._expected
        if lost > 0:
            gone = f"{lost} GOPs are" if lost > 1 else "a GOP is"
            self._wrong(sei.counter, gop.span, f"before it {gone} missing")
        elif lost < 0:
            self._wrong(sei.counter, gop.span, f"it stands where GOP {self._expected} should")
        elif followed and self._link is not None and sei.link != self._link:
            self._wrong(sei.counter, gop.span, "the GOP before it is not the one that was before it")
        else:
            return False
        return True

    def _claim(self, claim: _Claim) -> None:
        """The GOP is proven if the signature holds; that is judged when its certificate is known."""
        if not self._signers:
            if len(self._uncertified) == _MAX_UNCERTIFIED:
                raise Refused("the film goes on for too long without a certificate")
            self._uncertified.append(claim)
            return
        sei = claim.sei
        if not self._signers[-1].signed(sei):
            self._wrong(sei.counter, claim.span, "its signature is wrong: it was altered, or is another key's")
            return
        if claim.missing:
            self._note(sei.counter, claim.span, f"slices that were signed are missing: {claim.missing}")
        counted = (claim.frames, 1, claim.missing)
        self._good = [before + now for before, now in zip(self._good, counted, strict=True)]
        begin, end = self._times or (sei.begin, sei.end)
        self._times = min(begin, sei.begin), max(end, sei.end)

    def _learn(self, sei: Sei) -> None:
        """Keep the certificates that a SEI carries; all signatures of a film are of one key."""
        if sei.chain is None or (self._signers and self._signers[-1].chain == sei.chain):
            return
        self._signers.append(read_signer(sei.chain, self.trust))
        if len(self._signers) > 1:
            self._wrong(sei.counter, None, "it is signed by another key than what is before it")
            self._expected = self._link = None
            del self._signers[1:-1]
        claims, self._uncertified = self._uncertified, []
        for claim in claims:
            self._claim(claim)

    def _here(self) -> tuple[int, int] | None:
        return (self._frames - 1, self._frames - 1) if self._frames else None

    def _wrong(self, gop: int | None, frames: tuple[int, int] | None, reason: str) -> None:
        self._invalid = True
        self._note(gop, frames, reason)

    def _note(self, gop: int | None, frames: tuple[int, int] | None, reason: str) -> None:
        if len(self._findings) < _MAX_FINDINGS:
            self._findings.append(Finding(gop, frames, reason))
        else:
            self._more += 1
