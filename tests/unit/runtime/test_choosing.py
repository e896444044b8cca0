"""``python -m firmware --show-settings``: what is in force, where it came from, and why what is not is not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from firmware import __main__ as firmware_main
from firmware.evidence.jws import line_hash
from firmware.settings import KEYS, Settings
from firmware.version import VERSION
from tests.rig import pki, settings_line

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"pre_event_s": 60, "profile": "1080p", "bitrate": 1_000_000, "bookmark_label": "mark"}


def card(folder: Path, values: dict[str, object] | None, **more: Any) -> bytes:
    """A config partition as a card in a reader shows it: no private key anywhere.  Returns the settings' line."""
    (folder / "config").mkdir()
    (folder / "config" / "root.crt.pem").write_bytes(pki().root_pem)
    line = settings_line(values or {}, **more)
    if values is not None:
        (folder / "config" / "settings.jws").write_bytes(line + b"\n")
    return line


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any], str]:
    """Exit status, what machines are told, and what people are."""
    words = ["--show-settings", *map(str, arguments)]
    status = firmware_main.main([*words, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert firmware_main.main(words) == status
    return status, told, capsys.readouterr().out


def test_signed_settings_are_shown_with_where_each_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Serial and hash are those that manifests name; the profile says what became of the picture."""
    line = card(tmp_path, GOOD, serial=7)
    status, told, text = shown(capsys, "--hal", "sim", "--state", tmp_path)
    assert (status, told["trouble"], told["problems"]) == (0, None, [])
    assert (told["firmware"], told["settings"]) == (VERSION, {"serial": 7, "hash": line_hash(line)})
    assert list(told["values"]) == list(KEYS)
    values = {key: (each["value"], each["source"]) for key, each in told["values"].items()}
    assert values["pre_event_s"] == (60, "authority")
    assert values["bitrate"] == (8_000_000, "profile 1080p")
    assert values["segment_s"] == (10, "defaults")
    assert f"serial 7, hash {line_hash(line)}" in text
    assert re.search(r"^pre_event_s +60 s +authority +picture kept", text, re.MULTILINE)
    assert re.search(r"^bitrate +8000000 bit/s +profile 1080p ", text, re.MULTILINE)


def test_a_card_in_a_reader_is_shown_and_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its config directory alone."""
    card(tmp_path, GOOD)
    before = sorted(tmp_path.rglob("*"))
    status, told, _ = shown(capsys, "--config", tmp_path / "config")
    assert (status, told["values"]["pre_event_s"]["value"]) == (0, 60)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_camera_of_nobody_shows_the_defaults_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And exits with another status, so that a script notices."""
    card(tmp_path, None)
    status, told, text = shown(capsys, "--state", tmp_path)
    assert (status, told["settings"]) == (1, None)
    assert told["trouble"] == "no enrolled authority: settings.jws missing"
    assert {key: each["value"] for key, each in told["values"].items()} == {
        key: getattr(Settings(), key) for key in KEYS
    }
    assert "the defaults stand, and it does not record" in text


def test_refused_settings_are_named_and_the_defaults_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every problem, as the log has them; that it records all the same."""
    line = card(tmp_path, {"pre_event_s": 120, "bitrate": 40_000_000, "colour": "red"})
    status, told, text = shown(capsys, "--state", tmp_path)
    assert (status, told["settings"]["hash"]) == (1, line_hash(line))
    assert told["problems"] == ["authority: colour: unknown setting"]
    assert told["values"]["pre_event_s"] == {
        "value": 30,
        "source": "defaults",
        "meaning": told["values"]["pre_event_s"]["meaning"],
    }
    assert "refused   authority: colour: unknown setting" in text
    assert "the defaults stand, for all of them, and it records" in text


def test_what_another_authority_signed_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Values that the camera would not believe are nobody's."""
    line = card(tmp_path, GOOD)
    (tmp_path / "config" / "settings.jws").write_bytes(line[:-2] + b"AA\n")
    status, told, _ = shown(capsys, "--state", tmp_path)
    assert status == 1
    assert told["trouble"].startswith("the settings cannot be believed: ")
    assert told["values"]["pre_event_s"]["value"] == 30


def test_a_long_value_does_not_widen_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate is cut for people, and whole for machines."""
    root = "A" * 400
    card(tmp_path, {"time_root": root})
    _, told, text = shown(capsys, "--state", tmp_path)
    assert told["values"]["time_root"]["value"] == root
    assert max(map(len, text.splitlines())) < 160


@pytest.mark.parametrize(
    ("arguments", "trouble"),
    [
        (["--show-settings"], "of which camera?"),
        (["--show-settings", "--state", "/nowhere/at/all"], "is no directory"),
        (["--hal", "sim", "--state", "there"], "required: --control"),
    ],
)
def test_what_is_not_said_is_asked_for(arguments: list[str], trouble: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the usage, and status 2."""
    with pytest.raises(SystemExit) as left:
        firmware_main.main(arguments)
    assert left.value.code == 2
    assert trouble in capsys.readouterr().err
