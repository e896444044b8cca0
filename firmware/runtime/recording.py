"""A recording while it is written: the flush discipline.

Data, sync, *then* the journal line, sync.  So whatever the journal vouches for is on the card, and a cut anywhere leaves a prefix that
opens, plays and verifies.
"""

from __future__ import annotations

from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from firmware.evidence import private
from firmware.evidence.age import CHUNK
from firmware.evidence.transcript import TICKS
from firmware.media.mux import SegmentMuxer
from firmware.media.timeline import Timeline
from firmware.runtime import names
from firmware.runtime.beside import WORTH
from firmware.runtime.sealedfile import SealedFile
from firmware.runtime.work import Gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.core.cutter import Flush
    from firmware.evidence.age import AgeWriter
    from firmware.evidence.journal import Journal
    from firmware.media.mux import MuxedFlush
    from firmware.media.sei import Signatory
    from firmware.media.signing import Origin
    from firmware.runtime.beside import Beside
    from firmware.runtime.sealedfile import Extent
    from firmware.runtime.stamps import Stamps
    from hal.interface import AudioFormat, Clock, Directory, File, VideoFormat

RESERVE_SEGMENT: Final = 8 << 20
RESERVE_JOURNAL: Final = 1 << 20
NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Flushed:
    """What one flush of the live part cost: milliseconds from the capture of its last frame to the end of its data sync, bytes on the
    card with all that was noted since the one before, and the ticks of recording that it brought."""

    lag_ms: int
    size: int
    ticks: int


