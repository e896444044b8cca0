"""A recording's journal: what is written is read back; what a cut leaves is used up to the last good line."""

from __future__ import annotations

import random
from typing import Any

import pytest

from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError, FormatError, SequenceError
from firmware.evidence.journal import Journal, JournalReader, last_clock, read_journal
from firmware.evidence.jws import Signed
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import FLUSH, OPENING
from firmware.evidence.lines import Ending
from firmware.evidence.session import Session
from firmware.evidence.transcript import NOTHING
from tests import samples
from tests.pki import Pki

WHO = {"device": "cam-1", "volume": samples.VOLUME, "boot": 3, "number": 7}


def example(session: Session, **changes: Any) -> tuple[Journal, list[bytes]]:
    """A journal of two pre-event segments, one live segment and a private part, and its lines."""
    journal = Journal(session, **samples.opening(**changes))
    flushes = [
        samples.flush("private.age"),
        samples.flush("000002.mp4.age", 1, 180_000),
        samples.flush("000000.mp4.age", 1, 0, last=True),
        samples.flush("000002.mp4.age", 2, 225_000),
        samples.flush("000001.mp4.age", 1, 90_000),
        samples.flush("000001.mp4.age", 2, 135_000, last=True),
        samples.flush("private.age", 2, last=True),
        samples.flush("000002.mp4.age", 3, 270_000, last=True),
    ]
    return journal, [journal.opening, *(journal.flush(**each) for each in flushes)]


def as_file(lines: list[bytes]) -> bytes:
    """The file with these lines."""
    return b"".join(line + b"\n" for line in lines)


@pytest.fixture(scope="module")
def written(session: Session) -> tuple[Journal, list[bytes]]:
    """A whole journal."""
    return example(session)


def test_round_trip(pki: Pki, written: tuple[Journal, list[bytes]]) -> None:
    """A reader arrives at exactly what the writer knows."""
    journal, lines = written
    data = as_file(lines)
    read = read_journal(data, pki.trust, **WHO)
    assert read.opening is not None
    assert read.opening.line == journal.opening
    assert [flush.line for flush in read.flushes] == lines[1:]
    assert (read.valid_length, read.ending, read.refusal, read.damaged) == (len(data), Ending.WHOLE, None, False)
    assert read.extent == journal.extent == {"length": len(data), "hash": hash_of(data)}
    assert read.transcript is not None
    assert vars(read.transcript) == vars(journal.transcript)


def test_sums(written: tuple[Journal, list[bytes]]) -> None:
    """The transcript sums up what the manifest says."""
    transcript = written[0].transcript
    assert transcript.lines == 9
    assert transcript.head == hash_of(written[1][-1])
    assert transcript.samples == {"video": 90, "audio": 144}
    assert transcript.span == {"from": 0, "until": 315_000}
    assert transcript.gaps == {"video": 0, "audio": 1, "overflow": 0}
    assert transcript.clock["mono_ms"] == 5000
    assert transcript.files["private.age"] == samples.extent(2 * 65552)
    assert not transcript.open_files
    assert transcript.missing() == []


def test_pieces(pki: Pki, written: tuple[Journal, list[bytes]]) -> None:
    """A journal is read in pieces of any size, with the same result, handing out flushes as it goes."""
    data = as_file(written[1])
    reader = JournalReader(pki.trust, **WHO)
    flushes: list[Signed] = []
    for at in range(0, len(data), 1000):
        flushes += reader.feed(data[at : at + 1000])
    read = reader.finish()
    assert [flush.line for flush in flushes] == written[1][1:]
    assert (read.valid_length, read.ending, read.flushes) == (len(data), Ending.WHOLE, ())


def test_cut_anywhere(pki: Pki, session: Session) -> None:
    """Whatever byte a cut ends the file at, every whole line before it is used, nothing else, and it is no damage."""
    lines = example(session)[1][:3]
    data = as_file(lines)
    borders = [0]
    for line in lines:
        borders.append(borders[-1] + len(line) + 1)
    near = {place + off for place in borders for off in (-2, -1, 0, 1, 2)}
    for cut in sorted(near | set(range(0, len(data), 97))):
        if 0 <= cut <= len(data):
            whole = max(border for border in borders if border <= cut)
            for tail in (b"", bytes(512)):
                read = read_journal(data[:cut] + tail, pki.trust, **WHO)
                assert read.valid_length == whole
                assert (read.opening is None) is (whole == 0)
                assert not read.damaged
                assert (read.ending is Ending.WHOLE) is (cut + len(tail) == whole)


