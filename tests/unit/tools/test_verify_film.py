"""An exported film is proven from its samples alone, or the first flush that differs is named."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from tests.evidence_maker.mp4 import box, full
from tests.oracles import needs
from tests.unit.tools.conftest import Desk
from tools.export.exporter import export_recording
from tools.export.remux import Film
from tools.export.source import Source, open_source
from tools.verify.boxes import children, path, walk
from tools.verify.exported import verify_export
from tools.verify.findings import Refused
from tools.verify.fragments import FlushMedia
from tools.verify.movie import read_movie
from tools.verify.report import Report, Verdict
from tools.verify.verifier import load_given

Choose = Callable[[list[FlushMedia]], list[FlushMedia]]
RATES = {"video": 90_000, "audio": 16_000}


@pytest.fixture
def film(made: Desk, tmp_path: Path) -> Path:
    """Recording 1, exported."""
    return export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", root=made.root).path


def judged(desk: Desk, film: Path, number: int = 1, *, key: bool = False) -> Report:
    """The verdict on a film."""
    return verify_export(film, desk.recording(number), desk.root, [desk.key] if key else [])


def wrong(report: Report) -> str:
    """What is wrong with a film, as text."""
    assert report.export is not None
    return "\n".join(f"{each.file}: {each.reason}" for each in report.export.problems)


def source_of(desk: Desk, number: int = 1) -> tuple[Source, list[FlushMedia]]:
    """A recording's flushes, decrypted."""
    source = open_source(desk.recording(number), load_given(desk.root, [desk.key]))
    flushes: list[FlushMedia] = []
    source.read(flushes.append)
    return source, flushes


def cut(desk: Desk, target: Path, choose: Choose, tracks: str = "video audio") -> Path:
    """A film of some of the flushes, made with the same muxer."""
    source, flushes = source_of(desk)
    chosen = choose(flushes)
    starts = {
        kind: next(media.of(kind)[0].time for media in chosen if media.of(kind))
        for kind in tracks.split()
        if any(media.of(kind) for media in chosen)
    }
    with Film(target, source.settings, starts, RATES, {}) as made:
        for media in chosen:
            made.write(media)
    return target


@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_export_is_proven(made: Desk, tmp_path: Path, number: int, key: bool) -> None:  # noqa: FBT001
    """An export of any recording is proven, without a key and with one."""
    film = export_recording(made.recording(number), [made.key], tmp_path / "film.mp4", root=made.root)
    report = judged(made, film.path, number, key=key)
    assert (wrong(report), report.exit_code) == ("", 0)
    assert report.export is not None
    assert report.export.signatures is not None
    assert (report.export.signatures.verdict == "valid") == (number != 3)
    assert report.export.covered == pytest.approx({1: (0, 6), 2: (0, 6), 3: (2, 3.5), 4: (0, 4)}[number])
    assert any("all that was signed at capture" in row for row in report.export.proven)
    assert any("decoders' settings" in row for row in report.export.not_proven) is not key


@pytest.mark.parametrize(("first", "last"), [(0, 1), (0, 5), (2, 10), (3, 7), (9, 10)])
def test_trimmed_at_flushes(made: Desk, tmp_path: Path, first: int, last: int) -> None:
    """A film that was trimmed at the borders of flushes is proven, and it is said what it covers."""
    film = cut(made, tmp_path / "film.mp4", lambda flushes: flushes[first:last])
    report = judged(made, film)
    assert (wrong(report), report.exit_code) == ("", 0)
    borders = [0, 1, *(2 + step / 2 for step in range(9))]
    assert report.export is not None
    assert report.export.covered == pytest.approx((borders[first], borders[last]))
    assert any("media time" in row for row in report.export.proven)


def doubled(media: FlushMedia) -> FlushMedia:
    """A flush whose last frame is there twice."""
    last = media.video[-1]
    return FlushMedia([*media.video, replace(last, time=last.time + 1)], media.audio)


def exchanged(first: FlushMedia, second: FlushMedia) -> list[FlushMedia]:
    """Two flushes whose frames changed places, at the times where they were."""
    return [
        FlushMedia(
            [replace(at, data=other.data) for at, other in zip(here.video, there.video, strict=True)], here.audio
        )
        for here, there in ((first, second), (second, first))
    ]


CUTS: dict[str, tuple[Choose, str]] = {
    "a flush left out": (
        lambda all_: all_[:4] + all_[5:],
        "video of journal line 5 (000001.mp4.age, media time 00:03.0) differs: it is at another time",
    ),
    "two flushes swapped": (
        lambda all_: [*all_[:3], *exchanged(all_[3], all_[4]), *all_[5:]],
        "video of journal line 4 (000001.mp4.age, media time 00:02.5) differs",
    ),
    "begins inside a flush": (lambda all_: [FlushMedia(all_[2].video[1:], all_[2].audio[1:]), *all_[3:]], "differs"),
    "ends inside a flush": (
        lambda all_: [*all_[:-1], FlushMedia(all_[-1].video[:-1], all_[-1].audio)],
        "is not there in full",
    ),
    "sound of one flush left out": (
        lambda all_: [*all_[:4], FlushMedia(all_[4].video, []), *all_[5:]],
        "the audio of journal line 5 (000001.mp4.age, media time 00:03.0) differs",
    ),
    "the last sound left out": (lambda all_: [*all_[:-1], FlushMedia(all_[-1].video, [])], "the sound does not cover"),
    "the first sound left out": (
        lambda all_: [*all_[:2], FlushMedia(all_[2].video, []), *all_[3:]],
        "the sound does not cover",
    ),
    "a frame twice": (lambda all_: [all_[0], doubled(all_[1]), *all_[2:]], "differs: it is at another time"),
}


