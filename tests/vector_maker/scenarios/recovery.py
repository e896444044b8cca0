"""What a loss of power leaves, and what a later boot makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from tests.evidence_maker import Camera
from tests.evidence_maker.jose import digest
from tests.vector_maker.bases import FIRST, FULL
from tests.vector_maker.evidence import NOT_WHOLE, OPEN, RECOVERED, Scenario
from tests.vector_maker.forging import MANIFEST, Edit, deep, editing, having
from tests.vector_maker.scenarios.making import as_it_is, changed, edit, flip, forged, put, remove, told

SEGMENT, JOURNAL, RECOVERED_IN = "000001.mp4.age", "journal.jwsl", f"{FIRST}/manifest.jws"
_OPEN = remove(RECOVERED_IN)


def _lost(camera: Camera, *, gone: bool) -> None:
    """Bytes that had been signed are lost before the recovery."""
    segment = camera.cut(after=2, plan=FULL) / SEGMENT
    if gone:
        segment.unlink()
    else:
        segment.write_bytes(segment.read_bytes()[:60_000])
    camera.boot()
    camera.recover(1)


def _nothing(camera: Camera, torn: bytes = b"eyJhbG", tail: int = 0) -> None:
    """Cut off before the first flush."""
    camera.cut(after=0, plan=FULL, torn=torn, tail=tail)
    camera.boot()
    camera.recover(1)


def _early(camera: Camera) -> None:
    """Cut off while the part from before the press was being written: its segment is missing."""
    camera.cut(after=3, plan=replace(FULL, steps=1, before=2), torn=b"", tail=0)
    camera.boot()
    camera.recover(1)


EDITS: dict[str, tuple[str, Edit, str]] = {
    "signed-boot": ("that was recovered in its own boot", having(signed_boot=1), "manifest.jws: "),
    "called-sealed": ("that calls itself sealed", having(state="sealed", signed_boot=1), ""),
    "missing-forgotten": (
        "that does not say that the part before the press is missing",
        having(missing=[]),
        "manifest.jws: ",
    ),
    "missing-more": ("that says that more is missing", having(missing=[0, 1]), "manifest.jws: "),
    "journal-without-tail": ("whose journal is without its torn tail", deep("journal", length=10), "journal.jwsl: "),
}


def _scenarios() -> Iterator[Scenario]:
    rec = "recovered"
    yield Scenario(
        "recovered",
        "closed by the next boot, with bytes that were present and not signed",
        "8",
        rec,
        as_it_is(rec),
        verdict=RECOVERED,
        unproven=("the last 100.0 kB were present", "segments 0 were not written in full"),
    )
    yield Scenario(
        "recovered-with-key",
        "the same; some of what is not signed can be read",
        "8",
        rec,
        as_it_is(rec),
        verdict=RECOVERED,
        keys=("authority.agekey",),
        unproven=("of what is not signed can be read",),
    )
    yield Scenario(
        "open",
        "cut off, and not yet recovered",
        "1",
        rec,
        changed(rec, _OPEN),
        verdict=OPEN,
        unproven=("not yet recovered",),
    )
    yield Scenario(
        "open-with-key",
        "the same, by the authority's key",
        "1",
        rec,
        changed(rec, _OPEN),
        verdict=OPEN,
        keys=("authority.agekey",),
    )
    yield Scenario("open-card", "a card with an open recording", "11", rec, _open_card, path="card", verdict=OPEN)
    yield Scenario("cut-at-once", "cut off before the first flush", "8", rec, told(_nothing), verdict=RECOVERED)
    yield Scenario(
        "cut-in-early-part",
        "cut off within the part from before the press",
        "8",
        rec,
        told(_early),
        verdict=RECOVERED,
        unproven=("segments 1 were not written in full",),
    )
    for gone, name, words in ((False, "lost-bytes", "is cut off"), (True, "lost-file", "is missing")):
        yield Scenario(
            name,
            f"signed bytes were lost before the recovery: a segment {words}",
            "8",
            rec,
            told(partial(_lost, gone=gone)),
            problems=(f"{SEGMENT}: {words}",),
        )
    for name, at, file in (
        ("flip-signed", 0.1, SEGMENT), ("flip-unsigned", -1, SEGMENT), ("flip-journal", 0.5, JOURNAL),
        ("flip-torn-tail", -1, JOURNAL), ("flip-private", 0.5, "private.age"), ("flip-manifest", 0.5, "manifest.jws"),
    ):  # fmt: skip
        yield Scenario(
            name,
            f"a changed bit in {file} of a recovered recording",
            "8",
            rec,
            changed(rec, flip(f"{FIRST}/{file}", at)),
            problems=(f"{file}: ",),
        )
    yield Scenario(
        "added-behind",
        "a byte behind what was there at recovery",
        "8",
        rec,
        changed(rec, edit(f"{FIRST}/{SEGMENT}", lambda data: data + b"\0")),
        problems=(f"{SEGMENT}: ",),
    )
    yield Scenario(
        "added-segment",
        "a segment that was not there at recovery",
        "8",
        rec,
        changed(rec, put(f"{FIRST}/000000.mp4.age", b"x")),
        problems=("000000.mp4.age: ",),
    )
    yield Scenario(
        "unsigned-end-cut",
        "what was present and not signed was cut off since",
        "8",
        rec,
        changed(rec, edit(f"{FIRST}/{SEGMENT}", lambda data: data[:-50_000])),
        problems=(f"{SEGMENT}: ",),
    )
    yield Scenario(
        "torn-tail-cut",
        "the journal's torn tail was cut off since",
        "8",
        rec,
        changed(rec, edit(f"{FIRST}/{JOURNAL}", lambda data: data[: data.rindex(b"\n") + 1])),
        problems=(f"{JOURNAL}: ",),
    )
    yield Scenario(
        "open-flip-signed",
        "a changed bit in what was signed before the cut",
        "6.2",
        rec,
        changed(rec, _OPEN, flip(f"{FIRST}/{SEGMENT}", 0.1)),
        problems=(f"{SEGMENT}: ",),
    )
    yield Scenario(
        "open-flip-unsigned",
        "a changed bit in what was not signed: nobody can tell",
        "6.2",
        rec,
        changed(rec, _OPEN, flip(f"{FIRST}/{SEGMENT}", -1)),
        verdict=OPEN,
    )
    yield Scenario(
        "open-segment-gone",
        "a segment of an open recording is gone",
        "6.2",
        rec,
        changed(rec, _OPEN, remove(f"{FIRST}/{SEGMENT}")),
        problems=(f"{SEGMENT}: is missing",),
    )
    for name, (about, how, problem) in EDITS.items():
        yield Scenario(
            f"manifest-{name}",
            f"a manifest {about}",
            "8",
            rec,
            forged(rec, partial(editing, MANIFEST, how)),
            verdict=NOT_WHOLE,
            problems=(problem,) if problem else (),
        )
    yield Scenario(
        "lost-unmentioned",
        "bytes were lost, and the manifest says that the journal vouches for what is left",
        "8",
        rec,
        forged(rec, lambda: editing(MANIFEST, _unmentioned)),
        problems=(f"{SEGMENT}: ",),
    )


def _cut_off(camera: Camera) -> None:
    camera.cut(after=2, plan=FULL)


def _open_card() -> dict[str, bytes]:
    """Before the boot that recovers it."""
    return dict(told(_cut_off)())


def _unmentioned(old: dict[str, object]) -> dict[str, object]:
    files = [
        {**each, "signed": {"length": 5, "hash": digest(b"12345")}} if each["name"] == SEGMENT else each
        for each in old["files"]  # type: ignore[attr-defined]  # JSON: a list here
    ]
    return {**old, "files": files}


SCENARIOS = tuple(_scenarios())
