"""An exported film against the recording it was made from: picture and sound proven sample by sample, without any
decryption key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tools.verify import files, onvif_words, second
from tools.verify.age import Key
from tools.verify.certs import Trust
from tools.verify.derived import Derived, paper_of, read_derived
from tools.verify.film import read_film
from tools.verify.findings import Problems, Refused, need
from tools.verify.fragments import SegmentReader
from tools.verify.gathering import file_entry, root_entry
from tools.verify.matching import Match, match_track
from tools.verify.model import MEDIA_RATE, Flush, Journal
from tools.verify.movie import MovieTrack, read_movie
from tools.verify.plain import read_first
from tools.verify.report import ExportReport, Report, Verdict
from tools.verify.signatures import Picture, Signatures
from tools.verify.summary import judge_recording
from tools.verify.times import span
from tools.verify.verifier import load_given

_TOLERANCE = 0.001
_NOT_BELIEVED = (Verdict.NOT_WHOLE, Verdict.REVOKED)
_WORDS = {"video": "picture", "audio": "sound"}


def verify_export(
    film: Path,
    evidence: Path,
    root: Path | None,
    keys: Sequence[Path] = (),
    *,
    tsa_root: Path | None = None,
    revoked: Path | None = None,
    pq_root: Path | None = None,
    progress: Callable[[int], None] | None = None,
    decode: bool = True,
) -> Report:
    """Judge an exported film against the recording in the directory ``evidence``.

    With a key also the decoders' settings, which the signatures over samples do not cover, are held against the
    evidence.  Where a desk's paper lies beside the film, it is a derivative, and held against what that says.
    ``tsa_root``, ``revoked``, ``pq_root`` and ``decode`` are as in ``verify_path``; ``progress`` hears the number of bytes of each
    piece of the recording that was read.
    """
    given = load_given(root, keys, progress, tsa_root=tsa_root, revoked=revoked, pq_root=pq_root, decode=decode)
    if not evidence.is_dir():
        raise Refused(f"{evidence}: is not a directory")
    recording, custody = judge_recording(evidence, given, str(evidence))
    problems = Problems()
    name = film.name
    found: dict[str, Match] = {}
    derived = None
    signatures: Signatures | None = None
    unproven: list[str] = []
    if custody.journal is not None:
        with problems.at(paper_of(film).name):
            derived = read_derived(film, custody.journal, custody.manifest, given)
    with problems.at(name):
        need(custody.journal is not None, "there is no journal to hold it against")
        if custody.journal is not None:
            found = check_film(film, custody.journal, problems, derived.silenced if derived else ())
            _check_span(found, derived)
            signatures = read_film(film, Trust(given.root, custody.trusted_ms))
            unproven += _check_picture(signatures, name, problems)
            if given.keys and recording.verdict not in _NOT_BELIEVED:
                _check_settings(film, evidence, custody.journal, given.keys)
    covered = _covered(found)
    export = ExportReport(
        path=str(film),
        evidence=recording,
        covered=covered,
        file=file_entry(film),
        derived=derived,
        facts=() if derived is None else tuple(derived.words),
        proven=tuple(_proven(found, custody.journal, derived))
        if custody.journal and not problems and recording.verdict not in _NOT_BELIEVED
        else (),
        signatures=signatures,
        not_proven=(*_not_proven(bool(given.keys)), *unproven),
        problems=tuple(problems.found),
    )
    pq_hash = second.fingerprint(given.pq_root)
    return Report(str(film), "export", root_entry(given.root), export=export, pq_root=pq_hash)


def _check_picture(found: Signatures, name: str, problems: Problems) -> list[str]:
    """The signatures inside the picture, beside its samples; returns what they say nothing of.

    Where the samples are the recorded ones, a film that begins or ends inside a group of pictures, or over a gap that the
    camera signed, is no worse for it.
    """
    if problems or found.distrust is not None:
        onvif_words.problems(found, name, problems)
    elif found.verdict is not Picture.VALID or found.pending:
        covered = f"{found.proven} of {found.frames} frames" if found.proven else "no frame"
        return [f"by the signatures inside the picture alone: they prove {covered}; the journal proves all"]
    return []


def check_film(
    film: Path, journal: Journal, problems: Problems, silenced: Sequence[tuple[int, int]] = ()
) -> dict[str, Match]:
    """Hold a film's tracks against a journal; what differs goes into ``problems``, each naming the first flush that
    does.  ``silenced``: spans of media time in which the film has to have no sound (section 17)."""
    name = film.name
    rate = journal.opening.sound_rate or MEDIA_RATE
    ordered = [_without_sound(flush, rate, silenced) for flushes in journal.segments().values() for flush in flushes]
    found: dict[str, Match] = {}
    with files.open_file(film) as file:
        movie = read_movie(file)
        tracks = {track.header.kind: track for track in movie}
        need(len(tracks) == len(movie) and "video" in tracks, "does not hold one picture and at most one sound track")
        for kind, track in tracks.items():
            with problems.at(name):
                _check_header(track, journal)
                found[kind] = match_track(file, track, kind, ordered)
    if "video" in found:
        with problems.at(name):
            _check_together(found, tracks, ordered)
    return found


def _without_sound(flush: Flush, rate: int, silenced: Sequence[tuple[int, int]]) -> Flush:
    """The flush as a redacted film has it."""
    if flush.audio is None:
        return flush
    at = flush.audio.start * MEDIA_RATE // rate
    return replace(flush, audio=None) if any(begin <= at < until for begin, until in silenced) else flush


def _check_header(track: MovieTrack, journal: Journal) -> None:
    header = track.header
    word = _WORDS[header.kind]
    rate = MEDIA_RATE if header.kind == "video" else journal.opening.sound_rate
    need(rate is not None, "holds sound, and the recording has none")
    need(header.rate == rate, f"the {word} has another time scale than the recording")
    need(header.size in (None, journal.opening.size), "the picture has another size than the recording's")
    need(header.plain, "the picture would be shown turned, clipped or stretched")
    need(not track.hidden, f"an edit list leaves part of the {word} out")


def _check_together(found: dict[str, Match], tracks: dict[str, MovieTrack], ordered: Sequence[Flush]) -> None:
    """Both tracks cover the same part of the recording, all of it, and in step."""
    low, high = min(each.first for each in found.values()), max(each.last for each in found.values())
    for kind, word in _WORDS.items():
        part = [index for index in range(low, high + 1) if ordered[index].track(kind) is not None]
        match = found.get(kind)
        if match is None:
            need(not part or kind in tracks, f"the {word} is missing: {ordered[part[0]].file if part else ''} has some")
        else:
            need(
                (part[0], part[-1]) == (match.first, match.last),
                f"the {word} does not cover the same part of the recording as the rest",
            )
    video, last = found["video"], ordered[found["video"].last]
    need(
        abs(video.end - (last.until or 0)) <= MEDIA_RATE // 10,
        "the last frame is shown longer or shorter than it was recorded",
    )
    if audio := found.get("audio"):
        seen = tracks["video"].shown_at - video.shift / video.rate
        heard = tracks["audio"].shown_at - audio.shift / audio.rate
        need(abs(seen - heard) <= _TOLERANCE, f"sound and picture are {abs(seen - heard) * 1000:.1f} ms out of step")


def _check_span(found: dict[str, Match], derived: Derived | None) -> None:
    """A derivative holds the part that its paper names."""
    video = found.get("video")
    need(
        derived is None or video is None or (video.start, video.end) == derived.covers,
        "holds another part of the recording than its paper says",
    )


def _check_settings(film: Path, evidence: Path, journal: Journal, keys: Sequence[Key]) -> None:
    """The film's decoder settings are those of every segment."""
    with files.open_file(film) as file:
        settings = {track.header.kind: track.header.config for track in read_movie(file)}
    for flushes in journal.segments().values():
        reader = SegmentReader()
        reader.read(read_first(evidence / flushes[0].file, keys, flushes[0]), last=flushes[0].last)
        for track in reader.tracks.values():
            need(
                settings.get(track.kind, track.config) == track.config,
                f"its decoder settings are not those of {flushes[0].file}",
            )


