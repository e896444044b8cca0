"""The officer's card and guide show what the tables say, one page of it is a page, and their pictures are drawings that others can read."""

from __future__ import annotations

import re
import subprocess
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from firmware.core.indications import BUZZES, LIGHTS, Look, Trouble
from firmware.core.meanings import SHORT_NS, TWICE_NS, Means
from firmware.core.telling import PAUSE_MS
from firmware.runtime.berth import STOOD_NS
from firmware.runtime.face import BARS
from firmware.runtime.wishes import CONFIRM_NS
from firmware.settings import Settings
from hal.interface import Colour, Light, Pattern
from hal.patterns import COURSES, brightness
from tests.oracles import ROOT, needs
from tests.specification import card, device, officer
from tools.words.en import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta"}


class Strict(HTMLParser):
    """Whether every element is closed where it has to be; what it refers to elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One begins."""
        self.attributes += attrs
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that is nothing but itself."""
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """One ends."""
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", card.LANGUAGES)
def test_the_card_is_one_file_that_needs_nothing(language: str) -> None:
    """Well formed; no script, no address, nothing to load."""
    text = card.page(language)
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    assert parser.addresses == []
    assert "<script" not in text
    assert "url(" not in text
    assert not [name for name, _ in parser.attributes if name.startswith("on")]
    assert f'<html lang="{language}">' in text


def test_every_look_is_on_the_card_once() -> None:
    """All looks are in its groups, and red is in the first alone."""
    looks = [look for group in card.GROUPS.values() for look in group]
    assert sorted(look.value for look in looks) == sorted(look.value for look in Look)
    for group, members in card.GROUPS.items():
        assert all((LIGHTS[look].top.colour is Colour.RED) == (group == "recording") for look in members)
        assert all((LIGHTS[look].front.colour is Colour.RED) == (group == "recording") for look in members)
    for look in Look:
        assert card.page("en").count(escape(ENGLISH[f"look.{look.value}"])) >= 1


def test_every_thing_that_hands_may_mean_is_told() -> None:
    """Card and guide leave no meaning out but the answers that are felt at once."""
    told = {means for _, rows in card.HANDS for _, *both in rows for means in both}
    assert set(Means) - told == {Means.HEARD, Means.COUNT, Means.CONFIRM}
    assert {hand for _, rows in card.HANDS for hand, *_ in rows} == set(device.PRESSES)


def test_a_change_of_the_table_changes_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn from the table, not beside it."""
    before = card.page("en")
    changed = {**LIGHTS, Look.READY: LIGHTS[Look.UNABLE]}
    monkeypatch.setattr(card, "LIGHTS", changed)
    assert card.page("en") != before


@pytest.mark.parametrize("name", officer.pictures())
def test_pictures_are_drawings(name: str) -> None:
    """Well-formed SVG with a name for who cannot see it, and nothing to load."""
    drawn = officer.pictures()[name]
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("aria-label")
    assert "href" not in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize("pattern", Pattern)
def test_a_drawn_rhythm_is_the_rhythm(pattern: Pattern) -> None:
    """Its outline, read back, is as high at each moment as the light is bright."""
    drawn = device.rhythm(Light(Colour.RED, pattern), 4000, 102)
    (path,) = re.findall(r'<path d="M0.00 101.00L([^Z"]*)L4000.00 101.00Z"', drawn)
    points = [tuple(map(float, each.split())) for each in path.split("L")]
    assert points[-1][0] == 4000
    for (begin, low), (end, high) in pairwise(points):
        if end - begin > 2:
            middle = (begin + end) / 2
            assert 1 - ((low + high) / 2 - 1) / 100 == pytest.approx(brightness(pattern, middle / 1000), abs=0.02)


@pytest.mark.parametrize("pattern", [each for each in Pattern if each is not Pattern.STEADY])
def test_an_animation_is_the_rhythm(pattern: Pattern) -> None:
    """Its key frames, played, are as bright as the light is, but for the glass of the lamp that is seen in the dark too."""
    style = device.animations([pattern])
    (body,) = re.findall(rf"@keyframes {pattern.value}\{{(.*)\}}", style.splitlines()[0])
    frames = [(float(at), float(level)) for at, level in re.findall(r"([\d.]+)%\{opacity:([\d.]+)\}", body)]
    length = COURSES[pattern][-1][0]
    assert f"{pattern.value} {length}ms linear infinite" in style
    assert (frames[0][0], frames[-1][0]) == (0, 100)
    for (begin, low), (end, high) in pairwise(frames):
        if end - begin > 0.1:
            at_s = (begin + end) / 200 * length / 1000
            assert (low + high) / 2 == pytest.approx(max(0.12, brightness(pattern, at_s)), abs=0.02)
    assert "prefers-reduced-motion" in style


@pytest.mark.parametrize("name", BUZZES)
def test_a_drawn_buzz_is_the_buzz(name: str) -> None:
    """Its bars are as long as it lasts, and as far apart."""
    drawn = device.bars(BUZZES[name], 1100, 10, 1100)
    bars = [(float(at), float(wide)) for at, wide in re.findall(r'<rect x="([\d.]+)" y="1" width="([\d.]+)"', drawn)]
    ends = [edge for at, wide in bars for edge in (at, at + wide)]
    assert [round(end - begin) for begin, end in pairwise(ends)] == list(BUZZES[name])


@needs("chromium")
@pytest.mark.parametrize("language", card.LANGUAGES)
def test_the_card_is_one_sheet_of_paper(language: str, tmp_path: Path) -> None:
    """Printed by a browser, it is one page of A4."""
    page, printed = tmp_path / "card.html", tmp_path / "card.pdf"
    page.write_text(card.page(language), encoding="utf-8")
    subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--print-to-pdf={printed}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=110,
    )
    data = printed.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    (box,) = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)
    assert [float(each) for each in box.split()] == pytest.approx([0, 0, 595, 842], abs=2)


@pytest.mark.parametrize(
    ("words", "fact", "expected"),
    [
        ("with the half minute before", Settings().pre_event_s, 30),
        ("comes again every two minutes while it does", Settings().remind_s, 120),
        ("hold the large button for three seconds", Settings().hold_s, 3),
        ("before the three seconds are over", Settings().hold_s, 3),
        ("let go, and press it once more", Settings().confirm_stop, True),
        ("Press once within five seconds", CONFIRM_NS, 5_000_000_000),
        ("have to come within 0.8 seconds", TWICE_NS, 800_000_000),
        ("A press of more than a second is no short one", SHORT_NS, 1_000_000_000),
        ("after a pause of a second", PAUSE_MS, 1000),
        ("stood for ten seconds", STOOD_NS, 10_000_000_000),
        ("Five buzzes", len(BUZZES), 5),
        ("Only the first three keep the camera from recording", BARS, set([*Trouble][:3])),
        ("and the fourth may", [*Trouble][3], Trouble.FAULT),
        ("Hush leaves it on, unless your authority has decided otherwise", Settings().hush_front, False),
        ("A press records there too, unless your authority", Settings().record_in_dock, True),
    ],
)
def test_what_the_guide_says_by_itself_is_so(words: str, fact: object, expected: object) -> None:
    """Its prose has numbers and facts that no table puts there."""
    assert words in " ".join((ROOT / "docs/officer.md").read_text(encoding="utf-8").split())
    assert fact == expected
