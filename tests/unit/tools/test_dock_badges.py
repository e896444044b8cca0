"""The register of tags: strict, its owner's alone, and never written over where it is damaged."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.dock.shifts.badges import FILE, LONGEST, BadgeError, Badges, Camera, Officer


def test_what_a_tag_stands_for(tmp_path: Path) -> None:
    """An officer or a camera, the newest word counts, and one that was withdrawn stands for nothing."""
    badges = Badges(tmp_path)
    assert badges.all() == {}
    badges.enter("04A1B2C3", officer="4711")
    badges.enter("04D4E5F6", camera="cam-1")
    badges.enter("0000", officer="Müller, A.")
    assert badges.all() == {"04A1B2C3": Officer("4711"), "04D4E5F6": Camera("cam-1"), "0000": Officer("Müller, A.")}
    badges.enter("04A1B2C3", officer="4712")
    badges.enter("0000")
    assert Badges(tmp_path).all() == {"04A1B2C3": Officer("4712"), "04D4E5F6": Camera("cam-1")}
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("tag", "meaning", "why"),
    [
        ("123", {"officer": "x"}, "no tag"),
        ("1" * 33, {"officer": "x"}, "no tag"),
        ("1234 ", {"officer": "x"}, "no tag"),
        ("12-34", {"officer": "x"}, "no tag"),
        ("1234", {"officer": " "}, "printable"),
        ("1234", {"officer": "a\nb"}, "printable"),
        ("1234", {"officer": "x" * 129}, "printable"),
        ("1234", {"camera": "CAM"}, "no camera's name"),
        ("1234", {"officer": "x", "camera": "cam-1"}, "not a tag"),
    ],
)
def test_what_is_not_entered(tmp_path: Path, tag: str, meaning: dict[str, str], why: str) -> None:
    """Refused in words, and nothing is written."""
    with pytest.raises(BadgeError, match=why):
        Badges(tmp_path).enter(tag, **meaning)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "the last line has no end"),
        (b"{\n", "line 1: is no JSON"),
        (b'{"tag":"1234","officer":"x"}\n[]\n', "line 2: not a tag"),
        (b'{"tag":"1234","officer":"x","more":1}\n', "line 1: not a tag"),
        (b'{"officer":"x"}\n', "line 1: 'None' is no tag"),
        (b'{"tag":1234}\n', "line 1: '1234' is no tag"),
        (b'{"tag":"1234","officer":7}\n', "line 1: an officer"),
        (b'{"tag":"1234","camera":null}\n', "line 1: 'None' is no camera"),
        (b"\xff\n", "is no text"),
        (b"[" * 100_000 + b"\n", "line 1: is no JSON"),
        (b" " * (LONGEST + 1), "more than"),
    ],
)
def test_a_register_that_is_damaged(tmp_path: Path, data: bytes, why: str) -> None:
    """Named by its line, and not written over."""
    path = tmp_path / FILE
    path.touch(0o600)
    path.write_bytes(data)
    with pytest.raises(BadgeError, match=why):
        Badges(tmp_path).all()
    with pytest.raises(BadgeError, match=why):
        Badges(tmp_path).enter("1234", officer="x")
    assert path.read_bytes() == data


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_others_may_neither_read_nor_write_it(tmp_path: Path, mode: int) -> None:
    """One that somebody else could have changed says nothing about anybody."""
    Badges(tmp_path).enter("1234", officer="x")
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(BadgeError, match="chmod 600"):
        Badges(tmp_path).all()


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """By an error of its own, whatever lies there."""
    store = tmp_path_factory.mktemp("badges")
    (store / FILE).touch(0o600)
    (store / FILE).write_bytes(data)
    with contextlib.suppress(BadgeError):
        Badges(store).all()