def _covered(found: dict[str, Match]) -> tuple[float, float] | None:
    video = found.get("video")
    return None if video is None else (video.start / MEDIA_RATE, video.end / MEDIA_RATE)


def _proven(found: dict[str, Match], journal: Journal, derived: Derived | None) -> Iterator[str]:
    covered = _covered(found)
    if covered is None:
        return
    counted = {kind: sum(track.samples for flush in journal.flushes if (track := flush.track(kind))) for kind in _WORDS}
    redacted = derived is not None and bool(derived.silenced)
    # Of a redacted film the picture alone can be all of it.
    whole = all(match.samples == counted[kind] for kind, match in found.items() if kind == "video" or not redacted)
    part = "all that was signed at capture" if whole else f"media time {span(covered[0])} to {span(covered[1])}"
    if redacted:
        gone = "all its sound removed" if "audio" not in found else "part of its sound removed, the rest proven"
        yield f"derivative, picture proven, {gone}"
    what = "picture and sound are" if "audio" in found else "the picture is"
    if redacted and "audio" in found:
        what = "the picture and what is left of the sound are"
    yield f"{what} the recorded one, sample by sample: {part}, {found['video'].samples} frames"
    if "audio" in found:
        yield f"sound and picture are in step as recorded, to a millisecond ({found['audio'].samples} sound units)"


def _not_proven(with_key: bool) -> Iterator[str]:  # noqa: FBT001
    if not with_key:
        yield "the decoders' settings (not the samples) were not compared with the evidence: no key was given"
    yield "titles, dates, subtitles and chapters in the film were not signed by the camera"
