"""Journals whose lines contradict each other, and journals whose lines were moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.vector_maker.bases import FIRST
from tests.vector_maker.evidence import OPEN, WHOLE, Scenario
from tests.vector_maker.forging import FLUSH, OPENING, Edit, deep, editing, having, later, lines, track, without
from tests.vector_maker.scenarios.making import Change, changed, edit, forged, remove

JOURNAL = "journal.jwsl"

OPENINGS: dict[str, tuple[str, Edit, str]] = {
    "number": ("of another number", having(number=2), "another recording's"),
    "previous": ("of the first recording, with one before it", having(previous="1" * 64), "previous is not zero"),
    "float": ("with a float", having(boot=1.0), "no integer"),
    "unknown-member": ("with an unknown member", having(officer="x"), "officer: no member"),
    "missing-member": ("without a member", without("signer"), "signer: missing"),
    "device": ("of another device", having(device="cam-1"), "device is cam-1"),
    "resumes-itself": ("that resumes itself", lambda old: {**old, "continues": _resumed(old)}, "no earlier recording"),
    "signer": ("with a signer of no known kind", having(signer="paper"), "signer"),
    "size": ("with a picture that is too wide", deep("video", width=99_999), "width"),
    "rate": ("with a sound rate out of range", having(audio={"rate": 1, "channels": 1}), "rate"),
    "clock": ("with a clock of no known quality", deep("clock", quality="guess"), "quality"),
    "volume": ("whose volume is no identifier", having(volume="x"), "volume"),
}  # fmt: skip


def _resumed(old: dict[str, Any]) -> dict[str, Any]:
    return {"number": 1, "opening": "1" * 64, "ended": old["clock"]}


# Line 2 is the first of segment 1, line 3 its last; see ``bases.FULL``.
FLUSHES: dict[str, tuple[str, int, Edit, str]] = {
    "line": ("a line's number is another", 3, having(line=9), f"{JOURNAL}: line 4: "),
    "prev": ("a line that does not continue the one before", 3, having(prev="0" * 64), f"{JOURNAL}: line 4: prev is not"),
    "number": ("a line of another recording", 3, having(number=7), f"{JOURNAL}: line 4: number is another"),
    "clock-back": ("the monotonic clock runs back", 3, deep("clock", mono_ms=1), f"{JOURNAL}: line 4: the monotonic clock runs back"),
    "gaps-back": ("counters of gaps run back", 2, having(gaps={"video": 9, "audio": 0, "overflow": 0}),
                  f"{JOURNAL}: line 4: "),
    "cipher": ("another hash of the ciphertext", 3, deep("cipher", hash="1" * 64), "000002.mp4.age: "),
    "cipher-length": ("more ciphertext than there is", 3, deep("cipher", length=10**9), f"{JOURNAL}: line 5: 000002.mp4.age did not grow"),
    "plain-length": ("plaintext that does not end on a chunk", 3, deep("plain", length=400_000), f"{JOURNAL}: line 4: "),
    "no-tracks": ("a segment's line without tracks", 3, having(tracks=None), f"{JOURNAL}: line 4: tracks stand"),
    "tracks-in-private": ("tracks in a line of the private part", 0,
                          having(tracks={"video": None, "audio": None}), f"{JOURNAL}: line 1: "),
    "no-until": ("a segment's line without an end", 3, having(until=None), f"{JOURNAL}: line 4: until stands"),
    "until-early": ("an end before its begin", 3, having(until=1), f"{JOURNAL}: line 4: until is not behind"),
    "closed-early": ("a file that is closed, and goes on", 1, having(last=True), f"{JOURNAL}: line 2: "),
    "path": ("a file's name with a path", 1, having(file="../000001.mp4.age"), f"{JOURNAL}: line 2: file is not"),
    "manifest-as-file": ("a manifest among the files", 1, having(file="manifest.jws"), f"{JOURNAL}: line 2: file is not"),
    "hole": ("a hole in the media that no gap explains", 4, later(90_000), f"{JOURNAL}: line 5: "),
    "media-back": ("media time runs back", 4, later(-90_000), f"{JOURNAL}: line 5: "),
    "samples": ("a track without samples", 3, track("video", samples=0), f"{JOURNAL}: line 4: "),
    "lag": ("a lag below 0", 3, having(lag_ms=-1), f"{JOURNAL}: line 4: "),
    "gaps-member": ("a counter that the format does not have", 3, deep("gaps", lost=1), f"{JOURNAL}: line 4: "),
    "float": ("a float", 3, having(until=1.5), f"{JOURNAL}: line 4: "),
}  # fmt: skip

LINES: dict[str, tuple[str, Callable[[list[bytes]], list[bytes]]]] = {
    "removed": ("a line is taken out", lambda rows: rows[:3] + rows[4:]),
    "removed-at-end": ("the last line is taken away", lambda rows: rows[:-1]),
    "reordered": ("two lines change places", lambda rows: [*rows[:3], rows[4], rows[3], *rows[5:]]),
    "doubled": ("a line stands twice", lambda rows: [*rows[:4], rows[3], *rows[4:]]),
    "opening-removed": ("the opening is taken away", lambda rows: rows[1:]),
    "opening-doubled": ("the opening stands twice", lambda rows: [rows[0], *rows]),
    "nothing-left": ("no line is left", lambda _rows: []),
    "behind-last": ("a line behind the one that closed its file", lambda rows: [*rows, rows[-1]]),
    "not-signed": ("a line that is no JWS", lambda rows: [*rows[:4], b"not a line", *rows[4:]]),
}

TAILS: dict[str, tuple[str, bytes]] = {
    "torn": ("the beginning of a line", b"eyJ"),
    "zeros": ("zeros", bytes(900)),
    "torn-and-zeros": ("the beginning of a line, and zeros with an LF behind", b"eyJ" + bytes(500) + b"\n"),
    "zeros-and-lf": ("more zeros than a block, with an LF among them", bytes(9000) + b"\n\0\0"),
}


def _unsealed(*changes: Change) -> tuple[Change, ...]:
    return remove(f"{FIRST}/manifest.jws", f"{FIRST}/receipt.jws"), *changes


def _append(tail: bytes, data: bytes) -> bytes:
    return data + tail


def _lines(how: Callable[[list[bytes]], list[bytes]]) -> Change:
    return edit(f"{FIRST}/{JOURNAL}", lambda data: lines(data, how))


def _scenarios() -> Iterator[Scenario]:
    for name, (about, how, reason) in OPENINGS.items():
        make = forged("card", partial(editing, OPENING, how))
        yield Scenario(
            f"opening-{name}", f"an opening {about}", "6.1", "card", make, problems=(f"{JOURNAL}: {reason}",)
        )
    for name, (about, at, how, problem) in FLUSHES.items():
        make = forged("recording", partial(editing, FLUSH, how, at))
        yield Scenario(f"flush-{name}", about, "6.2", "recording", make, problems=(problem,))
    for name, (about, change) in LINES.items():
        make = changed("recording", _lines(change))
        yield Scenario(f"line-{name}", about, "6.2", "recording", make, problems=(f"{JOURNAL}: ",))
        verdict = OPEN if name == "removed-at-end" else "not whole"
        problems = () if verdict == OPEN else (f"{JOURNAL}: ",)
        make = changed("recording", *_unsealed(_lines(change)))
        yield Scenario(
            f"unsealed-line-{name}",
            f"{about}, and there is no manifest",
            "6.2",
            "recording",
            make,
            verdict=verdict,
            problems=problems,
        )
    for name, (about, tail) in TAILS.items():
        torn = edit(f"{FIRST}/{JOURNAL}", partial(_append, tail))
        yield Scenario(
            f"unsealed-tail-{name}", f"{about} behind the last line of an open recording", "6.2", "card",
            changed("card", *_unsealed(torn)), verdict=OPEN,
        )  # fmt: skip
        yield Scenario(
            f"tail-{name}", f"{about} behind the last line of a sealed recording", "8", "card", changed("card", torn),
            problems=(f"{JOURNAL}: ",),
        )  # fmt: skip
    yield Scenario(
        "flush-hole-counted",
        "a hole in the media that the journal counts",
        "6.2",
        "gaps",
        changed("gaps"),
        verdict=WHOLE,
    )


SCENARIOS = tuple(_scenarios())
