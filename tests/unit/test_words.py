"""One catalogue of words: complete in each language, and nothing in it that nobody says."""

from __future__ import annotations

import re
import string
from html import escape

import pytest

from firmware.core.flags import Flag
from firmware.core.indications import BUZZES, CUES, Look, Trouble
from firmware.core.meanings import Means
from firmware.core.telling import NAME
from hal.interface import Colour, Pattern
from tests.specification import card, device
from tools.words.cy import WELSH
from tools.words.en import ENGLISH

KINDS = {
    "look": {*(each.value for each in Look), "dark", "hushed"},
    "trouble": {each.value for each in Trouble},
    "cue": {*CUES, NAME},
    "flag": {each.value for each in Flag},
    "colour": {each.value for each in Colour} - {"off"},
    "pattern": {each.value for each in Pattern},
    "buzz": {*BUZZES, *(f"{name}.name" for name in BUZZES)},
    "means": {each.name.lower() for each in Means},
    "hand": set(device.PRESSES),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalogue_has_what_the_firmware_has(kind: str) -> None:
    """A word for each value of each of its tables, and no word for what is not there any more."""
    assert {key.removeprefix(f"{kind}.") for key in ENGLISH if key.startswith(f"{kind}.")} == KINDS[kind]


def test_nothing_else_is_in_it_but_the_card() -> None:
    """Beside those there are the texts of the card alone, and each of them is on it."""
    rest = {key for key in ENGLISH if key.split(".")[0] not in KINDS}
    assert all(key.startswith("card.") for key in rest)
    shown = card.page("en")
    texts = {key for key in rest if ENGLISH[key] and escape(card.told("en", key)) not in shown}
    assert texts == set()


def test_all_languages_say_the_same_things() -> None:
    """The same keys, and room for the same numbers."""
    assert set(WELSH) == set(ENGLISH)
    for key, words in ENGLISH.items():
        fields = [name for _, name, _, _ in string.Formatter().parse(words) if name]
        assert [name for _, name, _, _ in string.Formatter().parse(WELSH[key]) if name] == fields, key
        assert bool(WELSH[key]) or not words, key


def test_sentences_are_sentences() -> None:
    """What stands alone is a whole sentence in each language."""
    for words in (ENGLISH, WELSH):
        for key, text in words.items():
            if key.split(".")[0] in {"look", "trouble", "cue", "flag", "means"}:
                assert re.fullmatch(r"[A-Z].*[.]", text), key


def test_welsh_says_that_it_is_a_draft_and_english_does_not() -> None:
    """Nobody hangs up a translation that nobody has checked, without being told in both languages."""
    assert "DRAFFT" in card.page("cy")
    assert "a translator has to check this" in card.page("cy")
    assert 'class="draft"' not in card.page("en")
