"""`lapel verify FILM`: a film is judged by the signatures in its picture, and nothing more is said than they prove."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from tests.vector_maker.files import read_vector
from tests.vector_maker.onvif import FOLDER
from tools.verify.cli import main
from tools.verify.film import verify_film
from tools.verify.findings import Refused
from tools.verify.report import Report, Verdict

ROOT = FOLDER / "authority.crt.pem"


def extracted(name: str, folder: Path) -> Path:
    """The film of a vector."""
    vector = read_vector(FOLDER / f"{name}.vector")
    path = folder / f"{name}.{vector.header['film']}"
    path.write_bytes(vector.body)
    return path


def judged(name: str, folder: Path) -> Report:
    """The report on a vector's film."""
    return verify_film(extracted(name, folder), ROOT)


def reasons(report: Report) -> str:
    """Everything that is wrong."""
    return "\n".join(problem.reason for _, found in report.every_problem for problem in found)


@pytest.mark.parametrize("name", ["whole", "whole-remuxed-mp4", "whole-remuxed-mkv", "trim-both", "segment-second"])
def test_a_valid_film(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0, who signed it, and what that does not prove; alike in every container and trim."""
    assert main([str(extracted(name, tmp_path)), "--root", str(ROOT)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("film: VALID")
    assert "what camera cam-0042 signed at capture under a certificate that leads to the given root" in said
    assert "sound, when and how long each frame is shown" in said
    assert ("the last 3 frames: no signature covers them" in said) == (name == "trim-both")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("flip-frame", "GOP 3, frame 12: these are not the frames that were signed"),
        ("gop-removed-with-its-sei", "GOP 4, frames 10 to 14: before it a GOP is missing"),
        ("frame-removed", "GOP 3, frames 10 to 13: slices that were signed are missing: 1"),
        ("stripped", "the picture is not signed"),
        ("other-root", "the key that signed the picture is not trusted"),
        ("other-root-and-flip", "the key that signed the picture is not trusted"),
        ("too-short", "none can be judged"),
        ("certificates-never", "no certificate"),
        ("end-four-without-sei", "the last 20 frames are not signed: 4 GOPs"),
    ],
)
def test_a_film_that_proves_nothing(name: str, wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, what is wrong by GOP and frame, and nothing called proven."""
    root = FOLDER / f"{read_vector(FOLDER / f'{name}.vector').header['root']}.crt.pem"
    page = tmp_path / "page.html"
    assert main([str(extracted(name, tmp_path)), "--root", str(root), "--json", "--html", str(page)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["verdict"], report["exit"]) == ("film", "not whole", 1)
    assert any(wrong in problem["reason"] for problem in report["problems"])
    assert report["film"]["proven"] == [] or name == "end-four-without-sei"
    assert "could not be shown to be what a camera recorded" in page.read_text(encoding="utf-8")


def test_json_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The machine form has every member that the docs name; the page says the verdict and lists the certificates."""
    page = tmp_path / "page.html"
    film = extracted("whole", tmp_path)
    assert main([str(film), "--root", str(ROOT), "--json", "--html", str(page)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "valid"
    assert [each["role"] for each in report["film"]["certificates"]] == ["device-ca", "device", "session"]
    assert report["film"]["file"]["length"] == film.stat().st_size
    found = report["film"]["signatures"]
    assert {name: found[name] for name in ("verdict", "frames", "proven", "gops", "pending", "missing", "device")} == {
        "verdict": "valid",
        "frames": 30,
        "proven": 30,
        "gops": 6,
        "pending": 0,
        "missing": 0,
        "device": "cam-0042",
    }
    text = page.read_text(encoding="utf-8")
    assert "This film shows what the camera signed while it was recording." in text
    assert found["session"] in text.replace(" ", "").replace("<wbr>", "")


def test_many_findings_are_told_in_few_lines(tmp_path: Path) -> None:
    """A film in which everything is wrong gets a list that people read to its end."""
    assert len(reasons(judged("flip-every-gop", tmp_path)).splitlines()) <= 14


def test_without_a_root(tmp_path: Path) -> None:
    """From Python: nobody vouches for the camera, and the report says so."""
    report = verify_film(extracted("whole", tmp_path), None)
    assert report.film is not None
    assert report.verdict is Verdict.VALID
    assert "no root was given" in report.film.not_proven[0]


def encoded(path: Path, codec: str, pictures: int = 1) -> Path:
    """A film of some gray frames."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=10) for _ in range(pictures)]
        for stream in streams:
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for stream in streams:
            assert isinstance(stream, av.VideoStream)
            for _ in range(3):
                frame = av.VideoFrame.from_ndarray(np.full((72, 64), 128, np.uint8), format="yuv420p")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


class TestNoFilm:
    """What is no film of one H.264 picture is wrong usage, said in plain words."""

    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("empty.mp4", b"", "neither"),
            ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:10\nhttp://127.0.0.1/film.mp4\n", "neither"),
            ("concat.mp4", b"ffconcat version 1.0\nfile other.mp4\n", "neither"),
            ("noise.mp4", b"\0\0\0\x18ftypisom" + bytes(range(256)) * 20, "cannot be read|instead of one"),
            ("noise.mkv", b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 20, "cannot be read|instead of one"),
        ],
    )
    def test_other_files(self, name: str, data: bytes, reason: str, tmp_path: Path) -> None:
        """Whatever its name says; and no list of other files or addresses is ever followed."""
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Refused, match=reason):
            verify_film(tmp_path / name, ROOT)

    def test_other_codec(self, tmp_path: Path) -> None:
        """Only H.264 is signed by our cameras."""
        with pytest.raises(Refused, match="not H.264"):
            verify_film(encoded(tmp_path / "film.mp4", "mpeg4"), ROOT)

    def test_two_pictures(self, tmp_path: Path) -> None:
        """Of two pictures one may be signed, and the other shown."""
        with pytest.raises(Refused, match="2 pictures"):
            verify_film(encoded(tmp_path / "film.mp4", "libx264", 2), ROOT)

    def test_exit_status(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """2, like all wrong usage."""
        (tmp_path / "film.mp4").write_bytes(b"no film")
        assert main([str(tmp_path / "film.mp4"), "--root", str(ROOT)]) == 2
        assert "neither an MP4 nor a Matroska film" in capsys.readouterr().err


def test_cut_off_anywhere(tmp_path: Path) -> None:
    """A film in fragments that was cut off proves what came before the cut, and nothing wrong is said of it."""
    whole = extracted("whole", tmp_path).read_bytes()
    found, headless = [], set()
    for length in range(2000, len(whole), 997):
        (tmp_path / "cut.mp4").write_bytes(whole[:length])
        try:
            report = verify_film(tmp_path / "cut.mp4", ROOT)
        except Refused as refused:
            headless.add(
                str(refused).rpartition(": ")[2]
            )  # cut inside the head of a fragment: FFmpeg opens no such film
            continue
        assert report.film is not None
        assert report.film.signatures.verdict in {"valid", "not signed", "cannot be judged"}
        found.append(report.film.signatures.proven)
    assert found == sorted(found)
    assert len(found) > 15
    assert headless == {"End of file"}
    assert found[-1] == 25
