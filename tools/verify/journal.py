"""The journal (section 6): the opening, then one line a flush, each holding the hash of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.verify import files
from tools.verify.certs import Chain, Role, Trust
from tools.verify.documents import FLUSH, OPENING, ZEROS
from tools.verify.findings import Problems, Refused, need
from tools.verify.jws import MAX_LINE
from tools.verify.model import MEDIA_RATE, NOTHING, Flush, Journal, Opening
from tools.verify.signed import Signed, verify_chained, verify_keyed

NAME = "journal.jwsl"
CHUNK = 65536
"""Plaintext bytes of an age chunk: every flush but the last of a file ends on one."""

_CLOSING_BOX = 8
_CLOSING_LF = 1


class _Reader:
    """Takes line by line; stops being fed at the first that does not verify."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._chain: Chain | None = None
        self._latest: dict[str, Flush] = {}
        self.opening: Opening | None = None
        self.flushes: list[Flush] = []
        self.head = ZEROS
        self.lines = 0

    @property
    def chain(self) -> Chain:
        """The session's chain, once the opening was read."""
        if self._chain is None:
            raise Refused("the opening line is missing")
        return self._chain

    def take(self, line: bytes) -> None:
        """Verify the next line."""
        if self.opening is None:
            self._open(verify_chained(line, OPENING, Role.SESSION, self._trust))
        else:
            signed = verify_keyed(line, FLUSH, self.chain)
            self._follow(signed, Flush.read(signed.payload), self.opening)
        self.lines += 1

    def _open(self, signed: Signed) -> None:
        opening = Opening.read(signed.payload, signed.hash)
        need(
            opening.device == signed.chain.name, f"device is {opening.device}, the certificate is {signed.chain.name}'s"
        )
        if opening.number == 1:
            need(opening.previous == ZEROS, "previous is not zero in the first recording of a volume")
        if opening.continues is not None:
            need(opening.continues[0] < opening.number, "continues names no earlier recording")
        self.opening, self._chain, self.head = opening, signed.chain, signed.hash

    def _follow(self, signed: Signed, flush: Flush, opening: Opening) -> None:
        need(signed.payload["number"] == opening.number, "number is another recording's")
        need(
            flush.line == self.lines,
            f"line is {flush.line} where {self.lines} must follow: lines are missing, doubled or out of order",
        )
        need(signed.payload["prev"] == self.head, "prev is not the hash of the line before")
        before = self.flushes[-1] if self.flushes else None
        clock = before.clock if before else opening.clock
        need(flush.clock.mono_ms >= clock.mono_ms, "the monotonic clock runs back")
        if before is not None:
            need(all(flush.gaps[each] >= before.gaps[each] for each in flush.gaps), "a gap counter runs back")
        _check_tracks(flush, opening)
        _check_growth(flush, self._latest.get(flush.file))
        self._latest[flush.file] = flush
        self.flushes.append(flush)
        self.head = signed.hash


def read_journal(directory: Path, trust: Trust, problems: Problems) -> Journal | None:
    """Read a recording's journal as far as it verifies; None where not even the opening does.

    What is wrong goes into ``problems``, except a torn tail, which a power cut leaves.
    """
    path = directory / NAME
    reader = _Reader(trust)
    torn = 0
    with problems.at(NAME):
        torn = files.feed(
            files.lines(path, MAX_LINE),
            reader.take,
            lambda: f"line {reader.lines}" if reader.opening else "the opening",
        )
        need(reader.opening is not None, "holds no opening line")
    if reader.opening is None:
        return None
    with problems.at(NAME):
        check_order(reader.opening, reader.flushes)
    with problems.at(NAME):
        whole_file = files.digest(path)
        return Journal(
            opening=reader.opening,
            flushes=tuple(reader.flushes),
            head=reader.head,
            lines=reader.lines,
            torn=torn,
            length=whole_file.length,
            hash=whole_file.hash,
            device_key=reader.chain.named_key,
            session=reader.chain.fingerprint,
            chain=reader.chain,
        )
    return None


def check_order(opening: Opening, flushes: Sequence[Flush]) -> None:
    """``Refused`` where media times do not run on: inside a segment, and from each segment to the next."""
    ordered = sorted((each for each in flushes if each.segment is not None), key=lambda each: (each.segment, each.line))
    frame = MEDIA_RATE // opening.fps
    before: Flush | None = None
    ended: tuple[int, int] | None = None
    latest: dict[str, int] = {}
    for flush in ordered:
        fresh = before is None or before.segment != flush.segment
        where = f"{flush.file}, line {flush.line}"
        need(not fresh or flush.video is not None, f"{where}: the segment does not begin with a frame")
        for kind in ("video", "audio"):
            track = flush.track(kind)
            if track is not None:
                need(track.start > latest.get(kind, -1), f"{where}: {kind} times run back")
                latest[kind] = track.start
        if flush.video is not None and flush.until is not None and flush.segment is not None:
            # A gap is counted once, in whichever line comes next; so any counter explains any hole.  A segment of the minute before that a
            # cut left unfinished ends where it ends, and the manifest says that it is missing in part.
            unfinished = fresh and before is not None and not before.last and (before.segment or 0) < opening.live_from
            if ended is not None and not unfinished and flush.segment <= ended[0] + 1 and not any(flush.gaps.values()):
                hole = flush.video.start - ended[1]
                need(hole <= frame, f"{where}: {hole / MEDIA_RATE:.3f} s are missing before it, and no gap was counted")
            ended = (flush.segment, flush.until)
        before = flush


def _check_tracks(flush: Flush, opening: Opening) -> None:
    need(flush.audio is None or opening.sound_rate is not None, "sound stands in a recording without any")
    if flush.video is not None and flush.until is not None:
        need(flush.until > flush.video.start, "until is not behind the first frame")


def _check_growth(flush: Flush, before: Flush | None) -> None:
    """The file grew by whole chunks; its closing box or LF stands alone in the last one."""
    need(before is None or not before.last, f"{flush.file} goes on after it was closed")
    cipher, plain = (before.cipher, before.plain) if before else (NOTHING, NOTHING)
    need(flush.cipher.length > cipher.length and flush.plain.length > plain.length, f"{flush.file} did not grow")
    closing = _CLOSING_BOX if flush.segment is not None else _CLOSING_LF
    rest = flush.plain.length % CHUNK
    need(rest == (closing if flush.last else 0), f"{flush.file}: the plaintext does not end where a flush ends")
    chunks = -(-flush.plain.length // CHUNK)
    overhead = flush.cipher.length - flush.plain.length - 16 * (chunks + 1)
    if before is None:
        need(overhead > 0, f"{flush.file}: the ciphertext is too short for its plaintext")
    else:
        old = cipher.length - plain.length - 16 * (plain.length // CHUNK + 1)
        need(overhead == old, f"{flush.file}: ciphertext and plaintext did not grow alike")