def test_lost_pages(pki: Pki, session: Session) -> None:
    """A last line of which a page or a sector never reached the card is torn, not altered."""
    lines = example(session)[1][:2]
    data = as_file(lines)
    start = len(lines[0]) + 1
    for at in range(start, len(data) - 1, 128):
        length = min(512, len(data) - 1 - at)
        read = read_journal(data[:at] + bytes(length) + data[at + length :], pki.trust, **WHO)
        assert (read.valid_length, read.ending, read.damaged) == (start, Ending.TORN, False)


def test_any_changed_byte(pki: Pki, session: Session) -> None:
    """Any byte that was changed ends what is believed before it, and is called what it is."""
    lines = example(session)[1][:3]
    data = as_file(lines)
    draw = random.Random(7)
    for at in draw.sample(range(len(data) - 1), 300):
        changed = data[:at] + bytes((data[at] ^ draw.choice((1, 2, 0x20)),)) + data[at + 1 :]
        read = read_journal(changed, pki.trust, **WHO)
        assert read.valid_length <= at
        assert read.damaged
        assert isinstance(read.refusal, EvidenceError)


def test_lines_out_of_place(pki: Pki, session: Session, written: tuple[Journal, list[bytes]]) -> None:
    """A line that is missing, doubled, exchanged or of another recording or boot ends what is believed."""
    lines = written[1]
    other = example(session)[1]
    boot = example(pki.session())[1]
    for changed, good in (
        ([*lines[:3], *lines[4:]], 3),
        ([*lines[:3], lines[2], *lines[3:]], 3),
        ([*lines[:2], lines[3], lines[2], *lines[4:]], 2),
        ([lines[0], *other[1:]], 1),
        ([lines[0], *boot[1:]], 1),
        (lines[1:], 0),
        ([*lines, lines[0]], 9),
    ):
        read = read_journal(as_file(changed), pki.trust, **WHO)
        assert read.damaged
        assert read.valid_length == len(as_file(changed[:good]))
        assert len(read.flushes) == max(0, good - 1)


@pytest.mark.parametrize("name", WHO)
def test_another_recording(pki: Pki, written: tuple[Journal, list[bytes]], name: str) -> None:
    """The journal of another recording in this one's place is not taken for it."""
    other = {"device": "cam-2", "volume": samples.NONCE}.get(name, 99)
    read = read_journal(as_file(written[1]), pki.trust, **{**WHO, name: other})
    assert (read.opening, read.transcript, read.valid_length, read.ending) == (None, None, 0, Ending.REFUSED)
    assert name in str(read.refusal)
    assert read_journal(as_file(written[1]), pki.trust, **{**WHO, name: None}).ending is Ending.WHOLE


def test_revoked_and_rogue(pki: Pki, rogue: Pki, written: tuple[Journal, list[bytes]]) -> None:
    """Another authority's journal, or that of a withdrawn device, is refused."""
    data = as_file(written[1])
    for trust in (rogue.trust, Trust(pki.root, frozenset({pki.device.chain.fingerprint}))):
        read = read_journal(data, trust, **WHO)
        assert (read.opening, read.ending) == (None, Ending.REFUSED)


