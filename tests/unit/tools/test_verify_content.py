"""With a key: what the files hold is what the journal signs, padding and all, and it plays."""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Identity, Plan, issue, mp4
from tests.evidence_maker.agefile import Recipient
from tests.evidence_maker.clips import clip
from tests.evidence_maker.onvif import Film, Signer, is_onvif
from tests.evidence_maker.recording import honest
from tests.unit.tools.conftest import Desk
from tests.unit.tools.test_verify_forgery import FLUSH, editing
from tools.verify.report import RecordingReport, Verdict
from tools.verify.verifier import verify_path

CHUNK = 65536
Spoil = Callable[[str, bytes], bytes]


@pytest.mark.parametrize("key", ["authority", "escrow"])
def test_either_key(made: Desk, key: str) -> None:
    """Each of the two keys opens everything, and the private part is told in plain words."""
    report = verify_path(made.card, made.root, [made.path / f"{key}.key"])
    assert report.exit_code == 0
    first = report.volumes[0].recordings[0]
    assert first.private is not None
    assert [entry.text for entry in first.private] == [
        "assigned to shift SHIFT-7F3A",
        "bookmark: Zelle 12 → Hof",
        "stopped: officer",
    ]
    assert [entry.at_s for entry in first.private] == [None, pytest.approx(3.333, abs=0.001), None]
    assert any("each of 3 segments decodes alone" in row for row in first.proven)


def test_unsigned_end(made: Desk) -> None:
    """Of a recovered recording it is said how much of what is not signed can be read."""
    report = made.judge(made.recording(3), key=True)
    assert report.verdict is Verdict.RECOVERED
    assert any("65.5 kB of what is not signed can be read" in row for row in report.recordings[0].not_proven)


def test_wrong_key(made: Desk) -> None:
    """A key that is none of the recipients' is named, and every file that it does not open."""
    report = verify_path(made.recording(1), made.root, [made.path / "stranger.key"])
    assert report.exit_code == 1
    problems = report.recordings[0].problems
    assert {each.file for each in problems} == {"000000.mp4.age", "000001.mp4.age", "000002.mp4.age", "private.age"}
    address = Recipient("stranger").address
    assert all("2 recipients, none of which" in each.reason and address in each.reason for each in problems)


def judged(
    tmp_path: Path, plan: Plan, forge: Callable[..., Any] = honest, recipients: int = 2, *, decode: bool = True
) -> RecordingReport:
    """Record, and judge with a key."""
    camera = Camera(tmp_path / "card", forge=forge)
    recorder = camera.open(plan)
    recorder.recipients = (*RECIPIENTS, Recipient("x"))[:recipients]
    recorder.record(plan)
    camera.close(1, recorder.seal(plan), "sealed")
    (tmp_path / "root.pem").write_bytes(Authority().root_pem)
    (tmp_path / "key").write_text(RECIPIENTS[0].key_file)
    return verify_path(camera.directory(1), tmp_path / "root.pem", [tmp_path / "key"], decode=decode).recordings[0]


@pytest.mark.parametrize("recipients", [2, 3])
@pytest.mark.parametrize("plan", [Plan(), Plan(before=2), Plan(sound=False), Plan(before=0, lost=(15, 16))])
def test_good_content(tmp_path: Path, plan: Plan, recipients: int) -> None:
    """Recordings with and without sound, buffer and lost frames are whole with a key."""
    report = judged(tmp_path, plan, recipients=recipients)
    assert (report.problems, report.verdict) == ((), Verdict.WHOLE)


def test_one_recipient(tmp_path: Path) -> None:
    """A file to one recipient alone is refused: escrow is never dropped."""
    report = judged(tmp_path, Plan(), recipients=1)
    assert any("fewer than two recipients" in each.reason for each in report.problems)


def nth(name: str, at: int, change: Callable[[bytes], bytes]) -> Spoil:
    """Change the ``at``-th flush of a file before it is encrypted and hashed."""
    count = itertools.count()

    def spoil(found: str, data: bytes) -> bytes:
        return change(data) if found == name and next(count) == at else data

    return spoil


def replaced(old: bytes, new: bytes, *, last: bool = False) -> Callable[[bytes], bytes]:
    """Replace one place by something of the same length."""

    def change(data: bytes) -> bytes:
        at = data.rfind(old) if last else data.find(old)
        assert at >= 0
        assert len(old) == len(new)
        return data[:at] + new + data[at + len(old) :]

    return change