@pytest.mark.parametrize("case", CUTS)
def test_cut_otherwise(made: Desk, tmp_path: Path, case: str) -> None:
    """Any other cut is found."""
    choose, reason = CUTS[case]
    report = judged(made, cut(made, tmp_path / "film.mp4", choose))
    assert report.exit_code == 1
    assert reason in wrong(report)


def test_sound_left_out(made: Desk, tmp_path: Path) -> None:
    """A film without the recording's sound is not the recording."""
    assert "the sound is missing" in wrong(judged(made, cut(made, tmp_path / "film.mp4", list, "video")))


def test_film_of_another_recording(made: Desk, film: Path) -> None:
    """A film proves nothing of another recording: the first flush is named."""
    report = judged(made, film, 2)
    assert report.exit_code == 1
    assert "the video of journal line" in wrong(report)


def boxes_of(film: Path) -> tuple[bytearray, dict[str, int]]:
    """A film's bytes, and where the bodies of some boxes begin (of the first track; ``audio/...`` of the second)."""
    data = bytearray(film.read_bytes())
    found: dict[str, int] = {}
    moov = next(each for each in walk(memoryview(bytes(data))) if each.type == "moov")
    traks = [each for each in children(moov) if each.type == "trak"]
    for prefix, trak in zip(("", "audio/"), traks, strict=False):
        base = moov.body_start + trak.body_start
        for route in (
            "tkhd",
            "edts/elst",
            "mdia/mdhd",
            *(f"mdia/minf/stbl/{each}" for each in ("stts", "stsz", "stco", "stsc", "stsd")),
        ):
            at, inside = base, trak
            try:
                for kind in route.split("/"):
                    inner = path(inside, kind)
                    at += inner.body_start
                    inside = inner
            except Refused:
                continue
            found[prefix + route.split("/")[-1]] = at
    return data, found


def patch(film: Path, where: str, offset: int, value: bytes) -> None:
    """Overwrite bytes in the body of a box."""
    data, found = boxes_of(film)
    at = found[where] + offset
    data[at : at + len(value)] = value
    film.write_bytes(data)


