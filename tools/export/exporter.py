"""The callable: check, decrypt, remux, and prove the result before it gets its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import av.error

from tools.export.captions import Caption, Chapter, Story, captions, chapters
from tools.export.cutting import Plan, Wish, make_plan, moved
from tools.export.derivation import paper_of, write_paper
from tools.export.desk import Desk
from tools.export.notes import read_notes
from tools.export.place import need_space, new_file
from tools.export.provenance import sign_film
from tools.export.remux import Film
from tools.export.source import Source, open_source
from tools.export.times import FrameTimes
from tools.verify.exported import check_film
from tools.verify.findings import Problems, Refused, need
from tools.verify.fragments import FlushMedia
from tools.verify.model import MEDIA_RATE, Opening
from tools.verify.times import moment, utc
from tools.verify.verifier import load_given

_TRACKS = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Request:
    """How a film is wanted.  ``people``: with subtitles and chapters; ``private``: these may tell what the private part
    says; ``desk``: who signs; ``c2pa``: whether also a C2PA manifest; ``reason``: why a derivative is made."""

    wish: Wish = field(default_factory=Wish)
    people: bool = True
    private: bool = True
    desk: Desk | None = None
    c2pa: bool = True
    reason: str | None = None

    @property
    def derives(self) -> bool:
        """Whether the film is a derivative: less than the recording."""
        return self.wish.trims or self.wish.redacts


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: ``seconds`` of media, ``frames`` and ``sound_units``, and whether it is all of the
    recording (``recovered``: only what was signed at capture; ``sealed`` false: it was not yet closed).  Of a derivative
    also its ``paper``, and ``moved``: what was moved to a border, in words.  ``signed``: by which desk, with a C2PA
    manifest."""

    path: Path
    device: str
    number: int
    seconds: float
    frames: int
    sound_units: int
    recovered: bool
    sealed: bool
    paper: Path | None = None
    moved: tuple[str, ...] = ()
    signed: str | None = None


