"""An export is the recording, sample by sample, in one film that any player opens; or there is no file at all."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import av
import av.error
import pytest

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Plan, mp4
from tests.evidence_maker.clips import Sample as Made
from tests.evidence_maker.clips import clip
from tests.evidence_maker.onvif import frames_of, is_onvif, sample_data
from tests.oracles import needs
from tests.unit.tools.conftest import Desk
from tools.export import exporter
from tools.export.edits import outlast
from tools.export.exporter import Exported, export_recording
from tools.export.place import new_file
from tools.export.remux import Film
from tools.verify.findings import Refused
from tools.verify.fragments import FlushMedia, Sample


def export(desk: Desk, number: int, out: Path, *, force: bool = False) -> Exported:
    """Export one recording of the card."""
    return export_recording(desk.recording(number), [desk.key], out, root=desk.root, force=force)


def packets(film: Path, kind: str) -> list[tuple[float, bytes]]:
    """What an outside demuxer finds: presentation time in seconds and bytes of each sample."""
    with av.open(str(film), "r") as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        found = [packet for packet in container.demux(stream) if packet.size]
        return [(float((packet.pts or 0) * packet.time_base), bytes(packet)) for packet in found]


def without_signatures(data: bytes) -> list[bytes]:
    """The NAL units of a frame, without the camera's signatures."""
    (frame,) = frames_of([Made(0, 0, False, data)])
    return [unit for unit in frame if not is_onvif(unit)]


def test_every_sample_at_its_time(made: Desk, tmp_path: Path) -> None:
    """Picture from the buffer, sound from the press on: each sample unchanged, each at its recorded time."""
    done = export(made, 1, tmp_path / "film.mp4")
    assert done == Exported(tmp_path / "film.mp4", "cam-0042", 1, 6.0, 60, 61, recovered=False, sealed=True)
    recorded = clip(6)
    frames = [(at, sample_data(without_signatures(data))) for at, data in packets(done.path, "video")]
    assert frames == [(each.time / 90_000, each.data) for each in recorded.video]
    sound = [(each.time / 16_000, each.data) for each in recorded.audio if each.time >= 2 * 16_000]
    assert packets(done.path, "audio") == sound


def test_lost_frame_and_sound_gap(made: Desk, tmp_path: Path) -> None:
    """What was lost stays a gap: nothing moves."""
    done = export(made, 2, tmp_path / "film.mp4")
    times = [at for at, _ in packets(done.path, "video")]
    assert 3.3 not in times
    assert times[-1] == pytest.approx(5.9)
    heard = [at for at, _ in packets(done.path, "audio")]
    assert max(after - before for before, after in pairwise(heard)) > 0.5
    assert heard[-1] == pytest.approx(60 * 1024 / 16_000 + 2.048)


def test_recovered(made: Desk, tmp_path: Path) -> None:
    """Of a recovered recording the film holds what was signed, beginning with its first frame."""
    done = export(made, 3, tmp_path / "film.mp4")
    assert (done.recovered, done.seconds, done.frames) == (True, 1.5, 15)
    assert packets(done.path, "video")[0][0] == 0
    assert packets(done.path, "audio")[0][0] == pytest.approx(0.048, abs=0.001)


def test_open(desk: Desk, tmp_path: Path) -> None:
    """A recording that is not closed yet gives what was signed so far."""
    (desk.recording(3) / "manifest.jws").unlink()
    done = export(desk, 3, tmp_path / "film.mp4")
    assert (done.sealed, done.frames) == (False, 15)


def test_sound_before_picture(tmp_path: Path) -> None:
    """Where the first frame was cut away, sound that came before the next one keeps its place."""
    made = clip(2)
    frames = [each for each in made.video if each.time >= 90_000]
    film = tmp_path / "film.mp4"
    settings = dict.fromkeys(("video", "audio"), _segment())
    starts = {"video": frames[0].time, "audio": made.audio[0].time}
    with Film(film, settings, starts, {"video": 90_000, "audio": 16_000}, {}) as writing:
        writing.write(FlushMedia([_sample(each) for each in frames], [_sample(each) for each in made.audio]))
    assert packets(film, "audio")[0][0] == 0
    assert packets(film, "video")[0][0] == 1


