"""From what was checked to a verdict, and to words: what is proven, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tools.verify import made
from tools.verify.certs import Trust
from tools.verify.content import Content, judge_content
from tools.verify.gathering import recording_annex
from tools.verify.model import MEDIA_RATE, Journal
from tools.verify.recording import Custody, Given, judge
from tools.verify.report import RecordingReport, Verdict
from tools.verify.times import size, span, utc
from tools.verify.trusted import TrustedTime, disbelieved

_GAPS = {
    "video": "frames that the camera did not deliver",
    "audio": "sound units that the microphone did not deliver",
    "overflow": "units dropped because storage lagged",
}


def judge_recording(
    directory: Path,
    given: Given,
    name: str,
    trusted: Iterable[TrustedTime] = (),
    further: Callable[[Custody], None] | None = None,
) -> tuple[RecordingReport, Custody]:
    """Judge one recording, with what it holds where there is a key.

    ``name``: what it is called in the report; ``further``: checks of the place where it lies, which may add problems.
    """
    custody = judge(directory, given, trusted)
    if further is not None:
        further(custody)
    content = None
    if given.keys and custody.journal is not None:
        trust = Trust(given.root, custody.trusted_ms)
        content = judge_content(directory, custody.journal, given.keys, custody.problems, trust, decode=given.decode)
        custody.pictures = content.pictures
        if custody.compare is not None:
            custody.compare()
    return report(custody, given, content, name), custody


def report(custody: Custody, given: Given, content: Content | None, name: str) -> RecordingReport:
    """Put the findings on one recording into a verdict and words."""
    verdict = _verdict(custody)
    journal = custody.journal
    if journal is None:
        return RecordingReport(path=name, verdict=verdict, problems=tuple(custody.problems.found))
    opening, good = journal.opening, not custody.problems and not custody.revoked
    return RecordingReport(
        path=name,
        verdict=verdict,
        device=opening.device,
        volume=opening.volume,
        number=opening.number,
        utc_ms=opening.clock.utc_ms,
        seconds=seconds_of(journal),
        priority=bool(custody.manifest and custody.manifest.payload["priority"]),
        second=None if custody.manifest is None else custody.twice,
        made=made.made(custody, opening),
        facts=tuple(_facts(custody, journal)),
        proven=tuple(_proven(custody, journal, given, content)) if good else (),
        not_proven=tuple(_not_proven(custody, journal, given, content)),
        private=None if content is None else tuple(content.private),
        annex=recording_annex(custody),
        problems=tuple(custody.problems.found),
    )


def _verdict(custody: Custody) -> Verdict:
    if custody.problems:
        return Verdict.NOT_WHOLE
    if custody.revoked:
        return Verdict.REVOKED
    if custody.manifest is None:
        return Verdict.OPEN
    return Verdict.RECOVERED if custody.manifest.recovered else Verdict.WHOLE


def seconds_of(journal: Journal) -> float:
    """Seconds of media that the journal vouches for."""
    starts = [flush.video.start for flush in journal.flushes if flush.video is not None]
    ends = [flush.until for flush in journal.flushes if flush.until is not None]
    return (max(ends) - min(starts)) / MEDIA_RATE if starts and ends else 0.0


def _facts(custody: Custody, journal: Journal) -> Iterator[str]:
    opening = journal.opening
    length = span(seconds_of(journal))
    began = f"opened at {utc(opening.clock.utc_ms)} in boot {opening.boot}"
    yield f"recording {opening.number} of {opening.device}, {began}, {length} of media"
    live = [flush.video.start for flush in journal.of(f"{opening.live_from:06d}.mp4.age") if flush.video is not None]
    starts = [flush.video.start for flush in journal.flushes if flush.video is not None]
    if live and min(starts) < live[0]:
        yield f"the live part begins at {span(live[0] / MEDIA_RATE)}; what is before it comes from the buffer"
    yield from made.facts(custody, opening)
    if opening.sound_rate is None:
        yield "no sound track"
    if opening.continues is not None:
        number, _, ended = opening.continues
        apart = opening.clock.utc_ms - ended.utc_ms
        known = apart >= 0 and "unset" not in (opening.clock.quality, ended.quality)
        gap = f"about {span(apart / 1000)} by its clock" if known else "of unknown length"
        yield f"it resumes recording {number}; the gap is {gap}"
    for shared in opening.overlaps:
        begins, ends = span(shared.first / MEDIA_RATE), span(shared.last / MEDIA_RATE)
        yield f"what it has from {begins} to {ends} is in recording {shared.number}, too: the buffer reached back into it"
    last = journal.flushes[-1].gaps if journal.flushes else {}
    for kind, words in _GAPS.items():
        if last.get(kind):
            yield f"signed gap: {last[kind]} {words}"
    slowest = max((flush.lag_ms for flush in journal.flushes if journal.is_live(flush)), default=0)
    yield f"what followed the press was durable at most {slowest / 1000:.2f} s after capture"


def _proven(custody: Custody, journal: Journal, given: Given, content: Content | None) -> Iterator[str]:
    device = journal.opening.device
    authority = "a certificate that leads to the given root" if given.root is not None else "a certificate"
    yield f"signed at capture by camera {device} (key in {journal.opening.signer}) under {authority}"
    total = sum(custody.lengths.values())
    if custody.manifest is None:
        vouched = sum(journal.signed(name).length for name in custody.lengths)
        yield f"the journal vouches for {vouched} of the {total} bytes here"
    elif custody.manifest.recovered:
        boot = custody.manifest.payload["signed_boot"]
        yield f"recovered: cut off, and closed in boot {boot}; all that was signed at capture is there unaltered"
    else:
        files = f"all {len(custody.lengths)} files, {size(total)}"
        yield f"sealed: {files}, are byte for byte what the camera signed, none missing, none added"
    yield from made.proven(custody, given)
    if custody.twice:
        yield "its manifest is signed with ML-DSA-65, too, under a certificate that leads to the given post-quantum root"
    if custody.receipt is not None and disbelieved(custody.receipt, given.revoked) is None:
        dock, moment = custody.receipt.dock, utc(custody.receipt.utc_ms)
        yield f"dock {dock} signed that it took over exactly these files at {moment}"
    if content is not None:
        alone = f"; each of {content.segments} segments decodes alone" if content.decoded else ""
        if content.spoilt:
            alone = f"; {content.segments - len(content.spoilt)} of {content.segments} segments decode alone"
        yield f"picture and sound are the samples signed at capture{alone}"
        if content.segments:
            yield "the signatures inside the picture (ONVIF Media Signing) hold, so that each segment also proves itself alone"


def _not_proven(custody: Custody, journal: Journal, given: Given, content: Content | None) -> Iterator[str]:
    if given.root is None:
        yield "no root was given: who certified this camera was not judged"
    yield from made.not_proven(custody, given, journal.opening)
    if custody.manifest is None:
        yield "it has no manifest: cut off and not yet recovered, or still being made"
        yield "what follows the last line of the journal"
    yield from _not_proven_again(custody, given)
    if custody.unsigned:
        behind = size(custody.unsigned)
        yield f"recovered: the last {behind} were present when the camera started again, and are not signed at capture"
    missing = custody.manifest.payload["missing"] if custody.manifest else []
    if missing:
        yield f"of the time before the press, segments {', '.join(map(str, missing))} were not written in full"
    if content is None:
        yield "what the files hold was not looked at: no key was given"
        return
    yield from _not_proven_of(content)


def _not_proven_of(content: Content) -> Iterator[str]:
    if not content.decoded:
        yield "that all of it can be shown: nothing was decoded"
    for name, reason in content.spoilt.items():
        yield f"that all of {name} can be shown: the camera signed that it lost frames there, and {reason}"
    for name, frames in content.bare.items():
        yield f"of {name} by signatures inside the picture: {frames}; the journal covers them"
    if content.unsigned:
        yield f"{size(content.unsigned)} of what is not signed can be read"


def _not_proven_again(custody: Custody, given: Given) -> Iterator[str]:
    """What is missing of a second signature."""
    if custody.second is not None and not custody.second.rooted:
        yield "its second signature, ML-DSA-65: it fits, but no post-quantum root was given"
    elif custody.second is not None and not custody.twice and (gone := custody.second_withdrawn) is not None:
        yield (
            f"its second signature, ML-DSA-65: the certificate of {gone.name} was withdrawn from {utc(gone.since_ms)} on, and no "
            "trusted time says that this was made before"
        )
    elif custody.second is None and custody.manifest is not None and given.pq_root is not None:
        yield "that it stands where P-256 has fallen: its manifest has no second signature"