def hidden(data: bytes) -> bytes:
    """Something in the padding."""
    return data[:-100] + b"hidden" + data[-94:]


def two_boxes(data: bytes) -> bytes:
    """Two free boxes instead of one."""
    at = data.rfind(b"free") - 4
    return data[:at] + mp4.CLOSING + mp4.box("free", bytes(len(data) - at - 16))


def stretched(data: bytes) -> bytes:
    """A whole chunk of padding more."""
    at = data.rfind(b"free") - 4
    return data[:at] + mp4.box("free", bytes(len(data) - at - 8 + CHUNK))


def skip_in_mdat(data: bytes) -> bytes:
    """Bytes in ``mdat`` that no sample covers."""
    media = data[: data.rfind(b"free") - 4]
    at = media.index(b"mdat") - 4
    return mp4.padded(media[:at] + mp4.box("mdat", media[at + 8 :], b"oops"))


def no_keyframe(data: bytes) -> bytes:
    """A first frame that says that it is none."""
    at = data.index(b"trun")
    return data[:at] + replaced(struct.pack(">I", 0x02000000), struct.pack(">I", 0x01010000))(data[at:])


def composition(data: bytes) -> bytes:
    """A run whose third column is a composition offset instead of flags."""
    at = data.index(b"trun") + 4
    return data[:at] + struct.pack(">I", 0xB01) + data[at + 4 :]


SPOILS: dict[str, tuple[int, Callable[[bytes], bytes], str]] = {
    "hidden in the padding": (1, hidden, "not plain padding"),
    "two free boxes": (1, two_boxes, "not one moof and one mdat"),
    "padding of more than a chunk": (1, stretched, "not plain padding"),
    "no free box": (1, replaced(b"free", b"skip", last=True), "does not end with a free box"),
    "another box": (1, replaced(b"moof", b"moov"), "not one moof and one mdat"),
    "no ftyp": (0, replaced(b"ftyp", b"styp"), "does not begin with ftyp and moov"),
    "bytes between the samples": (1, skip_in_mdat, "do not fill their mdat"),
    "composition offsets": (1, composition, "another time than it is decoded"),
    "unknown track": (
        1,
        replaced(struct.pack(">4sII", b"tfhd", 0x020000, 1), struct.pack(">4sII", b"tfhd", 0x020000, 9)),
        "not there",
    ),
    "absolute offsets": (
        1,
        replaced(struct.pack(">4sI", b"tfhd", 0x020000), struct.pack(">4sI", b"tfhd", 0x000000)),
        "do not count",
    ),
    "a box too long": (1, replaced(b"\x00\x00\x00\x10mfhd", b"\x00\x00\xff\x10mfhd"), "goes on behind the end"),
    "a box too short": (1, replaced(b"\x00\x00\x00\x10mfhd", b"\x00\x00\x00\x07mfhd"), "shorter than its header"),
    "many samples": (
        1,
        replaced(struct.pack(">4sII", b"trun", 0x701, 5), struct.pack(">4sII", b"trun", 0x701, 2**31)),
        "too short for its rows",
    ),
    "other time scale": (
        0,
        replaced(struct.pack(">III", 0, 0, 90_000), struct.pack(">III", 0, 0, 90_001)),
        "another time scale",
    ),
    "other size": (
        0,
        replaced(struct.pack(">HHI", 160, 120, 0x480000), struct.pack(">HHI", 160, 122, 0x480000)),
        "another size",
    ),
    "turned": (
        0,
        replaced(struct.pack(">II", 160 << 16, 120 << 16), struct.pack(">II", 120 << 16, 160 << 16)),
        "turned, clipped",
    ),
    "another codec": (0, replaced(b"avc1\0", b"hev1\0"), "0 avc1 boxes"),
    "another sound codec": (0, replaced(b"\x40\x15", b"\x6b\x15"), "not AAC"),
    "three tracks": (
        0,
        replaced(struct.pack(">II", 0, 2) + bytes(4), struct.pack(">II", 0, 3) + bytes(4)),
        "not 1 for video",
    ),
    "no keyframe": (0, no_keyframe, "does not begin with a keyframe"),
}


@pytest.mark.parametrize("case", SPOILS)
def test_plaintext_that_breaks_the_rules(tmp_path: Path, case: str) -> None:
    """A writer that signs what the format does not allow is found out with a key."""
    at, change, reason = SPOILS[case]
    report = judged(tmp_path, Plan(spoil=nth("000001.mp4.age", at, change)))
    assert any(each.file == "000001.mp4.age" and reason in each.reason for each in report.problems), report.problems


