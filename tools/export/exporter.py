"""The callable: check, decrypt, remux, and prove the result before it gets its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import av.error

from tools.export.place import new_file
from tools.export.remux import Film
from tools.export.source import Source, open_source
from tools.export.times import FrameTimes
from tools.verify.exported import check_film
from tools.verify.findings import Problems, Refused, need
from tools.verify.fragments import FlushMedia
from tools.verify.model import MEDIA_RATE, Opening
from tools.verify.summary import seconds_of
from tools.verify.times import moment, utc
from tools.verify.verifier import load_given


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: ``seconds`` of media, ``frames`` and ``sound_units``, and whether it is all of the
    recording (``recovered``: only what was signed at capture; ``sealed`` false: it was not yet closed)."""

    path: Path
    device: str
    number: int
    seconds: float
    frames: int
    sound_units: int
    recovered: bool
    sealed: bool


def export_recording(
    recording: Path,
    keys: Sequence[Path],
    out: Path,
    *,
    root: Path | None = None,
    force: bool = False,
    times: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write what ``recording`` (a directory) holds into one ordinary MP4 file.

    ``keys``: files of age keys; ``root``: PEM file of the root certificate (None: who certified the camera is not
    judged); ``times``: also write there when each frame was captured, as CSV; ``progress`` hears bytes done and bytes in all.  ``Refused`` with the reason where it cannot be done: then
    no file is left, and one that was there is untouched.  Only what the journal vouches for is exported.
    """
    given = load_given(root, keys)
    need(given.keys, "no key was given")
    with ExitStack() as files:
        temporary = files.enter_context(new_file(out, replace=force))
        table = None if times is None else files.enter_context(new_file(times, replace=force))
        steps = _Steps(recording, progress)
        source = open_source(recording, replace(given, progress=steps.advance))
        try:
            _write(source, temporary, table)
            result = _prove(source, temporary, out)
        except av.error.FFmpegError as error:
            raise Refused(f"{out}: cannot be written: {error.strerror}") from None
    steps.finish()
    return result


class _Steps:
    """Progress over the two readings of a recording: its ciphertext, then its plaintext."""

    def __init__(self, recording: Path, progress: Callable[[int, int], None] | None) -> None:
        self._total = sum(each.lstat().st_size for name in ("*.age", "*.mp4.age") for each in recording.glob(name))
        self._done = 0
        self._progress = progress

    def advance(self, length: int) -> None:
        self._done = min(self._done + length, self._total)
        if self._progress is not None:
            self._progress(self._done, self._total)

    def finish(self) -> None:
        self.advance(self._total)


def _write(source: Source, path: Path, times: Path | None) -> None:
    opening = source.journal.opening
    rates = {"video": MEDIA_RATE, "audio": opening.sound_rate or MEDIA_RATE}
    with Film(path, source.settings, source.starts, rates, _tags(opening)) as film:
        frames: list[int] = []

        def deliver(media: FlushMedia) -> None:
            film.write(media)
            frames.extend(sample.time for sample in media.video)

        source.read(deliver)
    if times is not None:
        rows = FrameTimes(source.journal).rows(frames, round(film.origin * MEDIA_RATE))
        times.write_text("".join(f"{row}\n" for row in rows), encoding="ascii")


def _tags(opening: Opening) -> dict[str, str]:
    clock = opening.clock
    tags = {
        "title": f"{opening.device}, recording {opening.number}",
        "comment": f"volume {opening.volume}; opened {utc(clock.utc_ms)} by its clock ({clock.quality})",
    }
    opened = moment(clock.utc_ms)
    if clock.quality != "unset" and opened is not None:
        tags["creation_time"] = f"{opened:%Y-%m-%dT%H:%M:%S}.{opened.microsecond:06d}Z"
    return tags


def _prove(source: Source, path: Path, out: Path) -> Exported:
    """Hold the film against the journal, as anybody can later."""
    problems = Problems()
    found = {}
    with problems.at(out.name):
        found = check_film(path, source.journal, problems)
    counted = {
        kind: sum(track.samples for flush in source.journal.flushes if (track := flush.track(kind)) is not None)
        for kind in ("video", "audio")
    }
    short = [kind for kind, count in counted.items() if count != (found[kind].samples if kind in found else 0)]
    if problems or short:
        reason = problems.found[0].reason if problems else f"its {', '.join(short)} is not complete"
        raise Refused(f"{out}: the film did not come out as it was recorded: {reason}")
    opening, manifest = source.journal.opening, source.custody.manifest
    return Exported(
        path=out,
        device=opening.device,
        number=opening.number,
        seconds=seconds_of(source.journal),
        frames=counted["video"],
        sound_units=counted["audio"],
        recovered=manifest is not None and manifest.recovered,
        sealed=manifest is not None,
    )