def test_any_flipped_sample(made: Desk, film: Path) -> None:
    """Wherever one byte of a sample changes, the flush that holds it is named as the first that differs."""
    with film.open("rb") as file:
        tracks = read_movie(file)
    data = film.read_bytes()
    for track in tracks:
        kind = track.header.kind
        for index in range(0, len(track.times), 7):
            changed = bytearray(data)
            changed[track.offsets[index] + track.sizes[index] // 2] ^= 1
            film.write_bytes(changed)
            text = wrong(judged(made, film))
            assert text.count("differs") == 1
            assert f"the {kind} of journal line" in text
    film.write_bytes(data)
    assert wrong(judged(made, film)) == ""


PATCHES: dict[str, tuple[str, int, bytes, str]] = {
    "other frame times": ("stts", 12, b"\0\0\0\1", "differs"),
    "fewer times": ("stts", 8, b"\0\0\0\1", "counts fewer samples"),
    "more times": ("stts", 8, b"\0\0\xff\xff", "counts more samples"),
    "sizes cut off": ("stsz", 8, b"\xff\xff\xff\xff", "too short for its rows"),
    "another size": ("stsz", 12, b"\0\0\0\1", "differs"),
    "offset elsewhere": ("stco", 8, b"\0\0\0\0", "differs"),
    "offset behind the end": ("stco", 8, b"\xff\xff\xff\0", "behind the end of the file"),
    "chunks out of order": ("stsc", 8, b"\0\0\0\2", "out of order"),
    "second description": ("stsc", 16, b"\0\0\0\2", "second sample description"),
    "chunks of no run": ("stsc", 4, b"\0\0\0\0", "does not count"),
    "more in a chunk": ("stsc", 12, b"\0\0\0\x7f", "does not count"),
    "turned by a quarter": (
        "tkhd",
        40,
        b"\0\0\0\0\0\1\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0",
        "turned, clipped or stretched",
    ),
    "stretched": ("tkhd", 76, b"\0\x50\0\0", "turned, clipped or stretched"),
    "sound late": ("audio/elst", 8, (2 * 90_000 + 9_000).to_bytes(4, "big"), "out of step"),
    "sound begins inside": ("audio/elst", 24, b"\0\0\4\0", "leaves part of the sound out"),
    "picture ends early": ("elst", 8, (90_000).to_bytes(4, "big"), "leaves part of the picture out"),
    "picture faster": ("mdhd", 12, (180_000).to_bytes(4, "big"), "another time scale"),
    "sound slower": ("audio/mdhd", 12, (8_000).to_bytes(4, "big"), "another time scale"),
    "another codec": ("stsd", 12, b"hev1", "0 avc1 boxes"),
}


@pytest.mark.parametrize("case", PATCHES)
def test_patched_index(made: Desk, film: Path, case: str) -> None:
    """An index that shows the samples otherwise than they were recorded is refused."""
    where, offset, value, reason = PATCHES[case]
    patch(film, where, offset, value)
    report = judged(made, film)
    assert report.exit_code == 1
    assert reason in wrong(report), wrong(report)
    assert "film.mp4: " in wrong(report)


def test_last_frame_held(made: Desk, tmp_path: Path) -> None:
    """A last frame that is shown for longer than it was is no recorded time."""

    def held(flushes: list[FlushMedia]) -> list[FlushMedia]:
        *before, last = flushes[-1].video
        return [*flushes[:-1], FlushMedia([*before, replace(last, duration=900_000)], flushes[-1].audio)]

    assert "shown longer or shorter" in wrong(judged(made, cut(made, tmp_path / "film.mp4", held)))


def test_altered_settings_need_a_key(made: Desk, film: Path) -> None:
    """The decoder's settings are no samples: without a key it is said that they were not judged, with one they are."""
    data = bytearray(film.read_bytes())
    data[data.index(b"avcC") + 14] ^= 1
    film.write_bytes(data)
    report = judged(made, film)
    assert report.export is not None
    assert any("decoders' settings" in row for row in report.export.not_proven)
    assert "its decoder settings are not those of 000000.mp4.age" in wrong(judged(made, film, key=True))


def test_damaged_evidence(desk: Desk, tmp_path: Path) -> None:
    """A film proves nothing on evidence that is itself not whole."""
    film = export_recording(desk.recording(1), [desk.key], tmp_path / "film.mp4").path
    with (desk.recording(1) / "000001.mp4.age").open("r+b") as file:
        file.seek(5000)
        file.write(b"xx")
    report = judged(desk, film)
    assert (report.verdict, report.exit_code, wrong(report)) == (Verdict.NOT_WHOLE, 1, "")
    (desk.recording(1) / "journal.jwsl").unlink()
    assert "no journal to hold it against" in wrong(judged(desk, film))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a film at all",
        box("ftyp", b"isom"),
        box("moov"),
        box("ftyp", b"isom") + box("moov") * 2,
        box("ftyp", b"isom") + box("moov"),
        box("ftyp", b"isom") + box("moov", full("mvhd", 0, 0, bytes(96))),
        box("ftyp", b"isom") + box("moof"),
        box("ftyp", b"isom") + b"\0\0\0\1mdat" + b"\xff" * 8,
        box("ftyp", b"isom") + b"\0\0\0\1mdat" + bytes(7) + b"\1",
        box("ftyp", b"isom") + box("free") * 10_001,
    ],
)
def test_no_film(made: Desk, tmp_path: Path, content: bytes) -> None:
    """What is no film is refused by name, in bounded time."""
    (tmp_path / "film.mp4").write_bytes(content)
    report = judged(made, tmp_path / "film.mp4")
    assert report.exit_code == 1
    assert wrong(report).startswith("film.mp4: ")


def test_missing_film(made: Desk, tmp_path: Path) -> None:
    """A film that is not there is refused; evidence that is no directory is wrong usage."""
    assert "is missing" in wrong(judged(made, tmp_path / "nothing.mp4"))
    with pytest.raises(Refused, match="is not a directory"):
        verify_export(tmp_path / "nothing.mp4", tmp_path / "nowhere", made.root)


@needs("ffmpeg")
@pytest.mark.parametrize(
    "options",
    [[], ["-movflags", "faststart"], ["-movflags", "frag_keyframe+empty_moov"], ["-c:v", "libx264", "-bf", "0"]],
)
def test_films_by_others(made: Desk, film: Path, tmp_path: Path, options: list[str]) -> None:
    """A copy by another tool is proven as long as it copies; a fragmented one is refused, and one encoded again is
    no proof."""
    other = tmp_path / "other.mp4"
    copying = ["-video_track_timescale", "90000", "-c", "copy", *options]
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, *copying, other], check=True)
    report = judged(made, other)
    if "libx264" in options:
        assert "differs" in wrong(report)
    elif "frag_keyframe+empty_moov" in options:
        assert "fragmented" in wrong(report)
    else:
        assert (wrong(report), report.exit_code) == ("", 0)


def test_one_segment_decrypted_by_hand(made: Desk, tmp_path: Path) -> None:
    """A segment that was opened with the stock tool plays, and is not taken for an export."""
    _, flushes = source_of(made)
    assert flushes[0].video
    segment = tmp_path / "segment.mp4"
    source, _ = source_of(made)
    segment.write_bytes(source.settings["video"])
    with av.open(io.BytesIO(segment.read_bytes()), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 10
    assert "fragmented" in wrong(judged(made, segment))
