"""What people and programs see of a verdict."""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.evidence_maker import Camera, Plan
from tests.unit.tools.conftest import Desk
from tools.export import cli as export_cli
from tools.export.exporter import export_recording
from tools.verify import cli
from tools.verify.findings import Problem
from tools.verify.render import render
from tools.verify.report import RecordingReport, Report, Verdict
from tools.verify.times import size, span, utc

REPOSITORY = Path(__file__).parents[3]


def run(*arguments: object) -> int:
    """``lapel verify``."""
    return cli.main([str(each) for each in arguments])


def test_exit_statuses(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """0 whole or recovered, 1 not whole or open, 2 wrong usage with a reason on stderr."""
    assert run(desk.recording(1), "--root", desk.root) == 0
    assert run(desk.recording(3), "--root", desk.root, "--key", desk.key, "--no-decode") == 0
    assert "nothing was decoded" in " ".join(capsys.readouterr().out.split())
    (desk.recording(3) / "manifest.jws").unlink()
    assert run(desk.recording(3), "--root", desk.root) == 1
    (desk.recording(1) / "000000.mp4.age").unlink()
    assert run(desk.recording(1), "--root", desk.root) == 1
    capsys.readouterr()
    for arguments in (
        (desk.path / "nowhere", "--root", desk.root),
        (desk.card, "--root", desk.path / "nowhere"),
        (desk.card, "--root", desk.root, "--key", desk.root),
        (desk.card / "audit", "--root", desk.root),
        (desk.card, "--root", desk.root, "--evidence", desk.path / "nowhere"),
    ):
        assert run(*arguments) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("lapel verify: ")
    assert run(desk.path / "nowhere", "--root", desk.root) == 2
    assert "nowhere: is missing" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run(desk.card)


def test_plain_words(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict reads as text, without colour where there is no terminal."""
    assert run(made.card, "--root", made.root, "--key", made.key) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    for words in (
        "recording 1: WHOLE (recordings/00000001)",
        "recording 2: WHOLE, marked as important",
        "recording 3: RECOVERED",
        "proven      dock dock-1 signed",
        "private     at 00:03.3: bookmark: Zelle 12 → Hof",
        "all together: not proven since 2026-06-05 17:46:40 UTC (recordings: 3 whole, 1 recovered)",
        "recordings 1 to 4 all present",
        "judged against the root certificate with SHA-256",
    ):
        assert words in text
    assert all(len(line) <= 120 for line in text.splitlines())


def test_wrong_words(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong is said with file and reason."""
    (desk.recording(1) / "000000.mp4.age").unlink()
    assert run(desk.recording(1), "--root", desk.root) == 1
    text = capsys.readouterr().out
    assert "recording 1: NOT WHOLE (.)" in text
    assert "WRONG       000000.mp4.age: is missing" in text
    assert "  proven" not in text


def test_colour() -> None:
    """On a terminal the verdict stands out; nothing else is coloured."""
    report = Report(
        "x", "recording", None, recordings=(RecordingReport("x", Verdict.NOT_WHOLE, problems=(Problem(".", "y"),)),)
    )
    assert "\x1b[1;31mNOT WHOLE\x1b[0m" in render(report, colour=True)
    assert "no root certificate" in render(report)


def test_hostile_words() -> None:
    """Whatever evidence says cannot reach the terminal as a command."""
    report = RecordingReport(
        "a\x1b[2J", Verdict.OPEN, facts=("b\x1b]0;x\x07", "\u202ec\nd"), problems=(Problem("e\r", "f\x9b"),)
    )
    text = render(Report("x", "recording", None, recordings=(report,)))
    assert not set(text) & set("\x1b\x07\r\x9b\u202e")


def keys(value: Any) -> Any:
    """The shape of a JSON value."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value else type(value).__name__


FILE_SHAPE = {"name": "str", "length": "int", "hash": "str", "signed": "int"}
CERTIFICATE_SHAPE = dict.fromkeys(("role", "subject", "issuer", "fingerprint", "key", "not_before", "not_after"), "str")
DOCKING_SHAPE = {"dock": "str", "utc_ms": "int", "hash": "str", "number": "int"}
RECORDING_ANNEX_SHAPE = {
    "boot": "int",
    "firmware": "str",
    "signer": "str",
    "quality": "str",
    "origin_ms": "float",
    "media": ["float"],
    "live_s": "float",
    "resumes": "NoneType",
    "size": ["int"],
    "fps": "int",
    "sound_rate": "int",
    "gaps": "list",
    "opening": "str",
    "manifest": "str",
    "receipt": DOCKING_SHAPE,
    "stamp": "NoneType",
    "trusted_ms": "int",
    "files": [FILE_SHAPE],
    "certificates": [CERTIFICATE_SHAPE],
}
VOLUME_ANNEX_SHAPE = {
    "log_lines": "int",
    "log_head": "str",
    "anchor": DOCKING_SHAPE,
    "missing": "list",
    "moments": [{"kind": "str", "utc_ms": "int", "quality": "str", "number": "NoneType", "text": "str"}],
    "files": [{**FILE_SHAPE, "signed": "NoneType"}],
    "certificates": [CERTIFICATE_SHAPE],
}
RECORDING_SHAPE = {
    "path": "str",
    "verdict": "str",
    "device": "str",
    "volume": "str",
    "number": "int",
    "utc_ms": "int",
    "seconds": "float",
    "priority": "bool",
    "second": "bool",
    "made": {
        "after_ms": "NoneType",
        "after_signed": "bool",
        "before_ms": "int",
        "before": "str",
        "uncertainty_ms": "NoneType",
    },
    "facts": ["str"],
    "proven": ["str"],
    "not_proven": ["str"],
    "problems": "list",
    "private": [{"kind": "str", "at_s": "NoneType", "text": "str"}],
    "attributions": "list",
    "annex": RECORDING_ANNEX_SHAPE,
}
VOLUME_SHAPE = {
    "path": "str",
    "place": "str",
    "device": "str",
    "volume": "str",
    "device_key": "str",
    "erased": "list",
    "voided": "list",
    "revoked": "bool",
    "completeness": {
        "present": [["int"]],
        "missing": "list",
        "erased": "list",
        "elsewhere": "list",
        "proven_to": "int",
        "since_ms": "int",
        "unproven": "bool",
        "openings": "int",
        "counter_ahead": "int",
    },
    "timeline": [{"state": "str", "number": "NoneType", "dock": "NoneType", "from_ms": "int", "until_ms": "int"}],
    "private": "list",
    "starts": "list",
    "facts": ["str"],
    "proven": ["str"],
    "not_proven": ["str"],
    "problems": "list",
    "recordings": [RECORDING_SHAPE],
    "annex": VOLUME_ANNEX_SHAPE,
}
SHAPE = {
    "schema": "int",
    "path": "str",
    "kind": "str",
    "root": "str",
    "pq_root": "NoneType",
    "root_certificate": CERTIFICATE_SHAPE,
    "verifier": "str",
    "verdict": "str",
    "exit": "int",
    "facts": "list",
    "problems": "list",
    "volumes": [VOLUME_SHAPE],
    "recordings": "list",
    "export": "NoneType",
    "film": "NoneType",
}


def test_json(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The machine form has the shape that schema 1 promises."""
    assert run(made.card, "--root", made.root, "--key", made.key, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert keys(told) == SHAPE


def test_json_of_problems(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Problems stand together at the top too, each with its path from what was judged."""
    (desk.recording(2) / "000000.mp4.age").unlink()
    assert run(desk.card, "--root", desk.root, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["exit"]) == ("not whole", 1)
    assert told["problems"] == [{"file": "recordings/00000002/000000.mp4.age", "reason": "is missing"}]


def test_film(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A film's verdict stands beside that of its evidence."""
    film = export_recording(made.recording(1), [made.key], tmp_path / "film.mp4").path
    assert run(film, "--evidence", made.recording(1), "--root", made.root) == 0
    text = capsys.readouterr().out
    assert f"film: WHOLE ({film})" in text.replace("\n", "")
    assert "held against\nrecording 1: WHOLE" in text
    assert run(film, "--evidence", made.recording(2), "--root", made.root, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["export"]["problems"][0]["file"] == "film.mp4"
    assert told["export"]["evidence"]["verdict"] == "whole"


def test_place(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a volume lies can be said."""
    assert run(made.card, "--root", made.root, "--place", "dock") == 0
    assert "taken over by a dock" in capsys.readouterr().out


def test_in_the_lapel_command() -> None:
    """Both commands hang themselves into a parser and bring what runs them."""
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    cli.add_parser(subparsers)
    export_cli.add_parser(subparsers)
    assert parser.parse_args(["verify", "x", "--root", "y"]).run is cli.run
    assert parser.parse_args(["export", "x", "--key", "y", "-o", "z"]).run is export_cli.run


def test_export_command(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``lapel export`` tells what it wrote, and what a film of a recovered recording is."""
    out = tmp_path / "film.mp4"
    arguments = [str(made.recording(3)), "--key", str(made.key), "-o", str(out)]
    assert export_cli.main(arguments) == 0
    text = capsys.readouterr().out
    assert f"{out}: recording 3 of cam-0042, 00:01.5, 15 frames, 23 units of sound" in text
    assert "cut off and recovered" in text
    assert "no root certificate was given" in text
    assert export_cli.main([*arguments, "--root", str(made.root)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert export_cli.main([*arguments, "--force", "--root", str(made.root)]) == 0
    assert "no root" not in capsys.readouterr().out


def test_export_of_an_open_recording(tmp_path: Path, made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """So it does of one that is not closed, and of one without sound."""
    camera = Camera(tmp_path / "card")
    camera.cut(plan=Plan(sound=False))
    arguments = [str(camera.directory(1)), "--key", str(made.key), "-o", str(tmp_path / "film.mp4")]
    assert export_cli.main(arguments) == 0
    text = capsys.readouterr().out
    assert "not closed yet" in text
    assert "no sound" in text


@pytest.mark.parametrize("module", ["tools.verify", "tools.export"])
def test_alone(module: str) -> None:
    """Each runs as a module of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert "Exit status" in done.stdout


def test_shares_nothing_with_the_camera() -> None:
    """The verifier imports nothing of ours but itself."""
    for path in (REPOSITORY / "tools" / "verify").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                ours = name.split(".")[0] in ("firmware", "hal", "tools", "tests")
                assert not ours or name.startswith("tools.verify"), f"{path.name} imports {name}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00.0"), (59.96, "01:00.0"), (61.25, "01:01.2"), (3600, "1:00:00.0"), (86_399.99, "24:00:00.0")],
)
def test_span(seconds: float, text: str) -> None:
    """Media times round as a whole."""
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (5_250_000, "5.2 MB"), (10**13, "10000.0 GB")],
)
def test_size(length: int, text: str) -> None:
    """Lengths are told in units of a thousand."""
    assert size(length) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "1970-01-01 00:00:00 UTC"), (-1, "1969-12-31 23:59:59 UTC"), (2**53 - 1, "9007199254740991 ms since 1970")],
)
def test_utc(milliseconds: int, text: str) -> None:
    """Dates beyond the calendar stay numbers."""
    assert utc(milliseconds) == text