class OpenRecording:
    """One recording being written.  Every method leaves durably what it returns from; ``OSError`` ends it."""

    def __init__(
        self,
        number: int,
        directory: Directory,
        journal: Journal,
        journal_file: File,
        *,
        spare: tuple[str, File] | None,
        age: Callable[[], AgeWriter],
        stamps: Stamps,
        clock: Clock,
        formats: tuple[VideoFormat, AudioFormat | None],
        signatory: Signatory,
        beside: tuple[Beside, Beside],
    ) -> None:
        """``beside``: what puts the next flush together, and what hashes, while this one is made durable."""
        self.number = number
        self.directory = directory
        self.journal = journal
        self._journal_file = journal_file
        self._spare = spare
        self._age = age
        self._stamps = stamps
        self._clock = clock
        self._formats = formats
        self._signatory = signatory
        self._muxing, self._hashing = beside
        self._ahead: tuple[Flush, Future[MuxedFlush]] | None = None
        self._muxer: SegmentMuxer | None = None
        self._media_time: Timeline | None = None
        self._files: dict[str, SealedFile] = {}
        self._gaps = Gaps()
        self._refused = 0
        self._notes: list[bytes] = []
        self._lengths: dict[str, int] = {}
        self._noted = 0
        self._until = 0

    @property
    def so_far(self) -> dict[str, object]:
        """What the opening of a recording says that continues this one."""
        transcript = self.journal.transcript
        return {"number": self.number, "opening": transcript.opening_hash, "ended": transcript.clock}

    def flush(self, origin: Origin, flush: Flush, gaps: Gaps | None, following: Flush | None = None) -> Flushed:
        """Make one flush durable.

        ``gaps`` are the live part's counters; None for the pre-event part, which leaves them as they are.  ``following``: the next one of
        the same part, where it waits already; it is put together meanwhile.
        """
        if self._muxer is None:
            self._muxer = SegmentMuxer(origin, *self._formats, self._signatory)
            self._media_time = Timeline(origin.epoch_ns, TICKS)
        self._gaps = gaps or self._gaps
        muxed = self._mux(self._muxer, flush, following)
        self._refused += muxed.refused
        file = self._file(names.segment(flush.segment))
        extents = file.append(muxed.data, muxed.end)
        captured_ns = muxed.captured_ns
        lag_ms = (self._clock.monotonic_ns() - captured_ns) // NS_PER_MS if captured_ns is not None else 0
        size = self._vouch(
            file.name,
            extents,
            last=flush.last,
            tracks={
                "video": muxed.video and muxed.video.as_json(),
                "audio": muxed.audio and muxed.audio.as_json(),
            },
            until=muxed.until,
            lag_ms=lag_ms,
        )
        if gaps is None:
            return Flushed(lag_ms, size, 0)
        size, self._noted = size + self._noted, 0
        since = self._until or (muxed.video.start if muxed.video else muxed.until)
        self._until = max(since, muxed.until)
        return Flushed(lag_ms, size, self._until - since)

    def _mux(self, muxer: SegmentMuxer, flush: Flush, following: Flush | None) -> MuxedFlush:
        """The bytes of a flush.  One thread at a time has the muxer."""
        if self._ahead is not None and self._ahead[0] is flush:
            muxed, self._ahead = self._ahead[1].result(), None
        else:
            if self._ahead is not None:
                wait((self._ahead[1],))
            muxed = muxer.plain(flush)
        if self._ahead is None and following is not None and following.size > WORTH:
            self._ahead = following, self._muxing.begin(following.size, partial(muxer.plain, following))
        return muxed

    def note(self, kind: str, facts: Mapping[str, object], time_ns: int | None) -> None:
        """Take one record of the private part; ``keep_notes`` makes it durable."""
        at = max(0, self._media_time.ticks(time_ns)) if self._media_time and time_ns is not None else None
        self._notes.append(private.private_record({"kind": kind, "clock": self._stamps.now(), "at": at, **facts}))

    def keep_notes(self) -> bool:
        """Make all records that wait durable in one flush; False when there were none."""
        records, self._notes = self._notes, []
        if records:
            self._append_private(b"".join(records), b"")
        return bool(records)

    def close(self) -> None:
        """Close what is still open: the private part.  Segments were closed by their last flush; where no frame ever came there is none."""
        if self._spare is not None:
            name, file = self._spare
            self._spare = None
            file.close()
            self.directory.remove(name)
            self.directory.sync()
        self.keep_notes()
        self._append_private(b"", private.END)
        self._journal_file.reserve(0)
        self._journal_file.close()

    def abandon(self) -> None:
        """Let go of everything as it is: the storage fails, and recovery will sign what is there."""
        for file in self._files.values():
            file.abandon()
        self._journal_file.close()

    def _append_private(self, plain: bytes, end: bytes) -> None:
        file = self._file(names.PRIVATE)
        extents = file.append(plain, end)
        self._noted += self._vouch(file.name, extents, last=bool(end), tracks=None, until=None, lag_ms=0)

    def _vouch(
        self,
        name: str,
        extents: tuple[Extent, Extent],
        *,
        last: bool,
        tracks: Mapping[str, object] | None,
        until: int | None,
        lag_ms: int,
    ) -> int:
        """The journal line for what is on the card by now; by how many bytes file and journal grew."""
        cipher, plain = extents
        line = self.journal.flush(
            file=name,
            last=last,
            cipher=cipher.as_json(),
            plain=plain.as_json(),
            tracks=tracks,
            until=until,
            clock=self._stamps.now(),
            gaps=replace(self._gaps, video=self._gaps.video + self._refused).as_json(),
            lag_ms=max(0, lag_ms),
        )
        self._journal_file.append(line + b"\n")
        self._journal_file.sync()
        # Still found by its name?  Where the directory vanished, nobody would ever find what is written.
        self.directory.open(names.JOURNAL).close()
        if last:
            del self._files[name]
        before, self._lengths[name] = self._lengths.get(name, 0), cipher.length
        return cipher.length - before + len(line) + 1

    def _file(self, name: str) -> SealedFile:
        """The file of that name; a new one is durable by name before anything is written to it."""
        if name not in self._files:
            self._files[name] = SealedFile(name, self._new_file(name), self._age(), self._hashing)
        return self._files[name]

    def _new_file(self, name: str) -> File:
        if self._spare is not None and self._spare[0] == name:
            file, self._spare = self._spare[1], None
            return file
        file = self.directory.create(name)
        file.reserve(RESERVE_SEGMENT if name != names.PRIVATE else CHUNK)
        self.directory.sync()
        return file