def test_wrong_facts(session: Session) -> None:
    """A wrong member is refused by name when it is made, and leaves the journal as it was."""
    with pytest.raises(FormatError, match=r"lapel.opening.1: number: 0"):
        Journal(session, **samples.opening(number=0))
    with pytest.raises(FormatError, match=r"lapel.opening.1: extra: unknown"):
        Journal(session, **samples.opening(), extra=1)
    journal = Journal(session, **samples.opening())
    with pytest.raises(FormatError, match=r"lapel.flush.1: lag_ms: -1"):
        journal.flush(**samples.flush(lag_ms=-1))
    before = dict(vars(journal.transcript))
    assert journal.transcript.lines == 1
    journal.flush(**samples.flush())
    for facts, reason in (
        (samples.flush(), "cipher: 000002.mp4.age does not grow"),
        (samples.flush(cipher=samples.extent(99_999)), "plain: 000002.mp4.age does not grow"),
    ):
        with pytest.raises(SequenceError, match=reason):
            journal.flush(**facts)
    journal.flush(**samples.flush(size=2, last=True))
    with pytest.raises(SequenceError, match="closed before"):
        journal.flush(**samples.flush(size=3))
    assert (journal.transcript.lines, before["lines"]) == (3, 1)


def test_silent_recording(session: Session) -> None:
    """Where the opening says that there is no sound, no flush has any."""
    journal = Journal(session, **samples.opening(audio=None))
    with pytest.raises(SequenceError, match=r"tracks.audio"):
        journal.flush(**samples.flush())
    video = samples.flush()["tracks"]["video"]
    journal.flush(**samples.flush(tracks={"video": video, "audio": None}))
    assert journal.transcript.samples == {"video": 15, "audio": 0}


def test_nothing_yet(session: Session) -> None:
    """An opening alone vouches for nothing: no span, no files, and no pre-event segment that was asked for."""
    transcript = Journal(session, **samples.opening(live_from=3)).transcript
    assert (transcript.span, transcript.files, transcript.missing()) == (None, {}, [0, 1, 2])
    assert NOTHING["length"] == 0


def test_empty_flush(session: Session) -> None:
    """The flush that only closes a segment adds no media."""
    journal = Journal(session, **samples.opening(live_from=0))
    journal.flush(**samples.flush("000000.mp4.age", last=True, tracks={"video": None, "audio": None}))
    assert (journal.transcript.span, journal.transcript.missing()) == (None, [])


def test_missing_pre_event(session: Session) -> None:
    """Segments below the live part that are not closed are missing, from the lowest that was begun."""
    journal = Journal(session, **samples.opening(live_from=6))
    journal.flush(**samples.flush("000006.mp4.age"))
    assert journal.transcript.missing() == [0, 1, 2, 3, 4, 5]
    journal.flush(**samples.flush("000003.mp4.age", last=True))
    journal.flush(**samples.flush("000004.mp4.age"))
    assert journal.transcript.missing() == [4, 5]
    assert journal.transcript.open_files == {"000006.mp4.age", "000004.mp4.age"}


def test_sound_alone_spans(session: Session) -> None:
    """Where there is sound alone, the span begins with it, converted to ticks of 1/90000 s and rounded down."""
    journal = Journal(session, **samples.opening(audio={"rate": 48000, "channels": 1}))
    sound = {"samples": 1, "from": 48001, "hash": samples.HASH}
    journal.flush(**samples.flush(tracks={"video": None, "audio": sound}, until=95_000))
    assert journal.transcript.span == {"from": 90_001, "until": 95_000}


def test_lines_are_of_their_kind(session: Session, written: tuple[Journal, list[bytes]]) -> None:
    """The opening carries the chain, the other lines name it."""
    assert (OPENING.typ, FLUSH.typ) == ("lapel.opening.1", "lapel.flush.1")
    assert all(len(line) < 2500 for line in written[1][1:])
    assert len(written[1][0]) > 2500


def test_last_clock(pki: Pki, rogue: Pki, written: tuple[Journal, list[bytes]]) -> None:
    """When a journal ends is read from its two ends alone, whatever a cut left at the far one."""
    _, lines = written
    data = as_file(lines)
    newest = written[0].transcript.clock
    assert last_clock(data[:4096], data[-4096:], pki.trust) == newest
    assert last_clock(data, data + bytes(600), pki.trust) == newest
    assert (
        last_clock(data, data[: -len(lines[-1]) // 2], pki.trust)["mono_ms"]
        == samples.flush("private.age")["clock"]["mono_ms"]
    )
    assert last_clock(data, data + b"torn\0\n", pki.trust) == newest
    assert last_clock(data, b"torn", pki.trust) == samples.clock()
    with pytest.raises(EvidenceError):
        last_clock(data, data, rogue.trust)