@pytest.mark.parametrize("late", [0, 900])
def test_the_picture_outlasts_its_last_frame(tmp_path: Path, late: int) -> None:
    """By one tick in its edit list alone, also where the sound begins before it: a demuxer that clips there leaves the
    last signature in."""
    made, film = clip(2), tmp_path / "film.mp4"
    settings = dict.fromkeys(("video", "audio"), _segment())
    with Film(film, settings, {"video": late, "audio": 0}, {"video": 90_000, "audio": 16_000}, {}) as writing:
        video = [_sample(each._replace(time=each.time + late)) for each in made.video]
        writing.write(FlushMedia(video, [_sample(each) for each in made.audio]))
    data = film.read_bytes()
    at = data.index(b"elst") + 8
    count = int.from_bytes(data[at : at + 4], "big")
    last = at + 4 + 12 * (count - 1)
    ends = made.video[-1].time + made.video[-1].duration
    assert int.from_bytes(data[last : last + 4], "big") == ends + 1
    assert [round(90_000 * time) for time, *_ in packets(film, "video")] == [each.time + late for each in made.video]


@pytest.mark.parametrize("version", [0, 1])
def test_edits_of_both_widths(tmp_path: Path, version: int) -> None:
    """A film of more than half a day has wider fields; one without an index or an edit is refused."""
    path, width = tmp_path / "film.mp4", 8 if version else 4
    entry = (2**width - 1).to_bytes(width, "big") * 2 + bytes(4)
    edit = b"elst" + bytes([version, 0, 0, 0]) + (1).to_bytes(4, "big") + entry
    movie = (len(edit) + 12).to_bytes(4, "big") + b"moov" + (len(edit) + 4).to_bytes(4, "big") + edit
    path.write_bytes(b"\0\0\0\x10ftypiso6\0\0\0\0" + movie)
    before = path.read_bytes()
    outlast(path)
    after = path.read_bytes()
    place = before.index(b"elst") + 12
    assert (
        int.from_bytes(after[place : place + width], "big") == int.from_bytes(before[place : place + width], "big") + 1
    )
    assert after[:place] + after[place + width :] == before[:place] + before[place + width :]
    for broken in (before.replace(b"elst", b"free"), before[:16], b"\0\0\0\0mdat" + bytes(8)):
        path.write_bytes(broken)
        with pytest.raises(Refused):
            outlast(path)


def _segment() -> bytes:
    made = clip(2)
    return mp4.init(made, sound=True) + mp4.fragment(1, made.video[:5], made.audio[:5])


def _sample(each: Made) -> Sample:
    return Sample(each.time, each.duration, each.key, memoryview(each.data))


@needs("ffmpeg")
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_ffmpeg_is_silent(made: Desk, tmp_path: Path, number: int) -> None:
    """FFmpeg decodes every export without a word."""
    film = export(made, number, tmp_path / "film.mp4").path
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", film, "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


@needs("ffprobe")
def test_ffprobe(made: Desk, tmp_path: Path) -> None:
    """Lengths, beginnings and titles are those of the recording; the index stands in front."""
    film = export(made, 1, tmp_path / "film.mp4").path
    entries = "stream=codec_type,start_time,duration:format=duration:format_tags=title,creation_time,comment"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "compact", str(film)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "codec_type=video|start_time=0.000000|duration=6.000000" in told
    assert "codec_type=audio|start_time=2.048000|duration=3.904000" in told
    assert "title=cam-0042, recording 1" in told
    assert "creation_time=2026-02-10T00:17:40.000000Z" in told
    data = film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(("utc_ms", "quality"), [(-5000, "unset"), (2**53 - 1, "rtc")])
def test_clock_that_tells_no_date(tmp_path: Path, utc_ms: int, quality: str) -> None:
    """A camera that did not know the time, or one beyond all calendars, gives a film without a date."""

    def unset(typ: str, payload: dict[str, object], signer: object, chained: bool) -> object:  # noqa: FBT001
        if typ == "lapel.opening.1":
            payload = {**payload, "clock": {"mono_ms": 1, "utc_ms": utc_ms, "quality": quality}}
        return payload, signer, chained

    camera = Camera(tmp_path / "card", forge=unset)  # type: ignore[arg-type]  # handed on as it came
    camera.record(Plan(segments=1, before=0))
    (tmp_path / "key").write_text(RECIPIENTS[1].key_file)
    done = export_recording(camera.directory(1), [tmp_path / "key"], tmp_path / "film.mp4")
    with av.open(str(done.path), "r") as container:
        assert "creation_time" not in container.metadata
        assert f"({quality})" in container.metadata["comment"]