def spoilt(
    tmp_path: Path, segment: int, lost: tuple[int, ...], refused: int | None = None, *, decode: bool = True
) -> RecordingReport:
    """Judge a recording that signs, in the first flush of one segment, samples that do not decode.

    Line 3 is the first of the live part, whose two segments have four lines each; the buffer's segment follows.
    From line ``refused`` on one frame more is counted.
    """
    frames = clip(6).video[20 * segment : 20 * segment + (10 if segment == 0 else 5)]
    sample = frames[2].data

    def damage(data: bytes) -> bytes:
        return data.replace(sample, sample[:5] + bytes(each ^ 0x5A for each in sample[5:]))

    def edit(old: dict[str, Any]) -> dict[str, Any]:
        kept = [each for at, each in enumerate(frames, 20 * segment) if at not in lost]
        video = {
            **old["tracks"]["video"],
            "hash": mp4.sample_hash([each._replace(data=damage(each.data)) for each in kept]),
        }
        return {**old, "tracks": {**old["tracks"], "video": video}}

    plan = Plan(spoil=nth(f"{segment:06d}.mp4.age", 0, damage), lost=lost)
    resign = editing(FLUSH, edit, {0: 10, 1: 2, 2: 6}[segment])

    def forge(typ: str, payload: dict[str, Any], signer: Any, chained: bool) -> Any:  # noqa: FBT001
        if refused is not None and "gaps" in payload and payload.get("line", refused) >= refused:
            payload = {**payload, "gaps": {**payload["gaps"], "video": payload["gaps"]["video"] + 1}}
        return resign(typ, payload, signer, chained)

    return judged(tmp_path, plan, forge, decode=decode)


def test_segment_that_does_not_decode(tmp_path: Path) -> None:
    """A segment whose samples are signed, and are no video, does not pass for one that plays; where nothing is decoded, nothing is said to
    play, and all else is judged as ever."""
    report = spoilt(tmp_path / "all", 1, ())
    assert any("decode" in each.reason for each in report.problems), report.problems
    report = spoilt(tmp_path / "signatures", 1, (), decode=False)
    assert [each.reason for each in report.problems if "decode" in each.reason] == []
    report = judged(tmp_path / "whole", Plan(), decode=False)
    assert (report.problems, report.verdict) == ((), Verdict.WHOLE)
    assert any(row == "picture and sound are the samples signed at capture" for row in report.proven)
    assert "that all of it can be shown: nothing was decoded" in report.not_proven
    report = judged(tmp_path / "altered", Plan(spoil=nth("000001.mp4.age", 1, SPOILS["no free box"][1])), decode=False)
    assert report.verdict is Verdict.NOT_WHOLE


EXCUSED = {
    "in the segment": (1, (33,)),
    "in the last segment": (2, (55,)),
    "at the end of the one before": (2, (39,)),
    "in the buffer, counted where the live part begins": (0, (5,)),
    "in the buffer, right before the live part": (1, (19,)),
}


@pytest.mark.parametrize("case", EXCUSED)
def test_segment_that_lost_frames(tmp_path: Path, case: str) -> None:
    """Where the camera signed that frames were lost, what cannot be shown for it is told, and no forgery."""
    segment, lost = EXCUSED[case]
    report = spoilt(tmp_path, segment, lost)
    assert (report.problems, report.verdict) == ((), Verdict.WHOLE)
    assert "of 3 segments decode alone" in " ".join(report.proven)
    assert any(f"that all of {segment:06d}.mp4.age can be shown" in row for row in report.not_proven)


def test_segment_of_the_buffer_whose_frame_was_refused(tmp_path: Path) -> None:
    """A frame of the buffer that turns out malformed as it is written is counted there, and excuses that segment alone."""
    assert spoilt(tmp_path / "own", 0, (), refused=11).problems == ()
    assert spoilt(tmp_path / "other", 2, (), refused=11).problems != ()


CONDEMNED = {
    "in an earlier segment": (2, (33,)),
    "in the buffer, a segment ago": (2, (5,)),
    "in a later segment": (1, (55,)),
    "after the buffer": (0, (33,)),
}