def export_recording(
    recording: Path,
    keys: Sequence[Path],
    out: Path,
    *,
    root: Path | None = None,
    force: bool = False,
    times: Path | None = None,
    request: Request | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write what ``recording`` (a directory) holds into one ordinary MP4 file.

    ``keys``: files of age keys; ``root``: PEM file of the root certificate (None: who certified the camera is not
    judged); ``times``: also write there when each frame was captured, as CSV; ``progress`` hears bytes done and bytes in all.  ``Refused`` with the reason where it cannot be done: then
    no file is left, and one that was there is untouched.  Only what the journal vouches for is exported.
    """
    given = load_given(root, keys)
    need(given.keys, "no key was given")
    request = request or Request()
    need(
        request.desk is not None or not request.derives,
        "a trimmed or redacted film is a derivative, which a desk has to sign: name one with --desk "
        "('lapel provision desk' makes it)",
    )
    steps = Steps(recording, progress)
    with ExitStack() as files:
        # Names that are taken are refused before the long work.
        temporary = files.enter_context(new_file(out, replace=force))
        paper = files.enter_context(new_file(paper_of(out), replace=force)) if request.derives else None
        table = None if times is None else files.enter_context(new_file(times, replace=force))
        source = open_source(recording, replace(given, progress=steps.advance))
        need_space(temporary.parent, _needed(source, request))
        done = write_film(source, temporary, out, request, table, paper)
    steps.finish()
    return done


def write_film(
    source: Source, temporary: Path, out: Path, request: Request, table: Path | None = None, paper: Path | None = None
) -> Exported:
    """Write the film that will be called ``out`` to ``temporary``, when its frames were captured to ``table``, and what
    it was made from to ``paper``."""
    wish, desk = request.wish, request.desk
    plan = make_plan(source.journal, wish, source.keyed)
    try:
        _write(source, plan, temporary, request, table)
        if desk is not None and request.c2pa:
            _sign(source, plan, temporary, wish, desk)
        done = _prove(source, plan, temporary, out)
    except av.error.FFmpegError as error:
        raise Refused(f"{out}: cannot be written: {error.strerror}") from None
    if desk is not None and paper is not None:
        write_paper(source, plan, wish, temporary, desk, request.reason, paper)
    return replace(
        done,
        paper=None if paper is None else paper_of(out),
        moved=tuple(moved(plan, wish)),
        signed=desk.name if desk is not None and request.c2pa else None,
    )


class Steps:
    """Progress over the readings of a recording: for a film its ciphertext, then its plaintext."""

    def __init__(self, recording: Path, progress: Callable[[int, int], None] | None, readings: int = 2) -> None:
        self._total = readings * sum(each.lstat().st_size for each in recording.glob("*.age"))
        self._done = 0
        self._progress = progress

    def advance(self, length: int) -> None:
        """So many bytes more were read."""
        self._done = min(self._done + length, self._total)
        if self._progress is not None:
            self._progress(self._done, self._total)

    def finish(self) -> None:
        """All is done."""
        self.advance(self._total)


def _needed(source: Source, request: Request) -> int:
    """Room for the film, twice while it is being signed."""
    plain = sum(flushes[-1].plain.length for flushes in source.segments)
    return plain * (2 if request.desk is not None and request.c2pa else 1)


def _write(source: Source, plan: Plan, path: Path, request: Request, times: Path | None) -> None:
    opening = source.journal.opening
    rates = {"video": MEDIA_RATE, "audio": opening.sound_rate or MEDIA_RATE}
    starts = _starts(plan, rates["audio"])
    told = _told(source, plan, request) if request.people else ([], [])
    settings = {kind: source.settings[kind] for kind in starts}
    frames: list[int] = []
    with Film(path, settings, starts, rates, _tags(opening, request), *told) as film:

        def deliver(media: FlushMedia) -> None:
            if media.audio and plan.silent(media.audio[0].time, rates["audio"]):
                media = FlushMedia(media.video, [])
            film.write(media)
            frames.extend(sample.time for sample in media.video)

        source.read(deliver, plan.lines)
    if times is not None:
        rows = FrameTimes(source.journal).rows(frames, round(film.origin * MEDIA_RATE))
        times.write_text("".join(f"{row}\n" for row in rows), encoding="ascii")


def _starts(plan: Plan, sound_rate: int) -> dict[str, int]:
    """Media time of each track's first sample in the film, in its ticks."""
    found: dict[str, int] = {}
    for flush in plan.flushes:
        if flush.video is not None:
            found.setdefault("video", flush.video.start)
        if flush.audio is not None and not plan.silent(flush.audio.start, sound_rate):
            found.setdefault("audio", flush.audio.start)
    return found


def _told(source: Source, plan: Plan, request: Request) -> tuple[list[Caption], list[Chapter]]:
    journal, covers = source.journal, plan.covers
    live = [flush.video.start for flush in journal.flushes if flush.video is not None and journal.is_live(flush)]
    story = Story(
        journal.opening.device,
        journal.opening.number,
        FrameTimes(journal),
        min(live, default=None),
        read_notes(source) if request.private else (),
        plan.silenced,
    )
    return list(captions(story, covers.begin, covers.until)), chapters(story, covers.begin, covers.until)


def _tags(opening: Opening, request: Request) -> dict[str, str]:
    clock = opening.clock
    kind = "derivative of " if request.derives else ""
    tags = {
        "title": f"{kind}{opening.device}, recording {opening.number}",
        "comment": f"volume {opening.volume}; opened {utc(clock.utc_ms)} by its clock ({clock.quality})",
    }
    opened = moment(clock.utc_ms)
    if clock.quality != "unset" and opened is not None:
        tags["creation_time"] = f"{opened:%Y-%m-%dT%H:%M:%S}.{opened.microsecond:06d}Z"
    return tags


def _sign(source: Source, plan: Plan, path: Path, wish: Wish, desk: Desk) -> None:
    signed = path.with_name(f"{path.name}.c2pa")
    try:
        sign_film(path, signed, source, plan, wish, desk)
        signed.replace(path)
    finally:
        signed.unlink(missing_ok=True)


def _prove(source: Source, plan: Plan, path: Path, out: Path) -> Exported:
    """Hold the film against the journal, as anybody can later."""
    problems = Problems()
    found = {}
    with problems.at(out.name):
        found = check_film(path, source.journal, problems, [(each.begin, each.until) for each in plan.silenced])
    rate = source.journal.opening.sound_rate or MEDIA_RATE
    counted = dict.fromkeys(_TRACKS, 0)
    for flush in plan.flushes:
        counted["video"] += flush.video.samples if flush.video else 0
        counted["audio"] += flush.audio.samples if flush.audio and not plan.silent(flush.audio.start, rate) else 0
    short = [kind for kind, count in counted.items() if count != (found[kind].samples if kind in found else 0)]
    if problems or short:
        reason = problems.found[0].reason if problems else f"its {', '.join(short)} is not complete"
        raise Refused(f"{out}: the film did not come out as it was recorded: {reason}")
    opening, manifest = source.journal.opening, source.custody.manifest
    return Exported(
        path=out,
        device=opening.device,
        number=opening.number,
        seconds=(plan.covers.until - plan.covers.begin) / MEDIA_RATE,
        frames=counted["video"],
        sound_units=counted["audio"],
        recovered=manifest is not None and manifest.recovered,
        sealed=manifest is not None,
    )