def test_progress(made: Desk, tmp_path: Path) -> None:
    """Progress rises to the end."""
    heard: list[tuple[int, int]] = []
    export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", progress=lambda *step: heard.append(step))
    done = [step[0] for step in heard]
    assert done == sorted(done)
    assert heard[-1][0] == heard[-1][1]


def left(folder: Path) -> list[str]:
    """What is in a folder, hidden or not."""
    return sorted(each.name for each in folder.iterdir())


def refused(desk: Desk, out: Path, reason: str, **given: object) -> None:
    """An export that is refused leaves nothing, and what was there untouched."""
    before = {name: (out.parent / name).read_bytes() for name in left(out.parent) if (out.parent / name).is_file()}
    arguments: dict[str, object] = {"recording": desk.recording(1), "keys": [desk.key], "out": out, "root": desk.root}
    with pytest.raises(Refused, match=reason):
        export_recording(**{**arguments, **given})  # type: ignore[arg-type]  # handed on as it came
    assert {name: (out.parent / name).read_bytes() for name in before} == before
    assert left(out.parent) == sorted(before)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the film would go, in a folder of its own."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "film.mp4"


def test_wrong_key(desk: Desk, out: Path) -> None:
    """A wrong key is refused before anything is written, and says what it is no key of."""
    refused(desk, out, "000000.mp4.age: .*2 recipients, none of which", keys=[desk.path / "stranger.key"])
    refused(desk, out, "holds no age key", keys=[_written(desk.path / "empty.key", b"")])
    refused(desk, out, "no key was given", keys=[])


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["000001.mp4.age", "journal.jwsl", "manifest.jws", "private.age"])
def test_damaged_recording(desk: Desk, out: Path, name: str) -> None:
    """A recording that is not whole is not exported; each file that is wrong is named."""
    path = desk.recording(1) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(desk, out, name.replace(".", r"\."))


def test_much_damage(desk: Desk, out: Path) -> None:
    """Of many problems some are told, and how many more there are."""
    for index in range(9):
        (desk.recording(1) / f"x{index}").touch()
    refused(desk, out, "and 4 more")


def test_other_authority(desk: Desk, out: Path) -> None:
    """Evidence of another authority is not exported under our root."""
    desk.root.write_bytes(Authority("other").root_pem)
    refused(desk, out, "was not issued by")


def test_many_recordings_are_not_one(desk: Desk, out: Path) -> None:
    """Whoever names a volume or a store is told of a recording in it."""
    recording = desk.recording(1)
    for above in (recording.parent.parent, recording.parent.parent.parent):
        refused(desk, out, f"holds many recordings: name one, like {recording}", recording=above)


def test_nothing_to_export(desk: Desk, out: Path, tmp_path: Path) -> None:
    """No directory, no journal, no frame: each with its reason."""
    refused(desk, out, "nowhere: is missing", recording=tmp_path / "nowhere")
    refused(desk, out, "is not a directory", recording=desk.root)
    (tmp_path / "empty").mkdir()
    refused(desk, out, "journal.jwsl: is missing", recording=tmp_path / "empty")
    camera = Camera(tmp_path / "other")
    camera.cut(after=1)
    refused(desk, out, "holds no frame that was signed", recording=camera.directory(1))


def test_settings_that_change(desk: Desk, out: Path, tmp_path: Path) -> None:
    """A recording whose picture changes its format half-way does not fit into one film."""

    def other(name: str, data: bytes) -> bytes:
        return data.replace(b"avcC\x01", b"avcC\x02") if name == "000002.mp4.age" else data

    camera = Camera(tmp_path / "other")
    camera.record(Plan(spoil=other))
    refused(desk, out, "000002.mp4.age: its video is encoded with other settings", recording=camera.directory(1))


def test_existing_file(desk: Desk, out: Path) -> None:
    """An existing file is replaced only by force, and then whole."""
    out.write_bytes(b"precious")
    refused(desk, out, "is there already; --force replaces it")
    (desk.recording(1) / "x").touch()
    refused(desk, out, "not whole", force=True)
    (desk.recording(1) / "x").unlink()
    export(desk, 1, out, force=True)
    assert out.stat().st_size > 10_000
    assert left(out.parent) == ["film.mp4"]