@pytest.mark.parametrize("case", CONDEMNED)
def test_loss_excuses_no_other_segment(tmp_path: Path, case: str) -> None:
    """Frames that were lost elsewhere are no reason why a segment does not decode."""
    segment, lost = CONDEMNED[case]
    report = spoilt(tmp_path, segment, lost)
    assert {each.file for each in report.problems} == {f"{segment:06d}.mp4.age"}, report.problems
    assert "does not decode" in report.problems[-1].reason


def test_every_kind_of_entry(tmp_path: Path) -> None:
    """All that the private part can say is told in words."""
    press = {"mono_ms": 1, "utc_ms": -62_135_596_800_001, "quality": "unset"}
    entries: tuple[dict[str, Any], ...] = (
        {"kind": "assignment", "at": None, "shift": None},
        {"kind": "start", "at": 180_000, "trigger": "button", "press": press},
        *({"kind": "sound", "at": 0, "state": state} for state in ("off", "on", "muted", "failed", "none")),
        {"kind": "standby", "at": None, "began": {**press, "utc_ms": 0}, "ended": {**press, "utc_ms": 3_600_000}},
        {"kind": "fault", "at": 1, "text": "lens covered"},
        {"kind": "stop", "at": 2, "reason": "docked"},
    )
    report = judged(tmp_path, Plan(private=entries))
    assert report.verdict is Verdict.WHOLE
    assert report.private is not None
    told = " | ".join(entry.text for entry in report.private)
    for word in (
        "no shift",
        "started by button",
        "ms since 1970",
        "muted by the officer",
        "microphone had failed",
        "on standby from 1970-01-01",
        "no pre-event part was lost",
        "lens covered",
    ):
        assert word in told


def bare(frames: Film) -> Film:
    """Without the signatures in the picture."""
    return [[unit for unit in frame if not is_onvif(unit)] for frame in frames]


def without_signature(number: int) -> Callable[[Film], Film]:
    """One of the signatures is taken out before the journal signs the samples."""

    def retouch(frames: Film) -> Film:
        found = [unit for frame in frames for unit in frame if is_onvif(unit)]
        return [[unit for unit in frame if unit is not found[number]] for frame in frames]

    return retouch


def other_frame(frames: Film) -> Film:
    """One frame stands in place of another."""
    return [*frames[:25], frames[24], *frames[26:]]


def by(session: Identity) -> Callable[[Film], Film]:
    """Another key signs the picture."""
    return lambda frames: Signer(session, paired=True).sign(bare(frames), (1, 3, 5))


DEVICE = Authority().device("cam-0042")


@pytest.mark.parametrize(
    ("retouch", "file", "reason"),
    [
        (bare, "000002.mp4.age", "the picture is not signed"),
        (without_signature(0), "000000.mp4.age", "frames 0 to 9: no signature covers them"),
        (without_signature(3), "000001.mp4.age", "the last 10 frames of the picture are not signed"),
        (other_frame, "000001.mp4.age", "these are not the frames that were signed"),
        (by(issue("session", "cam-0042", DEVICE, "another boot")), "000000.mp4.age", "signed in another session"),
        (by(issue("session", "cam-0042", Authority("x").device("cam-0042"), "s")), "000000.mp4.age", "not trusted"),
    ],
)
def test_picture_under_no_good_signature(
    tmp_path: Path, retouch: Callable[[Film], Film], file: str, reason: str
) -> None:
    """What the journal signs has to be signed inside the picture too, in each segment of a sealed recording."""
    report = judged(tmp_path, Plan(retouch=retouch))
    assert any(each.file == file and re.search(reason, each.reason) for each in report.problems), report.problems
    assert report.verdict is Verdict.NOT_WHOLE


def test_signatures_where_frames_were_lost(tmp_path: Path) -> None:
    """Where the camera signed that it lost frames, a picture whose signatures do not hold is told as not proven."""
    report = judged(tmp_path, Plan(lost=(33,), retouch=other_frame))
    assert (report.problems, report.verdict) == ((), Verdict.WHOLE)
    assert any("000001.mp4.age by signatures inside the picture" in row for row in report.not_proven)


def test_signatures_of_a_cut(made: Desk) -> None:
    """A cut leaves at most the last GOPs of a segment without signatures, which is no problem and is told."""
    found = made.judge(made.recording(3), key=True).recordings[0]
    assert found.problems == ()
    assert any("by signatures inside the picture" in row for row in found.not_proven)
    assert any("ONVIF Media Signing" in row for row in found.proven)
