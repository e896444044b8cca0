"""What only a key shows: age headers, plaintext, samples, the private part."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from tests.evidence_maker import mp4
from tests.evidence_maker.agefile import CHUNK
from tests.evidence_maker.jose import canonical
from tests.vector_maker.bases import FULL, recording, tell
from tests.vector_maker.evidence import WHOLE, Scenario
from tests.vector_maker.forging import FLUSH, Edit, deep, editing, having, track
from tests.vector_maker.scenarios.making import Make, as_it_is, forged

KEY, FILE = ("authority.agekey",), "000001.mp4.age"
Spoil = Callable[[bytes], bytes]


def _more(kind: str) -> Edit:
    return lambda old: track(kind, samples=old["tracks"][kind]["samples"] + 1)(old)


# Line 3 is the second of segment 1.
EDITS: dict[str, tuple[str, Edit, str]] = {
    "plain-hash": ("another hash of the plaintext", deep("plain", hash="1" * 64), "is not what journal line 3 signs"),
    "video-hash": ("another hash of the frames", track("video", hash="1" * 64), "line 3, video: the samples are not those"),
    "audio-hash": ("another hash of the sound", track("audio", hash="1" * 64), "line 3, audio: the samples are not those"),
    "video-count": ("a frame more", _more("video"), "line 3, video: "),
    "audio-count": ("a sound unit more", _more("audio"), "line 3, audio: "),
    "audio-time": ("another time of the first sound", lambda old: track("audio", **{"from": old["tracks"]["audio"]["from"] - 1})(old),
                   "line 3, audio: the first sample has another time"),
    "audio-unmentioned": ("no sound where some stands", lambda old: having(tracks={**old["tracks"], "audio": None})(old),
                          "line 3, audio: samples stand where none were signed"),
    "until": ("another end", lambda old: having(until=old["until"] + 1)(old), "line 3: its last frame does not end"),
}  # fmt: skip


def _nth(name: str, at: int, change: Spoil) -> Callable[[str, bytes], bytes]:
    """Change the ``at``-th flush of a file before it is encrypted and hashed."""
    count = itertools.count()
    return lambda found, data: change(data) if found == name and next(count) == at else data


def _other(old: bytes, new: bytes, *, last: bool = False) -> Spoil:
    def change(data: bytes) -> bytes:
        at = data.rfind(old) if last else data.find(old)
        assert at >= 0, old
        assert len(old) == len(new)
        return data[:at] + new + data[at + len(old) :]

    return change


def _skip_in_mdat(data: bytes) -> bytes:
    media = data[: data.rfind(b"free") - 4]
    at = media.rindex(b"mdat") - 4
    return mp4.padded(media[:at] + mp4.box("mdat", media[at + 8 :], b"oops"))


def _two_boxes(data: bytes) -> bytes:
    at = data.rfind(b"free") - 4
    return data[:at] + mp4.CLOSING + mp4.box("free", bytes(len(data) - at - 16))


def _no_keyframe(data: bytes) -> bytes:
    at = data.index(b"trun")
    return data[:at] + _other(struct.pack(">I", 0x02000000), struct.pack(">I", 0x01010000))(data[at:])


def _composition(data: bytes) -> bytes:
    at = data.index(b"trun") + 4
    return data[:at] + struct.pack(">I", 0xB01) + data[at + 4 :]


_HEADER = (b"tfhd", 0x020000)
SPOILS: dict[str, tuple[int, str, Spoil, str]] = {
    "hidden": (1, "something hidden in the padding", lambda data: data[:-100] + b"hidden" + data[-94:], "not plain padding"),
    "two-free-boxes": (1, "two free boxes", _two_boxes, ""),
    "no-free-box": (1, "no free box", _other(b"free", b"skip", last=True), "does not end with a free box"),
    "other-box": (1, "another box than moof", _other(b"moof", b"moov"), "not one moof and one mdat"),
    "no-ftyp": (0, "no ftyp in front", _other(b"ftyp", b"styp"), "does not begin with ftyp and moov"),
    "between-samples": (1, "bytes that no sample covers", _skip_in_mdat, "do not fill their mdat"),
    "composition": (1, "composition offsets", _composition, "another time than it is decoded"),
    "unknown-track": (1, "samples of a track that is not there",
                      _other(struct.pack(">4sII", *_HEADER, 1), struct.pack(">4sII", *_HEADER, 9)), "not there"),
    "absolute-offsets": (1, "offsets that do not count from the fragment",
                         _other(struct.pack(">4sI", *_HEADER), struct.pack(">4sI", b"tfhd", 0)), "do not count"),
    "box-too-long": (1, "a box that goes on behind the end",
                     _other(b"\x00\x00\x00\x10mfhd", b"\x00\x00\xff\x10mfhd"), "goes on behind the end"),
    "box-too-short": (1, "a box that is shorter than its header",
                      _other(b"\x00\x00\x00\x10mfhd", b"\x00\x00\x00\x07mfhd"), "shorter than its header"),
    "many-samples": (1, "a table that claims two billion samples",
                     _other(struct.pack(">4sII", b"trun", 0x701, 5), struct.pack(">4sII", b"trun", 0x701, 2**31)),
                     "too short for its rows"),
    "time-scale": (0, "another time scale", _other(struct.pack(">III", 0, 0, 90_000), struct.pack(">III", 0, 0, 90_001)),
                   "another time scale"),
    "size": (0, "another size of the picture",
             _other(struct.pack(">HHI", 160, 120, 0x480000), struct.pack(">HHI", 160, 122, 0x480000)), "another size"),
    "codec": (0, "another codec", _other(b"avc1\0", b"hev1\0"), "0 avc1 boxes"),
    "sound-codec": (0, "another codec of the sound", _other(b"\x40\x15", b"\x6b\x15"), "not AAC"),
    "keyframe": (0, "no keyframe in front", _no_keyframe, "does not begin with a keyframe"),
}  # fmt: skip


CLOCK = {"mono_ms": 1, "utc_ms": 1, "quality": "rtc"}


def _row(**entry: object) -> bytes:
    data = canonical({"clock": CLOCK, "at": None, **entry})
    return data + b" " * (-(len(data) + 1) % CHUNK) + b"\n"


ENTRIES: dict[str, tuple[str, bytes, str]] = {
    "kind": ("a kind that the format does not have", _row(kind="officer", name="x"), "kind is none"),
    "no-kind": ("no kind", _row(shift="x"), "kind is none"),
    "member": ("an unknown member", _row(kind="bookmark", label="x", officer="y"), "officer: no member"),
    "state": ("an unknown state of the sound", _row(kind="sound", state="loud"), "state is none of"),
    "standby": ("a standby that does not end", _row(kind="standby", began=CLOCK), "ended: missing"),
    "control": ("a control character", _row(kind="bookmark", label="\x1b[2J"), "label is not of the form"),
    "not-canonical": ("JSON that is not canonical", b'{"a": 1}'.ljust(CHUNK - 1) + b"\n", "is not canonical"),
    "short-lines": ("two lines in one chunk", b"{}\n{}".ljust(CHUNK - 1) + b"\n", "not padded to whole chunks"),
    "no-line": ("a chunk without LF", b" " * CHUNK, "has no LF"),
    "tabs": ("padding with tabs", b"{}".ljust(CHUNK - 1, b"\t") + b"\n", "is not canonical"),
}  # fmt: skip


def _instead(data: bytes, _old: bytes) -> bytes:
    return data


def _spoilt(file: str, at: int, change: Spoil) -> Make:
    def make() -> dict[str, bytes]:
        return tell(partial(recording, plan=replace(FULL, spoil=_nth(file, at, change))))

    return make


def _scenarios() -> Iterator[Scenario]:
    def row(name: str, about: str, section: str, make: Make, *problems: str, **options: object) -> Scenario:
        return Scenario(name, about, section, "recording", make, problems=problems, **{"keys": KEY, **options})  # type: ignore[arg-type]  # options of any kind are handed on

    yield row(
        "wrong-key",
        "a key that is none of the recipients'",
        "4",
        as_it_is("recording"),
        f"{FILE}: 2 recipients, none of which",
        "private.age: 2 recipients, none of which",
        keys=("stranger.agekey",),
    )
    yield row(
        "key-of-the-other-class",
        "a key of the other class",
        "4",
        as_it_is("recording"),
        f"{FILE}: 2 recipients, none of which",
        keys=("hybrid-authority.agekey",),
    )
    yield Scenario(
        "hybrid-wrong-class",
        "a key of the other class for hybrid files",
        "4",
        "hybrid",
        as_it_is("hybrid"),
        keys=KEY,
        problems=("000000.mp4.age: 2 recipients, none of which",),
    )
    for name, (about, edit, reason) in EDITS.items():
        yield row(
            f"signed-{name}",
            f"the journal signs {about}",
            "6.2",
            forged("recording", partial(editing, FLUSH, edit, 2)),
            f"{FILE}: {reason}",
        )
    for name, (at, about, spoil, reason) in SPOILS.items():
        yield row(f"plain-{name}", f"a segment with {about}", "5", _spoilt(FILE, at, spoil), f"{FILE}: {reason}")
    for name, (about, data, reason) in ENTRIES.items():
        yield row(
            f"private-{name}",
            f"a private part with {about}",
            "7",
            _spoilt("private.age", 0, partial(_instead, data)),
            f"private.age: {reason}",
        )
    yield row(
        "no-buffer-for-a-standby",
        "begun on standby: a record says from when to when the buffer was paused",
        "7",
        _spoilt("private.age", 0, partial(_instead, _row(kind="standby", began=CLOCK, ended=CLOCK))),
        verdict=WHOLE,
    )


SCENARIOS = tuple(_scenarios())