def test_existing_link_and_directory(desk: Desk, out: Path) -> None:
    """Force replaces a link, not what it points at; a directory is never replaced."""
    target = _written(desk.path / "target", b"precious")
    out.symlink_to(target)
    export(desk, 1, out, force=True)
    assert (target.read_bytes(), out.is_symlink()) == (b"precious", False)
    out.unlink()
    out.mkdir()
    with pytest.raises(Refused, match="is a directory"):
        export(desk, 1, out, force=True)


def test_folder_that_is_not_there(desk: Desk, out: Path) -> None:
    """A folder that is missing is named."""
    with pytest.raises(Refused, match="film.mp4: cannot be written: No such file or directory"):
        export(desk, 1, out.parent / "missing" / "film.mp4")


@pytest.mark.parametrize("at", [0, 3, 99])
@pytest.mark.parametrize("failure", [av.error.OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_failure_on_the_way(
    desk: Desk, out: Path, monkeypatch: pytest.MonkeyPatch, at: int, failure: BaseException
) -> None:
    """A full disk or ctrl-C, whenever it comes, leaves nothing behind."""
    steps = iter(range(at))

    def failing(film: Film, media: FlushMedia) -> None:
        if next(steps, None) is None:
            raise failure
        real(film, media)

    real = Film.write
    monkeypatch.setattr(Film, "write", failing)
    if at == 99:
        monkeypatch.setattr(Film, "write", real)
        monkeypatch.setattr(exporter, "check_film", lambda *_: (_ for _ in ()).throw(failure))
    expected = Refused if isinstance(failure, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        export(desk, 1, out)
    assert left(out.parent) == []


def test_film_that_came_out_wrong(desk: Desk, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The film is held against the journal before it gets its name."""
    real = Film._packet

    def late(film: Film, kind: str, sample: object) -> object:
        packet = real(film, kind, sample)  # type: ignore[arg-type]  # handed on as it came
        packet.pts = packet.dts = (packet.pts or 0) + (packet.pts == 90_000)
        return packet

    monkeypatch.setattr(Film, "_packet", late)
    refused(desk, out, "did not come out as it was recorded: the video of journal line")


def test_film_that_lost_its_end(desk: Desk, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film that is right and short is not the recording either."""
    real = Film.write
    flushes = iter(range(9))
    monkeypatch.setattr(
        Film, "write", lambda film, media: real(film, media) if next(flushes, None) is not None else None
    )
    refused(desk, out, "its video, audio is not complete")


def test_file_that_appears_meanwhile(out: Path) -> None:
    """A file that another made meanwhile is not replaced."""

    def race() -> None:
        with new_file(out, replace=False) as temporary:
            temporary.write_bytes(b"film")
            out.write_bytes(b"precious")

    with pytest.raises(Refused, match="is there already"):
        race()
    assert (left(out.parent), out.read_bytes()) == (["film.mp4"], b"precious")


def test_really_full_disk(desk: Desk, out: Path) -> None:
    """With a real limit on the size of files the export fails in words, and leaves nothing."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        "from tools.export.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, str(desk.recording(1)), "--key", str(desk.key), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be written: File too large" in done.stderr
    assert left(out.parent) == []


def test_polite_end(desk: Desk, out: Path) -> None:
    """SIGTERM in the middle leaves nothing behind."""
    script = (
        "import sys, time; from tools.export import cli, remux; real = remux.Film.write; "
        "remux.Film.write = lambda film, media: (print('writing', flush=True), time.sleep(20)); "
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, str(desk.recording(1)), "--key", str(desk.key), "-o", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        assert left(out.parent) != []
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert (process.returncode, "nothing was written" in told) == (130, True)
    assert left(out.parent) == []


ODD_NAMES = ["pipe:1", "a b%d.mp4", "film", "-x.mp4", "http:x.mp4", "zelle→hof.mp4"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(made: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whatever the film is to be called is taken as a file's name."""
    monkeypatch.chdir(tmp_path)
    export(made, 4, Path(name))
    assert left(tmp_path) == [name]
