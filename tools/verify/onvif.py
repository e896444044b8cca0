"""ONVIF Media Signing of a film's picture: which frames the SEIs in it prove (section 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tools.verify import nal
from tools.verify.certs import Trust
from tools.verify.findings import Refused
from tools.verify.gops import Gop
from tools.verify.onvif_key import Signer, read_signer
from tools.verify.onvif_sei import Sei, is_sei, read_sei
from tools.verify.signatures import Finding, Picture, Signatures

_BARE = "no signature covers them: it was taken out, or they were put in"
_MAX_PENDING = 16
_MAX_STRANGERS = 64
_MAX_FINDINGS = 100
_MAX_UNCERTIFIED = 1000


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

    It holds at most 16 GOPs that wait for their signature (2048 hashes each), 64 signatures that wait for their GOP, and
    1000 that wait for their certificate.
    """

    trust: Trust
    _frames: int = 0
    _anchor: bytes = bytes(32)
    _waiting: list[Gop] = field(default_factory=list)
    _dropped: tuple[int, int] = (0, 0)
    _signers: list[Signer] = field(default_factory=list)
    _first: list[Sei] = field(default_factory=list)
    _strangers: dict[int, Sei] = field(default_factory=dict)
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
        self._end()
        for claim in self._uncertified:
            self._wrong(claim.sei.counter, claim.span, "no certificate of the key that signed it is there")
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
        self._resolve()
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
        """A signature: the GOP that it is about, among those that wait, is known by what is in it.

        Where none fits, the next signature that fits one tells which it was about, or the end of the film.
        """
        self._learn(sei)
        if self._expected is None:
            self._first = [*self._first[1 - _MAX_STRANGERS :], sei]
        elif (at := self._find(sei, self._expected)) is None:
            self._strange(sei)
        else:
            self._place(sei, at)

    def _find(self, sei: Sei, expected: int) -> int | None:
        """The GOP at the place that the number tells, if it fits; or else the first that does.  A keyframe may well be
        the same as another, when it is dark."""
        ahead = sei.counter - expected - self._dropped[1]
        order = sorted(range(len(self._waiting)), key=lambda at: (at != ahead, at))
        for fits in (Gop.is_exactly, Gop.begins_like):
            for at in order:
                if fits(self._waiting[at], sei):
                    return at
        return None

    def _resolve(self) -> None:
        """The first signatures of a film, which stand together: the last that fits is about the newest GOP, and those
        before it are about the ones before that, in the film or not."""
        seis, self._first = self._first, []
        for index in reversed(range(len(seis))):
            if (at := self._newest(seis[index])) is not None:
                for sei in seis[:index]:
                    self._strange(sei)
                self._place(seis[index], at)
                for sei in seis[index + 1 :]:
                    self._sei(sei)
                return
        for sei in seis:
            self._strange(sei)

    def _newest(self, sei: Sei) -> int | None:
        whole = [at for at, gop in enumerate(self._waiting) if gop.is_exactly(sei)]
        begun = [at for at, gop in enumerate(self._waiting[:-1]) if gop.begins_like(sei)]
        return max(whole or begun, default=None)

    def _place(self, sei: Sei, at: int) -> None:
        """It is about this GOP: judge those in front, and it."""
        begins = self._expected is None
        for index in range(at):
            self._front(sei.counter - at + index)
        self._leave(sei.counter, begins=begins)
        self._judge(sei, self._waiting.pop(0))
        self._expected = sei.counter + 1

    def _strange(self, sei: Sei) -> None:
        if self._expected is None and len(self._waiting) < 2:
            return  # it is about a GOP before the film
        if len(self._strangers) < _MAX_STRANGERS:
            self._strangers.setdefault(sei.counter, sei)
        else:
            self._wrong(sei.counter, None, "its signature stands where none of its frames is")

    def _front(self, number: int) -> None:
        """The first GOP that waits is passed by: judge it by the signature of its number, if that came."""
        self._uncover()
        gop = self._waiting.pop(0)
        if (sei := self._strangers.pop(number, None)) is not None:
            self._judge(sei, gop)
            self._expected = number + 1
            return
        self._bare(gop.span)
        self._link = None
        if self._expected is not None and self._expected <= number:
            self._expected += 1

    def _uncover(self) -> None:
        """Tell of the GOPs that waited for too long."""
        (frames, gops), self._dropped = self._dropped, (0, 0)
        if gops:
            end = self._waiting[0].start if self._waiting else self._frames
            self._wrong(
                None, (end - frames, end - 1), "no signature covers them: it was taken out, or they were put in"
            )
            self._link = None

    def _leave(self, counter: int, *, begins: bool) -> None:
        """Signatures that were left over when another fits: they have nothing here."""
        self._uncover()
        left, self._strangers = self._strangers, {}
        for number in sorted(left):
            if begins and number < counter:
                continue  # about GOPs before the film
            if self._expected is not None and self._expected <= number < counter:
                self._wrong(number, None, "it was signed, and none of its frames is there")
                self._expected, self._link = number + 1, None
            else:
                self._wrong(number, None, "its signature stands where none of its frames is")

    def _end(self) -> None:
        """The film is over: which GOPs the signatures are about that fit none, their numbers tell."""
        self._resolve()
        if self._strangers and self._expected is None:
            self._wrong(min(self._strangers), None, "neither this signature nor another fits any of the frames")
            return
        for number in sorted(self._strangers):
            ahead = number - (self._expected or 0) - self._dropped[1]
            if 0 <= ahead < len(self._waiting):
                for index in range(ahead + 1):
                    self._front(number - ahead + index)
        if self._strangers:
            self._leave(max(self._strangers) + 1, begins=False)

    def _judge(self, sei: Sei, gop: Gop) -> None:
        wrong = self._out_of_row(sei, gop)
        compared = gop.compare(sei)
        if compared.strange:
            which = (compared.strange[0], compared.strange[-1])
            self._wrong(sei.counter, which, "these are not the frames that were signed, or not in their order")
        self._link = None if compared.strange else gop.anchor
        if not (wrong or compared.strange):
            self._claim(_Claim(replace(sei, hashes=None), gop.frames, gop.span, compared.missing))

    def _out_of_row(self, sei: Sei, gop: Gop) -> bool:
        """Whether it does not follow the GOP before it; then that is told."""
        lost = 0 if self._expected is None else sei.counter - self._expected
        if lost > 0:
            gone = f"{lost} GOPs are" if lost > 1 else "a GOP is"
            self._wrong(sei.counter, gop.span, f"before it {gone} missing")
        elif lost < 0:
            self._wrong(sei.counter, gop.span, f"it stands where GOP {self._expected} should")
        elif self._link is not None and sei.link != self._link:
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

    def _bare(self, span: tuple[int, int]) -> None:
        """These frames have no signature; GOPs in a row are told as one."""
        last = self._findings[-1] if self._findings else None
        if last is not None and last.reason == _BARE and last.frames is not None and last.frames[1] + 1 == span[0]:
            self._findings[-1] = replace(last, frames=(last.frames[0], span[1]))
        else:
            self._wrong(None, span, _BARE)

    def _wrong(self, gop: int | None, frames: tuple[int, int] | None, reason: str) -> None:
        self._invalid = True
        self._note(gop, frames, reason)

    def _note(self, gop: int | None, frames: tuple[int, int] | None, reason: str) -> None:
        if len(self._findings) < _MAX_FINDINGS:
            self._findings.append(Finding(gop, frames, reason))
        else:
            self._more += 1
