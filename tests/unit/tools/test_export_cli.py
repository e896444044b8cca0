"""``lapel export`` on the command line: what it writes, tells and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.evidence_maker import Authority
from tests.unit.tools.conftest import Desk, write_desk
from tests.unit.tools.test_export import left
from tools.export.cli import main


def run(desk: Desk, *more: object) -> int:
    """The command with the recording and its key."""
    return main([str(desk.recording(1)), "--key", str(desk.key), *map(str, more)])


def test_film_of_a_desk(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a desk its root is taken, and what a C2PA manifest is worth is said."""
    assert run(made, "-o", tmp_path / "film.mp4", "--desk", made.signer) == 0
    told = capsys.readouterr().out
    assert "recording 1 of cam-0042, 00:06.0, 60 frames, 61 units of sound" in told
    assert (
        "signed by desk desk-1: viewers show it, and trust it only where they were given the authority's root" in told
    )
    assert "no root certificate" not in told


def test_derivative(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times in every spelling, moved borders told, the paper named."""
    more = ("--from", "0:00:02.5", "--until", "0:04.5", "--redact-audio=3-3.5", "--reason", "a child's name")
    assert run(made, "-o", tmp_path / "part.mp4", "--desk", made.signer, "--no-c2pa", *more) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1].startswith("--from 00:02.5 was moved to 00:02.0")
    assert told[2].startswith("--until 00:04.5 was moved to 00:05.0")
    assert told[3].startswith("the sound was removed from 00:02.6 to 00:04.0")
    assert told[4].startswith(f"{tmp_path}/part.derived.jws: what this derivative was made from")
    assert left(tmp_path) == ["part.derived.jws", "part.mp4"]


def test_json(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Machines are told the same."""
    more = ("--desk", made.signer, "--redact-audio", "--times", "csv", "--json")
    assert run(made, "-o", tmp_path / "film.mp4", *more) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "schema": 1,
        "film": f"{tmp_path}/film.mp4",
        "device": "cam-0042",
        "number": 1,
        "seconds": 6.0,
        "frames": 60,
        "sound_units": 0,
        "recovered": False,
        "sealed": True,
        "derived": f"{tmp_path}/film.derived.jws",
        "moved": [],
        "c2pa": "desk-1",
        "times": f"{tmp_path}/film.csv",
        "bundle": None,
    }


def test_bundle(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle is told with the page that explains it; as JSON with its names."""
    assert run(made, "--bundle", tmp_path / "out", "--root", made.root) == 0
    assert "a bundle of 19 files; verify.txt in it says how to check them" in capsys.readouterr().out
    assert run(made, "--bundle", tmp_path / "out.zip", "--root", made.root, "--json") == 0
    assert "SHA256SUMS" in json.loads(capsys.readouterr().out)["bundle"]["files"]
    assert left(tmp_path) == ["out", "out.zip"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ((), "name the film with -o, or a bundle with --bundle"),
        (("-o", "a.mp4", "--bundle", "b"), "name the film with -o, or a bundle with --bundle"),
        (("--bundle", "b"), "a bundle needs --root or --desk"),
        (("--bundle", "b", "--root", "r", "--times", "csv"), "--times goes with -o"),
        (("-o", "a.mp4", "--reason", "x"), "--reason is for a derivative"),
    ],
)
def test_misuse(made: Desk, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], reason: str) -> None:
    """A command that makes no sense is refused, with what would."""
    assert run(made, *more) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--from", "soon"), "'soon' is no media time like 75.5, 1:15.5 or 0:01:15.5"),
        (("--redact-audio", "7-3"), "'7-3' is no span like 0:12-0:20"),
        (("--redact-audio", "film"), "write --redact-audio behind RECORDING"),
        (("--reason", "a\nb"), "1 to 256 characters without control characters"),
    ],
)
def test_wrong_values(made: Desk, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], reason: str) -> None:
    """A value that is none is refused, with one that is."""
    with pytest.raises(SystemExit) as ended:
        run(made, "-o", "film.mp4", *more)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_desk_of_another_authority(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A desk does not sign for another authority's evidence."""
    other = Authority("other")
    write_desk(tmp_path / "desk", other.desk, other.root_pem)
    more = ("-o", tmp_path / "film.mp4", "--desk", tmp_path / "desk")
    assert run(made, *more, "--root", made.root) == 1
    assert "this desk belongs to another authority" in capsys.readouterr().err
    assert run(made, *more) == 1
    assert "was not issued by" in capsys.readouterr().err
    assert left(tmp_path) == ["desk"]


def test_derivative_without_a_desk(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a derivative needs is said, and where it comes from."""
    assert run(made, "-o", tmp_path / "film.mp4", "--redact-audio") == 1
    assert "name one with --desk ('lapel provision desk' makes it)" in capsys.readouterr().err
    assert left(tmp_path) == []


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """The help shows each use in one line."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(each in told for each in ("--bundle disclosure.zip", "--redact-audio=0:12-0:20", "--from 1:05"))
